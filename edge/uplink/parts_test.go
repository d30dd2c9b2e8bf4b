package uplink

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

func ship(number int) *shipment {
	left, _ := wire.SetOf(wire.Range{From: uint64(number), To: uint64(number)})
	return &shipment{lane: liveLane, epoch: epoch17, left: left, records: 1, payload: make([]byte, 10)}
}

func one(n int) wire.Range { return wire.Range{From: uint64(n), To: uint64(n)} }

func TestWindowRule(t *testing.T) {
	now := time.Unix(1_795_291_200, 0)
	w := newWindow(5*time.Second, 30*time.Second)
	confirm := func() {
		for _, s := range w.ships {
			s.pending = false
		}
	}
	due := func(want int, after time.Duration) {
		t.Helper()
		now = now.Add(after)
		s, at := w.due(now)
		got := 0
		if s != nil {
			got = int(s.left.Ranges()[0].From)
			w.stamp(s, now)
			confirm()
		} else if !at.IsZero() && !at.After(now) {
			t.Errorf("nothing is due, and to ask again at %v, now is %v", at, now)
		}
		if got != want {
			t.Errorf("%v later %d is due, want %d", after, got, want)
		}
	}
	for n := 1; n <= 4; n++ {
		w.add(ship(n), now)
	}
	due(0, 100*time.Millisecond) // not even confirmed by the broker
	confirm()
	w.settle(epoch17, one(3), now, nil) // 1 and 2 were passed
	due(0, 900*time.Millisecond)
	w.settle(epoch17, one(1), now, nil) // it had only been slow
	due(2, time.Second)
	due(0, time.Second)
	due(4, 4*time.Second) // nothing passed it: it is the probe
	due(2, 10*time.Second)
	due(4, 20*time.Second)
	due(0, 29*time.Second)
	due(2, time.Second)
	w.greet(now.Add(2 * time.Second))
	due(4, 2*time.Second)
	w.settle(epoch17, wire.Range{From: 1, To: 9}, now, nil)
	if len(w.ships) != 0 || w.records() != 0 || w.size() != 0 {
		t.Errorf("%d left", len(w.ships))
	}
	if s, at := w.due(now.Add(time.Hour)); s != nil || !at.IsZero() {
		t.Errorf("an empty window has %v due at %v", s, at)
	}
}

func TestBucket(t *testing.T) {
	now := time.Unix(1_795_291_200, 0)
	b := bucket{rate: 1000}
	begin, taken := now, 0
	for now.Sub(begin) < 10*time.Second {
		wait, ok := b.take(130, now)
		if ok {
			taken += 130
		} else {
			now = now.Add(wait)
		}
	}
	if taken < 9_900 || taken > 10_400 {
		t.Errorf("%d in ten seconds at 1000/s", taken)
	}
	b.rate = 0
	if _, ok := b.take(1, now); ok {
		t.Error("a rate of 0 gave something")
	}
}

func TestBackoff(t *testing.T) {
	b := backoff{first: firstPause, most: mostPause}
	for i, want := range []time.Duration{500, 1000, 2000, 4000, 8000, 16000, 30000, 30000} {
		want *= time.Millisecond
		if got := b.next(); got < want/2 || got > want*3/2 {
			t.Errorf("pause %d is %v, want about %v", i, got, want)
		}
	}
	b.reset()
	if got := b.next(); got > 750*time.Millisecond {
		t.Errorf("after a reset the pause is %v", got)
	}
}

func TestAlertQueue(t *testing.T) {
	alertShip := func(id string, rev, seq int) *shipment {
		s := ship(seq)
		s.lane, s.alert = alertLane, wire.Revised{ID: id, Rev: rev}
		return s
	}
	order := func(q *queue) (got []string) {
		for _, s := range q.ships {
			got = append(got, fmt.Sprint(s.alert.ID, s.alert.Rev))
		}
		return got
	}
	var q queue
	onWay := []*shipment{alertShip("c", 1, 90)}
	for i, a := range []wire.Revised{{ID: "a", Rev: 1}, {ID: "b", Rev: 1}, {ID: "a", Rev: 3}, {ID: "a", Rev: 2}, {ID: "c", Rev: 1}, {ID: "c", Rev: 2}, {ID: "a", Rev: 3}} {
		if !q.pushAlert(alertShip(a.ID, a.Rev, i+1), onWay) {
			t.Errorf("%v found no room", a)
		}
	}
	if got := order(&q); !slices.Equal(got, []string{"b1", "a3", "c2", "a1", "a2"}) || !onWay[0].history {
		t.Errorf("%v", got)
	}
	for i := range maxQueued {
		q.pushAlert(alertShip(fmt.Sprint("x", i), 1, 100+i), nil)
	}
	got := order(&q)
	if len(got) != maxQueued || slices.Contains(got, "a1") || slices.Contains(got, "b1") || got[len(got)-1] != "x2551" {
		t.Errorf("%d kept, the first is %s, the last %s", len(got), got[0], got[len(got)-1])
	}
}

