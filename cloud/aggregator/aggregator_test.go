package aggregator_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"
	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cloud/aggregator"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 15 * time.Second

// cloud is a running aggregator.
type cloud struct {
	t             testing.TB
	console, mqtt string
	cancel        context.CancelFunc
	done          chan error
	client        *http.Client
}

func at(dir string, edit ...func(*settings.Settings)) *settings.Settings {
	s := settings.Default()
	s.Data, s.Listen, s.MQTT.Embedded.Listen = dir, "127.0.0.1:0", "127.0.0.1:0"
	for _, e := range edit {
		e(s)
	}
	return s
}

// try runs an aggregator; its error comes at once if it does not start.
func try(t testing.TB, s *settings.Settings, fallback bool) (*cloud, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	tr := &http.Transport{}
	c := &cloud{t: t, cancel: cancel, done: make(chan error, 1), client: &http.Client{Transport: tr}}
	t.Cleanup(tr.CloseIdleConnections)
	ready := make(chan struct{})
	go func() {
		c.done <- aggregator.Run(ctx, aggregator.Options{Settings: s, Version: "test", PortFallback: fallback, Log: slog.New(slog.DiscardHandler),
			Ready: func(console, mqtt string) { c.console, c.mqtt = console, mqtt; close(ready) }})
	}()
	select {
	case <-ready:
		t.Cleanup(func() {
			cancel()
			<-c.done
		})
		return c, nil
	case err := <-c.done:
		cancel()
		return nil, err
	case <-time.After(patience):
		t.Fatal("the aggregator neither starts nor fails")
		return nil, nil
	}
}

func start(t testing.TB, s *settings.Settings) *cloud {
	t.Helper()
	c, err := try(t, s, false)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// stop ends it and says how long that took.
func (c *cloud) stop() time.Duration {
	c.t.Helper()
	begin := time.Now()
	c.cancel()
	err := <-c.done
	c.done <- err // for the clean-up
	if err != nil {
		c.t.Errorf("Run = %v after a stop", err)
	}
	return time.Since(begin)
}

func (c *cloud) get(path string, into any) int {
	c.t.Helper()
	r, err := c.client.Get(c.console + path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if s, ok := into.(*string); ok {
		*s = string(b)
	} else if err := json.Unmarshal(b, into); err != nil && into != nil {
		c.t.Fatalf("GET %s: %v in %s", path, err, b)
	}
	return r.StatusCode
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	end := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-end:
			t.Fatalf("%s: not within %s", what, patience)
		case <-tick.C:
		}
	}
}

// gateway connects as the gateway "gw".
func (c *cloud) gateway() (send func(kind string, payload []byte), acks <-chan wire.Ack) {
	c.t.Helper()
	got := make(chan wire.Ack, 1000)
	o := paho.NewClientOptions().AddBroker(c.mqtt).SetClientID("gw.0123456789ab").SetProtocolVersion(4).SetAutoReconnect(false).
		SetDefaultPublishHandler(func(_ paho.Client, m paho.Message) {
			var a wire.Ack
			if err := wire.Decode(m.Payload(), &a); err != nil {
				c.t.Error(err)
			}
			got <- a
		})
	g := paho.NewClient(o)
	for _, tok := range []func() paho.Token{g.Connect, func() paho.Token { return g.Subscribe("lamppost/v1/gw/ack", 1, nil) }} {
		if tok := tok(); !tok.WaitTimeout(patience) || tok.Error() != nil {
			c.t.Fatal(tok.Error())
		}
	}
	c.t.Cleanup(func() { g.Disconnect(100) })
	return func(kind string, payload []byte) {
		c.t.Helper()
		if tok := g.Publish("lamppost/v1/gw/"+kind, 1, false, payload); !tok.WaitTimeout(patience) || tok.Error() != nil {
			c.t.Fatal(tok.Error())
		}
	}, got
}

