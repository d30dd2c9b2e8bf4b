package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/lamppost-city/lamppost/edge/wire"
)

const (
	keepAlive = 30 * time.Second
	handshake = 10 * time.Second // for CONNECT and for SUBSCRIBE
	farewell  = 250              // milliseconds for DISCONNECT
	maxPause  = 30 * time.Second // between two tries of a connection that the broker denies
	steady    = 10 * time.Second // a connection that lasted so long was a good one

	maxQueued = 8192     // messages a lane holds
	maxBytes  = 48 << 20 // and their bytes
)

// item is one message in a lane.
type item struct {
	paho.Message
	at   time.Time
	size int64
}

// lane is one connection to the broker and the messages that came through it. A
// message outlives its connection: what it says is true whichever road it came.
type lane struct {
	in      *Ingest
	name    string
	kinds   []wire.Kind
	shared  bool
	qos     byte
	consume func(context.Context) error

	limit int64 // of bytes
	queue chan item
	bytes atomic.Int64  // in queue, and taken from it but not let go
	held  atomic.Int64  // messages likewise
	full  chan struct{} // told once when a message did not fit
	down  outage
}

func (in *Ingest) lane(name string, kinds ...wire.Kind) *lane {
	l := &lane{in: in, name: name, kinds: kinds, shared: in.o.Share, qos: 1,
		limit: maxBytes, queue: make(chan item, maxQueued), full: make(chan struct{}, 1)}
	l.down.failed(errors.New("not connected yet"))
	return l
}

// beginning is a message that is too long for anything: as much of it as shows
// that. Kept whole, one that is larger than the lane would make the lane leave the
// broker, and again each time a retained one comes.
type beginning struct {
	paho.Message
	payload []byte
}

// Payload returns one byte more than a message may have.
func (b *beginning) Payload() []byte { return b.payload }

// take is called for each message, on the connection's own goroutine, and never
// blocks: blocked, it would keep PINGRESP from being read.
func (l *lane) take(m paho.Message) {
	if p := m.Payload(); len(p) > wire.MaxMessage {
		m = &beginning{m, bytes.Clone(p[:wire.MaxMessage+1])}
	}
	it := item{Message: m, at: time.Now(), size: int64(len(m.Payload()) + len(m.Topic()) + 200)}
	l.in.counts.messages.WithLabelValues(l.name).Inc()
	if l.bytes.Add(it.size) <= l.limit {
		select {
		case l.queue <- it:
			l.held.Add(1)
			return
		default:
		}
	}
	// Not taken, so not acknowledged: the gateway sends it again.
	l.bytes.Add(-it.size)
	select {
	case l.full <- struct{}{}:
	default:
	}
}

// done acknowledges a message to the broker and makes room.
func (l *lane) done(it item) {
	it.Ack()
	l.release(it)
}

func (l *lane) release(it item) {
	l.bytes.Add(-it.size)
	l.in.counts.queued.WithLabelValues(l.name).Set(float64(l.held.Add(-1)))
}

// fill returns how full the lane is, 0 to 1.
func (l *lane) fill() float64 {
	return max(float64(l.bytes.Load())/float64(l.limit), float64(l.held.Load())/float64(cap(l.queue)))
}

// run keeps the lane connected until ctx ends.
func (l *lane) run(ctx context.Context) error {
	log := l.in.o.Log.With("lane", l.name)
	l.in.gate.keep(ctx, l.session, func(err error) {
		l.in.counts.connected.WithLabelValues(l.name).Set(0)
		if l.down.failed(err) {
			log.Warn("the connection to the broker ended", "error", err)
		}
	})
	l.in.counts.connected.WithLabelValues(l.name).Set(0)
	return nil
}

