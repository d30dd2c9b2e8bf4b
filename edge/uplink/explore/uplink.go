package explore

// uplink is what the gateway sends, sends again, and takes from acknowledgements.
func (m *Model) uplink(s State, out emitter) {
	t := s
	t.queued = s.Cursor
	if m.has(saveAhead) {
		t.queued |= s.Unanswered
	}
	if s.rewind != 2 {
		out(Save, 0, 0, t)
	}
	m.send(s, out)
	m.resend(s, out)
	for r := range int(s.N) {
		if (s.Acked & s.Unanswered).Has(r) {
			t := s
			m.settle(&t, one(r))
			out(Take, uint8(r), 0, t)
		}
	}
	if s.spent(connection) < m.b.Connections {
		t := s
		t.spend(connection)
		t.Window, t.passed = [windowSize]uint8{}, 0
		out(Reconnect, 0, 0, t)
	}
}

// busy is what is in the window.
func (m *Model) busy(s *State) (b Set) {
	for _, n := range s.Window {
		b |= m.packs.set[n] & s.Unanswered
	}
	return b
}

// send begins a transmission: alerts that are on disk first, then gaps, then the
// present and history, whichever the limits of rate and window let go.
func (m *Model) send(s State, out emitter) {
	if s.Window[windowSize-1] != 0 {
		return
	}
	free := (s.RAM | s.Disk) &^ s.Cursor &^ m.busy(&s)
	alerts, gaps := free&s.Alerts&s.Disk, free&s.gaps()
	free &^= s.Alerts | s.gaps()
	if alerts != 0 {
		m.transmit(s, one(alerts.first()), out)
		if !m.has(fifo) {
			return
		}
		s.broken = alertWaits
	}
	if gaps != 0 {
		m.transmit(s, one(gaps.first()), out)
	}
	if live := free & s.Live & s.ofEpoch(s.Now); live != 0 {
		m.lane(s, live, out)
	}
	if history := free & s.Disk &^ s.Live; history != 0 {
		for e := range s.Now + 1 {
			if of := history & s.ofEpoch(e); of != 0 {
				m.lane(s, of, out)
			}
		}
	}
	if drop := s.Live & s.Disk; drop != 0 { // too old, or too many: it goes as history
		t := s
		t.Live &^= one(drop.first())
		m.send(t, out)
	}
}

// lane sends the oldest of a set, alone or with the next.
func (m *Model) lane(s State, from Set, out emitter) {
	p := one(from.first())
	m.transmit(s, p, out)
	if rest := from &^ p; rest != 0 {
		m.transmit(s, p|one(rest.first()), out)
	}
}

func (m *Model) transmit(s State, p Set, out emitter) {
	n := m.packs.number[p]
	s.Net |= 1 << n
	s.Unanswered |= p
	s.Live &^= p
	for i, w := range s.Window {
		if w == 0 {
			s.Window[i] = n
			break
		}
	}
	out(Send, uint8(p), 0, s)
	if m.has(pubackIsStored) {
		m.settle(&s, p)
		out(Confirm, uint8(p), 0, s)
	}
}

// resend is the rule: what a later acknowledgement has passed, or else the oldest,
// as a probe.
func (m *Model) resend(s State, out emitter) {
	for i, n := range s.Window {
		if n == 0 || s.passed>>i&1 == 0 && (i > 0 || m.has(noProbe)) {
			continue
		}
		t := s
		t.cut(i)
		for j, w := range t.Window {
			if w == 0 {
				t.Window[j] = n
				break
			}
		}
		t.Net |= 1 << n
		out(Resend, uint8(m.packs.set[n]), 0, t)
	}
}

// cut takes entry i out of the window.
func (s *State) cut(i int) {
	copy(s.Window[i:], s.Window[i+1:])
	s.Window[windowSize-1] = 0
	low := uint8(1)<<i - 1
	s.passed = s.passed&low | s.passed>>1&^low
}

// settle takes records that were acknowledged.
func (m *Model) settle(s *State, acked Set) {
	s.Cursor |= acked & s.Unanswered
	newest := -1
	for i, n := range s.Window {
		if m.packs.set[n]&s.Unanswered&acked != 0 {
			newest = i
		}
	}
	s.Unanswered &^= acked
	for i := range newest {
		s.passed |= 1 << i
	}
	for i := windowSize - 1; i >= 0; i-- {
		if n := s.Window[i]; n != 0 && m.packs.set[n]&s.Unanswered == 0 {
			s.cut(i)
		}
	}
}
