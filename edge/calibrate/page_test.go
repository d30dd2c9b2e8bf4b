package calibrate

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// gate is a gateway with one camera, a file and a door whose number is 12345678.
type gate struct {
	saved  []Order
	opened map[string]time.Duration
	guess  Guess
	wrong  error
}

func (g *gate) Camera(id string) (View, bool) {
	return View{Camera: id, Config: "abc", Values: []Value{}}, id == "gauge"
}

func (g *gate) Still(_ context.Context, id string) (Still, error) {
	if id != "gauge" {
		return Still{}, errors.New("no answer")
	}
	return Still{[]byte("\xff\xd8jpeg"), 1500 * time.Millisecond}, nil
}

func (g *gate) Kept(id string) []Kept {
	if id != "gauge" {
		return []Kept{}
	}
	return slices.Repeat([]Kept{{Image: "one", Alert: "high", Moment: "before", Unix: 5, Held: true}}, MaxKept+5)
}

func (g *gate) Picture(id, image string) ([]byte, bool) {
	return []byte("\xff\xd8kept"), id == "gauge" && image == "one"
}

func (g *gate) Sheet(context.Context, string) (Sheet, error) { return Sheet{all, "file-1"}, g.wrong }

func (g *gate) Save(_ context.Context, camera string, o Order) (Outcome, error) {
	g.saved = append(g.saved, o)
	return Outcome{Saved: true, Config: "def", Paste: o.Drawing.YAML(4, Drawing{})}, g.wrong
}

func (g *gate) Enter(number string) (Guess, error) {
	if number == "12345678" {
		g.opened["key"] = time.Minute
		return Guess{Key: "key"}, g.wrong
	}
	return g.guess, g.wrong
}

func (g *gate) Inside(key string) (string, time.Duration, bool) {
	left, ok := g.opened[key]
	return "token", left, ok
}
func (g *gate) Renew(key string) { g.opened[key] = time.Hour }
func (g *gate) Leave(key string) { delete(g.opened, key) }

func newGate() *gate { return &gate{opened: map[string]time.Duration{}} }

const host = "192.168.1.7:8090"

