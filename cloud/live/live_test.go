package live_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/cloud/live"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// event is one event as a reader sees it; a comment has only Data.
type event struct{ ID, Name, Data string }

// tap is a ResponseWriter that cuts what is written into events.
type tap struct {
	header http.Header
	status int
	events chan event
	mu     sync.Mutex
	part   strings.Builder
}

func newTap() *tap { return &tap{header: http.Header{}, events: make(chan event, 4096)} }

func (t *tap) Header() http.Header  { return t.header }
func (t *tap) WriteHeader(code int) { t.status = code }
func (t *tap) Flush()               {}
func (t *tap) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part.Write(b)
	for {
		head, rest, ok := strings.Cut(t.part.String(), "\n\n")
		if !ok {
			return len(b), nil
		}
		t.part.Reset()
		t.part.WriteString(rest)
		t.events <- parse(head)
	}
}

func parse(block string) (e event) {
	for line := range strings.Lines(block) {
		k, v, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch k {
		case "id":
			e.ID = v
		case "event":
			e.Name = v
		default:
			e.Data = v
		}
	}
	return e
}

// read opens a stream in its own goroutine; stop ends it and waits.
func read(t *testing.T, h http.Handler, lastID string) (events <-chan event, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	w := newTap()
	done := make(chan struct{})
	go func() { h.ServeHTTP(w, req); close(done) }()
	hello := <-w.events
	if hello.Name != "hello" || !strings.HasPrefix(hello.Data, `{"now":`) {
		t.Fatalf("the stream begins with %+v, want hello", hello)
	}
	return w.events, func() { cancel(); <-done }
}

func publish(t *testing.T, h *live.Hub, n int) {
	t.Helper()
	if err := h.Publish("n", n); err != nil {
		t.Fatal(err)
	}
}

func TestOrder(t *testing.T) {
	h := live.New(live.Options{})
	a, stopA := read(t, h, "")
	b, stopB := read(t, h, "")
	defer stopA()
	defer stopB()
	for i := range 500 {
		publish(t, h, i)
	}
	for _, c := range []<-chan event{a, b} {
		for i := range 500 {
			if e := <-c; e.Data != fmt.Sprint(i) || e.Name != "n" {
				t.Fatalf("event %d is %+v", i, e)
			}
		}
	}
}

func TestResume(t *testing.T) {
	h := live.New(live.Options{Events: 4})
	c, stop := read(t, h, "")
	publish(t, h, 0)
	last := <-c
	stop()
	for i := 1; i <= 4; i++ {
		publish(t, h, i)
	}
	t.Run("within the ring", func(t *testing.T) {
		c, stop := read(t, h, last.ID)
		defer stop()
		for i := 1; i <= 4; i++ {
			if e := <-c; e.Data != fmt.Sprint(i) {
				t.Fatalf("got %+v, want event %d", e, i)
			}
		}
	})
	publish(t, h, 5) // pushes 1 out
	for name, id := range map[string]string{
		"fallen out of the ring": last.ID, "another run": "zzz-3", "nonsense": "-", "from the future": strings.Split(last.ID, "-")[0] + "-99",
	} {
		t.Run(name, func(t *testing.T) {
			c, stop := read(t, h, id)
			defer stop()
			if e := <-c; e.Name != "resync" || e.ID == "" {
				t.Fatalf("got %+v, want resync", e)
			}
			publish(t, h, 6)
			if e := <-c; e.Data != "6" {
				t.Errorf("after the resync came %+v, want 6", e)
			}
		})
	}
}

// A reader that cannot keep up is told to load anew; nobody waits for it.
func TestSlowReaderResyncs(t *testing.T) {
	h := live.New(live.Options{Events: 8})
	gate := &gated{tap: newTap(), open: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		h.ServeHTTP(gate, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
		close(done)
	}()
	for h.Stats().Readers == 0 {
		runtime.Gosched()
	}
	for i := range 100 {
		publish(t, h, i)
	}
	close(gate.open)
	var names []string
	for len(names) == 0 || names[len(names)-1] != "resync" {
		names = append(names, (<-gate.events).Name)
	}
	if h.Stats().Resyncs != 1 {
		t.Errorf("Resyncs = %d, want 1", h.Stats().Resyncs)
	}
	cancel()
	<-done
}

// gated holds its first write back until it is opened.
type gated struct {
	*tap
	open chan struct{}
}

func (g *gated) Write(b []byte) (int, error) { <-g.open; return g.tap.Write(b) }

func TestBytesAreBounded(t *testing.T) {
	h := live.New(live.Options{Bytes: 1000})
	c, stop := read(t, h, "")
	defer stop()
	if err := h.Publish("big", strings.Repeat("x", 5000)); err != nil {
		t.Fatal(err)
	}
	if e := <-c; e.Name != "big" || len(e.Data) != 5002 {
		t.Errorf("an event larger than the ring came as %s with %d bytes", e.Name, len(e.Data))
	}
}

func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(live.Options{Heartbeat: 15 * time.Second})
		c, stop := read(t, h, "")
		begin := time.Now()
		if e := <-c; e != (event{Data: "alive"}) {
			t.Errorf("got %+v, want a comment", e)
		}
		if d := time.Since(begin); d != 15*time.Second {
			t.Errorf("the first heartbeat came after %v, want 15s", d)
		}
		stop()
	})
}

