package e2e

import (
	"fmt"
	"hash/maphash"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// onlooker sits beside the broker and notes what passes: when, in which order per
// stream, and how much of it for a second time.
type onlooker struct {
	t    *testing.T
	seed maphash.Seed

	mu     sync.Mutex
	unpack wire.Unpacker
	seen   map[uint64]bool // every reading that has passed, by stream and time
	newest map[string]int64
	sight  sight
	err    error
}

// sight is what passed since the onlooker was last told to begin anew.
type sight struct {
	began           time.Time
	live            time.Time // when the first live reading passed
	alert           time.Time // when the first alert passed that had been raised before
	first, repeated int       // readings
	disorder        map[wire.Lane]int
}

func lookOn(t *testing.T, at place, addr string) *onlooker {
	t.Helper()
	o := &onlooker{t: t, seed: maphash.MakeSeed(), seen: map[uint64]bool{}}
	o.begin()
	opts := paho.NewClientOptions().AddBroker("mqtt://" + addr).SetClientID("ONLOOKER").SetProtocolVersion(4).SetAutoReconnect(false)
	opts.SetCustomOpenConnectionFn(func(u *url.URL, _ paho.ClientOptions) (net.Conn, error) { return at.dial(u.Host) })
	opts.SetConnectionLostHandler(func(_ paho.Client, err error) { o.fail(fmt.Errorf("the onlooker was cut off: %w", err)) })
	c := paho.NewClient(opts)
	if tok := c.Connect(); !tok.WaitTimeout(soon) || tok.Error() != nil {
		t.Fatalf("connect the onlooker: %v", tok.Error())
	}
	t.Cleanup(func() { c.Disconnect(100) })
	client := client{t, c, addr}
	for _, lane := range []wire.Lane{wire.Live, wire.Backfill} {
		client.hear(wire.DefaultPrefix+"/+/"+string(lane), func(b []byte) { o.pack(lane, b) })
	}
	client.hear(wire.DefaultPrefix+"/+/alert", o.alert)
	return o
}

// begin forgets when and what, not which readings have passed. Order is judged
// within one sight.
func (o *onlooker) begin() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sight = sight{began: time.Now(), disorder: map[wire.Lane]int{}}
	o.newest = map[string]int64{}
}

func (o *onlooker) since() (sight, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.sight, o.err
}

func (o *onlooker) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
}

// alert notes one that had to wait: what happened just now says nothing about how
// fast the lane is after an outage.
func (o *onlooker) alert(msg []byte) {
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	var a wire.Alert
	if err := wire.Decode(msg, &a); err != nil {
		o.err = fmt.Errorf("an alert that cannot be read: %w", err)
		return
	}
	if o.sight.alert.IsZero() && a.At.Unix < o.sight.began.UnixMilli() {
		o.sight.alert = now
	}
}

// pack notes the readings of one message. A reading that passes again says nothing
// about the order: it is a copy of one that may be anywhere.
func (o *onlooker) pack(lane wire.Lane, msg []byte) {
	now := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	p, err := o.unpack.Unpack("", msg)
	if err != nil {
		o.err = fmt.Errorf("a pack that cannot be read: %w", err)
		return
	}
	if lane == wire.Live && len(p.Values) > 0 && o.sight.live.IsZero() {
		o.sight.live = now
	}
	for _, v := range p.Values {
		key := maphash.String(o.seed, fmt.Sprintf("%s/%s/%d", v.Stream.Device, v.Stream.Channel, v.Time))
		if o.seen[key] {
			o.sight.repeated++
			continue
		}
		o.seen[key] = true
		o.sight.first++
		stream := strings.Join([]string{string(lane), v.Stream.Device, v.Stream.Channel}, "/")
		if v.Time <= o.newest[stream] {
			o.sight.disorder[lane]++
		}
		o.newest[stream] = max(o.newest[stream], v.Time)
	}
}
