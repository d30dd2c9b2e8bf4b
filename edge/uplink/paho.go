package uplink

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

var (
	errLost      = errors.New("connection lost")
	errNoConfirm = errors.New("the broker did not confirm in time")
)

// dial connects with paho, which serves as transport and nothing else: one client
// per connection, a clean session, no reconnecting and no store of its own. Its
// other modes complete a token for a message that never arrived, or never.
func (w *way) dial(ctx context.Context, h handshake) (link, error) {
	l := &pahoLink{gone: make(chan struct{}), outbox: make(chan outgoing), written: make(chan struct{}, 1), more: make(chan struct{}, 1), timing: w.timing}
	co, err := l.options(ctx, w, h)
	if err != nil {
		return nil, err
	}
	l.client = mqtt.NewClient(co)
	if err := l.connect(ctx, h); err != nil {
		l.close(false)
		return nil, err
	}
	l.waiters.Go(l.write)
	l.waiters.Go(l.watch)
	return l, nil
}

type pahoLink struct {
	client  mqtt.Client
	timing  timing
	outbox  chan outgoing
	written chan struct{}  // the socket has taken a message
	more    chan struct{}  // there is something in taken; closed behind the last
	waiters sync.WaitGroup // the writer, and who waits for confirmations

	mu     sync.Mutex
	taken  []taken // in the order in which they were sent; bounded by the uplink's windows
	conn   *conn
	failed error // why there was no connection
	reason error // why there is none any more
	gone   chan struct{}
}

func (l *pahoLink) options(ctx context.Context, w *way, h handshake) (*mqtt.ClientOptions, error) {
	o, co := w.o, mqtt.NewClientOptions()
	co.Servers = []*url.URL{brokerURL(h.broker)}
	co.SetClientID(h.clientID).SetProtocolVersion(4).SetCleanSession(true)
	co.SetAutoReconnect(false).SetConnectRetry(false).SetResumeSubs(false)
	co.SetKeepAlive(w.timing.keepAlive).SetPingTimeout(w.timing.ping)
	co.SetConnectTimeout(w.timing.connect).SetWriteTimeout(w.timing.hand).SetOrderMatters(true)
	if h.willTopic != "" {
		co.SetBinaryWill(h.willTopic, h.will, 1, true)
	}
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
		return l.open(ctx, u, w, h)
	})
	return co, nil
}

// open makes the connection and remembers it, so that it can be cut while paho is
// still shaking hands on it.
func (l *pahoLink) open(ctx context.Context, u *url.URL, w *way, h handshake) (net.Conn, error) {
	raw, err := w.open(ctx, u)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failed = err
		return nil, err
	}
	l.conn = &conn{Conn: raw, bytes: h.bytes, max: h.maxReceived, limit: w.timing.write, written: l.written,
		host: u.Host, guard: guard{large: h.large}}
	return l.conn, nil
}

// cut ends the connection without good-bye.
func (l *pahoLink) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close()
	}
}

func (l *pahoLink) connect(ctx context.Context, h handshake) error {
	stop := context.AfterFunc(ctx, l.cut)
	defer stop()
	if err := await(ctx, l.client.Connect(), 2*l.timing.connect); err != nil {
		l.cut()
		return l.why(err)
	}
	for i, topic := range slices.Concat(h.subscribe, h.optional) {
		token := l.client.Subscribe(topic, 1, nil)
		if err := await(ctx, token, l.timing.connect); err != nil {
			return fmt.Errorf("subscribe to %s: %w", topic, l.why(err))
		}
		// A refused subscription has no error, only the code 128.
		if sub, ok := token.(*mqtt.SubscribeToken); !ok || sub.Result()[topic] != 1 && i < len(h.subscribe) {
			return fmt.Errorf("subscribe to %s: the broker refuses", topic)
		}
	}
	return nil
}

// why returns what is behind an error of paho's: why the connection could not be
// opened, what the guard found, or what is wrong with our certificate: a broker that
// speaks TLS 1.3 says that only after the handshake. If the connection was lost
// meanwhile, that is why whatever was asked for had no answer.
func (l *pahoLink) why(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return l.failed
	}
	if l.conn != nil {
		l.conn.mu.Lock()
		defer l.conn.mu.Unlock()
		if l.conn.cause != nil {
			return l.conn.cause
		}
	}
	if l.reason != nil {
		return l.reason
	}
	return err
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

// write hands messages to paho, the next one when the socket has taken the one
// before: paho gives up on a message that it cannot begin to write within
// timing.hand, and a slow link may need longer for a large one. It is a goroutine of
// its own because Publish may notice only then that the connection was lost under it.
func (l *pahoLink) write() {
	defer close(l.more)
	for {
		select {
		case m := <-l.outbox:
			l.take(taken{l.client.Publish(m.topic, 1, m.retained, m.payload), time.Now(), m.done})
		case <-l.gone:
			return
		}
		select {
		case <-l.written:
		case <-l.gone:
			return
		}
	}
}

// taken is a message that paho has taken.
type taken struct {
	token mqtt.Token
	at    time.Time
	done  func(error)
}

func (l *pahoLink) take(t taken) {
	l.mu.Lock()
	l.taken = append(l.taken, t)
	l.mu.Unlock()
	signal(l.more)
}

// watch tells each message's done how its publish ended. A broker confirms in the
// order in which it received (MQTT 3.1.1 §4.6), so that one goroutine waits for one
// after the other. It ends after the writer, when all have been told.
func (l *pahoLink) watch() {
	timer := time.NewTimer(l.timing.confirm)
	defer timer.Stop()
	for writing := true; writing; {
		_, writing = <-l.more
		l.mu.Lock()
		batch := l.taken
		l.taken = nil
		l.mu.Unlock()
		for _, t := range batch {
			t.done(l.await(t, timer))
		}
	}
}

// await waits for the broker to confirm.
func (l *pahoLink) await(t taken, timer *time.Timer) error {
	if over(t.token.Done()) {
		return t.token.Error()
	}
	timer.Reset(time.Until(t.at.Add(l.timing.confirm)))
	select {
	case <-t.token.Done():
		return t.token.Error()
	case <-l.gone:
		return errLost
	case <-timer.C:
		return errNoConfirm
	}
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
	if why := l.why(nil); why != nil {
		return fmt.Errorf("%w: %w", errLost, why)
	}
	return errLost
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
