package aggregator_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	paho "github.com/eclipse/paho.mqtt.golang"

	"github.com/lamppost-city/lamppost/cloud/aggregator"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

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

func eventually(t testing.TB, what string, ok func() bool) {
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

func pack(t testing.TB, seq uint64, at int64, v float64) []byte {
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

func alertNumber(t testing.TB, n int) []byte { return alertOf(t, n, wire.Orange) }

func alertRed(t testing.TB) []byte { return alertOf(t, 1, wire.Red) }

func alertOf(t testing.TB, n int, severity wire.Severity) []byte {
	t.Helper()
	m := wire.Moment{Boot: "01234567", Unix: time.Now().UnixMilli()}
	b, err := wire.Encode(&wire.Alert{V: 1, ID: fmt.Sprintf("01940000-0000-7000-8000-%012d", n), Rev: 1, Epoch: wire.NewEpoch(1, [6]byte{1}), Seq: uint64(900 + n), Rule: "river-high",
		Stage: "actual", Severity: severity, Condition: "active", At: m, Since: m, Text: map[string]string{"zh": "河道水位 3.12 米"}})
	if err != nil {
		t.Fatal(err)
	}
	return b
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
