package uplink

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// after lets the bubble's time pass.
func after(d time.Duration) {
	time.Sleep(d) // in a bubble
	synctest.Wait()
}

// offer commits nothing: the record is live only.
func offer(u *Uplink, from, to uint64) {
	for seq := from; seq <= to; seq++ {
		u.Offer(seq, []wire.Value{reading(seq)})
	}
}

func TestLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		u, stop := c.start(t, Options{})
		defer stop()
		after(time.Second)
		offer(u, 1, 1)
		after(50 * time.Millisecond)
		if n := len(c.arrivals(wire.LiveTopic)); n != 1 {
			t.Errorf("the first pack of a connection does not go at once")
		}
		offer(u, 2, 3)
		after(400 * time.Millisecond)
		if n := len(c.arrivals(wire.LiveTopic)); n != 1 {
			t.Errorf("%d packs before the readings had waited for company", n-1)
		}
		offer(u, 4, 4)
		after(300 * time.Millisecond)
		live := c.arrivals(wire.LiveTopic)
		if len(live) != 2 || !slices.Equal(live[1].pack.Ranges, []wire.Range{{From: 2, To: 4}}) || live[1].pack.Epoch != epoch17 {
			t.Fatalf("%+v", live)
		}
		after(time.Second)
		s := u.Status()
		if !u.Stored(epoch17, wire.Range{From: 1, To: 4}) || u.Stored(epoch17, wire.Range{From: 1, To: 5}) || !s.Healthy || s.OnWay != 0 || s.Store != "st-1" {
			t.Errorf("%+v", s)
		}
		offer(u, 5, 504) // full packs go at once
		after(20 * time.Millisecond)
		n := 0
		for _, a := range c.arrivals(wire.LiveTopic)[2:] {
			n += len(a.pack.Values)
		}
		if n < 400 { // but for what does not fill one
			t.Errorf("%d readings", n)
		}
		after(3*time.Minute + time.Second)
		if u.Status().Healthy || !u.Status().Connected {
			t.Error("nothing was acknowledged for three minutes, and that is healthy")
		}
	})
}

// An alert and an event pass a backlog, and so does the present.
func TestAlertsFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.slow = 200 * time.Millisecond // a slow link
		j := newMemory(epoch17).fillUp(epoch17, 200_000)
		u, stop := c.start(t, Options{Journal: j})
		defer stop()
		after(5 * time.Second)
		begin := time.Now()
		if err := u.Alert(alert(1, 1, 200_001)); err != nil {
			t.Fatal(err)
		}
		if err := u.Event(event(200_002)); err != nil {
			t.Fatal(err)
		}
		offer(u, 200_003, 200_003)
		after(900 * time.Millisecond)
		for _, kind := range []wire.Kind{wire.AlertTopic, wire.EventTopic, wire.LiveTopic} {
			if got := c.arrivals(kind); len(got) != 1 || got[0].at.Sub(begin) > 800*time.Millisecond {
				t.Errorf("%s: %d messages", kind, len(got))
			}
		}
		if n := len(c.arrivals(wire.BackfillTopic)); n == 0 || u.Status().Waiting == 0 {
			t.Errorf("the backlog was not under way: %d packs, %d waiting", n, u.Status().Waiting)
		}
	})
}

// The backlog drains at its rate, whole and once.
func TestBackfill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		j := newMemory(epoch17, epoch18).fillUp(epoch17, 30_000).fillUp(epoch18, 20_000)
		u, stop := c.start(t, Options{Epoch: epoch18, Journal: j, Limits: Limits{Backfill: 10_000}})
		defer stop()
		begin := time.Now()
		for u.Status().Waiting > 0 && time.Since(begin) < time.Minute {
			after(100 * time.Millisecond)
		}
		if took := time.Since(begin); took < 4*time.Second || took > 7*time.Second {
			t.Errorf("50 000 readings at 10 000/s took %v", took)
		}
		if n := c.check(t, epoch17, 30_000) + c.check(t, epoch18, 20_000); n != 0 || j.read > 52_000 {
			t.Errorf("%d came more than once, %d were read", n, j.read)
		}
		after(10 * time.Second)
		if s := u.Status(); s.Resent != 0 || s.OnWay != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// A pack that got lost behind the broker is sent again, once, a little after a
// later one was acknowledged.
func TestResendAfterLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		lost := 0
		c.ack = func(a arrival) bool {
			if a.kind == wire.LiveTopic && a.pack.Ranges[0].From == 1 && lost == 0 {
				lost++
				return false
			}
			return true
		}
		u, stop := c.start(t, Options{})
		defer stop()
		offer(u, 1, 2)
		after(time.Second)
		offer(u, 3, 4)
		after(time.Second)
		if n := len(c.arrivals(wire.LiveTopic)); n != 2 {
			t.Errorf("%d packs before the pause", n)
		}
		after(10 * time.Second)
		live := c.arrivals(wire.LiveTopic)
		if len(live) != 3 || live[2].pack.Ranges[0] != (wire.Range{From: 1, To: 2}) || u.Status().Resent != 1 {
			t.Errorf("%d packs, %+v", len(live), u.Status())
		}
		c.check(t, epoch17, 4)
	})
}

// While a store is stalled the broker is not filled with copies; when it answers
// again, all is stored.
func TestStalledStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		stalled := true
		c.ack = func(arrival) bool { return !stalled }
		j := newMemory(epoch17)
		u, stop := c.start(t, Options{Journal: j, Limits: Limits{Window: 400}})
		defer stop()
		for seq := uint64(1); seq <= 3000; seq++ {
			j.fillUp(epoch17, int(seq)-1)
			offer(u, seq, seq)
			after(100 * time.Millisecond)
		}
		records, probes := 0, u.Status().Resent
		for _, kind := range []wire.Kind{wire.LiveTopic, wire.BackfillTopic} {
			for _, a := range c.arrivals(kind) {
				records += len(a.pack.Values)
			}
		}
		// 5 s, 10 s, 20 s, then every 30 s, in two lanes.
		if probes > 26 || records > 400+int(probes)*200 {
			t.Errorf("in five minutes of silence %d records were published, %d probes", records, probes)
		}
		j.fillUp(epoch17, 3000)
		c.change(func() { stalled = false })
		after(90 * time.Second)
		c.check(t, epoch17, 3000)
		if s := u.Status(); s.Waiting != 0 || s.OnWay != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// An aggregator that comes back says so, and is answered at once.
func TestGreeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		away := true
		c.ack = func(arrival) bool { return !away }
		u, stop := c.start(t, Options{})
		defer stop()
		offer(u, 1, 1)
		after(2 * time.Minute) // the pauses have grown
		before := len(c.arrivals(wire.LiveTopic))
		c.change(func() { away = false })
		c.say(wire.Ack{Time: base})
		after(time.Second)
		if n := len(c.arrivals(wire.LiveTopic)); n != before+1 || !u.Stored(epoch17, wire.Range{From: 1, To: 1}) {
			t.Errorf("%d packs, then %d", before, n)
		}
	})
}
