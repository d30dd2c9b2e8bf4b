package rule_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/rule"
)

// told writes an explanation as a table of words, so that a test can hold it whole.
func told(x rule.Explanation) string {
	var b strings.Builder
	number := func(v float64) string {
		if math.IsNaN(v) {
			return "?"
		}
		return fmt.Sprint(v)
	}
	condition := func(name string, c rule.ConditionView) {
		if c.Text == "" {
			return
		}
		fmt.Fprintf(&b, " %s %s: %v\n", name, c.Text, c.Is)
		for _, p := range c.Parts {
			bound := ""
			if p.Bound {
				bound = " at least or at most"
			}
			fmt.Fprintf(&b, "  %s: %v, %s%s against %s %s\n", p.Text, p.Is, number(p.Value), bound, number(p.Limit), p.Quantity)
		}
		for _, r := range c.Reads {
			fmt.Fprintf(&b, "  reads %s.%s %v: %s, %v old of %v, known %v, %.2f of it by %d\n", r.Stream.Device, r.Stream.Channel, r.Window, number(r.Value), r.Age, r.Stale, r.Known, r.Covered, r.Count)
		}
	}
	fmt.Fprintf(&b, "%v %s %s\n", x.Phase, x.Is.Stage, x.Is.Severity)
	for _, s := range x.Stages {
		fmt.Fprintf(&b, "%s %s %v since %d, timer %d of %d, running %v\n", s.Stage, s.Severity, s.Phase, s.Since, s.Ran, s.Needs, s.Running)
		condition("when", s.When)
		condition("clear", s.Clear)
	}
	return b.String()
}

func TestExplain(t *testing.T) {
	level, rain := obs.Stream{Device: "river", Channel: "level"}, obs.Stream{Device: "gauge", Channel: "rain"}
	known := rule.Streams{level: {Every: 10 * time.Second, Min: -20, Step: 0.01}, rain: {Every: 10 * time.Second}}
	r, errs := rule.Compile(rule.Spec{ID: "flood", When: "river.level > 3.00 and rise(gauge.rain, 10m) > 5", Clear: "river.level < 2.90", For: time.Minute}, known)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	e := rule.New([]*rule.Rule{r})
	e.Tick(0)
	x, ok := e.Explain("flood")
	want := `normal  
actual  normal since 0, timer 0 of 0, running false
 when river.level > 3.00 and rise(gauge.rain, 10m) > 5: unknown
  river.level > 3.00: unknown, ? at least or at most against 3 
  rise(gauge.rain, 10m) > 5: unknown, ? at least or at most against 5 rise
  reads river.level 0s: ?, 0s old of 30s, known false, 0.00 of it by 0
  reads gauge.rain 10m0s: ?, 0s old of 30s, known false, 0.00 of it by 0
 clear river.level < 2.90: unknown
  river.level < 2.90: unknown, ? at least or at most against 2.9 
  reads river.level 0s: ?, 0s old of 30s, known false, 0.00 of it by 0
`
	if got := told(x); got != want || !ok {
		t.Errorf("before any reading\n%s\nwant\n%s", got, want)
	}
	for i := range int64(4) {
		e.Observe(level, i*10_000, obs.Of(3.05))
		e.Observe(rain, i*10_000, obs.Of(100+float64(i)*3))
		e.Tick(i * 10_000)
	}
	e.Tick(40_000)
	x, _ = e.Explain("flood")
	want = `pending  
actual  pending since 20000, timer 20000 of 60000, running true
 when river.level > 3.00 and rise(gauge.rain, 10m) > 5: true
  river.level > 3.00: true, 3.05 against 3 
  rise(gauge.rain, 10m) > 5: true, 9 at least or at most against 5 rise
  reads river.level 0s: 3.05, 10s old of 30s, known true, 0.00 of it by 0
  reads gauge.rain 10m0s: 109, 10s old of 30s, known true, 0.06 of it by 4
 clear river.level < 2.90: false
  river.level < 2.90: false, 3.05 against 2.9 
  reads river.level 0s: 3.05, 10s old of 30s, known true, 0.00 of it by 0
`
	if got := told(x); got != want {
		t.Errorf("pending\n%s\nwant\n%s", got, want)
	}
	e.Tick(200_000) // both are silent: what was known is not any more, and the timer stands
	x, _ = e.Explain("flood")
	if s := x.Stages[0]; s.Phase != rule.Pending || s.Running || s.When.Is != rule.Unknown || s.When.Reads[0].Known || s.When.Reads[0].Age != 170*time.Second {
		t.Errorf("silent: %+v", s)
	}
	if _, ok := e.Explain("flod"); ok {
		t.Error("a rule that is not there is explained")
	}
}

