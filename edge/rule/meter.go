package rule

import (
	"fmt"
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

// totals doubts a running total that is compared as it stands: it has grown since somebody
// mounted the part, so once it is above a limit it stays there, and a part that begins anew
// takes all of it back. What a meter of a volume or an energy shows is a quantity that people
// act on (a filter's life, a contract); two totals may be held against each other.
func (c *compiler) totals() {
	for i := range c.compared {
		k := &c.compared[i]
		in, total := c.totalOf(k.value)
		if _, other := c.totalOf(k.against); !total || other {
			continue
		}
		sign := map[op]string{opLess: "<", opLessEq: "<=", opMore: ">", opMoreEq: ">=", opEqual: "==", opNotEq: "!="}[k.kind]
		limit := "…"
		if !math.IsNaN(k.limit) && k.value.reading() {
			limit = short(k.limit)
		}
		c.doubt(k, "W3105", in.name()+" is a running total, which has grown ever since the part was mounted",
			fmt.Sprintf("write rise(%s, 1h) %s %s for what came in an hour, or make a stream under derived: with is: sum and compare that", in.name(), sign, limit))
	}
}

// totalOf is the running total that a number is, as it stands or but for numbers that are
// written out.
func (c *compiler) totalOf(n *node) (read, bool) {
	if !n.reads() {
		return read{}, false
	}
	switch n.op {
	case opLast, opMin, opMax:
		in := c.reads[n.read]
		s := c.known[in.stream]
		return in, s.Total && !s.Meter
	case opNeg, opAbs:
		return c.totalOf(n.a)
	case opAdd, opSub, opMul, opDiv:
		if n.a.reads() && n.b.reads() {
			return read{}, false
		}
		if n.a.reads() {
			return c.totalOf(n.a)
		}
		return c.totalOf(n.b)
	}
	return read{}, false
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
