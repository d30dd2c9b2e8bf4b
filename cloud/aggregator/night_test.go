package aggregator_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// center is an operations center on one night: a running aggregator with accounts.
type center struct {
	t     testing.TB
	admin *page
	send  func(kind string, payload []byte)
}

// person is somebody who is logged in.
type person struct{ *page }

// doc is what an answer holds.
type doc = map[string]any

// hire makes an account with a role for an area, and logs it in.
func (c center) hire(id, role, area string) person {
	c.t.Helper()
	made := c.admin.want(201, "POST", "/api/v1/auth/accounts", doc{"id": id, "name": id, "grants": []doc{{"role": role, "area": area}}})
	p := &page{t: c.t, console: c.admin.console, client: c.admin.client}
	p.want(200, "POST", "/api/v1/auth/login", doc{"person": id, "password": made["password"]})
	p.want(200, "POST", "/api/v1/auth/password", doc{"old": made["password"], "new": "tulip otter brass 94"})
	return person{p}
}

// does posts an action on a case, seen in a version, and returns the case, or the error.
func (p person) does(status int, id, action, version string, command doc) doc {
	p.t.Helper()
	b, err := json.Marshal(command)
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), "POST", p.console+"/api/v1/cases/"+id+"/actions/"+action, bytes.NewReader(b))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-CSRF-Token", p.csrf)
	r.Header.Set("If-Match", version)
	r.AddCookie(p.cookie)
	res, err := p.client.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	var got doc
	if err := json.NewDecoder(res.Body).Decode(&got); err != nil || res.StatusCode != status {
		p.t.Fatalf("%s of %s = %d %v, %v; want %d", action, id, res.StatusCode, got, err, status)
	}
	return got
}

// cases lists those that fit.
func (p person) cases(query string) (list []doc) {
	p.t.Helper()
	for _, c := range p.want(200, "GET", "/api/v1/cases?"+query, nil)["cases"].([]any) {
		list = append(list, c.(doc))
	}
	return list
}

func (p person) wantState(c doc, state string) {
	p.t.Helper()
	if c["state"] != state {
		p.t.Fatalf("case %v is %v, want %s", c["id"], c["state"], state)
	}
}

// flood is revision rev of the alert of one of the gauges, each in a community of its own.
func (c center) flood(gauge, rev int, stage, condition string) {
	c.t.Helper()
	m := wire.Moment{Boot: "01234567", Unix: time.Now().UnixMilli()}
	a := wire.Alert{V: 1, ID: fmt.Sprintf("01940000-0000-7000-8000-%012d", gauge), Rev: rev, Epoch: wire.NewEpoch(1, [6]byte{1}), Seq: uint64(1000*rev + gauge),
		Rule: "river-high", Stage: stage, Severity: wire.Orange, Condition: condition, At: m, Since: m, Device: fmt.Sprintf("river-%d", gauge), Channel: "level",
		Category: "06026", Area: fmt.Sprintf("330105003%03d", gauge), Text: map[string]string{"zh": "河道水位 3.12 米"}}
	if condition == "cleared" {
		a.Cleared = &m
	}
	b, err := wire.Encode(&a)
	if err != nil {
		c.t.Fatal(err)
	}
	c.send("alert", b)
}

func open(t testing.TB, edit ...func(*settings.Settings)) center {
	t.Helper()
	return openLogged(t, slog.New(slog.DiscardHandler), edit...)
}

func openLogged(t testing.TB, log *slog.Logger, edit ...func(*settings.Settings)) center {
	t.Helper()
	policy := lifecycle.DefaultPolicy()
	// Whoever raises a blue case this night is to be called back at once: the night is short.
	policy.Limits[lifecycle.StepAcknowledge][wire.Blue] = lifecycle.Limit{Unit: "m"}
	p := logged(t, at(t.TempDir(), append([]func(*settings.Settings){withAccounts, func(s *settings.Settings) { s.Cases = &policy }}, edit...)...), log)
	id, password, _ := strings.Cut(p.first, " ")
	p.want(200, "POST", "/api/v1/auth/login", doc{"person": id, "password": password})
	p.want(200, "POST", "/api/v1/auth/password", doc{"old": password, "new": "tulip otter brass 94"})
	send, _ := (&cloud{t: t, mqtt: p.mqtt}).gateway()
	return center{t, p, send}
}

