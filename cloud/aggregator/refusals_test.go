package aggregator_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/settings"
)

// enterAgain logs in the admin of a running aggregator.
func enterAgain(t *testing.T, p *page, old string) *page {
	t.Helper()
	p.want(200, "POST", "/api/v1/auth/login", doc{"person": "admin", "password": old})
	if p.first != "" {
		p.want(200, "POST", "/api/v1/auth/password", doc{"old": old, "new": "tulip otter brass 94"})
	}
	return p
}

// auditLines are those of a kind of deed, the newest first, as "about old new".
func auditLines(p *page, what string) (out []string) {
	p.t.Helper()
	for _, l := range p.want(200, "GET", "/api/v1/auth/audit?limit=1000&what="+what, nil)["lines"].([]any) {
		e := l.(doc)
		out = append(out, strings.TrimSpace(e["about"].(string)+" | "+e["old"].(string)+" | "+e["new"].(string)))
	}
	return out
}

// Which settings are others than at the last start is in the audit log, and no secret is.
func TestSettingsAreAudited(t *testing.T) {
	dir := t.TempDir()
	start := func(yaml string) *page {
		set, err := settings.Parse("cloud.yaml", []byte(yaml), false)
		if err != nil {
			t.Fatal(err)
		}
		return guarded(t, at(dir, withAccounts, func(s *settings.Settings) { s.Notify = set.Notify }))
	}
	const before = "notify: {allow: [127.0.0.1], channels: {city: {webhook: {url: \"http://127.0.0.1:9/first-key\"}}}, rules: {all: {channels: [city]}}}\n"
	p := start(before)
	_, password, _ := strings.Cut(p.first, " ")
	enterAgain(t, p, password)
	if got := auditLines(p, "settings"); len(got) != 1 || !strings.HasSuffix(got[0], "settings") {
		t.Errorf("the first start: %q", got)
	}
	p.stop()
	p = enterAgain(t, start(before), "tulip otter brass 94")
	if got := auditLines(p, "settings"); slices.ContainsFunc(got, func(l string) bool { return strings.Contains(l, "notify") }) {
		t.Errorf("nothing has changed, and there is %q", got)
	}
	p.stop()
	p = enterAgain(t, start("notify: {allow: [127.0.0.1, 10.0.0.0/8], channels: {city: {webhook: {url: \"http://127.0.0.1:9/second-key\"}}}, rules: {all: {channels: [city]}}}\n"), "tulip otter brass 94")
	got := strings.Join(auditLines(p, "settings.change"), "\n")
	if !strings.Contains(got, "notify.allow[1] |  | 10.0.0.0/8") || !strings.Contains(got, "notify.channels.city.webhook.url | hidden, ") || strings.Contains(got, "-key") {
		t.Errorf("after a change: %s", got)
	}
}

// Who tries what they must not leaves a line, and by trying again no more.
func TestRefusalsAreAudited(t *testing.T) {
	c := open(t)
	clerk := c.hire("clerk", "viewer", "330105")
	for range 20 {
		clerk.want(403, "PUT", "/api/v1/routes", doc{"routes": []doc{}})
		clerk.want(403, "GET", "/api/v1/auth/audit", nil)
		clerk.want(403, "GET", "/metrics", nil)
	}
	lines := c.admin.want(200, "GET", "/api/v1/auth/audit?limit=1000&what=request", nil)["lines"].([]any)
	var about []string
	for _, l := range lines {
		e := l.(doc)
		if e["who"] != "clerk" || e["role"] != "viewer" || e["result"] != "refused" || e["from"] != "127.0.0.1" {
			b, _ := json.Marshal(e)
			t.Errorf("a line says %s", b)
		}
		about = append(about, e["about"].(string))
	}
	slices.Sort(about)
	if want := []string{"GET /api/v1/auth/audit", "GET /metrics", "PUT /api/v1/routes"}; !slices.Equal(slices.Compact(about), want) || len(lines) > 6 { // a second minute may begin
		t.Errorf("%d lines: %q, want %q", len(lines), about, want)
	}
}

// Who looks for what belongs to another area hears that there is none, who sends a change
// without the page's token or before the password was changed is turned away; each leaves a
// line, and by trying again no more.
func TestWhatIsHiddenIsAudited(t *testing.T) {
	c := open(t)
	c.importAreas(smallTree)
	li := c.hire("li", "dispatcher", "9901")
	id := li.want(201, "POST", "/api/v1/cases", doc{"kind": "leak", "area": "990101003012", "severity": "blue", "text": "水管渗漏"})["id"].(string)
	far := c.hire("far", "dispatcher", "330106")
	stale := &page{t: t, console: far.console, client: far.client, cookie: far.cookie, csrf: "0"}
	made := c.admin.want(201, "POST", "/api/v1/auth/accounts", doc{"id": "new", "name": "new", "grants": []doc{{"role": "viewer", "area": "330106"}}})
	fresh := &page{t: t, console: far.console, client: far.client}
	fresh.want(200, "POST", "/api/v1/auth/login", doc{"person": "new", "password": made["password"]})
	for range 5 {
		far.want(404, "GET", "/api/v1/cases/"+id, nil)
		far.does(404, id, "acknowledge", "*", doc{})
		far.want(404, "GET", "/api/v1/areas/990101", nil)
		far.want(404, "GET", "/api/v1/cases/20200101-00001", nil) // there is none
		stale.want(403, "POST", "/api/v1/cases", doc{})
		fresh.want(403, "GET", "/api/v1/alerts", nil)
	}
	var got []string
	for _, l := range c.admin.want(200, "GET", "/api/v1/auth/audit?limit=1000&what=request", nil)["lines"].([]any) {
		e := l.(doc)
		if e["result"] != "refused" || e["from"] != "127.0.0.1" {
			t.Errorf("a line says %v", e)
		}
		got = append(got, e["who"].(string)+" "+e["about"].(string))
	}
	slices.Sort(got)
	want := []string{"far GET /api/v1/areas/990101", "far GET /api/v1/cases/" + id, "far POST /api/v1/cases", "far POST /api/v1/cases/" + id + "/actions/acknowledge", "new GET /api/v1/alerts"}
	if n := len(got); !slices.Equal(slices.Compact(got), want) || n > 2*len(want) { // a second minute may begin
		t.Errorf("%d lines: %q, want %q", n, got, want)
	}
}
