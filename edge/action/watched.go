package action

import "github.com/lamppost-city/lamppost/edge/wire"

// watched is the part of a machine that compares the output with its feedback: a
// condition, or what the hardware says of itself.
type watched struct {
	seen   Truth // what the feedback says
	sensed bool  // seen is what the hardware said
	odd    int64 // since when it does not agree; 0: it agrees, or nothing is expected
	even   int64 // since when it agrees; 0: it has not since the phase began
	calm   bool  // no disagreement is told
	resets int   // times that it was set again for it
}

// begin expects anew: a phase has begun. What the hardware said before it is old.
func (w *watched) begin() {
	if w.sensed {
		w.seen, w.sensed = Unknown, false
	}
	w.odd, w.even, w.resets = 0, 0, 0
}

// supervised says whether there is a feedback to compare with.
func (m *machine) supervised() bool { return m.spec.Feedback || m.sensed }

// compare tells when the feedback has not agreed for too long, and when it has again
// for as long, and has the state set again meanwhile.
func (m *machine) compare() {
	if !m.restful() || !m.supervised() {
		return
	}
	if m.seen == truth(m.phase == on) {
		m.agree()
		return
	}
	if m.odd == 0 {
		if m.odd = m.now; m.even == 0 {
			m.odd = m.since
		}
		m.odd, m.even = max(m.odd, 1), 0
		m.lookAt = min(m.lookAt, m.now+m.pace())
	}
	if m.now-m.odd < ms(m.spec.Within) {
		return
	}
	if m.calm {
		m.calm = false
		m.tell(wire.Actuation{On: m.phase == on, Why: wire.WhyFault, Result: wire.Astray, Detail: "the feedback says " + m.words()})
	}
	if m.flight == nothing && m.now >= m.retry && m.resettable() {
		m.again = true
	}
}

// agree ends a disagreement when it has been over for long enough.
func (m *machine) agree() {
	if m.odd = 0; m.even == 0 {
		m.even = max(m.now, 1)
	}
	if !m.calm && m.now-m.even >= ms(m.spec.Within) {
		m.calm, m.resets = true, 0
		m.tell(wire.Actuation{On: m.phase == on, Why: wire.WhyFault, Result: wire.Recovered})
	}
}

// unsense forgets what the hardware said of itself: it is asked no more, so that nobody
// complains of its answers either.
func (m *machine) unsense() {
	if !m.sensed {
		return
	}
	m.seen, m.sensed, m.odd, m.even = Unknown, false, 0, 0
	if !m.calm {
		m.calm, m.resets = true, 0
		m.tell(wire.Actuation{On: m.phase == on, Why: wire.WhyFault, Result: wire.Recovered})
	}
}

// resettable: on is set again a few times, off for as long as it takes.
func (m *machine) resettable() bool { return m.phase == off || m.resets < maxTries }

// reset notes that the state was set again, and when to do it next.
func (m *machine) reset() {
	m.resets++
	m.retry = m.now + max(ms(m.spec.Within), doubled(pauseLeast, pauseMost, m.resets))
}

// words says what the feedback says.
func (m *machine) words() string {
	return [...]string{"off", "nothing: it is not known", "on"}[m.seen+1]
}

func (w *watched) next(m *machine) int64 {
	if !m.restful() || !m.supervised() {
		return never
	}
	within := ms(m.spec.Within)
	switch {
	case w.odd == 0 && w.calm:
		return never
	case w.odd == 0:
		return w.even + within
	case w.calm:
		return w.odd + within
	case !m.resettable() || m.flight != nothing || m.again:
		return never
	}
	return max(m.retry, w.odd+within)
}
