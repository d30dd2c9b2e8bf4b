package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/auth/role"
	"github.com/lamppost-city/lamppost/cloud/cases/docket"
	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// ledger stands for the cases: it knows one, with a full journal, and remembers what it was
// asked.
type ledger struct {
	filter  view.CaseFilter
	key     string
	version int
	action  string
	command view.CaseCommand
	opening view.CaseOpening
	query   view.PerformanceQuery
}

// full is a case of which everything is said.
func full() view.CaseDetail {
	yes := true
	e := lifecycle.Entry{N: 1, At: 1, Who: "wang", Role: lifecycle.Operator, From: lifecycle.Acknowledged, To: lifecycle.Dispatched, Told: []string{"330105"},
		Command: lifecycle.Command{Action: lifecycle.Dispatch, Why: "x", Severity: wire.Red, Task: 1, Orders: []lifecycle.Order{{Department: "water", Instruction: "pump", Due: 9}},
			Done: "d", Result: lifecycle.Done, Pictures: []string{"p"}, Resolution: lifecycle.Fixed, Answer: "a", Until: 1, Parent: "c0",
			Report: &lifecycle.Citizen{ID: "12345-1", At: 1, Text: "t"}, FalseAlarm: &yes}}
	c := lifecycle.Case{Opening: lifecycle.Opening{ID: "c1", Source: "alert", Kind: "06026", Area: "330105"}, Version: 7, State: lifecycle.Dispatched, Severity: wire.Red, Peak: wire.Red, Round: 1,
		Tasks:    []lifecycle.Task{{ID: 1, Round: 1, Department: "water", Instruction: "pump", State: lifecycle.TaskOpen}},
		Outcome:  lifecycle.Outcome{FalseAlarm: &yes},
		Overlays: lifecycle.Overlays{Proposal: &lifecycle.Proposal{By: "wang"}, Told: []string{"330105"}}, Reports: []lifecycle.Citizen{{ID: "12345-1", Text: "t"}},
		Clocks: []lifecycle.Clock{{Step: lifecycle.StepHandle, Task: 1, Due: 5}, {Step: lifecycle.StepSign, Task: 1, Due: 4}}}
	return docket.Detail{Case: c, Entries: []lifecycle.Entry{e}, Alerts: []string{"a1"}, Active: 1, Allowed: []lifecycle.Action{lifecycle.Note}}.Show(5)
}

func (l *ledger) Cases(_ context.Context, f view.CaseFilter) (view.CasePage, error) {
	l.filter = f
	return view.CasePage{Cases: []view.Case{full().Case}, Next: "c1"}, nil
}

func (l *ledger) Case(_ context.Context, id string) (view.CaseDetail, error) {
	if id != "c1" {
		return view.CaseDetail{}, fmt.Errorf("docket: %w", view.ErrUnknown)
	}
	return full(), nil
}

func (l *ledger) Act(_ context.Context, id, key string, version int, action string, c view.CaseCommand) (view.CaseDetail, error) {
	l.key, l.version, l.action, l.command = key, version, action, c
	no := &view.CaseRefusal{Text: view.Text{Zh: "不行", En: "no"}, Allowed: docket.Labelled([]lifecycle.Action{lifecycle.Note})}
	switch action {
	case "close":
		return view.CaseDetail{}, fmt.Errorf("docket: %w", no)
	case "reopen":
		no.Forbidden = true
		return view.CaseDetail{}, no
	}
	if version != 0 && version != 7 {
		return view.CaseDetail{}, &view.StaleError{Text: view.Text{Zh: "已变化", En: "changed"}, Version: 7}
	}
	return l.Case(context.Background(), id)
}

func (l *ledger) Open(_ context.Context, key string, o view.CaseOpening) (view.CaseDetail, error) {
	if l.key, l.opening = key, o; o.Area == "" {
		return view.CaseDetail{}, &view.FieldError{Field: "area"}
	}
	return full(), nil
}

func (l *ledger) Quality(_ context.Context, from, to int64) ([]view.RuleQuality, error) {
	l.version = int(to - from)
	return []view.RuleQuality{{Rule: "high", Cases: 3, FalseAlarms: 1, Resolutions: map[string]int{"fixed": 2}}}, nil
}

