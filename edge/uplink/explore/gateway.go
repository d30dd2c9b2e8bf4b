package explore

// gateway is what the journal and its keeper do by themselves.
func (m *Model) gateway(s State, out emitter) {
	gaps := s.gaps()
	if own := int(s.N) - gaps.Len() - s.Alerts.Len(); own < m.b.Telemetry {
		t := s
		if m.number(&t) {
			t.Live |= one(int(t.N) - 1)
		}
		out(Append, 0, 0, t)
	}
	if s.Alerts.Len() < m.b.Alerts {
		t := s
		if m.number(&t) {
			t.Alerts |= one(int(t.N) - 1)
		}
		out(Raise, 0, 0, t)
	}
	m.commit(s, out)
	if s.victim != 0 {
		m.delete(s, out)
	} else if s.spent(trim) < m.b.Trims && s.Disk.Len() > 1 {
		t := s
		t.spend(trim)
		m.giveUp(&t, s.Disk.first())
		out(GiveUp, 0, 0, t)
	}
	if s.rewind == 1 {
		t := s
		t.Cursor &^= t.Disk | t.RAM
		t.queued, t.rewind = t.Cursor, 2
		if m.has(rewindEarly) {
			t.queued, t.rewind = s.queued, 0
		}
		out(Rewind, 0, 0, t)
	}
}

// number gives the next record its number. With the bug it may be one that was
// used before the last power cut; then there is no new record.
func (m *Model) number(s *State) (fresh bool) {
	if m.has(sameEpoch) && s.Crashed != 0 {
		if r := s.Crashed.last(); s.Had.Has(r) || s.seen(m).Has(r) {
			s.broken = numberTwice
			return false
		}
	}
	s.add(0)
	return true
}

// seen is every record that was ever sent.
func (s *State) seen(m *Model) (all Set) {
	for n := 1; n <= packCount; n++ {
		if s.Net>>n&1 == 1 {
			all |= m.packs.set[n]
		}
	}
	return all
}

func (m *Model) commit(s State, out emitter) {
	s.Disk |= s.RAM
	s.RAM = 0
	s.Saved = s.queued
	if s.rewind == 2 {
		s.rewind = 0
	}
	out(Commit, 0, 0, s)
}

// giveUp plans to overwrite record v: a gap first, if nobody has it.
func (m *Model) giveUp(s *State, v int) {
	s.victim, s.heir = uint8(v+1), 0
	if !s.Cursor.Has(v) && !s.declared().Has(v) {
		var handed Set // what a gap declared that is given up unsent
		if !m.has(gapForgotten) {
			handed = s.Gap[v]
		}
		s.heir = uint8(m.declare(s, one(v), handed)) + 1
	}
	if m.has(trimFirst) {
		s.remove()
	}
}

// declare appends a gap that names what is lost, and says again what others said.
func (m *Model) declare(s *State, named, handed Set) int {
	if named&s.Cursor != 0 {
		s.broken = gapIsWrong
	}
	return s.add(named | handed)
}

func (s *State) remove() {
	v := one(int(s.victim) - 1)
	s.Disk &^= v
	s.Trimmed |= v
	s.Live &^= v
	s.victim, s.heir = 0, 0
}

// delete overwrites what was planned, when its gap is on disk.
func (m *Model) delete(s State, out emitter) {
	if s.heir == 0 || !s.RAM.Has(int(s.heir)-1) {
		s.remove()
		out(Delete, 0, 0, s)
	}
}
