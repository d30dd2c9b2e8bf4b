package docket_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// What people judge of the cases of a rule is counted by rule, within the areas of who asks
// and the time that is asked for.
func TestQualityOfRules(t *testing.T) {
	p := one(t)
	at := func(rule, area string) func(*wire.Alert) {
		return func(a *wire.Alert) { a.Rule, a.Area, a.Device, a.Category = rule, area, rule+area, "" }
	}
	for i, c := range []struct{ rule, area string }{{"high", "330105001001"}, {"high", "330105001002"}, {"high", "330105001003"}, {"high", "330106001001"}, {"noise", "330105001001"}} {
		p.record(noon, "gw", alert(fmt.Sprint("a", i), 1, at(c.rule, c.area)))
		// The same device again joins its case.
		p.record(noon, "gw", alert(fmt.Sprint("b", i), 1, at(c.rule, c.area)))
	}
	ids := map[string]string{} // by rule and area
	for _, c := range p.all() {
		ids[c.Opening.Rule+" "+c.Opening.Area] = c.Opening.ID
	}
	yes, no := true, false
	verdict := func(is *bool) lifecycle.Command {
		return lifecycle.Command{Action: lifecycle.Verdict, FalseAlarm: is, Why: "x"}
	}
	p.must(ids["high 330105001001"], li, verdict(&no), noon)
	p.must(ids["high 330105001002"], li, lifecycle.Command{Action: lifecycle.Dismiss, Resolution: lifecycle.FalseAlarm, Why: "a spider"}, noon)
	p.must(ids["high 330106001001"], li, verdict(&yes), noon)
	from, to := noon.UnixMilli(), noon.Add(time.Minute).UnixMilli()
	for _, c := range []struct {
		who      lifecycle.Actor
		from, to int64
		want     []view.RuleQuality
	}{
		{li, from, to, []view.RuleQuality{
			{Rule: "high", Cases: 4, Alerts: 8, Open: 3, FalseAlarms: 2, TrueAlarms: 1, Unjudged: 1, Resolutions: map[string]int{"false_alarm": 1}},
			{Rule: "noise", Cases: 1, Alerts: 2, Open: 1, Unjudged: 1, Resolutions: map[string]int{}}}},
		{hu, from, to, []view.RuleQuality{{Rule: "high", Cases: 1, Alerts: 2, Open: 1, FalseAlarms: 1, Resolutions: map[string]int{}}}},
		{li, to, to + 1, []view.RuleQuality{}},
		{li, from - 1, from, []view.RuleQuality{}},
		{lifecycle.Actor{Person: "nobody"}, from, to, []view.RuleQuality{}},
	} {
		if got, err := p.Quality(t.Context(), c.from, c.to, c.who); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v; want %+v", c.who.Person, got, err, c.want)
		}
	}
}
