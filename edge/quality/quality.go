// Package quality judges readings as they come: QARTOD's gross range test, the
// warm-up of a part, and whether a stream has fallen silent. It is pure: no clock,
// no I/O, no goroutine. Time comes in as milliseconds since boot.
//
// A [Stream] holds the state of one channel, a few words whatever happens. It is
// for one goroutine. What a driver said of its own reading is never softened: the
// verdicts are rolled up in QARTOD's order 9 < 2 < 1 < 3 < 4 (QARTOD manual for
// water level, v2.1, and the reference implementation ioos_qc).
//
// What is judged how:
//
//	missing, NaN, infinite           missing; there is no value to judge
//	during warm-up                   fail, warm-up: no rule acts on it
//	outside what the part measures   fail, range
//	outside what the metric can be   suspect, range
//	has not moved for too long       suspect, flat
//	otherwise                        pass, if a range is known
//
// A value equal to a limit passes. The flat line test is off unless a site asks
// for it: a lake can be truly flat (QARTOD manual for water level, test 8). Later
// tests (spike, rate) join in [Stream.Judge]; a caller sees only the rolled-up
// verdict.
package quality

import (
	"math"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Range is a closed interval in the metric's unit. One whose ends are equal is not
// stated and judges nothing.
type Range struct{ Min, Max float64 }

// stated says whether the range can judge.
func (r Range) stated() bool { return r.Min < r.Max }

func (r Range) holds(v float64) bool { return v >= r.Min && v <= r.Max }

// Limits is what the tests of one stream need to know.
type Limits struct {
	Part   Range         // what the part can measure: outside is fail
	Metric Range         // what the property can be: outside is suspect
	WarmUp time.Duration // after opening, values do not count for so long
	Every  time.Duration // the interval at which values are expected
	Flat   time.Duration // a value that has not moved for so long is suspect; 0: it may stand
	Step   float64       // what the part resolves: less than half of it is no movement
}

// StaleAfter is how long a stream that is sampled at an interval may go without a
// usable value: three intervals, and never less than half a minute, so that one
// lost frame is not a silent sensor.
func StaleAfter(every time.Duration) time.Duration {
	return max(3*every, 30*time.Second)
}

// Stream is the state of one channel of one device.
type Stream struct {
	limits   *Limits
	openedMS int64 // when the part was opened last
	goodMS   int64 // when the last usable value came
	hasGood  bool
	run      *run // nil while it is not tested
}

// run is a stretch of values that did not move, the last value among them.
type run struct {
	low, high     float64
	fromMS, endMS int64
	n             int
}

// flatSamples is how many values a flat line has at least.
const flatSamples = 3

// New returns the stream of a part that was opened at bootMS. The limits, which many
// streams may share, must not change any more.
func New(l *Limits, bootMS int64) *Stream {
	return &Stream{limits: l, openedMS: bootMS}
}

// Limit puts other limits in force; what is known of the stream stays.
func (s *Stream) Limit(l *Limits) { s.limits = l }

// Reopened says that the part was opened again at bootMS, after an unplug or a
// power cut of its own: it warms up anew.
func (s *Stream) Reopened(bootMS int64) { s.openedMS = bootMS }

// Judge returns r with the verdict of all tests rolled up with the driver's own.
func (s *Stream) Judge(bootMS int64, r obs.Reading) obs.Reading {
	if r.Quality.Flag == obs.Missing {
		return obs.Reading{Value: math.NaN(), Quality: r.Quality}
	}
	if math.IsNaN(r.Value) || math.IsInf(r.Value, 0) {
		return obs.None(obs.NotANumber)
	}
	if s.limits.WarmUp > 0 && bootMS-s.openedMS < s.limits.WarmUp.Milliseconds() {
		r.Quality = r.Quality.Worst(obs.Quality{Flag: obs.Fail, Why: obs.WarmUp})
	}
	r.Quality = r.Quality.Worst(s.limits.gross(r.Value))
	if s.flat(bootMS, r.Value) {
		r.Quality = r.Quality.Worst(obs.Quality{Flag: obs.Suspect, Why: obs.Flat})
	}
	if r.Quality.Usable() && (!s.hasGood || bootMS > s.goodMS) {
		s.goodMS, s.hasGood = bootMS, true
	}
	return r
}

// flat is QARTOD's flat line test in its streaming form. A pause longer than the
// limit begins anew: nothing is known of what the value did meanwhile.
func (s *Stream) flat(bootMS int64, v float64) bool {
	if s.limits.Flat <= 0 {
		return false
	}
	if s.run == nil {
		s.run = &run{}
	}
	u := s.run
	low, high, limit := min(u.low, v), max(u.high, v), s.limits.Flat.Milliseconds()
	if u.n == 0 || high-low > s.limits.Step/2 || bootMS-u.endMS > limit {
		*u = run{low: v, high: v, fromMS: bootMS, endMS: bootMS, n: 1}
		return false
	}
	u.low, u.high, u.endMS, u.n = low, high, bootMS, u.n+1
	return u.n >= flatSamples && bootMS-u.fromMS >= limit
}

// gross is QARTOD's gross range test.
func (l *Limits) gross(v float64) obs.Quality {
	switch {
	case l.Part.stated() && !l.Part.holds(v):
		return obs.Quality{Flag: obs.Fail, Why: obs.Range}
	case l.Metric.stated() && !l.Metric.holds(v):
		return obs.Quality{Flag: obs.Suspect, Why: obs.Range}
	case l.Part.stated() || l.Metric.stated():
		return obs.Quality{Flag: obs.Pass}
	default:
		return obs.Quality{}
	}
}

// Stale returns how long the stream has been without a usable value, counted from
// its opening if it never had one, and whether that is too long. Nothing arrives
// when a sensor falls silent, so the caller asks, at its own pace.
func (s *Stream) Stale(bootMS int64) (age time.Duration, stale bool) {
	from := s.openedMS
	if s.hasGood {
		from = s.goodMS
	}
	age = time.Duration(max(0, bootMS-from)) * time.Millisecond
	return age, age > StaleAfter(s.limits.Every)
}
