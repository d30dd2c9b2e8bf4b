package action

import "github.com/lamppost-city/lamppost/edge/wire"

// View is an output as it stands. Times are boot ms.
type View struct {
	ID    string
	State string // off, switching-on, on, switching-off
	Since int64
	Why   wire.Why // of State
	By    string   // the rule's id, or a person; may be empty
	// Until is when it goes off at the latest, or, while it is off and Asked, when it may
	// go on at the earliest; 0: not a matter of time.
	Until int64
	Asked bool   // somebody wants it on
	Block string // why that is not so: interlock, limit, fault, or empty
	Says  string // Block in full
	Held  int64  // it stays off until then whoever asks; 0: not held
	// Fault is a fault word of the hardware, stuck (a call does not come back), astray
	// (the feedback says something else) or empty. Detail says it in full.
	Fault, Detail string
	FaultSince    int64
}

func (m *machine) view() View {
	v := View{ID: m.id, State: m.phase.String(), Since: m.since, Why: m.cause.why, By: m.cause.by, Held: m.held, Asked: m.wish() != nil,
		Fault: m.fault, Detail: m.detail, FaultSince: m.broken}
	if m.fault == "" && !m.calm {
		v.Fault, v.Detail, v.FaultSince = "astray", "the feedback says "+m.words(), m.odd
		if m.odd == 0 {
			v.FaultSince = m.even
		}
	}
	switch {
	case m.phase == rising || m.phase == on:
		v.Until = m.begun + ms(m.spec.MaxOn)
		if u := m.latest(); u < v.Until {
			v.Until = u
		}
	case m.phase == off && v.Asked:
		c, says, until := m.obstacle()
		if v.Block, v.Says = string(c.why), says; until != never {
			v.Until = until
		}
	}
	return v
}

// latest is when the last wish ends that counts.
func (m *machine) latest() (t int64) {
	for _, a := range m.asks {
		if !a.spent {
			t = max(t, a.until)
		}
	}
	return t
}