func (l *ledger) Performance(_ context.Context, q view.PerformanceQuery, _ time.Time) (view.Performance, error) {
	if l.query = q; q.Last == "never" {
		return view.Performance{}, &view.FieldError{Field: "to"}
	}
	return reckoned(q.Department), nil
}

// Each answer about cases is as openapi.json says.
func TestCasesMatchTheirSchemas(t *testing.T) {
	const all, one = prefix + "/cases", prefix + "/cases/{id}"
	const act = one + "/actions/{action}"
	saw := func(v string) []string { return []string{"If-Match", v} }
	for _, c := range []struct {
		method, target, path, body, status string
		header                             []string
	}{
		{"GET", all, all, "", "200", nil},
		{"GET", all + "?state=handled&severity=red&area=330105&department=water&overdue=true&alert=a7&limit=5&after=c9", all, "", "200", nil},
		{"GET", all + "?state=done", all, "", "400", nil},
		{"GET", all + "?severity=pink", all, "", "400", nil},
		{"GET", all + "?overdue=yes", all, "", "400", nil},
		{"GET", all + "?limit=501", all, "", "400", nil},
		{"GET", all + "?alert=" + strings.Repeat("x", maxKey+1), all, "", "400", nil},
		{"GET", all + "?after=" + strings.Repeat("x", maxKey+1), all, "", "400", nil},
		{"GET", all + "/c1", one, "", "200", nil},
		{"GET", prefix + "/rules/quality?from=5&to=9", prefix + "/rules/quality", "", "200", nil},
		{"GET", prefix + "/rules/quality?from=9&to=5", prefix + "/rules/quality", "", "400", nil},
		{"GET", prefix + "/performance?from=2026-11-01&to=2026-11-30&area=330105", prefix + "/performance", "", "200", nil},
		{"GET", prefix + "/performance?department=water", prefix + "/performance", "", "200", nil},
		{"GET", prefix + "/performance?to=never", prefix + "/performance", "", "400", nil},
		{"GET", prefix + "/performance?area=" + strings.Repeat("x", maxKey+1), prefix + "/performance", "", "400", nil},
		{"GET", prefix + "/performance.csv?language=fr", prefix + "/performance.csv", "", "400", nil},
		{"GET", all + "/c2", one, "", "404", nil},
		{"POST", all, all, `{"kind":"flood","area":"330105","severity":"red","text":"x"}`, "201", nil},
		{"POST", all, all, `{"kind":"flood","severity":"red"}`, "400", nil},
		{"POST", all, all, `{"id":"c7"}`, "400", nil},
		{"POST", all, all, ``, "415", nil},
		{"POST", all, all, `{"text":"` + strings.Repeat("x", maxCommand) + `"}`, "413", nil},
		{"POST", all + "/c1/actions/note", act, `{"why":"x"}`, "200", saw(`"7"`)},
		{"POST", all + "/c1/actions/note", act, `{"why":"x"}`, "200", saw(`*`)},
		{"POST", all + "/c1/actions/note", act, `{"why":"x"}`, "412", saw(`"6"`)},
		{"POST", all + "/c1/actions/note", act, `{"why":"x"}`, "428", nil},
		{"POST", all + "/c1/actions/note", act, `{"why":"x"}`, "400", saw(`W/"6"`)},
		{"POST", all + "/c1/actions/note", act, `{"who":"x"}`, "400", saw(`*`)},
		{"POST", all + "/c1/actions/note", act, `{}`, "400", append(saw(`*`), "Idempotency-Key", "a b")},
		{"POST", all + "/c1/actions/close", act, `{}`, "409", saw(`*`)},
		{"POST", all + "/c1/actions/reopen", act, `{}`, "403", saw(`*`)},
		{"POST", all + "/c2/actions/note", act, `{}`, "404", saw(`*`)},
		{"POST", all + "/c1/actions/note", act, ``, "415", saw(`*`)},
		{"POST", all + "/c1/actions/note", act, `{"why":"` + strings.Repeat("x", maxCommand) + `"}`, "413", saw(`*`)},
	} {
		t.Run(c.method+" "+c.target[:min(len(c.target), 90)]+" "+c.status, func(t *testing.T) {
			r := request(newAPI(t, &fakes{}, func(o *Options) { o.Cases = &ledger{} }), c.method, c.target, c.body, c.header...)
			body := text(t, r)
			if fmt.Sprint(r.StatusCode) != c.status {
				t.Fatalf("status %d, want %s: %s", r.StatusCode, c.status, body)
			}
			var v any
			if err := json.Unmarshal([]byte(body), &v); err != nil {
				t.Fatalf("%v in %s", err, body)
			}
			k := newChecker(t)
			if err := k.check("$", k.response(t, c.method, c.path, c.status), v); err != nil {
				t.Errorf("%v in %s", err, body)
			}
			if c.status == "403" || c.status == "409" {
				if !strings.Contains(body, `"allowed":[{"action":"note"`) {
					t.Errorf("what is allowed is not said: %s", body)
				}
			}
			if (c.status == "200" || c.status == "201") && c.target != all && c.path != all && strings.HasPrefix(c.path, all) && r.Header.Get("ETag") != `"7"` {
				t.Errorf("ETag %q", r.Header.Get("ETag"))
			}
		})
	}
}

