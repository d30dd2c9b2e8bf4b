package lifecycle

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// expected says, written down by hand and not taken from the table, in which states which
// roles of the case's own area may do what to a yellow case whose condition is cleared:
// r raised, a acknowledged, d dispatched, h handled, v verified, c closed.
var expected = map[Action]struct{ states, who string }{
	Acknowledge:   {"r", "operator dispatcher"},
	Dismiss:       {"ra", "operator dispatcher"},
	Dispatch:      {"ad", "operator dispatcher"},
	Sign:          {"d", "responder"},
	Reassign:      {"d", "operator dispatcher"},
	Withdraw:      {"d", "operator dispatcher"},
	Return:        {"d", "responder"},
	Extend:        {"d", "dispatcher"},
	Report:        {"d", "responder"},
	Verify:        {"h", "operator dispatcher"},
	Reject:        {"h", "operator dispatcher"},
	Close:         {"v", "operator dispatcher"},
	Reopen:        {"c", "dispatcher"},
	Shelve:        {"radhv", "operator dispatcher"},
	Suspend:       {"d", "dispatcher"},
	TakeOver:      {"radhv", "dispatcher"},
	RaiseSeverity: {"radhv", "operator dispatcher engineer responder system"},
	AttachReport:  {"radhv", "operator dispatcher integrator"},
	Verdict:       {"radhvc", "operator dispatcher"},
	Attach:        {"radhv", "operator dispatcher system"},
	Note:          {"radhvc", "operator dispatcher engineer responder"},
	Active:        {"radhv", "system"},
}

// leads says, by hand, where each of them leads from the state it is allowed in.
var leads = map[Action]string{
	Acknowledge: "r>a", Dismiss: "r>c a>c", Dispatch: "a>d", Return: "d>a", Withdraw: "d>a", Report: "d>h", Verify: "h>v", Reject: "h>d",
	Close: "v>c", Reopen: "c>a", Active: "v>a",
}

// Each action by each role, in its own and in another area, in each state: allowed and
// leading where it is written above, refused with 409's words everywhere else.
func TestEveryActionByEveryRole(t *testing.T) {
	n := 0
	for _, s := range states {
		at := newBench(t).to(s)
		if at.c.Condition.Active {
			at.c.Condition.Active = false
		}
		at.w.Cause = &Cause{ID: "p"}
		for a := range effects {
			if a == Raise || fromTimer(a) {
				continue
			}
			for _, r := range roles {
				for _, own := range []bool{true, false} {
					n++
					matrixCell(t, at, s, a, r, own)
				}
			}
		}
	}
	if n < 2000 {
		t.Errorf("only %d cells were tried", n)
	}
}

// fromTimer are actions that need a timer or an overlay first; they have tests of their own.
func fromTimer(a Action) bool {
	return slices.Contains([]Action{AutoDispatch, Propose, Unshelve, Resume, LowerSeverity, Detach, Cleared, Restless, Calm, SelfRecover,
		AutoVerify, AutoClose, CloseWithParent, Remind, Overdue, Escalate}, a)
}

func matrixCell(t *testing.T, at *bench, s State, a Action, r Role, own bool) {
	t.Helper()
	area, department := "330105000000", "drainage"
	if !own {
		area, department = "330106000000", "parks"
	}
	actor := Actor{Person: "somebody", Grants: []Grant{{r, area}}}
	switch r {
	case System:
		actor = TheSystem()
		own = true
	case Responder:
		actor = Actor{Person: "somebody", Departments: []string{department}}
	}
	cmd := full(a, at.w.Now)
	if a == Dismiss {
		cmd.Resolution = Test
	}
	if a == Extend {
		cmd.Until = noon + 3*aDay
	}
	entries, err := Decide(at.c, cmd, actor, at.w)
	want := own && strings.Contains(expected[a].states, string(s[0])) && slices.Contains(strings.Fields(expected[a].who), string(r))
	if r == Responder && (s == Raised || s == Acknowledged) {
		want = false // there is no task yet
	}
	where := fmt.Sprintf("%s by %s (own area: %v) in %s", a, r, own, s)
	if want != (err == nil) {
		t.Errorf("%s: %v, want allowed: %v", where, err, want)
		return
	}
	if err != nil {
		var no *Refusal
		if !own && r != System && !errors.Is(err, view.ErrUnknown) || own && !errors.Is(err, view.ErrUnknown) && !errors.As(err, &no) {
			t.Errorf("%s: the error is %v", where, err)
		}
		return
	}
	next, err := Apply(at.c, entries[0])
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	to := string(s[0])
	for _, way := range strings.Fields(leads[a]) {
		if way[:1] == string(s[0]) {
			to = way[2:]
		}
	}
	if string(next.State[0]) != to {
		t.Errorf("%s leads to %s, want %s", where, next.State, to)
	}
	if entries[0].Role != r || entries[0].Who != actor.Person {
		t.Errorf("%s is written down as %s by %q", where, entries[0].Role, entries[0].Who)
	}
}

// Raising needs a role in the area that is named.
func TestWhoRaises(t *testing.T) {
	p := DefaultPolicy()
	o := Opening{ID: "c", Source: "person", Kind: "06026", Area: "330105003012", Severity: wire.Blue}
	for _, x := range []struct {
		who  Actor
		edit func(*Opening)
		ok   bool
	}{
		{wang, nil, true}, {li, nil, true}, {api, nil, true}, {root, nil, false}, {TheSystem(), nil, true},
		{hu, nil, false}, {jing, nil, false}, {eng, nil, false}, {pump, nil, false},
		{wang, func(o *Opening) { o.Area = "330106000000" }, false}, {wang, func(o *Opening) { o.Kind = "" }, false},
		{wang, func(o *Opening) { o.Severity = "pink" }, false}, {wang, func(o *Opening) { o.Parent = "nowhere" }, false},
		{wang, func(o *Opening) { o.Source = "rumour" }, false}, {wang, func(o *Opening) { o.ID = "a\nb" }, false},
	} {
		own := o
		if x.edit != nil {
			x.edit(&own)
		}
		_, err := Decide(Case{}, Command{Action: Raise, Opening: &own}, x.who, World{Now: noon, Policy: &p, Path: path})
		if (err == nil) != x.ok {
			t.Errorf("%s raises %+v: %v", x.who.Person, own, err)
		}
	}
}
