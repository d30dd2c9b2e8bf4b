package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/edge/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// panel is a target whose answers a test says.
type panel struct {
	mu     sync.Mutex
	got    []string // id/rev at time since the start
	answer func(n int) error
	start  time.Time
	closed bool
}

func (p *panel) Send(ctx context.Context, _ string, document []byte) error {
	var doc struct {
		Gateway string
		wire.Alert
	}
	if err := json.Unmarshal(document, &doc); err != nil || doc.Gateway != "hz-07" {
		panic(fmt.Sprint(err, doc.Gateway))
	}
	p.mu.Lock()
	n := len(p.got)
	p.got = append(p.got, fmt.Sprintf("%s/%d %v", doc.ID, doc.Rev, time.Since(p.start)))
	p.mu.Unlock()
	if p.answer == nil {
		return nil
	}
	err := p.answer(n)
	if errors.Is(err, context.DeadlineExceeded) {
		<-ctx.Done()
		return ctx.Err()
	}
	return err
}

func (p *panel) Close() { p.closed = true }

// counts is what became of messages, by target and result.
type counts struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *counts) of(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[what]
}

func (c *counts) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint(c.n)
}

// office runs one in a bubble with these targets.
func office(t *testing.T, panels map[string]*panel) (o *Office, results *counts, stop func()) {
	t.Helper()
	results = &counts{n: map[string]int{}}
	var targets []Target
	for id, p := range panels {
		p.start = time.Now()
		targets = append(targets, Target{ID: id, Timeout: 5 * time.Second, Sender: p})
	}
	o = New("hz-07", targets, func(target, result string) {
		results.mu.Lock()
		defer results.mu.Unlock()
		results.n[target+" "+result]++
	}, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); o.Run(ctx) }()
	return o, results, func() { cancel(); <-done }
}

func alert(id string, rev int) wire.Alert { return wire.Alert{V: 1, ID: id, Rev: rev} }

// What fails is tried again with growing pauses; meanwhile a newer revision takes the
// place of the one that waits, and what another alert says waits its turn.
func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &panel{answer: func(n int) error {
			if n < 4 {
				return errors.New("it answers 503")
			}
			return nil
		}}
		o, results, stop := office(t, map[string]*panel{"panel": p})
		o.Tell([]string{"panel", "nobody"}, alert("a", 1))
		time.Sleep(2 * time.Second) // in a bubble
		o.Tell([]string{"panel"}, alert("b", 1))
		o.Tell([]string{"panel"}, alert("a", 3))
		o.Tell([]string{"panel"}, alert("a", 2)) // out of order
		time.Sleep(time.Minute)
		stop()
		want := []string{"a/1 0s", "a/1 1s", "a/3 3s", "a/3 7s", "a/3 15s", "b/1 15s"}
		if !reflect.DeepEqual(p.got, want) || results.of("panel sent") != 2 || !p.closed {
			t.Errorf("told %q, want %q; %v", p.got, want, results)
		}
	})
}

// One that hangs holds up no other; one that refuses is not asked again; one that is
// silent for an hour is given up, and the next alert has its turn.
func TestOneBadTargetStaysOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hung := &panel{answer: func(int) error { return context.DeadlineExceeded }}
		strict := &panel{answer: func(n int) error { return fmt.Errorf("%w: 404", ErrRefused) }}
		good := &panel{}
		o, results, stop := office(t, map[string]*panel{"hung": hung, "strict": strict, "good": good})
		for _, id := range []string{"a", "b"} {
			o.Tell([]string{"hung", "strict", "good"}, alert(id, 1))
		}
		synctest.Wait()
		if len(good.got) != 2 || len(strict.got) != 2 || results.of("strict refused") != 2 || results.of("good sent") != 2 {
			t.Errorf("good %q, strict %q, %v", good.got, strict.got, results)
		}
		time.Sleep(70 * time.Minute)
		stop()
		if results.of("hung given-up") != 2 || len(hung.got) > 80 {
			t.Errorf("%d attempts, %v", len(hung.got), results)
		}
	})
}

// The queue is bounded; what gives way is counted. It outlives a new configuration.
func TestBoundedAndAdopted(t *testing.T) {
	var dropped int
	count := func(_, result string) {
		if result == "dropped" {
			dropped++
		}
	}
	p := &panel{}
	old := New("hz-07", []Target{{ID: "panel", Sender: p}}, count, slog.New(slog.DiscardHandler))
	for n := range maxWaiting + 5 {
		old.Tell([]string{"panel"}, alert(fmt.Sprint(n), 1))
	}
	if dropped != 5 {
		t.Errorf("%d dropped, want 5", dropped)
	}
	synctest.Test(t, func(t *testing.T) {
		q := &panel{}
		o, results, stop := office(t, map[string]*panel{"panel": q})
		o.Adopt(old)
		synctest.Wait()
		stop()
		if len(q.got) != maxWaiting || !strings.HasPrefix(q.got[0], "5/1") || results.of("panel sent") != maxWaiting {
			t.Errorf("told %d, the first %q", len(q.got), q.got[0])
		}
	})
}

