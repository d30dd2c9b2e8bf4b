package explore

// cloud is the network, the aggregators and the store.
func (m *Model) cloud(s State, out emitter) {
	for n := 1; n <= packCount; n++ {
		if s.Net>>n&1 == 0 {
			continue
		}
		p := m.packs.set[n]
		for to := range m.b.Aggregators {
			t := s
			recv := &t.recvA
			if to == 1 {
				recv = &t.recvB
			}
			// What is stored is acknowledged again, which is all that a copy of it does.
			if fresh := p &^ s.Rows; fresh != 0 || m.has(doubleRows) {
				*recv |= p
			}
			t.Acked |= p & s.Rows
			if m.has(ackEarly) {
				t.Acked |= p
			}
			out(Deliver, uint8(p), uint8(to), t)
		}
	}
	for to, recv := range [2]Set{s.recvA, s.recvB} {
		if recv != 0 {
			m.store(s, to, recv, out)
		}
	}
}

// store makes rows durable and acknowledges them.
func (m *Model) store(s State, to int, recv Set, out emitter) {
	if m.has(doubleRows) && s.Rows&recv != 0 {
		s.broken = rowTwice
	}
	s.Rows |= recv
	s.Had |= recv
	s.Acked |= recv
	if m.has(highestSeen) {
		highest := recv.last()
		s.Acked |= s.ofEpoch(s.epochOf(highest)) & (one(highest) - 1)
	}
	if to == 0 {
		s.recvA = 0
	} else {
		s.recvB = 0
	}
	out(Store, uint8(to), 0, s)
}
