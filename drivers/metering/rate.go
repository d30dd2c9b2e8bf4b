package metering

import (
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// meter makes rates of counts.
type meter struct {
	perHertz float64 // the rate at one pulse a second
	offset   float64 // added to it while pulses come
	idle     time.Duration

	known bool // there was a count before
	sure  bool // since the first count two pulses came, or idle passed without one
	total uint64
	first time.Duration // when that first count was taken; again after pulses were missed
	last  time.Duration // the newest pulse at the count before; 0: none since the line was opened
	hertz float64
}

// rate takes a count and returns the rate; ok is false as long as nobody can tell: one
// pulse alone has no rate, and that none came for a while means nothing before idle.
func (m *meter) rate(c drivers.PulseCount) (v float64, ok bool) {
	before, known := m.last, m.known && c.Total >= m.total && !c.Missed
	n := c.Total - m.total
	m.known, m.total, m.last = true, c.Total, c.Last
	switch {
	case !known:
		m.first, m.hertz, m.sure = c.At, 0, false
		if c.Period > 0 { // two pulses at least since the line was opened
			m.pulses(1, c.Period)
		}
	case n == 0:
		m.quiet(c)
	case before > 0 && c.Last > before:
		m.pulses(n, c.Last-before)
	case c.Period > 0:
		m.pulses(1, c.Period)
	case m.sure && c.Last > m.first: // the first pulse after idle: no faster than since the first count
		m.pulses(n, c.Last-m.first)
	default: // the first pulse since the line was opened: the next one tells
		m.sure = false
	}
	return m.at(m.hertz), m.sure
}

// at is the rate of so many pulses a second.
func (m *meter) at(hertz float64) float64 {
	if hertz <= 0 {
		return 0
	}
	return hertz*m.perHertz + m.offset
}

// pulses sets the rate to so many in a time.
func (m *meter) pulses(n uint64, in time.Duration) {
	m.hertz, m.sure = float64(n)/in.Seconds(), true
}

// quiet lowers the rate while no pulse comes.
func (m *meter) quiet(c drivers.PulseCount) {
	since := c.At - c.Last
	if c.Last == 0 { // no pulse yet
		since = c.At - m.first
	}
	switch {
	case since >= m.idle:
		m.hertz, m.sure = 0, true
	case m.sure && since > 0:
		m.hertz = min(m.hertz, 1/since.Seconds())
	}
}
