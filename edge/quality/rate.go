package quality

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// rate is QARTOD test 7: change per second from one value to the next. The first value,
// and the first behind a missing one, passes: there is no rate to judge. The time
// between two values is exact (the reference implementation cuts it to whole seconds);
// where it is not above zero, nothing is judged, behind a missing value either.
type rate struct {
	limits
	lastMS int64
	last   float64
	begun  bool
}

func (r *rate) judge(ms int64, v float64) (now, late obs.Flag) {
	last, dt, first := r.last, ms-r.lastMS, !r.begun
	r.last, r.lastMS, r.begun = v, ms, true
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