// With nobody reading nothing is encoded, and who returns late must load anew.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(live.Options{Linger: time.Minute})
		c, stop := read(t, h, "")
		publish(t, h, 1)
		last := <-c
		stop()
		time.Sleep(time.Minute)
		if err := h.Publish("n", func() {}); err != nil {
			t.Errorf("Publish with no reader = %v: it should not even encode", err)
		}
		c, stop = read(t, h, last.ID)
		if e := <-c; e.Name != "resync" {
			t.Errorf("got %+v, want resync", e)
		}
		stop()
	})
}

func TestPublishRefusesWhatIsNotJSON(t *testing.T) {
	h := live.New(live.Options{})
	if err := h.Publish("n", func() {}); err == nil {
		t.Error("Publish took a function")
	}
}

func TestTooManyReaders(t *testing.T) {
	h := live.New(live.Options{Readers: 1})
	_, stop := read(t, h, "")
	defer stop()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("the second reader got %d %v", w.Code, w.Header())
	}
}

func TestCloseEndsStreams(t *testing.T) {
	h := live.New(live.Options{})
	srv := httptest.NewServer(h)
	defer srv.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/event-stream") {
		t.Errorf("content type %q", got)
	}
	h.Close()
	h.Close() // twice does nothing
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
	}
	if err := lines.Err(); err != nil {
		t.Errorf("the stream did not end in order: %v", err)
	}
	if err := h.Publish("n", 1); err != nil {
		t.Errorf("Publish after Close = %v", err)
	}
}

// BenchmarkFanOut sends one event of typical size to 200 readers per round and
// waits until each has it.
func BenchmarkFanOut(b *testing.B) {
	const readers = 200
	h := live.New(live.Options{})
	ctx, cancel := context.WithCancel(b.Context())
	got := make(chan struct{}, readers)
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			h.ServeHTTP(counter{got}, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
		})
	}
	for range readers {
		<-got // hello
	}
	doc := strings.Repeat("v", 3000) // ten values
	b.ReportAllocs()
	for b.Loop() {
		if err := h.Publish("values", doc); err != nil {
			b.Fatal(err)
		}
		for range readers {
			<-got
		}
	}
	b.ReportMetric(readers*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	cancel()
	wg.Wait()
}

type counter struct{ got chan struct{} }

func (counter) Header() http.Header           { return http.Header{} }
func (counter) WriteHeader(int)               {}
func (c counter) Write(b []byte) (int, error) { c.got <- struct{}{}; return len(b), nil }

// A reader with a cut gets what it leaves, with the ids that all others get; also after a
// break. What the cut does not know of, like a resync, comes all the same.
func TestCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := live.New(live.Options{Events: 4})
		less := func(_ string, doc any) any {
			if n := doc.(int); n%2 == 0 {
				return map[string]int{"half": n / 2}
			}
			return nil
		}
		cut := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.Serve(w, r, less) })
		all, stopAll := read(t, h, "")
		some, stop := read(t, cut, "")
		for n := 1; n <= 4; n++ {
			if err := h.Publish("n", n); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		var whole []event
		for range 4 {
			whole = append(whole, <-all)
		}
		if two, four := <-some, <-some; two != (event{whole[1].ID, "n", `{"half":1}`}) || four != (event{whole[3].ID, "n", `{"half":2}`}) || len(some) != 0 {
			t.Errorf("cut: %v %v, whole: %v", two, four, whole)
		}
		stop()
		again, stop := read(t, cut, whole[1].ID)
		if four := <-again; four.ID != whole[3].ID {
			t.Errorf("after a break: %v", four)
		}
		h.Resync()
		if e := <-again; e.Name != "resync" {
			t.Errorf("%v, want a resync", e)
		}
		stop()
		stopAll()
	})
}
