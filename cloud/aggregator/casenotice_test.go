package aggregator_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// receivers are those whom the center tells: a robot, a city's webhook, and an SMTP server.
type receivers struct {
	t     *testing.T
	mu    sync.Mutex
	robot []string // texts
	city  []string // type and subject of each event
	mails []string // address, subject and text
	url   string
	smtp  string
}

func newReceivers(t *testing.T) *receivers {
	t.Helper()
	r := &receivers{t: t}
	mux := http.NewServeMux()
	mux.HandleFunc("/robot/send", func(w http.ResponseWriter, q *http.Request) {
		var m struct{ Markdown struct{ Text string } }
		if err := json.NewDecoder(q.Body).Decode(&m); err != nil {
			t.Error(err)
		}
		r.add(&r.robot, m.Markdown.Text)
		fmt.Fprint(w, `{"errcode":0}`)
	})
	mux.HandleFunc("/city", func(w http.ResponseWriter, q *http.Request) {
		var e struct{ Type, Subject string }
		if err := json.NewDecoder(q.Body).Decode(&e); err != nil {
			t.Error(err)
		}
		r.add(&r.city, e.Type+" "+e.Subject)
	})
	web := httptest.NewServer(mux)
	t.Cleanup(web.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := smtp.NewServer(r)
	s.Domain = "localhost"
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close(); <-done })
	r.url, r.smtp = web.URL, l.Addr().String()
	return r
}

func (r *receivers) add(to *[]string, s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*to = append(*to, s)
}

func (r *receivers) NewSession(*smtp.Conn) (smtp.Session, error) { return &mailing{r: r}, nil }

type mailing struct {
	r  *receivers
	to string
}

func (m *mailing) Mail(string, *smtp.MailOptions) error      { return nil }
func (m *mailing) Rcpt(to string, _ *smtp.RcptOptions) error { m.to = to; return nil }
func (m *mailing) Reset()                                    {}
func (m *mailing) Logout() error                             { return nil }
func (m *mailing) Data(body io.Reader) error {
	b, err := mail.ReadMessage(body)
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(b.Body)
	if err != nil {
		return err
	}
	text := m.to
	// The parts of the mail are base64, a line each of at most 76 characters.
	for _, part := range regexp.MustCompile(`(?m)(^[A-Za-z0-9+/=]{4,76}\r?\n)+`).FindAllString(string(raw), -1) {
		if plain, err := base64.StdEncoding.DecodeString(strings.NewReplacer("\r", "", "\n", "").Replace(part)); err == nil {
			text += " " + string(plain)
		}
	}
	m.r.add(&m.r.mails, text)
	return nil
}

// want waits for something that was told, and returns it.
func (r *receivers) want(from *[]string, parts ...string) (found string) {
	r.t.Helper()
	fits := func(s string) bool {
		return !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(s, p) })
	}
	defer func() {
		if found == "" {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.t.Errorf("nothing with %q among %q", parts, *from)
		}
	}()
	eventually(r.t, strings.Join(parts, " "), func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		if i := slices.IndexFunc(*from, fits); i >= 0 {
			found = (*from)[i]
		}
		return found != ""
	})
	return found
}

// notifying is the section notify that has the receivers.
func (r *receivers) notifying(dir string) func(*settings.Settings) {
	r.t.Helper()
	token := filepath.Join(dir, "token")
	if err := os.WriteFile(token, []byte("geheim\n"), 0o600); err != nil {
		r.t.Fatal(err)
	}
	set, err := settings.Parse("cloud.yaml", []byte(strings.NewReplacer("HOST", r.url, "TOKEN", token, "SMTP", r.smtp).Replace(`
notify:
  console: https://console.example.org
  allow: [127.0.0.1]
  people:
    wang: {name: 王芳, mail: wang@example.org}
    chief: {name: 陈局, mail: chief@example.org}
  channels:
    duty: {dingtalk: {url: "HOST", token_file: TOKEN}, per_minute: 100}
    city: {webhook: {url: "HOST/city"}}
    mail: {mail: {server: "SMTP", security: none, from: lamppost@example.org}}
  rules:
    all: {channels: [duty, city]}
`)), false)
	if err != nil {
		r.t.Fatal(err)
	}
	return func(s *settings.Settings) { s.Notify = set.Notify }
}