// One night by the API alone: a storm comes with its pre-alert, is one case, is worked on by
// two departments, and gets its answer; a citizen calls, nobody acts, and somebody takes over.
func TestTheOperatorsNight(t *testing.T) { night(open(t)) }

// The same night on a PostgreSQL server.
func TestTheOperatorsNightOnPostgres(t *testing.T) {
	_, on := postgres(t)
	night(open(t, on))
}

func night(c center) {
	t := c.t
	wang, li, chen, zhou := c.hire("wang", "operator", "330105"), c.hire("li", "dispatcher", "3301"), c.hire("chen", "operator", "330105"), c.hire("zhou", "viewer", "33")
	fang, hotline := c.hire("fang", "operator", "330106"), c.hire("hotline", "integrator", "3301")
	for id, member := range map[string]string{"water": "chen", "roads": "zhou"} {
		c.admin.want(200, "PUT", "/api/v1/departments/"+id, doc{"name": doc{"zh": id, "en": id}, "members": []string{member}})
	}

	id := c.theStormIsOneCase(wang)
	if got, _ := fang.ask("GET", "/api/v1/cases/"+id, nil); got != 404 || len(fang.cases("state=all")) != 0 {
		t.Errorf("an operator of another district sees the case: %d", got)
	}
	fang.does(404, id, "acknowledge", "*", doc{})
	hotline.does(403, id, "acknowledge", "*", doc{})
	wang.does(412, id, "acknowledge", `"999"`, doc{})
	wang.wantState(wang.does(200, id, "acknowledge", "*", doc{}), "acknowledged")

	c.departmentsWork(id, wang, chen, zhou)
	hotline.does(200, id, "attach_report", "*", doc{"report": doc{"id": "12345-1", "text": "桥下积水"}})
	c.theCaseIsClosed(id, wang, li, chen)
	c.nobodyActs(hotline, li)

	lines := c.admin.want(200, "GET", "/api/v1/auth/audit?about="+id, nil)
	if b, err := json.Marshal(lines); err != nil || !strings.Contains(string(b), `"what":"case.close"`) || !strings.Contains(string(b), `"who":"li"`) {
		t.Errorf("the audit log does not say who closed it: %s", b)
	}
	if v := c.admin.want(200, "GET", "/api/v1/auth/audit/check", nil); v["broken"] != nil {
		t.Errorf("the audit log is broken: %v", v)
	}
}

const gauges = 12

// theStormIsOneCase lets the first gauge expect the flood, and all of them have it.
func (c center) theStormIsOneCase(wang person) (id string) {
	c.t.Helper()
	c.flood(1, 1, "forecast", "active")
	eventually(c.t, "a case of the pre-alert", func() bool { return len(wang.cases("")) == 1 })
	for g := 1; g <= gauges; g++ {
		c.flood(g, 2, "actual", "active")
	}
	eventually(c.t, "one case for the storm", func() bool {
		alone := 0
		for _, k := range wang.cases("area=330105&severity=orange") {
			if k["parent"] == "" {
				id = k["id"].(string)
				alone++
			}
		}
		known := c.admin.want(200, "GET", "/api/v1/alerts?state=active", nil)["alerts"].([]any)
		return alone == 1 && wang.want(200, "GET", "/api/v1/cases/"+id, nil)["storm"] == true && len(known) == gauges
	})
	return id
}

