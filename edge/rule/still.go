package rule

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// still is the stretch of readings that do not move, by the rule of the flat line test:
// a movement is half of what the metric shows, or any at all where that is not known.
type still struct {
	step    float64
	stretch         // with the newest reading
	before  stretch // without it
}

// stretch is a row of readings that did not move.
type stretch struct {
	low, high float64
	from, to  int64
	has       bool
	begun     bool // the stretch began with a movement, so that its length is known
}

// add takes a reading. A pause longer than stale begins anew: nobody knows what the
// value did meanwhile.
func (s *still) add(t int64, v float64, stale int64) {
	if v != v || math.IsInf(v, 0) || s.has && t <= s.to {
		return
	}
	s.before = s.stretch
	low, high := min(s.low, v), max(s.high, v)
	least := s.step / 2
	if least == 0 {
		least = math.SmallestNonzeroFloat64
	}
	moved := s.has && high-low >= least
	if !s.has || moved || t-s.to > stale {
		s.stretch = stretch{low: v, high: v, from: t, to: t, has: true, begun: moved && t-s.to <= stale}
		return
	}
	s.low, s.high, s.to = low, high, t
}

// forget takes the newest reading back, if that is the one at t: the stretch goes on as if
// it had not been.
func (s *still) forget(t int64) {
	if s.has && s.to == t {
		s.stretch = s.before
	}
}

// Unmoved says that the reading of st at bootMS was a spike that still counts, a suspect
// one: it was no movement, so that what stood still before it goes on standing, as behind
// one that [Engine.Retract] takes back. Call it before Observe of the reading that showed it.
func (e *Engine) Unmoved(st obs.Stream, bootMS int64) {
	s := e.series[st]
	if s == nil {
		return
	}
	s.still.forget(bootMS)
	for _, i := range s.rules {
		e.touch(i)
	}
}

// stuck is for how many seconds a stream has given the same. Before its first movement
// that is only known to be at least so long.
func (r *reader) stuck(in *input) span {
	is := r.stands(in, &in.still.stretch)
	if r.firm && in.open && in.still.to == in.at {
		return is.or(r.stands(in, &in.still.before))
	}
	return is
}

// stands is what is known of how long s has lasted.
func (r *reader) stands(in *input, s *stretch) span {
	if !s.has || r.now > s.to+in.stale {
		return nothing()
	}
	r.until = min(r.until, s.to+in.stale)
	long := float64(s.to-s.from) / 1000
	switch {
	case r.sober && s.begun:
		return between(0, long)
	case r.sober:
		return atLeast(0)
	case s.begun:
		return exactly(long)
	default:
		return atLeast(long)
	}
}
