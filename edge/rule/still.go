package rule

import "math"

// still is the stretch of readings that do not move, by the rule of the flat line test:
// a movement is half of what the metric shows, or any at all where that is not known.
type still struct {
	step      float64
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
	low, high := min(s.low, v), max(s.high, v)
	least := s.step / 2
	if least == 0 {
		least = math.SmallestNonzeroFloat64
	}
	moved := s.has && high-low >= least
	if !s.has || moved || t-s.to > stale {
		*s = still{step: s.step, low: v, high: v, from: t, to: t, has: true, begun: moved && t-s.to <= stale}
		return
	}
	s.low, s.high, s.to = low, high, t
}

// stuck is for how many seconds a stream has given the same. Before its first movement
// that is only known to be at least so long.
func (r *reader) stuck(in *input) span {
	s := &in.still
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
