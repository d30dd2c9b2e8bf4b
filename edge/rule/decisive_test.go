package rule

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

var (
	sewer = obs.Stream{Device: "s", Channel: "level"}
	river = obs.Stream{Device: "r", Channel: "level"}
	pair  = Streams{sewer: {Every: time.Minute, Min: -20, Max: 20, Unit: "m"}, river: {Every: time.Minute, Min: -20, Max: 20, Unit: "m"}}
)

// paired makes an engine of one rule about s and r.
func paired(t testing.TB, spec Spec) (*Engine, *Rule) {
	t.Helper()
	spec.ID = "x"
	r, errs := Compile(spec, pair)
	if len(errs) > 0 {
		t.Fatal(spec.When, errs)
	}
	return New([]*Rule{r}), r
}

// saidOf lets a rule live through values of s and r, one pair a minute, and writes what
// each change of its alert said.
func saidOf(t *testing.T, spec Spec, pairs ...[2]float64) string {
	t.Helper()
	e, _ := paired(t, spec)
	var out []string
	for i, p := range pairs {
		at := int64(i) * minute
		e.Observe(sewer, at, obs.Of(p[0]))
		e.Observe(river, at, obs.Of(p[1]))
		for _, x := range e.Tick(at) {
			switch {
			case x.Raised():
				out = append(out, fmt.Sprintf("%s %.2f, limit %.2f", x.Stream.Device, x.Value, x.Limit))
			case x.Cleared():
				out = append(out, fmt.Sprintf("over: %s %.2f, limit %.2f", x.Stream.Device, x.Value, x.Limit))
			}
		}
	}
	return strings.Join(out, "; ")
}

func TestWhatAnAlertIsAbout(t *testing.T) {
	for _, c := range []struct {
		when  string
		pairs [][2]float64 // s, r
		want  string
	}{
		{"s.level > (r.level > 1.00 ? 2.60 : 3.00)", [][2]float64{{1, 2.5}, {3.5, 2.5}, {1, 2.5}}, "s 3.50, limit 2.60; over: s 1.00, limit 2.60"},
		{"s.level > (r.level > 1.00 ? 2.60 : 3.00)", [][2]float64{{3.5, 0}}, "s 3.50, limit 3.00"},
		{"s.level > (r.level > 1.00 ? 2.60 : 3.00)", [][2]float64{{2.8, 0}, {2.8, 2}}, "s 2.80, limit 2.60"},
		{"(r.level > 1.00 ? 2.60 : 3.00) < s.level", [][2]float64{{3.5, 2.5}}, "s 3.50, limit 2.60"},
		{"(r.level > 1 ? s.level : 0) > 3", [][2]float64{{3.5, 2.5}, {3.5, 0.5}}, "s 3.50, limit 3.00; over: s 0.00, limit 3.00"},
		{"(s.level > 0 ? s.level : r.level) > 3", [][2]float64{{-1, 5}}, "r 5.00, limit 3.00"},
		{"r.level > 1 ? s.level > 3 : s.level > 4", [][2]float64{{3.5, 2}}, "s 3.50, limit 3.00"},
		{"r.level > 1 ? s.level > 3 : s.level > 4", [][2]float64{{4.5, 0}}, "s 4.50, limit 4.00"},
		{"r.level > s.level", [][2]float64{{2, 1}, {2, 2.5}, {2.75, 2.5}}, "r 2.50, limit 2.00; over: r 2.50, limit 2.75"},
		{"s.level > 3 + 0.5 * r.level", [][2]float64{{4.5, 1}}, "s 4.50, limit 3.50"},
		{"r.level > 1 and s.level > 3", [][2]float64{{1, 2}, {3.5, 2}, {3.5, 0.5}}, "s 3.50, limit 3.00; over: r 0.50, limit 1.00"},
		{"r.level > 1 and s.level > 3", [][2]float64{{4, 0}, {4, 2}, {2, 2}}, "r 2.00, limit 1.00; over: s 2.00, limit 3.00"},
		{"r.level > 1 and s.level > 3", [][2]float64{{3.5, 2}}, "r 2.00, limit 1.00"},
		{"r.level > 1 or s.level > 3", [][2]float64{{3.5, 0}, {3.5, 2}, {0, 0}}, "s 3.50, limit 3.00; over: s 0.00, limit 3.00"},
		{"stale(r.level) < 1h and s.level > 3", [][2]float64{{3.5, 0}}, "s 3.50, limit 3.00"},
		{"not (s.level < 3 or r.level < 1)", [][2]float64{{3.5, 0}, {3.5, 2}}, "r 2.00, limit 1.00"},
		{"1 < s.level < 3", [][2]float64{{0, 0}, {2, 0}, {4, 0}}, "s 2.00, limit 1.00; over: s 4.00, limit 3.00"},
		{"1 < s.level < 3", [][2]float64{{4, 0}, {2, 0}, {0, 0}}, "s 2.00, limit 3.00; over: s 0.00, limit 1.00"},
		{"(s.level > 3) == (r.level > 1)", [][2]float64{{4, 0}, {4, 2}}, "r 2.00, limit 1.00"},
	} {
		if got := saidOf(t, Spec{When: c.when}, c.pairs...); got != c.want {
			t.Errorf("%s: %s; want %s", c.when, got, c.want)
		}
	}
	slow := Spec{When: "1 < s.level < 3", For: 2 * time.Minute, ClearFor: 2 * time.Minute}
	pairs := [][2]float64{{0, 0}, {2, 0}, {2, 0}, {2, 0}, {4, 0}, {2, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}}
	if got, want := saidOf(t, slow, pairs...), "s 2.00, limit 1.00; over: s 0.00, limit 1.00"; got != want {
		t.Errorf("with timers: %s; want %s", got, want)
	}
	own := Spec{When: "r.level > 1 and s.level > 3", Clear: "s.level < 2 or r.level < 0"}
	if got, want := saidOf(t, own, [2]float64{1, 2}, [2]float64{4, 2}, [2]float64{4, -1}), "s 4.00, limit 3.00; over: s 4.00, limit 3.00"; got != want {
		t.Errorf("with a clear: %s; want %s", got, want)
	}
}

