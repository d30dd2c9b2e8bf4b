package uplink

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// scripted is a broker that does what a test says, for the ways of paho v1.5.1 that
// the uplink relies on, or works around. Each test here fails if one of them bites.
type scripted struct {
	t *testing.T
	l net.Listener

	mu    sync.Mutex
	heard []packets.ControlPacket
}

// startScript runs act for each connection, after CONNECT and SUBSCRIBE were
// answered.
func startScript(t *testing.T, act func(s *scripted, c net.Conn)) *scripted {
	t.Helper()
	window := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 8<<10) })
	}}
	l, err := window.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scripted{t: t, l: l}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				s.hear(c)
				c.Write([]byte{0x20, 2, 0, 0})
				if sub, ok := s.hear(c).(*packets.SubscribePacket); ok {
					c.Write([]byte{0x90, 3, byte(sub.MessageID >> 8), byte(sub.MessageID), 1})
					act(s, c)
				}
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	return s
}

// hear reads a packet; nil: the connection ended.
func (s *scripted) hear(c io.Reader) packets.ControlPacket {
	p, err := packets.ReadPacket(c)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, p)
	return p
}

func (s *scripted) count(kind byte) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.heard {
		if kindOf(p) == kind {
			n++
		}
	}
	return n
}

func kindOf(p packets.ControlPacket) byte {
	switch p.(type) {
	case *packets.ConnectPacket:
		return packets.Connect
	case *packets.PublishPacket:
		return packets.Publish
	case *packets.PubackPacket:
		return packets.Puback
	}
	return 0
}

func puback(c net.Conn, id uint16) { c.Write([]byte{0x40, 2, byte(id >> 8), byte(id)}) }

// dial opens a link to the scripted broker.
func (s *scripted) dial(tm timing, receive func(topic string, payload []byte)) (link, error) {
	s.t.Helper()
	o := &Options{}
	w := &way{o: o, secrets: newSecrets(o), timing: tm}
	if receive == nil {
		receive = func(string, []byte) {}
	}
	return w.dial(context.Background(), handshake{broker: "mqtt://" + s.l.Addr().String(), clientID: "gw.1", willTopic: "gw/online", will: []byte("gone"),
		subscribe: []string{"gw/ack"}, receive: receive, bytes: new(traffic), maxReceived: maxReceived})
}

func (s *scripted) mustDial(tm timing, receive func(topic string, payload []byte)) link {
	s.t.Helper()
	l, err := s.dial(tm, receive)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { l.close(false) })
	return l
}

// What paho announces: a clean session, so that the broker keeps nothing for us and
// paho's own store is empty; MQTT 3.1.1; a retained last will.
func TestAnnounced(t *testing.T) {
	s := startScript(t, func(*scripted, net.Conn) {})
	s.mustDial(defaultTiming(), nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.heard[0].(*packets.ConnectPacket)
	if !p.CleanSession || p.ProtocolVersion != 4 || !p.WillFlag || !p.WillRetain || p.WillQos != 1 || p.WillTopic != "gw/online" || p.Keepalive != 30 {
		t.Errorf("%+v", p)
	}
}

// A publish that the broker never confirmed ends with an error when the connection
// does, whatever paho thinks of its token, and exactly once.
func TestNoConfirmationNoSuccess(t *testing.T) {
	s := startScript(t, func(s *scripted, c net.Conn) {
		for range 3 {
			p := s.hear(c).(*packets.PublishPacket)
			if string(p.Payload) == "0" {
				puback(c, p.MessageID)
			}
		}
	}) // the connection ends behind it
	l := s.mustDial(defaultTiming(), nil)
	ends := make(chan error, 10)
	first := make(chan error, 1)
	l.publish("gw/live", false, []byte("0"), func(err error) { first <- err })
	if err := <-first; err != nil {
		t.Errorf("the confirmed one: %v", err)
	}
	for _, payload := range []string{"1", "2"} {
		l.publish("gw/live", false, []byte(payload), func(err error) { ends <- err })
	}
	for range 2 {
		if err := <-ends; err == nil {
			t.Error("a publish without PUBACK counts as confirmed")
		}
	}
	<-l.lost()
	l.publish("gw/live", false, []byte("3"), func(err error) { ends <- err })
	if err := <-ends; err == nil {
		t.Error("a publish on a lost link counts as confirmed")
	}
	l.close(false)
	if len(ends) != 0 || s.count(packets.Connect) != 1 {
		t.Errorf("%d ends more, %d connections: paho must not connect again by itself", len(ends), s.count(packets.Connect))
	}
}

// A refused CONNECT is sent once: paho would try again as MQTT 3.1, and a wrong
// password would count twice.
func TestRefusedOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tries := make(chan int, 10)
	go func() {
		defer close(tries)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			packets.ReadPacket(c)
			c.Write([]byte{0x20, 2, 0, 4}) // bad user name or password
			tries <- 1
			c.Close()
		}
	}()
	s := &scripted{t: t, l: l}
	if _, err := s.dial(defaultTiming(), nil); err == nil || !errors.Is(err, packets.ErrorRefusedBadUsernameOrPassword) {
		t.Errorf("%v", err)
	}
	l.Close()
	n := 0
	for range tries {
		n++
	}
	if n != 1 {
		t.Errorf("%d attempts", n)
	}
}