// redAlert is one of a river in a community.
func redAlert(t *testing.T, n int) []byte {
	t.Helper()
	m := wire.Moment{Boot: "01234567", Unix: time.Now().UnixMilli()}
	b, err := wire.Encode(&wire.Alert{V: 1, ID: fmt.Sprintf("01940000-0000-7000-8000-%012d", n), Rev: 1, Epoch: wire.NewEpoch(1, [6]byte{1}), Seq: uint64(900 + n), Rule: "river-high",
		Stage: "actual", Severity: wire.Red, Condition: "active", At: m, Since: m, Device: "river", Channel: "level", Area: "990101003012", Text: map[string]string{"zh": "河道水位 3.12 米"}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What happens to a case reaches whom it concerns: the group and the city's programs by the
// rules, the duty of the district, the department's people; people are told of the case and
// not of each alert. The link acknowledges the case with its alert, and its gateway is asked
// to be silent.
func TestCasesAreTold(t *testing.T) {
	r := newReceivers(t)
	c := open(t, r.notifying(t.TempDir()))
	const tree = "code,name,parent\n99,省,\n9901,市,99\n990101,甲区,9901\n990101003,街道,990101\n990101003012,社区,990101003\n"
	c.importAreas(tree)
	wang, li := c.hire("wang", "operator", "990102"), c.hire("li", "dispatcher", "9901")
	days := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	c.admin.want(200, "PUT", "/api/v1/rosters/district", doc{"name": doc{"zh": "区", "en": "district"}, "role": "lead", "zone": "Asia/Shanghai", "area": "990101",
		"shifts": []doc{{"person": "chief", "days": days, "from": "00:00", "to": "00:00"}}})
	c.admin.want(200, "PUT", "/api/v1/departments/water", doc{"name": doc{"zh": "水务局", "en": "Water"}, "members": []string{"wang"}})
	c.admin.want(200, "PUT", "/api/v1/departments/parks", doc{"name": doc{"zh": "园林局", "en": "Parks"}, "contacts": []doc{{"name": "值班室", "mail": "parks@example.org"}}})

	c.send("live", pack(t, 1, time.Now().UnixMilli(), 3.12)) // it is known from then on
	eventually(t, "the gateway", func() bool { got, _ := c.admin.ask("GET", "/api/v1/gateways/gw", nil); return got == 200 })
	c.send("alert", redAlert(t, 1))
	first := r.want(&r.robot, "Ⅰ级（红） 新案件：河道水位 3.12 米", "市甲区街道社区 gw river")
	r.want(&r.mails, "chief@example.org", "新案件：河道水位 3.12 米")
	r.want(&r.city, "city.lamppost.alert.raised.v1")
	r.want(&r.city, "city.lamppost.case.opened.v1 case/")
	if slices.ContainsFunc(r.robot, func(s string) bool { return !strings.Contains(s, "案件") }) {
		t.Errorf("the group is told of the alert itself: %q", r.robot)
	}
	id := li.cases("")[0]["id"].(string)
	if !strings.Contains(first, "(https://console.example.org/cases/"+id+")") {
		t.Errorf("no link to the case in %s", first)
	}
	c.acknowledgeBy(first)
	k := li.want(200, "GET", "/api/v1/cases/"+id, nil)
	if k["state"] != "acknowledged" || k["seen_by"] != "王芳 (duty)" {
		t.Errorf("the case is %v, seen by %v", k["state"], k["seen_by"])
	}
	a := c.admin.want(200, "GET", "/api/v1/alerts/01940000-0000-7000-8000-000000000001", nil)
	if ack, ok := a["acknowledged"].(doc); !ok || ack["by"] != "王芳 (duty)" {
		t.Errorf("the alert is acknowledged by %v", a["acknowledged"])
	}
	commands, err := json.Marshal(c.admin.want(200, "GET", "/api/v1/gateways/gw/commands", nil))
	if err != nil || !strings.Contains(string(commands), `"alert":"01940000-0000-7000-8000-000000000001"`) {
		t.Errorf("the gateway is asked for %s", commands)
	}
	r.want(&r.robot, "已确认：河道水位")

	li.does(200, id, "dispatch", "*", doc{"orders": []doc{{"department": "water", "instruction": "抽水"}, {"department": "parks", "instruction": "断枝"}}})
	r.want(&r.mails, "wang@example.org", "派单：河道水位", "水务局")
	r.want(&r.mails, "parks@example.org", "派单：河道水位", "园林局")
	wang.does(200, id, "return", "*", doc{"task": 1, "why": "不在辖区"})
	r.want(&r.mails, "chief@example.org", "退单：河道水位", "不在辖区")
	r.want(&r.robot, "退单：河道水位")

	// A blue one has to be acknowledged at once, and is not: those above hear of it.
	blue := li.want(201, "POST", "/api/v1/cases", doc{"kind": "06026", "area": "990101003012", "severity": "blue", "text": "路灯不亮"})["id"].(string)
	r.want(&r.mails, "chief@example.org", "提级督办：路灯不亮")
	li.does(200, blue, "raise_severity", "*", doc{"severity": "orange", "why": "主干道"})
	li.does(200, blue, "acknowledge", "*", doc{})
	li.does(200, blue, "propose_dismissal", "*", doc{"resolution": "test", "why": "演练"})
	c.hire("zhao", "dispatcher", "9901").does(200, blue, "dismiss", "*", doc{"resolution": "test", "why": "演练"})
	li.does(200, blue, "reopen", "*", doc{"why": "不是演练"})
	for _, kind := range []string{"opened", "overdue", "escalated", "worse", "acknowledged", "closed", "reopened"} { // the group's are merged for half a minute
		r.want(&r.city, "city.lamppost.case."+kind+".v1 case/"+blue)
	}
}

// acknowledgeBy presses the button on the page of the link in a message.
func (c center) acknowledgeBy(message string) {
	c.t.Helper()
	link := regexp.MustCompile(`https://console.example.org(/notify/acknowledge)\?t=([^)]+)`).FindStringSubmatch(message)
	if link == nil {
		c.t.Fatalf("no link in %s", message)
	}
	answer, err := c.admin.client.PostForm(c.admin.console+link[1], url.Values{"t": {link[2]}, "by": {"王芳"}})
	if err != nil {
		c.t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 200 {
		c.t.Fatalf("the link answers %d", answer.StatusCode)
	}
}

func (c center) importAreas(list string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), "PUT", c.admin.console+"/api/v1/areas?name=a.csv", strings.NewReader(list))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/csv")
	r.Header.Set("X-CSRF-Token", c.admin.csrf)
	r.AddCookie(c.admin.cookie)
	answer, err := c.admin.client.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	if b, _ := io.ReadAll(answer.Body); answer.StatusCode != 200 {
		c.t.Fatalf("the areas: %d %s", answer.StatusCode, b)
	}
}
