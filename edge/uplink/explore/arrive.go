package explore

// arrives says whether all ends well if faults stop in s: every message under way
// is lost and every aggregator crashed, and from then on each does its work. If
// not, the steps are what was done in vain. A way that joins one that ended well
// ends well.
func (x *search) arrives(s State) (steps []Step, ok bool) {
	s.Net, s.Acked, s.recvA, s.recvB = 0, 0, 0, 0
	s.used, s.clone, s.cloneGoal, s.backup = 0, 0, 0, 0
	for {
		if _, fresh := x.ends.put(&s); !fresh && len(steps) < tooLong {
			return nil, true
		}
		t, by, more := x.m.work(s)
		if !more || len(steps) > tooLong {
			return steps, s.Arrived() && len(steps) <= tooLong
		}
		s = t
		steps = append(steps, by)
	}
}

// tooLong is more than any history of so few records takes.
const tooLong = 200

// work is one step of a system without faults, the first that there is to do.
func (m *Model) work(s State) (after State, by Step, ok bool) {
	first := func(k Kind, a, b uint8, t State) {
		if !ok && t != s {
			after, by, ok = t, Step{k, a, b}, true
		}
	}
	for _, step := range []func(State, emitter){m.keep, m.answer, m.send, m.resend} {
		if step(s, first); ok {
			return after, by, true
		}
	}
	if s.queued != s.Cursor {
		t := s
		t.queued = s.Cursor
		first(Save, 0, 0, t)
	}
	return after, by, ok
}

// keep is the journal's work.
func (m *Model) keep(s State, out emitter) {
	m.commit(s, out)
	if s.victim != 0 {
		m.delete(s, out)
	}
	if s.rewind == 1 {
		t := s
		t.Cursor &^= t.Disk | t.RAM
		t.queued, t.rewind = t.Cursor, 2
		out(Rewind, 0, 0, t)
	}
}

// answer is what network, aggregators and acknowledgements do with what was sent.
func (m *Model) answer(s State, out emitter) {
	if s.recvA != 0 {
		m.store(s, 0, s.recvA, out)
	}
	for r := range int(s.N) {
		if (s.Acked & s.Unanswered).Has(r) {
			t := s
			m.settle(&t, one(r))
			out(Take, uint8(r), 0, t)
		}
	}
	for n := 1; n <= packCount; n++ {
		p := m.packs.set[n]
		if s.Net>>n&1 == 1 && p&s.Unanswered&^s.Acked != 0 {
			t := s
			t.Net &^= 1 << n
			t.recvA |= p
			out(Deliver, uint8(p), 0, t)
		}
	}
}
