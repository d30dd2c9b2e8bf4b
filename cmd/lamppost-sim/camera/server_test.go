package camera

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type source struct {
	mu     sync.Mutex
	mishap scenario.Mishap
	step   time.Duration // from one look to the next; 0: time stands still
	looks  int
}

func (s *source) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks++
	return State{Level: 2.3114, Light: 31000, Haze: 37, At: afternoon.Add(time.Duration(s.looks) * s.step)}
}

func (s *source) Mishap() scenario.Mishap {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mishap
}

func (s *source) set(m scenario.Mishap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mishap = m
}

type ledger struct {
	mu    sync.Mutex
	lines []truth.Line
	added chan struct{}
}

func (l *ledger) Add(lines ...truth.Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, lines...)
	l.added <- struct{}{}
}

func (l *ledger) last(t *testing.T) truth.Line {
	t.Helper()
	select {
	case <-l.added:
	case <-time.After(10 * time.Second):
		t.Fatal("no truth line")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines[len(l.lines)-1]
}

func serve(t *testing.T) (*source, *ledger, *http.Client, string) {
	t.Helper()
	src, log := &source{}, &ledger{added: make(chan struct{}, 16)}
	srv := httptest.NewServer(&Camera{Device: "gauge", Scene: NewScene(), Source: src, Record: log})
	t.Cleanup(srv.Close)
	return src, log, srv.Client(), srv.URL
}

func TestStill(t *testing.T) {
	_, log, client, url := serve(t)
	resp, err := client.Get(url + Path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if ct, n := resp.Header.Get("Content-Type"), resp.ContentLength; ct != "image/jpeg" || n != int64(len(b)) || resp.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v for %d bytes", resp.Header, len(b))
	}
	if _, err := jpeg.Decode(bytes.NewReader(b)); err != nil {
		t.Error(err)
	}
	sum := sha256.Sum256(b)
	l := log.last(t)
	if l.Device != "gauge" || l.Via != truth.Still || l.V != 2.311 || !l.Good || l.SHA256 != hex.EncodeToString(sum[:]) || l.T == 0 {
		t.Errorf("truth %+v", l)
	}
}

func TestOnlyThePicture(t *testing.T) {
	_, log, client, url := serve(t)
	for _, c := range []struct {
		method, path string
		want         int
	}{{"GET", "/", 404}, {"GET", "/still.jpg/..", 404}, {"POST", Path, 405}, {"HEAD", Path, 200}} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, url+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, resp.StatusCode, c.want)
		}
	}
	if len(log.lines) != 0 {
		t.Errorf("truth %+v of pictures that were not sent", log.lines)
	}
}

func TestCameraFaults(t *testing.T) {
	src, log, client, url := serve(t)
	src.set(scenario.Mishap{Unplug: true})
	if resp, err := client.Get(url + Path); err == nil {
		resp.Body.Close()
		t.Errorf("an unplugged camera answers %d", resp.StatusCode)
	}
	src.set(scenario.Mishap{Silent: true})
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", url+Path, nil)
	if err != nil {
		t.Fatal(err)
	}
	failed := make(chan error)
	go func() {
		resp, err := client.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		failed <- err
	}()
	if l := log.last(t); l.Via != truth.Silence {
		t.Errorf("truth %+v, want the silence", l)
	}
	cancel()
	if err := <-failed; err == nil {
		t.Error("a silent camera answered")
	}
	src.set(scenario.Mishap{Delay: time.Millisecond})
	if b, err := fetch(t, client, url); err != nil || !log.last(t).Good {
		t.Errorf("a slow camera: %d bytes, %v, truth %+v", len(b), err, log.last(t))
	}
	src.set(scenario.Mishap{Flip: true})
	if b, err := fetch(t, client, url); err == nil || log.last(t).Via != truth.Silence {
		t.Errorf("a picture that is cut: %d bytes, %v, truth %+v", len(b), err, log.last(t))
	}
	src.set(scenario.Mishap{Garbage: true})
	if b, err := fetch(t, client, url); err != nil || !bytes.HasPrefix(b, []byte("<html>")) || log.last(t).Via != truth.Silence {
		t.Errorf("a page instead of a picture: %.40q, %v", b, err)
	}
}

// fetch returns what comes for a picture.
func fetch(t *testing.T, client *http.Client, url string) ([]byte, error) {
	t.Helper()
	resp, err := client.Get(url + Path)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}
