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
type flat struct {
	suspectMS, failMS int64 // 0: none
	everyMS           int64
	tolerance         float64 // movement is at least so much
	samples           int

	low, high     float64
	fromMS, endMS int64
	n             int
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
	pause := f.suspectMS
	if pause == 0 {
		pause = f.failMS
	}
	if f.n == 0 || high-low >= f.tolerance || ms-f.endMS > pause {
		f.low, f.high, f.fromMS, f.endMS, f.n = v, v, ms, ms, 1
		return obs.Pass, 0
	}
	f.low, f.high, f.endMS, f.n = low, high, ms, f.n+1
	return f.verdict(ms - f.fromMS), 0
}

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
}

func newFlatWindow(suspect, fail, every time.Duration, tolerance float64) *flatWindow {
	window := func(d time.Duration) *extremes {
		if d <= 0 || every <= 0 {
			return nil
		}
		return newExtremes(int(d/every) + 1)
	}
	return &flatWindow{tolerance: tolerance, suspect: window(suspect), fail: window(fail)}
}

func (f *flatWindow) judge(_ int64, v float64) (now, late obs.Flag) {
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
	return flag, 0
}
