package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/cloud/audit"
	"github.com/lamppost-city/lamppost/cloud/auth"
	"github.com/lamppost-city/lamppost/cloud/auth/password"
	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/auth/totp"
	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/view"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// door is a server on a real database, behind its guard, with a page and an API behind it.
type door struct {
	t      *testing.T
	db     *database.DB
	server *Server
	book   *auth.Book
	first  *auth.First
	now    time.Time
	log    bytes.Buffer
	h      http.Handler
	// refused are the requests of somebody known that were not let in.
	refused []string
}

const good = "tulip otter brass 94"

func open(t *testing.T, with ...func(*Options)) *door {
	t.Helper()
	db, err := database.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"),
		database.Schema{Name: "audit", Steps: audit.Schema()}, database.Schema{Name: "auth", Steps: auth.Schema()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	lines, err := audit.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	h, err := password.NewHasher(password.Params{Memory: 64, Time: 1, Threads: 1}, 2, 100)
	if err != nil {
		t.Fatal(err)
	}
	d := &door{t: t, db: db, now: time.Date(2026, 6, 18, 3, 0, 0, 0, time.UTC)}
	d.book, d.first, err = auth.Open(t.Context(), auth.Options{DB: db, Audit: lines.Append, Key: make([]byte, 32), Hasher: h, Now: func() time.Time { return d.now }})
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Book: d.book, Lines: lines.List, Verify: func(ctx context.Context) (view.AuditVerdict, error) { return lines.Verify(ctx) },
		Log: slog.New(slog.NewTextHandler(&d.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	for _, w := range with {
		w(&o)
	}
	d.server = New(o)
	behind := http.NewServeMux()
	behind.Handle(prefix+"/", d.server)
	behind.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if p := auth.From(r.Context()); p != nil {
			fmt.Fprint(w, "for "+p.Person)
			return
		}
		fmt.Fprint(w, "for nobody")
	})
	d.h = d.server.Guard(behind, func(r *http.Request) {
		d.refused = append(d.refused, auth.From(r.Context()).Person+" "+r.Method+" "+r.URL.Path)
	})
	return d
}

// browser keeps a cookie and a CSRF token, as a page does.
type browser struct {
	*door
	cookie, csrf string
	tls          bool
	from         string
}

func (d *door) browser() *browser { return &browser{door: d, from: "10.0.0.7:5000"} }

// send sends a request as the console's page would, changed by with.
func (b *browser) send(method, path, body string, with ...func(*http.Request)) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, "http://hub.example"+path, strings.NewReader(body))
	r.RemoteAddr = b.from
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("User-Agent", "Firefox")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	name := plainCookie
	if b.tls {
		r.TLS, name = &tls.ConnectionState{}, secureCookie
	}
	if b.cookie != "" {
		r.AddCookie(&http.Cookie{Name: name, Value: b.cookie})
	}
	if b.csrf != "" {
		r.Header.Set(csrfHeader, b.csrf)
	}
	for _, w := range with {
		w(r)
	}
	w := httptest.NewRecorder()
	b.h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.Name == name {
			b.cookie = c.Value
		}
	}
	var m struct {
		CSRF string
		Me   struct{ CSRF string }
	}
	if json.Unmarshal(w.Body.Bytes(), &m) == nil && m.CSRF+m.Me.CSRF != "" {
		b.csrf = m.CSRF + m.Me.CSRF
	}
	return w
}

// want sends a request and reads its answer, which must have this status.
func (b *browser) want(status int, method, path, body string, with ...func(*http.Request)) (doc map[string]any) {
	b.t.Helper()
	w := b.send(method, path, body, with...)
	if w.Code != status {
		b.t.Fatalf("%s %s = %d %s, want %d", method, path, w.Code, w.Body, status)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		b.t.Fatalf("%s %s = %s: %v", method, path, w.Body, err)
	}
	return doc
}

func problemID(w *httptest.ResponseRecorder) string {
	var doc struct{ Error struct{ ID string } }
	_ = json.Unmarshal(w.Body.Bytes(), &doc) // what is no problem has no id
	return doc.Error.ID
}

