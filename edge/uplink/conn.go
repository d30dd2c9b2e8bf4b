package uplink

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// conn is a connection that counts, whose every write has a deadline, that ends
// itself when the broker sends what no MQTT client expects, and that passes over
// messages too large for anybody here. paho sets a
// deadline on publishes only, so a ping or an acknowledgement could hang for as
// long as TCP likes; it allocates whatever length a packet announces; and it
// panics on a SUBACK with more codes than topics.
type conn struct {
	net.Conn
	bytes   *traffic
	max     int
	limit   time.Duration // for writeChunk bytes to be taken
	written chan struct{} // rung after each PUBLISH; room for one

	write sync.Mutex
	guard guard
	host  string
	in    [4 << 10]byte
	out   []byte // what has passed the guard and was not read yet
	after error  // what follows it

	heard atomic.Bool // something came
	mu    sync.Mutex
	cause error // why it ended, if that is known better than paho can tell
}

// writeChunk is what is written at once. A deadline on a whole message would end
// slow links in the middle of large ones; small pieces also keep the kernel from
// taking much more than its option says. A link that carried the last message in no
// time gets as much at once as it carries in chunkTime: each write costs a call into
// the kernel and wakes the broker.
const (
	writeChunk = 4 << 10
	mostChunk  = 64 << 10
	chunkTime  = 5 * time.Millisecond
)

// Write writes one packet: paho gives each to one Write.
func (c *conn) Write(p []byte) (n int, err error) {
	c.write.Lock()
	defer c.write.Unlock()
	for rest := p; len(rest) > 0 && err == nil; rest = p[n:] {
		if err := c.Conn.SetWriteDeadline(time.Now().Add(c.limit)); err != nil {
			return n, err
		}
		var some int
		some, err = c.Conn.Write(rest[:c.bytes.write(len(rest))])
		n += some
		c.bytes.up.Add(uint64(some))
	}
	if len(p) > 0 && p[0]>>4 == 3 {
		signal(c.written)
	}
	if err != nil && !c.heard.Load() {
		// With TLS 1.3 a certificate of ours is refused after the handshake: the first write
		// may meet a closed connection, while the reason waits to be read.
		_ = c.Conn.SetReadDeadline(time.Now().Add(lastWords))
		_, why := c.Conn.Read(make([]byte, 1))
		c.blame(why)
	}
	return n, err
}

// lastWords is how long to wait for the reason of a connection that is closed.
const lastWords = 100 * time.Millisecond

// blame keeps an error if certificates are to blame for it.
func (c *conn) blame(err error) error {
	if err = explainTLS(err); aboutCertificates(err) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.cause = err
	}
	return err
}

// SetWriteDeadline does nothing: Write sets its own.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

// Read gives paho what passes the guard.
func (c *conn) Read(p []byte) (int, error) {
	for len(c.out) == 0 {
		if err := c.after; err != nil {
			c.after = nil
			return 0, err
		}
		n, err := c.Conn.Read(c.in[:])
		c.bytes.down.Add(uint64(n))
		out, bad := c.guard.feed(c.out[:0], c.in[:n], c.max)
		if bad != nil {
			return 0, c.refuse(bad)
		}
		if n > 0 {
			c.heard.Store(true)
		}
		c.out, c.after = out, c.blame(err)
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}

// refuse keeps why the guard ended the connection: paho tells of it only later, or
// says something else.
func (c *conn) refuse(err error) error {
	if errors.Is(err, errNoBroker) {
		err = fmt.Errorf("what answers at %s %w", c.host, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cause = err
	return err
}