// departmentsWork: one of the two returns its task, the other does both; the verification is
// refused once, and who did the work cannot verify it.
func (c center) departmentsWork(id string, wang, chen, zhou person) {
	c.t.Helper()
	bad := wang.does(400, id, "dispatch", "*", doc{"orders": []doc{{"department": "moon", "instruction": "x"}}})
	if bad["error"].(doc)["field"] != "orders.0.department" {
		c.t.Errorf("an order to a department that is none: %v", bad)
	}
	if bad := wang.does(400, id, "dispatch", "*", doc{"orders": []doc{{"person": "nobody", "instruction": "x"}}}); bad["error"].(doc)["field"] != "orders.0.person" {
		c.t.Errorf("an order to a person who is none: %v", bad)
	}
	wang.does(200, id, "dispatch", "*", doc{"orders": []doc{{"department": "water", "instruction": "抽水"}, {"department": "roads", "instruction": "封路"}}})
	if len(zhou.cases("department=roads")) != 1 {
		c.t.Error("the department does not find its case")
	}
	zhou.does(200, id, "return", "*", doc{"task": 2, "why": "不在辖区"})
	wang.does(200, id, "reassign", "*", doc{"task": 2, "why": "由水务代办", "orders": []doc{{"department": "water", "instruction": "封路"}}})
	chen.does(200, id, "sign", "*", doc{"task": 1})
	for _, task := range []int{1, 3} {
		chen.does(200, id, "report", "*", doc{"task": task, "done": "已处理", "result": "done"})
	}
	no := chen.does(409, id, "verify", "*", doc{"why": "我看过"})
	if len(no["error"].(doc)["allowed"].([]any)) == 0 {
		c.t.Errorf("a refusal says nothing of what is allowed: %v", no)
	}
	wang.wantState(wang.does(200, id, "reject", "*", doc{"task": 1, "why": "仍有积水"}), "dispatched")
	wang.wantState(chen.does(200, id, "report", "*", doc{"task": 1, "done": "再次抽水", "result": "done"}), "handled")
}

// theCaseIsClosed when the water is gone, with an answer and not without; its symptoms with
// it.
func (c center) theCaseIsClosed(id string, wang, li, chen person) {
	c.t.Helper()
	for g := 1; g <= gauges; g++ {
		c.flood(g, 3, "actual", "cleared")
	}
	eventually(c.t, "the condition is cleared", func() bool {
		calm := 0
		for _, k := range wang.cases("state=all") {
			if k["active"] == false {
				calm++
			}
		}
		return calm == len(wang.cases("state=all"))
	})
	wang.wantState(wang.does(200, id, "verify", "*", doc{}), "verified")
	li.does(400, id, "close", "*", doc{"resolution": "fixed"})
	done := li.does(200, id, "close", "*", doc{"resolution": "fixed", "answer": "积水已排除"})
	li.wantState(done, "closed")
	if o := done["outcome"].(doc); o["answer"] != "积水已排除" || len(done["reports"].([]any)) != 1 || len(done["journal"].([]any)) < 12 {
		c.t.Errorf("the closed case: %v", done)
	}
	eventually(c.t, "the symptoms are closed with their cause", func() bool { return len(wang.cases("")) == 0 })
}

// nobodyActs on what a citizen says: it is one case however often it comes, those above hear
// of it, and the dispatcher takes it over.
func (c center) nobodyActs(hotline, li person) {
	c.t.Helper()
	call := doc{"kind": "06026", "area": "330105003001", "severity": "blue", "text": "路灯不亮", "report": doc{"id": "12345-2", "text": "路灯不亮"}}
	id := hotline.want(201, "POST", "/api/v1/cases", call)["id"].(string)
	if again := hotline.want(201, "POST", "/api/v1/cases", call); again["id"] != id || len(again["reports"].([]any)) != 1 {
		c.t.Errorf("the same report again is %v, want %s", again["id"], id)
	}
	eventually(c.t, "those above are told", func() bool {
		k := li.want(200, "GET", "/api/v1/cases/"+id, nil)
		told, _ := json.Marshal(k["told"])
		journal, _ := json.Marshal(k["journal"])
		return strings.Contains(string(told), "330105") && strings.Contains(string(journal), `"action":"escalate"`)
	})
	if late := li.cases("overdue=true"); len(late) != 1 || late[0]["id"] != id {
		c.t.Errorf("what is overdue: %v", late)
	}
	if k := li.does(200, id, "take_over", "*", doc{"why": "交接班"}); k["owner"] != "li" {
		c.t.Errorf("it belongs to %v", k["owner"])
	}
}
