package uplink

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.ack = func(a arrival) bool { return a.kind != wire.LiveTopic && a.kind != wire.BackfillTopic }
		j := newMemory(epoch17)
		u, stop := c.start(t, Options{Journal: j})
		defer stop()
		offer(u, 1, 10)
		j.fillUp(epoch17, 10)
		after(time.Second)
		c.say(wire.Ack{Epoch: epoch17, Stored: []wire.Range{{From: 1, To: 4}}, Time: base,
			Refused: []wire.Refusal{{Range: wire.Range{From: 5, To: 6}, Why: "retention"}, {Range: wire.Range{From: 7, To: 10}, Why: "overload", Retry: true}}})
		after(time.Second)
		s := u.Status()
		if s.Refused != 2 || s.RefusedWhy != "retention" || s.Waiting != 4 || s.OnWay != 0 {
			t.Errorf("%+v", s)
		}
		if n := len(c.arrivals(wire.BackfillTopic)); n != 0 {
			t.Errorf("sent again at once: %d", n)
		}
		c.change(func() { c.ack = nil })
		after(20 * time.Second)
		back := c.arrivals(wire.BackfillTopic)
		if len(back) != 1 || !slices.Equal(back[0].pack.Ranges, []wire.Range{{From: 7, To: 10}}) || u.Status().Waiting != 0 {
			t.Errorf("%+v", u.Status())
		}
	})
}

// Only a pinned store's word counts. The first one heard is pinned, and stays so.
func TestStores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		var saved []byte
		o := Options{Save: func(s []byte) error { saved = s; return nil }}
		u, stop := c.start(t, o)
		offer(u, 1, 1)
		after(2 * time.Second)
		if u.Status().Store != "st-1" || len(saved) == 0 {
			t.Fatalf("not pinned: %+v, %s", u.Status(), saved)
		}
		c.change(func() { c.store = "st-2" })
		offer(u, 2, 2)
		after(time.Second)
		if s := u.Status(); u.Stored(epoch17, wire.Range{From: 2, To: 2}) || s.Alien == 0 || s.AlienStore != "st-2" {
			t.Errorf("%+v", s)
		}
		stop()
		o.Saved = saved
		again, stop := c.start(t, o)
		offer(again, 3, 3)
		after(2 * time.Second)
		if s := again.Status(); again.Stored(epoch17, wire.Range{From: 3, To: 3}) || s.Alien == 0 {
			t.Errorf("after a restart the pin is forgotten: %+v", s)
		}
		stop()
		o.Stores = []string{"st-2"}
		moved, stop := c.start(t, o)
		defer stop()
		offer(moved, 4, 4)
		after(2 * time.Second)
		if !moved.Stored(epoch17, wire.Range{From: 4, To: 4}) {
			t.Errorf("the configuration does not win: %+v", moved.Status())
		}
	})
}

// Acknowledgements of a journal that is not ours tell that another gateway has our
// id; they say nothing about us.
func TestForeign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		j := newMemory(epoch17)
		u, stop := c.start(t, Options{Journal: j})
		defer stop()
		offer(u, 1, 1)
		after(2 * time.Second)
		before := u.Status()
		after(time.Minute)
		twin := wire.NewEpoch(3, [6]byte{9})
		c.say(wire.Ack{Epoch: twin, Stored: []wire.Range{{From: 1, To: 4}}, Time: base})
		after(time.Second)
		s := u.Status()
		if s.Foreign != 1 || s.LastForeign.IsZero() || !s.LastAck.Equal(before.LastAck) {
			t.Errorf("after a foreign acknowledgement: %+v", s)
		}
		c.say(wire.Ack{Epoch: epoch17, Stored: []wire.Range{{From: 1, To: 4}}, Time: base})
		c.say(wire.Ack{Time: base})
		after(time.Second)
		if s := u.Status(); s.Foreign != 1 || s.LastAck.Equal(before.LastAck) {
			t.Errorf("our own are taken for foreign ones: %+v", s)
		}
	})
}

