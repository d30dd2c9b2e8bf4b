package uplink

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	hubA = "mqtts://hub-a"
	hubB = "mqtts://hub-b"
	hubC = "mqtts://hub-c"
)

// calls counts the connections to a broker.
func (c *city) calls(broker string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.links {
		if l.h.broker == broker {
			n++
		}
	}
	return n
}

// cutOff loses what is connected to a broker.
func (c *city) cutOff(broker string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.links {
		if l.h.broker == broker {
			l.once.Do(func() { close(l.gone) })
		}
	}
}

// sampling offers a record each second for so long, and returns how many there are.
func sampling(u *Uplink, j *memory, from int, d time.Duration) (last int) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		from++
		offer(u, uint64(from), uint64(from))
		j.fillUp(epoch17, from)
		after(time.Second)
	}
	return from
}

// A broker that cannot be reached is passed over at once. The better one is looked
// at beside the connection in use, which goes on until a store has answered there.
func TestFailover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.refuse = map[string]bool{hubA: true}
		stores := map[string]bool{hubB: true}
		c.ack = func(a arrival) bool { return stores[a.broker] }
		j := newMemory(epoch17)
		u, stop := c.start(t, Options{Journal: j, Brokers: []string{hubA, hubB}})
		defer stop()
		begin := time.Now()
		synctest.Wait()
		if s := u.Status(); !s.Connected || s.Broker != hubB || s.WhyNotFirst != "connection refused" || time.Since(begin) > 0 {
			t.Errorf("after %v: %+v", time.Since(begin), s)
		}
		n := sampling(u, j, 0, 20*time.Minute)
		if s := u.Status(); s.Connections != 1 || s.Broker != hubB {
			t.Errorf("a broker that is down was gone back to: %+v", s)
		}
		c.change(func() { c.refuse = nil })
		n = sampling(u, j, n, 2*time.Hour) // there is no store behind it yet
		if s := u.Status(); s.Connections != 1 || s.Broker != hubB || s.WhyNotFirst != errSilent.Error() || c.calls(hubA) < 2 {
			t.Errorf("a broker without a store was gone back to: %+v, %d calls", s, c.calls(hubA))
		}
		c.change(func() { stores[hubA] = true })
		n = sampling(u, j, n, 91*time.Minute)
		if s := u.Status(); s.Connections != 2 || s.Broker != hubA || s.WhyNotFirst != "" || s.LastError != "connection refused" {
			t.Errorf("the preferred broker was not gone back to: %+v", s)
		}
		again := c.check(t, epoch17, n)
		if probes := c.calls(hubA) - 1; again > probes+2 {
			t.Errorf("%d records were stored twice, with %d looks at the preferred broker", again, probes)
		}
		for _, l := range c.links {
			if look := strings.HasSuffix(l.h.clientID, ".look"); look != (l.h.willTopic == "") {
				t.Errorf("%s has the last will %q: a look must have none, it would speak for the other connection", l.h.clientID, l.h.willTopic)
			}
		}
	})
}

// A broker that takes everything and has no store behind it is left, and not
// believed again before it has proved itself.
func TestSilentBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.ack = func(a arrival) bool { return a.broker == hubB }
		j := newMemory(epoch17)
		u, stop := c.start(t, Options{Journal: j, Brokers: []string{hubA, hubB}})
		defer stop()
		n := sampling(u, j, 0, 100*time.Second)
		if s := u.Status(); s.Broker != hubA {
			t.Errorf("left too soon: %+v", s)
		}
		n = sampling(u, j, n, 60*time.Second)
		if s := u.Status(); s.Broker != hubB || s.WhyNotFirst != errSilent.Error() || !s.Healthy {
			t.Errorf("not left: %+v", s)
		}
		c.cutOff(hubB)
		n = sampling(u, j, n, 10*time.Second)
		if s := u.Status(); s.Broker != hubB || s.Connections != 3 {
			t.Errorf("the silent one was tried before the one that works: %+v", s)
		}
		c.change(func() { c.refuse = map[string]bool{hubB: true} })
		c.cutOff(hubB)
		c.change(func() { c.ack = nil })
		n = sampling(u, j, n, 10*time.Second)
		if s := u.Status(); s.Broker != hubA || s.WhyNotFirst != "" {
			t.Errorf("the silent one is better than none: %+v", s)
		}
		after(10 * time.Second)
		c.check(t, epoch17, n)
	})
}