func TestLiveQueue(t *testing.T) {
	now := time.Unix(1_795_291_200, 0)
	var q liveQueue
	const last = maxLiveValues
	for seq := uint64(1); seq <= last; seq++ {
		q.push(sample{seq: seq, values: []wire.Value{reading(seq), reading(seq)}, at: now.Add(time.Duration(seq) * time.Millisecond)})
	}
	if q.values != maxLiveValues || q.items[0].seq != last-maxLiveValues/2+1 {
		t.Errorf("%d values kept, the first record is %d", q.values, q.items[0].seq)
	}
	q.begin(500, now)
	if q.values != 500 || q.items[0].seq != last-250+1 || q.head(100) != 50 {
		t.Errorf("%d values to begin with, from %d, %d in a pack", q.values, q.items[0].seq, q.head(100))
	}
	q.begin(500, now.Add(time.Hour))
	if len(q.items) != 1 || q.items[0].seq != last {
		t.Errorf("after an hour %d are left", len(q.items))
	}
	for seq := uint64(last + 1001); seq < last+1400; seq += 2 {
		q.push(sample{seq: seq, values: []wire.Value{reading(seq)}, at: now})
	}
	n := q.head(500)
	p := q.pack(n, &Options{Gateway: gw, Epoch: epoch17})
	if len(p.Ranges) != wire.MaxRanges {
		t.Errorf("%d ranges in a pack", len(p.Ranges))
	}
	q.drop(len(q.items))
	if q.values != 0 || !q.due(0).IsZero() {
		t.Errorf("%d values in an empty queue", q.values)
	}
}

func TestCursors(t *testing.T) {
	c, err := decodeCursors(nil)
	if err != nil {
		t.Fatal(err)
	}
	e := func(n uint32) wire.Epoch { return wire.NewEpoch(n, [6]byte{}) }
	for n := uint32(1); n <= 5; n++ {
		c.add(e(n), wire.Range{From: 1, To: 10})
	}
	c.add(e(3), one(15))
	extents := []Extent{{e(2), wire.Range{From: 5, To: 10}}, {e(3), wire.Range{From: 1, To: 20}}, {e(5), wire.Range{From: 1, To: 10}}}
	c.prune(extents, e(5))
	text, err := c.encode()
	if err != nil || string(text) != `{"v":1,"floor":3,"epochs":{"3-000000000000":["1-10","15-15"],"5-000000000000":["1-10"]}}` {
		t.Fatalf("%s, %v", text, err)
	}
	back, err := decodeCursors(text)
	if err != nil || !back.contains(e(2), one(7)) || back.contains(e(3), one(14)) || !back.contains(e(5), one(10)) || back.contains(e(6), one(1)) {
		t.Errorf("%+v, %v", back, err)
	}
	if m := back.missing(e(3), wire.Range{From: 8, To: 20}); !slices.Equal(m, []wire.Range{{From: 11, To: 14}, {From: 16, To: 20}}) {
		t.Errorf("missing %v", m)
	}
	for n := uint32(100); n < 100+maxEpochs; n++ {
		c.add(e(n), one(1))
	}
	if c.add(e(9999), one(1)) || c.contains(e(9999), one(1)) {
		t.Error("more epochs than are remembered")
	}
}

// FuzzCursors: what is read is written again, the same.
func FuzzCursors(f *testing.F) {
	f.Add([]byte(`{"v":1,"stores":["st-1"],"floor":18,"epochs":{"18-0a1b2c3d4e5f":["1-100","200-300"]}}`))
	f.Add([]byte(`{"v":1,"epochs":{"18-0a1b2c3d4e5f":null}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := decodeCursors(data)
		if err != nil {
			if len(c.epochs) != 0 || len(c.stores) != 0 {
				t.Error("half of something unreadable was kept")
			}
			return
		}
		text, err := c.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeCursors(text)
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if text2, err := again.encode(); err != nil || !bytes.Equal(text, text2) {
			t.Errorf("%s, then %s, %v", text, text2, err)
		}
	})
}

func TestOptions(t *testing.T) {
	good := Options{Gateway: gw, Epoch: epoch17, Brokers: []string{"mqtt://127.0.0.1"}}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Options){
		"gateway": func(o *Options) { o.Gateway = "HZ" },
		"epoch":   func(o *Options) { o.Epoch = "17" },
		"prefix":  func(o *Options) { o.Prefix = "a/#" },
		"store":   func(o *Options) { o.Stores = []string{"St 1"} },
		"clock":   func(o *Options) { o.Clock = &boardClock{} },
		"scheme":  func(o *Options) { o.Brokers = []string{"http://h"} },
		"host":    func(o *Options) { o.Brokers = []string{"mqtt://:1883"} },
		"user":    func(o *Options) { o.Brokers = []string{"mqtt://u:p@h"} },
		"none":    func(o *Options) { o.Brokers = nil },
		"second":  func(o *Options) { o.Brokers = append(o.Brokers, "h") },
		"key":     func(o *Options) { o.Credentials.CertFile = "gateway.crt" },
		"proxy":   func(o *Options) { o.Proxy = "ftp://proxy" },
		"address": func(o *Options) { o.Brokers = []string{"mqtt://h:port"} },
	} {
		o := good
		spoil(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for address, want := range map[string]string{"mqtt://h": "h:1883", "tcp://h:7": "h:7", "mqtts://h": "h:8883", "ws://h/mqtt": "h:80", "wss://h": "h:443", "mqtt://[::1]": "[::1]:1883"} {
		if got := hostPort(brokerURL(address)); got != want || CheckBroker(address) != nil {
			t.Errorf("hostPort(%s) = %s, %v", address, got, CheckBroker(address))
		}
	}
	good.Saved = []byte("{damaged")
	if u, err := New(good); err != nil || len(u.cursors.epochs) != 0 {
		t.Errorf("damaged cursors: %v", err)
	}
	if clientID(gw, epoch17) == clientID(gw, epoch18) {
		t.Error("two openings have one client id")
	}
}
