package aggregator_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// transition is a line of the table of what may be done to cases.
type transition struct {
	action, severities string
	from, who          []string
}

// caseStates are those of a case, in the order of the way.
var caseStates = []string{"raised", "acknowledged", "dispatched", "handled", "verified", "closed"}

// transitions reads the table from docs/cases.md, where a test of the engine keeps it as the
// engine has it.
func transitions(t *testing.T) (out []transition) {
	t.Helper()
	page, err := os.ReadFile("../../docs/cases.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "<!-- transitions -->\n")
	text, _, _ = strings.Cut(text, "<!-- /transitions -->")
	for _, l := range strings.Split(strings.TrimSpace(text), "\n")[2:] {
		cells := strings.Split(strings.Trim(l, "| "), " | ")
		_, name, _ := strings.Cut(cells[0], "`")
		name, _, named := strings.Cut(name, "`")
		if !named || len(cells) < 5 {
			t.Fatalf("docs/cases.md has the line %q", l)
		}
		r := transition{action: name, severities: cells[4], from: strings.Split(cells[1], ", "), who: strings.Split(cells[3], ", ")}
		switch cells[1] {
		case "any that is open":
			r.from = caseStates[:5]
		case "any":
			r.from = caseStates
		}
		out = append(out, r)
	}
	if len(out) < 30 {
		t.Fatalf("only %d lines in the table of docs/cases.md", len(out))
	}
	return out
}

// bySeverity says whether the line is for some severities only.
func (r *transition) bySeverity() bool { return r.severities != "all" }

// fits says whether the line is for a case as it stands.
func (r *transition) fits(state, severity string) bool {
	return slices.Contains(r.from, state) && (!r.bySeverity() || strings.Contains(r.severities, severity))
}

// hands are all who ask something of cases, and the table that says what they may.
type hands struct {
	*matrix
	table  []transition
	all    []*asked
	crew   *asked // of the department that has the tasks, with no role in the area
	caller person // who brings cases to where they are asked about
	cause  string // a case that others can be attached to
	tries  int
	denied map[string]int // refused commands by person
}

// prepare are the commands that a case needs before an action can be done to it.
var prepare = map[string]string{"unshelve": "shelve", "resume": "suspend", "detach": "attach", "dismiss": "propose_dismissal"}

// needsBefore says what must be done to a case so that an action fits; empty: nothing.
func needsBefore(action, severity string) string {
	if action == "dismiss" && severity != "orange" {
		return "" // one person dismisses a slight case
	}
	return prepare[action]
}

// command has everything that an action can need, for a case of a severity.
func (h *hands) command(action, severity string) doc {
	h.n++
	worse := map[string]string{"yellow": "orange", "orange": "red"}[severity]
	until := time.Now().Add(20 * time.Minute)
	if action == "extend" {
		until = time.Now().Add(1500 * time.Hour) // between once and twice what there is
	}
	c := doc{"why": "because", "severity": worse, "task": 1, "orders": []doc{{"department": "drainage", "instruction": "look after it"}}, "done": "pumped", "result": "done",
		"resolution": "false_alarm", "answer": "the water is gone", "until": until.UnixMilli(), "report": doc{"id": fmt.Sprint("12345-", h.n), "text": "water"}, "false_alarm": false}
	switch action {
	case "close":
		c["resolution"] = "fixed"
	case "attach":
		c["parent"] = h.cause
	case "lower_severity":
		c["severity"] = "blue"
	}
	return c
}

// stand makes a case that stands in a state, ready for an action.
func (h *hands) stand(action, state, severity string) (id string, version float64) {
	h.t.Helper()
	c := h.caller.want(201, "POST", "/api/v1/cases", doc{"kind": "06026", "area": "330105003001", "severity": severity, "text": "x"})
	id = c["id"].(string)
	for i, step := range []string{"acknowledge", "dispatch", "report", "verify", "close"}[:slices.Index(caseStates, state)] {
		who := h.caller
		if step == "report" {
			who = person{h.crew.page}
		}
		c = who.does(200, id, step, "*", h.command(step, severity))
		h.caller.wantState(c, caseStates[i+1])
	}
	before := needsBefore(action, severity)
	if before != "" && slices.ContainsFunc(h.table, func(r transition) bool { return r.action == action && r.fits(state, severity) }) {
		c = h.caller.does(200, id, before, "*", h.command(before, severity))
	}
	return id, c["version"].(float64)
}

// mine says whether one of the crew answers for a task of a case in this state.
func (x *asked) mine(state string) bool {
	return x.id == "crew" && x.bearer == "" && slices.Index(caseStates, state) >= slices.Index(caseStates, "dispatched")
}

// wants is the status that the table says for an action, and the role in which it is done.
func (h *hands) wants(x *asked, action, state, severity string) (status int, as string) {
	local := x.role >= 0 && x.area != scopes[1]
	switch {
	case x.role < 0:
		return 401, ""
	case !local && !x.mine(state), action == "raise": // there is a case already
		return 404, ""
	}
	status = 409
	known := false
	for _, r := range h.table {
		if known = known || r.action == action; r.action != action || !r.fits(state, severity) {
			continue
		}
		status = 403
		for _, who := range r.who {
			if local && who == roleName(x) || x.mine(state) && who == "responder" {
				if action == "acknowledge" && state == "dispatched" {
					return 409, "" // it was acknowledged on the way
				}
				return 200, who
			}
		}
	}
	if !known {
		return 400, ""
	}
	return status, ""
}

// everyHand are nobody, each role in its own and in a foreign area, by sessions and by
// tokens, a dispatcher of everything, and departments with and without a task.
func everyHand(t *testing.T) *hands {
	m := &matrix{center: open(t, longLimits)}
	m.theCity()
	h := &hands{matrix: m, table: transitions(t), denied: map[string]int{}}
	h.all = m.some(scopes[:2]...)
	h.all = append(h.all, &asked{m: m, role: slices.Index(roleNames(), "dispatcher"), area: scopes[2], page: m.hire("everywhere", "dispatcher", scopes[2]).page, id: "everywhere"})
	for _, id := range []string{"crew", "idle"} {
		x := &asked{m: m, role: slices.Index(roleNames(), "integrator"), area: scopes[1], page: m.hire(id, "integrator", scopes[1]).page, id: id}
		made := x.want(201, "POST", "/api/v1/auth/tokens", doc{"name": id, "grants": []doc{{"role": "integrator", "area": scopes[1]}}, "rate": 6000, "ends": inADay()})
		program := &asked{m: m, role: x.role, area: x.area, id: id, bearer: made["value"].(string), tokenID: made["token"].(doc)["id"].(string)}
		h.all = append(h.all, x, program)
		if id == "crew" {
			h.crew = x
		}
	}
	for department, member := range map[string]string{"drainage": "crew", "parks": "idle"} {
		m.admin.want(200, "PUT", "/api/v1/departments/"+department, doc{"name": doc{"zh": "x"}, "members": []string{member}})
	}
	h.caller = m.hire("caller", "dispatcher", "330105")
	h.cause = h.caller.want(201, "POST", "/api/v1/cases", doc{"kind": "06026", "area": "330105003001", "severity": "red", "text": "x"})["id"].(string)
	return h
}

// longLimits lets no deadline come while the cases are asked about.
func longLimits(s *settings.Settings) {
	p := lifecycle.DefaultPolicy()
	for step := range p.Limits {
		for _, severity := range []wire.Severity{wire.Red, wire.Orange, wire.Yellow, wire.Blue} {
			p.Limits[step][severity] = lifecycle.Limit{N: 1000, Unit: "h"}
		}
	}
	s.Cases = &p
}

// Each action on a case × each state × each role, in its own area and in another one, by
// people and by programs, and those who have a task: what the table of docs/cases.md says is
// what is answered. What is refused changes nothing and is written down; what is done is in
// the audit log with who did it, and as what.
func TestCaseRights(t *testing.T) {
	if testing.Short() {
		t.Skip("it asks some thousand things")
	}
	h := everyHand(t)
	for _, severity := range []string{"yellow", "orange"} {
		for _, action := range h.actions() {
			split := slices.ContainsFunc(h.table, func(r transition) bool { return r.action == action && r.bySeverity() })
			for _, state := range caseStates {
				if severity == "yellow" || split {
					h.cell(action, state, severity)
				}
			}
		}
	}
	h.areShown()
	h.refusalsAreWritten()
	t.Logf("%d commands by %d who ask, %d lines of the table", h.tries, len(h.all), len(h.table))
}

// actions are those of the table, and one that is none.
func (h *hands) actions() []string {
	set := map[string]bool{"no_such_action": true}
	for _, r := range h.table {
		set[r.action] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// cell asks for an action on a case that stands in a state, by everyone.
func (h *hands) cell(action, state, severity string) {
	h.t.Helper()
	id, version := h.stand(action, state, severity)
	for _, x := range h.all {
		h.tries++
		want, as := h.wants(x, action, state, severity)
		status, answer := x.send(&right{method: "POST", header: []string{"If-Match", "*"}, target: path("/api/v1/cases/" + id + "/actions/" + action),
			body: func(*asked) any { return h.command(action, severity) }})
		if status != want {
			h.t.Errorf("%s: %s of a %s case that is %s = %d, want %d: %s", x, action, severity, state, status, want, answer)
		}
		switch {
		case status == 403 || status == 404 && x.role >= 0:
			h.denied[x.id]++
		case status == 200:
			if now := h.caller.want(200, "GET", "/api/v1/cases/"+id, nil); now["version"] != version+1 {
				h.t.Errorf("%s of a case that is %s: version %v, want %v: somebody who was refused has changed it", action, state, now["version"], version+1)
			}
			h.done(x, id, action, as)
			id, version = h.stand(action, state, severity)
		}
	}
	if now := h.caller.want(200, "GET", "/api/v1/cases/"+id, nil); now["version"] != version {
		h.t.Errorf("%s of a case that is %s was refused, and its version is %v, was %v", action, state, now["version"], version)
	}
}

// done wants the line of the audit log that says who did it.
func (h *hands) done(x *asked, id, action, as string) {
	h.t.Helper()
	if x.bearer != "" {
		as = "token " + x.tokenID
	}
	lines := h.admin.want(200, "GET", "/api/v1/auth/audit?limit=1000&what=case."+action+"&about="+id, nil)["lines"].([]any)
	if !slices.ContainsFunc(lines, func(l any) bool {
		e := l.(doc)
		return e["who"] == x.id && e["role"] == as && e["result"] == "done" && e["from"] == "127.0.0.1"
	}) {
		h.t.Errorf("%s: %s is not in the audit log, as %s: %v", x, action, as, lines)
	}
}

// areShown compares what a case's page says that one may do with what one may.
func (h *hands) areShown() {
	h.t.Helper()
	for _, state := range caseStates {
		id, _ := h.stand("note", state, "yellow")
		for _, x := range h.all {
			status, answer := x.send(&right{method: "GET", target: path("/api/v1/cases/" + id)})
			want, may := 200, []string{}
			if x.role < 0 {
				want = 401
			} else if x.area == scopes[1] && !x.mine(state) {
				want = 404
			}
			for _, action := range h.actions() {
				if got, _ := h.wants(x, action, state, "yellow"); got == 200 && needsBefore(action, "yellow") == "" {
					may = append(may, action)
				}
			}
			if got := allowedIn(h.t, answer); status != want || want == 200 && !slices.Equal(got, may) {
				h.t.Errorf("%s: a case that is %s = %d, offers %v; want %d, %v", x, state, status, got, want, may)
			}
		}
	}
}

// refusalsAreWritten wants a line of the audit log of each person who was refused.
func (h *hands) refusalsAreWritten() {
	h.t.Helper()
	written := map[string]bool{}
	for _, l := range h.admin.want(200, "GET", "/api/v1/auth/audit?limit=1000&what=request", nil)["lines"].([]any) {
		e := l.(doc)
		if e["result"] == "refused" && strings.HasPrefix(e["about"].(string), "POST /api/v1/cases/") {
			written[e["who"].(string)] = true
		}
	}
	for who, n := range h.denied {
		if !written[who] {
			h.t.Errorf("%s was refused %d times, and no line says so", who, n)
		}
	}
}

// allowedIn are the actions that an answer offers.
func allowedIn(t testing.TB, answer string) []string {
	t.Helper()
	var c struct{ Allowed []struct{ Action string } }
	if err := json.Unmarshal([]byte(answer), &c); err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, a := range c.Allowed {
		out = append(out, a.Action)
	}
	slices.Sort(out)
	return out
}

// roleNames are the roles of accounts.
func roleNames() (out []string) {
	for _, r := range role.All() {
		out = append(out, string(r))
	}
	return out
}

// roleName is that of who asks.
func roleName(x *asked) string { return roleNames()[x.role] }
