package action

import (
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// wired is the part of a machine that deals with the hardware: one call at a time,
// pauses after failures, and what is known of its state.
type wired struct {
	flight call  // under way
	sent   int64 // since when
	tries  int   // failures in a row of what the phase wants
	retry  int64 // nothing is tried before
	again  bool  // set once more what the phase says, the feedback does not agree
	blind  bool  // the hardware cannot tell its state
	misses int   // looks that failed in a row
	odds   int   // times in a row that it could be set and not be looked at
	lookAt int64 // when to look at it next

	fault  string // a fault word, stuck, or empty
	detail string // the error in full
	broken int64  // since when
}

// call returns what to do to the hardware now; the caller has to report done.
func (m *machine) call() call {
	c := m.due()
	if c != nothing {
		m.flight, m.sent = c, m.now
	}
	return c
}

func (m *machine) due() call {
	switch {
	case m.flight != nothing:
	case m.now < m.retry:
	case m.phase == falling, m.phase == off && m.again:
		return setOff
	case m.phase == rising, m.phase == on && m.again:
		return setOn
	}
	if m.flight == nothing && m.restful() && !m.again && !m.blind && m.now >= m.lookAt {
		return look
	}
	return nothing
}

// obsolete says whether the call under way should be cut short: what it does is not
// wanted any more, or stands in the way of off.
func (m *machine) obsolete() bool {
	switch m.flight {
	case setOn:
		return m.phase == falling || m.phase == off
	case look:
		return m.phase == falling || m.again || m.ending
	}
	return false
}

// done reports how the call under way ended. What a look saw counts only if it can
// tell and err is nil.
func (m *machine) done(now int64, is, tells bool, err error) {
	m.now = max(m.now, now)
	c := m.flight
	m.flight = nothing
	switch {
	case c == look:
		m.looked(is, tells, err)
	case err != nil:
		m.failed(c, err)
	default:
		m.taken(c)
	}
}

// taken is told that the hardware has taken a setting.
func (m *machine) taken(c call) {
	if c == setOn {
		m.took = true
	}
	if (c == setOn) != (m.phase == rising || m.phase == on) {
		return // it was overtaken by another decision
	}
	if m.misses >= maxTries && m.tries == 0 {
		m.odds++
	}
	m.tries, m.misses, m.lookAt, m.blind = 0, 0, m.now, m.odds >= maxTries
	m.again, m.dirty = false, true
	done := wire.Actuation{On: c == setOn, Why: m.cause.why, By: m.cause.by, Result: wire.Done, TookMS: m.now - m.since}
	switch m.phase {
	case rising:
		m.heal(false)
		m.rests = 0
		m.tell(done)
		m.enter(on, m.cause)
	case falling:
		m.heal(m.silent)
		if !m.silent {
			done.Detail = m.note
			m.tell(done)
		}
		m.silent, m.note = false, ""
		m.ended = m.now
		m.enter(off, m.cause)
	default:
		m.heal(true)
		m.reset()
		if c == setOff && !m.calm {
			m.ended = m.now // it may have been on until now
		}
	}
}

// failed is told that a setting failed.
func (m *machine) failed(c call, err error) {
	if (c == setOn) != (m.phase == rising || m.phase == on) {
		return // off was decided meanwhile, and goes next
	}
	m.tries++
	m.retry = m.now + doubled(pauseLeast, pauseMost, m.tries)
	m.ail(drivers.FaultWord(err), err.Error())
	if c == setOn && m.tries >= maxTries {
		m.giveUp()
	}
}

// giveUp goes to off because the hardware fails, and rests.
func (m *machine) giveUp() {
	m.rests++
	m.rest = m.now + doubled(restLeast, restMost, m.rests)
	m.end(cause{why: wire.WhyFault})
}

// looked is told what a look at the hardware saw.
func (m *machine) looked(is, tells bool, err error) {
	m.lookAt = m.now + m.pace()
	switch {
	case err == nil && !tells:
		m.blind = true
		m.unsense()
	case err == nil:
		m.misses, m.odds = 0, 0
		m.heal(true)
		if !m.spec.Feedback {
			m.seen, m.sensed = truth(is), true
		}
	default:
		if m.misses++; m.misses < maxTries {
			m.lookAt = m.now + ms(pauseLeast)
			return
		}
		m.ail(drivers.FaultWord(err), err.Error())
		m.again, m.retry = true, m.now // whether it can be set tells if it is there
	}
}

// pace is how long to wait before the next look.
func (m *machine) pace() int64 {
	switch {
	case m.odd != 0:
		return min(ms(pauseLeast), ms(m.spec.Within))
	case m.phase == on:
		return ms(readOn)
	default:
		return ms(readOff)
	}
}

// overdue notices a call that does not come back.
func (m *machine) overdue() {
	if m.flight == nothing || m.fault == "stuck" || m.now < m.stuckAt() {
		return
	}
	m.fault = "" // it is worse now
	m.ail("stuck", fmt.Sprintf("the hardware has not come back from a call for %v; restart the gateway if this stays so", since(m.sent, m.now)))
}

func (m *machine) stuckAt() int64 { return m.sent + ms(m.spec.Timeout) + ms(grace) }

// ail notes a fault of the hardware and tells it once.
func (m *machine) ail(word, detail string) {
	m.detail = detail
	if m.fault != "" {
		m.fault = word // told already
		return
	}
	m.fault, m.broken = word, m.now
	c := m.cause
	if m.phase == off {
		c = cause{why: wire.WhyFault}
	}
	m.tell(wire.Actuation{On: m.phase == rising || m.phase == on, Why: c.why, By: c.by, Result: wire.Failed, TookMS: m.now - m.since, Detail: clip(detail)})
}

// heal ends a fault; tell says so unless another event does.
func (m *machine) heal(tell bool) {
	if m.fault == "" {
		return
	}
	m.fault, m.detail = "", ""
	if tell {
		m.tell(wire.Actuation{On: m.phase == on, Why: wire.WhyFault, Result: wire.Recovered})
	}
}

func (w *wired) next(m *machine) int64 {
	if w.flight != nothing {
		if w.fault == "stuck" {
			return never
		}
		return m.stuckAt()
	}
	switch {
	case m.phase == rising, m.phase == falling, w.again:
		return w.retry
	case !w.blind:
		return w.lookAt
	}
	return never
}

// restful says whether nothing is being switched.
func (m *machine) restful() bool { return m.phase == on || m.phase == off }

// clip keeps the beginning of a text that travels.
func clip(s string) string { return s[:min(len(s), 300)] }
