package aggregator_test

import (
	"bytes"
	"context"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/auth/totp"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// matrix is an operations center of which everything is asked. Everything in it stands in
// the community 330105003001.
type matrix struct {
	center
	case1, delivery, command string
	handovers                []string // one for each who asks
	n                        int      // things that were made
}

// Where a role may be held: in the district of everything, in another one, everywhere.
var scopes = []string{"330105", "330106", role.Everywhere}

// asked is one who asks: nobody, a person with a session, or a program with a token.
type asked struct {
	m        *matrix
	role     int // in role.All; -1: nobody
	area     string
	id       string // of the person; of the token's owner
	password string
	*page           // nil: nobody, or a program
	bearer   string // the token; empty: none
	tokenID  string // its id
	n        int    // a number of its own
	token    string // one that it made
	secret   string // of its one-time codes
}

func (x *asked) String() string {
	switch {
	case x.role < 0:
		return "nobody"
	case x.bearer != "":
		return fmt.Sprintf("a program as %s of %s", role.All()[x.role], x.area)
	}
	return fmt.Sprintf("%s of %s", role.All()[x.role], x.area)
}

func (x *asked) fresh() string { x.m.n++; return fmt.Sprint("fresh-", x.m.n) }

// another logs in once more, elsewhere, and returns the name of that session.
func (x *asked) another() string {
	if x.page == nil {
		return "none"
	}
	p := &page{t: x.m.t, console: x.console, client: x.client}
	p.want(200, "POST", "/api/v1/auth/login", doc{"person": x.id, "password": x.password})
	for _, s := range p.want(200, "GET", "/api/v1/auth/sessions", nil)["sessions"].([]any) {
		if s := s.(doc); s["current"] == true {
			return s["id"].(string)
		}
	}
	return "none"
}

// code is the one-time code of now.
func (x *asked) code() string {
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(x.secret)
	if err != nil {
		x.m.t.Fatal(err)
	}
	return totp.Code(secret, time.Now())
}

func inADay() int64 { return time.Now().Add(24 * time.Hour).UnixMilli() }

func alertID(n int) string { return fmt.Sprintf("01940000-0000-7000-8000-%012d", n) }

const pictureID = "01940000-0000-7000-9000-000000000001"

// send asks for a line of the table and returns the status and the answer.
func (x *asked) send(r *right) (int, string) {
	x.m.t.Helper()
	ctx, cancel := context.WithCancel(x.m.t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, x.m.admin.console+x.address(r), r.content(x))
	if err != nil {
		x.m.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(r.header); i += 2 {
		req.Header.Set(r.header[i], r.header[i+1])
	}
	switch {
	case x.bearer != "":
		req.Header.Set("Authorization", "Bearer "+x.bearer)
	case x.page != nil:
		req.AddCookie(x.cookie)
		req.Header.Set("X-CSRF-Token", x.csrf)
	}
	client := *x.m.admin.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(req)
	if err != nil {
		x.m.t.Fatal(err)
	}
	defer res.Body.Close()
	x.keep(res)
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		return res.StatusCode, "" // it has no end
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		x.m.t.Fatal(err)
	}
	x.learn(b)
	return res.StatusCode, string(b)
}

// keep takes over the session's new value.
func (x *asked) keep(res *http.Response) {
	for _, c := range res.Cookies() {
		if x.page != nil && c.Name == x.cookie.Name && c.MaxAge >= 0 {
			x.cookie = c
		}
	}
}

// learn takes over what a page must send back.
func (x *asked) learn(answer []byte) {
	var now struct {
		CSRF string
		Me   struct{ CSRF string }
	}
	if json.Unmarshal(answer, &now) == nil && now.CSRF+now.Me.CSRF != "" && x.page != nil {
		x.csrf = now.CSRF + now.Me.CSRF
	}
}

// address is what a line asks for.
func (x *asked) address(r *right) string {
	if r.target != nil {
		return r.target(x)
	}
	first := "1"
	if len(x.m.handovers) > 0 {
		first = x.m.handovers[0]
	}
	id := map[string]string{"handovers": first, "gateways": "gw", "alerts": alertID(0), "images": pictureID, "cases": x.m.case1, "departments": "water", "rosters": "lead", "accounts": "clerk", "channels": "city"}
	kind := strings.Split(strings.TrimPrefix(strings.TrimPrefix(r.path, "/api/v1/"), "auth/"), "/")[0]
	return strings.NewReplacer("{id}", id[kind], "{gateway}", "gw", "{device}", "gauge", "{code}", "330105003", "{action}", r.about).Replace(r.path)
}

// content is the body of a request.
func (r *right) content(x *asked) io.Reader {
	if r.body == nil {
		return nil
	}
	switch b := r.body(x).(type) {
	case string:
		return strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			x.m.t.Fatal(err)
		}
		return bytes.NewReader(text)
	}
}

