// Package quality judges readings as they come: QARTOD's tests for real-time data,
// the warm-up of a part, and whether a stream has fallen silent. It is pure: no
// clock, no I/O, no goroutine. Time comes in as milliseconds since boot.
//
// A [Stream] holds the state of one channel. It is for one goroutine. What a driver
// said of its own reading is never softened: the verdicts are rolled up in QARTOD's
// order 9 < 2 < 1 < 3 < 4 (manual for water level, v2.1, and the reference
// implementation ioos_qc), the reason is the winner's.
//
// What is judged how:
//
//	missing, NaN, infinite           missing; there is no value to judge
//	during warm-up                   fail, warm-up: no rule acts on it
//	outside what the part measures   fail, range
//	outside what the metric can be   suspect, range
//	by the tests that are asked for  see [obs.Checks]
//	otherwise                        pass, if a range is known
//
// # The tests
//
// Each is a small type of its own, one file each: time (gap, order), location, gross
// range, climatology, spike, rate of change, flat line, attenuated signal,
// multi-variate, neighbour. The syntax test is the drivers': what is damaged on the
// wire is a fault and has no value. A stream that is asked for none has no state for
// them, and one pays for those only that it is asked for: 24 to 96 bytes a test,
// whatever happens, and for the attenuated signal and the flat line with compat ioos 16
// to 32 bytes for each value of the window, at most [obs.MaxWindow] of them.
//
// A value equal to a limit passes. A value that fails at once (the driver's own
// verdict, warm-up, gross range) is missing to the tests that look at neighbours: it
// makes no innocent successor a spike or a step.
//
// The verdict of the spike test comes one value late. The newest value is sent with
// what is known; if the next one shows that it was a spike, [Stream.Late] says so once,
// and the gateway writes that down as a record of its own. It never overwrites one.
// To the tests that remember, flat line, attenuated signal and what stands beside a
// neighbour, and to those that judge by the value before, rate of change and multi-variate,
// a value of that verdict, suspect or fail, has not been ([Stream.Spiked]). A
// restart in between, or other limits, change nothing about that: see [Stream.Precede] and
// [Stream.Limit]. Another boot of the machine does: how long it was off may not be known,
// and its value is never decided, as beside a missing one.
//
// # Where the manual and the reference implementation differ
//
// What is chosen here, and why:
//
//   - Gap: the manual has no flag for a value behind a gap, ioos_qc fails it. Off; gap.fail
//     asks for ioos_qc's form. No value at all is [Stream.Stale]. A value always has a time
//     here, so what ioos_qc says of missing times does not occur; the first value is not
//     evaluated until the second comes. ioos_qc lets time go backward; here values under one
//     time, and from before their predecessor, are suspect.
//   - Climatology: the manual knows no fail, ioos_qc does where a member has a fail span:
//     so here. Depth spans and spans of dates are not taken; hours are, and a span
//     may run over the turn of the year.
//   - Spike: both methods; the default is differential, ioos_qc's is average, which fails
//     both sides of a true step. A threshold of 0 is none, as in ioos_qc.
//   - Rate: per minute in configurations, exact time; ioos_qc cuts time differences to
//     whole seconds and lets time stand still. Here a value no later than its predecessor is
//     not evaluated, even if that is missing. The manual has no fail: fail is optional.
//     Beside a spike test the value behind a spike is judged by the one before the spike, in
//     the time since that; both of them judge it by the spike.
//   - Flat line: ioos_qc counts values by the median interval, and fails the first one
//     after an outage. Here a run is measured in time, needs three values and 60 % of those
//     due, else it is not evaluated; compat: ioos gives ioos_qc's counts, of the interval
//     that is configured. A tolerance of 0 flags nothing in ioos_qc; here it is refused, and
//     without one, and with a resolution that is not known, only equal values are flat.
//     Beside a spike test a spike is no movement, but as a missing value to both forms once
//     the next one has shown it; ioos_qc, which has no state, lets it begin a new run.
//   - Attenuated: ioos_qc judges from the first value on if no minimum is given; here the
//     minimum is three and 60 % of a window. There is always a window. Beside a spike test
//     a spike is none of its values, and not a missing one either: a range is judged without.
//   - Multi-variate and neighbour are the manual's; ioos_qc has neither.
//   - Roll-up: pass beats not evaluated, as in ioos_qc; rollup: strict lets what a required
//     test (time, climatology, gross range) could not judge stay not evaluated.
//
// An implementation in Python, written from the manual and what ioos_qc does by somebody
// who had not seen this one, is held against it on random series (TestDifferential), flag
// by flag and without an exception; for the flat line measured in time, multi-variate and
// neighbour it goes by the words of testdata/PROTOCOL.md. It is not asked what cannot occur
// here, as said above (missing times, spans of dates, a tolerance of 0, no window), nor
// about hours and spans over the turn of the year.
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
	Tests  *Tests        // what else is asked for; nil: nothing
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
	battery  *battery // nil while nothing is asked for
}

