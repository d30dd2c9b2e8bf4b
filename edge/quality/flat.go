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
// missing.
type flat struct {
	suspectMS, failMS int64 // 0: none
	everyMS           int64
	tolerance         float64 // movement is at least so much
	samples           int

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
	return f.stands(f.verdict(ms - f.fromMS)), 0
}

// pause is how long no value may come without the stretch beginning anew.
func (f *flat) pause() int64 {
	if f.suspectMS == 0 {
		return f.failMS
	}
	return f.suspectMS
}

// stands is the worse of a verdict and what is held.
func (f *flat) stands(now obs.Flag) obs.Flag {
	return obs.Quality{Flag: now}.Worst(obs.Quality{Flag: f.held}).Flag
}

func (f *flat) keep() Kept {
	if f.n == 0 {
		return Kept{}
	}
	k := Kept{Low: f.low, High: f.high, From: f.fromMS, End: f.endMS, N: f.n}
	if bad := standing(f.stands(f.verdict(f.endMS - f.fromMS))); bad != obs.NotEvaluated {
		k.QC = bad.Code()
	}
	return k
}

func (f *flat) recall(k Kept) {
	if k.N <= 0 || k.High < k.Low || k.End < k.From || k.High-k.Low >= f.tolerance {
		return
	}
	f.low, f.high, f.fromMS, f.endMS, f.n, f.held = k.Low, k.High, k.From, k.End, k.N, k.bad()
}

func (f *flat) resume() {
	if f.n > 0 {
		f.held, f.resumed = standing(f.stands(f.verdict(f.endMS-f.fromMS))), true
	}
}

func (f *flat) shift(byMS int64) { f.fromMS, f.endMS = f.fromMS+byMS, f.endMS+byMS }

func (f *flat) verdict(age int64) (flag obs.Flag) {
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
	if float64(f.n) < need {
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
	return &flatWindow{tolerance: tolerance, suspect: window(suspect), fail: window(fail), v: math.NaN()}
}

func (f *flatWindow) judge(ms int64, v float64) (now, late obs.Flag) {
	flag := obs.Pass
	if f.suspect.add(v) && f.suspect.spread() < f.tolerance {
		flag = obs.Suspect
	}
	if f.fail.add(v) && f.fail.spread() < f.tolerance {
		flag = obs.Fail
	}
	if v != v {
		return obs.Missing, 0
	}
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

// keep leaves the window out, which would be too much: its values are written down, and
// the newest of them are shown again.
func (f *flatWindow) keep() Kept {
	if bad := standing(f.last); bad != obs.NotEvaluated {
		return Kept{QC: bad.Code(), Low: f.v, High: f.v, N: 1}
	}
	return Kept{}
}

func (f *flatWindow) recall(k Kept) {
	if k.N > 0 && k.High >= k.Low && k.bad() != obs.NotEvaluated {
		f.low, f.high, f.held = k.Low, k.High, k.bad()
		f.v, f.last = k.High, f.held
	}
}

func (f *flatWindow) resume() {
	if bad := standing(f.last); bad != obs.NotEvaluated {
		if f.held == obs.NotEvaluated {
			f.low, f.high = f.v, f.v
		}
		f.held = bad
	}
}

func (*flatWindow) shift(int64) {} // it counts