// A single broker is never left, however silent; and one that is asked nothing is
// not silent.
func TestSilenceNeedsAQuestion(t *testing.T) {
	for name, o := range map[string]Options{"one broker": {Brokers: []string{hubA}}, "nothing sent": {Brokers: []string{hubA, hubB}}} {
		synctest.Test(t, func(t *testing.T) {
			c := newCity(t)
			c.ack = func(arrival) bool { return false }
			j := newMemory(epoch17)
			o.Journal = j
			u, stop := c.start(t, o)
			defer stop()
			if name == "one broker" {
				sampling(u, j, 0, 10*time.Minute)
			} else {
				after(time.Hour)
			}
			if s := u.Status(); s.Connections != 1 || s.Broker != hubA {
				t.Errorf("%s: %+v", name, s)
			}
		})
	}
}

// When none can be reached, each is tried once a round, and the pauses grow as with
// one: a city must not storm the second broker when the first is down.
func TestNoBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCity(t)
		c.down = true
		_, stop := c.start(t, Options{Brokers: []string{hubA, hubB, hubC}})
		after(200 * time.Second)
		stop()
		if n := len(c.dials); n < 3*8 || n > 3*18 || n%3 != 0 {
			t.Errorf("%d attempts in 200 s", n)
		}
		for i := 3; i < len(c.dials); i += 3 {
			if c.dials[i].Sub(c.dials[i+2]) != 0 || c.dials[i].Sub(c.dials[i-1]) < 250*time.Millisecond {
				t.Errorf("attempts %v", c.dials[i-1:i+3])
			}
		}
	})
}

// Brokers and stores come and go at random: nothing is lost.
func TestFailoverStorm(t *testing.T) {
	for seed := range uint64(3) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 3))
			c := newCity(t)
			c.refuse = map[string]bool{}
			deaf := map[string]bool{}
			c.ack = func(a arrival) bool { return !deaf[a.broker] }
			j := newMemory(epoch17)
			hubs := []string{hubA, hubB, hubC}
			u, stop := c.start(t, Options{Journal: j, Brokers: hubs})
			defer stop()
			n := 0
			for range 50 {
				hub := hubs[r.IntN(3)]
				c.change(func() {
					c.refuse[hub] = r.IntN(3) == 0
					deaf[hub] = r.IntN(3) == 0
				})
				if r.IntN(2) == 0 {
					c.cutOff(hub)
				}
				n = sampling(u, j, n, time.Duration(r.IntN(120))*time.Second)
			}
			c.change(func() { c.refuse, c.ack = nil, nil })
			after(5 * time.Minute)
			c.check(t, epoch17, n)
			if s := u.Status(); s.Waiting != 0 || s.OnWay != 0 {
				t.Errorf("seed %d: %+v", seed, s)
			}
		})
	}
}

func TestFailoverOrder(t *testing.T) {
	b := newFailover([]string{hubA, hubB, hubC})
	refused := errors.New("refused")
	for i, step := range []struct {
		want  string
		err   error
		acked bool
		again bool
	}{
		{hubA, refused, false, true},
		{hubB, refused, false, true},
		{hubC, refused, false, false}, // a pause
		{hubA, refused, false, true},
		{hubB, errLost, true, false}, // it was good: a short pause, and from the top
		{hubA, errSilent, false, true},
		{hubB, errSilent, false, true},
		{hubC, refused, false, false},
		{hubC, errLost, false, true}, // the silent ones come last
		{hubA, refused, false, true}, // and stay silent if they cannot be reached
		{hubB, errLost, true, false}, // a store answered
		{hubB, refused, false, true},
		{hubC, refused, false, true},
		{hubA, refused, false, false},
	} {
		if got := b.pick(); got != step.want {
			t.Fatalf("step %d: %s is tried, want %s", i, got, step.want)
		}
		if got := b.left(step.err, step.acked); got != step.again {
			t.Fatalf("step %d: another at once: %v", i, got)
		}
	}
	b.pick()
	b.next = 2
	if again := b.left(errBetter, false); !again || b.pick() != hubC || b.list[1].why != nil {
		t.Errorf("%+v", b)
	}
}
