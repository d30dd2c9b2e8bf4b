package uplink

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	broker "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// startBroker starts a broker with nothing on its disk and returns its address. The
// test's end, or stop, ends it as a kill does.
type startBroker func(t testing.TB) (address string, stop func())

// brokers are the real ones that the tests run against.
func brokers() map[string]startBroker {
	return map[string]startBroker{"mochi": startMochi, "mosquitto": startMosquitto}
}

func startMochi(t testing.TB) (address string, stop func()) {
	_, address, stop = mochi(t, new(auth.AllowHook), listeners.Config{})
	return address, stop
}

func mochi(t testing.TB, hook broker.Hook, lc listeners.Config) (s *broker.Server, address string, stop func()) {
	t.Helper()
	s = broker.New(&broker.Options{InlineClient: true, Logger: slog.New(slog.DiscardHandler)})
	if err := s.AddHook(hook, nil); err != nil {
		t.Fatal(err)
	}
	lc.Address = "127.0.0.1:0"
	var l listeners.Listener = listeners.NewTCP(lc)
	if lc.Type == listeners.TypeWS {
		probe, err := net.Listen("tcp", lc.Address) // this listener cannot say which port it got
		if err != nil {
			t.Fatal(err)
		}
		lc.Address = probe.Addr().String()
		probe.Close()
		l = listeners.NewWebsocket(lc)
	}
	if err := s.AddListener(l); err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	stop = func() { once.Do(func() { closeMochi(t, s) }) }
	t.Cleanup(stop)
	return s, l.Address(), stop
}

// closeMochi ends a broker. It waits for all its clients, but tells only those to go
// that had said who they are when it began (v2.7.9): one that comes in that moment
// would be waited for as long as it lives, and one that never says it for ever.
func closeMochi(t testing.TB, s *broker.Server) {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		s.Close()
	}()
	tick, enough := time.NewTicker(20*time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for {
		select {
		case <-closed:
			return
		case <-enough:
			t.Log("mochi still waits for a client; left behind")
			return
		case <-tick.C:
			for _, c := range s.Clients.GetAll() {
				c.Stop(nil)
			}
		}
	}
}

func startMosquitto(t testing.TB) (address string, stop func()) {
	t.Helper()
	return mosquitto(t, "max_inflight_messages 1000", "max_queued_messages 100000")
}

// mosquitto starts one on a free port, with these lines in its configuration.
func mosquitto(t testing.TB, lines ...string) (address string, stop func()) {
	t.Helper()
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		if os.Getenv("LAMPPOST_REQUIRE_PARTS") == "1" {
			t.Fatal("mosquitto is not installed")
		}
		t.Skip("mosquitto is not installed")
	}
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = probe.Addr().String()
	probe.Close()
	conf := filepath.Join(t.TempDir(), "mosquitto.conf")
	text := fmt.Sprintf("listener %d 127.0.0.1\nallow_anonymous true\nlog_type all\n%s\n", probe.Addr().(*net.TCPAddr).Port, strings.Join(lines, "\n"))
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-c", conf)
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cmd.Process.Kill()
			cmd.Wait()
		})
	}
	t.Cleanup(stop)
	for said := bufio.NewScanner(out); said.Scan(); {
		if strings.Contains(said.Text(), "running") {
			go io.Copy(io.Discard, out) // ends with the process
			return address, stop
		}
	}
	t.Fatal("mosquitto does not run")
	return "", nil
}

// cable is a line to the broker that can be cut and led elsewhere.
type cable struct {
	l  net.Listener
	wg sync.WaitGroup

	mu    sync.Mutex
	to    string
	conns map[net.Conn]bool
	cuts  int
}

func newCable(t testing.TB, to string) *cable {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{l: l, to: to, conns: make(map[net.Conn]bool)}
	c.wg.Go(c.accept)
	t.Cleanup(func() {
		l.Close()
		c.cut("")
		c.wg.Wait()
	})
	return c
}

func (c *cable) accept() {
	for {
		a, err := c.l.Accept()
		if err != nil {
			return
		}
		c.mu.Lock()
		to := c.to
		c.mu.Unlock()
		b, err := net.Dial("tcp", to)
		if err != nil {
			a.Close()
			continue
		}
		c.mu.Lock()
		c.conns[a], c.conns[b] = true, true
		c.mu.Unlock()
		for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
			c.wg.Go(func() {
				io.Copy(pair[0], pair[1])
				pair[0].Close()
				pair[1].Close()
			})
		}
	}
}

// cut ends all connections; new ones go to another address, if one is given.
func (c *cable) cut(to string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if to != "" {
		c.to = to
	}
	c.cuts++
	for conn := range c.conns {
		conn.Close()
		delete(c.conns, conn)
	}
}

// aggregator stores and acknowledges over a real broker: late, not always, and
// sometimes twice.
type aggregator struct {
	t      testing.TB
	client mqtt.Client
	work   chan mqtt.Message
	wg     sync.WaitGroup

	mu      sync.Mutex
	rand    *rand.Rand
	lazy    time.Duration // longest delay
	deaf    float64       // part of the messages that it does not take
	unpack  wire.Unpacker
	stored  map[uint64]int
	alerts  map[wire.Revised]time.Time // first arrival
	online  []wire.Online
	wants   uint64
	history []*wire.Pack  // without their values, as they came
	full    chan struct{} // closed when that many records are stored
	came    chan wire.Kind
}

