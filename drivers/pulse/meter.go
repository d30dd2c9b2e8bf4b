package pulse

import (
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// meter makes rates of counts.
type meter struct {
	perHertz float64 // the rate at one pulse a second
	idle     time.Duration

	known bool // there was a count before
	total uint64
	last  time.Duration // the newest pulse at that count; 0: none since the line was opened
	hertz float64
}

// rate takes a count and returns the rate; ok is false as long as there is nothing to
// compare it with.
func (m *meter) rate(c drivers.PulseCount) (v float64, ok bool) {
	before, known := m.last, m.known && c.Total >= m.total && !c.Missed
	n := c.Total - m.total
	m.known, m.total, m.last = true, c.Total, c.Last
	switch {
	case !known:
		m.hertz = 0
		if c.Period > 0 { // two pulses at least since the line was opened
			m.hertz = 1 / c.Period.Seconds()
		}
		return m.hertz * m.perHertz, c.Period > 0
	case n == 0:
		return m.quiet(c)
	case before > 0 && c.Last > before:
		m.hertz = float64(n) / (c.Last - before).Seconds()
	case c.Period > 0:
		m.hertz = 1 / c.Period.Seconds()
	default: // the first pulse since the line was opened: the next one tells
		return 0, false
	}
	return m.hertz * m.perHertz, true
}

// quiet is the rate while no pulse comes.
func (m *meter) quiet(c drivers.PulseCount) (v float64, ok bool) {
	since := c.At - c.Last // of a line without a pulse yet: since the clock began
	switch {
	case c.Last == 0 || since >= m.idle:
		m.hertz = 0
	case since > 0:
		m.hertz = min(m.hertz, 1/since.Seconds())
	}
	return m.hertz * m.perHertz, true
}
