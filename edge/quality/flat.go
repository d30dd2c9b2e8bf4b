package quality

import (
	"math"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// flatSamples is how many values a flat line has at least.
const flatSamples = 3

// flat is QARTOD test 8 in its streaming form, five words whatever the duration: the
// stretch of values that did not move, by time. A pause longer than the shorter
// duration begins anew: nothing is known of what the value did meanwhile. A missing
// value neither ends nor lengthens it.
//
// A restart of the gateway is no movement: what stood still goes on as that, and a flag
// stands until the value moves. The values due while the gateway did not run are not
// missing. Nor is a spike, once it is known as one: see takeBack.
type flat struct {
	suspectMS, failMS int64 // 0: none
	everyMS           int64
	tolerance         float64 // movement is at least so much
	samples           int

	stretch         // with the newest value
	before  stretch // without it
}

// stretch is a row of values that did not move.
type stretch struct {
	low, high     float64
	fromMS, endMS int64
	n             int

	held    obs.Flag // stood when the gateway ended, and the value has not moved since
	resumed bool     // the next value is the first of this run of the gateway
}

// IOOS is the word for the reference implementation's behaviour where ours differs.
const IOOS = "ioos"

func newFlat(k *obs.FlatCheck, e Env) test {
	tolerance := e.Step / 2
	if k.Tolerance != nil {
		tolerance = *k.Tolerance
	}
	if tolerance == 0 {
		tolerance = math.SmallestNonzeroFloat64 // what a part resolves is not known: only the same number is flat
	}
	if k.Compat == IOOS {
		return newFlatWindow(k.Suspect, k.Fail, e.Every, tolerance)
	}
	return &flat{suspectMS: k.Suspect.Milliseconds(), failMS: k.Fail.Milliseconds(), everyMS: e.Every.Milliseconds(),
		tolerance: tolerance, samples: max(k.Samples, flatSamples)}
}

func (f *flat) judge(ms int64, v float64) (now, late obs.Flag) {
	if v != v {
		return obs.Missing, 0
	}
	f.before = f.stretch
	low, high := min(f.low, v), max(f.high, v)
	resumed := f.resumed
	f.resumed = false
	if f.n == 0 || high-low >= f.tolerance || ms-f.endMS > f.pause() && !(resumed && f.held != obs.NotEvaluated) {
		f.low, f.high, f.fromMS, f.endMS, f.n, f.held = v, v, ms, ms, 1, obs.NotEvaluated
		return obs.Pass, 0
	}
	if due := ms - f.endMS; resumed && f.everyMS > 0 && due > f.everyMS {
		f.n = int(min(int64(f.n)+due/f.everyMS-1, math.MaxInt32))
	}
	f.low, f.high, f.endMS, f.n = low, high, ms, f.n+1
	return f.verdict(&f.stretch), 0
}

// pause is how long no value may come without the stretch beginning anew.
func (f *flat) pause() int64 {
	if f.suspectMS == 0 {
		return f.failMS
	}
	return f.suspectMS
}

// verdict is the worse of what is found of s and what is held of it.
func (f *flat) verdict(s *stretch) obs.Flag {
	return obs.Quality{Flag: f.found(s.endMS-s.fromMS, s.n)}.Worst(obs.Quality{Flag: s.held}).Flag
}

// takeBack lets the stretch go on as if a movement had not been that was a spike.
func (f *flat) takeBack(ms int64) {
	if f.n > 0 && f.endMS == ms {
		f.stretch = f.before
	}
}

func (f *flat) keep() Kept {
	if f.n == 0 {
		return Kept{}
	}
	k := f.kept(&f.stretch)
	if f.before.n > 0 {
		before := f.kept(&f.before)
		k.Before = &before
	}
	return k
}

func (f *flat) kept(s *stretch) Kept {
	k := Kept{Low: s.low, High: s.high, From: s.fromMS, End: s.endMS, N: s.n}
	k.flagged(f.verdict(s))
	return k
}

func (f *flat) recall(k Kept) {
	recall := func(k *Kept) (s stretch) {
		if k.N <= 0 || k.High < k.Low || k.End < k.From || k.High-k.Low >= f.tolerance {
			return s
		}
		return stretch{low: k.Low, high: k.High, fromMS: k.From, endMS: k.End, n: k.N, held: k.bad()}
	}
	f.stretch, f.before = recall(&k), recall(k.before())
}

func (f *flat) resume() {
	for _, s := range [...]*stretch{&f.stretch, &f.before} {
		if s.n > 0 {
			s.held, s.resumed = standing(f.verdict(s)), true
		}
	}
}

func (f *flat) shift(byMS int64) {
	for _, s := range [...]*stretch{&f.stretch, &f.before} {
		s.fromMS, s.endMS = s.fromMS+byMS, s.endMS+byMS
	}
}

// found is what n values say that have not moved for age.
func (f *flat) found(age int64, n int) (flag obs.Flag) {
	switch {
	case f.failMS > 0 && age >= f.failMS:
		flag = obs.Fail
	case f.suspectMS > 0 && age >= f.suspectMS:
		flag = obs.Suspect
	default:
		return obs.Pass
	}
	need := float64(f.samples)
	if f.everyMS > 0 {
		need = max(need, 0.6*float64(age/f.everyMS+1)) // most of what was due did not come
	}
	if float64(n) < need {
		return obs.NotEvaluated
	}
	return flag
}

// flatWindow is test 8 as the reference implementation has it: durations turned into
// counts, and the range of the last count + 1 values, the missing ones among them
// passed over. Its first value after an outage can fail, alone in its window.
type flatWindow struct {
	tolerance     float64
	suspect, fail *extremes // nil: none

	newest timed // not in the windows before the next value comes: it may be a spike
	has    bool

	stood        // with the newest value
	before stood // without it
}

// stood is what was found last.
type stood struct {
	last      obs.Flag // of the newest value
	v         float64  // it, NaN: none
	held      obs.Flag // stood when the gateway ended, and the value has not moved since
	low, high float64  // of the values since then
}

func newFlatWindow(suspect, fail, every time.Duration, tolerance float64) *flatWindow {
	window := func(d time.Duration) *extremes {
		if d <= 0 || every <= 0 {
			return nil
		}
		return newExtremes(int(d/every) + 1)
	}
	return &flatWindow{tolerance: tolerance, suspect: window(suspect), fail: window(fail),
		newest: timed{ms: math.MinInt64}, stood: stood{v: math.NaN()}, before: stood{v: math.NaN()}}
}

func (f *flatWindow) judge(ms int64, v float64) (now, late obs.Flag) {
	if f.has {
		f.suspect.add(f.newest.v)
		f.fail.add(f.newest.v)
	}
	if f.newest, f.has = (timed{ms, v}), true; v != v {
		return obs.Missing, 0
	}
	flag := obs.Pass
	if spread, full := f.suspect.with(v); full && spread < f.tolerance {
		flag = obs.Suspect
	}
	if spread, full := f.fail.with(v); full && spread < f.tolerance {
		flag = obs.Fail
	}
	f.before = f.stood
	f.v, f.last = v, f.stands(v, flag)
	return f.last, 0
}

// stands is the worse of a verdict and what is held, until the value moves.
func (f *flatWindow) stands(v float64, now obs.Flag) obs.Flag {
	if f.held == obs.NotEvaluated {
		return now
	}
	if f.low, f.high = min(f.low, v), max(f.high, v); f.high-f.low >= f.tolerance {
		f.held = obs.NotEvaluated
	}
	return obs.Quality{Flag: now}.Worst(obs.Quality{Flag: f.held}).Flag
}

// takeBack makes a value that was a spike a missing one.
func (f *flatWindow) takeBack(ms int64) {
	if f.newest.ms == ms {
		f.stood, f.newest = f.before, timed{math.MinInt64, math.NaN()}
	}
}

// keep leaves the window out, which would be too much: its values are written down, and
// the newest of them are shown again.
func (f *flatWindow) keep() Kept {
	k := f.stood.kept()
	if before := f.before.kept(); before.QC != k.QC {
		k.End, k.Before = f.newest.ms, &before
	}
	return k
}

func (f *stood) kept() (k Kept) {
	if standing(f.last) != obs.NotEvaluated {
		k = Kept{Low: f.v, High: f.v, N: 1}
		k.flagged(f.last)
	}
	return k
}

func (f *flatWindow) recall(k Kept) {
	recall := func(k *Kept) stood {
		if k.N <= 0 || k.High < k.Low || k.bad() == obs.NotEvaluated {
			return stood{v: math.NaN()}
		}
		return stood{last: k.bad(), v: k.High, held: k.bad(), low: k.Low, high: k.High}
	}
	f.stood, f.before, f.newest.ms = recall(&k), recall(k.before()), k.End
}

func (f *flatWindow) resume() {
	for _, s := range [...]*stood{&f.stood, &f.before} {
		if bad := standing(s.last); bad != obs.NotEvaluated {
			if s.held == obs.NotEvaluated {
				s.low, s.high = s.v, s.v
			}
			s.held = bad
		}
	}
}

// shift matters to the newest value alone: the windows count.
func (f *flatWindow) shift(byMS int64) { f.newest.ms = later(f.newest.ms, byMS) }
