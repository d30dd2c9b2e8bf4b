package quality

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// rate is QARTOD test 7: change per second from one value to the next. The first value,
// and the first behind a missing one, passes: there is no rate to judge. The time
// between two values is exact (the reference implementation cuts it to whole seconds);
// where it is not above zero, nothing is judged, behind a missing value either. Beside a
// spike test the value behind a spike is judged by the last one that stands: see takeBack.
type rate struct {
	limits
	seen
	before seen // without the newest value
}

// seen is the newest value that a test has seen, NaN: missing.
type seen struct {
	lastMS int64
	last   float64
	begun  bool
}

func (r *rate) judge(ms int64, v float64) (now, late obs.Flag) {
	r.before = r.seen
	last, dt, first := r.last, ms-r.lastMS, !r.begun
	r.seen = seen{ms, v, true}
	switch {
	case v != v:
		return obs.Missing, 0
	case first:
		return obs.Pass, 0
	case dt <= 0:
		return obs.NotEvaluated, 0
	case last != last:
		return obs.Pass, 0
	}
	return r.of(math.Abs(v-last) / (float64(dt) / 1000)), 0
}

func (r *rate) takeBack(ms int64) {
	if r.begun && r.lastMS == ms {
		r.seen = r.before
	}
}
