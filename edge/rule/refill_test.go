package rule

import (
	"maps"
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

// A rule that is new by a reload sees what it had seen if it had been there always: the
// windows that the rules before it lack are refilled, a running total's beside one that goes on.
func TestNewRuleHasItsPast(t *testing.T) {
	old, errs := Compile(Spec{ID: "old", When: "avg(river.level, 10m) > 3 or rise(gauge.rain, 10m) > 5 or stuck(river.level) > 20m"}, totals())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	rapid.Check(t, func(t *rapid.T) {
		when := rapid.SampledFrom(append(onWindows, "rise(gauge.rain, 20m) > 62", "rate(gauge.rain, 15m) > 200")).Draw(t, "when")
		values := rapid.SliceOfN(rapid.SampledFrom([]float64{1.5, 2, 2.5, 3.5, 4.5}), 30, 70).Draw(t, "values")
		cut := rapid.IntRange(12, len(values)-1).Draw(t, "cut")
		added, errs := Compile(Spec{ID: "new", When: when}, totals())
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		both := []*Rule{old, added}
		always, live := New(both), New([]*Rule{old})
		total := 0.0
		var totalsAt []float64
		for i, v := range values {
			if total += v; i%13 == 7 {
				total = 0 // the gauge began anew
			}
			totalsAt = append(totalsAt, total)
			if i == cut {
				live = reloaded(live, both, values[:cut], totalsAt[:cut])
			}
			for _, e := range []*Engine{always, live} {
				e.Observe(level, int64(i)*minute, reading(v))
				e.Observe(rain, int64(i)*minute, reading(total))
				e.Tick(int64(i) * minute)
			}
			if i < cut {
				continue
			}
			want, _ := always.Explain("new")
			got, _ := live.Explain("new")
			if want.Stages[0].When.Is != got.Stages[0].When.Is {
				t.Fatalf("%s, minute %d, new since %d: %+v, always %+v", when, i, cut, got.Stages[0].When, want.Stages[0].When)
			}
		}
	})
}

// totals is the street whose rain is a running total.
func totals() Streams {
	all := maps.Clone(street)
	all[rain] = Stream{Every: time.Minute, Total: true, Most: 1000}
	return all
}

// reloaded is old with other rules, as a reload makes it.
func reloaded(old *Engine, rules []*Rule, levels, totals []float64) *Engine {
	next := New(rules)
	for st, long := range next.Lacks(old) {
		past := map[obs.Stream][]float64{level: levels, rain: totals}[st]
		for i, v := range past {
			if at := int64(i) * minute; at > old.now-long.Milliseconds()-minute {
				next.Refill(st, at, reading(v))
			}
		}
	}
	next.Adopt(old)
	return next
}

// What an engine takes over is not read again.
func TestLacks(t *testing.T) {
	old := New([]*Rule{mustCompile(t, Spec{When: "max(river.level, 20m) > 4"})})
	e := New([]*Rule{
		mustCompile(t, Spec{ID: "a", When: "max(river.level, 20m) > 4 or stuck(river.level) > 1h"}),
		mustCompile(t, Spec{ID: "b", When: "min(river.level, 5m) > 4 or stuck(tank.temp.inlet) > 30m"}),
	})
	if got := e.Lacks(old); got[level] != 5*time.Minute || got[temp] < 30*time.Minute || len(got) != 2 {
		t.Errorf("Lacks = %v", got)
	}
}