// want is the status that the table says, and whether a list shows what is in the area.
func (r *right) want(x *asked) (status int, shown bool) {
	ok := max(r.ok, 200)
	if x.role < 0 {
		if r.open {
			return ok, true
		}
		return 401, false
	}
	if r.open {
		return ok, true
	}
	mark := r.who[x.role]
	if x.bearer != "" && r.person {
		mark = never
	}
	foreign := x.area == scopes[1]
	switch {
	case mark == anyone, mark == inArea && !foreign, mark == everyone && x.area == role.Everywhere:
		if r.lacks != nil && r.lacks(x) {
			return 404, false
		}
		return ok, true
	case mark == inArea && r.hidden == fromTheList:
		return ok, false
	case foreign && (r.hidden == fromAll || r.hidden == fromMarked && mark == inArea):
		return 404, false
	}
	return 403, false
}

// setUp has one of everything that can be asked for.
func setUp(t *testing.T) *matrix {
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(receiver.Close)
	set, err := settings.Parse("cloud.yaml", []byte("notify: {allow: [127.0.0.1], channels: {city: {webhook: {url: \""+receiver.URL+"\"}}}, rules: {all: {channels: [city]}}}\n"), false)
	if err != nil {
		t.Fatal(err)
	}
	m := &matrix{center: open(t, func(s *settings.Settings) { s.Notify = set.Notify }, func(s *settings.Settings) {
		s.Accounts = &settings.Accounts{OIDC: &settings.OIDC{Issuer: "http://127.0.0.1:1", ClientID: "x", Redirect: "http://127.0.0.1/api/v1/auth/oidc/callback",
			Groups: map[string][]settings.Grant{"desk": {{Role: "viewer", Area: "*"}}}}}
	})}
	m.theCity()
	m.theGateway()
	m.admin.want(201, "POST", "/api/v1/auth/accounts", doc{"id": "clerk", "name": "x", "grants": []doc{{"role": "viewer", "area": "330105003"}}})
	m.admin.want(200, "PUT", "/api/v1/departments/old", doc{"name": doc{"zh": "x"}})
	return m
}

// theCity has its tree of areas, with a boundary.
func (m *matrix) theCity() {
	m.t.Helper()
	const square = `{"type":"Feature","properties":{"code":"330105003001"},"geometry":{"type":"Polygon","coordinates":[[[120,30],[120.1,30],[120.1,30.1],[120,30.1],[120,30]]]}}`
	import1 := func(kind, body string) {
		x := &asked{m: m, page: m.admin}
		if got, answer := x.send(&right{method: "PUT", path: "/api/v1/areas", header: []string{"Content-Type", kind}, body: plain(body)}); got != 200 {
			m.t.Fatalf("areas = %d %s", got, answer)
		}
	}
	import1("text/csv", strings.Replace(areasCSV, "330105003002,新社区,330105003\n", "", 1))
	import1("application/geo+json", `{"type":"FeatureCollection","features":[`+square+`]}`)
}

// alerts is how many alerts there are: each acknowledgement needs one of its own.
const alerts = 60

