package quality

import (
	"math"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// The methods of the attenuated signal test.
const (
	Std  = "std"
	Span = "range"
)

// attenuated is QARTOD test 9 (10 in the manual for water level): a signal that is too
// quiet, as of a well full of mud. It keeps the values of its window, open at the old
// end, 16 bytes each, at most [obs.MaxWindow] of them; a value costs the same however
// long the window is. A value that turns out to be a spike is none of the window's.
//
// As in the reference implementation a missing value within the window leaves a range
// not evaluated and is passed over by a standard deviation (the population's).
type attenuated struct {
	byRange       bool
	windowMS      int64
	suspect, fail float64 // below; -Inf: none
	samples       int

	ring  []timed
	head  int
	gone  int // values that left the window: position of ring[head]
	wide  extremes
	sums  sums
	holes int

	newest timed // not in the window before the next value comes: it may be a spike
	has    bool

	quiet        // with the newest value
	before quiet // without it
}

// quiet is what was found last.
type quiet struct {
	last obs.Flag // of the newest value
	hold hold     // a restart empties the window: what is quiet stays so until it can be judged
}

type timed struct {
	ms int64
	v  float64
}

func newAttenuated(k *obs.AttenuatedCheck, e Env) *attenuated {
	samples := k.Samples
	if samples == 0 { // 60 % of a window's: a window that has hardly begun is always quiet
		samples = flatSamples
		if e.Every > 0 {
			samples = max(samples, int(math.Ceil(0.6*float64(k.Window/e.Every))))
		}
	}
	return makeAttenuated(k.Method == Span, k.Window, below(k.Suspect), below(k.Fail), samples)
}

func makeAttenuated(byRange bool, window time.Duration, suspect, fail float64, samples int) *attenuated {
	return &attenuated{byRange: byRange, windowMS: window.Milliseconds(), suspect: suspect, fail: fail, samples: samples,
		wide: extremes{size: math.MaxInt}, newest: timed{ms: math.MinInt64}}
}

// below returns a threshold that only a smaller value undercuts.
func below(v *float64) float64 {
	if v == nil {
		return math.Inf(-1)
	}
	return *v
}

func (a *attenuated) judge(ms int64, v float64) (now, late obs.Flag) {
	if a.has {
		a.push(a.newest.ms, a.newest.v)
	}
	a.newest, a.has = timed{ms, v}, true
	for a.head < len(a.ring) && (a.ring[a.head].ms <= ms-a.windowMS || len(a.ring)-a.head >= obs.MaxWindow) {
		a.pop()
	}
	if a.head > 32 && a.head > len(a.ring)/2 {
		a.ring = a.ring[:copy(a.ring, a.ring[a.head:])]
		a.head = 0
	}
	if v != v {
		return obs.Missing, 0
	}
	now, a.before = obs.NotEvaluated, a.quiet
	if a.sums.n+1 >= a.samples && (!a.byRange || a.holes == 0) {
		now = a.verdict(a.strength(v))
	}
	a.last = a.hold.over(ms, a.windowMS, now)
	return a.last, 0
}

// keep leaves the window out, which would be too much: its values are written down, and
// the newest of them are shown again.
func (a *attenuated) keep() (k Kept) {
	k.flagged(a.last)
	if standing(a.before.last) != standing(a.last) {
		k.End, k.Before = a.newest.ms, new(Kept)
		k.Before.flagged(a.before.last)
	}
	return k
}

func (a *attenuated) recall(k Kept) {
	recall := func(k *Kept) quiet { return quiet{k.bad(), hold{flag: k.bad()}} }
	a.quiet, a.before, a.newest.ms = recall(&k), recall(k.before()), k.End
}

func (a *attenuated) takeBack(ms int64) {
	if a.newest.ms == ms {
		a.quiet, a.has, a.newest.ms = a.before, false, math.MinInt64
	}
}

func (a *attenuated) resume() {
	for _, q := range [...]*quiet{&a.quiet, &a.before} {
		q.hold = hold{flag: standing(q.last)}
	}
}

func (a *attenuated) shift(byMS int64) {
	a.newest.ms = later(a.newest.ms, byMS)
	for i := range a.ring {
		a.ring[i].ms += byMS
	}
}

func (a *attenuated) verdict(strength float64) obs.Flag {
	switch {
	case strength < a.fail:
		return obs.Fail
	case strength < a.suspect:
		return obs.Suspect
	default:
		return obs.Pass
	}
}

// strength is how strong the signal is in the window with v, the newest value.
func (a *attenuated) strength(v float64) float64 {
	if a.byRange {
		spread, _ := a.wide.with(v)
		return spread
	}
	if a.sums.stale() {
		a.sums = sums{}
		for _, s := range a.ring[a.head:] {
			if s.v == s.v {
				a.sums.add(s.v)
			}
		}
	}
	all := a.sums
	all.add(v)
	return all.std()
}

func (a *attenuated) push(ms int64, v float64) {
	a.ring = append(a.ring, timed{ms, v})
	if a.byRange {
		a.wide.add(v)
	}
	if v != v {
		a.holes++
		return
	}
	a.sums.add(v)
}

func (a *attenuated) pop() {
	v := a.ring[a.head].v
	a.head++
	if a.gone++; a.byRange {
		a.wide.low.drop(a.gone)
		a.wide.high.drop(a.gone)
	}
	if v != v {
		a.holes--
		return
	}
	a.sums.remove(v)
}

// sums are mean and squared deviations after Welford, which do not cancel while values
// are added. Taking values out leaves rounding behind, as much as belongs to the
// greatest m2 there was: sums are made anew once as many values went as are there, or
// what is left is small beside that.
type sums struct {
	n        int
	mean, m2 float64
	most     float64 // the greatest m2 since they were made
	removed  int
}

// shrunk is the part of the greatest m2 below which its rounding, some 1e-16 of it for
// each value, could be seen in what is left.
const shrunk = 1e-6

func (s *sums) add(v float64) {
	s.n++
	d := v - s.mean
	s.mean += d / float64(s.n)
	s.m2 += d * (v - s.mean)
	s.most = max(s.most, s.m2)
}

func (s *sums) remove(v float64) {
	s.removed++
	if s.n--; s.n == 0 {
		*s = sums{}
		return
	}
	d := v - s.mean
	s.mean -= d / float64(s.n)
	s.m2 -= d * (v - s.mean)
}

// stale says whether sums are to be made anew. A value makes m2 great and must leave
// the window before m2 is small: that is once a window, so that a value costs the same
// on average.
func (s *sums) stale() bool {
	return s.removed > 0 && (s.removed >= s.n || s.m2 < shrunk*s.most)
}

func (s *sums) std() float64 {
	if s.n == 0 {
		return 0
	}
	return math.Sqrt(max(s.m2, 0) / float64(s.n))
}
