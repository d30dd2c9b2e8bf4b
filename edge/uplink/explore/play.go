package explore

// Playing returns the model to be compared with an uplink, which may have in
// memory, and send, what the journal has lost meanwhile. The search does without:
// it must not count on that.
func Playing(b Bounds) *Model {
	m := New(b)
	m.playing = true
	return m
}

// leftover sends what is only in memory any more.
func (m *Model) leftover(s State, out emitter) {
	if !m.playing {
		return
	}
	left := (s.Trimmed | s.Damaged) &^ s.Cursor &^ m.busy(&s)
	for r := range int(s.N) {
		switch p := one(r); {
		case !left.Has(r):
		case s.Alerts.Has(r):
			m.transmit(s, p, alertLane, out)
		case s.Gap[r] != 0:
			m.transmit(s, p, eventLane, out)
		default:
			for q := range Set(1 << s.N) { // in a pack with others, or alone
				if q.Has(r) && q.Len() <= 2 && q&(s.Alerts|s.gaps()|s.Cursor|m.busy(&s)) == 0 {
					m.transmit(s, q, liveLane, out)
					m.transmit(s, q, historyLane, out)
				}
			}
		}
	}
}

// Same says whether a step is possible in s and changes nothing.
func (m *Model) Same(s State, st Step) bool {
	same := false
	emit := func(k Kind, a, b uint8, t State) {
		same = same || st == Step{k, a, b} && t == s
	}
	m.uplink(s, emit)
	return same
}

// Stored returns s with record r in the store and acknowledged.
func (m *Model) Stored(s State, r int) State {
	m.store(s, 0, one(r), func(_ Kind, _, _ uint8, t State) { s = t })
	return s
}
