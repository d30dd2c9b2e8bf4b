package action

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// raised is a rule's wish, for a time (0: until it is withdrawn). It counts anew even
// if an older one of the same rule was spent.
func (m *machine) raised(now int64, rule string, d time.Duration) {
	m.step(now)
	a := ask{cause: cause{wire.WhyRule, rule}, until: never}
	if d > 0 {
		a.until = m.now + ms(d)
	}
	m.asks = slices.DeleteFunc(m.asks, func(b ask) bool { return b.cause == a.cause })
	if len(m.asks) >= maxAsks {
		m.asks = slices.Delete(m.asks, 0, 1)
	}
	m.asks = append(m.asks, a)
	m.used, m.dirty = 0, true
}

// worsened is raised for an alert that became more severe: where the output is on it may
// be so, after MaxOn and the shortest time off, for once as long again.
func (m *machine) worsened(now int64, rule string, d time.Duration) {
	m.raised(now, rule, d)
	m.asks[len(m.asks)-1].anew = m.phase == on || m.phase == rising
}

// withdraw ends a rule's wish.
func (m *machine) withdraw(now int64, rule string) {
	m.step(now)
	m.drop(func(a ask) bool { return a.cause == cause{wire.WhyRule, rule} })
}

// silence says that a person has seen the alert of a rule: its wish counts no more. It
// says whether that leaves nobody who wants the output on.
func (m *machine) silence(now int64, rule, by string) (silenced bool) {
	m.step(now)
	for i, a := range m.asks {
		if a.cause != (cause{wire.WhyRule, rule}) {
			continue
		}
		m.asks[i].cut = false
		if !a.spent {
			m.asks[i].spent, m.gone, m.dirty, silenced = true, cause{wire.WhyCommand, by}, true, true
		}
	}
	m.step(now)
	return silenced && m.wish() == nil
}

func (m *machine) drop(which func(ask) bool) {
	for _, a := range m.asks {
		if which(a) && !a.spent {
			m.gone = a.cause
		}
	}
	n := len(m.asks)
	m.asks = slices.DeleteFunc(m.asks, which)
	m.dirty = m.dirty || len(m.asks) != n
}

// permitted is told what is known of the interlock, and why nothing is, if that is known.
func (m *machine) permitted(now int64, t Truth, why string) {
	m.permit, m.barred, m.fading = t, why, false
	m.step(now)
}

// fades is told that the interlock is true for a while yet, and why no longer.
func (m *machine) fades(now int64, why string) {
	m.permit, m.barred, m.fading = True, why, true
	m.step(now)
}

// sense is told what the feedback's condition says.
func (m *machine) sense(now int64, t Truth) {
	m.step(now) // what it said held until now
	m.seen, m.sensed = t, false
	m.step(now)
}

// ErrRefused is wrapped by every refusal of a command.
var ErrRefused = errors.New("refused")

// commandOn is a person's wish. It is carried out now or refused; d is at most MaxOn,
// 0 means MaxOn.
func (m *machine) commandOn(now int64, by string, d time.Duration) error {
	m.step(now)
	if d == 0 {
		d = m.spec.MaxOn
	}
	err := m.refusal(d)
	c := cause{wire.WhyCommand, by}
	if err != nil {
		m.tell(wire.Actuation{On: true, Why: c.why, By: by, Result: wire.Blocked, Detail: clip(err.Error())})
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	m.held = 0
	m.drop(func(a ask) bool { return a.why == wire.WhyCommand })
	m.asks = slices.Insert(m.asks, 0, ask{cause: c, until: m.now + ms(d)})
	m.used, m.dirty = 0, true
	if m.phase == on || m.phase == rising {
		m.tell(wire.Actuation{On: true, Why: c.why, By: by, Result: wire.Done, Detail: "it was on already, and stays on for those who ask"})
	}
	m.step(now)
	return nil
}

// refusal says why a person's on cannot be carried out now.
func (m *machine) refusal(d time.Duration) error {
	_, detail, until := m.obstacle()
	switch {
	case m.ending:
		return errors.New("the gateway stops, or takes over another configuration")
	case d < 0 || d > m.spec.MaxOn:
		return fmt.Errorf("it may be on for at most %v", m.spec.MaxOn)
	case m.fault == "stuck":
		return errors.New(m.detail)
	case m.phase == falling:
		return errors.New("it is being switched off, and the hardware has not taken that yet")
	case m.phase == off && until == never:
		return errors.New(detail)
	case m.phase == off && detail != "":
		return fmt.Errorf("%s; try again in %v", detail, (since(m.now, until) + time.Second - 1).Truncate(time.Second))
	}
	return nil
}

// commandOff switches off at once. What is asked for now counts no more; if hold is
// not 0, nothing that is asked within that time does.
func (m *machine) commandOff(now int64, by string, hold time.Duration) {
	m.step(now)
	m.gone = cause{wire.WhyCommand, by}
	m.asks = slices.DeleteFunc(m.asks, func(a ask) bool { return a.why == wire.WhyCommand })
	for i := range m.asks {
		m.asks[i].spent, m.asks[i].cut = true, false
	}
	m.held, m.dirty = 0, true
	if hold > 0 {
		m.held = m.now + ms(hold)
	}
	switch m.phase {
	case falling:
		m.retry = m.now
	case off:
		m.cause, m.again, m.retry = m.gone, true, m.now // whoever says off may know better
		m.tell(wire.Actuation{Why: m.gone.why, By: by, Result: wire.Done, Detail: "it was off already"})
	}
	m.step(now)
}

// stop ends the machine: off, and nothing but off.
func (m *machine) stop(now int64) {
	m.ending = true
	m.step(now)
	m.retry = m.now // what waited for a pause goes at once, a last time
}
