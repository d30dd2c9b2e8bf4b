package rule

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// keeps is what a window keeps of a reading.
type keeps uint8

const (
	values keeps = iota // it as it is
	energy              // the energy of a level in decibels
	growth              // a running total that goes on where it began anew or was misread
)

// keptFor is what a window needs for a function of a stream.
func keptFor(o op, s Stream) keeps {
	switch {
	case o == opLeq:
		return energy
	case s.Total && (o == opRise || o == opRate):
		return growth
	}
	return values
}

// keep gives a reading to the windows. A total that was misread goes into none that keeps
// its growth: what it was is not known, so that time was not observed.
func (s *series) keep(t int64, v float64) {
	good := s.meter.take(t, v)
	for _, w := range s.windows {
		switch {
		case w.keeps == energy:
			w.add(t, math.Pow(10, v/10))
		case w.keeps == values:
			w.add(t, v)
		case good:
			w.add(t, v+s.meter.lost)
		}
	}
}

// meter follows a running total, so that a window of its growth is not led astray by a
// counter that begins anew or by a jump, as [obs.Grown] judges them.
type meter struct {
	most float64 // by which it can grow in an hour; 0: not known
	metered
	was   metered // before the newest reading
	newer bool    // was is of this meter
}

// metered is a total as it was read, when, and what has to be added so that it goes on
// where it began anew or was misread: nothing for most of them, which are kept as they are.
type metered struct {
	has        bool
	at         int64
	read, lost float64
}

// take takes a reading and says whether it was possible.
func (m *meter) take(t int64, v float64) bool {
	if m == nil {
		return false
	}
	m.was, m.newer = m.metered, true
	if !m.has {
		m.metered = metered{has: true, at: t, read: v}
		return true
	}
	more, why := obs.Grown(m.read, v, t-m.at, m.most)
	if why != "" {
		m.lost += m.read + more - v
	}
	m.at, m.read = t, v
	return why != obs.Rate
}

// forget takes the newest reading back, if that is the one at t.
func (m *meter) forget(t int64) {
	if m != nil && m.newer && m.has && m.at == t {
		m.metered, m.newer = m.was, false
	}
}