func newAggregator(t testing.TB, address string, wants int) *aggregator {
	t.Helper()
	g := &aggregator{t: t, work: make(chan mqtt.Message, 10_000), rand: rand.New(rand.NewPCG(1, 2)), stored: make(map[uint64]int),
		alerts: make(map[wire.Revised]time.Time), wants: uint64(wants), full: make(chan struct{}), came: make(chan wire.Kind, 10_000)}
	o := mqtt.NewClientOptions().AddBroker("tcp://" + address).SetClientID("aggregator").SetCleanSession(true)
	o.SetConnectRetry(true).SetConnectRetryInterval(50 * time.Millisecond).SetMaxReconnectInterval(100 * time.Millisecond)
	o.SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) { g.work <- m })
	subscribed := make(chan struct{}, 100)
	o.SetOnConnectHandler(func(c mqtt.Client) {
		// ends with the subscription or the connection
		g.wg.Go(func() {
			c.Subscribe(wire.DefaultPrefix+"/#", 1, nil).WaitTimeout(5 * time.Second)
			subscribed <- struct{}{}
		})
	})
	g.client = mqtt.NewClient(o)
	if !g.client.Connect().WaitTimeout(10 * time.Second) {
		t.Fatal("the aggregator cannot connect")
	}
	<-subscribed
	stop := make(chan struct{})
	g.wg.Go(func() {
		for {
			select {
			case m := <-g.work:
				g.take(m)
			case <-stop:
				return
			}
		}
	})
	t.Cleanup(func() {
		close(stop)
		g.client.Disconnect(50)
		g.wg.Wait()
	})
	return g
}

func (g *aggregator) take(m mqtt.Message) {
	topic, err := wire.ParseTopic(wire.DefaultPrefix, m.Topic())
	if err != nil {
		g.t.Errorf("%s: %v", m.Topic(), err)
		return
	}
	if !topic.Kind.Up() {
		return
	}
	select {
	case g.came <- topic.Kind:
	default:
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.rand.Float64() < g.deaf {
		return
	}
	a := g.store(topic, m.Payload())
	if a == nil {
		return
	}
	a.V, a.Store, a.Time = wire.Version, "st-1", time.Now().UnixMilli()
	payload, err := wire.Encode(a)
	if err != nil {
		g.t.Error(err)
		return
	}
	answer := func() { g.client.Publish(wire.DefaultPrefix+"/"+topic.Gateway+"/ack", 1, false, payload) }
	if g.lazy == 0 {
		answer()
		return
	}
	for range 1 + g.rand.IntN(5)/4 {
		time.AfterFunc(rand.N(g.lazy), answer)
	}
}

// store keeps what a message holds and returns the acknowledgement.
func (g *aggregator) store(topic wire.Topic, payload []byte) *wire.Ack {
	switch topic.Kind {
	case wire.LiveTopic, wire.BackfillTopic:
		p, err := g.unpack.Unpack(topic.Gateway, payload)
		if err != nil {
			g.t.Errorf("%s: %v", payload, err)
			return nil
		}
		for _, v := range p.Values {
			g.keep(uint64(v.V))
		}
		if p.Lane == wire.Backfill && len(g.history) < 10_000 {
			g.history = append(g.history, &wire.Pack{Epoch: p.Epoch, Ranges: slices.Clone(p.Ranges)})
		}
		return &wire.Ack{Epoch: p.Epoch, Stored: p.Ranges, Echo: p.Echo()}
	case wire.EventTopic:
		var e wire.Event
		if err := wire.Decode(payload, &e); err != nil {
			g.t.Error(err)
			return nil
		}
		g.keep(e.Seq)
		return &wire.Ack{Epoch: e.Epoch, Stored: []wire.Range{one(int(e.Seq))}}
	case wire.AlertTopic:
		var al wire.Alert
		if err := wire.Decode(payload, &al); err != nil {
			g.t.Error(err)
			return nil
		}
		r := wire.Revised{ID: al.ID, Rev: al.Rev}
		if g.alerts[r].IsZero() {
			g.alerts[r] = time.Now()
		}
		g.keep(al.Seq)
		return &wire.Ack{Alerts: []wire.Revised{r}}
	case wire.OnlineTopic:
		var o wire.Online
		if err := wire.Decode(payload, &o); err != nil {
			g.t.Error(err)
			return nil
		}
		g.online = append(g.online, o)
	}
	return nil
}

func (g *aggregator) keep(seq uint64) {
	g.stored[seq]++
	if uint64(len(g.stored)) == g.wants && g.stored[seq] == 1 {
		close(g.full)
	}
}

// eventually waits until something is so, and fails if it does not come to be.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(40 * time.Second)
	defer limit.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("after 40 s: still not: %s", what)
		}
	}
}
