package explore

// faults is what the world does to a gateway and to the store.
func (m *Model) faults(s State, out emitter) {
	if s.spent(crash) < m.b.Crashes {
		m.powerCuts(s, out)
	}
	if s.spent(restart) < m.b.Restarts {
		t := s
		t.spend(restart)
		t.Disk |= t.RAM
		t.RAM = 0
		if t.rewind != 2 {
			t.queued = t.Cursor
		}
		t.Saved = t.queued
		if t.rewind == 2 {
			t.rewind = 0
		}
		t.begin()
		out(Restart, 0, 0, t)
	}
	if s.spent(damage) < m.b.Damages {
		for r := range int(s.N) {
			if s.Disk.Has(r) && s.Gap[r] == 0 && int(s.victim) != r+1 {
				m.spoil(s, r, out)
			}
		}
	}
	m.restores(s, out)
	m.cloned(s, out)
}

// powerCuts is every way to lose power now: any part of what was not committed
// may have reached the disk.
func (m *Model) powerCuts(s State, out emitter) {
	s.spend(crash)
	for keep := s.RAM; ; keep = (keep - 1) & s.RAM {
		for how := range uint8(4) {
			t := s
			if how&1 == 1 {
				if t.queued == t.Saved {
					continue
				}
				t.Saved = t.queued
			}
			t.Disk |= keep
			if how&2 == 2 {
				if t.victim == 0 || t.heir != 0 && !t.Disk.Has(int(t.heir)-1) {
					continue
				}
				t.remove()
			}
			m.lose(&t, t.RAM&^keep)
			out(PowerCut, uint8(keep), how, t)
		}
		if keep == 0 {
			return
		}
	}
}

// lose ends a run without notice and begins the next one, which declares it.
func (m *Model) lose(s *State, lost Set) {
	s.RAM = 0
	s.Crashed |= lost
	s.begin()
	cover := lost
	if m.has(noOutageGap) {
		cover = 0
	} else if !m.has(outageOnce) {
		cover |= s.declaredBy(lost & s.Outage)
	}
	cover |= s.Damaged &^ s.Cursor &^ s.declared() // found again at every opening
	if cover != 0 {
		s.Outage |= one(s.add(cover))
	}
}

// begin is a new process on the same disk: a new epoch, cursors as saved.
func (s *State) begin() {
	s.Now++
	s.Live, s.Unanswered, s.passed = 0, 0, 0
	s.Window = [windowSize]uint8{}
	s.victim, s.heir = 0, 0
	s.Cursor, s.queued = s.Saved, s.Saved
	if s.rewind == 2 {
		s.rewind = 1 // not answered: the command comes again
	}
}

func (m *Model) spoil(s State, r int, out emitter) {
	s.spend(damage)
	s.Disk &^= one(r)
	s.Live &^= one(r)
	s.Damaged |= one(r)
	if !s.declared().Has(r) && (!s.Cursor.Has(r) || m.has(gapOverStored)) {
		m.declare(&s, one(r), 0)
	}
	out(Damage, uint8(r), 0, s)
}

func (m *Model) restores(s State, out emitter) {
	if m.b.Restores == 0 || s.spent(restore) >= m.b.Restores {
		return
	}
	if s.spent(backups) == 0 {
		t := s
		t.spend(backups)
		t.backup = s.Rows
		out(Backup, 0, 0, t)
		return
	}
	s.spend(restore)
	s.Rows, s.recvA, s.recvB, s.rewind = s.backup, 0, 0, 1
	if !m.has(lateAck) {
		s.Acked = 0
	}
	out(Restore, 0, 0, s)
}

// cloned is another gateway with a copy of the card. Its epoch has the same
// counter and other random bits; it sends a record with a number of ours.
func (m *Model) cloned(s State, out emitter) {
	t := s
	switch {
	case s.clone == 0 && s.spent(clones) < m.b.Clones && s.N > 0 && s.epochOf(int(s.N)-1) == s.Now:
		t.spend(clones)
		t.clone, t.cloneGoal = 1, s.N-1
	case s.clone == 1:
		t.clone = 2
	case s.clone == 2:
		t.clone = 3
		if m.has(bareEpoch) && s.Unanswered.Has(int(s.cloneGoal)) {
			m.settle(&t, one(int(s.cloneGoal)))
		}
	}
	out(Clone, 0, t.clone, t)
}
