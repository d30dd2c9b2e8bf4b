package live

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options bounds a Hub. Zero fields take the values given here.
type Options struct {
	Events    int           // kept for resuming; 2048
	Bytes     int           // of kept events; 4 MiB
	Readers   int           // at the same time; 500
	Heartbeat time.Duration // 15 s
	// Linger is how long events are still kept after the last reader has gone, so
	// that it can come back without a resync; 60 s. Nobody reading after that costs
	// nothing: events are not even encoded.
	Linger time.Duration
	// Patience is how long one write to a reader may take; 20 s.
	Patience time.Duration
}

func (o Options) withDefaults() Options {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	defD := func(v *time.Duration, d time.Duration) {
		if *v <= 0 {
			*v = d
		}
	}
	def(&o.Events, 2048)
	def(&o.Bytes, 4<<20)
	def(&o.Readers, 500)
	defD(&o.Heartbeat, 15*time.Second)
	defD(&o.Linger, time.Minute)
	defD(&o.Patience, 20*time.Second)
	return o
}

// Hub takes events and hands them to its readers. The zero value is not usable.
type Hub struct {
	o   Options
	run string // tells the ids of this process from those of the one before

	mu      sync.Mutex
	ring    []entry // events first … next-1
	first   uint64  // number of ring[0]
	bytes   int
	wake    chan struct{} // closed at each event, then replaced
	readers int
	left    time.Time // when the last reader went
	closed  bool
	stats   Stats
}

// entry is one event: ready for the wire, and as it was given, for readers who get less of it.
type entry struct {
	frame []byte
	event string
	doc   any
}

// Cut is what one reader gets of an event's document: the document, another one with less in
// it, or nil for nothing. It is called for each event and must not change doc.
type Cut func(event string, doc any) any

// Stats counts what a Hub has done.
type Stats struct {
	Readers   int    // now
	Published uint64 // events encoded
	Resyncs   uint64 // readers told to load anew
	Turned    uint64 // readers turned away because of Options.Readers
}

// New returns a hub. It starts no goroutine.
func New(o Options) *Hub {
	now := time.Now()
	return &Hub{
		o:     o.withDefaults(),
		run:   strconv.FormatInt(now.UnixMilli(), 36),
		first: 1,
		wake:  make(chan struct{}),
		left:  now,
	}
}

// Publish sends doc, as JSON, to every reader under the given event name, which
// must be one word. It never blocks. An error means that doc cannot be encoded. doc is kept
// and must not be changed any more.
func (h *Hub) Publish(event string, doc any) error {
	if !h.wanted() {
		return nil
	}
	data, err := json.Marshal(doc) // outside the lock: it may be large
	if err != nil {
		return fmt.Errorf("live: event %s: %w", event, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stats.Published++
	f := frame(h.id(h.next()), event, data)
	h.ring = append(h.ring, entry{f, event, doc})
	h.bytes += len(f)
	// The newest event stays even if it alone is larger than the ring: readers
	// that are waiting for it must get it.
	for len(h.ring) > 1 && (len(h.ring) > h.o.Events || h.bytes > h.o.Bytes) {
		h.drop()
	}
	close(h.wake)
	h.wake = make(chan struct{})
	return nil
}

// Resync lets every reader load its documents anew: events may have been missed.
func (h *Hub) Resync() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.first, h.ring, h.bytes = h.next()+1, nil, 0
	close(h.wake)
	h.wake = make(chan struct{})
}

// wanted says whether anybody may still read an event published now. If not, the
// ring is emptied and one number left out, so that who comes back later resyncs.
func (h *Hub) wanted() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false
	}
	if h.readers > 0 || time.Since(h.left) < h.o.Linger {
		return true
	}
	h.first, h.ring, h.bytes = h.next()+1, nil, 0
	return false
}

func (h *Hub) drop() {
	h.bytes -= len(h.ring[0].frame)
	h.ring[0] = entry{}
	h.ring = h.ring[1:]
	h.first++
}

// next is the number that the next event gets; the caller holds mu.
func (h *Hub) next() uint64 { return h.first + uint64(len(h.ring)) }

func (h *Hub) id(n uint64) string { return h.run + "-" + strconv.FormatUint(n, 10) }

// after returns the number that follows the event id names; ok is false for an id
// of another run or of an event that is not kept any more.
func (h *Hub) after(id string) (n uint64, ok bool) {
	run, num, found := strings.Cut(id, "-")
	if !found || run != h.run {
		return 0, false
	}
	n, err := strconv.ParseUint(num, 10, 64)
	if err != nil {
		return 0, false
	}
	return n + 1, n+1 >= h.first && n < h.next()
}

// frame writes one event. JSON has no line breaks outside strings and none inside
// them, so one data line is enough.
func frame(id, event string, data []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(id) + len(event) + len(data) + 24)
	b.WriteString("id: " + id + "\nevent: " + event + "\ndata: ")
	b.Write(data)
	b.WriteString("\n\n")
	return b.Bytes()
}

// Close ends every stream, soon, and turns new readers away. Publish after Close
// does nothing.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		close(h.wake)
	}
}

// Stats returns the present counts.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.stats
	s.Readers = h.readers
	return s
}
