package main

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/lamppost-city/lamppost/edge/rule"
)

// practices are the shapes on which the constants of the forecast are chosen. They
// are made in another way than those that are reported: rain runs through reservoirs,
// a basin fills and is pumped, a tide has two waves. So that a constant that only fits
// the shape of a drawn hydrograph shows as such.
var practices = [...]string{"runoff", "basin", "front", "swell", "seiche"}

// practiceSeed begins the seeds of practice; they never change, and are never
// reported on.
const practiceSeed = 0x5eed

// newPractice makes the i-th storm to practise on. About half of them cross.
func newPractice(i int) *storm {
	kind := practices[i%len(practices)]
	r := rand.New(rand.NewPCG(practiceSeed, uint64(i)))
	return sensed(&storm{seed: uint64(i), kind: kind}, course(kind, r), r)
}

// course draws a level as a function of minutes, from what makes it.
func course(kind string, r *rand.Rand) func(t float64) float64 {
	in := func(lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }
	wide := func(lo, hi float64) float64 { return lo * math.Pow(hi/lo, r.Float64()) }
	base, crest := in(0.05, 0.35), in(0.55, 1.7)
	switch kind {
	case "runoff": // two reservoirs in a row answer to one or two showers
		begin, long, k := in(30, 90), wide(5, 80), wide(2, 30)
		again, share := begin+long+in(30, 90), in(0, 1)
		return scaled(base, crest, func(rain func(t float64) float64) func(float64) float64 { return reservoirs(rain, k) },
			func(t float64) float64 {
				switch {
				case t >= begin && t < begin+long:
					return 1
				case t >= again && t < again+long/2:
					return share
				}
				return 0
			})
	case "basin": // fills by a shower that swells and fades, and is pumped empty
		begin, long, pump := in(30, 90), wide(12, 120), in(0.2, 0.6)
		return scaled(base, crest, func(rain func(t float64) float64) func(float64) float64 { return basin(rain, pump) },
			func(t float64) float64 { return max(0, math.Sin(math.Pi*min(max((t-begin)/long, 0), 1))) })
	case "front": // rises along a logistic curve, stays, and falls away
		at, steep, stays, falls := in(60, 160), wide(1.5, 25), in(10, 60), in(20, 90)
		return func(t float64) float64 {
			v := base + (crest-base)/(1+math.Exp(-(t-at)/steep))
			if gone := t - at - 4*steep - stays; gone > 0 {
				v = base + (v-base)*math.Exp(-gone/falls)
			}
			return v
		}
	case "swell": // a tide of two waves with a surge of wind on it
		period, part, phase, wind, when, wide := 745.0, in(0.1, 0.3), in(0, 6), in(0, 0.4), in(60, 300), in(30, 90)
		at := in(60, 300)
		return func(t float64) float64 {
			x := (t - when) / wide
			return crest - wind - 0.9*(1-math.Cos(2*math.Pi*(t-at)/period)) + part*math.Sin(4*math.Pi*t/period+phase) - part + wind*math.Exp(-x*x/2)
		}
	default: // seiche: it sways, and drifts
		by, period, drift := in(0.02, 0.15), in(8, 40), in(-0.1, 0.1)
		return func(t float64) float64 {
			return base + 0.3 + by*math.Sin(2*math.Pi*t/period) + drift*t/60
		}
	}
}

// scaled runs rain through a model, minute by minute, and stretches what comes out so
// that it lies between base and crest.
func scaled(base, crest float64, model func(func(float64) float64) func(float64) float64, rain func(float64) float64) func(float64) float64 {
	const perMinute = 4
	next := model(rain)
	levels := make([]float64, hours*60*perMinute+1)
	top := 1e-9
	for i := range levels {
		levels[i] = next(float64(i) / perMinute)
		top = max(top, levels[i])
	}
	return func(t float64) float64 {
		x := t * perMinute
		i := min(int(x), len(levels)-2)
		v := levels[i] + (x-float64(i))*(levels[i+1]-levels[i])
		return base + (crest-base)*v/top
	}
}

// reservoirs are two in a row that each lose a k-th of what they hold in a minute.
func reservoirs(rain func(float64) float64, k float64) func(t float64) float64 {
	var a, b float64
	return func(t float64) float64 {
		const dt = 0.25
		a += dt * (rain(t) - a/k)
		b += dt * (a - b) / k
		return b
	}
}

// basin is a hollow with sloping sides: its level goes with the root of what is in it.
func basin(rain func(float64) float64, pump float64) func(t float64) float64 {
	held := 0.0
	return func(t float64) float64 {
		const dt = 0.25
		held = max(0, held+dt*(rain(t)-pump))
		return math.Sqrt(held)
	}
}

// kept is the share of crossings that a range is to hold, in practice.
const kept = 0.90

// practise prints the engine's table of ranges as n storms would have it: for each
// steadiness the quantiles of how long it truly took, but for the blur, as a multiple of
// what the straight line said when the pre-alert began. Both methods share one table.
// Below it stands what became of all ranges that were announced with the present table.
func practise(out io.Writer, n int) error {
	type foreseen struct{ steady, early, late float64 }
	var all []foreseen
	var storms []*storm
	methods := []*method{{en: "forecast, Theil–Sen"}, {en: "forecast, Holt"}}
	for i := range n {
		s := newPractice(i)
		storms = append(storms, s)
		for k, m := range []rule.Method{rule.TheilSen, rule.Holt} {
			w, err := newEngine(m)
			if err != nil {
				return err
			}
			v := judge(w, s)
			methods[k].verdicts = append(methods[k].verdicts, v)
			if a, ok := v.first(); ok {
				took := float64(s.crossed()-a.at) / 1000
				all = append(all, foreseen{a.steady, (took + a.blur) / a.straight, (took - a.blur) / a.straight})
			}
		}
	}
	fmt.Fprintln(out, "steady  cases  early  late")
	for _, at := range []float64{0, 0.5, 1, 1.5} {
		var early, late []float64
		for _, c := range all {
			if math.Abs(min(c.steady, 1.5)-at) <= 0.25 {
				early, late = append(early, c.early), append(late, c.late)
			}
		}
		slices.Sort(early)
		slices.Sort(late)
		if k := float64(len(early)); k > 0 {
			fmt.Fprintf(out, "%.2f %6.0f %6.2f %6.2f\n", at, k, early[int((1-kept)/2*k)], late[int((1+kept)/2*k)])
		}
	}
	fmt.Fprintln(out)
	ranges(out, methods, storms, "en")
	return nil
}
