package uplink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

var (
	errLost      = errors.New("connection lost")
	errNoConfirm = errors.New("the broker did not confirm in time")
)

// pahoDialer connects with paho, which serves as transport and nothing else: one
// client per connection, a clean session, no reconnecting and no store of its own.
// Its other modes complete a token for a message that never arrived, or never.
func pahoDialer(o *Options) dialer {
	return func(ctx context.Context, h handshake) (link, error) {
		l := &pahoLink{gone: make(chan struct{}), outbox: make(chan outgoing)}
		co, err := l.options(ctx, o, h)
		if err != nil {
			return nil, err
		}
		l.client = mqtt.NewClient(co)
		if err := l.connect(ctx, h.subscribe); err != nil {
			l.close(false)
			return nil, err
		}
		l.waiters.Go(l.write)
		return l, nil
	}
}

type pahoLink struct {
	client  mqtt.Client
	outbox  chan outgoing
	waiters sync.WaitGroup // the writer, and one for each unconfirmed publish

	mu     sync.Mutex
	conn   net.Conn
	reason error
	gone   chan struct{}
}

func (l *pahoLink) options(ctx context.Context, o *Options, h handshake) (*mqtt.ClientOptions, error) {
	co := mqtt.NewClientOptions()
	co.Servers = []*url.URL{brokerURL(o.Broker)}
	co.SetClientID(h.clientID).SetProtocolVersion(4).SetCleanSession(true)
	co.SetAutoReconnect(false).SetConnectRetry(false).SetResumeSubs(false)
	co.SetKeepAlive(keepAlive).SetPingTimeout(pingTimeout)
	co.SetConnectTimeout(connectTimeout).SetWriteTimeout(handTimeout)
	co.SetOrderMatters(true).SetBinaryWill(h.willTopic, h.will, 1, true)
	// For every message, before Connect: one without a handler would never be
	// acknowledged to the broker and would block its window.
	co.SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) { h.receive(m.Topic(), m.Payload()) })
	co.SetConnectionLostHandler(func(_ mqtt.Client, err error) { l.lose(err) })
	if o.Username != "" {
		co.SetUsername(o.Username)
	}
	if o.Password != nil {
		password, err := o.Password()
		if err != nil {
			return nil, fmt.Errorf("password: %w", err)
		}
		co.SetPassword(password)
	}
	co.SetCustomOpenConnectionFn(func(u *url.URL, _ mqtt.ClientOptions) (net.Conn, error) {
		return l.open(ctx, u, o.TLS, h)
	})
	return co, nil
}

// open makes the connection and remembers it, so that it can be cut while paho is
// still shaking hands on it.
func (l *pahoLink) open(ctx context.Context, u *url.URL, config *tls.Config, h handshake) (net.Conn, error) {
	raw, err := open(ctx, u, config)
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: raw, bytes: h.bytes, max: h.maxReceived}
	l.mu.Lock()
	l.conn = c
	l.mu.Unlock()
	return c, nil
}

// cut ends the connection without good-bye.
func (l *pahoLink) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close()
	}
}

func (l *pahoLink) connect(ctx context.Context, topics []string) error {
	stop := context.AfterFunc(ctx, l.cut)
	defer stop()
	if err := await(ctx, l.client.Connect(), 2*connectTimeout); err != nil {
		l.cut()
		return err
	}
	for _, topic := range topics {
		token := l.client.Subscribe(topic, 1, nil)
		if err := await(ctx, token, connectTimeout); err != nil {
			return fmt.Errorf("subscribe to %s: %w", topic, err)
		}
		// A refused subscription has no error, only the code 128.
		if sub, ok := token.(*mqtt.SubscribeToken); !ok || sub.Result()[topic] != 1 {
			return fmt.Errorf("subscribe to %s: the broker refuses", topic)
		}
	}
	return nil
}

// await waits for a token, but not for ever: some never complete.
func await(ctx context.Context, t mqtt.Token, limit time.Duration) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-t.Done():
		return t.Error()
	case <-timer.C:
		return errors.New("no answer from the broker")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// outgoing is a message on its way into paho.
type outgoing struct {
	topic    string
	retained bool
	payload  []byte
	done     func(error)
}

func (l *pahoLink) publish(topic string, retained bool, payload []byte, done func(error)) {
	select {
	case l.outbox <- outgoing{topic, retained, payload, done}:
	case <-l.gone:
		done(errLost)
	}
}

// write hands messages to paho. It is a goroutine of its own because Publish may
// notice only at its timeout that the connection was lost under it.
func (l *pahoLink) write() {
	for {
		select {
		case m := <-l.outbox:
			l.await(l.client.Publish(m.topic, 1, m.retained, m.payload), m.done)
		case <-l.gone:
			return
		}
	}
}

// await tells done how a publish ended.
func (l *pahoLink) await(token mqtt.Token, done func(error)) {
	l.waiters.Go(func() {
		timer := time.NewTimer(confirmTimeout)
		defer timer.Stop()
		select {
		case <-token.Done():
			done(token.Error())
		case <-l.gone:
			done(errLost)
		case <-timer.C:
			done(errNoConfirm)
		}
	})
}

// lose notes the end of the connection, once.
func (l *pahoLink) lose(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.gone:
	default:
		l.reason = err
		close(l.gone)
	}
}

func (l *pahoLink) lost() <-chan struct{} { return l.gone }

func (l *pahoLink) err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reason == nil {
		return errLost
	}
	return fmt.Errorf("%w: %w", errLost, l.reason)
}

func (l *pahoLink) close(polite bool) {
	if !polite {
		l.cut()
	}
	l.client.Disconnect(250)
	l.cut()
	l.lose(nil)
	l.waiters.Wait()
}
