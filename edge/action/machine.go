package action

import (
	"fmt"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// machine decides for one output. It reads no clock and does no I/O: each method
// takes the time, boot ms, which never goes back. After any of them step, call and
// take say what follows.
type machine struct {
	id   string
	spec Spec
	now  int64

	phase  phase
	since  int64   // of the phase
	cause  cause   // of the phase
	begun  int64   // when on was decided; counts unless off
	took   bool    // the hardware has taken on since then
	ended  int64   // when off was last taken
	used   int64   // ms of MaxOn that what is resumed has used up already
	ran    int64   // ms for which it had been on when MaxOn ended it last
	starts []int64 // when on was decided, within the last hour
	rest   int64   // nothing is tried anew before, after a fault
	rests  int
	asks   []ask
	gone   cause  // who last withdrew a wish
	held   int64  // off until then, whoever asks; 0: not
	ending bool   // off for good, the board stops
	silent bool   // the present falling is no switching: the state was off, or not known
	note   string // what the event of the present falling says besides

	permit Truth  // of the interlock
	barred string // why it is not known; may be empty
	fading bool   // it is true for a while yet: what is off stays so
	wired
	watched

	events []wire.Actuation
	dirty  bool // the state to be kept has changed
}

// newMachine is an output that may be on, and is to be off.
func newMachine(id string, s Spec, now int64) *machine {
	m := &machine{id: id, spec: s, now: now, since: now, begun: now, phase: falling, silent: true, cause: cause{why: wire.WhySafe}}
	m.seen, m.calm = Unknown, true
	return m
}

// step lets the time be now and decides what follows from it.
func (m *machine) step(now int64) {
	m.now = max(m.now, now)
	m.expire()
	switch m.phase {
	case off:
		if a := m.wish(); a != nil && m.allowed(a) {
			m.begin(a)
		}
	case rising, on:
		if c, must := m.forbidden(); must {
			m.end(c)
		} else if !m.asked(m.cause) {
			m.cause = m.wish().cause // who asked first has had enough, somebody else has not
		}
	}
	m.overdue()
	m.compare()
}

// expire drops what has had its time.
func (m *machine) expire() {
	for i := 0; i < len(m.asks); i++ {
		if a := m.asks[i]; m.now >= a.until {
			m.gone, m.dirty = a.cause, true
			m.asks = slices.Delete(m.asks, i, i+1)
			i--
		}
	}
	if m.held != 0 && m.now >= m.held {
		m.held, m.dirty = 0, true
	}
	for len(m.starts) > 0 && m.now-m.starts[0] >= hour {
		m.starts = m.starts[1:]
	}
}

// wish returns the oldest wish that counts, nil if there is none.
func (m *machine) wish() *ask {
	if m.ending || m.held != 0 {
		return nil
	}
	for i := range m.asks {
		if !m.asks[i].spent {
			return &m.asks[i]
		}
	}
	return nil
}

// asked says whether somebody's wish stands.
func (m *machine) asked(c cause) bool {
	return slices.ContainsFunc(m.asks, func(a ask) bool { return a.cause == c && !a.spent })
}

// obstacle says why the output must not be switched on now, and until when at least
// that is so (never: not a matter of time); empty: it may.
func (m *machine) obstacle() (c cause, detail string, until int64) {
	full := len(m.starts) >= m.spec.PerHour
	switch {
	case m.spec.Interlock && (m.permit != True || m.fading):
		return cause{why: wire.WhyInterlock}, m.locked(), never
	case m.now < m.ended+ms(m.spec.MinOff):
		return cause{why: wire.WhyLimit}, fmt.Sprintf("it stays off for %v", m.spec.MinOff), m.ended + ms(m.spec.MinOff)
	case full:
		return cause{why: wire.WhyLimit}, fmt.Sprintf("it was switched on %d times in an hour already", m.spec.PerHour), m.starts[len(m.starts)-m.spec.PerHour] + hour
	case m.now < m.rest:
		return cause{why: wire.WhyFault}, "it rests after a fault", m.rest
	}
	return cause{}, "", 0
}

// locked says what the interlock is, and why, if that is known.
func (m *machine) locked() string {
	is := m.permit
	if m.fading { // by what nobody relies on any more
		is = Unknown
	}
	text := "its interlock is " + is.String()
	if is == Unknown && m.barred != "" {
		text += ": " + m.barred
	}
	return clip(text)
}

// allowed says whether a wish can be carried out; the first time it cannot, and will
// not in a moment, it tells. What it told while somebody worked on the interlock's sensors
// it tells anew when the interlock itself forbids it.
func (m *machine) allowed(a *ask) bool {
	c, detail, until := m.obstacle()
	if c.why == "" {
		return true
	}
	if a.veil && m.barred == "" && m.permit == False {
		a.told, a.veil = false, false
	}
	if !a.told && c.why != wire.WhyFault && until-m.now > ms(moment) {
		a.told, a.veil = true, c.why == wire.WhyInterlock && m.barred != "" && (m.permit == Unknown || m.fading)
		m.tell(wire.Actuation{On: true, Why: c.why, By: a.by, Result: wire.Blocked, Detail: detail})
	}
	return false
}

func (m *machine) begin(a *ask) {
	m.enter(rising, a.cause)
	m.begun, m.took, m.used = m.now-m.used, false, 0
	m.starts = append(m.starts, m.now)
}

// forbidden says whether the output must go off, and why.
func (m *machine) forbidden() (cause, bool) {
	switch {
	case m.ending:
		return cause{why: wire.WhySafe}, true
	case m.spec.Interlock && m.permit != True:
		return cause{why: wire.WhyInterlock}, true
	case m.now-m.begun >= ms(m.spec.MaxOn):
		return cause{why: wire.WhyLimit}, true
	case m.wish() == nil:
		return m.gone, true
	}
	return cause{}, false
}

// end decides that the output goes off. What of the wishes outlives that depends on
// the reason.
func (m *machine) end(c cause) {
	keep := func(a ask) bool { return a.why == wire.WhyRule }
	switch c.why {
	case wire.WhyLimit:
		m.ran = m.now - m.begun
		for i := range m.asks {
			a := &m.asks[i]
			if !a.spent && m.took && !a.anew { // what never sounded is still wanted
				a.spent, a.cut = true, true
			}
			a.anew = a.anew && !m.took
		}
	case wire.WhySafe:
		m.used = min(m.now-m.begun, ms(m.spec.MaxOn))
	case wire.WhyInterlock:
		m.note = m.locked()
	case wire.WhyFault:
	default:
		keep = func(ask) bool { return true }
	}
	m.asks = slices.DeleteFunc(m.asks, func(a ask) bool { return !keep(a) })
	m.enter(falling, c)
	m.silent = false
}

func (m *machine) enter(p phase, c cause) {
	m.phase, m.since, m.cause, m.dirty = p, m.now, c, true
	m.tries, m.retry, m.again = 0, m.now, false
	m.watched.begin()
}

// tell queues an event.
func (m *machine) tell(a wire.Actuation) {
	a.Output = m.id
	m.events = append(m.events, a)
	m.dirty = true
}

// take returns what is to be told, and whether the state has changed that should
// survive.
func (m *machine) take() (events []wire.Actuation, dirty bool) {
	events, dirty = m.events, m.dirty
	m.events, m.dirty = nil, false
	return events, dirty
}

// next is when step has to be called although nothing happens.
func (m *machine) next() int64 {
	t := never
	for _, a := range m.asks {
		t = min(t, a.until)
	}
	if m.held != 0 {
		t = min(t, m.held)
	}
	switch m.phase {
	case rising, on:
		t = min(t, m.begun+ms(m.spec.MaxOn))
	case off:
		if m.wish() != nil {
			_, _, until := m.obstacle()
			t = min(t, until)
		}
	}
	return min(t, m.wired.next(m), m.watched.next(m))
}

// settled says whether nothing is left to be done after the board stopped.
func (m *machine) settled() bool { return m.phase == off && m.flight == nothing && !m.again }

func since(from, now int64) time.Duration { return time.Duration(now-from) * time.Millisecond }