// A real HTTP server takes the document with its signature; a redirection is not
// followed, and each status means what it should.
func TestWebhook(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("correct horse\nbattery"), 0o600); err != nil {
		t.Fatal(err)
	}
	status := 204
	var body, signature string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
			t.Error(r.Method, err)
		}
		body, signature = string(b), r.Header.Get("Lamppost-Signature")
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	defer s.Close()
	w := &Webhook{URL: s.URL + "/alarm", SecretFile: secret}
	for code, want := range map[int]string{200: "", 204: "", 503: "again", 500: "again", 429: "again", 408: "again", 302: "refused", 404: "refused", 401: "refused"} {
		status = code
		err := w.Send(t.Context(), "a", []byte(`{"v":1}`))
		got := ""
		switch {
		case errors.Is(err, ErrRefused):
			got = "refused"
		case err != nil:
			got = "again"
		}
		if got != want || body != `{"v":1}` {
			t.Errorf("%d: %v (%s), want %s; body %s", code, err, got, want, body)
		}
	}
	// The value is openssl's: printf '{"v":1}' | openssl dgst -sha256 -hmac "correct horse"
	if want := Signature("correct horse", []byte(`{"v":1}`)); signature != want || !strings.HasPrefix(want, "sha256=") {
		t.Errorf("signature %s, want %s", signature, want)
	}
	w.SecretFile = secret + ".gone"
	if err := w.Send(t.Context(), "a", nil); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("without its secret: %v", err)
	}
	s.Close()
	w.SecretFile = ""
	if err := w.Send(t.Context(), "a", nil); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("nobody there: %v", err)
	}
}

// RFC 4231, test case 2.
func TestSignature(t *testing.T) {
	if got, want := Signature("Jefe", []byte("what do ya want for nothing?")), "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A real broker has the document; one that comes back is told again.
func TestMQTT(t *testing.T) {
	exe, err := exec.LookPath("mosquitto")
	if err != nil {
		if exe, err = exec.LookPath("/usr/sbin/mosquitto"); err != nil {
			t.Skip("there is no mosquitto")
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	start := func() (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		cmd := exec.CommandContext(ctx, exe, "-p", port)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return func() { cancel(); _ = cmd.Wait() }
	}
	m := &MQTT{Broker: "mqtt://127.0.0.1:" + port, Topic: "site/alerts", ClientID: "lamppost-test"}
	defer m.Close()
	send := func(text string) error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		return m.Send(ctx, "a", []byte(text))
	}
	if err := send("nobody"); err == nil {
		t.Error("taken by nobody")
	}
	for _, text := range []string{"one", "two"} { // the second time it is another broker
		stop := start()
		got := make(chan string, 4)
		c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://127.0.0.1:" + port).SetClientID("panel").SetConnectRetry(true).SetConnectRetryInterval(20 * time.Millisecond))
		if !c.Connect().WaitTimeout(10*time.Second) || !c.Subscribe("site/#", 1, func(_ mqtt.Client, m mqtt.Message) { got <- m.Topic() + " " + string(m.Payload()) }).WaitTimeout(10*time.Second) {
			t.Fatal("no connection to mosquitto")
		}
		if err := send(text); err != nil {
			// A connection that died with the broker is noticed by the first that uses it.
			err = send(text)
			if err != nil {
				t.Fatal(err)
			}
		}
		if said := <-got; said != "site/alerts "+text {
			t.Errorf("published %q", said)
		}
		c.Disconnect(50)
		stop()
	}
}

// While a target cannot be told it is in trouble, from the first failure on; what it takes
// ends that, what it refuses does not.
func TestTroubles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var says error
		var mu sync.Mutex
		say := func(err error) { mu.Lock(); says = err; mu.Unlock() }
		p := &panel{start: time.Now(), answer: func(int) error { mu.Lock(); defer mu.Unlock(); return says }}
		o := New("hz-07", []Target{{ID: "panel", Timeout: time.Second, Sender: p}}, func(string, string) {}, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go o.Run(ctx)
		at := func(d time.Duration) []Trouble {
			time.Sleep(d)
			synctest.Wait()
			return o.Troubles()
		}
		begin := time.Now()
		say(errors.New("connection refused"))
		o.Tell([]string{"panel"}, wire.Alert{ID: "a", Rev: 1})
		for _, after := range []time.Duration{time.Second, time.Minute} {
			if got := at(after); len(got) != 1 || got[0] != (Trouble{Target: "panel", Error: "connection refused", Since: begin, Waiting: 1}) {
				t.Errorf("after %v: %+v", after, got)
			}
		}
		say(nil)
		if got := at(2 * time.Minute); len(got) != 0 {
			t.Errorf("told, and in trouble: %+v", got)
		}
		say(fmt.Errorf("%w: 401", ErrRefused))
		o.Tell([]string{"panel"}, wire.Alert{ID: "b", Rev: 1})
		if got := at(time.Second); len(got) != 1 || !got[0].Refused || got[0].Waiting != 0 {
			t.Errorf("refused: %+v", got)
		}
	})
}
