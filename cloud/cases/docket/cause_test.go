package docket_test

import (
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/cases/docket"
	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/edge/wire"
)

func raise(area string, severity wire.Severity) lifecycle.Command {
	return lifecycle.Command{Action: lifecycle.Raise, Opening: &lifecycle.Opening{Source: "person", Kind: "06026", Area: area, Severity: severity}}
}

// One person cannot end a grave case by way of another: not under a lesser one, and not
// under one that is dismissed; and a case that somebody may not see is no cause for him.
func TestCausesAreNoBackDoor(t *testing.T) {
	p := one(t)
	refused := func(id string, a lifecycle.Actor, cmd lifecycle.Command) {
		t.Helper()
		if _, err := p.Do(t.Context(), id, "", cmd, a, noon); err == nil {
			t.Errorf("%s %s was done", cmd.Action, id)
		}
	}
	red, own := p.raised("330105003", wire.Red), p.must("", wang, raise("330105003", wire.Blue), noon).Opening.ID
	refused(red, wang, lifecycle.Command{Action: lifecycle.Attach, Parent: own, Why: "x"})

	theirs := p.raised("330106003", wire.Red)
	refused(red, wang, lifecycle.Command{Action: lifecycle.Attach, Parent: theirs, Why: "x"})
	p.must(red, li, lifecycle.Command{Action: lifecycle.Attach, Parent: theirs, Why: "li sees both"}, noon)
	p.must(red, li, lifecycle.Command{Action: lifecycle.Detach, Why: "tried"}, noon)

	blue := p.must("", wang, raise("330105003", wire.Blue), noon).Opening.ID
	p.must(blue, wang, lifecycle.Command{Action: lifecycle.Attach, Parent: own, Why: "the same pump"}, noon)
	p.must(own, wang, lifecycle.Command{Action: lifecycle.Dismiss, Resolution: lifecycle.Test, Why: "a test", Answer: "a test"}, noon)
	if c := p.get(blue, wang, noon).Case; c.State == lifecycle.Closed || c.Overlays.Parent != "" {
		t.Errorf("with a dismissed cause %s is %s, attached to %q", blue, c.State, c.Overlays.Parent)
	}
}

// A program with a person's token has its grants and nothing of what was given to the person.
func TestTokensOwnNothing(t *testing.T) {
	p := one(t)
	id := p.raised("330105003", wire.Yellow)
	p.must(id, li, lifecycle.Command{Action: lifecycle.TakeOver, Why: "mine"}, noon)
	token := lifecycle.Actor{Person: "li", Token: true, Grants: []lifecycle.Grant{{Role: lifecycle.Integrator, Area: "330109"}}}
	if _, err := p.Get(t.Context(), id, token, noon); err == nil {
		t.Error("it reads a case of another area")
	}
	if page, err := p.List(t.Context(), docket.Filter{State: "all", Limit: 10}, token); err != nil || len(page.Cases) != 0 {
		t.Errorf("it lists %+v, %v", page.Cases, err)
	}
	if _, err := p.Do(t.Context(), id, "", lifecycle.Command{Action: lifecycle.Note, Why: "x"}, token, noon.Add(time.Minute)); err == nil {
		t.Error("it writes into it")
	}
}
