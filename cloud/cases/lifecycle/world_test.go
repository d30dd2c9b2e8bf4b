package lifecycle

import (
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// noon is a Wednesday, 10:00 in China: 25 November 2026.
var noon = time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC).UnixMilli()

const (
	aMinute = int64(60_000)
	anHour  = 60 * aMinute
	aDay    = 24 * anHour
)

// path is where the cases of these tests are.
var path = []Place{{"330105003012", Community}, {"330105003000", Street}, {"330105000000", District}, {"330100000000", City}, {"330000000000", Province}}

// The people of these tests. hu is of another district.
var (
	wang  = Actor{Person: "wang", Grants: []Grant{{Operator, "330105000000"}}}
	li    = Actor{Person: "li", Grants: []Grant{{Dispatcher, "330100000000"}}}
	zhao  = Actor{Person: "zhao", Grants: []Grant{{Dispatcher, "330105003000"}}}
	pump  = Actor{Person: "chen", Departments: []string{"drainage"}}
	pump2 = Actor{Person: "deng", Departments: []string{"drainage"}}
	power = Actor{Person: "feng", Departments: []string{"power"}}
	both  = Actor{Person: "gao", Grants: []Grant{{Operator, "330105003012"}}, Departments: []string{"drainage", "power"}}
	root  = Actor{Person: "root", Grants: []Grant{{Admin, "330000000000"}}}
	jing  = Actor{Person: "jing", Grants: []Grant{{Viewer, "330105000000"}}}
	eng   = Actor{Person: "kong", Grants: []Grant{{Engineer, "330105000000"}}}
	api   = Actor{Person: "hotline", Grants: []Grant{{Integrator, "330105000000"}}}
	hu    = Actor{Person: "hu", Grants: []Grant{{Dispatcher, "330106000000"}, {Admin, "330106000000"}}, Departments: []string{"parks"}}
)

// bench plays a case and keeps its journal.
type bench struct {
	t       testing.TB
	c       Case
	w       World
	policy  Policy
	journal []Entry
}

func newBench(t testing.TB, edit ...func(*Opening)) *bench {
	t.Helper()
	b := &bench{t: t, policy: DefaultPolicy()}
	b.w = World{Now: noon, Policy: &b.policy, Path: path, Active: true, Changed: noon}
	o := Opening{ID: "c1", Source: "alert", Kind: "06026", Category: "06026", Area: "330105003012", Severity: wire.Yellow, Watched: true, Rule: "river-high", Gateway: "gw"}
	for _, e := range edit {
		e(&o)
	}
	b.must(TheSystem(), Command{Action: Raise, Opening: &o})
	return b
}

// do decides and applies.
func (b *bench) do(a Actor, cmd Command) error {
	b.t.Helper()
	entries, err := Decide(b.c, cmd, a, b.w)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if b.c, err = Apply(b.c, e); err != nil {
			b.t.Fatalf("%s was allowed and does not apply: %v", cmd.Action, err)
		}
	}
	b.journal = append(b.journal, entries...)
	return nil
}

func (b *bench) must(a Actor, cmd Command) *bench {
	b.t.Helper()
	if err := b.do(a, cmd); err != nil {
		b.t.Fatalf("%s by %q in %q: %v", cmd.Action, a.Person, b.c.State, err)
	}
	return b
}

// pass lets time go by and fires what is due, one after another.
func (b *bench) pass(ms int64) *bench {
	b.t.Helper()
	end := b.w.Now + ms
	for {
		timers := Timers(b.c, b.policy)
		if len(timers) == 0 || timers[0].Due > end {
			break
		}
		b.w.Now = max(b.w.Now, timers[0].Due)
		b.must(TheSystem(), timers[0].Command())
	}
	b.w.Now = end
	return b
}

// clear and rise are what the sensor says.
func (b *bench) clear() *bench {
	b.w.Active, b.w.Changed = false, b.w.Now
	return b.must(TheSystem(), Command{Action: Cleared})
}

func (b *bench) rise() *bench {
	b.w.Active, b.w.Changed = true, b.w.Now
	return b.must(TheSystem(), Command{Action: Active})
}

func orange(o *Opening) { o.Severity = wire.Orange }
func red(o *Opening)    { o.Severity = wire.Red }
func blue(o *Opening)   { o.Severity = wire.Blue }
func citizen(o *Opening) {
	o.Source, o.Watched, o.Rule, o.Gateway = "hotline", false, "", ""
}

func order(departments ...string) (out []Order) {
	for _, d := range departments {
		out = append(out, Order{Department: d, Instruction: "look after it"})
	}
	return out
}

// full returns a command with everything that its action can need.
func full(a Action, now int64) Command {
	yes := true
	return Command{Action: a, Why: "because", Severity: wire.Orange, Task: 1, Orders: order("drainage"), Done: "pumped", Result: Done,
		Resolution: Fixed, Answer: "the water is gone", Until: now + anHour/2, Parent: "p", Report: &Citizen{ID: "12345-1", Text: "water"}, FalseAlarm: &yes}
}

// to brings the case to a state by the shortest way, with wang and chen.
func (b *bench) to(s State) *bench {
	b.t.Helper()
	for _, next := range wayTo(s)[max(0, slices.Index(states, b.c.State)):] {
		b.must(next.who, next.cmd)
	}
	if b.c.State != s {
		b.t.Fatalf("the way to %q ended at %q", s, b.c.State)
	}
	return b
}
