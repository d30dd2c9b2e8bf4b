package aggregator

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/area"
	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/cloud/database"
	"github.com/lamppost-city/lamppost/cloud/settings"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// placed are parts that know places alone.
func placed(t *testing.T) *parts {
	t.Helper()
	db, err := database.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), database.Schema{Name: "area", Steps: area.Schema()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	p := &parts{db: db}
	if p.places, err = area.Open(t.Context(), area.Options{DB: db}); err != nil {
		t.Fatal(err)
	}
	return p
}

// Each kind that cases are told for can be named by a rule.
func TestRulesKnowEveryKind(t *testing.T) {
	for action, is := range tellings {
		file := fmt.Sprintf("notify: {allow: [127.0.0.1], channels: {c: {webhook: {url: \"http://127.0.0.1:1\"}}}, rules: {r: {kinds: [%s], channels: [c]}}}\n", is.kind)
		if _, err := settings.Parse("cloud.yaml", []byte(file), false); err != nil {
			t.Errorf("%s: %v", action, err)
		}
	}
}

// What a step of a case is told as, where the case is a symptom, where it is shelved, and
// where it is neither.
func TestTellings(t *testing.T) {
	const hour = 3_600_000
	p := placed(t)
	for _, c := range []struct {
		action        lifecycle.Action
		cause         bool
		shelved       bool
		kind          string // empty: it is told to nobody
		symptom, hush bool   // Event.Cause, Hushed
		asks, sequel  bool
	}{
		{action: lifecycle.Raise, kind: "opened"},
		{action: lifecycle.Raise, cause: true, kind: "opened", symptom: true},
		{action: lifecycle.Active, kind: "active"},
		{action: lifecycle.Active, shelved: true, kind: "active", hush: true},
		{action: lifecycle.Active, cause: true, kind: "active", symptom: true},
		{action: lifecycle.Cleared, shelved: true, kind: "cleared", hush: true},
		{action: lifecycle.Detach, kind: "detached"},
		{action: lifecycle.Detach, shelved: true, kind: "detached", hush: true},
		{action: lifecycle.Unshelve, kind: "unshelved"},
		{action: lifecycle.Dispatch, cause: true, shelved: true, kind: "dispatched", asks: true},
		{action: lifecycle.Return, cause: true, shelved: true, kind: "returned", asks: true},
		{action: lifecycle.Withdraw, cause: true, shelved: true, kind: "withdrawn", asks: true},
		{action: lifecycle.Close, kind: "closed"},
		{action: lifecycle.Close, shelved: true, kind: "closed"},
		{action: lifecycle.AutoClose, cause: true, kind: "closed", sequel: true},
		{action: lifecycle.CloseWithParent, kind: "closed", sequel: true},
		{action: lifecycle.Shelve},
		{action: lifecycle.Note},
		{action: lifecycle.Report}, // one of several tasks
	} {
		k := lifecycle.Case{State: lifecycle.Dispatched, Severity: wire.Yellow, Opening: lifecycle.Opening{ID: "c1", Gateway: "g1", Text: "水位"}}
		if c.shelved {
			k.Overlays.Shelved = 2 * hour
		}
		cause := ""
		if c.cause {
			cause = "case/storm"
		}
		e, told := p.caseEvent(k, lifecycle.Entry{N: 7, At: hour, To: lifecycle.Dispatched, Command: lifecycle.Command{Action: c.action}}, cause)
		name := fmt.Sprintf("%s, cause %v, shelved %v", c.action, c.cause, c.shelved)
		if told != (c.kind != "") {
			t.Errorf("%s: told %v", name, told)
		}
		if !told {
			continue
		}
		if e.Kind != c.kind || (e.Cause != "") != c.symptom || e.Hushed != c.hush || e.Asks != c.asks || e.Sequel != c.sequel || e.ID != "case/c1/7" {
			t.Errorf("%s: %s, cause %q, hushed %v, asks %v, sequel %v, %s", name, e.Kind, e.Cause, e.Hushed, e.Asks, e.Sequel, e.ID)
		}
		if first := c.action == lifecycle.Raise || c.action == lifecycle.Detach; e.First != first {
			t.Errorf("%s: first %v", name, e.First)
		}
		if err := e.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Who had a task is told that it was taken away, and to whom it was given.
func TestCrewOfATaskTakenAway(t *testing.T) {
	p := placed(t)
	for _, d := range []view.Department{{ID: "water", Members: []string{"wang"}}, {ID: "roads", Members: []string{"zhou"}}} {
		d.Name = view.Text{Zh: d.ID, En: d.ID}
		if _, err := p.places.PutDepartment(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	p.o.Settings = &settings.Settings{Notify: &settings.Notify{People: map[string]settings.Person{"wang": {}, "zhou": {}, "chen": {}}}}
	c := lifecycle.Case{Round: 1, Tasks: []lifecycle.Task{{ID: 1, Round: 1, Department: "water", State: lifecycle.TaskReassigned}, {ID: 2, Round: 1, Person: "chen", State: lifecycle.TaskWithdrawn}}}
	for _, s := range []struct {
		cmd  lifecycle.Command
		want []string
	}{
		{lifecycle.Command{Action: lifecycle.Reassign, Task: 1, Orders: []lifecycle.Order{{Department: "roads"}}}, []string{"wang", "zhou"}},
		{lifecycle.Command{Action: lifecycle.Withdraw, Task: 1}, []string{"wang"}},
		{lifecycle.Command{Action: lifecycle.Withdraw, Task: 2}, []string{"chen"}},
		{lifecycle.Command{Action: lifecycle.Withdraw, Task: 3}, nil},
		{lifecycle.Command{Action: lifecycle.Extend, Task: 1}, nil},
	} {
		got := p.caseCrew(c, lifecycle.Entry{Command: s.cmd})
		if slices.Sort(got); !slices.Equal(got, s.want) {
			t.Errorf("%s of task %d: %q, want %q", s.cmd.Action, s.cmd.Task, got, s.want)
		}
	}
}