// An acknowledgement counts for what was sent, and for nothing else.
func TestAckOfWhatWasNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.ack = func(arrival) bool { return false }
		u, stop := c.start(t, Options{})
		defer stop()
		offer(u, 3, 4)
		after(time.Second)
		c.say(wire.Ack{Epoch: epoch17, Stored: []wire.Range{{From: 1, To: wire.MaxSeq}}})
		c.say(wire.Ack{Epoch: epoch18, Stored: []wire.Range{{From: 1, To: 9}}})
		after(time.Second)
		for seq, want := range map[uint64]bool{2: false, 3: true, 4: true, 5: false} {
			if u.Stored(epoch17, wire.Range{From: seq, To: seq}) != want {
				t.Errorf("Stored(%d) = %v", seq, !want)
			}
		}
		if m := u.Missing(epoch17, wire.Range{From: 1, To: 5}); !slices.Equal(m, []wire.Range{{From: 1, To: 2}, {From: 5, To: 5}}) {
			t.Errorf("missing: %v", m)
		}
		if u.Stored(epoch18, wire.Range{From: 1, To: 1}) {
			t.Error("an epoch that was never sent is stored")
		}
		before := u.Status().BadAcks
		c.links[0].h.receive(c.links[0].h.subscribe[0], []byte("{nonsense"))
		if u.Status().BadAcks != before+1 {
			t.Error("a bad acknowledgement is not counted")
		}
	})
}

// Credit lowers window and pace, to nothing if need be.
func TestCredit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.credit = &wire.Credit{Window: 100, Backfill: 0}
		j := newMemory(epoch17).fillUp(epoch17, 50_000)
		u, stop := c.start(t, Options{Journal: j, Limits: Limits{Readings: 10, Backfill: 1000}})
		defer stop()
		after(10 * time.Second) // the first acknowledgement brings the credit
		got := u.Status().Backfill
		after(time.Minute)
		if more := u.Status().Backfill; got > 400 || more != got {
			t.Errorf("without credit %d readings of history, and then %d more", got, more-got)
		}
		c.change(func() { c.credit = &wire.Credit{Window: 100, Backfill: 200} })
		offer(u, 50_001, 50_001) // its acknowledgement brings the new one
		after(time.Second)
		begin := u.Status()
		after(10 * time.Second)
		if s := u.Status(); begin.Waiting-s.Waiting > 2100 || begin.Waiting-s.Waiting < 1900 || s.OnWay > 100 {
			t.Errorf("in 10 s at 200/s %d were stored, %d are on the way", begin.Waiting-s.Waiting, s.OnWay)
		}
		c.change(func() { c.behind = 2 * time.Second })
		after(5 * time.Second)
		begin = u.Status()
		after(20 * time.Second) // a window of 100, three quarters of it for history, each 2 s
		if s := u.Status(); begin.Waiting-s.Waiting > 1000 || begin.Waiting-s.Waiting < 400 || s.OnWay > 100 || s.Resent != 0 {
			t.Errorf("in 20 s with a window of 100 %d were stored, %+v", begin.Waiting-s.Waiting, s)
		}
	})
}

// A record that cannot travel, or that the disk does not give, blocks no other.
func TestPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		j := newMemory(epoch17).fillUp(epoch17, 100)
		j.records[epoch17][49].Values[0].Unit = "\x00"                 // cannot be encoded
		j.records[epoch17][59] = Record{}                              // does not exist any more
		j.records[epoch17][69] = Record{Seq: 70}                       // never travels
		j.records[epoch17][79] = Record{Seq: 80, Event: &wire.Event{}} // not valid
		e, a := event(90), alert(1, 1, 91)
		j.records[epoch17][89] = Record{Seq: 90, Event: &e}
		j.records[epoch17][90] = Record{Seq: 91, Alert: &a}
		j.records[epoch17][99] = Record{} // the last one does not exist either
		j.err = errors.New("input/output error")
		u, stop := c.start(t, Options{Journal: j})
		defer stop()
		after(5 * time.Second)
		if s := u.Status(); s.ReadError != "input/output error" || s.Waiting != 100 {
			t.Errorf("%+v", s)
		}
		j.change(func() { j.err = nil })
		after(30 * time.Second)
		if s := u.Status(); s.Waiting != 0 || s.Refused != 2 || s.RefusedWhy == "" {
			t.Errorf("%+v", s)
		}
		if n := len(c.stored[epoch17]); n != 95 || c.alerts[wire.Revised{ID: a.ID, Rev: 1}] != 1 {
			t.Errorf("%d records stored, alerts %v", n, c.alerts)
		}
		if err := u.Event(wire.Event{}); err == nil {
			t.Error("an event that is not valid was taken")
		}
		if err := u.Alert(wire.Alert{}); err == nil {
			t.Error("an alert that is not valid was taken")
		}
		bad := reading(200)
		bad.Unit = "\x00"
		u.Offer(101, []wire.Value{bad})
		u.Offer(102, []wire.Value{reading(102)})
		after(2 * time.Second)
		if !u.Stored(epoch17, wire.Range{From: 102, To: 102}) || u.Stored(epoch17, wire.Range{From: 101, To: 101}) {
			t.Error("a reading that cannot travel blocked the next")
		}
	})
}
