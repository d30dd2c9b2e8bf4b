package rule

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

var (
	rain   = obs.Stream{Device: "gauge", Channel: "rain"}
	noise  = obs.Stream{Device: "street", Channel: "noise"}
	gauges = Streams{
		rain:  {Every: time.Minute, Max: 1e5, Unit: "mm", Total: true, Most: 1000},
		noise: {Every: time.Minute, Max: 150, Unit: "dB(A)", Level: true},
	}
)

// found is what a number of a rule is, by two rules that hold it between them.
func found(t testing.TB, number string, want float64) *Engine {
	t.Helper()
	var all []*Rule
	for id, limit := range map[string]string{"above": "> %.9f", "below": "< %.9f"} {
		off := map[string]float64{"above": -1e-6, "below": 1e-6}[id]
		r, errs := Compile(Spec{ID: id, When: number + " " + fmt.Sprintf(limit, want+off)}, gauges)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		all = append(all, r)
	}
	return New(all)
}

// is reports a number that does not lie where it was said to be.
func (e *Engine) is(t testing.TB, what string) {
	t.Helper()
	for _, id := range []string{"above", "below"} {
		if p, _ := e.Phase(id); p != Active {
			t.Errorf("%s: %s is %v", what, e.byID[id].Spec().When, p)
		}
	}
}

// A total that begins anew or jumps has grown by what obs.Grown says: the sum that is
// derived of it, and the window of a rule, go by the same.
func TestTotalsInWindows(t *testing.T) {
	for name, c := range map[string]struct {
		number string
		values []float64
		want   float64
	}{
		"it rains":                 {"rise(gauge.rain, 10m)", []float64{100, 100.2, 100.2, 101, 101.4, 102, 102, 102, 102, 102.2}, 2.2},
		"began anew":               {"rise(gauge.rain, 10m)", []float64{500, 501, 502, 503, 0.5, 1.5, 1.5, 1.5, 1.5, 2}, 5},
		"twice":                    {"rise(gauge.rain, 10m)", []float64{500, 501, 0, 3, 4, 4, 0.5, 1.5, 1.5, 2}, 7},
		"misread once":             {"rise(gauge.rain, 10m)", []float64{500, 501, 502, 9000, 502, 503, 503, 503, 503, 503}, 3},
		"misread low once":         {"rise(gauge.rain, 10m)", []float64{500, 501, 502, 0, 502, 503, 503, 503, 503, 503}, 3},
		"misread to the end":       {"rise(gauge.rain, 10m)", []float64{500, 501, 502, 503, 503, 503, 503, 503, 503, 9000}, 3},
		"per hour over a new one":  {"rate(gauge.rain, 10m)", []float64{500, 501, 502, 503, 1, 2, 3, 4, 5, 6}, 9.0 / 9 * 60},
		"per hour over a misread":  {"rate(gauge.rain, 10m)", []float64{500, 501, 502, 9000, 504, 505, 506, 507, 508, 509}, (9.0 - 2) / 9 * 60},
		"energy mean of 60 and 80": {"leq(street.noise, 10m)", []float64{60, 80, 60, 80, 60, 80, 60, 80, 60, 80}, 10 * math.Log10((1e6+1e8)/2)},
		"of what stays the same":   {"leq(street.noise, 10m)", []float64{55, 55, 55, 55, 55, 55, 55, 55, 55, 55}, 55},
		"the loudest as it is":     {"max(street.noise, 10m)", []float64{60, 80, 60, 80, 60, 80, 60, 80, 60, 80}, 80},
	} {
		t.Run(name, func(t *testing.T) {
			e := found(t, c.number, c.want)
			for i, v := range c.values {
				for st := range e.series {
					e.Observe(st, int64(i)*minute, obs.Of(v))
				}
			}
			e.Tick(9 * minute)
			e.is(t, name)
		})
	}
}

// A reading of a total that is taken back leaves no trace in what it grew by.
func TestTotalRetracted(t *testing.T) {
	e := found(t, "rise(gauge.rain, 10m)", 3)
	for i, v := range []float64{500, 501, 501, 9, 502, 502, 503, 503, 503, 503} {
		if i == 4 { // it was a spike, which the one behind it shows
			e.Retract(rain, 3*minute)
		}
		e.Observe(rain, int64(i)*minute, obs.Of(v))
	}
	e.Tick(9 * minute)
	e.is(t, "without the spike")
}

// A reload between two readings changes nothing of what a total grew by.
func TestTotalAdopted(t *testing.T) {
	for at := range 10 {
		e := found(t, "rise(gauge.rain, 10m)", 5)
		for i, v := range []float64{500, 501, 502, 503, 0.5, 1.5, 1.5, 1.5, 1.5, 2} {
			if i == at {
				next := found(t, "rise(gauge.rain, 10m)", 5)
				next.Adopt(e)
				e = next
			}
			e.Observe(rain, int64(i)*minute, obs.Of(v))
		}
		e.Tick(9 * minute)
		e.is(t, fmt.Sprintf("reloaded before reading %d", at))
	}
}

// Whatever a total does, its growth in a window is never negative, and never more than what
// is possible.
func TestTotalLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &series{every: minute, stale: 3 * minute, meter: &meter{most: 1000}}
		w := &window{length: 30 * minute, keeps: growth}
		w.pace(s.every, s.stale)
		s.windows = []*window{w}
		n := rapid.IntRange(1, 60).Draw(t, "readings")
		for i := range n {
			s.keep(int64(i)*minute, rapid.Float64Range(0, 1e5).Draw(t, "total"))
		}
		all := w.at(int64(n) * minute)
		if all.n == 0 {
			return
		}
		if rise := all.value(opRise); rise < -1e-6 || rise > float64(n)*(1+1000.0/60)+1e-6 {
			t.Fatalf("it rose by %v in %d minutes", rise, n)
		}
	})
}
