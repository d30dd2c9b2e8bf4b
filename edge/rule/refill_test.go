package rule

import (
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

// onWindows are conditions that go by what was read before the last value.
var onWindows = []string{
	"avg(river.level, 10m) > 3", "max(river.level, 20m) > 4", "min(river.level, 7m) < 2", "rise(river.level, 15m) > 1",
	"rate(river.level, 12m) > 6", "stuck(river.level) > 4m", "rises_to(river.level, 5, 10m) < 15m",
	"river.level > 3 and avg(river.level, 6m) > 2.5", "avg(river.level, 30m) > avg(river.level, 5m)",
}

// With the windows refilled a restart is as none from the first reading behind it on, also
// in another boot, spikes taken back on both sides.
func TestRefilledRestartIsNoRestart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Spec{When: rapid.SampledFrom(onWindows).Draw(t, "when"), Flapping: -1} // timers stand still in between: TestRestartWithoutThePast
		values := rapid.SliceOfN(rapid.SampledFrom([]float64{1.5, 2, 2.5, 3.5, 4.5}), 5, 80).Draw(t, "values")
		cut := rapid.IntRange(1, len(values)-1).Draw(t, "cut")
		wrong := rapid.SliceOfN(rapid.IntRange(0, 9), len(values), len(values)).Draw(t, "wrong")
		wrong[cut-1] = 1 // a verdict over the restart is TestSpikesOverRestarts's
		shift := int64(0)
		if rapid.Bool().Draw(t, "another boot") {
			shift = int64(cut) * minute
		}
		rule, errs := Compile(s, street)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		plain, cutting := New([]*Rule{rule}), New([]*Rule{rule})
		feed := func(e *Engine, i int, less int64) Phase {
			now := int64(i)*minute - less
			if i > 0 && wrong[i-1] == 0 {
				e.Retract(level, now-minute)
			}
			e.Observe(level, now, reading(values[i]))
			e.Tick(now)
			p, _ := e.Phase("")
			return p
		}
		for i := range values {
			less := int64(0)
			if i >= cut {
				less = shift
			}
			if i == cut {
				cutting = refilled(t, cutting, rule, values[:cut], wrong, shift)
			}
			if want, got := feed(plain, i, 0), feed(cutting, i, less); got != want {
				t.Fatalf("minute %d, cut at %d: %v, without a restart %v: %+v", i, cut, got, want, values)
			}
		}
	})
}

// refilled is e in the next run: its state, and windows refilled with the past.
func refilled(t *rapid.T, e *Engine, r *Rule, past []float64, wrong []int, shift int64) *Engine {
	next := New([]*Rule{r})
	for i, v := range past {
		if i > 0 && wrong[i-1] == 0 {
			next.Retract(level, int64(i-1)*minute-shift)
		}
		next.Refill(level, int64(i)*minute-shift, reading(v))
	}
	if err := next.Restore("", e.Snapshot(""), Resume{Now: e.now + 1 - shift, SameBoot: shift == 0, LastSeen: e.now}); err != nil {
		t.Fatal(err)
	}
	return next
}

func TestReach(t *testing.T) {
	e := New([]*Rule{
		mustCompile(t, Spec{When: "max(river.level, 20m) > 4 or river.level > 5", Clear: "avg(river.level, 1h) < 2"}),
		mustCompile(t, Spec{When: "stuck(tank.temp.inlet) > 30m"}),
	})
	got := e.Reach()
	if got[level] != time.Hour || got[temp] < 30*time.Minute || got[temp] > 40*time.Minute || len(got) != 2 {
		t.Errorf("Reach = %v", got)
	}
}

// What is refilled is no value: nothing is true or false of the last one, and what is not
// usable, not newer or comes late fills nothing.
func TestRefillIsNoReading(t *testing.T) {
	r := mustCompile(t, Spec{When: "river.level > 3 or avg(river.level, 5m) > 3"})
	e := New([]*Rule{r})
	for i, x := range []obs.Reading{obs.Of(9), {Value: 9, Quality: obs.Quality{Flag: obs.Fail, Why: obs.Range}}, {Value: 9, Quality: obs.Quality{Flag: obs.Missing}}} {
		e.Refill(level, int64(i-3)*minute, x)
	}
	e.Refill(level, -3*minute, obs.Of(1)) // it was there already
	if w := e.series[level].windows[0]; len(w.ring) != 1 || w.ring[0].sum != 9 {
		t.Errorf("the window holds %+v", w.ring)
	}
	if ts := e.Tick(0); len(ts) > 0 {
		t.Errorf("raised without a reading: %+v", ts)
	}
	e.Refill(level, -1, obs.Of(9))
	if w := e.series[level].windows[0]; len(w.ring) != 1 {
		t.Errorf("refilled while it runs: %+v", w.ring)
	}
}