// A forecast's condition, which nobody wrote, is written out.
func TestExplainForecast(t *testing.T) {
	st := obs.Stream{Device: "river", Channel: "level"}
	r, errs := rule.Compile(rule.Spec{ID: "r", Levels: [4]rule.Level{{Severity: "red", When: "river.level >= 4"}, {Severity: "orange", When: "river.level >= 3", Clear: "river.level < 2.9"}},
		Forecast: rule.Forecast{Severity: "orange", Within: 20 * time.Minute, Window: 15 * time.Minute}}, rule.Streams{st: {Every: 10 * time.Second}})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	e := rule.New([]*rule.Rule{r})
	e.Tick(0)
	x, _ := e.Explain("r")
	var got []string
	for _, s := range x.Stages {
		got = append(got, s.Stage+" "+s.Severity+": "+s.When.Text+" | "+s.Clear.Text)
	}
	want := "actual red: river.level >= 4 | ; actual orange: river.level >= 3 | river.level < 2.9; " +
		"forecast orange: rises_to(river.level, 3, 15m) <= 20m | rises_to(river.level, 3, 15m) >= 30m"
	if text := strings.Join(got, "; "); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	} // Its number is a time ahead and not a level; what it tells when it raises is the level.
	for i := range int64(120) {
		e.Observe(st, i*10_000, obs.Of(2+float64(i)/200))
		for _, tr := range e.Tick(i * 10_000) {
			if tr.Raised() && (tr.Quantity != rule.Same || tr.Limit != 3 || tr.Value < 2 || tr.Value > 3) {
				t.Errorf("raised as %q, %v of %v", tr.Quantity, tr.Value, tr.Limit)
			}
		}
	}
	x, _ = e.Explain("r")
	p := x.Stages[2].When.Parts[0]
	if x.Is.Stage != rule.StageForecast || p.Quantity != rule.Until || p.Limit != 1200 || p.Value < 600 || p.Value > 1000 {
		t.Errorf("%+v: %q, %v of %v", x.Is, p.Quantity, p.Value, p.Limit)
	}
	if p := x.Stages[2].Clear.Parts[0]; p.Quantity != rule.Until || p.Limit != 1800 {
		t.Errorf("its clear: %q, limit %v", p.Quantity, p.Limit)
	}
}

// That an alert chatters is part of why it stands.
func TestExplainChatter(t *testing.T) {
	st := obs.Stream{Device: "river", Channel: "level"}
	r, _ := rule.Compile(rule.Spec{ID: "r", When: "river.level > 3", Flapping: 20 * time.Minute}, rule.Streams{st: {Every: 10 * time.Second}})
	e := rule.New([]*rule.Rule{r})
	if x, _ := e.Explain("r"); x.Chatter != (rule.Chatter{}) {
		t.Errorf("at rest: %+v", x.Chatter)
	}
	for i := range int64(40) {
		e.Observe(st, i*30_000, obs.Of(2.5+float64(i%2)))
		e.Tick(i * 30_000)
	}
	if x, _ := e.Explain("r"); x.Chatter.Changes < 10 || x.Is.Stage != rule.StageActual {
		t.Errorf("after forty changes in twenty minutes: %+v, %+v", x.Chatter, x.Is)
	}
}
