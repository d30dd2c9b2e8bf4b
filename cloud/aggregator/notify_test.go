package aggregator_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/audit"
	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/cloud/view"
)

// An alert that a gateway raises reaches the group of a robot, and a city's webhook; the
// link in the group's message opens a page, and its button acknowledges, also after a
// restart. Nothing is told twice by that.
func TestAlertIsTold(t *testing.T) {
	robot, city := make(chan string, 10), make(chan string, 10)
	mux := http.NewServeMux()
	take := func(into chan string, answer string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			into <- string(b)
			fmt.Fprint(w, answer)
		}
	}
	mux.Handle("/robot/send", take(robot, `{"errcode":0}`))
	mux.Handle("/city", take(city, ""))
	receivers := httptest.NewServer(mux)
	defer receivers.Close()

	dir := t.TempDir()
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte("geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := settings.Parse("cloud.yaml", []byte(strings.NewReplacer("HOST", receivers.URL, "TOKEN", token).Replace(`
notify:
  console: https://console.example.org
  allow: [127.0.0.1]
  channels:
    duty: {dingtalk: {url: "HOST", token_file: TOKEN}}
    city: {webhook: {url: "HOST/city"}}
  rules:
    all: {channels: [duty, city]}
`)), false)
	if err != nil {
		t.Fatal(err)
	}
	with := func(s *settings.Settings) {
		s.Notify = set.Notify
		s.Data = filepath.Join(dir, "data")
	}
	c := start(t, at(dir, with))
	send, _ := c.gateway()
	send("alert", alertRed(t))

	var m struct{ Markdown struct{ Text string } }
	if err := json.Unmarshal([]byte(<-robot), &m); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(m.Markdown.Text, "### 🛑 Ⅰ级（红） 河道水位 3.12 米\n- 地点：gw\n") {
		t.Errorf("the robot says %s", m.Markdown.Text)
	}
	var event struct {
		ID, Subject, Type, Source string
		Data                      struct{ Severity string }
	}
	if err := json.Unmarshal([]byte(<-city), &event); err != nil {
		t.Fatal(err)
	}
	if event.Type != "city.lamppost.alert.raised.v1" || event.Data.Severity != "red" || !strings.HasPrefix(event.Source, "/lamppost/") {
		t.Errorf("the city is told %+v", event)
	}
	link := regexp.MustCompile(`https://console.example.org(/notify/acknowledge\?t=[^)]+)`).FindStringSubmatch(m.Markdown.Text)
	if link == nil {
		t.Fatalf("no link in %s", m.Markdown.Text)
	}

	c.stop()
	// Now with accounts: who has the link needs none.
	c = start(t, at(dir, with, func(s *settings.Settings) { s.Accounts = &settings.Accounts{} }))
	if code := c.get("/api/v1/alerts/"+event.Subject, nil); code != http.StatusUnauthorized {
		t.Errorf("the API answers %d to nobody", code)
	}
	var page string
	if code := c.get(link[1], &page); code != 200 || !strings.Contains(page, "河道水位 3.12 米") || !strings.Contains(page, "<button>") {
		t.Fatalf("%d %s", code, page)
	}
	u, err := url.Parse(link[1])
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.client.PostForm(c.console+u.Path, url.Values{"t": {u.Query().Get("t")}, "by": {"王芳"}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	c.stop()
	linkIsAudited(t, dir, event.Subject)
	c = start(t, at(dir, with))
	var a view.Alert
	if c.get("/api/v1/alerts/"+event.Subject, &a); answer.StatusCode != 200 || a.Acknowledged == nil || a.Acknowledged.By != "王芳 (duty)" {
		t.Errorf("%d, acknowledged %+v", answer.StatusCode, a.Acknowledged)
	}
	for _, told := range []chan string{robot, city} { // the next that is told is the acknowledgement
		if s := <-told; !strings.Contains(s, "已确认") {
			t.Errorf("told %s", s)
		}
	}
}

// linkIsAudited wants the audit log to say who used a link, from where, and what it did.
func linkIsAudited(t *testing.T, dir, alert string) {
	t.Helper()
	db, err := database.Open(t.Context(), filepath.Join(dir, "data", "lamppost.db"), database.Schema{Name: "audit", Steps: audit.Schema()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	log, err := audit.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := log.List(t.Context(), view.AuditFilter{What: "alert.acknowledge", Limit: 10})
	if err != nil || len(lines) != 1 || lines[0].Who != "王芳 (duty)" || lines[0].Role != "link" || lines[0].From != "127.0.0.1" || lines[0].About != alert {
		t.Errorf("the audit log says %+v, %v", lines, err)
	}
}
