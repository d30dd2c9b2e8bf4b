package lab

import (
	"net"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/labbus"
)

// claim is one connection, and the line that it has.
type claim struct {
	chip *GPIOChip
	conn net.Conn

	// Guarded by the chip's lock.
	pin                *pin // nil: none yet
	output, edges, low bool
	debounce           time.Duration
	stable             bool // the level that counts, where there is a debounce
	moving             bool // another level stands, not yet long enough
	since              time.Duration
	seq                uint32

	mu     sync.Mutex // guards what is to be sent
	answer []labbus.Message
	queue  []labbus.Edge
	dead   bool
	more   chan struct{} // has room for one: there is something to send
	end    chan struct{}
}

func newClaim(c *GPIOChip, conn net.Conn) *claim {
	k := &claim{chip: c, conn: conn, more: make(chan struct{}, 1), end: make(chan struct{})}
	go k.write()
	return k
}

// take makes a line the claim's.
func (k *claim) take(p *pin, r labbus.Request) {
	k.pin, k.debounce, k.stable = p, r.Debounce, p.high
	k.output, k.edges, k.low = r.Flags&labbus.Output != 0, r.Flags&labbus.Edges != 0, r.Flags&labbus.ActiveLow != 0
}

// high is the level that counts.
func (k *claim) high() bool {
	k.settle(k.chip.now())
	if k.debounce > 0 {
		return k.stable
	}
	return k.pin.high
}

// moved says that the level changed. The caller holds the chip's lock.
func (k *claim) moved(at time.Duration, high bool) {
	if k.debounce == 0 {
		k.edge(at, high)
		return
	}
	k.settle(at)
	k.since, k.moving = at, high != k.stable
	if k.moving {
		time.AfterFunc(k.debounce, func() { // the line may be quiet for hours then
			k.chip.mu.Lock()
			defer k.chip.mu.Unlock()
			k.settle(k.chip.now())
		})
	}
}

// settle lets a level count that has stood long enough. The caller holds the chip's lock.
func (k *claim) settle(now time.Duration) {
	if !k.moving || now < k.since+k.debounce {
		return
	}
	k.moving, k.stable = false, !k.stable
	k.edge(k.since+k.debounce, k.stable)
}

// edge sends one edge, the oldest one is dropped if nobody fetches them.
func (k *claim) edge(at time.Duration, high bool) {
	if !k.edges {
		return
	}
	k.seq++
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.queue) == labbus.EdgeBuffer {
		k.queue = k.queue[1:]
	}
	k.queue = append(k.queue, labbus.Edge{At: at, Rising: high != k.low, Seq: k.seq})
	k.wake()
}

// post sends an answer, behind the edges that wait; false: nobody listens any more.
func (k *claim) post(m labbus.Message) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.answer = append(k.answer, m)
	k.wake()
	return !k.dead
}

func (k *claim) wake() {
	select {
	case k.more <- struct{}{}:
	default:
	}
}

// write sends what is there until the connection ends: a reader that is slow holds up
// nobody else.
func (k *claim) write() {
	defer close(k.end)
	for range k.more {
		k.mu.Lock()
		queue, answer := k.queue, k.answer
		k.queue, k.answer = nil, nil
		k.mu.Unlock()
		var out []byte
		for _, e := range queue {
			out = e.Append(out)
		}
		for _, m := range answer {
			out = m.Append(out)
		}
		if _, err := k.conn.Write(out); err != nil {
			k.mu.Lock()
			k.dead = true
			k.mu.Unlock()
			k.conn.Close() // ends the reader too
		}
	}
}

// release gives the line up. An output keeps its level, as those of most chips do.
func (k *claim) release() {
	k.chip.mu.Lock()
	if k.pin != nil {
		k.pin.owner, k.pin.name = nil, ""
	}
	k.edges = false
	k.chip.mu.Unlock()
	k.conn.Close() // a write that blocks ends
	close(k.more)  // nobody wakes it any more: it has no edges, and the reader has ended
	<-k.end
}
