package aggregator_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cloud/aggregator"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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