func login(person, password string) string {
	b, err := json.Marshal(map[string]string{"person": person, "password": password})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// admin is a browser of the first account, whose password is changed.
func (d *door) admin() *browser {
	d.t.Helper()
	b := d.browser()
	b.want(200, "POST", prefix+"/login", login("admin", d.first.Password))
	b.want(200, "POST", prefix+"/password", fmt.Sprintf(`{"old":%q,"new":%q}`, d.first.Password, good))
	return b
}

// person is a browser of a new account.
func (d *door) person(admin *browser, id, grants string) *browser {
	d.t.Helper()
	made := admin.want(201, "POST", prefix+"/accounts", fmt.Sprintf(`{"id":%q,"name":"某","grants":%s}`, id, grants))
	b := d.browser()
	b.want(200, "POST", prefix+"/login", login(id, made["password"].(string)))
	b.want(200, "POST", prefix+"/password", fmt.Sprintf(`{"old":%q,"new":%q}`, made["password"], good))
	return b
}

func TestWhoComesIn(t *testing.T) {
	d := open(t)
	admin := d.admin()
	for _, c := range []struct {
		method, path string
		nobody       int
	}{
		{"GET", "/", 200}, {"GET", "/assets/index.js", 200}, {"HEAD", "/", 200}, {"GET", "/healthz", 200}, {"GET", prefix + "/openapi.json", 200}, {"GET", prefix + "/login", 200},
		{"GET", "/api/v1/alerts", 401}, {"GET", "/metrics", 401}, {"GET", "/api", 401}, {"GET", "/api/", 401}, {"GET", "/%61pi/v1/alerts", 401}, {"GET", "/api%2fv1/alerts", 401},
		{"POST", "/", 401}, {"DELETE", "/healthz", 401}, {"POST", "/api/v1/alerts/a/acknowledge", 401}, {"GET", prefix + "/me", 401}, {"GET", prefix + "/accounts", 401}, {"GET", prefix + "/nothing", 401},
	} {
		nobody := d.browser()
		if w := nobody.send(c.method, c.path, ""); w.Code != c.nobody || c.path == "/healthz" && c.nobody == 200 && w.Body.String() != "for nobody" || c.nobody == 401 && (problemID(w) != "E7204" || w.Header().Get("WWW-Authenticate") == "") {
			t.Errorf("nobody: %s %s = %d %s, want %d", c.method, c.path, w.Code, w.Body, c.nobody)
		}
		if c.path == prefix+"/nothing" {
			continue
		}
		if w := admin.send(c.method, c.path, ""); w.Code != 200 {
			t.Errorf("admin: %s %s = %d %s", c.method, c.path, w.Code, w.Body)
		}
	}
	if w := admin.send("GET", "/api/v1/alerts", ""); w.Body.String() != "for admin" {
		t.Errorf("what stands behind the guard sees %q", w.Body)
	}
}

// While the database is away, what needs no account is there for who has a cookie, too; the
// rest is not, and no cookie is taken back.
func TestFreeThingsNeedNoDatabase(t *testing.T) {
	d := open(t)
	b := d.browser()
	b.want(200, "POST", "/api/v1/auth/login", login("admin", d.first.Password))
	cookie := b.cookie
	if err := d.db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/healthz", "/assets/index.js", "/"} {
		if w := b.send("GET", path, ""); w.Code != 200 || w.Body.String() != "for nobody" {
			t.Errorf("GET %s = %d %s", path, w.Code, w.Body)
		}
	}
	if w := b.send("GET", "/api/v1/me", ""); w.Code != 500 {
		t.Errorf("GET /api/v1/me = %d %s", w.Code, w.Body)
	}
	if b.cookie != cookie {
		t.Error("the cookie was taken back")
	}
}