func pack(t *testing.T, seq uint64, at int64, v float64) []byte {
	t.Helper()
	p := wire.Pack{Gateway: "gw", Epoch: wire.NewEpoch(1, [6]byte{1}), Ranges: []wire.Range{{From: seq, To: seq}}, Lane: wire.Live,
		Values: []wire.Value{{Stream: obs.Stream{Device: "river", Channel: "level"}, Time: at, V: v, Unit: "m", Quality: obs.Quality{Flag: obs.Pass}}}}
	var pk wire.Packer
	b, err := pk.Append(nil, &p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func alert(t testing.TB) []byte { return alertNumber(t, 1) }

func alertNumber(t testing.TB, n int) []byte {
	t.Helper()
	m := wire.Moment{Boot: "01234567", Unix: time.Now().UnixMilli()}
	b, err := wire.Encode(&wire.Alert{V: 1, ID: fmt.Sprintf("01940000-0000-7000-8000-%012d", n), Rev: 1, Epoch: wire.NewEpoch(1, [6]byte{1}), Seq: uint64(900 + n), Rule: "river-high",
		Stage: "actual", Severity: wire.Orange, Condition: "active", At: m, Since: m, Text: map[string]string{"zh": "河道水位 3.12 米"}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFromGatewayToConsoleAndOverARestart(t *testing.T) {
	dir := t.TempDir()
	c := start(t, at(dir))
	events := c.stream()
	send, acks := c.gateway()
	now := time.Now().UnixMilli()
	send("live", pack(t, 1, now-1000, 2.5))
	send("live", pack(t, 2, now, 2.71))
	send("alert", alert(t))
	var have wire.RangeSet
	alerted := false
	for !have.Contains(wire.Range{From: 1, To: 2}) || !alerted {
		select {
		case a := <-acks:
			for _, r := range a.Stored {
				have.Add(r)
			}
			alerted = alerted || len(a.Alerts) > 0
		case <-time.After(patience):
			t.Fatalf("acknowledged %v, alert %v", have.Ranges(), alerted)
		}
	}
	for _, name := range []string{"hello", "alert"} {
		if got := events(name); got == "" {
			t.Errorf("no event %s", name)
		}
	}
	check := func(c *cloud) {
		t.Helper()
		var values struct{ Values []view.Value }
		c.get("/api/v1/values", &values)
		if len(values.Values) != 1 || *values.Values[0].V != 2.71 {
			t.Errorf("values %+v", values)
		}
		var series struct{ Points [][]any }
		c.get("/api/v1/series?gateway=gw&device=river&channel=level", &series)
		if fmt.Sprint(series.Points) != fmt.Sprintf("[[%v 2.5 1 ] [%v 2.71 1 ]]", float64(now-1000), float64(now)) {
			t.Errorf("series %v", series.Points)
		}
		var alerts struct{ Alerts []view.Alert }
		c.get("/api/v1/alerts?state=active", &alerts)
		if len(alerts.Alerts) != 1 || alerts.Alerts[0].Gateway != "gw" {
			t.Errorf("alerts %+v", alerts)
		}
	}
	check(c)
	if d := c.stop(); d > 8*time.Second {
		t.Errorf("the stop took %s with a live reader", d)
	}
	check(start(t, at(dir)))
}

// stream opens the live stream; the function waits for an event by its name.
func (c *cloud) stream() func(name string) string {
	c.t.Helper()
	r, err := c.client.Get(c.console + "/api/v1/stream")
	if err != nil {
		c.t.Fatal(err)
	}
	lines := make(chan string, 10_000)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(r.Body); s.Scan(); {
			lines <- s.Text()
		}
	}()
	c.t.Cleanup(func() {
		_ = r.Body.Close()
		for range lines {
		}
	})
	return func(name string) string {
		for {
			select {
			case l, ok := <-lines:
				if !ok {
					return ""
				}
				if l == "event: "+name {
					return <-lines
				}
			case <-time.After(patience):
				return ""
			}
		}
	}
}

func TestInfoHealthMetricsConsole(t *testing.T) {
	c := start(t, at(t.TempDir()))
	var info view.Info
	c.get("/api/v1/info", &info)
	if info.Version != "test" || info.Store.ID == "" || info.Store.Kind != "embedded" || info.MQTT.Address != c.mqtt || info.MQTT.Prefix != "lamppost/v1" || info.Insecure {
		t.Errorf("info %+v", info)
	}
	eventually(t, "health", func() bool {
		var text string
		return c.get("/healthz", &text) == http.StatusOK && strings.Contains(text, "ok   mqtt")
	})
	var text string
	c.get("/metrics", &text)
	for _, m := range []string{"lamppost_info", "lamppost_gateways_online", "lamppost_broker_clients", "lamppost_ingest_connected", "lamppost_http_requests_total", "go_goroutines"} {
		if !strings.Contains(text, m) {
			t.Errorf("there is no metric %s", m)
		}
	}
	var catalogue struct{ Metrics []view.Metric }
	if c.get("/api/v1/metrics-catalogue", &catalogue); len(catalogue.Metrics) < 20 {
		t.Errorf("%d metrics", len(catalogue.Metrics))
	}
	if c.get("/", &text) == http.StatusNotFound || text == "" {
		t.Error("the console is not there")
	}
}

func TestSecondAggregatorIsRefused(t *testing.T) {
	dir := t.TempDir()
	start(t, at(dir))
	if _, err := try(t, at(dir), false); !errors.Is(err, aggregator.ErrInUse) {
		t.Errorf("Run on the same data = %v, want ErrInUse", err)
	}
}

func TestAddressInUse(t *testing.T) {
	first := start(t, at(t.TempDir()))
	taken := func(s *settings.Settings) {
		s.Listen = strings.TrimPrefix(first.console, "http://")
		s.MQTT.Embedded.Listen = strings.TrimPrefix(first.mqtt, "mqtt://")
	}
	if _, err := try(t, at(t.TempDir(), taken), false); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("Run = %v, want EADDRINUSE", err)
	}
	second, err := try(t, at(t.TempDir(), taken), true)
	if err != nil {
		t.Fatal(err)
	}
	if second.console == first.console || second.mqtt == first.mqtt {
		t.Errorf("both listen on %s and %s", second.console, second.mqtt)
	}
}

func TestSettingsThatAreRefused(t *testing.T) {
	for name, edit := range map[string]func(*settings.Settings){
		"console for everybody":         func(s *settings.Settings) { s.Listen = "0.0.0.0:0" },
		"broker for everybody":          func(s *settings.Settings) { s.MQTT.Embedded.Listen = ":0" },
		"a name that may lead anywhere": func(s *settings.Settings) { s.Listen = "hub.example:0" },
		"sharing with a store of one's own": func(s *settings.Settings) {
			s.MQTT.Share, s.MQTT.Broker = true, "mqtt://127.0.0.1:1"
		},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := try(t, at(t.TempDir(), edit), false); !errors.Is(err, aggregator.ErrSettings) {
				t.Errorf("Run = %v, want ErrSettings", err)
			}
		})
	}
	c, err := try(t, at(t.TempDir(), func(s *settings.Settings) { s.Listen, s.Insecure = "0.0.0.0:0", true }), false)
	if err != nil {
		t.Fatalf("insecure: %v", err)
	}
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(c.console, "http://"))
	c.console = "http://127.0.0.1:" + port
	var info view.Info
	if c.get("/api/v1/info", &info); !info.Insecure {
		t.Error("the console cannot tell that it is open to everybody")
	}
}