// session is one connection. It returns why it ended.
func (l *lane) session(ctx context.Context) error {
	for len(l.full) > 0 {
		<-l.full
	}
	c, lost, err := l.in.connect(ctx, l.name, func(_ paho.Client, m paho.Message) { l.take(m) })
	if err != nil {
		return err
	}
	defer c.Disconnect(farewell)
	for _, k := range l.kinds {
		filter := wire.Filter(l.in.o.Prefix, k)
		if l.shared {
			filter = "$share/lamppost/" + filter
		}
		if err := subscribe(ctx, c, filter, l.qos); err != nil {
			return err
		}
	}
	l.in.counts.connected.WithLabelValues(l.name).Set(1)
	if back, d := l.down.fine(); back {
		l.in.o.Log.Info("connected to the broker", "lane", l.name, "after", d.Round(time.Millisecond))
	}
	l.in.out.greetAll()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-lost:
		return err
	case <-l.full:
		c.Disconnect(farewell)
		l.in.counts.connected.WithLabelValues(l.name).Set(0)
		l.in.counts.overflow.WithLabelValues(l.name).Inc()
		return l.drain(ctx)
	}
}

// drain waits until the lane has room again.
func (l *lane) drain(ctx context.Context) error {
	err := fmt.Errorf("left the broker: %d messages wait for the store", l.held.Load())
	if l.down.failed(err) {
		l.in.o.Log.Warn("a lane can hold no more and leaves the broker until it can", "lane", l.name, "messages", l.held.Load())
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for l.fill() > 0.5 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return err
}

// connect opens a new connection under the name of a lane, as soon as the gate lets
// it. lost tells when it ends. The caller disconnects it.
func (in *Ingest) connect(ctx context.Context, name string, take paho.MessageHandler) (paho.Client, <-chan error, error) {
	lost := make(chan error, 1)
	o := paho.NewClientOptions().AddBroker(in.o.Broker).SetClientID(in.id + "-" + name).
		SetUsername(in.o.Username).SetPassword(in.o.Password).
		SetProtocolVersion(4).SetCleanSession(true).SetAutoReconnect(false).SetConnectRetry(false).
		SetOrderMatters(true).SetAutoAckDisabled(true).
		SetKeepAlive(keepAlive).SetPingTimeout(handshake).SetConnectTimeout(handshake).SetWriteTimeout(handshake).
		SetDefaultPublishHandler(take).
		SetConnectionLostHandler(func(_ paho.Client, err error) {
			in.gate.lost()
			lost <- err
		})
	turn, err := in.gate.enter(ctx, rank(name))
	if err != nil {
		return nil, nil, err
	}
	begin := time.Now()
	c := paho.NewClient(o)
	err = dial(ctx, c)
	in.gate.left(turn, begin, err)
	if err != nil {
		c.Disconnect(0)
		return nil, nil, err
	}
	return c, lost, nil
}

// dial returns nil, errDenied, errUnreachable, or that ctx ended.
func dial(ctx context.Context, c paho.Client) error {
	t := c.Connect().(*paho.ConnectToken)
	err := wait(ctx, t, "CONNECT")
	if err == nil || ctx.Err() != nil {
		return err
	}
	select {
	case <-t.Done():
		return verdictOf(t.ReturnCode(), err)
	default: // no answer in time
		return verdictOf(0, err)
	}
}

// subscribe asks for a filter and makes sure that it was granted: a refusal is no
// error to the library.
func subscribe(ctx context.Context, c paho.Client, filter string, qos byte) error {
	t := c.Subscribe(filter, qos, nil)
	if err := wait(ctx, t, "SUBSCRIBE"); err != nil {
		return err
	}
	for _, code := range t.(*paho.SubscribeToken).Result() {
		if code != qos {
			return fmt.Errorf("the broker does not grant %s (code %d)", filter, code)
		}
	}
	return nil
}

func wait(ctx context.Context, t paho.Token, what string) error {
	timer := time.NewTimer(handshake)
	defer timer.Stop()
	select {
	case <-t.Done():
		return t.Error()
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return fmt.Errorf("no answer to %s within %s", what, handshake)
	}
}
