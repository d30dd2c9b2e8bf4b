package uplink

import (
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// conn is a connection that counts, whose every write has a deadline, and that
// ends itself when the broker sends what no MQTT client expects. paho sets a
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

	heard atomic.Bool // something came
	mu    sync.Mutex
	cause error // that certificates are to blame for
}

// writeChunk is what is written at once. A deadline on a whole message would end
// slow links in the middle of large ones; small pieces also keep the kernel from
// taking much more than its option says.
const writeChunk = 4 << 10

// Write writes one packet: paho gives each to one Write.
func (c *conn) Write(p []byte) (n int, err error) {
	c.write.Lock()
	defer c.write.Unlock()
	for rest := p; len(rest) > 0 && err == nil; rest = p[n:] {
		if err := c.Conn.SetWriteDeadline(time.Now().Add(c.limit)); err != nil {
			return n, err
		}
		var some int
		some, err = c.Conn.Write(rest[:min(writeChunk, len(rest))])
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

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.bytes.down.Add(uint64(n))
	if bad := c.guard.feed(p[:n], c.max); bad != nil {
		return 0, bad
	}
	if n > 0 {
		c.heard.Store(true)
	}
	return n, c.blame(err)
}

// guard follows the packets that the broker sends (MQTT 3.1.1 §2.2): a type, a
// length of up to four bytes, and that many bytes.
type guard struct {
	kind   byte
	length int
	shift  uint // of the next length byte; 0 and inHead: the type comes next
	inLen  bool
	rest   int // bytes of the packet still to come
}

// The packets a broker sends to a client that publishes and subscribes with QoS 1,
// one topic at a time, and their lengths; 0: any up to the limit.
func packetLength(kind byte) (n int, known bool) {
	switch kind {
	case 2, 4, 11: // CONNACK, PUBACK, UNSUBACK
		return 2, true
	case 3: // PUBLISH
		return 0, true
	case 9: // SUBACK for one topic
		return 3, true
	case 13: // PINGRESP
		return -1, true
	}
	return 0, false
}

func (g *guard) feed(p []byte, limit int) error {
	for len(p) > 0 {
		switch {
		case g.rest > 0:
			n := min(g.rest, len(p))
			g.rest, p = g.rest-n, p[n:]
		case !g.inLen:
			g.kind, g.inLen, g.length, g.shift = p[0]>>4, true, 0, 0
			p = p[1:]
		default:
			b := p[0]
			p = p[1:]
			g.length |= int(b&0x7f) << g.shift
			g.shift += 7
			if b&0x80 != 0 && g.shift < 28 {
				continue
			}
			if b&0x80 != 0 {
				return fmt.Errorf("broker: packet of type %d has a length that never ends", g.kind)
			}
			if err := g.check(limit); err != nil {
				return err
			}
			g.inLen, g.rest = false, g.length
		}
	}
	return nil
}

func (g *guard) check(limit int) error {
	want, known := packetLength(g.kind)
	switch {
	case !known:
		return fmt.Errorf("broker: a packet of type %d is not for us", g.kind)
	case want == 0 && g.length > limit:
		return fmt.Errorf("broker: a message of %d bytes, %d are allowed", g.length, limit)
	case want == 0 && g.length < 2:
		return fmt.Errorf("broker: a message without a topic")
	case want != 0 && g.length != max(want, 0):
		return fmt.Errorf("broker: a packet of type %d has %d bytes", g.kind, g.length)
	}
	return nil
}
