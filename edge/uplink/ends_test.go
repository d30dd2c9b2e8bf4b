package uplink

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// After a restart only what was not acknowledged, or not saved, goes again.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		var saved []byte
		j := newMemory(epoch17, epoch18).fillUp(epoch17, 5000)
		o := Options{Journal: j, Save: func(s []byte) error { saved = s; return nil }}
		_, stop := c.start(t, o)
		after(20 * time.Second)
		stop()
		j.fillUp(epoch17, 5100).fillUp(epoch18, 100)
		o.Saved, o.Epoch = saved, epoch18
		u, stop := c.start(t, o)
		after(20 * time.Second)
		if n := c.check(t, epoch17, 5100) + c.check(t, epoch18, 100); n != 0 {
			t.Errorf("%d records were sent twice", n)
		}
		stop()
		if u.Status().Waiting != 0 || !u.Stored(epoch17, wire.Range{From: 1, To: 5100}) {
			t.Errorf("%+v", u.Status())
		}
		const want = `{"v":1,"stores":["st-1"],"floor":18,"epochs":{"18-0a1b2c3d4e5f":["1-100"]}}`
		if string(saved) != want {
			t.Errorf("saved %s, want %s", saved, want)
		}
	})
}

// A lost connection loses nothing: alerts and events from memory, readings from
// the journal.
func TestConnectionLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.ack = func(a arrival) bool { return len(c.links) > 1 }
		j := newMemory(epoch17)
		u, stop := c.start(t, Options{Journal: j})
		defer stop()
		for n := range 3 {
			a := alert(n, 1, uint64(n+1))
			j.put(epoch17, Record{Alert: &a})
			if err := u.Alert(a); err != nil {
				t.Fatal(err)
			}
		}
		e := event(4)
		j.put(epoch17, Record{Event: &e})
		if err := u.Event(e); err != nil {
			t.Fatal(err)
		}
		offer(u, 5, 20)
		after(time.Second)
		j.fillUp(epoch17, 20)
		newer := alert(1, 2, 21)
		j.put(epoch17, Record{Alert: &newer})
		if err := u.Alert(newer); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // it is on its way when the connection breaks
		before := len(c.arrivals(wire.AlertTopic))
		c.cut()
		after(20 * time.Second)
		c.check(t, epoch17, 21)
		var order []int
		for _, a := range c.arrivals(wire.AlertTopic)[before:] {
			var al wire.Alert
			if err := wire.Decode(a.payload, &al); err != nil {
				t.Fatal(err)
			}
			order = append(order, al.Rev*10+int(al.ID[len(al.ID)-1]-'0'))
		}
		// Newest revisions first; what one supersedes comes last, as history.
		if !slices.Equal(order, []int{10, 12, 21, 11}) {
			t.Errorf("alerts came in the order %v", order)
		}
		if s := u.Status(); s.Alerts != 0 || s.Events != 0 || s.Connections != 2 || c.ids[0] != c.ids[1] {
			t.Errorf("%+v", s)
		}
	})
}

// No broker at first: attempts come with growing pauses, and all arrives when
// there is one.
func TestBrokerDownAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.down = true
		j := newMemory(epoch17)
		u, stop := c.start(t, Options{Journal: j})
		defer stop()
		for seq := uint64(1); seq <= 1000; seq++ {
			offer(u, seq, seq)
			j.fillUp(epoch17, int(seq))
			after(200 * time.Millisecond)
		}
		if n := len(c.dials); n < 8 || n > 18 || u.Status().Connected || u.Status().LastError == "" {
			t.Errorf("%d attempts in 200 s; %+v", n, u.Status())
		}
		for i := 1; i < len(c.dials); i++ {
			if d := c.dials[i].Sub(c.dials[i-1]); d < 250*time.Millisecond || d > 45*time.Second {
				t.Errorf("pause %d is %v", i, d)
			}
		}
		c.change(func() { c.down = false })
		after(60 * time.Second)
		if n := c.check(t, epoch17, 1000); n != 0 {
			t.Errorf("%d twice", n)
		}
		first := c.arrivals(wire.LiveTopic)[0]
		if newest := first.pack.Ranges[len(first.pack.Ranges)-1].To; newest != 1000 {
			t.Errorf("the first live pack ends with %d", newest)
		}
		c.cut()
		lost := time.Now()
		after(time.Second)
		if again := c.dials[len(c.dials)-1].Sub(lost); again < 0 || again > 750*time.Millisecond {
			t.Errorf("a link that was good is tried again after %v", again)
		}
	})
}

func TestCleanEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		var saved []byte
		u, stop := c.start(t, Options{Limits: Limits{Linger: time.Second}, Save: func(s []byte) error { saved = s; return nil }})
		offer(u, 1, 5)
		after(3 * time.Second) // the store is pinned, and that is saved
		offer(u, 6, 7)
		if err := u.Alert(alert(1, 1, 8)); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		stop()
		if took := time.Since(begin); took > 500*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		c.check(t, epoch17, 8)
		on := c.arrivals(wire.OnlineTopic)
		if len(on) != 2 || string(on[0].payload) != `{"v":1,"online":true,"conn":17000001}` || string(on[1].payload) != `{"v":1,"online":false,"conn":17000001}` {
			t.Errorf("%+v", on)
		}
		if string(saved) != `{"v":1,"stores":["st-1"],"epochs":{"17-9f3ac2d1b07e":["1-8"]}}` {
			t.Errorf("saved %s", saved)
		}
	})
}

// Nobody answers: the end comes all the same.
func TestEndIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.ack = func(arrival) bool { return false }
		j := newMemory(epoch17).fillUp(epoch17, 100_000)
		u, stop := c.start(t, Options{Journal: j})
		after(time.Second)
		offer(u, 100_001, 100_002)
		begin := time.Now()
		stop()
		if took := time.Since(begin); took < 2*time.Second || took > 2100*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		if on := c.arrivals(wire.OnlineTopic); len(on) != 2 {
			t.Errorf("no good-bye: %v", c)
		}
	})
}

func TestState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		u, stop := c.start(t, Options{})
		defer stop()
		m := wire.Moment{Unix: base, Boot: bootID}
		s := wire.State{Version: "1", Boot: bootID, Epoch: epoch17, At: m, Started: m, Clock: "synced"}
		for i := range int64(100) {
			s.Journal.Bytes = i / 2
			if err := u.SetState(s); err != nil {
				t.Fatal(err)
			}
			after(50 * time.Millisecond)
		}
		if n := len(c.arrivals(wire.StateTopic)); n < 5 || n > 6 {
			t.Errorf("%d states in five seconds", n)
		}
		after(time.Minute)
		n := len(c.arrivals(wire.StateTopic))
		c.cut()
		after(5 * time.Second)
		if again := len(c.arrivals(wire.StateTopic)); again != n+1 {
			t.Errorf("%d states on the new connection", again-n)
		}
		n = len(c.arrivals(wire.StateTopic))
		if err := u.SetState(s); err != nil {
			t.Fatal(err)
		}
		after(5 * time.Second)
		if more := len(c.arrivals(wire.StateTopic)); more != n {
			t.Errorf("the same state was published %d times more", more-n)
		}
		s.Clock = "fine"
		if err := u.SetState(s); err == nil {
			t.Error("a state that is not valid was taken")
		}
	})
}

// Alerts and events that are not on the disk yet go again from memory.
func TestConnectionLostBeforeCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.ack = func(arrival) bool { return len(c.links) > 1 }
		u, stop := c.start(t, Options{})
		defer stop()
		if err := u.Alert(alert(1, 1, 1)); err != nil {
			t.Fatal(err)
		}
		if err := u.Event(event(2)); err != nil {
			t.Fatal(err)
		}
		after(time.Second)
		c.cut()
		after(5 * time.Second)
		c.check(t, epoch17, 2)
	})
}
