package status_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/edge/status"
	"github.com/prometheus/client_golang/prometheus"
)

func get(t *testing.T, path, host string) *http.Response {
	t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "lamppost_devices", Help: "h"}, func() float64 { return 8 }))
	r := httptest.NewRequest("GET", path, nil)
	r.Host = host
	w := httptest.NewRecorder()
	status.Handler(func() status.Snapshot { return status.Snapshot{Gateway: "street-01"} }, reg, nil).ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPageIsOneSmallFile(t *testing.T) {
	r := get(t, "/", "192.168.1.7:8090")
	b := body(t, r)
	if len(b) > 50_000 {
		t.Errorf("the page has %d bytes, the limit is 50 000", len(b))
	}
	for _, bad := range []string{"http://", "https://", "src=", "{{nonce}}", "@import"} {
		if strings.Contains(b, bad) {
			t.Errorf("the page contains %q: it must need no other file", bad)
		}
	}
	csp := r.Header.Get("Content-Security-Policy")
	_, nonce, _ := strings.Cut(csp, "script-src 'nonce-")
	nonce, _, _ = strings.Cut(nonce, "'")
	if len(nonce) < 20 || strings.Count(b, nonce) != 2 {
		t.Errorf("policy %q: its nonce must stand at the page's style and script", csp)
	}
}

func TestJSONAndMetrics(t *testing.T) {
	var s status.Snapshot
	if err := json.Unmarshal([]byte(body(t, get(t, "/status.json", "localhost:8090"))), &s); err != nil || s.Gateway != "street-01" {
		t.Errorf("status.json = %+v, %v", s, err)
	}
	if b := body(t, get(t, "/metrics", "127.0.0.1:8090")); !strings.Contains(b, "lamppost_devices 8") {
		t.Errorf("metrics = %q", b)
	}
}

// A page on the web must not read this one through the visitor's browser by
// pointing its own name at our address.
func TestForeignHostIsRefused(t *testing.T) {
	for host, want := range map[string]int{
		"evil.example.org": 421, "evil.example.org:8090": 421, "[::1]:8090": 200, "lp-0417.local": 200, "localhost": 200,
	} {
		if got := get(t, "/status.json", host).StatusCode; got != want {
			t.Errorf("Host %q gave %d, want %d", host, got, want)
		}
	}
}

// What stands below /camera/ is behind the same check of the host, and is told of.
func TestCamerasBesideThePage(t *testing.T) {
	cameras := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "camera at "+r.URL.Path) })
	h := status.Handler(func() status.Snapshot { return status.Snapshot{} }, prometheus.NewRegistry(), cameras)
	for host, want := range map[string]string{"192.168.1.7:8090": "camera at /camera/yard", "evil.example.org": "this page answers"} {
		r, w := httptest.NewRequest("GET", "/camera/yard", nil), httptest.NewRecorder()
		r.Host = host
		if h.ServeHTTP(w, r); !strings.HasPrefix(w.Body.String(), want) {
			t.Errorf("%s: %q, want %q", host, w.Body, want)
		}
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/status.json", nil)
	r.Host = "localhost"
	if h.ServeHTTP(w, r); !strings.Contains(w.Body.String(), `"camera_page":true`) {
		t.Errorf("the page is not told of it: %s", w.Body)
	}
	if b := body(t, get(t, "/status.json", "localhost")); strings.Contains(b, "camera_page") {
		t.Errorf("without cameras: %s", b)
	}
}

func TestServeStopsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	taken := make(chan net.Addr, 1)
	done := make(chan error, 1)
	go func() {
		done <- status.Serve(ctx, "127.0.0.1:0", http.NotFoundHandler(), func(a net.Addr) { taken <- a })
	}()
	addr := <-taken
	if err := status.Serve(ctx, addr.String(), http.NotFoundHandler(), func(net.Addr) {}); err == nil {
		t.Error("a second server took the same address")
	}
	stop()
	if err := <-done; err != nil {
		t.Errorf("Serve = %v after a stop, want nil", err)
	}
}

// What goes by the clock is said to wait for that, in both languages.
func TestPageSaysWhatWaitsForTheClock(t *testing.T) {
	b := body(t, get(t, "/", "localhost"))
	for _, want := range []string{`waitclock:"waits for the clock"`, `waitclock:"等待时钟"`, `(s.clock_waits||[]).includes(id)?t.waitclock:t.waitdev`} {
		if !strings.Contains(b, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
