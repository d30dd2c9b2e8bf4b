package broker

import (
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/mochi-mqtt/server/v2/listeners"
)

const (
	// greeting is how long a new connection may take to send its CONNECT. The library
	// waits for ever.
	greeting = 10 * time.Second
	// stuck is how long a client may let one write wait. The library holds a client's
	// lock while it writes to it, and whoever publishes to that client waits for the
	// lock: one gateway that stops reading would keep acknowledgements from all.
	stuck = time.Second
	// breath is the pause after a failed accept, such as one for want of descriptors.
	breath = 50 * time.Millisecond
)

// door accepts connections for the library. The library's own listener gives up at
// the first failed accept, and closing it races with connections that have just come.
type door struct {
	l   net.Listener
	log *slog.Logger

	mu     sync.Mutex
	closed bool
	open   map[net.Conn]struct{}
	guests sync.WaitGroup
}

func newDoor(l net.Listener, log *slog.Logger) *door {
	return &door{l: l, log: log, open: map[net.Conn]struct{}{}}
}

func (d *door) ID() string              { return "tcp" }
func (d *door) Protocol() string        { return "tcp" }
func (d *door) Address() string         { return d.l.Addr().String() }
func (d *door) Init(*slog.Logger) error { return nil }

// Serve accepts until Close.
func (d *door) Serve(establish listeners.EstablishFn) {
	for {
		c, err := d.l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			d.log.Warn("an MQTT connection could not be accepted", "error", err)
			time.Sleep(breath)
			continue
		}
		if !d.enter(c) {
			_ = c.Close()
			return
		}
		go func() {
			defer d.leave(c)
			_ = c.SetDeadline(time.Now().Add(greeting)) // the library sets its own after CONNECT
			// How a connection ends is the hook's to tell.
			_ = establish(d.ID(), &guest{c})
		}()
	}
}

// guest is a connection that ends when its other side does not read.
type guest struct{ net.Conn }

// Write writes all of b within a moment, or closes the connection: a packet that is
// half written cannot be continued.
func (g *guest) Write(b []byte) (int, error) {
	if err := g.Conn.SetWriteDeadline(time.Now().Add(stuck)); err != nil {
		return 0, err
	}
	n, err := g.Conn.Write(b)
	if err != nil {
		_ = g.Conn.Close()
	}
	return n, err
}

// SetDeadline is the library's keepalive; it is meant for reading.
func (g *guest) SetDeadline(t time.Time) error { return g.Conn.SetReadDeadline(t) }

func (d *door) enter(c net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.open[c] = struct{}{}
		d.guests.Add(1)
	}
	return !d.closed
}

func (d *door) leave(c net.Conn) {
	d.mu.Lock()
	delete(d.open, c)
	d.mu.Unlock()
	_ = c.Close()
	d.guests.Done()
}

// Close stops accepting, says goodbye to every client and waits until all are gone.
func (d *door) Close(goodbye listeners.CloseFn) {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	_ = d.l.Close()
	goodbye(d.ID())
	d.mu.Lock()
	for c := range d.open {
		_ = c.Close()
	}
	d.mu.Unlock()
	d.guests.Wait()
}
