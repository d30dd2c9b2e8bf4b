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

// pack is the records of a window entry.
func (m *Model) pack(w uint8) Set { return m.packs.set[w&packMask] }

// busy is what is in the window.
func (m *Model) busy(s *State) (b Set) {
	for _, w := range s.Window {
		b |= m.pack(w) & s.Unanswered
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
	m.leftover(s, out)
	alerts, gaps := free&s.Alerts&s.Disk, free&s.gaps()
	free &^= s.Alerts | s.gaps()
	if alerts != 0 {
		m.transmit(s, one(alerts.first()), alertLane, out)
		if !m.has(fifo) {
			return
		}
		s.broken = alertWaits
	}
	for ; gaps != 0; gaps &= gaps - 1 { // in any order: the newest may be in memory, others still in the journal
		m.transmit(s, one(gaps.first()), eventLane, out)
	}
	for live := s.Live; ; live &= live - 1 { // the oldest may be dropped: too old, or too many
		if now := free & live & s.ofEpoch(s.Now); now != 0 {
			m.lane(s, now, liveLane, out)
		}
		for e := range s.Now + 1 {
			if of := free & s.Disk &^ live & s.ofEpoch(e); of != 0 {
				m.lane(s, of, historyLane, out)
			}
		}
		if live == 0 {
			return
		}
	}
}

// lane sends the oldest of a set, alone or with the next.
func (m *Model) lane(s State, from Set, lane uint8, out emitter) {
	p := one(from.first())
	m.transmit(s, p, lane, out)
	if rest := from &^ p; rest != 0 {
		m.transmit(s, p|one(rest.first()), lane, out)
	}
}

func (m *Model) transmit(s State, p Set, lane uint8, out emitter) {
	n := m.packs.number[p]
	s.Net |= 1 << n
	s.Unanswered |= p
	if p&s.Live != 0 {
		s.Live &^= one(p.last())<<1 - 1 // what is older was dropped
	}
	s.enter(n | lane<<laneShift)
	out(Send, uint8(p), lane, s)
	if m.has(pubackIsStored) {
		m.settle(&s, p)
		out(Confirm, uint8(p), 0, s)
	}
}

// enter puts an entry at the end of the window.
func (s *State) enter(w uint8) {
	for i, old := range s.Window {
		if old == 0 {
			s.Window[i] = w
			return
		}
	}
}

// resend is the rule: what a later acknowledgement of its lane has passed, or else
// the oldest of the lane, as a probe.
func (m *Model) resend(s State, out emitter) {
	for i, w := range s.Window {
		oldest := true
		for _, before := range s.Window[:i] {
			oldest = oldest && before>>laneShift != w>>laneShift
		}
		if w == 0 || s.passed>>i&1 == 0 && (!oldest || m.has(noProbe)) {
			continue
		}
		t := s
		t.cut(i)
		t.enter(w)
		t.Net |= 1 << (w & packMask)
		out(Resend, uint8(m.pack(w)), w>>laneShift, t)
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
	acked &= s.Unanswered
	s.Cursor |= acked
	for i, w := range s.Window {
		if m.pack(w)&acked == 0 {
			continue
		}
		for j, before := range s.Window[:i] {
			if before>>laneShift == w>>laneShift {
				s.passed |= 1 << j
			}
		}
	}
	s.Unanswered &^= acked
	for i := windowSize - 1; i >= 0; i-- {
		if w := s.Window[i]; w != 0 && m.pack(w)&s.Unanswered == 0 {
			s.cut(i)
		}
	}
}
