package uplink

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// arrival is a message as the broker got it.
type arrival struct {
	at      time.Time
	kind    wire.Kind
	topic   string
	payload []byte
	pack    *wire.Pack
	broker  string
}

// city is broker, aggregator and store in a bubble, without a network.
type city struct {
	t *testing.T

	mu          sync.Mutex
	down        bool                 // nobody answers the call
	refuse      map[string]bool      // nor these brokers
	slow        time.Duration        // until the broker confirms
	rate        float64              // bytes/s of the link up; 0: any
	delay       time.Duration        // of the link, one way; with rate
	ack         func(a arrival) bool // whether the aggregator gets and answers it; nil: always
	behind      time.Duration        // until it answers
	credit      *wire.Credit
	reads       []uint32 // dictionaries
	store       string
	clock       func() int64 // the aggregator's, Unix milliseconds
	dials       []time.Time
	links       []*fakeLink
	got         []arrival
	measureFrom int                           // index into got
	bytes       map[int64]int64               // by second; nil: not counted
	stored      map[wire.Epoch]map[uint64]int // how often each record came
	alerts      map[wire.Revised]int
	pictures    map[string][]byte
	ids         []string
	unpack      wire.Unpacker
}

func newCity(t *testing.T) *city {
	return &city{t: t, slow: 5 * time.Millisecond, behind: 100 * time.Millisecond, store: "st-1",
		stored: make(map[wire.Epoch]map[uint64]int), alerts: make(map[wire.Revised]int), pictures: make(map[string][]byte),
		clock: func() int64 { return 0 }}
}

type fakeLink struct {
	c    *city
	h    handshake
	wg   sync.WaitGroup
	once sync.Once
	gone chan struct{}

	mu   sync.Mutex
	last chan struct{} // closed when the message before has arrived: TCP keeps the order
	free time.Time     // when the link has taken in all that was published
}

func (c *city) dial(_ context.Context, h handshake) (link, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dials = append(c.dials, time.Now())
	if c.down || c.refuse[h.broker] {
		return nil, errors.New("connection refused")
	}
	l := &fakeLink{c: c, h: h, gone: make(chan struct{}), last: make(chan struct{})}
	close(l.last)
	c.links = append(c.links, l)
	c.ids = append(c.ids, h.clientID)
	return l, nil
}

// cut loses the present connection, last will included.
func (c *city) cut() {
	c.mu.Lock()
	l := c.links[len(c.links)-1]
	c.mu.Unlock()
	l.once.Do(func() { close(l.gone) })
}

// change changes the city while it runs.
func (c *city) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// say sends an acknowledgement down the present connection.
func (c *city) say(a wire.Ack) {
	c.mu.Lock()
	l := c.links[len(c.links)-1]
	if a.V = wire.Version; a.Store == "" {
		a.Store = c.store
	}
	c.mu.Unlock()
	l.deliver(a)
}

func (l *fakeLink) deliver(a wire.Ack) {
	payload, err := wire.Encode(&a)
	if err != nil {
		l.c.t.Error(err)
	}
	if !over(l.gone) {
		n := len(payload) + len(l.h.subscribe[0]) + 8
		l.h.bytes.down.Add(uint64(n))
		l.c.paid(n)
		l.h.receive(l.h.subscribe[0], payload)
	}
}

func (l *fakeLink) publish(topic string, retained bool, payload []byte, done func(error)) {
	c := l.c
	c.mu.Lock()
	wait, rate, back := c.slow, c.rate, time.Duration(0)
	c.mu.Unlock()
	n := len(payload) + len(topic) + 8
	l.h.bytes.up.Add(uint64(n))
	c.paid(n)
	l.mu.Lock()
	before, mine := l.last, make(chan struct{})
	l.last = mine
	if now := time.Now(); rate > 0 {
		if l.free.Before(now) {
			l.free = now
		}
		l.free = l.free.Add(seconds(float64(n) / rate))
		wait, back = l.free.Sub(now)+c.delay, c.delay
	}
	l.mu.Unlock()
	l.wg.Go(func() {
		defer close(mine)
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-l.gone:
			done(errLost)
			return
		case <-timer.C:
		}
		<-before
		answer := c.arrived(l.h.broker, topic, retained, payload)
		// Not by a timer's channel: receiving from one of many thousands in bubbles under
		// the race detector once crashed the runtime (Go 1.26.8, runtime.maybeRunChan).
		l.wg.Add(1)
		time.AfterFunc(back, func() {
			defer l.wg.Done()
			l.h.bytes.down.Add(4)
			c.paid(4)
			done(nil)
		})
		if answer != nil {
			l.wg.Go(func() { l.answer(*answer) })
		}
	})
}

func (l *fakeLink) answer(a wire.Ack) {
	c := l.c
	c.mu.Lock()
	wait := c.behind + c.delay
	a.Store, a.Time, a.Credit, a.Dictionaries = c.store, c.clock(), c.credit, c.reads
	c.mu.Unlock()
	<-time.After(wait) // the way back
	l.deliver(a)
}

