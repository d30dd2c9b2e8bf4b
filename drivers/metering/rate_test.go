package metering

import (
	"math"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"pgregory.net/rapid"
)

const second = time.Second

// at is a count with a newest pulse.
func at(now time.Duration, total uint64, last, period time.Duration) drivers.PulseCount {
	return drivers.PulseCount{At: now, Total: total, Last: last, Period: period}
}

func missed(c drivers.PulseCount) drivers.PulseCount {
	c.Missed = true
	return c
}

func TestRates(t *testing.T) {
	none := math.NaN()
	for _, c := range []struct {
		name   string
		counts []drivers.PulseCount
		want   []float64 // Hz
	}{
		{"steady, sampled beside the pulses", []drivers.PulseCount{
			at(100*second, 0, 0, 0), at(110*second, 4, 108*second, 2*second), at(120*second, 9, 118*second, 2*second), at(130*second, 14, 128*second, 2*second)},
			[]float64{none, .5, .5, .5}},
		{"speeds up between two samples", []drivers.PulseCount{at(10*second, 5, 10*second, second), at(20*second, 105, 20*second, 50*time.Millisecond)},
			[]float64{1, 10}},
		{"ebbs away", []drivers.PulseCount{at(10*second, 5, 10*second, second), at(20*second, 5, 10*second, second), at(40*second, 5, 10*second, second), at(70*second, 5, 10*second, second)},
			[]float64{1, .1, 1.0 / 30, 0}},
		{"slower than the samples", []drivers.PulseCount{at(10*second, 2, 9*second, 20*second), at(20*second, 2, 9*second, 20*second), at(30*second, 3, 29*second, 20*second), at(40*second, 3, 29*second, 20*second)},
			[]float64{.05, .05, .05, .05}},
		{"the first pulse says nothing yet", []drivers.PulseCount{at(10*second, 7, 0, 0), at(20*second, 8, 19*second, 0), at(30*second, 9, 29*second, 10*second)},
			[]float64{none, none, .1}},
		{"dry: nought only after idle", []drivers.PulseCount{at(1000*second, 7, 0, 0), at(1012*second, 7, 0, 0), at(1059*second, 7, 0, 0), at(1060*second, 7, 0, 0)},
			[]float64{none, none, none, 0}},
		{"a fresh start in the rain", []drivers.PulseCount{
			at(10*second, 0, 0, 0), at(20*second, 0, 0, 0), at(30*second, 1, 25*second, 0), at(40*second, 1, 25*second, 0), at(50*second, 2, 45*second, 20*second)},
			[]float64{none, none, none, none, .05}},
		{"one pulse, and idle after it", []drivers.PulseCount{at(10*second, 0, 0, 0), at(20*second, 1, 15*second, 0), at(74*second, 1, 15*second, 0), at(75*second, 1, 15*second, 0), at(117*second, 2, 115*second, 100*second)},
			[]float64{none, none, none, 0, .01}},
		{"the first pulse after idle", []drivers.PulseCount{at(10*second, 7, 0, 0), at(70*second, 7, 0, 0), at(115*second, 8, 110*second, 0), at(120*second, 8, 110*second, 0), at(310*second, 8, 110*second, 0)},
			[]float64{none, 0, .01, .01, 0}},
		{"lost, and then quiet", []drivers.PulseCount{at(10*second, 5, 10*second, second), missed(at(20*second, 9, 20*second, 0)), at(30*second, 9, 20*second, 0), at(80*second, 9, 20*second, 0)},
			[]float64{1, none, none, 0}},
		{"pulses were lost", []drivers.PulseCount{at(10*second, 5, 10*second, second), missed(at(20*second, 9, 20*second, 0)), at(30*second, 19, 30*second, second)},
			[]float64{1, none, 1}},
	} {
		m := meter{perHertz: 1, idle: time.Minute}
		for i, count := range c.counts {
			v, ok := m.rate(count)
			if !ok {
				v = none
			}
			if math.Abs(v-c.want[i]) > 1e-9 || math.IsNaN(v) != math.IsNaN(c.want[i]) {
				t.Errorf("%s: sample %d is %v Hz, want %v", c.name, i, v, c.want[i])
			}
		}
	}
}

// Whatever pulses come, a rate is never negative, never infinite, and never more than
// the pulses of the shortest time between two of them, the first count standing for a
// pulse before the first one.
func TestRatesAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := meter{perHertz: 1, idle: time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "idle"))}
		var c drivers.PulseCount
		shortest := time.Duration(math.MaxInt64)
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "pulse") {
				gap := time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(time.Minute)).Draw(t, "gap"))
				c.At += gap
				if c.Last > 0 {
					c.Period = c.At - c.Last
				}
				if c.Last > 0 || m.known {
					shortest = min(shortest, c.At-max(c.Last, m.first))
				}
				c.Total, c.Last = c.Total+1, c.At
				continue
			}
			c.At += time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "pause"))
			if v, ok := m.rate(c); ok && (v < 0 || v > 1.000001/shortest.Seconds() || math.IsNaN(v)) {
				t.Fatalf("%+v gives %v Hz, the shortest time was %v", c, v, shortest)
			}
		}
	})
}
