package uplink

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// link is one MQTT connection: connected, subscribed, used, and thrown away. It is
// never connected again.
type link interface {
	// publish sends with QoS 1. It blocks while the socket does and the link is there.
	// done is called once, from any goroutine: with nil when the broker has confirmed,
	// else with why not; then the link is of no more use.
	publish(topic string, retained bool, payload []byte, done func(error))
	// lost is closed when the connection is gone; err then says why.
	lost() <-chan struct{}
	err() error
	// close ends the link and waits for all that it started, some seconds at worst.
	// Only if it is polite does the broker hear a good-bye, and keep the last will
	// to itself.
	close(polite bool)
}

// dialer opens a link with a last will, subscribed to the topics below. receive
// gets what arrives; it must not block. ctx bounds the attempt, not the link.
type dialer func(ctx context.Context, h handshake) (link, error)

// handshake is what a connection begins with.
type handshake struct {
	broker      string // its address
	clientID    string
	willTopic   string
	will        []byte
	subscribe   []string
	optional    []string // subscribed to as well, if the broker lets us
	receive     func(topic string, payload []byte)
	bytes       *traffic
	maxReceived int // largest message taken from the broker
	// large is told of a larger one, which is received without its payload.
	large func(topic string, size int)
}

// maxReceived is the largest message taken from a broker, with its topic.
const maxReceived = wire.MaxMessage + 1<<10

// traffic counts the bytes of all connections, MQTT included, TLS and TCP not.
type traffic struct {
	up, down atomic.Uint64
	chunk    atomic.Int64 // how much may be written at once; see writeChunk
}

// confirmed learns from a message of n bytes that the broker confirmed after so long.
func (t *traffic) confirmed(n int, took time.Duration) {
	if n < writeChunk {
		return // says more of the distance than of the link
	}
	atOnce := float64(n) / max(took.Seconds(), 1e-6) * chunkTime.Seconds()
	t.chunk.Store(int64(min(max(atOnce, writeChunk), mostChunk)))
}

// write returns how much of n bytes is to be written at once.
func (t *traffic) write(n int) int {
	return min(n, max(int(t.chunk.Load()), writeChunk))
}

// clientID differs from epoch to epoch: two boards with one card then both stay
// connected and are noticed, instead of pushing each other out for ever. Within
// an epoch it is the same, so that a new connection takes over a half-open one.
func clientID(gateway string, e wire.Epoch) string {
	return gateway + "." + string(e[len(e)-12:])
}