// arrived keeps what came and returns what the aggregator answers; nil: nothing.
func (c *city) arrived(broker, topic string, retained bool, payload []byte) *wire.Ack {
	c.mu.Lock()
	defer c.mu.Unlock()
	t, err := wire.ParseTopic(wire.DefaultPrefix, topic)
	if err != nil || t.Gateway != gw || retained != t.Kind.Retained() || !t.Kind.Up() {
		c.t.Errorf("published to %s, retained %v: %v", topic, retained, err)
		return nil
	}
	// A copy: once it is confirmed, the uplink writes its next message into the same bytes.
	a := arrival{at: time.Now(), kind: t.Kind, topic: topic, payload: slices.Clone(payload), broker: broker}
	if t.Kind == wire.LiveTopic || t.Kind == wire.BackfillTopic {
		if a.pack, err = c.unpack.Unpack(gw, payload); err != nil || wire.Kind(a.pack.Lane) != t.Kind {
			c.t.Errorf("%s: %v: %s", topic, err, payload)
			return nil
		}
	}
	c.got = append(c.got, a)
	if c.ack != nil && !c.ack(a) {
		return nil
	}
	return c.answer(t, a)
}

func (c *city) answer(t wire.Topic, a arrival) *wire.Ack {
	ack := &wire.Ack{V: wire.Version}
	switch t.Kind {
	case wire.LiveTopic, wire.BackfillTopic:
		ack.Epoch, ack.Echo = a.pack.Epoch, a.pack.Echo()
		if a.pack.Boot == "" {
			ack.Stored = a.pack.Ranges
			for _, v := range a.pack.Values {
				c.keep(a.pack.Epoch, uint64(v.V))
			}
		}
	case wire.EventTopic:
		var e wire.Event
		if err := wire.Decode(a.payload, &e); err != nil {
			c.t.Error(err)
		}
		ack.Epoch, ack.Stored = e.Epoch, []wire.Range{{From: e.Seq, To: e.Seq}}
		c.keep(e.Epoch, e.Seq)
	case wire.AlertTopic:
		var al wire.Alert
		if err := wire.Decode(a.payload, &al); err != nil {
			c.t.Error(err)
		}
		ack.Alerts = []wire.Revised{{ID: al.ID, Rev: al.Rev}}
		c.alerts[ack.Alerts[0]]++
		c.keep(al.Epoch, al.Seq)
	case wire.ImageTopic:
		m, data, err := wire.DecodeImage(a.payload)
		if err != nil || m.ID != t.ID || m.Piece != t.Piece {
			c.t.Errorf("image: %+v, %v", m, err)
		}
		if m.Piece == 0 {
			c.pictures[m.ID] = nil
		}
		if c.pictures[m.ID] = append(c.pictures[m.ID], data...); len(c.pictures[m.ID]) < m.Bytes {
			return nil
		}
		ack.Images = []string{m.ID}
	default:
		return nil
	}
	return ack
}

func (c *city) keep(e wire.Epoch, seq uint64) {
	if c.stored[e] == nil {
		c.stored[e] = make(map[uint64]int)
	}
	c.stored[e][seq]++
}

// paid counts bytes for the second in which they went.
func (c *city) paid(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bytes != nil {
		c.bytes[time.Now().Unix()] += int64(n)
	}
}

func (l *fakeLink) lost() <-chan struct{} { return l.gone }

func (l *fakeLink) err() error { return errLost }

func (l *fakeLink) close(bool) {
	l.once.Do(func() { close(l.gone) })
	l.wg.Wait()
}

// arrivals returns what came on topics of a kind.
func (c *city) arrivals(kind wire.Kind) []arrival {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []arrival
	for _, a := range c.got {
		if a.kind == kind {
			out = append(out, a)
		}
	}
	return out
}

// check reports records 1 to n of an epoch that were not stored, and returns how
// many came more than once.
func (c *city) check(t *testing.T, e wire.Epoch, n int) (repeated int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var lost []uint64
	for seq := uint64(1); seq <= uint64(n); seq++ {
		switch c.stored[e][seq] {
		case 0:
			lost = append(lost, seq)
		case 1:
		default:
			repeated++
		}
	}
	if len(lost) > 0 {
		t.Errorf("%s: %d of %d records are not stored, the first is %d", e, len(lost), n, lost[0])
	}
	return repeated
}

func (c *city) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	kinds := make(map[wire.Kind]int)
	for _, a := range c.got {
		kinds[a.kind]++
	}
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Fprintf(&b, "%s %d ", k, kinds[k])
	}
	return b.String()
}

// start runs an uplink against the city; stop ends it and waits.
func (c *city) start(t *testing.T, o Options) (u *Uplink, stop func()) {
	t.Helper()
	o.Gateway = gw
	if o.Brokers == nil {
		o.Brokers = []string{"mqtt://unused"}
	}
	if o.Epoch == "" {
		o.Epoch = epoch17
	}
	u, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	u.dial = c.dial
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- u.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	return u, stop
}
