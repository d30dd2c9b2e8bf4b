package rehearsal

import (
	"cmp"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/rule"
)

// Got is a change that came.
type Got struct {
	At           time.Duration
	Is           rule.Standing
	Stream       obs.Stream
	Value, Limit float64
	Quantity     rule.Quantity
	Over         time.Duration // the window of Quantity
	Early, Late  float64       // of a forecast, seconds ahead
}

// Step is a change that was expected, or came, or both.
type Step struct {
	Expected *Change
	Got      *Got
	Right    bool
}

// Result is what became of a test.
type Result struct {
	Steps  []Step
	Passed bool
	End    time.Duration
}

// monday is when a test begins of which nobody says when, for what is derived by the clock.
func monday() time.Time { return time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC) }

// Run lets a rule live through a test. severity is that of a rule without levels; bind
// says which stream each series is; d computes what the rule reads and the test does not
// give, with the time of the place as if it were at Greenwich; j judges what it gives. Both
// may be nil. beside are the rules that r depends on, each behind those that it depends on
// itself; of them nothing is expected.
func (t *Test) Run(r *rule.Rule, severity string, bind map[string]obs.Stream, d Deriver, j Judge, beside ...*rule.Rule) Result {
	var got []Got
	p := newPlayer(append(slices.Clone(beside), r), func(x rule.Transition) {
		if x.Was == x.Is || x.Rule != r.ID() {
			return
		}
		g := Got{At: time.Duration(x.At) * time.Millisecond, Is: x.Is, Stream: x.Stream, Value: x.Value, Limit: x.Limit, Quantity: x.Quantity, Over: x.Over, Early: x.Early, Late: x.Late}
		if g.Is.Stage != "" {
			g.Is.Severity = cmp.Or(g.Is.Severity, severity)
		}
		got = append(got, g)
	})
	if !t.Start.IsZero() {
		p.engine.Civil(func(ms int64) (time.Time, bool) { return t.Start.Add(time.Duration(ms) * time.Millisecond), true })
	}
	if p.base = monday().UnixMilli(); !t.Start.IsZero() {
		p.base = t.Start.UnixMilli()
	}
	p.deriver, p.derived, p.judge = d, p.made, j
	p.pass(0)
	p.open = true // silence counts from the beginning
	names, n := sorted(t.Series), 0
	for _, points := range t.Series {
		n = max(n, len(points))
	}
	for i := range n {
		for _, name := range names {
			if points := t.Series[name]; i < len(points) && !points[i].Silent {
				p.observe(bind[name], (time.Duration(i) * t.Every).Milliseconds(), points[i].Reading)
			}
		}
	}
	end := t.end()
	p.finish(end.Milliseconds())
	res := Result{Steps: pair(t.Expect, got), End: end}
	res.Passed = !slices.ContainsFunc(res.Steps, func(s Step) bool { return !s.Right })
	return res
}

// pair puts what was expected beside what came, in the order of time.
func pair(expected []Change, got []Got) (steps []Step) {
	for len(expected) > 0 || len(got) > 0 {
		switch {
		case len(got) == 0 || len(expected) > 0 && expected[0].To < got[0].At:
			steps = append(steps, Step{Expected: &expected[0]})
			expected = expected[1:]
		case len(expected) == 0 || got[0].At < expected[0].From:
			steps = append(steps, Step{Got: &got[0]})
			got = got[1:]
		default:
			steps = append(steps, Step{Expected: &expected[0], Got: &got[0], Right: expected[0].Is == got[0].Is})
			expected, got = expected[1:], got[1:]
		}
	}
	return steps
}