// What chooses between two limits is never what an alert is about, and the limit that it
// tells is the one that holds.
func TestChoosingIsNotAbout(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		low, high := float64(rapid.IntRange(0, 500).Draw(rt, "low"))/100, float64(rapid.IntRange(501, 999).Draw(rt, "high"))/100
		e, _ := paired(t, Spec{When: fmt.Sprintf("s.level > (r.level > 1 ? %s : %s)", short(low), short(high))})
		is := [2]float64{}
		for i := range 40 {
			at := int64(i) * minute
			if rapid.Bool().Draw(rt, "which") {
				is[0] = rapid.Float64Range(-1, 12).Draw(rt, "s")
			} else {
				is[1] = rapid.Float64Range(0, 2).Draw(rt, "r")
			}
			e.Observe(sewer, at, obs.Of(is[0]))
			e.Observe(river, at, obs.Of(is[1]))
			limit := high
			if is[1] > 1 {
				limit = low
			}
			for _, x := range e.Tick(at) {
				if x.Stream != sewer || x.Value != is[0] || x.Limit != limit {
					rt.Fatalf("s %v, r %v: told of %v %v, limit %v; want limit %v", is[0], is[1], x.Stream, x.Value, x.Limit, limit)
				}
			}
		}
	})
}

func TestExplainKnowsTheLimit(t *testing.T) {
	e, r := paired(t, Spec{When: "s.level > (r.level > 1.00 ? 2.60 : 3.00)"})
	e.Tick(0)
	if x, _ := e.Explain("x"); !math.IsNaN(x.Stages[0].When.Parts[1].Limit) {
		t.Error("a limit is told before it is known")
	}
	e.Observe(sewer, 0, obs.Of(2.8))
	e.Observe(river, 0, obs.Of(2.5))
	e.Tick(0)
	x, _ := e.Explain("x")
	if p := x.Stages[0].When.Parts[1]; p.Limit != 2.6 || p.Value != 2.8 || p.Stream != sewer {
		t.Errorf("%+v", p)
	}
	if st, limit := r.Subject(); st != sewer || !math.IsNaN(limit) {
		t.Errorf("the rule is about %v", st)
	}
}

// A spike of what chose the limit takes with it what it raised.
func TestSpikeOfWhatChooses(t *testing.T) {
	e, _ := paired(t, Spec{When: "s.level > (r.level > 1.00 ? 2.60 : 3.00)", ClearFor: time.Hour})
	e.Observe(sewer, 0, obs.Of(2.8))
	e.Observe(river, 0, obs.Of(0))
	e.Tick(0)
	e.Observe(river, minute, obs.Of(5))
	if e.Tick(minute); e.Standing("x") == (Standing{}) {
		t.Fatal("nothing was raised")
	}
	e.Retract(river, minute)
	e.Observe(river, 2*minute, obs.Of(0))
	out := e.Tick(2 * minute)
	if len(out) == 0 || !out[0].Withdrawn || e.Standing("x") != (Standing{}) {
		t.Errorf("what a spike raised stands: %+v", out)
	}
}

