package uplink

import (
	"testing"

	"pgregory.net/rapid"
)

// Nobody gets a buffer that somebody else still has: whatever is taken and given back in
// whatever order, a payload that is on its way is never packed into, there is never more
// kept than a window needs, and none is handed out twice.
func TestSparesBelongToOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := spares{shared: rapid.Bool().Draw(t, "shared")}
		out := map[*byte]bool{} // the buffers that shipments on their way have, by their first byte
		var sent []*shipment
		for range rapid.IntRange(1, 4*maxSpares).Draw(t, "steps") {
			if len(sent) > 0 && rapid.Bool().Draw(t, "acknowledged") {
				i := rapid.IntRange(0, len(sent)-1).Draw(t, "which")
				s := sent[i]
				sent = append(sent[:i], sent[i+1:]...)
				kept, had := len(p.free), &s.payload[:1][0]
				p.take(s)
				reusable := s.lane == liveLane && !s.pending && !p.shared && kept < maxSpares
				if (s.payload == nil) != reusable || len(p.free) != kept+map[bool]int{true: 1}[reusable] {
					t.Fatalf("lane %v, pending %v, shared %v, %d kept: payload %v, %d kept then", s.lane, s.pending, p.shared, kept, s.payload, len(p.free))
				}
				if reusable {
					delete(out, had)
				}
				continue
			}
			b := p.buffer()
			if b == nil {
				b = make([]byte, 0, 8)
			}
			if len(b) != 0 {
				t.Fatalf("a buffer comes with %d bytes in it", len(b))
			}
			at := &b[:1][0]
			if out[at] {
				t.Fatal("a payload that is still on its way is packed into")
			}
			out[at] = true
			sent = append(sent, &shipment{payload: append(b, 1), lane: rapid.SampledFrom([]int{liveLane, backfillLane}).Draw(t, "lane"), pending: rapid.Bool().Draw(t, "pending")})
		}
		if len(p.free) > maxSpares {
			t.Fatalf("%d buffers are kept, %d are enough", len(p.free), maxSpares)
		}
	})
}
