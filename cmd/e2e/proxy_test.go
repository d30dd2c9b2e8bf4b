package e2e

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// proxy is a spoiled middlebox: it passes TCP connections on, late if asked to, and
// can forget the ones it has (they stay open on both sides and carry nothing: half
// open) or end them with a reset.
type proxy struct {
	t      *testing.T
	l      net.Listener
	dial   func() (net.Conn, error)
	ctx    context.Context
	stop   context.CancelFunc
	served sync.WaitGroup

	mu       sync.Mutex
	delay    time.Duration // of each direction
	carried  map[*carriage]bool
	accepted []time.Time
}

// carriage is one connection on its way through.
type carriage struct {
	near, far net.Conn
	forgotten chan struct{} // closed: what comes is thrown away
}

// startProxy listens at addr in the place and passes on to what dial gives.
func startProxy(t *testing.T, at place, addr string, dial func() (net.Conn, error)) *proxy {
	t.Helper()
	l, err := inside(at, func() (net.Listener, error) { return net.Listen("tcp", addr) })
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, l: l, dial: dial, carried: map[*carriage]bool{}}
	p.ctx, p.stop = context.WithCancel(context.Background())
	p.served.Go(p.accept)
	t.Cleanup(func() {
		p.stop()
		l.Close()
		p.cut()
		p.served.Wait()
	})
	return p
}

func (p *proxy) accept() {
	for {
		near, err := p.l.Accept()
		if err != nil {
			return
		}
		at := time.Now()
		p.served.Go(func() { p.serve(near, at) })
	}
}

func (p *proxy) serve(near net.Conn, at time.Time) {
	defer near.Close()
	far, err := p.dial()
	if err != nil {
		return
	}
	defer far.Close()
	c := &carriage{near: near, far: far, forgotten: make(chan struct{})}
	p.mu.Lock()
	p.carried[c] = true
	p.accepted = append(p.accepted, at)
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.carry(c, near, far) })
	both.Go(func() { p.carry(c, far, near) })
	both.Wait()
	p.mu.Lock()
	delete(p.carried, c)
	p.mu.Unlock()
}

// piece is what was read at one moment.
type piece struct {
	b  []byte
	at time.Time
}

// carry takes what comes from one side to the other, each piece when its delay is
// over. At the end of a side the other is told, unless the connection is forgotten.
func (p *proxy) carry(c *carriage, from, to net.Conn) {
	pieces := make(chan piece, 4096) // of at most 4 KB: the longest line that may be on its way
	var writer sync.WaitGroup
	writer.Go(func() { p.deliver(c, pieces, to) })
	defer writer.Wait()
	defer close(pieces)
	for {
		b := make([]byte, 4<<10)
		n, err := from.Read(b)
		select {
		case <-c.forgotten:
		case pieces <- piece{b[:n], time.Now()}:
		}
		if err != nil {
			return
		}
	}
}

func (p *proxy) deliver(c *carriage, pieces <-chan piece, to net.Conn) {
	for s := range pieces {
		p.mu.Lock()
		due := s.at.Add(p.delay)
		p.mu.Unlock()
		select {
		case <-time.After(time.Until(due)):
		case <-c.forgotten:
			continue
		case <-p.ctx.Done():
			continue
		}
		if c.isForgotten() { // both may have come true at once
			continue
		}
		if _, err := to.Write(s.b); err != nil {
			break
		}
	}
	for range pieces { // nobody is there any more to take them
	}
	if !c.isForgotten() {
		to.Close()
	}
}

func (c *carriage) isForgotten() bool {
	select {
	case <-c.forgotten:
		return true
	default:
		return false
	}
}

// slow sets how long each direction takes from now on.
func (p *proxy) slow(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
}

// forget leaves the present connections half open: what either side sends is
// taken and goes nowhere, and neither hears that the other has hung up. New
// connections pass.
func (p *proxy) forget() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.carried {
		select {
		case <-c.forgotten:
		default:
			close(c.forgotten)
			n++
		}
	}
	return n
}

// cut ends the present connections with a reset on both sides.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.carried {
		for _, side := range []net.Conn{c.near, c.far} {
			if tcp, ok := side.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // it may be closed already
			}
			side.Close()
		}
	}
}

// since returns when the first connection after a moment came.
func (p *proxy) since(t time.Time) (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, at := range p.accepted {
		if at.After(t) {
			return at, true
		}
	}
	return time.Time{}, false
}

// count returns how many connections came after a moment.
func (p *proxy) count(t time.Time) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, at := range p.accepted {
		if at.After(t) {
			n++
		}
	}
	return n
}

// The middlebox does what it is told: it passes bytes whole, holds them for the
// delay, swallows them once a connection is forgotten, and resets.
func TestProxy(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); _, _ = io.Copy(c, c) }()
		}
	}()
	p := startProxy(t, "", "127.0.0.1:0", func() (net.Conn, error) { return net.Dial("tcp", server.Addr().String()) })
	client := func() net.Conn {
		c, err := net.Dial("tcp", p.l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	echo := func(c net.Conn, within time.Duration) (time.Duration, error) {
		began := time.Now()
		if err := c.SetDeadline(began.Add(within)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte("hello")); err != nil {
			return 0, err
		}
		_, err := io.ReadFull(c, make([]byte, 5))
		return time.Since(began), err
	}
	c := client()
	if _, err := echo(c, soon); err != nil {
		t.Fatalf("plain: %v", err)
	}
	p.slow(100 * time.Millisecond)
	if took, err := echo(c, soon); err != nil || took < 200*time.Millisecond {
		t.Errorf("slow: there and back in %v, %v; want at least twice 100ms", took, err)
	}
	p.slow(0)
	if n := p.forget(); n != 1 {
		t.Errorf("%d connections were forgotten, want 1", n)
	}
	if _, err := echo(c, 300*time.Millisecond); err == nil || !err.(net.Error).Timeout() {
		t.Errorf("forgotten: %v, want silence", err)
	}
	d := client()
	if _, err := echo(d, soon); err != nil {
		t.Errorf("a new connection beside a forgotten one: %v", err)
	}
	p.cut()
	if _, err := echo(d, soon); err == nil || err.(net.Error).Timeout() {
		t.Errorf("cut: %v, want an end", err)
	}
}