// What a request says comes to the cases as it was said.
func TestWhatIsSaidOfACase(t *testing.T) {
	l := &ledger{}
	h := newAPI(t, &fakes{}, func(o *Options) { o.Cases = l })
	request(h, "GET", "/api/v1/cases?state=all&severity=blue&area=33&department=water&overdue=true&alert=a7&limit=5&after=c9", "")
	if want := (view.CaseFilter{State: "all", Severity: "blue", Area: "33", Department: "water", Alert: "a7", Overdue: true, After: "c9", Limit: 5}); l.filter != want {
		t.Errorf("the filter is %+v, want %+v", l.filter, want)
	}
	request(h, "POST", "/api/v1/cases/c1/actions/dispatch", `{"orders":[{"department":"water","instruction":"pump","due":5}]}`, "If-Match", `"7"`, "Idempotency-Key", "k1")
	if l.key != "k1" || l.version != 7 || l.action != "dispatch" || !reflect.DeepEqual(l.command, view.CaseCommand{Orders: []view.CaseOrder{{Department: "water", Instruction: "pump", Due: 5}}}) {
		t.Errorf("the command is %+v", l)
	}
	request(h, "POST", "/api/v1/cases", `{"kind":"flood","area":"33","report":{"id":"1","text":"t"}}`, "Idempotency-Key", "k2")
	if l.key != "k2" || l.opening.Report == nil || l.opening.Report.ID != "1" {
		t.Errorf("the opening is %+v", l.opening)
	}
}

// Without accounts there are no cases, and who is told so is told why. With them the cases
// themselves decide who may see and do what, whoever comes through the door.
func TestCasesNeedAccounts(t *testing.T) {
	h := newAPI(t, &fakes{})
	for _, c := range []struct{ method, target string }{{"GET", "/cases"}, {"POST", "/cases"}, {"GET", "/cases/c1"}, {"POST", "/cases/c1/actions/note"}, {"GET", "/rules/quality"}, {"GET", "/performance"}, {"GET", "/performance.csv"}} {
		if r := request(h, c.method, prefix+c.target, `{}`); r.StatusCode != http.StatusNotFound || !strings.Contains(text(t, r), "E7114") {
			t.Errorf("%s %s without accounts = %d", c.method, c.target, r.StatusCode)
		}
	}
	h = newAPI(t, &fakes{}, func(o *Options) {
		o.Cases, o.Door = &ledger{}, warden{[]role.Grant{{Role: role.Viewer, Area: "330105"}}}
	})
	if r := request(h, "GET", prefix+"/cases/c1", ""); r.StatusCode != http.StatusOK {
		t.Errorf("a viewer of one area = %d", r.StatusCode)
	}
	h = newAPI(t, &fakes{}, func(o *Options) { o.Cases, o.Door = &ledger{}, warden{} })
	if r := request(h, "GET", prefix+"/cases/c1", ""); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("nobody = %d", r.StatusCode)
	}
}
