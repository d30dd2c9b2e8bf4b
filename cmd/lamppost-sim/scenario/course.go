package scenario

import (
	"hash/fnv"
	"math"
	"time"
)

// noiseStep is how long a noise value holds: faster than any part samples.
const noiseStep = 50 * time.Millisecond

// Course is a scenario that runs: its quantities at any time since the start. It
// is immutable, so it may be used from any goroutine.
type Course struct {
	s    *Scenario
	seed uint64
	loop bool
}

// Course returns the course of s under a seed. With loop the cycle is repeated
// without end; without, everything holds after one cycle and nothing fails.
func (s *Scenario) Course(seed uint64, loop bool) *Course {
	return &Course{s: s, seed: mix(seed), loop: loop}
}

// place returns the cycle that t lies in and the time in it.
func (c *Course) place(t time.Duration) (cycle int64, at time.Duration) {
	length := time.Duration(c.s.Cycle)
	if t < 0 {
		return 0, 0
	}
	if !c.loop {
		return 0, min(t, length)
	}
	return int64(t / length), t % length
}

// Cycle returns the number of the cycle at t, from 0.
func (c *Course) Cycle(t time.Duration) int64 {
	n, _ := c.place(t)
	return n
}

// At returns quantity name at t since the start; ok is false when the scenario
// does not have it. It is always a number: a division by zero gives 0.
func (c *Course) At(name string, t time.Duration) (v float64, ok bool) {
	q, ok := c.s.Quantities[name]
	if !ok {
		return 0, false
	}
	cycle, at := c.place(t)
	switch {
	case q.Is != nil:
		v = *q.Is
	case q.Keys != nil:
		v = q.curve(at)
	case q.Sum != "":
		v = q.Start + c.sum(q, cycle, at, t)
	default:
		v, _ = c.At(q.Of, t)
		v *= q.factor()
		for _, by := range q.Over {
			d, _ := c.At(by, t)
			v /= d
		}
	}
	if v = c.lay(name, q, v, t); math.IsNaN(v) || math.IsInf(v, 0) {
		v = 0
	}
	return v, true
}

// lay lays wander, noise and limits over v.
func (c *Course) lay(name string, q Quantity, v float64, t time.Duration) float64 {
	if q.Wander != nil || q.Noise != 0 {
		key := c.seed ^ hash(name)
		if q.Wander != nil {
			v += q.Wander.By * wander(key, float64(t)/float64(q.Wander.Over))
		}
		if q.Noise != 0 {
			v += q.Noise * gauss(key, uint64(t/noiseStep))
		}
	}
	if q.Wrap > 0 {
		if v = math.Mod(v, q.Wrap); v < 0 {
			v += q.Wrap
		}
	}
	if q.Min != nil {
		v = max(v, *q.Min)
	}
	if q.Max != nil {
		v = min(v, *q.Max)
	}
	return v
}

// sum returns the integral of q.Sum from the start until t.
func (c *Course) sum(q Quantity, cycle int64, at, t time.Duration) float64 {
	src := c.s.Quantities[q.Sum]
	area := src.area(at) // value seconds
	if cycle > 0 {
		area += float64(cycle) * src.area(time.Duration(c.s.Cycle))
	}
	if !c.loop && t > at {
		area += src.curve(at) * (t - at).Seconds()
	}
	return q.factor() * area / time.Duration(q.Per).Seconds()
}

func (q Quantity) factor() float64 {
	if q.Factor == 0 {
		return 1
	}
	return q.Factor
}

// Active is a fault that is under way. Since is when it began, on the scale that
// At takes.
type Active struct {
	Fault
	Since time.Duration
}

// Active returns the faults under way at t, in the order of the file.
func (c *Course) Active(t time.Duration) []Active {
	if t < 0 || !c.loop && t >= time.Duration(c.s.Cycle) {
		return nil
	}
	_, at := c.place(t)
	var out []Active
	for _, f := range c.s.Faults {
		if at >= time.Duration(f.From) && at < time.Duration(f.To) {
			out = append(out, Active{f, t - at + time.Duration(f.From)})
		}
	}
	return out
}

// Chance returns a number from 0 to 1, excluding 1, for the n-th draw under a
// name: the same for the same seed.
func (c *Course) Chance(name string, n uint64) float64 {
	return unit(mix(c.seed^hash(name)) ^ mix(n))
}

func hash(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s)) // a hash never fails
	return h.Sum64()
}

// mix is the finaliser of SplitMix64: each bit of x changes half of the result.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// unit returns a number from 0 to 1, excluding 1.
func unit(x uint64) float64 { return float64(mix(x)>>11) / (1 << 53) }

// gauss returns the n-th of a series of normally distributed numbers, cut at
// four standard deviations: a simulated part has no outliers unless it is told to.
func gauss(key, n uint64) float64 {
	u, v := unit(mix(key)^mix(2*n)), unit(mix(key)^mix(2*n+1))
	g := math.Sqrt(-2*math.Log(1-u)) * math.Cos(2*math.Pi*v)
	return min(max(g, -4), 4)
}

// wander returns a number from -1 to 1 that turns about once per unit of x.
func wander(key uint64, x float64) float64 {
	n := math.Floor(x)
	a := 2*unit(mix(key+1)^mix(uint64(int64(n)))) - 1
	b := 2*unit(mix(key+1)^mix(uint64(int64(n)+1))) - 1
	u := x - n
	return a + (b-a)*u*u*(3-2*u)
}