func TestCookieFlags(t *testing.T) {
	d := open(t, func(o *Options) { o.Proxies = []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16")} })
	proxied := func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") }
	for _, c := range []struct {
		name   string
		b      *browser
		with   func(*http.Request)
		secure bool
	}{
		{"plain", d.browser(), func(*http.Request) {}, false},
		{"TLS", &browser{door: d, from: "10.0.0.7:5000", tls: true}, func(*http.Request) {}, true},
		{"TLS at a proxy that is named", &browser{door: d, from: "10.9.0.1:5000"}, proxied, true},
		{"TLS, as somebody claims who is no proxy", &browser{door: d, from: "10.8.0.1:5000"}, proxied, false},
	} {
		w := c.b.send("POST", prefix+"/login", login("admin", d.first.Password), c.with)
		cookies := w.Result().Cookies()
		if len(cookies) != 1 {
			t.Fatalf("%s: %d %s, cookies %v", c.name, w.Code, w.Body, cookies)
		}
		k := cookies[0]
		name := plainCookie
		if c.secure {
			name = "__Host-lamppost"
		}
		if k.Name != name || k.Secure != c.secure || !k.HttpOnly || k.SameSite != http.SameSiteStrictMode || k.Path != "/" || k.Domain != "" || len(k.Value) != 52 {
			t.Errorf("%s: cookie %s", c.name, w.Header().Get("Set-Cookie"))
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: a cache may keep the answer", c.name)
		}
	}
}

func TestSecureOnly(t *testing.T) {
	d := open(t, func(o *Options) {
		o.SecureOnly, o.Proxies = true, []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16"), netip.MustParsePrefix("127.0.0.2/32")}
	})
	forwarded := func(r *http.Request) { r.Header.Set("X-Forwarded-For", "203.0.113.9") }
	https := func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") }
	for _, c := range []struct {
		name string
		b    *browser
		with func(*http.Request)
		want int
	}{
		{"plain from elsewhere", &browser{door: d, from: "10.0.0.7:1"}, func(*http.Request) {}, 403},
		{"plain from elsewhere, with a claim", &browser{door: d, from: "10.0.0.7:1"}, https, 403},
		{"plain at the proxy", &browser{door: d, from: "10.9.0.7:1"}, func(*http.Request) {}, 403},
		{"TLS at the proxy", &browser{door: d, from: "10.9.0.7:1"}, https, 200},
		{"TLS", &browser{door: d, from: "10.0.0.7:1", tls: true}, func(*http.Request) {}, 200},
		{"this machine", &browser{door: d, from: "127.0.0.1:1"}, func(*http.Request) {}, 200},
		{"plain from elsewhere by a proxy on this machine", &browser{door: d, from: "127.0.0.2:1"}, forwarded, 403},
		{"TLS from elsewhere by it", &browser{door: d, from: "127.0.0.2:1"}, func(r *http.Request) { forwarded(r); https(r) }, 200},
		{"this machine, IPv6", &browser{door: d, from: "[::1]:1"}, func(*http.Request) {}, 200},
	} {
		if w := c.b.send("GET", "/", "", c.with); w.Code != c.want {
			t.Errorf("%s = %d %s, want %d", c.name, w.Code, w.Body, c.want)
		}
	}
}

// A neighbour's cookie beside the right one, or one of the other name, lets nobody in.
func TestForeignCookies(t *testing.T) {
	d := open(t)
	b := d.admin()
	for name, with := range map[string]func(*http.Request){
		"two of one name": func(r *http.Request) { r.AddCookie(&http.Cookie{Name: plainCookie, Value: "x"}) },
		"the plain name over TLS": func(r *http.Request) {
			r.TLS = &tls.ConnectionState{}
		},
	} {
		if w := b.send("GET", prefix+"/me", "", with); w.Code != 401 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	b.want(200, "GET", prefix+"/me", "")
}

func TestSessionFixation(t *testing.T) {
	d := open(t)
	b := d.browser()
	b.cookie = strings.Repeat("a", 52) // what an attacker had set
	b.want(200, "POST", prefix+"/login", login("admin", d.first.Password))
	first := b.cookie
	if first == strings.Repeat("a", 52) {
		t.Fatal("a value chosen by somebody else became the session")
	}
	b.want(200, "POST", prefix+"/login", login("admin", d.first.Password))
	second := b.cookie
	b.want(200, "POST", prefix+"/password", fmt.Sprintf(`{"old":%q,"new":%q}`, d.first.Password, good))
	for _, old := range []string{first, second} {
		other := d.browser()
		other.cookie = old
		if w := other.send("GET", prefix+"/me", ""); old == b.cookie || w.Code != 401 || w.Result().Cookies()[0].MaxAge >= 0 {
			t.Errorf("an old value still lets in: %d; Set-Cookie %q", w.Code, w.Header().Get("Set-Cookie"))
		}
	}
	last := b.cookie
	b.want(200, "POST", prefix+"/logout", "")
	b.cookie = last
	if w := b.send("GET", prefix+"/me", ""); w.Code != 401 {
		t.Errorf("after the logout: %d", w.Code)
	}
}

func TestCSRF(t *testing.T) {
	d := open(t)
	b := d.admin()
	id := func(with ...func(*http.Request)) string {
		return problemID(b.send("POST", "/api/v1/alerts/a/acknowledge", "{}", with...))
	}
	set := func(k, v string) func(*http.Request) { return func(r *http.Request) { r.Header.Set(k, v) } }
	for _, c := range []struct {
		name string
		with []func(*http.Request)
		want string
	}{
		{"as the page does", nil, ""},
		{"without the token", []func(*http.Request){set(csrfHeader, "")}, "E7207"},
		{"with another session's token", []func(*http.Request){set(csrfHeader, strings.Repeat("0", 64))}, "E7207"},
		{"from another site", []func(*http.Request){set("Sec-Fetch-Site", "cross-site")}, "E7105"},
		{"from a neighbour", []func(*http.Request){set("Sec-Fetch-Site", "same-site")}, "E7105"},
		{"from another origin, by an old browser", []func(*http.Request){set("Sec-Fetch-Site", ""), set("Origin", "http://evil.example")}, "E7105"},
		{"from its own origin, by an old browser", []func(*http.Request){set("Sec-Fetch-Site", ""), set("Origin", "http://hub.example")}, ""},
	} {
		if got := id(c.with...); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if want := slices.Repeat([]string{"admin POST /api/v1/alerts/a/acknowledge"}, 5); !slices.Equal(d.refused, want) {
		t.Errorf("told as refused: %q, want %q", d.refused, want)
	}
	if w := b.send("GET", "/api/v1/alerts", "", set(csrfHeader, "")); w.Code != 200 {
		t.Errorf("reading without the token = %d", w.Code)
	}
	// A login from another site would put the victim into the attacker's account.
	if got := problemID(d.browser().send("POST", prefix+"/login", login("admin", good), set("Sec-Fetch-Site", "cross-site"))); got != "E7105" {
		t.Errorf("a login from another site: %q", got)
	}
	if got := problemID(d.browser().send("POST", prefix+"/login", login("admin", good), set("Content-Type", "text/plain"))); got != "E7106" {
		t.Errorf("a login by a form: %q", got)
	}
}

func TestSlowDownSaysWhen(t *testing.T) {
	d := open(t)
	d.admin()
	stranger := d.browser()
	stranger.from = "203.0.113.5:1"
	var codes []int
	for range 12 {
		w := stranger.send("POST", prefix+"/login", login("admin", "wrong"))
		codes = append(codes, w.Code)
		if w.Code == 429 && (w.Header().Get("Retry-After") != "1" || problemID(w) != "E7203") {
			t.Errorf("429 with Retry-After %q %s", w.Header().Get("Retry-After"), w.Body)
		}
	}
	if want := []int{401, 401, 401, 401, 401, 401, 429}; !slices.Equal(codes[:7], want) {
		t.Errorf("codes %v, want them to begin with %v", codes, want)
	}
	d.browser().want(200, "POST", prefix+"/login", login("admin", good))
}

func TestEnumeration(t *testing.T) {
	d := open(t)
	admin := d.admin()
	d.person(admin, "li", `[{"role":"operator","area":"330105"}]`)
	d.person(admin, "off", `[]`)
	admin.want(200, "POST", prefix+"/accounts/off", `{"active":false}`)
	var answers []string
	for i, person := range []string{"li", "nobody", "off", "不是账号"} {
		b := d.browser()
		b.from = fmt.Sprintf("192.0.2.%d:1", i)
		w := b.send("POST", prefix+"/login", login(person, "wrong password"))
		answers = append(answers, fmt.Sprint(w.Code, w.Header(), w.Body))
	}
	for _, a := range answers {
		if a != answers[0] {
			t.Errorf("answers differ:\n%s\n%s", answers[0], a)
		}
	}
}

func TestProxyAddress(t *testing.T) {
	d := open(t, func(o *Options) {
		o.Proxies = []netip.Prefix{netip.MustParsePrefix("10.9.0.0/16"), netip.MustParsePrefix("fd00::/8")}
	})
	for _, c := range []struct {
		from, said string
		want       string
	}{
		{"192.0.2.1:5", "203.0.113.9", "192.0.2.1"},
		{"10.9.0.1:5", "203.0.113.9", "203.0.113.9"},
		{"10.9.0.1:5", "1.1.1.1, 203.0.113.9, 10.9.0.2", "203.0.113.9"},
		{"10.9.0.1:5", "1.1.1.1, nonsense", "10.9.0.1"},
		{"10.9.0.1:5", "", "10.9.0.1"},
		{"[fd00::1]:5", "2001:db8::7", "2001:db8::7"},
		{"[::ffff:10.9.0.1]:5", "::ffff:203.0.113.9", "203.0.113.9"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.from
		if c.said != "" {
			r.Header.Set("X-Forwarded-For", c.said)
		}
		if got := d.server.Address(r); got != c.want {
			t.Errorf("from %s, which says %q: %s, want %s", c.from, c.said, got, c.want)
		}
	}
}

// Each route for nobody, a viewer, an admin of an area, an admin of everywhere, and a
// token, on an account of one's own area and of a foreign one.
func TestMatrix(t *testing.T) {
	d := open(t)
	root := d.admin()
	viewer := d.person(root, "viewer", `[{"role":"viewer","area":"*"},{"role":"integrator","area":"330105"}]`)
	area := d.person(root, "area", `[{"role":"admin","area":"3301"}]`)
	d.person(root, "own", `[{"role":"operator","area":"330105"}]`)
	d.person(root, "far", `[{"role":"operator","area":"3302"}]`)
	ends := d.now.Add(time.Hour).UnixMilli()
	token := viewer.want(201, "POST", prefix+"/tokens", fmt.Sprintf(`{"name":"bot","grants":[{"role":"viewer","area":"330105"}],"rate":600,"ends":%d}`, ends))
	bot := d.browser()
	bearer := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token["value"].(string)) }
	for _, c := range []struct {
		method, path, body             string
		nobody, viewer, area, root, by int
	}{
		{"GET", "/me", "", 401, 200, 200, 200, 200},
		{"GET", "/roles", "", 401, 200, 200, 200, 200},
		{"GET", "/sessions", "", 401, 200, 200, 200, 403},
		{"GET", "/sessions?person=own", "", 401, 403, 200, 200, 403},
		{"GET", "/sessions?person=far", "", 401, 403, 404, 200, 403},
		{"GET", "/sessions?person=nobody", "", 401, 403, 404, 404, 403},
		{"POST", "/sessions/none/end", "", 401, 404, 404, 404, 403},
		{"POST", "/sessions/none/end?person=far", "", 401, 403, 404, 404, 403},
		{"GET", "/tokens", "", 401, 200, 200, 200, 403},
		{"GET", "/tokens?person=far", "", 401, 403, 404, 200, 403},
		{"POST", "/tokens", fmt.Sprintf(`{"name":"b","grants":[{"role":"viewer","area":"3302"}],"rate":1,"ends":%d}`, ends), 401, 201, 403, 201, 403},
		{"POST", "/tokens/none/revoke", "", 401, 404, 404, 404, 403},
		{"GET", "/accounts", "", 401, 403, 200, 200, 403},
		{"POST", "/accounts", `{"id":"new%d","name":"新","grants":[{"role":"viewer","area":"330105"}]}`, 401, 403, 201, 201, 403},
		{"POST", "/accounts", `{"id":"out%d","name":"新","grants":[{"role":"viewer","area":"3302"}]}`, 401, 403, 403, 201, 403},
		{"GET", "/accounts/own", "", 401, 403, 200, 200, 403},
		{"GET", "/accounts/far", "", 401, 403, 404, 200, 403},
		{"POST", "/accounts/own", `{"name":"某"}`, 401, 403, 200, 200, 403},
		{"POST", "/accounts/far", `{"name":"某"}`, 401, 403, 404, 200, 403},
		{"POST", "/accounts/own/reset", `{}`, 401, 403, 200, 200, 403},
		{"POST", "/accounts/far/reset", `{}`, 401, 403, 404, 200, 403},
		{"GET", "/audit", "", 401, 403, 403, 200, 403},
		{"GET", "/audit/check", "", 401, 403, 403, 200, 403},
		{"POST", "/password", `{"old":"wrong","new":"x"}`, 401, 401, 401, 401, 403},
		{"POST", "/second-factor", `{"password":"wrong"}`, 401, 401, 401, 401, 403},
		{"POST", "/second-factor/remove", `{"password":"wrong"}`, 401, 401, 401, 401, 403},
		{"POST", "/second-factor/confirm", `{"code":"000000"}`, 401, 400, 400, 400, 403},
		{"GET", "/nothing", "", 401, 404, 404, 404, 404},
		{"GET", "/logout", "", 401, 405, 405, 405, 405},
		{"GET", "/login", "", 200, 200, 200, 200, 200},
	} {
		for i, who := range []struct {
			name string
			b    *browser
			want int
			with func(*http.Request)
		}{
			{"nobody", d.browser(), c.nobody, func(*http.Request) {}}, {"viewer", viewer, c.viewer, func(*http.Request) {}},
			{"admin of 3301", area, c.area, func(*http.Request) {}}, {"admin", root, c.root, func(*http.Request) {}}, {"token", bot, c.by, bearer},
		} {
			body := strings.Replace(c.body, "%d", fmt.Sprint(i), 1)
			if w := who.b.send(c.method, prefix+c.path, body, who.with); w.Code != who.want {
				t.Errorf("%s: %s %s = %d %s, want %d", who.name, c.method, c.path, w.Code, strings.TrimSpace(w.Body.String()), who.want)
			}
		}
	}
}

func TestATokenNeedsNoCSRFAndIgnoresCookies(t *testing.T) {
	d := open(t)
	owner := d.person(d.admin(), "owner", `[{"role":"integrator","area":"330105"}]`)
	made := owner.want(201, "POST", prefix+"/tokens", fmt.Sprintf(`{"name":"bot","grants":[{"role":"integrator","area":"330105"}],"rate":2,"ends":%d}`, d.now.Add(time.Hour).UnixMilli()))
	bearer := func(v string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", v)
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Del(csrfHeader)
		}
	}
	value := made["value"].(string)
	if w := owner.send("POST", "/api/v1/anything", "", bearer("bearer "+value)); w.Code != 200 || w.Body.String() != "for owner" {
		t.Errorf("a token = %d %s", w.Code, w.Body)
	}
	for _, bad := range []string{"Bearer lp_wrong", "Bearer ", "Basic YTpi", "x"} {
		if w := owner.send("GET", "/api/v1/anything", "", bearer(bad)); w.Code != 401 {
			t.Errorf("%q with a good cookie beside it = %d, want 401", bad, w.Code)
		}
	}
	doc := d.browser().want(200, "GET", prefix+"/me", "", bearer("Bearer "+value))
	if doc["token"] == "" || doc["csrf"] != "" || len(doc["grants"].([]any)) != 1 {
		t.Errorf("me of a token = %v", doc)
	}
	if w := d.browser().send("GET", "/api/v1/anything", "", bearer("Bearer "+value)); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("beyond its rate = %d %v", w.Code, w.Header())
	}
	if len(d.refused) != 0 {
		t.Errorf("nobody tried what they must not, and there is %q", d.refused)
	}
}

// A browser that was made a screen keeps its cookie over restarts, changes nothing, and can
// be ended from its own page only.
func TestAScreenIsABrowser(t *testing.T) {
	d := open(t)
	b := d.person(d.admin(), "eng", `[{"role":"engineer","area":"3301"}]`)
	b.tls = true
	b.cookie, b.csrf = "", ""
	b.want(200, "POST", prefix+"/login", login("eng", good))
	w := b.send("POST", prefix+"/screen", `{"name":"大屏","area":"330105"}`, func(r *http.Request) { r.Header.Del(csrfHeader) })
	if problemID(w) != "E7207" {
		t.Fatalf("without the page's token = %d %s", w.Code, w.Body)
	}
	w = b.send("POST", prefix+"/screen", `{"name":"大屏","area":"330105"}`)
	if c := w.Result().Cookies(); w.Code != 201 || len(c) != 1 || c[0].MaxAge < 366*24*3600 || !c[0].HttpOnly || !c[0].Secure || strings.Contains(w.Body.String(), c[0].Value) {
		t.Fatalf("screen = %d %s %v", w.Code, w.Body, c)
	}
	me := b.want(200, "GET", prefix+"/me", "")
	if me["screen"] != true || me["name"] != "大屏" || me["csrf"] == "" {
		t.Errorf("me = %v", me)
	}
	b.csrf = me["csrf"].(string)
	program := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+b.cookie); r.Header.Del("Cookie") }
	if w := b.send("GET", "/api/v1/anything", "", program); w.Code != 401 {
		t.Errorf("its value in a program's header = %d", w.Code)
	}
	for _, path := range []string{"/sessions", "/tokens"} {
		if w := b.send("GET", prefix+path, ""); w.Code != 403 {
			t.Errorf("GET %s = %d", path, w.Code)
		}
	}
	if w := b.send("POST", prefix+"/password", `{"old":"a","new":"b"}`); w.Code != 403 {
		t.Errorf("a screen changes its owner's password: %d", w.Code)
	}
	elsewhere := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }
	if w := b.send("POST", prefix+"/logout", "", elsewhere); w.Code != 403 {
		t.Errorf("another site ends it: %d", w.Code)
	}
	b.want(200, "POST", prefix+"/logout", "")
	if w := b.send("GET", prefix+"/me", ""); w.Code != 401 {
		t.Errorf("after its end: %d", w.Code)
	}
}

