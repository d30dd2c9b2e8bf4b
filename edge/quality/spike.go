package quality

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// spike is QARTOD test 6: a value alone between its neighbours. It is decided when the
// next one comes; the newest is not evaluated yet. Beside a missing value it never is.
type spike struct {
	limits
	differential bool
	before, last float64 // NaN: missing
	begun        bool
}

func newSpike(k *obs.SpikeCheck) *spike {
	off := func(v *float64) *float64 {
		if v != nil && *v == 0 {
			return nil // the reference implementation knows a threshold of 0 as none
		}
		return v
	}
	return &spike{limits: limits{above(off(k.Suspect)), above(off(k.Fail))}, differential: k.Method != Average}
}

// The methods of the spike test. Differential is the default: a true step, as water
// makes, is no spike to it, while average fails the two values beside the step.
const (
	Average      = "average"
	Differential = "differential"
)

func (s *spike) judge(_ int64, v float64) (now, late obs.Flag) {
	if !s.begun {
		s.before, s.last, s.begun = math.NaN(), math.NaN(), true
	}
	if d := s.distance(v); d == d {
		late = s.of(d)
	}
	s.before, s.last = s.last, v
	if v != v {
		return obs.Missing, late
	}
	return obs.NotEvaluated, late
}

// distance is how far the last value stands out between the one before and v; NaN if
// one of the three is missing.
func (s *spike) distance(v float64) float64 {
	if !s.differential {
		return math.Abs(s.last - (s.before+v)/2)
	}
	a, b := s.last-s.before, v-s.last
	switch {
	case a != a || b != b:
		return math.NaN()
	case a*b >= 0:
		return 0
	default:
		return min(math.Abs(a), math.Abs(b))
	}
}
