package broker_test

import (
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cloud/broker"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 5 * time.Second

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func start(t testing.TB) (*broker.Broker, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	b, err := broker.Start(broker.Options{Listener: listen(t), Prefix: wire.DefaultPrefix, Metrics: reg, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b, reg
}

// client is a connected paho client whose messages arrive on got.
type client struct {
	paho.Client
	got  chan paho.Message
	lost chan error
}

func dial(t testing.TB, b *broker.Broker, id string, edit ...func(*paho.ClientOptions)) (*client, error) {
	t.Helper()
	c := &client{got: make(chan paho.Message, 10_000), lost: make(chan error, 1)}
	o := paho.NewClientOptions().AddBroker("tcp://" + b.Address()).SetClientID(id).SetProtocolVersion(4).
		SetAutoReconnect(false).SetConnectTimeout(patience).
		SetConnectionLostHandler(func(_ paho.Client, err error) { c.lost <- err }).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) { c.got <- m })
	for _, e := range edit {
		e(o)
	}
	c.Client = paho.NewClient(o)
	tok := c.Connect()
	if !tok.WaitTimeout(patience) {
		t.Fatal("no answer to CONNECT")
	}
	if tok.Error() == nil {
		t.Cleanup(func() { c.Disconnect(100) })
	}
	return c, tok.Error()
}

func mustDial(t testing.TB, b *broker.Broker, id string, edit ...func(*paho.ClientOptions)) *client {
	t.Helper()
	c, err := dial(t, b, id, edit...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func own(b *broker.Broker) func(*paho.ClientOptions) {
	return func(o *paho.ClientOptions) {
		user, password := b.Credentials()
		o.SetUsername(user).SetPassword(password)
	}
}

// granted subscribes and says whether the broker granted it.
func (c *client) granted(t testing.TB, filter string) bool {
	t.Helper()
	tok := c.Subscribe(filter, 1, nil).(*paho.SubscribeToken)
	if !tok.WaitTimeout(patience) || tok.Error() != nil {
		t.Fatalf("subscribe %s: %v", filter, tok.Error())
	}
	for _, code := range tok.Result() {
		return code != 0x80
	}
	return false
}

// accepted publishes and says whether the connection survived it.
func (c *client) accepted(t testing.TB, topic string, retained bool) bool {
	t.Helper()
	tok := c.Publish(topic, 1, retained, "x")
	if !tok.WaitTimeout(patience) {
		t.Fatalf("publish %s: no answer", topic)
	}
	return tok.Error() == nil
}

func TestWhoMayConnect(t *testing.T) {
	b, reg := start(t)
	will := func(topic string) func(*paho.ClientOptions) {
		return func(o *paho.ClientOptions) { o.SetWill(topic, "x", 1, true) }
	}
	user := func(u, p string) func(*paho.ClientOptions) {
		return func(o *paho.ClientOptions) { o.SetUsername(u).SetPassword(p) }
	}
	name, _ := b.Credentials()
	for what, c := range map[string]struct {
		id   string
		edit []func(*paho.ClientOptions)
		ok   bool
	}{
		"a gateway":                      {"gw-1", nil, true},
		"a gateway's second connection":  {"gw-2/alerts", nil, true},
		"a gateway's journal":            {"gw-2.9f3ac2d1b07e", []func(*paho.ClientOptions){will("lamppost/v1/gw-2/online")}, true},
		"nobody":                         {"", nil, true},
		"nobody with a will":             {"", []func(*paho.ClientOptions){will("lamppost/v1/x/online")}, false},
		"a gateway with its will":        {"gw-3", []func(*paho.ClientOptions){will("lamppost/v1/gw-3/online")}, true},
		"a will for another gateway":     {"gw-4", []func(*paho.ClientOptions){will("lamppost/v1/gw-1/online")}, false},
		"a will that forges an ack":      {"gw-5", []func(*paho.ClientOptions){will("lamppost/v1/gw-5/ack")}, false},
		"a will elsewhere":               {"gw-6", []func(*paho.ClientOptions){will("anything")}, false},
		"an id that is none":             {"Gw_1", nil, true},
		"the aggregator":                 {"A!", []func(*paho.ClientOptions){own(b)}, true},
		"the aggregator, wrong password": {"gw-7", []func(*paho.ClientOptions){user(name, "x")}, false},
		"a reader":                       {"Any Thing", []func(*paho.ClientOptions){user("read", "")}, true},
		"a reader with a will":           {"r", []func(*paho.ClientOptions){user("read", ""), will("lamppost/v1/r/online")}, false},
	} {
		t.Run(what, func(t *testing.T) {
			if _, err := dial(t, b, c.id, c.edit...); (err == nil) != c.ok {
				t.Errorf("connect = %v, want ok %v", err, c.ok)
			}
		})
	}
	if n := testutil.ToFloat64(collector(t, reg, "lamppost_broker_refused_total")); n != 5 {
		t.Errorf("%v refused, want 5", n)
	}
}

// collector finds a registered counter by its name.
func collector(t testing.TB, reg *prometheus.Registry, name string) prometheus.Collector {
	t.Helper()
	fams, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	c := prometheus.NewGauge(prometheus.GaugeOpts{Name: "copy"})
	for _, f := range fams {
		if f.GetName() == name {
			for _, m := range f.GetMetric() {
				c.Add(m.GetCounter().GetValue() + m.GetGauge().GetValue())
			}
			return c
		}
	}
	t.Fatalf("there is no metric %s", name)
	return nil
}

func TestTopicsKeepTheirDirection(t *testing.T) {
	b, _ := start(t)
	const p = "lamppost/v1/"
	id := "01940000-0000-7000-8000-000000000000"
	for topic, ok := range map[string]bool{
		p + "gw/live": true, p + "gw/backfill": true, p + "gw/alert": true, p + "gw/event": true, p + "gw/image/" + id + "/3": true,
		p + "gw/online": true, p + "gw/state": true, p + "gw/reply/x1": true, p + "gw/config/reported": true,
		p + "gw/ack": false, p + "gw/command/x": false, p + "gw/config/desired": false, p + "gw/nonsense": false,
		p + "other/live": false, p + "gw2/live": false, p + "gw": false, "elsewhere": false, p + "gw/live/deeper": false,
	} {
		t.Run("publish "+topic, func(t *testing.T) {
			if got := mustDial(t, b, "gw").accepted(t, topic, false); got != ok {
				t.Errorf("accepted = %v, want %v", got, ok)
			}
		})
	}
	gw := mustDial(t, b, "hears")
	for filter, ok := range map[string]bool{
		p + "hears/ack": true, p + "hears/command/+": true, p + "hears/command/#": true, p + "hears/command/x1": true, p + "hears/config/desired": true,
		p + "hears/live": false, p + "hears/#": false, p + "+/ack": false, p + "other/ack": false, "#": false, "$SYS/#": false,
		p + "hears/command": false, p + "hears/command/+/x": false, p + "hears/commandx/+": false, "$share/g/" + p + "hears/ack": false,
	} {
		if got := gw.granted(t, filter); got != ok {
			t.Errorf("subscribe %s: granted %v, want %v", filter, got, ok)
		}
	}
}

func TestOnlookersReadAndNothingElse(t *testing.T) {
	b, _ := start(t)
	for name, dialled := range map[string]func() *client{
		"no id":       func() *client { return mustDial(t, b, "") },
		"another id":  func() *client { return mustDial(t, b, "MQTT_Explorer") },
		"by its name": func() *client { return mustDial(t, b, "me", func(o *paho.ClientOptions) { o.SetUsername("read") }) },
	} {
		t.Run(name, func(t *testing.T) {
			r := dialled()
			if !r.granted(t, "lamppost/v1/#") || r.granted(t, "#") {
				t.Error("an onlooker may read below the prefix and not elsewhere")
			}
			if !mustDial(t, b, "gw").accepted(t, "lamppost/v1/gw/live", false) {
				t.Fatal("the gateway was cut off")
			}
			if m := <-r.got; m.Topic() != "lamppost/v1/gw/live" {
				t.Errorf("read %s", m.Topic())
			}
			if r.accepted(t, "lamppost/v1/gw/live", false) {
				t.Error("an onlooker may publish")
			}
		})
	}
}

func TestOnlyWhatMayStayIsRetained(t *testing.T) {
	b, reg := start(t)
	gw := mustDial(t, b, "gw")
	for _, kind := range []string{"live", "alert", "online", "state", "image/01940000-0000-7000-8000-000000000000/0"} {
		if !gw.accepted(t, "lamppost/v1/gw/"+kind, true) {
			t.Fatal(kind)
		}
	}
	me := mustDial(t, b, "me", own(b))
	if !me.granted(t, "lamppost/v1/#") {
		t.Fatal("the aggregator may not subscribe")
	}
	got := map[string]bool{}
	for range 2 {
		got[(<-me.got).Topic()] = true
	}
	if !got["lamppost/v1/gw/online"] || !got["lamppost/v1/gw/state"] {
		t.Errorf("retained: %v, want online and state", got)
	}
	if n := testutil.ToFloat64(collector(t, reg, "lamppost_broker_unretained_total")); n != 3 {
		t.Errorf("%v retain flags taken away, want 3", n)
	}
}

func TestLastWill(t *testing.T) {
	b, _ := start(t)
	me := mustDial(t, b, "me", own(b))
	me.granted(t, "lamppost/v1/+/online")
	mustDial(t, b, "gw", func(o *paho.ClientOptions) { o.SetWill("lamppost/v1/gw/online", "gone", 1, true) })
	mustDial(t, b, "gw") // takes the session over, as a cloned card does
	if m := <-me.got; string(m.Payload()) != "gone" {
		t.Errorf("will = %q", m.Payload())
	}
}

func TestOversizedPacketEndsTheConnection(t *testing.T) {
	b, reg := start(t)
	gw := mustDial(t, b, "gw")
	gw.Publish("lamppost/v1/gw/live", 1, false, make([]byte, 2*wire.MaxMessage))
	select {
	case <-gw.lost:
	case <-time.After(patience):
		t.Fatal("the connection stays open")
	}
	// The broker counts after it has closed the connection.
	counted := func() float64 { return testutil.ToFloat64(collector(t, reg, "lamppost_broker_oversized_total")) }
	for late, tick := time.After(patience), time.Tick(10*time.Millisecond); counted() != 1; {
		select {
		case <-tick:
		case <-late:
			t.Fatalf("%v oversized, want 1", counted())
		}
	}
	if tok := mustDial(t, b, "gw").Publish("lamppost/v1/gw/live", 1, false, make([]byte, wire.MaxMessage)); !tok.WaitTimeout(patience) || tok.Error() != nil {
		t.Errorf("a message of the largest size: %v", tok.Error())
	}
}

// A connection that says nothing is not kept for ever, and neither it nor one that
// does not read keeps the broker from closing.
func TestSilentConnectionDoesNotHoldTheDoor(t *testing.T) {
	b, _ := start(t)
	c, err := net.Dial("tcp", b.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	mustDial(t, b, "gw")
	begin := time.Now()
	done := make(chan error, 1)
	go func() { done <- b.Close() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatalf("Close takes longer than %s", time.Since(begin))
	}
}

func TestBadPrefix(t *testing.T) {
	_, err := broker.Start(broker.Options{Listener: listen(t), Prefix: "a//b", Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		t.Error("Start took a bad prefix")
	}
}

func BenchmarkPublish(b *testing.B) {
	br, _ := start(b)
	me := mustDial(b, br, "me", own(br))
	me.granted(b, "lamppost/v1/+/live")
	gw := mustDial(b, br, "gw")
	payload := make([]byte, 1024)
	b.ReportAllocs()
	for b.Loop() {
		var last paho.Token
		for range 100 {
			last = gw.Publish("lamppost/v1/gw/live", 1, false, payload)
		}
		if !last.WaitTimeout(patience) || last.Error() != nil {
			b.Fatal(last.Error())
		}
		for range 100 {
			<-me.got
		}
	}
	b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

func ExampleBroker_Credentials() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := broker.Start(broker.Options{Listener: l, Prefix: wire.DefaultPrefix, Metrics: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println(err)
		return
	}
	user, password := b.Credentials()
	fmt.Println(len(user) > 20, len(password) > 20, b.Close())
	// Output: true true <nil>
}