func TestMustComesFirst(t *testing.T) {
	d := open(t)
	b := d.browser()
	if doc := b.want(200, "POST", prefix+"/login", login("admin", d.first.Password)); doc["must"] != "password" {
		t.Fatalf("me = %v", doc)
	}
	for path, want := range map[string]string{"/api/v1/alerts": "E7208", prefix + "/accounts": "E7208", prefix + "/tokens": "E7208", prefix + "/me": "", prefix + "/sessions": "", "/": ""} {
		if got := problemID(b.send("GET", path, "")); got != want {
			t.Errorf("GET %s: %q, want %q", path, got, want)
		}
	}
	slices.Sort(d.refused)
	if want := []string{"admin GET /api/v1/alerts", "admin GET " + prefix + "/accounts", "admin GET " + prefix + "/tokens"}; !slices.Equal(d.refused, want) {
		t.Errorf("told as refused: %q, want %q", d.refused, want)
	}
}

func TestSecondFactor(t *testing.T) {
	d := open(t)
	b := d.admin()
	begun := b.want(200, "POST", prefix+"/second-factor", fmt.Sprintf(`{"password":%q}`, good))
	u, err := url.Parse(begun["uri"].(string))
	if err != nil || u.Query().Get("secret") != begun["secret"] {
		t.Fatal(begun, err)
	}
	secret := decodeBase32(t, begun["secret"].(string))
	done := b.want(200, "POST", prefix+"/second-factor/confirm", fmt.Sprintf(`{"code":%q}`, totp.Code(secret, d.now)))
	codes := done["recovery_codes"].([]any)
	b.want(200, "GET", prefix+"/me", "") // with the new cookie
	d.now = d.now.Add(time.Minute)
	if got := problemID(d.browser().send("POST", prefix+"/login", login("admin", good))); got != "E7202" {
		t.Errorf("without a code: %q", got)
	}
	with := func(code string) string {
		return problemID(d.browser().send("POST", prefix+"/login", fmt.Sprintf(`{"person":"admin","password":%q,"code":%q}`, good, code)))
	}
	code := totp.Code(secret, d.now)
	for _, c := range []struct{ name, code, want string }{{"one-time", code, ""}, {"the same again", code, "E7201"}, {"recovery", codes[0].(string), ""}, {"the same recovery code again", codes[0].(string), "E7201"}} {
		if got := with(c.code); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func decodeBase32(t *testing.T, text string) []byte {
	t.Helper()
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var out []byte
	var bits, n uint
	for _, r := range text {
		i := strings.IndexRune(letters, r)
		if i < 0 {
			t.Fatalf("%q is no base32", text)
		}
		if bits, n = bits<<5|uint(i), n+5; n >= 8 {
			out, n = append(out, byte(bits>>(n-8))), n-8
		}
	}
	return out
}

// What is wrong with a request never comes back with it, and never into the log: it may
// be a password.
func TestNothingSecretIsAnsweredOrLogged(t *testing.T) {
	d := open(t)
	b := d.admin()
	for _, body := range []string{`{"person":"admin","password":"hunter2hunter2"`, `{"person":"admin","pass":"hunter2hunter2"}`, `{"person":"admin","password":{"x":"hunter2hunter2"}}`,
		`{"person":"admin","hunter2hunter2":1}`, `"hunter2hunter2"`, strings.Repeat("hunter2hunter2", 2000), `{"person":"hunter2hunter2","password":"x"}`} {
		w := d.browser().send("POST", prefix+"/login", body)
		if w.Code < 400 || w.Code >= 500 || strings.Contains(w.Body.String(), "hunter2") {
			t.Errorf("%.60s = %d %s", body, w.Code, w.Body)
		}
	}
	if strings.Contains(d.log.String(), "hunter2") || strings.Contains(d.log.String(), b.cookie) {
		t.Errorf("the log holds a secret:\n%s", d.log.String())
	}
	doc := b.want(200, "GET", prefix+"/audit?limit=1000", "")
	if text := fmt.Sprint(doc); strings.Contains(text, "hunter2") || strings.Contains(text, good) {
		t.Errorf("the audit log holds a secret: %s", text)
	}
}

// Text from outside that reaches the audit page is written out where it would not be seen.
func TestInjection(t *testing.T) {
	d := open(t)
	admin := d.admin()
	for _, name := range []string{"a\u202egnp.exe", "a\nadmin login admin done", "\x1b[2J", "a\u200bb", "", strings.Repeat("x", 65)} {
		body, err := json.Marshal(map[string]any{"id": "evil", "name": name})
		if err != nil {
			t.Fatal(err)
		}
		if w := admin.send("POST", prefix+"/accounts", string(body)); w.Code != 400 {
			t.Errorf("the name %q = %d", name, w.Code)
		}
	}
	admin.want(404, "GET", prefix+"/accounts/"+url.PathEscape("x' or '1'='1"), "")
	admin.want(404, "POST", prefix+"/accounts/"+url.PathEscape("li\u202e\nadmin"), `{"name":"x"}`)
	html := `<img src=x onerror=alert(1)>`
	body, _ := json.Marshal(map[string]any{"id": "html", "name": html})
	admin.want(201, "POST", prefix+"/accounts", string(body))
	if w := admin.send("GET", prefix+"/accounts/html", ""); strings.Contains(w.Body.String(), "<img") || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("markup comes back as it was: %s", w.Body)
	}
	viewer := d.person(admin, "viewer", `[{"role":"viewer","area":"*"}]`)
	if w := viewer.send("POST", prefix+"/accounts/"+url.PathEscape("li\u202e\nadmin"), `{"name":"x"}`); w.Code != 403 {
		t.Errorf("%d", w.Code)
	}
	doc := admin.want(200, "GET", prefix+"/audit?who=viewer&result=refused", "")
	if line := doc["lines"].([]any)[0].(map[string]any); line["about"] != `li\u202e\u000aadmin` {
		t.Errorf("about = %q", line["about"])
	}
	if v := admin.want(200, "GET", prefix+"/audit/check", ""); v["broken"] != nil {
		t.Errorf("the chain: %v", v)
	}
}

// schemas judge answers by openapi.json.
type schemas struct{ doc map[string]any }

func (s schemas) judge(t *testing.T, method, path, status string, body []byte) {
	t.Helper()
	at := any(s.doc["paths"])
	for _, k := range []string{path, strings.ToLower(method), "responses", status} {
		m, ok := at.(map[string]any)
		if !ok || m[k] == nil {
			t.Fatalf("openapi.json has no %s %s %s", method, path, status)
		}
		at = m[k]
	}
	if ref, ok := at.(map[string]any)["$ref"].(string); ok && ref == "#/components/responses/Error" {
		at = s.doc["components"].(map[string]any)["responses"].(map[string]any)["Error"]
	}
	schema := at.(map[string]any)["content"].(map[string]any)["application/json"].(map[string]any)["schema"]
	whole := map[string]any{"allOf": []any{schema}, "$defs": s.doc["components"].(map[string]any)["schemas"]}
	text, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	var js jsonschema.Schema
	if err := json.Unmarshal(bytes.ReplaceAll(text, []byte("#/components/schemas/"), []byte("#/$defs/")), &js); err != nil {
		t.Fatal(err)
	}
	resolved, err := js.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	if err := resolved.Validate(v); err != nil {
		t.Errorf("%s %s %s: %v\n%s", method, path, status, err, body)
	}
}

func TestAnswersMatchTheDescription(t *testing.T) {
	var s schemas
	if err := json.Unmarshal(openAPI, &s.doc); err != nil {
		t.Fatal(err)
	}
	described, routes := 0, (&Server{o: Options{OIDC: fakeProvider{}}}).routes()
	for _, p := range s.doc["paths"].(map[string]any) {
		described += len(p.(map[string]any))
	}
	if described != len(routes) {
		t.Errorf("openapi.json describes %d operations, there are %d", described, len(routes))
	}
	d := open(t)
	b := d.admin()
	d.person(b, "li", `[{"role":"operator","area":"330105"}]`)
	ends := d.now.Add(time.Hour).UnixMilli()
	var token string
	for _, c := range []struct{ method, target, path, body, status string }{
		{"GET", "/login", "/login", "", "200"}, {"POST", "/login", "/login", `{"person":"x","password":"y"}`, "401"}, {"POST", "/login", "/login", `{}x`, "400"}, {"POST", "/login", "/login", login("admin", good), "200"},
		{"GET", "/me", "/me", "", "200"}, {"GET", "/roles", "/roles", "", "200"}, {"GET", "/sessions", "/sessions", "", "200"},
		{"POST", "/tokens", "/tokens", fmt.Sprintf(`{"name":"b","grants":[{"role":"viewer","area":"3302"}],"rate":1,"ends":%d}`, ends), "201"},
		{"POST", "/tokens", "/tokens", `{"name":""}`, "400"}, {"GET", "/tokens", "/tokens", "", "200"}, {"POST", "/tokens/TOKEN/revoke", "/tokens/{id}/revoke", "", "200"},
		{"POST", "/tokens/TOKEN/revoke", "/tokens/{id}/revoke", "", "404"},
		{"GET", "/accounts?limit=3", "/accounts", "", "200"}, {"GET", "/accounts?limit=0", "/accounts", "", "400"}, {"GET", "/accounts/li", "/accounts/{id}", "", "200"}, {"GET", "/accounts/no", "/accounts/{id}", "", "404"},
		{"POST", "/accounts", "/accounts", `{"id":"wang","name":"王芳","grants":[]}`, "201"}, {"POST", "/accounts", "/accounts", `{"id":"wang","name":"王芳"}`, "409"},
		{"POST", "/accounts/li", "/accounts/{id}", `{"active":false,"grants":[]}`, "200"}, {"POST", "/accounts/admin", "/accounts/{id}", `{"active":false}`, "403"},
		{"POST", "/accounts/li/reset", "/accounts/{id}/reset", `{"second_factor":true}`, "200"},
		{"GET", "/audit?limit=9&from=1&to=99999999999999&before=7", "/audit", "", "200"}, {"GET", "/audit?before=x", "/audit", "", "400"}, {"GET", "/audit/check", "/audit/check", "", "200"},
		{"POST", "/second-factor", "/second-factor", fmt.Sprintf(`{"password":%q}`, good), "200"}, {"POST", "/second-factor/confirm", "/second-factor/confirm", `{"code":"1"}`, "400"},
		{"POST", "/second-factor/remove", "/second-factor/remove", fmt.Sprintf(`{"password":%q}`, good), "200"},
		{"POST", "/password", "/password", fmt.Sprintf(`{"old":%q,"new":"short"}`, good), "400"}, {"POST", "/password", "/password", fmt.Sprintf(`{"old":%q,"new":"another good one"}`, good), "200"},
		{"POST", "/sessions/none/end", "/sessions/{id}/end", "", "404"}, {"POST", "/logout", "/logout", "", "200"}, {"GET", "/me", "/me", "", "401"},
	} {
		target := strings.Replace(c.target, "TOKEN", token, 1)
		w := b.send(c.method, prefix+target, c.body)
		if fmt.Sprint(w.Code) != c.status {
			t.Fatalf("%s %s = %d %s, want %s", c.method, target, w.Code, w.Body, c.status)
		}
		s.judge(t, c.method, prefix+c.path, c.status, w.Body.Bytes())
		var doc struct{ Token json.RawMessage }
		if json.Unmarshal(w.Body.Bytes(), &doc) == nil && c.status == "201" {
			var made auth.Token
			if json.Unmarshal(doc.Token, &made) == nil {
				token = made.ID
			}
		}
	}
}

// fakeProvider knows one person, who brings the code "good".
type fakeProvider struct{ err error }

func (f fakeProvider) Start() (string, string, error) {
	return "https://id.example/authorize?state=s", "kept", f.err
}

func (f fakeProvider) Finish(_ context.Context, state, gotState, code string) (auth.External, error) {
	if state != "kept" || gotState != "s" || code != "good" {
		return auth.External{}, errors.New("not what was begun")
	}
	return auth.External{Issuer: "https://id.example", Subject: "1", Person: "zhao", Name: "赵", Grants: []role.Grant{{Role: role.Viewer, Area: "*"}}}, nil
}

func TestIdentityProvider(t *testing.T) {
	d := open(t, func(o *Options) { o.OIDC = fakeProvider{} })
	start := d.browser().send("GET", prefix+"/oidc/start", "")
	c := start.Result().Cookies()
	if start.Code != 303 || start.Header().Get("Location") != "https://id.example/authorize?state=s" || len(c) != 1 || !c[0].HttpOnly || c[0].SameSite != http.SameSiteLaxMode || c[0].MaxAge != flowTime {
		t.Fatalf("start = %d %v", start.Code, start.Header())
	}
	cross := func(with *http.Cookie) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			if with != nil {
				r.AddCookie(with)
			}
		}
	}
	b := d.browser()
	for name, w := range map[string]*httptest.ResponseRecorder{
		"without the cookie": b.send("GET", prefix+"/oidc/callback?state=s&code=good", "", cross(nil)),
		"without a code":     b.send("GET", prefix+"/oidc/callback?error=denied", "", cross(c[0])),
		"a wrong state":      b.send("GET", prefix+"/oidc/callback?state=x&code=good", "", cross(c[0])),
	} {
		if w.Code != 401 || problemID(w) != "E7211" || b.cookie != "" {
			t.Errorf("%s = %d %s", name, w.Code, w.Body)
		}
	}
	w := b.send("GET", prefix+"/oidc/callback?state=s&code=good", "", cross(c[0]))
	if w.Code != 303 || w.Header().Get("Location") != "/" || b.cookie == "" {
		t.Fatalf("callback = %d %v", w.Code, w.Header())
	}
	if doc := b.want(200, "GET", prefix+"/me", ""); doc["person"] != "zhao" {
		t.Errorf("me = %v", doc)
	}
	away := open(t, func(o *Options) { o.OIDC = fakeProvider{errors.New("refused")} })
	if w := away.browser().send("GET", prefix+"/oidc/start", ""); w.Code != 502 || problemID(w) != "E7213" {
		t.Errorf("a provider that is away = %d %s", w.Code, w.Body)
	}
	if w := open(t).browser().send("GET", prefix+"/oidc/start", ""); w.Code != 401 {
		t.Errorf("without a provider start = %d", w.Code)
	}
}

