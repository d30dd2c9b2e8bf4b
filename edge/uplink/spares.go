package uplink

// spares are the payloads of packs that are done with, for the packs to come: at ten
// thousand readings a second they would be most of what the garbage collector has to
// clear away.
type spares struct {
	free [][]byte
	// shared says that packs are shown to other brokers as well, so that nobody knows
	// when one is done with.
	shared bool
}

// maxSpares is about what a fast link has under way at once.
const maxSpares = maxWindowBytes / mostPack

// take takes the payload of s, which a store has acknowledged. While the broker has not
// confirmed it as well, the transport may still be reading it.
func (p *spares) take(s *shipment) {
	if s.lane != liveLane || s.pending || p.shared || len(p.free) == maxSpares {
		return
	}
	p.free = append(p.free, s.payload[:0])
	s.payload = nil
}

// buffer returns a buffer to pack into, nil if there is none. What is packed into it
// must not come back.
func (p *spares) buffer() []byte {
	n := len(p.free)
	if n == 0 {
		return nil
	}
	b := p.free[n-1]
	p.free = p.free[:n-1]
	return b
}
