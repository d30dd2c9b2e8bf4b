package gateway_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lamppost-city/lamppost/edge/calibrate"
	"github.com/lamppost-city/lamppost/edge/config"
	"github.com/lamppost-city/lamppost/edge/gateway"
	"github.com/lamppost-city/lamppost/edge/status"
)

// shelf is a configuration file that nobody writes.
type shelf struct{}

func (shelf) Sheet(context.Context, string) (calibrate.Sheet, error) {
	return calibrate.Sheet{Was: "1"}, nil
}
func (shelf) Save(context.Context, string, calibrate.Order) (calibrate.Outcome, error) {
	return calibrate.Outcome{}, nil
}

// eyes serves pictures, none twice, and counts how often it is asked; broken makes it serve none.
func eyes(t *testing.T) (url string, asked *atomic.Int64, broken *atomic.Bool) {
	asked, broken = new(atomic.Int64), new(atomic.Bool)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := int(asked.Add(1))
		if broken.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		m := image.NewGray(image.Rect(0, 0, 160, 120))
		for i := range m.Pix {
			m.Pix[i] = byte(i * (n + 7) % 251)
		}
		_ = jpeg.Encode(w, m, nil) // the gateway has gone
	}))
	t.Cleanup(srv.Close)
	return srv.URL, asked, broken
}

// run starts a gateway with a camera, and returns what it said and the log it writes.
func (p *post) run(cfg *config.Config, reload chan *config.Config) (said gateway.Started, log *bytes.Buffer) {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	log = &bytes.Buffer{}
	ready, done := make(chan gateway.Started, 1), make(chan error, 1)
	go func() {
		done <- gateway.Run(ctx, gateway.Options{Config: cfg, Catalog: p.metrics, Version: "test", Book: shelf{}, Reload: reload,
			Log: slog.New(slog.NewTextHandler(log, nil)), Ready: func(s gateway.Started) { ready <- s }})
	}()
	select {
	case said = <-ready:
		p.page = said.Status.String()
	case err := <-done:
		p.t.Fatalf("Run = %v", err)
	}
	p.stop = func() {
		cancel()
		if err := <-done; err != nil {
			p.t.Errorf("Run = %v after a stop", err)
		}
		http.DefaultClient.CloseIdleConnections()
	}
	return said, log
}

func (p *post) cameraConfig(devices string) *config.Config {
	p.t.Helper()
	cfg, err := config.Load("post.yaml", []byte(fmt.Sprintf("gateway: {id: post-1, language: en}\njournal: {dir: %s, commit: 100ms}\nstatus: {listen: \"127.0.0.1:0\"}\n%s",
		filepath.Join(p.dir, "journal"), devices)), p.env)
	if err != nil {
		p.t.Fatal(err)
	}
	return cfg
}

// visit asks the page for something, with the session's cookie once there is one.
func (p *post) visit(method, path, body string, key *http.Cookie) (*http.Response, string) {
	p.t.Helper()
	r, err := http.NewRequest(method, "http://"+p.page+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", "http://"+p.page)
	if key != nil {
		r.AddCookie(key)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return a, string(b)
}

var eightDigits = regexp.MustCompile(`^\d{8}$`)

// The number is told at the first start and never again; with it the page shows what the
// camera gives, and has a picture taken at most every two seconds.
func TestCameraPage(t *testing.T) {
	p := newPost(t)
	url, tried, broken := eyes(t)
	cfg := p.cameraConfig(fmt.Sprintf("devices: {yard: {driver: camera, url: %q, every: 1h}}\n", url))
	said, log := p.run(cfg, nil)
	if !eightDigits.MatchString(said.PIN) {
		t.Errorf("the PIN is %q", said.PIN)
	}
	if _, b := p.visit("GET", "/status.json", "", nil); !strings.Contains(b, `"camera_page":true`) {
		t.Errorf("the status page names no camera page: %s", b)
	}
	if a, _ := p.visit("GET", "/camera/yard/still", "", nil); a.StatusCode != 401 {
		t.Errorf("a still without a PIN: %d", a.StatusCode)
	}
	a, _ := p.visit("POST", "/camera/enter", `{"pin":"`+said.PIN+`"}`, nil)
	if len(a.Cookies()) != 1 {
		t.Fatalf("the PIN opens nothing: %d", a.StatusCode)
	}
	key := a.Cookies()[0]
	if a, b := p.visit("GET", "/camera/yard/still", "", key); a.StatusCode != 200 || !strings.HasPrefix(b, "\xff\xd8") {
		t.Errorf("a still: %d", a.StatusCode)
	}
	first := tried.Load()
	for range 20 {
		p.visit("GET", "/camera/yard/still", "", key)
	}
	if n := tried.Load() - first; n > 1 {
		t.Errorf("twenty pages at once had %d pictures taken", n)
	}
	var v calibrate.View
	if _, b := p.visit("GET", "/camera/yard/seen", "", key); json.Unmarshal([]byte(b), &v) != nil || v.Config != cfg.Hash || len(v.Values) != 2 || v.Values[0].V == nil {
		t.Errorf("it sees %s", b)
	}
	broken.Store(true)
	p.until("a picture to be refused", func(status.Snapshot) bool {
		a, b := p.visit("GET", "/camera/yard/still", "", key)
		return a.StatusCode == 503 && strings.Contains(b, "503")
	})
	first = tried.Load()
	for range 20 {
		p.visit("GET", "/camera/yard/still", "", key)
	}
	if n := tried.Load() - first; n > 1 {
		t.Errorf("twenty pages at once asked a broken camera %d times", n)
	}
	if _, b := p.visit("GET", "/camera/yard/seen", "", key); !strings.Contains(b, `"fault":"device"`) {
		t.Errorf("the camera's fault is not told: %s", b)
	}
	if a, _ := p.visit("GET", "/camera/gate/seen", "", key); a.StatusCode != 404 {
		t.Errorf("another camera: %d", a.StatusCode)
	}
	p.stop()
	if strings.Contains(log.String(), said.PIN) {
		t.Errorf("the PIN is in the log: %s", log)
	}
	if said, _ := p.run(cfg, nil); said.PIN != "" {
		t.Error("the second start makes another PIN")
	}
	p.stop()
}

// A gateway without a camera makes no number; one that gets a camera by a reload tells it in
// its log, since nobody sees what it prints.
func TestPINComesWithTheFirstCamera(t *testing.T) {
	p := newPost(t)
	url, _, _ := eyes(t)
	reload := make(chan *config.Config)
	said, log := p.run(p.cameraConfig(""), reload)
	if said.PIN != "" {
		t.Errorf("a PIN without a camera: %q", said.PIN)
	}
	cfg := p.cameraConfig(fmt.Sprintf("devices: {yard: {driver: camera, url: %q}}\n", url))
	reload <- cfg
	reload <- cfg // taken only when the one before runs
	p.stop()
	if n := strings.Count(log.String(), " pin="); n != 1 {
		t.Errorf("the log tells %d PINs, want one:\n%s", n, log)
	}
}
