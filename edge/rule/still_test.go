package rule

import (
	"math"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// stuckAfter gives the readings a minute apart and returns what is known of stuck.
func stuckAfter(t *testing.T, step float64, readings []obs.Reading, later int64) span {
	t.Helper()
	r, errs := Compile(Spec{When: "stuck(river.level) > 10m"}, Streams{level: {Every: time.Minute, Step: step}})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	e := New([]*Rule{r})
	now := int64(0)
	for i, x := range readings {
		now = int64(i) * minute
		e.Observe(level, now, x)
		e.Tick(now)
	}
	b := e.rules[0]
	return (&reader{now: now + later, inputs: b.when, until: never, recheck: never}).number(b.stage.when.root.a)
}

func TestStuck(t *testing.T) {
	flat := func(v float64) obs.Reading {
		return obs.Reading{Value: v, Quality: obs.Quality{Flag: obs.Fail, Why: obs.Flat}}
	}
	of := func(vs ...float64) (out []obs.Reading) {
		for _, v := range vs {
			out = append(out, reading(v))
		}
		return out
	}
	for _, c := range []struct {
		name  string
		step  float64
		rs    []obs.Reading
		later int64
		want  span
	}{
		{"nothing came yet", 0, nil, 0, nothing()},
		{"one value", 0, of(1), 0, atLeast(0)},
		{"it never moved: at least so long", 0, of(1, 1, 1), 0, atLeast(120)},
		{"it moved, then not", 0, of(1, 2, 2, 2), 0, exactly(120)},
		{"it moves", 0, of(1, 2, 3), 0, exactly(0)},
		{"less than half a step is no movement", 0.01, of(1, 2, 2.004, 2), 0, exactly(120)},
		{"but it adds up", 0.01, of(1, 2, 2.003, 2.006), 0, exactly(0)},
		{"what the flat line test fails still counts", 0, append(of(1, 2, 2), flat(2), flat(2)), 0, exactly(180)},
		{"what failed otherwise does not", 0, append(of(1, 2, 2), reading(no)), 0, exactly(60)},
		{"silence is not stillness", 0, of(1, 2, 2), 4 * minute, nothing()},
		{"after a pause it begins anew", 0, append(of(1, 2, 2), reading(no), reading(no), reading(no), reading(2)), 0, atLeast(0)},
	} {
		if got := stuckAfter(t, c.step, c.rs, c.later); got != c.want && !(math.IsInf(got.lo, 0) && math.IsInf(c.want.lo, 0)) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestStuckRaisesAndClears(t *testing.T) {
	e := New([]*Rule{mustCompile(t, Spec{When: "stuck(river.level) >= 3m"})})
	if got, want := picture(e, []float64{1, 1, 1, 1, 1, 2, 2, 2, 2}), "nnnAAnnnA"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