// theGateway stands in the community and has sent values, alerts and a picture.
func (m *matrix) theGateway() {
	t := m.t
	t.Helper()
	engineer := m.hire("setter", "engineer", role.Everywhere)
	engineer.want(200, "PUT", "/api/v1/gateways/gw/place", doc{"area": "330105003001"}) // before cases are opened
	m.send("live", pack(t, 5, time.Now().UnixMilli(), 3.1))
	var jpg bytes.Buffer
	if err := jpeg.Encode(&jpg, image.NewGray(image.Rect(0, 0, 32, 32)), nil); err != nil {
		t.Fatal(err)
	}
	pieces, err := wire.EncodeImage(wire.ImageMeta{V: wire.Version, ID: pictureID, Device: "gauge", At: wire.Moment{Boot: "01234567", Unix: time.Now().UnixMilli()}}, jpg.Bytes())
	if err != nil || len(pieces) != 1 {
		t.Fatal(len(pieces), err)
	}
	m.send("image/"+pictureID+"/0", pieces[0])
	for n := range alerts {
		m.send("alert", alertNumber(t, n))
	}
	eventually(t, "everything that the gateway has sent", func() bool {
		list := m.admin.want(200, "GET", "/api/v1/alerts?limit=1000", nil)["alerts"].([]any)
		picture, _ := m.admin.ask("GET", "/api/v1/cameras/gw/gauge/latest.jpg", nil)
		values := m.admin.want(200, "GET", "/api/v1/values", nil)["values"].([]any)
		return len(list) == alerts && picture == 200 && len(values) > 0
	})
	m.command = engineer.want(202, "POST", "/api/v1/gateways/gw/commands", doc{"kind": "read", "device": "river"})["id"].(string)
	caller := m.hire("caller", "operator", role.Everywhere)
	m.case1 = caller.want(201, "POST", "/api/v1/cases", doc{"kind": "06026", "area": "330105003001", "severity": "yellow", "text": "x"})["id"].(string)
	for range alerts {
		m.handovers = append(m.handovers, caller.want(201, "POST", "/api/v1/handovers", m.shift())["id"].(string))
	}
}

// shift is what somebody writes at its end.
func (m *matrix) shift() doc {
	now := time.Now()
	return doc{"area": "330105003001", "from": now.Add(-8 * time.Hour).UnixMilli(), "to": now.UnixMilli(), "notes": "x", "todo": []string{"y"}}
}

// all are those of some, in each scope.
func (m *matrix) all() []*asked { return m.some(scopes...) }

// some are nobody, a person with each role in each of these areas, and programs likewise;
// there is no token of an admin.
func (m *matrix) some(areas ...string) (list []*asked) {
	m.t.Helper()
	list = append(list, &asked{m: m, role: -1})
	var every []doc
	for _, r := range role.All() {
		every = append(every, doc{"role": r, "area": role.Everywhere})
	}
	made := m.admin.want(201, "POST", "/api/v1/auth/accounts", doc{"id": "owner", "name": "x", "grants": every})
	owner := m.enter("owner", made["password"].(string))
	for i, r := range role.All() {
		for k, area := range areas {
			x := &asked{m: m, role: i, area: area, id: fmt.Sprint(r, "-", k), password: "tulip otter brass 94", n: len(list)}
			x.page = m.hire(x.id, string(r), area).page
			list = append(list, x)
			if r == role.Admin {
				continue
			}
			t := owner.want(201, "POST", "/api/v1/auth/tokens", doc{"name": x.id, "grants": []doc{{"role": r, "area": area}}, "rate": 6000, "ends": inADay()})
			list = append(list, &asked{m: m, role: i, area: area, id: "owner", bearer: t["value"].(string), tokenID: t["token"].(doc)["id"].(string), n: len(list)})
		}
	}
	return list
}

// enter logs in somebody whose password was told once.
func (m *matrix) enter(id, password string) *page {
	p := &page{t: m.t, console: m.admin.console, client: m.admin.client}
	p.want(200, "POST", "/api/v1/auth/login", doc{"person": id, "password": password})
	p.want(200, "POST", "/api/v1/auth/password", doc{"old": password, "new": "tulip otter brass 94"})
	return p
}

