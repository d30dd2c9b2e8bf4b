package boardlab

import (
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// heard is one value as it came to the broker.
type heard struct {
	wire.Value
	at time.Time
}

// listener sits at the broker and keeps what the gateway says, once.
type listener struct {
	mu     sync.Mutex
	unpack wire.Unpacker
	seen   map[obs.Stream]map[int64]bool
	values []heard
	gaps   []wire.Gap
	first  time.Time // when the first pack came since forget
	err    error
}

func listen(t *testing.T, addr string) *listener {
	t.Helper()
	l := &listener{seen: map[obs.Stream]map[int64]bool{}}
	o := paho.NewClientOptions().AddBroker("mqtt://" + addr).SetClientID("board-lab").SetProtocolVersion(4).SetOrderMatters(true)
	c := paho.NewClient(o)
	if tok := c.Connect(); !tok.WaitTimeout(soon) || tok.Error() != nil {
		t.Fatalf("connect the listener: %v", tok.Error())
	}
	t.Cleanup(func() { c.Disconnect(100) })
	for kind, take := range map[string]func([]byte){"live": l.pack, "backfill": l.pack, "event": l.event} {
		tok := c.Subscribe(wire.DefaultPrefix+"/"+gatewayID+"/"+kind, 1, func(_ paho.Client, m paho.Message) { take(m.Payload()) })
		if !tok.WaitTimeout(soon) || tok.Error() != nil {
			t.Fatalf("subscribe to %s: %v", kind, tok.Error())
		}
	}
	return l
}

func (l *listener) pack(b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first.IsZero() {
		l.first = time.Now()
	}
	p, err := l.unpack.Unpack(gatewayID, b)
	if err != nil {
		l.err = err
		return
	}
	if p.Boot != "" {
		return // without a date yet; it comes again
	}
	for _, v := range p.Values {
		if l.seen[v.Stream] == nil {
			l.seen[v.Stream] = map[int64]bool{}
		}
		if v.Late == 0 && !l.seen[v.Stream][v.Time] {
			l.seen[v.Stream][v.Time] = true
			l.values = append(l.values, heard{v, time.Now()})
		}
	}
}

func (l *listener) event(b []byte) {
	var e wire.Event
	err := wire.Decode(b, &e)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil:
		l.err = err
	case e.Gap != nil:
		l.gaps = append(l.gaps, *e.Gap)
	}
}

// forget lets the next first pack be noticed.
func (l *listener) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first = time.Time{}
}

func (l *listener) firstPack() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first
}

// of returns what came of one channel after the first n values of all, and how many
// there are of all now.
func (l *listener) of(device, channel string, after int) (vs []heard, all int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range l.values[after:] {
		if v.Stream.Device == device && v.Stream.Channel == channel {
			vs = append(vs, v)
		}
	}
	return vs, len(l.values)
}

// mark is a place in what was heard, for of and next.
func (l *listener) mark() int {
	_, n := l.of("", "", 0)
	return n
}

// gapMark is a place among the gaps that were declared, for gapsSince.
func (l *listener) gapMark() int { return len(l.gapsSince(0)) }

func (l *listener) gapsSince(after int) []wire.Gap {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.gaps[after:])
}

// next waits for the first value of a channel behind a mark that ok takes.
func (l *listener) next(t *testing.T, after int, device, channel string, ok func(heard) bool) heard {
	t.Helper()
	var found heard
	eventually(t, device+"."+channel, func() bool {
		vs, _ := l.of(device, channel, after)
		for _, v := range vs {
			if ok(v) {
				found = v
				return true
			}
		}
		return false
	})
	return found
}

// points is what the simulator's judge compares.
func (l *listener) points() (ps []truth.Point, faults []truth.Point) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range l.values {
		p := truth.Point{Device: v.Stream.Device, Channel: v.Stream.Channel, T: v.Time, V: v.V, QC: v.Flag.Code()}
		switch {
		case v.Stream.Channel == "fault":
			faults = append(faults, p)
		case !math.IsNaN(v.V):
			ps = append(ps, p)
		}
	}
	return ps, faults
}