// ask sends a request as the page does, but for what change changes.
func (g *gate) ask(method, path, body string, change func(*http.Request)) *http.Response {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host = host
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", "http://"+host)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Lamppost-Token", "token")
	r.AddCookie(&http.Cookie{Name: cookie, Value: "key"})
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	Handler(g, g, g, slog.New(slog.DiscardHandler)).ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const order = `{"drawing":{"masks":[[[0,0],[0.5,0],[0.5,0.5]]],"zones":{},"staff":null},"was":"file-1","lang":"zh"}`

func TestPageIsOneSmallFile(t *testing.T) {
	r := newGate().ask("GET", "/camera/gauge", "", nil)
	b := text(t, r)
	if len(b) > 50_000 {
		t.Errorf("the page has %d bytes, the limit is 50 000", len(b))
	}
	for _, bad := range []string{"https://", `src="`, "{{nonce}}", "@import", "style=", "onclick=\"", "innerHTML"} {
		if strings.Contains(b, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	_, nonce, _ := strings.Cut(r.Header.Get("Content-Security-Policy"), "script-src 'nonce-")
	nonce, _, _ = strings.Cut(nonce, "'")
	if len(nonce) < 20 || strings.Count(b, nonce) != 2 {
		t.Errorf("its nonce %q must stand at the page's style and script", nonce)
	}
}

// Nothing is shown or done for who is not inside, and a change needs all that only the
// page itself can send.
func TestWhoMayWhat(t *testing.T) {
	header := func(key, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(key, value) }
	}
	for name, c := range map[string]struct {
		method, path string
		change       func(*http.Request)
		want         int
	}{
		"the sheet":                {"GET", "/camera/gauge/sheet", nil, 200},
		"what is seen":             {"GET", "/camera/gauge/seen", nil, 200},
		"a still":                  {"GET", "/camera/gauge/still", nil, 200},
		"a drawing":                {"POST", "/camera/gauge/drawing", nil, 200},
		"no cookie: sheet":         {"GET", "/camera/gauge/sheet", header("Cookie", ""), 401},
		"no cookie: seen":          {"GET", "/camera/gauge/seen", header("Cookie", ""), 401},
		"no cookie: still":         {"GET", "/camera/gauge/still", header("Cookie", ""), 401},
		"no cookie: drawing":       {"POST", "/camera/gauge/drawing", header("Cookie", ""), 401},
		"an old session":           {"POST", "/camera/gauge/drawing", header("Cookie", cookie+"=old"), 401},
		"no token":                 {"POST", "/camera/gauge/drawing", header("Lamppost-Token", ""), 403},
		"another token":            {"POST", "/camera/gauge/drawing", header("Lamppost-Token", "t"), 403},
		"no origin":                {"POST", "/camera/gauge/drawing", header("Origin", ""), 403},
		"a foreign origin":         {"POST", "/camera/gauge/drawing", header("Origin", "http://evil.example.org"), 403},
		"an opaque origin":         {"POST", "/camera/gauge/drawing", header("Origin", "null"), 403},
		"another port's origin":    {"POST", "/camera/gauge/drawing", header("Origin", "http://192.168.1.7:80"), 403},
		"another site says so":     {"POST", "/camera/gauge/drawing", header("Sec-Fetch-Site", "cross-site"), 403},
		"a form":                   {"POST", "/camera/gauge/drawing", header("Content-Type", "application/x-www-form-urlencoded"), 403},
		"a text":                   {"POST", "/camera/gauge/drawing", header("Content-Type", "text/plain"), 403},
		"a guess from elsewhere":   {"POST", "/camera/enter", header("Origin", "http://evil.example.org"), 403},
		"a drawing by GET":         {"GET", "/camera/gauge/drawing", nil, 405},
		"no such camera: drawing":  {"POST", "/camera/other/drawing", nil, 404},
		"no such camera: sheet":    {"GET", "/camera/other/sheet", nil, 404},
		"no such camera: seen":     {"GET", "/camera/other/seen", nil, 404},
		"a camera without picture": {"GET", "/camera/other/still", nil, 503},
	} {
		g := newGate()
		g.opened["key"] = time.Minute
		r := g.ask(c.method, c.path, order, c.change)
		if r.StatusCode != c.want {
			t.Errorf("%s: %d, want %d: %s", name, r.StatusCode, c.want, text(t, r))
		}
		if saved := c.method == "POST" && c.want == 200; saved != (len(g.saved) == 1) {
			t.Errorf("%s: %d drawings were saved", name, len(g.saved))
		}
		if r.StatusCode != 200 && strings.Contains(text(t, r), "jpeg") {
			t.Errorf("%s: it gave the picture away", name)
		}
	}
}

func TestEnterAndLeave(t *testing.T) {
	g := newGate()
	r := g.ask("POST", "/camera/enter", `{"pin":" 12345678 "}`, nil)
	if got := r.Header.Get("Set-Cookie"); r.StatusCode != 204 || got != cookie+"=key; Path=/camera/; HttpOnly; SameSite=Strict" {
		t.Errorf("%d, cookie %q", r.StatusCode, got)
	}
	if r := g.ask("GET", "/camera/gauge/sheet", "", nil); r.StatusCode != 200 || !strings.Contains(text(t, r), `"token":"token"`) {
		t.Errorf("inside: %d", r.StatusCode)
	}
	if r := g.ask("POST", "/camera/leave", "{}", nil); r.StatusCode != 204 || len(g.opened) != 0 {
		t.Errorf("leave: %d, %v is open", r.StatusCode, slices.Collect(maps.Keys(g.opened)))
	}
	for name, c := range map[string]struct {
		guess Guess
		wrong error
		body  string
		code  int
		want  string
	}{
		"wrong":    {Guess{Left: 3}, nil, `{"pin":"1"}`, 403, `{"left":3,"wait_ms":0,"why":"wrong"}`},
		"closed":   {Guess{Wait: time.Minute}, nil, `{"pin":"1"}`, 403, `{"left":0,"wait_ms":60000,"why":"wrong"}`},
		"busy":     {Guess{Busy: true}, nil, `{"pin":"1"}`, 429, `{"why":"busy"}`},
		"no PIN":   {Guess{}, errors.New("there is no PIN yet"), `{"pin":"1"}`, 503, `{"why":"none"}`},
		"no JSON":  {Guess{}, nil, `pin=1`, 400, "this is no PIN"},
		"too much": {Guess{}, nil, `{"pin":"` + strings.Repeat("1", maxNumber) + `"}`, 400, "this is no PIN"},
	} {
		g := newGate()
		g.guess, g.wrong = c.guess, c.wrong
		if r := g.ask("POST", "/camera/enter", c.body, nil); r.StatusCode != c.code || strings.TrimSpace(text(t, r)) != c.want || r.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %d, want %d %s", name, r.StatusCode, c.code, c.want)
		}
	}
}

func TestDraw(t *testing.T) {
	g := newGate()
	g.opened["key"] = time.Minute
	r := g.ask("POST", "/camera/gauge/drawing", order, nil)
	var out Outcome
	if err := json.Unmarshal([]byte(text(t, r)), &out); err != nil || !out.Saved || out.Config != "def" {
		t.Errorf("%+v, %v", out, err)
	}
	if len(g.saved) != 1 || g.saved[0].Was != "file-1" || g.saved[0].Lang != "zh" || len(g.saved[0].Drawing.Masks) != 1 {
		t.Errorf("saved %+v", g.saved)
	}
	if g.opened["key"] != time.Hour {
		t.Error("a change does not renew the session")
	}
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"no JSON":         {"{", 400},
		"on no sheet":     {strings.Replace(order, "file-1", "", 1), 400},
		"no number":       {strings.Replace(order, "0.5", `"a"`, 1), 400},
		"a long name":     {strings.Replace(order, `"zones":{}`, `"zones":{"`+strings.Repeat("a", maxName+1)+`":[]}`, 1), 400},
		"far outside":     {strings.Replace(order, "0.5", "1e9", 1), 400},
		"too much of all": {`{"was":"` + strings.Repeat("a", maxOrder) + `"}`, 413},
	} {
		if r := g.ask("POST", "/camera/gauge/drawing", c.body, nil); r.StatusCode != c.want {
			t.Errorf("%s: %d, want %d", name, r.StatusCode, c.want)
		}
	}
	if len(g.saved) != 1 {
		t.Errorf("%d drawings were saved, want the one", len(g.saved))
	}
	g.wrong = errors.New("the gateway ends")
	if r := g.ask("POST", "/camera/gauge/drawing", order, nil); r.StatusCode != 503 {
		t.Errorf("a book that cannot: %d, want 503", r.StatusCode)
	}
	if r := g.ask("GET", "/camera/gauge/sheet", "", nil); r.StatusCode != 409 || !strings.Contains(text(t, r), "the gateway ends") {
		t.Errorf("a file that cannot be read: %d", r.StatusCode)
	}
}