// A message that nobody subscribed to is confirmed to the broker all the same: an
// unconfirmed one would take a place in its window for ever.
func TestStrayMessage(t *testing.T) {
	done := make(chan packets.ControlPacket, 1)
	s := startScript(t, func(s *scripted, c net.Conn) {
		p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
		p.TopicName, p.Qos, p.MessageID, p.Payload = "not/ours", 1, 7, []byte("x")
		p.Write(c)
		done <- s.hear(c)
	})
	got := make(chan string, 1)
	s.mustDial(defaultTiming(), func(topic string, _ []byte) { got <- topic })
	eventually(t, "the message and its confirmation", func() bool { return len(got) == 1 && len(done) == 1 })
	if topic := <-got; topic != "not/ours" {
		t.Error(topic)
	}
	if p, ok := (<-done).(*packets.PubackPacket); !ok || p.MessageID != 7 {
		t.Errorf("the broker got %v", p)
	}
}

// On a slow link a message takes longer to write than paho waits for the one behind
// it. That is no reason to give the link up.
func TestSlowLinkIsNoDeadLink(t *testing.T) {
	const size = 60_000
	s := startScript(t, func(s *scripted, c net.Conn) {
		slow := &throttled{c, time.NewTicker(3 * time.Millisecond)}
		defer slow.tick.Stop()
		for {
			p, ok := s.hear(slow).(*packets.PublishPacket)
			if !ok {
				return
			}
			puback(c, p.MessageID)
		}
	})
	tm := defaultTiming()
	tm.hand = 20 * time.Millisecond // one message takes ten times as long
	l := s.mustDial(tm, nil)
	ends := make(chan error, 4)
	for range 4 {
		l.publish("gw/backfill", false, make([]byte, size), func(err error) { ends <- err })
	}
	for range 4 {
		if err := <-ends; err != nil {
			t.Fatal(err)
		}
	}
}

// throttled lets a kilobyte through for each tick.
type throttled struct {
	c    net.Conn
	tick *time.Ticker
}

func (s *throttled) Read(p []byte) (int, error) {
	<-s.tick.C
	return s.c.Read(p[:min(len(p), 1<<10)])
}

// A broker that answers pings and confirms nothing is as good as none.
func TestUnconfirmed(t *testing.T) {
	s := startScript(t, func(s *scripted, c net.Conn) {
		for {
			switch s.hear(c).(type) {
			case nil:
				return
			case *packets.PingreqPacket:
				c.Write([]byte{0xd0, 0})
			}
		}
	})
	tm := defaultTiming()
	tm.confirm = 50 * time.Millisecond
	l := s.mustDial(tm, nil)
	end := make(chan error, 1)
	l.publish("gw/live", false, []byte("x"), func(err error) { end <- err })
	if err := <-end; !errors.Is(err, errNoConfirm) {
		t.Errorf("%v", err)
	}
}

// Half open: the path goes on acknowledging bytes and carries nothing. The idle
// connection is given up after keepAlive and ping, and the next one used. Nothing
// that was offered meanwhile is lost.
func TestHalfOpen(t *testing.T) {
	for name, start := range brokers() {
		t.Run(name, func(t *testing.T) {
			address, _ := start(t)
			p := newFreezer(t, address)
			g := newAggregator(t, address, 30)
			j := newMemory(epoch17)
			u, _ := connect(t, Options{Brokers: []string{"mqtt://" + p.l.Addr().String()}, Journal: j}, func(u *Uplink) {
				u.way.timing.keepAlive, u.way.timing.ping = time.Second, time.Second
			})
			offer(u, 1, 10)
			j.fillUp(epoch17, 10)
			eventually(t, "stored", func() bool { return u.Status().Waiting == 0 && u.Status().OnWay == 0 })
			p.freeze()
			eventually(t, "the dead connection is noticed", func() bool { return u.Status().Connections >= 2 })
			offer(u, 11, 30)
			j.fillUp(epoch17, 30)
			<-g.full
			if s := u.Status(); s.LastError == "" {
				t.Errorf("%+v", s)
			}
		})
	}
}

// freezer is a path that can stop carrying what goes over the connections there are,
// and keeps them open; new ones it carries.
type freezer struct {
	l net.Listener

	mu     sync.Mutex
	frozen chan struct{}
}

func newFreezer(t *testing.T, to string) *freezer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &freezer{l: l, frozen: make(chan struct{})}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			a, err := l.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("tcp", to)
			if err != nil {
				a.Close()
				continue
			}
			f.mu.Lock()
			frozen := f.frozen
			f.mu.Unlock()
			wg.Go(func() { carry(a, b, frozen) })
			wg.Go(func() { carry(b, a, frozen) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		wg.Wait()
	})
	return f
}

// carry copies until an end, or swallows everything once frozen. It closes the far
// side only if it was not frozen: a half-open connection has nobody to say so.
func carry(from, to net.Conn, frozen <-chan struct{}) {
	defer from.Close()
	buf := make([]byte, 4<<10)
	for {
		n, err := from.Read(buf)
		if over(frozen) {
			if err != nil {
				return
			}
			continue
		}
		if err == nil {
			_, err = to.Write(buf[:n])
		}
		if err != nil {
			to.Close()
			return
		}
	}
}

func (f *freezer) freeze() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.frozen)
	f.frozen = make(chan struct{})
}
