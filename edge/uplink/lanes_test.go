package uplink

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Whatever waits, the lanes keep their order.
func TestLaneOrder(t *testing.T) {
	u, err := New(Options{Gateway: gw, Epoch: epoch17, Brokers: []string{"mqtt://unused"}})
	if err != nil {
		t.Fatal(err)
	}
	u.up(1)
	jpeg := wire.ImageMeta{ID: alert(9, 1, 1).ID, Device: "gauge", At: wire.Moment{Unix: base}}
	m := wire.Moment{Unix: base, Boot: bootID}
	state := wire.State{Boot: bootID, Epoch: epoch17, At: m, Started: m, Clock: "synced"}
	history := &shipment{lane: backfillLane, topic: u.topic(wire.BackfillTopic), epoch: epoch17, values: 1, records: 1}
	u.prepared = []*shipment{history}
	history.left.Add(one(1))
	offer(u, 10, 600)
	for _, err := range []error{u.Image(jpeg, []byte{1}), u.SetState(state), u.Event(event(2)), u.Alert(alert(1, 1, 3))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if busy, ok := u.busy(epoch17); !ok || !busy.Contains(wire.Range{From: 1, To: 3}) || !busy.Contains(wire.Range{From: 10, To: 600}) || busy.Count() != 594 {
		t.Errorf("under way: %v", busy.Ranges())
	}
	u.link.pacer.budget = maxBudget
	var order []wire.Kind
	for {
		msg, _ := u.next(time.Now())
		if msg == nil {
			break
		}
		topic, err := wire.ParseTopic(wire.DefaultPrefix, msg.topic)
		if err != nil {
			t.Fatal(err)
		}
		order = append(order, topic.Kind)
	}
	if want := []wire.Kind{wire.AlertTopic, wire.EventTopic, wire.LiveTopic, wire.StateTopic, wire.BackfillTopic, wire.ImageTopic}; !slices.Equal(order, want) {
		t.Errorf("%v, want %v", order, want)
	}
}

// A record whose commit was faster than its offer goes once.
func TestCommitBeforeOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		j := newMemory(epoch17).fillUp(epoch17, 10)
		u, stop := c.start(t, Options{Journal: j})
		defer stop()
		after(20 * time.Millisecond)
		offer(u, 1, 10)
		after(5 * time.Second)
		if n := c.check(t, epoch17, 10); n != 0 || len(c.arrivals(wire.LiveTopic)) != 0 || u.Status().Waiting != 0 {
			t.Errorf("%d came twice: %v", n, c)
		}
	})
}

// Records that never travel wait for nobody.
func TestNothingToSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		j := newMemory(epoch17)
		for range 5 {
			j.put(epoch17, Record{})
		}
		j.records[epoch17][4] = Record{} // does not exist any more
		u, stop := c.start(t, Options{Journal: j})
		defer stop()
		u.Skip(6)
		after(2 * time.Second)
		if s := u.Status(); s.Waiting != 0 || len(c.arrivals(wire.BackfillTopic)) != 0 || !u.Stored(epoch17, wire.Range{From: 1, To: 6}) {
			t.Errorf("%+v", s)
		}
	})
}

// An alert that is not acknowledged goes again on the same connection, in a while.
func TestAlertAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.ack = func(a arrival) bool { return a.kind != wire.AlertTopic || len(c.got) > 3 }
		u, stop := c.start(t, Options{})
		defer stop()
		begin := time.Now()
		if err := u.Alert(alert(1, 1, 1)); err != nil {
			t.Fatal(err)
		}
		after(time.Minute)
		var at []time.Duration
		for _, a := range c.arrivals(wire.AlertTopic) {
			at = append(at, a.at.Sub(begin).Round(time.Second))
		}
		if !slices.Equal(at, []time.Duration{0, 2 * time.Second, 6 * time.Second}) || u.Status().Alerts != 0 {
			t.Errorf("sent after %v", at)
		}
	})
}

// On a slow link packs grow instead of queueing.
func TestSlowLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.slow = 3 * time.Second
		u, stop := c.start(t, Options{})
		defer stop()
		for seq := uint64(1); seq <= 200; seq++ {
			offer(u, seq, seq)
			after(100 * time.Millisecond)
		}
		after(10 * time.Second)
		if n := len(c.arrivals(wire.LiveTopic)); n < 5 || n > 12 {
			t.Errorf("%d packs in 20 s, small ones or one at a time on a link of 3 s", n)
		}
		c.check(t, epoch17, 200)
	})
}

// History waits for room on the link; a confirmation of the last connection makes
// none.
func TestRoom(t *testing.T) {
	u, err := New(Options{Gateway: gw, Epoch: epoch17, Brokers: []string{"mqtt://unused"}})
	if err != nil {
		t.Fatal(err)
	}
	u.up(1)
	full := &message{payload: make([]byte, startBudget)}
	u.up(2)
	u.link.pacer.sent(len(full.payload), time.Now())
	u.prepared = []*shipment{{lane: backfillLane, epoch: epoch17, values: 1, records: 1, payload: make([]byte, 10)}}
	u.prepared[0].left.Add(one(1))
	u.confirmed(full, 1, time.Now(), errors.New("of the first connection"))
	if m, _ := u.next(time.Now()); m != nil || u.link.failed != nil {
		t.Errorf("sent %+v, %v", m, u.link.failed)
	}
	u.confirmed(full, 2, time.Now(), nil)
	if m, _ := u.next(time.Now()); m == nil {
		t.Error("there is room and nothing is sent")
	}
	u.confirmed(full, 2, time.Now(), errors.New("of this one"))
	if u.link.failed == nil {
		t.Error("a failed publish is not noticed")
	}
}

// More events than fit in memory come from the journal, each once.
func TestManyEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		j := newMemory(epoch17)
		for seq := uint64(1); seq <= 2000; seq++ {
			e := event(seq)
			j.put(epoch17, Record{Event: &e})
		}
		u, stop := c.start(t, Options{Journal: j})
		defer stop()
		for range 2 { // offered twice: still one
			if err := u.Event(event(1)); err != nil {
				t.Fatal(err)
			}
		}
		after(2 * time.Minute)
		if n := c.check(t, epoch17, 2000); n != 0 || u.Status().Waiting != 0 || j.read > 100_000 {
			t.Errorf("%d came twice, %d wait, %d were read", n, u.Status().Waiting, j.read)
		}
	})
}
