package aggregator_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// count is how much was told that has all of some parts.
func (r *receivers) count(from *[]string, parts ...string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range *from {
		if !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(s, p) }) {
			n++
		}
	}
	return n
}

// gauge is revision rev of the alert of a gauge.
func gauge(t *testing.T, n, rev int, severity wire.Severity, condition string) []byte {
	t.Helper()
	m := wire.Moment{Boot: "01234567", Unix: time.Now().UnixMilli()}
	a := wire.Alert{V: 1, ID: alertID(n), Rev: rev, Epoch: wire.NewEpoch(1, [6]byte{1}), Seq: uint64(100*n + rev), Rule: "river-high", Stage: "actual", Severity: severity,
		Condition: condition, At: m, Since: m, Device: fmt.Sprint("river-", n), Channel: "level", Area: "990101003012", Text: map[string]string{"zh": fmt.Sprintf("%d 号河道水位 3.12 米", n)}}
	if condition == "cleared" {
		a.Cleared = &m
	}
	b, err := wire.Encode(&a)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const smallTree = "code,name,parent\n99,省,\n9901,市,99\n990101,甲区,9901\n990101003,街道,990101\n990101003012,社区,990101003\n"

// A case that is somebody's symptom, shelved, back, or on its own again: programs have every
// step, people none of what follows from a case that is open, and none of what is shelved.
func TestAttachedAndShelvedCasesAreTold(t *testing.T) {
	r := newReceivers(t)
	c := open(t, r.notifying(t.TempDir()))
	c.importAreas(smallTree)
	li := c.hire("li", "dispatcher", "9901")
	cause := li.want(201, "POST", "/api/v1/cases", doc{"kind": "dike", "area": "990101003012", "severity": "red", "text": "堤坝决口"})["id"].(string)
	r.want(&r.robot, "新案件：堤坝决口")
	c.send("alert", gauge(t, 1, 1, wire.Red, "active"))
	r.want(&r.robot, "新案件：1 号河道")
	var id string
	eventually(t, "two cases", func() bool {
		for _, k := range li.cases("") {
			if k["id"] != cause {
				id = k["id"].(string)
			}
		}
		return id != ""
	})
	step := func(kind string) { t.Helper(); r.want(&r.city, "city.lamppost.case."+kind+".v1 case/"+id) }
	step("opened")
	li.does(200, id, "attach", "*", doc{"parent": cause, "why": "决口所致"})
	c.send("alert", gauge(t, 1, 2, wire.Red, "cleared"))
	step("cleared")
	c.send("alert", gauge(t, 1, 3, wire.Red, "active"))
	step("active")
	li.does(200, id, "detach", "*", doc{"why": "另有原因"})
	step("detached")
	r.want(&r.robot, "改为单独办理：1 号河道", "另有原因")
	if n := r.count(&r.robot, "告警"); n != 0 {
		t.Errorf("people were told %d times how a symptom stands: %q", n, r.robot)
	}

	li.does(200, id, "lower_severity", "*", doc{"severity": "orange", "why": "水位回落"})
	li.does(200, id, "shelve", "*", doc{"until": time.Now().Add(30 * time.Minute).UnixMilli(), "why": "观察"})
	c.send("alert", gauge(t, 1, 4, wire.Orange, "cleared"))
	eventually(t, "it cleared twice", func() bool { return r.count(&r.city, "case.cleared", id) == 2 })
	li.does(200, id, "unshelve", "*", doc{"why": "继续办理"})
	step("unshelved")
	r.want(&r.robot, "搁置结束：1 号河道")
	if n := r.count(&r.robot, "告警解除"); n != 0 {
		t.Errorf("people were told %d times of what was shelved", n)
	}
}

// restarts is one start after another of an aggregator on the same data.
type restarts struct {
	t        *testing.T
	dir      string
	password string // of the admin
}

const phrase = "tulip otter brass 94"

func (s *restarts) run(edit ...func(*settings.Settings)) center {
	s.t.Helper()
	p := guarded(s.t, at(s.dir, append(edit, withAccounts)...))
	if p.first != "" {
		_, s.password, _ = strings.Cut(p.first, " ")
	}
	enterAgain(s.t, p, s.password)
	s.password = phrase
	send, _ := (&cloud{t: s.t, mqtt: p.mqtt}).gateway()
	return center{s.t, p, send}
}

// enter logs in somebody who was hired before.
func (c center) enter(id string) person {
	c.t.Helper()
	p := &page{t: c.t, console: c.admin.console, client: c.admin.client}
	p.want(200, "POST", "/api/v1/auth/login", doc{"person": id, "password": phrase})
	return person{p}
}

// What happened while nobody was to be told is told at the next start at which somebody is:
// that a case is there, as it stands, or what last became of it. What is over is not told, and
// a start alone tells nothing twice.
func TestStandingCasesAreTold(t *testing.T) {
	r, s := newReceivers(t), &restarts{t: t, dir: t.TempDir()}
	told := r.notifying(s.dir)
	c := s.run()
	c.importAreas(smallTree)
	c.admin.want(200, "PUT", "/api/v1/departments/water", doc{"name": doc{"zh": "水务局", "en": "Water"}, "contacts": []doc{{"name": "值班室", "mail": "water@example.org"}}})
	li := c.hire("li", "dispatcher", "9901")
	open := func(severity, text string) string {
		t.Helper()
		return li.want(201, "POST", "/api/v1/cases", doc{"kind": "dike", "area": "990101003012", "severity": severity, "text": text})["id"].(string)
	}
	id, over := open("red", "堤坝决口"), open("blue", "水管渗漏")
	li.does(200, over, "dismiss", "*", doc{"resolution": "test", "why": "演练"})
	li.does(200, id, "acknowledge", "*", doc{})
	c.admin.stop()

	c = s.run(told)
	r.want(&r.robot, "新案件：堤坝决口", "已确认")
	r.want(&r.city, "city.lamppost.case.opened.v1 case/"+id)
	c.admin.stop()

	c = s.run()
	li = c.enter("li")
	li.does(200, id, "dispatch", "*", doc{"orders": []doc{{"department": "water", "instruction": "封堵"}}})
	li.does(200, id, "note", "*", doc{"why": "已在路上"}) // told to nobody
	c.admin.stop()

	c = s.run(told)
	r.want(&r.robot, "派单：堤坝决口", "水务局")
	r.want(&r.mails, "water@example.org", "派单：堤坝决口")
	c.admin.stop()

	c = s.run(told)
	last := func() string { li = c.enter("li"); return open("red", "最后一件") }()
	r.want(&r.city, last)
	if n := r.count(&r.city, "case/"+id); n != 2 || r.count(&r.city, over) != 0 {
		t.Errorf("the city has %q", r.city)
	}
}

// An alert that comes back to what it was is told again; a revision that only has another
// value, or comes twice, is not.
func TestEachTurnOfAnAlertIsTold(t *testing.T) {
	r := newReceivers(t)
	c := start(t, at(t.TempDir(), r.notifying(t.TempDir())))
	send, _ := c.gateway()
	for i, turn := range []struct {
		severity  wire.Severity
		condition string
	}{{wire.Orange, "active"}, {wire.Yellow, "active"}, {wire.Orange, "active"}, {wire.Orange, "active"}, {wire.Orange, "cleared"}, {wire.Orange, "active"}, {wire.Orange, "cleared"}} {
		b := gauge(t, 1, i+1, turn.severity, turn.condition)
		send("alert", b)
		send("alert", b)
	}
	send("alert", gauge(t, 2, 1, wire.Blue, "active")) // behind all that
	r.want(&r.city, alertID(2))
	var got []string
	for _, s := range r.city {
		if kind, ok := strings.CutSuffix(s, ".v1 "+alertID(1)); ok {
			got = append(got, strings.TrimPrefix(kind, "city.lamppost.alert."))
		}
	}
	if want := []string{"raised", "raised", "raised", "cleared", "raised", "cleared"}; !slices.Equal(got, want) {
		t.Errorf("told %q, want %q", got, want)
	}
}

// answering is a gateway that silences each alert that it is asked to, and says so.
type answering struct {
	*listener
	t  *testing.T
	mu sync.Mutex
	// asked is how often it was asked for each alert.
	asked map[string]int
}

func (g *answering) run() {
	for m := range g.commands {
		var c wire.Command
		if err := wire.Decode(m.Payload(), &c); err != nil || c.Acknowledge == nil {
			g.t.Errorf("asked for %s: %v", m.Payload(), err)
			continue
		}
		g.mu.Lock()
		g.asked[c.Acknowledge.Alert]++
		g.mu.Unlock()
		g.say(g.t, "reply/"+c.ID, &wire.Reply{V: 1, ID: c.ID, OK: true, Outputs: []string{"siren"}}, false)
	}
}

// Who acknowledges a case of a hundred alerts of one gateway, once, has acknowledged each; the
// gateway is asked for the silence of each, and what it answers is listed with each.
func TestCaseOfAHundredAlertsFallsSilent(t *testing.T) {
	c := open(t)
	c.importAreas(smallTree)
	g := &answering{listener: (&cloud{t: t, mqtt: c.admin.mqtt}).listen(), t: t, asked: map[string]int{}}
	done := make(chan struct{})
	go func() { defer close(done); g.run() }()
	t.Cleanup(func() { g.Disconnect(100); close(g.commands); <-done })
	g.say(t, "online", &wire.Online{V: 1, Online: true, Conn: 1}, true)
	const alerts = 100
	for n := range alerts {
		if tok := g.Publish("lamppost/v1/gw/alert", 1, false, redAlert(t, n+1)); !tok.WaitTimeout(patience) || tok.Error() != nil {
			t.Fatal(tok.Error())
		}
	}
	li := c.hire("li", "dispatcher", "9901")
	var id string
	eventually(t, "one case of all of them", func() bool {
		list := li.cases("")
		if len(list) != 1 {
			return false
		}
		id = list[0]["id"].(string)
		return li.want(200, "GET", "/api/v1/cases/"+id, nil)["alerts_active"] == float64(alerts)
	})
	li.does(200, id, "acknowledge", "*", doc{})
	eventually(t, "every alert to be silenced", func() bool {
		g.mu.Lock()
		defer g.mu.Unlock()
		return len(g.asked) == alerts
	})
	for n := range alerts {
		eventually(t, fmt.Sprintf("the answer about alert %d", n+1), func() bool {
			a := li.want(200, "GET", "/api/v1/alerts/"+alertID(n+1), nil)
			ack, seen := a["acknowledged"].(doc)
			command, told := a["command"].(doc)
			return seen && ack["by"] == "li" && told && command["state"] == "done" && fmt.Sprint(command["outputs"]) == "[siren]"
		})
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for alert, n := range g.asked {
		if n != 1 {
			t.Errorf("the gateway was asked %d times for the silence of %s", n, alert)
		}
	}
}