func TestStillSaysItsAge(t *testing.T) {
	g := newGate()
	g.opened["key"] = time.Minute
	r := g.ask("GET", "/camera/gauge/still", "", nil)
	if r.Header.Get("Lamppost-Age-Ms") != "1500" || r.Header.Get("Content-Type") != "image/jpeg" || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", r.Header)
	}
}

// FuzzOrder: what is taken from outside is within its bounds, and can be written as YAML
// that is read as meant or refused.
func FuzzOrder(f *testing.F) {
	f.Add([]byte(order))
	f.Add([]byte(`{"was":"a","drawing":{"zones":{"a: b":[[1e300,0,0,0]]},"staff":{"marks":null}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := decodeOrder(b)
		if err != nil {
			return
		}
		if err := o.Drawing.bounded(); err != nil || o.Was == "" {
			t.Fatalf("%+v was taken: %v", o, err)
		}
		out, err := Redraw("g.yaml", []byte("devices:\n  gauge:\n    driver: camera\n"), "gauge", o.Drawing)
		if err == nil && len(b) < 4096 && len(out) > 64<<10 {
			t.Errorf("%d bytes became %d", len(b), len(out))
		}
	})
}

// The pictures of alerts are for who has the PIN, a bounded number of them.
func TestKeptPictures(t *testing.T) {
	g := newGate()
	for _, path := range []string{"/camera/gauge/kept", "/camera/gauge/kept/one"} {
		if a := g.ask("GET", path, "", nil); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s without the PIN: %s", path, a.Status)
		}
	}
	g.opened["key"] = time.Minute
	var list []Kept
	a := g.ask("GET", "/camera/gauge/kept", "", nil)
	if err := json.NewDecoder(a.Body).Decode(&list); err != nil || len(list) != MaxKept || list[0] != (Kept{"one", "high", "before", 5, true}) {
		t.Errorf("%d pictures, %v", len(list), err)
	}
	a = g.ask("GET", "/camera/gauge/kept/one", "", nil)
	if b, err := io.ReadAll(a.Body); err != nil || string(b) != "\xff\xd8kept" || a.Header.Get("Content-Type") != "image/jpeg" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%q, %v, %v", b, err, a.Header)
	}
	for _, path := range []string{"/camera/gauge/kept/two", "/camera/none/kept/one"} {
		if a := g.ask("GET", path, "", nil); a.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
}
