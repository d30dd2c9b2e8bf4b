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
