package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/database/databasetest"
)

// pairPolicy makes deadlines as short as they can be: half of the time to acknowledge is
// over after thirty seconds, and then the first timer of each case fires.
const pairPolicy = `cases:
  limits: {acknowledge: {red: 1m, orange: 1m, yellow: 1m, blue: 1m}}
`

// pair is two aggregators on one PostgreSQL, one Mosquitto and one InfluxDB.
type pair struct {
	t      *testing.T
	pg     *databasetest.Server
	broker *mosquitto
	influx *influx
	desk   *receiver
	side   [2]*side
	cookie *http.Cookie
	csrf   string
}

// side is one of the two.
type side struct {
	cfg, dir string
	console  string
	process  *process
	kills    int
}

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{t: t, broker: startMosquitto(t), influx: startInflux(t), desk: newReceiver(t)}
	var err error
	p.pg, err = databasetest.Start()
	if errors.Is(err, databasetest.ErrNotInstalled) {
		part(t, "initdb") // says so, or skips
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.pg.Remove)
	for i := range p.side {
		p.side[i] = p.settings(i)
	}
	first := p.up(0)
	password := first.await("account admin ")
	first.await("console ")
	p.keys()
	p.up(1).await("console ")
	p.login(password)
	return p
}

// settings writes those of one side: the same for both, but for address and folder.
func (p *pair) settings(i int) *side {
	p.t.Helper()
	dir := p.t.TempDir()
	s := &side{dir: filepath.Join(dir, "data"), cfg: filepath.Join(dir, "cloud.yaml"), console: fmt.Sprintf("http://127.0.0.1:%d", port(p.t))}
	text := fmt.Sprintf("listen: %s\ndata: %s\nmqtt: {broker: \"mqtt://%s\", share: true}\n"+
		"store:\n  influx: {url: \"http://%s\", token: \"u:p\", org: \"\", bucket: \"city/raw\"}\n"+
		"database: {postgres: {url: %q}}\naccounts: {}\n%s"+
		"notify:\n  console: %s\n  allow: [127.0.0.1]\n  channels:\n    city: {webhook: {url: %q}, per_minute: 6000}\n  rules:\n    red: {severities: [red], channels: [city]}\n",
		strings.TrimPrefix(s.console, "http://"), s.dir, p.broker.addr, p.influx.addr, p.pg.URL, pairPolicy, p.consoleURL(), p.desk.URL)
	if err := os.WriteFile(s.cfg, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return s
}

// consoleURL is how people reach the consoles, through whatever stands before both.
func (p *pair) consoleURL() string { return "https://console.example.org" }

func (p *pair) up(i int) *process {
	p.t.Helper()
	s := p.side[i]
	s.process = start(p.t, filepath.Join(bin, "lamppost-cloud"), "serve", "--config", s.cfg)
	return s.process
}

// again starts a side that was killed, and waits until it is well.
func (p *pair) again(i int) {
	p.t.Helper()
	p.up(i).await("console ")
}

func (p *pair) kill(i int) {
	p.side[i].process.kill()
	p.side[i].kills++
}

// keys does what the documentation says: the second has the keys of the first.
func (p *pair) keys() {
	p.t.Helper()
	if err := os.MkdirAll(p.side[1].dir, 0o700); err != nil {
		p.t.Fatal(err)
	}
	for _, name := range []string{"command.key", "auth.key"} {
		b, err := os.ReadFile(filepath.Join(p.side[0].dir, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(p.side[1].dir, name), b, 0o600)
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
}

// login makes an account at the first with every role, and logs in at the second; the
// session is good at both.
func (p *pair) login(password string) {
	p.t.Helper()
	enter := func(i int, person, password string) {
		p.want(i, 200, "POST", "/auth/login", map[string]string{"person": person, "password": password}, nil)
		p.want(i, 200, "POST", "/auth/password", map[string]string{"old": password, "new": "tulip otter brass 94"}, nil)
	}
	enter(0, "admin", password)
	var grants []map[string]string
	for _, role := range []string{"operator", "dispatcher", "engineer", "admin"} {
		grants = append(grants, map[string]string{"role": role, "area": "*"})
	}
	var made struct{ Password string }
	p.want(0, 201, "POST", "/auth/accounts", map[string]any{"id": "wang", "name": "wang", "grants": grants}, &made)
	enter(1, "wang", made.Password)
}

// ask sends a request to one side.
func (p *pair) ask(i int, method, path string, body, into any) (int, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.side[i].console+"/api/v1"+path, bytes.NewReader(b))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-CSRF-Token", p.csrf)
	if p.cookie != nil {
		r.AddCookie(p.cookie)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	for _, c := range res.Cookies() {
		p.cookie = c
	}
	got, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	var me struct{ CSRF string }
	if _ = json.Unmarshal(got, &me); me.CSRF != "" {
		p.csrf = me.CSRF
	}
	if into == nil {
		return res.StatusCode, nil
	}
	if raw, ok := into.(*[]byte); ok {
		*raw = got
		return res.StatusCode, nil
	}
	return res.StatusCode, json.Unmarshal(got, into)
}

func (p *pair) want(i, status int, method, path string, body, into any) {
	p.t.Helper()
	var raw []byte
	got, err := p.ask(i, method, path, body, &raw)
	if err != nil || got != status {
		p.t.Fatalf("%s %s at %d = %d %v %s, want %d", method, path, i, got, err, raw, status)
	}
	if into != nil {
		if err := json.Unmarshal(raw, into); err != nil {
			p.t.Fatalf("%s %s at %d: %v in %s", method, path, i, err, raw)
		}
	}
}

// receiver is a webhook that notes what comes.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	times  map[string]int // by event
	repeat map[string]bool
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{times: map[string]int{}, repeat: map[string]bool{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		var e struct {
			ID     string
			Repeat bool
		}
		if err := json.NewDecoder(q.Body).Decode(&e); err != nil || e.ID == "" {
			http.Error(w, "no event", http.StatusBadRequest)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.times[e.ID]++
		r.repeat[e.ID] = r.repeat[e.ID] || e.Repeat
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(r.Close)
	return r
}

// stream follows the live events of one side; seen is called with each.
func (p *pair) stream(i int, seen func(event string, data []byte)) (stop func()) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.side[i].console+"/api/v1/stream", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	r.AddCookie(p.cookie)
	res, err := http.DefaultClient.Do(r)
	if err != nil || res.StatusCode != http.StatusOK {
		p.t.Fatalf("stream of %d: %v %v", i, res, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		event := ""
		for s := bufio.NewScanner(res.Body); s.Scan(); {
			if name, ok := strings.CutPrefix(s.Text(), "event: "); ok {
				event = name
			} else if data, ok := strings.CutPrefix(s.Text(), "data: "); ok {
				seen(event, []byte(data))
			}
		}
	}()
	return func() { _ = res.Body.Close(); <-done }
}

// within waits for something of both sides.
func (p *pair) both(what string, ok func(i int) bool) {
	p.t.Helper()
	for i := range p.side {
		eventually(p.t, soon, fmt.Sprintf("%s at %d", what, i), func() bool { return ok(i) })
	}
}

// milliseconds writes a share of some durations, which it sorts.
func milliseconds(d time.Duration) string { return fmt.Sprintf("%.0f ms", d.Seconds()*1000) }