// Each role × each route × the own area, a foreign one and everywhere, by people and by
// programs, and by nobody: what the table says is what is answered. What changes something
// leaves a line in the audit log that says who it was.
func TestRights(t *testing.T) {
	if testing.Short() {
		t.Skip("it asks some thousand things")
	}
	m := setUp(t)
	all := m.all()
	written, asks := map[string]bool{}, 0
	for i := range rights {
		r := &rights[i]
		for _, x := range all {
			asks++
			m.ask(r, x, written)
		}
	}
	t.Logf("%d requests of %d lines by %d who ask", asks, len(rights), len(all))
	for _, r := range rights {
		if r.deed != "" && !written[r.deed] {
			t.Errorf("%s %s %s: nobody could do it, and so nothing shows that it is written down", r.method, r.path, r.about)
		}
	}
	if v := m.admin.want(200, "GET", "/api/v1/auth/audit/check", nil); v["broken"] != nil {
		t.Errorf("the audit log is broken: %v", v)
	}
}

// ask asks for one line and judges the answer.
func (m *matrix) ask(r *right, x *asked, written map[string]bool) {
	m.t.Helper()
	want, shown := r.want(x)
	last := m.lastLine(r)
	status, body := x.send(r)
	if status != want {
		m.t.Errorf("%s: %s %s %s = %d, want %d: %s", x, r.method, x.address(r), r.about, status, want, body)
		return
	}
	if r.shows != "" && status < 300 && strings.Contains(body, r.shows) != shown {
		m.t.Errorf("%s: %s %s shows %s: %v, want %v", x, r.method, r.path, r.shows, !shown, shown)
	}
	if status >= 300 {
		return
	}
	if r.deed != "" {
		m.audited(r, x, last)
		written[r.deed] = true
	}
	if r.after != nil {
		var answer doc
		if err := json.Unmarshal([]byte(body), &answer); err != nil {
			m.t.Fatal(err)
		}
		r.after(x, answer)
	}
}

func (m *matrix) lines(r *right) []any {
	return m.admin.want(200, "GET", "/api/v1/auth/audit?limit=3&what="+r.deed, nil)["lines"].([]any)
}

// lastLine is the number of the last line of the audit log of what a line of the table does.
func (m *matrix) lastLine(r *right) float64 {
	if r.deed != "" {
		if l := m.lines(r); len(l) > 0 {
			return l[0].(doc)["n"].(float64)
		}
	}
	return 0
}

// audited wants a line of the audit log, after the last one, that says who did it.
func (m *matrix) audited(r *right, x *asked, last float64) {
	m.t.Helper()
	good := slices.ContainsFunc(m.lines(r), func(l any) bool {
		e := l.(doc)
		as := e["role"].(string)
		return e["n"].(float64) > last && e["what"] == r.deed && e["result"] == "done" && e["who"] == x.id &&
			(x.bearer == "" && as == string(role.All()[x.role]) || x.bearer != "" && as == "token "+x.tokenID) && e["from"] == "127.0.0.1"
	})
	if !good {
		m.t.Errorf("%s: %s %s %s is not in the audit log as %s: %v", x, r.method, r.path, r.about, r.deed, m.lines(r))
	}
}

// Every route that openapi.json describes has its line, every change a name in the audit
// log, and every line a route.
func TestEveryRouteHasItsRights(t *testing.T) {
	described := map[string]bool{}
	for _, file := range []string{"../api/openapi.json", "../auth/web/openapi.json"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var api struct{ Paths map[string]map[string]any }
		if err := json.Unmarshal(b, &api); err != nil {
			t.Fatal(err)
		}
		for path, methods := range api.Paths {
			for method := range methods {
				described[strings.ToUpper(method)+" "+path] = true
			}
		}
	}
	lined := map[string]bool{}
	for _, r := range rights {
		route := r.method + " " + r.path
		if lined[route] = true; !described[route] {
			t.Errorf("%s is in the table and in no openapi.json", route)
		}
		if r.method != "GET" && r.deed == "" && r.path != "/api/v1/auth/login" {
			t.Errorf("%s %s changes something and is not written down", route, r.about)
		}
		if len(r.who) != len(role.All()) || strings.Trim(r.who, "yae-") != "" {
			t.Errorf("%s has the marks %q", route, r.who)
		}
	}
	for route := range described {
		if !lined[route] {
			t.Errorf("%s has no line in the table of rights (rights_test.go): say who may do it", route)
		}
	}
}