// restartedPair is a rule about s and r as a restart finds it: with its state, and nothing read.
func restartedPair(t testing.TB, e *Engine, spec Spec) *Engine {
	t.Helper()
	f, _ := paired(t, spec)
	if err := f.Restore("x", e.Snapshot("x"), Resume{Now: e.now, SameBoot: true, LastSeen: e.now}); err != nil {
		t.Fatal(err)
	}
	return f
}

// What an alert says when it is raised and when it is over does not depend on a restart
// before it, wherever that is, but for the time until all that was not heard again is: s is
// read on the minute, r on the half, and one of them may have changed meanwhile. (What is
// over for certain before r is heard is told by what is known then: a condition that asks s
// twice beside r may end by its other half.)
func TestRestartSaysTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := Spec{Flapping: -1, When: rapid.SampledFrom([]string{
			"s.level > 3 or r.level > 3", "s.level > 3 and r.level > 1", "s.level > 3 or s.level < 1 or r.level > 3", "r.level > 1 ? s.level > 3 : s.level > 4",
			"r.level > 1 ? r.level > 3 : s.level > 1", "not (s.level < 3 or r.level < 1)", "1 < s.level < 4 and r.level > 2", "(s.level > 3) == (r.level > 1)",
			"s.level > (r.level > 1 ? 2 : 3)",
		}).Draw(t, "when")}
		compile := func() *Engine {
			r, errs := Compile(Spec{ID: "x", When: spec.When, Flapping: -1}, pair)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			return New([]*Rule{r})
		}
		a, b := compile(), compile()
		v := map[obs.Stream]float64{sewer: 2, river: 2}
		deaf, changed := 0, false // readings until both were heard again; one may have changed
		var told [2]string
		for i := range rapid.IntRange(4, 60).Draw(t, "half minutes") {
			st := []obs.Stream{sewer, river}[i%2]
			if deaf == 0 && i > 1 && rapid.IntRange(0, 4).Draw(t, "restart") == 0 {
				f := compile()
				if err := f.Restore("x", b.Snapshot("x"), Resume{Now: b.now, SameBoot: true, LastSeen: b.now}); err != nil {
					t.Fatal(err)
				}
				b, deaf = f, 2
			}
			if deaf = max(deaf-1, 0); !changed && rapid.Bool().Draw(t, "changes") {
				v[st] = rapid.SampledFrom([]float64{0.5, 1.5, 2.5, 3.5, 4.5}).Draw(t, "level")
			}
			changed = deaf > 0
			for k, e := range []*Engine{a, b} {
				e.Observe(st, int64(i)*minute/2, obs.Of(v[st]))
				for _, x := range e.Tick(int64(i) * minute / 2) {
					if x.Raised() || x.Cleared() {
						told[k] += fmt.Sprintf("%v → %v %v %v limit %v; ", x.Was, x.Is, x.Stream, x.Value, x.Limit)
					}
				}
			}
			if deaf == 0 && told[0] != told[1] {
				t.Fatalf("%s, half minute %d: after a restart\n%s\nwithout\n%s", spec.When, i, told[1], told[0])
			}
		}
	})
}

// An alert that is about to end when the gateway restarts says what it would have said.
func TestRestartWhileItClears(t *testing.T) {
	for when, want := range map[string]string{
		"s.level > 3 or r.level > 3":              "s 2, limit 3",
		"s.level > 3 and r.level > 3":             "s 2, limit 3",
		"s.level < 3 ? r.level > 4 : r.level > 1": "r 2, limit 4",
	} {
		spec := Spec{When: when, ClearFor: 2 * time.Minute}
		for _, restart := range []bool{false, true} {
			e, _ := paired(t, spec)
			got := ""
			for i, p := range [][2]float64{{4, 2}, {4, 4}, {2, 4}, {2, 2}, {2, 2}, {2, 2}, {2, 2}, {2, 2}} {
				if restart && i == 4 {
					e = restartedPair(t, e, spec)
				}
				e.Observe(sewer, int64(i)*minute, obs.Of(p[0]))
				e.Observe(river, int64(i)*minute, obs.Of(p[1]))
				for _, x := range e.Tick(int64(i) * minute) {
					if x.Cleared() {
						got = fmt.Sprintf("%s %v, limit %v", x.Stream.Device, x.Value, x.Limit)
					}
				}
			}
			if got != want {
				t.Errorf("%s, restart %t: over by %q, want %q", when, restart, got, want)
			}
		}
	}
}