// New returns the stream of a part that was opened at bootMS. The limits, which many
// streams may share, must not change any more.
func New(l *Limits, bootMS int64) *Stream {
	return &Stream{limits: l, openedMS: bootMS, battery: newBattery(l.Tests)}
}

// Reconnected is the stream of a part that is back after it was gone: all begins anew but
// what [Memory] keeps, since to be unplugged makes no frozen sensor good.
func (s *Stream) Reconnected() Stream {
	kept, _ := s.Memory()
	again := New(s.limits, 0)
	again.Recall(kept)
	again.Resume()
	return *again
}

// Limit puts other limits in force; what is known of the stream stays. Where tests are
// asked for otherwise, they begin anew but for what [Memory] keeps, and for the spike test:
// the value that it waits to decide is decided by what is asked for now. Where there is no
// such test any more, that value counts as it was judged without.
func (s *Stream) Limit(l *Limits) {
	s.limits = l
	if s.battery == nil || !s.battery.from.same(l.Tests) {
		kept, _ := s.Memory()
		was := *s
		s.battery = newBattery(l.Tests)
		s.Recall(kept)
		s.goOn(was)
	}
}

// Reopened says that the part was opened again at bootMS, after an unplug or a
// power cut of its own: it warms up anew.
func (s *Stream) Reopened(bootMS int64) { s.openedMS = bootMS }

// Judge returns r with the verdict of all tests rolled up with the driver's own.
func (s *Stream) Judge(bootMS int64, r obs.Reading) obs.Reading {
	r = s.Plausible(bootMS, r)
	if s.battery != nil {
		r.Quality = s.battery.judge(bootMS, r.Value, r.Quality, r.Quality.Usable())
	}
	if r.Quality.Usable() && (!s.hasGood || bootMS > s.goodMS) {
		s.goodMS, s.hasGood = bootMS, true
	}
	return r
}

// Plausible returns r with the verdict of what needs no memory: the driver's own, the
// warm-up and the ranges. It changes nothing in s.
func (s *Stream) Plausible(bootMS int64, r obs.Reading) obs.Reading {
	switch {
	case s.limits.WarmUp <= 0 && r.Quality.Flag == obs.NotEvaluated && s.limits.fits(r.Value):
		r.Quality = obs.Quality{Flag: obs.Pass} // so it is nearly always
	case r.Quality.Flag == obs.Missing:
		r.Value = math.NaN()
	case math.IsNaN(r.Value) || math.IsInf(r.Value, 0):
		r = obs.None(obs.NotANumber)
	default:
		if s.limits.WarmUp > 0 && bootMS-s.openedMS < s.limits.WarmUp.Milliseconds() {
			r.Quality = r.Quality.Worst(obs.Quality{Flag: obs.Fail, Why: obs.WarmUp})
		}
		r.Quality = r.Quality.Worst(s.limits.gross(r.Value))
	}
	return r
}

// Narrow sets the ranges that a site asks for in place of the part's and the metric's.
func (l *Limits) Narrow(k *obs.GrossCheck) {
	if k == nil {
		return
	}
	if r := rangeOf(k.Fail); r.stated() {
		l.Part = r
	}
	if r := rangeOf(k.Suspect); r.stated() {
		l.Metric = r
	}
}

// fits says whether v is within all ranges that are stated, and one is.
func (l *Limits) fits(v float64) bool {
	part, metric := l.Part.stated(), l.Metric.stated()
	return (part || metric) && (!part || l.Part.holds(v)) && (!metric || l.Metric.holds(v))
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