// Whatever comes, nobody gets past, and the answer is never that the aggregator failed.
func FuzzGuard(f *testing.F) {
	f.Add("GET", "/api/v1/alerts", "Bearer lp_x", "lamppost=a", "10.0.0.1", "{}")
	f.Add("POST", prefix+"/login", "", "", "", `{"person":"a","password":"b"}`)
	f.Add("POST", prefix+"/../alerts", "Basic x", "lamppost=a; lamppost=b", "x,y", "[")
	f.Fuzz(func(t *testing.T, method, path, authorization, cookie, forwarded, body string) {
		if method != "GET" && method != "POST" {
			t.Skip("two methods are enough")
		}
		d := open(t, func(o *Options) { o.Proxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
		r := httptest.NewRequest(method, "http://localhost/", strings.NewReader(body))
		r.URL = &url.URL{Scheme: "http", Host: "localhost", Path: "/api/v1/" + strings.TrimPrefix(path, "/api/v1/")}
		r.Header = http.Header{"Authorization": {authorization}, "Cookie": {cookie}, "X-Forwarded-For": {forwarded}, "Content-Type": {"application/json"}}
		w := httptest.NewRecorder()
		d.h.ServeHTTP(w, r)
		if w.Code >= 500 || strings.HasPrefix(w.Body.String(), "for ") {
			t.Errorf("%s %q = %d %s", method, path, w.Code, w.Body)
		}
	})
}
