package quality

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Precede shows the spike test a reading that an earlier run of the program has judged and
// written down in this boot: those before the first that is judged, in order, the last two
// of them at least. The next value then decides the last one as if the program had not
// ended meanwhile. To the test the time in between is what it is when a sensor is silent.
// Nothing is judged anew, and the other tests see nothing of it.
func (s *Stream) Precede(bootMS int64, r obs.Reading) {
	t := s.spike()
	if t == nil {
		return
	}
	v := s.battery.seen(r)
	now, _ := t.test.judge(bootMS, v)
	t.flag = now
	s.battery.sent, s.battery.late = Late{MS: bootMS, Value: r.Value, Sent: r.Quality}, Late{}
}

// Decided says that the last reading that Precede showed has its verdict already, where it
// is that of bootMS: it is not told again.
func (s *Stream) Decided(bootMS int64, q obs.Quality) {
	if s.spike() != nil && s.battery.sent.MS == bootMS {
		s.battery.sent.Sent = q
	}
}

// spike is the entry of the spike test; nil: there is none.
func (s *Stream) spike() *entry {
	if s.battery == nil {
		return nil
	}
	for i := range s.battery.entries {
		if _, is := s.battery.entries[i].test.(*spike); is {
			return &s.battery.entries[i]
		}
	}
	return nil
}

// goOn lets the spike test of s judge what was's waits for, by the limits and the method of
// s. What was not waited for is not judged later either.
func (s *Stream) goOn(was Stream) {
	now, old := s.spike(), was.spike()
	if now == nil || old == nil {
		return
	}
	t, o := now.test.(*spike), old.test.(*spike)
	t.before, t.last, t.begun, now.flag = o.before, o.last, o.begun, old.flag
	s.battery.sent = was.battery.sent
}

// seen is the value of a reading that was written down as it was to the tests then.
func (b *battery) seen(r obs.Reading) float64 {
	if r.Quality.Flag == obs.Missing || r.Quality.Flag == obs.Fail && !b.judged(r.Quality.Why) {
		return math.NaN()
	}
	return r.Value
}
