package wire

import "testing"

func TestNews(t *testing.T) {
	seen, since := &Acknowledged{By: "li"}, Moment{Boot: "b", BootMS: 1}
	one := Alert{ID: "a", Rev: 1, Stage: "actual", Severity: Orange, Condition: "active"}
	next := func(change func(*Alert)) Alert {
		a := one
		a.Rev = 2
		change(&a)
		return a
	}
	for name, c := range map[string]struct {
		prev *Alert
		is   Alert
		want string
	}{
		"the first":                         {nil, one, Raised},
		"the first beside another alert":    {&Alert{ID: "b", Rev: 7, Severity: Red}, one, Raised},
		"as it was":                         {&one, next(func(*Alert) {}), Repeated},
		"another value":                     {&one, next(func(a *Alert) { a.Value = new(float64) }), Repeated},
		"a later one, nobody knows of what": {nil, next(func(*Alert) {}), Repeated},
		"more severe":                       {&one, next(func(a *Alert) { a.Severity = Red }), Worse},
		"less severe":                       {&one, next(func(a *Alert) { a.Severity = Blue }), Milder},
		"no forecast any more":              {&Alert{ID: "a", Rev: 1, Stage: "forecast", Severity: Orange}, next(func(*Alert) {}), Reached},
		"seen":                              {&one, next(func(a *Alert) { a.Acknowledged = seen }), Acknowledges},
		"work begins":                       {&one, next(func(a *Alert) { a.Maintenance = &Worked{Since: since} }), Aside},
		"work was before":                   {&one, next(func(a *Alert) { a.Maintenance = &Worked{Since: since, Until: &since} }), Repeated},
		"it chatters":                       {&one, next(func(a *Alert) { a.Chatter = &Chatter{Changes: 9} }), Restless},
		"cleared":                           {&one, next(func(a *Alert) { a.Condition = "cleared" }), Over},
		"cleared at once":                   {nil, Alert{ID: "a", Rev: 1, Condition: "cleared"}, Over},
	} {
		if got := c.is.News(c.prev); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestRenews(t *testing.T) {
	at := func(ms int64) Moment { return Moment{Boot: "b", BootMS: ms} }
	dated := func(ms int64) Moment { return Moment{Boot: "c", Unix: ms} }
	one := Alert{ID: "a", Rev: 1, Stage: "forecast", Severity: Blue, Condition: "active", At: at(1000), Expected: &Expected{FromMS: 60_000, ToMS: 300_000}}
	next := func(change func(*Alert)) Alert {
		a := one
		a.Rev, a.At, a.Expected = 2, at(61_000), &Expected{FromMS: 30_000, ToMS: 90_000}
		change(&a)
		return a
	}
	same := &Expected{ToMS: 240_000}
	for name, c := range map[string]struct {
		prev *Alert
		is   Alert
		want bool
	}{
		"another range":             {&one, next(func(*Alert) {}), true},
		"the same, a minute later":  {&one, next(func(a *Alert) { a.Expected = same }), false},
		"the same, in another boot": {&Alert{ID: "a", Rev: 1, Stage: "forecast", Severity: Blue, At: Moment{Boot: "d", Unix: 5000}, Expected: one.Expected}, next(func(a *Alert) { a.At, a.Expected = dated(65_000), same }), false},
		"nobody knows of what":      {nil, next(func(*Alert) {}), false},
		"there was none before":     {&Alert{ID: "a", Rev: 1, Stage: "forecast", Severity: Blue}, next(func(*Alert) {}), true},
		"somebody has seen it":      {&one, next(func(a *Alert) { a.Acknowledged = &Acknowledged{} }), false},
		"more severe":               {&one, next(func(a *Alert) { a.Severity = Red }), false},
		"it has come":               {&one, next(func(a *Alert) { a.Stage, a.Expected = "actual", nil }), false},
		"withdrawn":                 {&one, next(func(a *Alert) { a.Condition, a.Expected = "cleared", nil }), false},
		"it comes and goes":         {&one, next(func(a *Alert) { a.Chatter = &Chatter{Changes: 9} }), false},
		"the first":                 {nil, one, false},
	} {
		if got := c.is.Renews(c.prev); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestUpkeepIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		u    *Upkeep
		good bool
	}{
		"nobody works": {nil, true}, "until then": {&Upkeep{UntilMS: 1_795_291_200_000, By: "li"}, true}, "nobody knows until when": {&Upkeep{By: "li"}, true},
		"before 1970": {&Upkeep{UntilMS: -1, By: "li"}, false}, "a long name": {&Upkeep{By: string(make([]byte, MaxText+1))}, false},
	} {
		d := DeviceState{ID: "river", Driver: "x", State: "ok", Upkeep: c.u}
		if err := d.check(); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}