func TestStorageProblems(t *testing.T) {
	t.Run("a damaged database", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "lamppost.db"), []byte(strings.Repeat("rubbish", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := try(t, at(dir), false); !errors.Is(err, aggregator.ErrStorage) {
			t.Errorf("Run = %v, want ErrStorage", err)
		}
	})
	t.Run("the directory is a file", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := try(t, at(file), false); !errors.Is(err, aggregator.ErrStorage) {
			t.Errorf("Run = %v, want ErrStorage", err)
		}
	})
	t.Run("no permission", func(t *testing.T) {
		if os.Getuid() == 0 {
			t.Skip("root may write everywhere")
		}
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		if _, err := try(t, at(filepath.Join(dir, "x")), false); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("Run = %v, want ErrPermission", err)
		}
	})
}

// A store and a broker that are away do not keep the console from being there.
func TestServersThatAreAway(t *testing.T) {
	c := start(t, at(t.TempDir(), func(s *settings.Settings) {
		s.Store.Influx = &settings.Influx{URL: "http://127.0.0.1:1", Bucket: "city"}
		s.MQTT.Broker = "mqtt://127.0.0.1:1"
	}))
	var text string
	if code := c.get("/healthz", &text); code != http.StatusServiceUnavailable || !strings.Contains(text, "FAIL store: store is unavailable") || !strings.Contains(text, "FAIL mqtt: not connected") {
		t.Errorf("healthz %d %s", code, text)
	}
	var info view.Info
	if c.get("/api/v1/info", &info); info.Store.Kind != "influx" || info.MQTT.Address != "mqtt://127.0.0.1:1" {
		t.Errorf("info %+v", info)
	}
	if d := c.stop(); d > 8*time.Second {
		t.Errorf("the stop took %s", d)
	}
}
