package lifecycle

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// refused wants a refusal whose sentence holds these words.
func (b *bench) refused(a Actor, cmd Command, words string) {
	b.t.Helper()
	err := b.do(a, cmd)
	var r *Refusal
	var f *view.FieldError
	switch {
	case err == nil:
		b.t.Fatalf("%s by %s in %q was allowed", cmd.Action, a.Person, b.c.State)
	case !strings.Contains(err.Error(), words):
		b.t.Fatalf("%s by %s in %q: %v; want %q in it", cmd.Action, a.Person, b.c.State, err, words)
	case !errors.As(err, &r) && !errors.As(err, &f):
		b.t.Fatalf("%s: %v is no refusal", cmd.Action, err)
	}
}

// A night of rain: two departments, one returns its task, a citizen calls, the water comes
// back before the case is closed, and in the end there is an answer.
func TestNight(t *testing.T) {
	b := newBench(t, orange)
	if !slices.Equal(b.c.Overlays.Told, []string{"330105003012", "330105003000"}) {
		t.Errorf("an orange case told %v at once", b.c.Overlays.Told)
	}
	b.pass(4*aMinute).must(wang, Command{Action: Acknowledge})
	b.must(wang, Command{Action: Dispatch, Orders: order("drainage", "power")})
	b.must(pump, Command{Action: Sign, Task: 1})
	b.refused(power, Command{Action: Sign, Task: 1}, "do not allow")
	b.refused(power, Command{Action: Return, Task: 2}, "a reason is needed")
	b.must(power, Command{Action: Return, Task: 2, Why: "the pump is the drainage company's"})
	if b.c.State != Dispatched {
		t.Fatalf("returned by one of two: %q", b.c.State)
	}
	b.must(api, Command{Action: AttachReport, Report: &Citizen{ID: "12345-77", Text: "water in the underpass"}})
	b.refused(api, Command{Action: AttachReport, Report: &Citizen{ID: "12345-77", Text: "again"}}, "not attached yet")
	b.must(pump2, Command{Action: Report, Task: 1, Done: "second pump switched on", Result: Done})
	if b.c.State != Handled {
		t.Fatalf("all tasks that stand are answered: %q", b.c.State)
	}
	b.refused(wang, Command{Action: Verify}, "only if the condition is cleared and no returned task")
	b.refused(wang, Command{Action: Close, Resolution: Fixed, Answer: "x"}, "does not go with a case that is handled")
	b.clear()
	b.refused(wang, Command{Action: Verify}, "no returned task")
	b.must(wang, Command{Action: Verify, Why: "power is not concerned; seen on the camera"})
	b.pass(anHour).rise()
	if b.c.State != Acknowledged || b.c.Tally.Rework != 1 || b.c.Round != 2 {
		t.Fatalf("came back: %q, rework %d, round %d", b.c.State, b.c.Tally.Rework, b.c.Round)
	}
	b.must(li, Command{Action: Dispatch, Orders: order("drainage")})
	b.must(pump, Command{Action: Report, Task: 3, Done: "grate cleared", Result: Done})
	b.clear().must(wang, Command{Action: Verify})
	b.refused(wang, Command{Action: Close, Resolution: Fixed}, "an answer is needed")
	b.must(wang, Command{Action: Close, Resolution: Fixed, Answer: "the underpass is open again"})
	if o := b.c.Outcome; o.Answer == "" || o.By != "wang" || o.Resolution != Fixed {
		t.Errorf("the outcome is %+v", o)
	}
	b.refused(wang, Command{Action: Acknowledge}, "does not go with a case that is closed")
}

// Nobody verifies what he handled: not the reporter, not who signed, not across tasks, not
// after taking over, not in another round, not as an admin.
func TestNobodyVerifiesHisOwnWork(t *testing.T) {
	asOperator := func(a Actor) Actor {
		a.Grants = append(slices.Clone(a.Grants), Grant{Operator, "330105003012"}, Grant{Admin, "330000000000"})
		return a
	}
	b := newBench(t)
	b.must(wang, Command{Action: Acknowledge}).must(wang, Command{Action: Dispatch, Orders: order("drainage", "power")})
	b.must(pump, Command{Action: Sign, Task: 1}).must(pump2, Command{Action: Report, Task: 1, Done: "x", Result: Done})
	b.must(li, Command{Action: TakeOver, Why: "nobody goes"}).must(li, Command{Action: Report, Task: 2, Done: "switched off", Result: Done})
	b.clear()
	for _, a := range []Actor{asOperator(pump), asOperator(pump2), li} {
		b.refused(a, Command{Action: Verify}, "had no hand in handling it")
		b.refused(a, Command{Action: Reject, Why: "x"}, "had no hand in handling it")
	}
	b.must(wang, Command{Action: Reject, Why: "still wet", Task: 1})
	b.must(both, Command{Action: Report, Task: 1, Done: "dried", Result: Done})
	for _, a := range []Actor{both, asOperator(pump), asOperator(pump2), li} {
		b.refused(a, Command{Action: Verify}, "had no hand in handling it")
	}
	b.must(zhao, Command{Action: Verify}).must(zhao, Command{Action: Close, Resolution: Fixed, Answer: "dry"})
	b.must(zhao, Command{Action: Reopen, Why: "wet again"}).must(zhao, Command{Action: Dispatch, Orders: order("power")})
	b.must(power, Command{Action: Report, Task: 3, Done: "x", Result: Done})
	b.refused(li, Command{Action: Verify}, "had no hand in handling it")
	// A journal that says otherwise is refused as well.
	forged := Entry{N: b.c.Version + 1, At: b.w.Now, Who: "li", Role: Dispatcher, From: Handled, To: Verified, Command: Command{Action: Verify}}
	if _, err := Apply(b.c, forged); err == nil {
		t.Error("a journal in which li verifies his own work was taken")
	}
}

// A grave case is dismissed by two persons, and lowering it first does not help.
func TestDismissalOfAGraveCaseTakesTwo(t *testing.T) {
	b := newBench(t, red)
	test := Command{Action: Dismiss, Resolution: Test, Why: "the siren test of Saturday"}
	propose := test
	propose.Action = Propose
	b.refused(li, test, "another person has proposed it")
	b.must(li, Command{Action: LowerSeverity, Severity: wire.Blue, Why: "x"})
	b.refused(li, test, "another person has proposed it")
	b.refused(wang, test, "do not allow")
	b.must(li, propose)
	b.refused(li, test, "another person has proposed it")
	other := test
	other.Resolution = FalseAlarm
	b.refused(zhao, other, "same resolution")
	b.must(eng, Command{Action: RaiseSeverity, Severity: wire.Orange, Why: "it is no test"})
	b.refused(zhao, test, "another person has proposed it") // what was proposed was another case
	b.must(wang, propose).must(zhao, test)
	if b.c.State != Closed || b.c.Outcome.Answer != test.Why || b.c.Outcome.Resolution != Test {
		t.Errorf("%q, %+v", b.c.State, b.c.Outcome)
	}

	b = newBench(t, blue)
	b.refused(wang, Command{Action: Dismiss, Resolution: Duplicate, Why: "x", Parent: "c9"}, "the other case exists")
	b.refused(wang, Command{Action: Dismiss, Resolution: Fixed, Why: "x"}, "the resolution must be")
	b.must(wang, Command{Action: Dismiss, Resolution: FalseAlarm, Why: "a spider in front of the lens"})
	if b.c.Outcome.FalseAlarm == nil || !*b.c.Outcome.FalseAlarm {
		t.Error("a false alarm is not told to the tuning of rules")
	}
}

// Of itself a slight case recovers, is verified and closed, with an answer; a grave one, one
// that nothing measures, and one whose work came to nothing are not.
func TestByItself(t *testing.T) {
	b := newBench(t).must(wang, Command{Action: Acknowledge})
	b.clear().pass(2 * aDay)
	if b.c.State != Closed || b.c.Outcome.Resolution != SelfRecovery || !strings.Contains(b.c.Outcome.Answer, "2026-11-25 10:00") || strings.Contains(b.c.Outcome.Answer, "{") {
		t.Errorf("%q, %+v", b.c.State, b.c.Outcome)
	}
	if b = newBench(t).clear().pass(30 * aDay); b.c.State != Raised {
		t.Errorf("a case that nobody has seen became %q", b.c.State)
	}
	if b = newBench(t, orange).must(wang, Command{Action: Acknowledge}).clear().pass(30 * aDay); b.c.State != Acknowledged {
		t.Errorf("a grave case became %q of itself", b.c.State)
	}
	for _, s := range []State{Acknowledged, Handled, Verified} {
		b = newBench(t, orange).to(s).must(li, Command{Action: LowerSeverity, Severity: wire.Blue, Why: "it was measured wrongly"})
		if b.clear().pass(30 * aDay); b.c.State != s {
			t.Errorf("a case that was grave and %q became %q of itself", s, b.c.State)
		}
	}
	if b = newBench(t, blue, citizen).to(Handled).pass(30 * aDay); b.c.State != Handled {
		t.Errorf("a citizen's report became %q of itself", b.c.State)
	}
	b = newBench(t).to(Dispatched).must(pump, Command{Action: Report, Task: 1, Done: "the pump is broken", Result: Impossible}).clear().pass(30 * aDay)
	if b.c.State != Handled {
		t.Errorf("impossible work became %q of itself", b.c.State)
	}
	if b = newBench(t).to(Handled).clear().pass(29 * aMinute); b.c.State != Handled {
		t.Errorf("%q before the condition has held", b.c.State)
	}
	if b.pass(aMinute); b.c.State != Verified {
		t.Errorf("%q after the condition has held", b.c.State)
	}
	if b.pass(aDay); b.c.State != Closed || b.c.Outcome.Resolution != Fixed {
		t.Errorf("%q, %+v a day after", b.c.State, b.c.Outcome)
	}
}

// A case attached to a cause hurries nobody, closes with it if its own condition is
// cleared, and goes on alone if it is not.
func TestCause(t *testing.T) {
	b := newBench(t)
	parent := Cause{ID: "p"}
	b.refused(wang, Command{Action: Attach, Parent: "p", Why: "x"}, "the cause is open")
	for _, bad := range []Cause{{ID: "p", Closed: true}, {ID: "p", Child: true}, {ID: "q"}} {
		b.w.Cause = &bad
		b.refused(wang, Command{Action: Attach, Parent: "p", Why: "x"}, "the cause is open")
	}
	b.w.Cause = &Cause{ID: "c1"}
	b.refused(wang, Command{Action: Attach, Parent: "c1", Why: "x"}, "the cause is open")
	b.w.Cause = &parent
	b.w.Children = true
	b.refused(wang, Command{Action: Attach, Parent: "p", Why: "x"}, "the cause is open")
	b.w.Children = false
	b.must(wang, Command{Action: Attach, Parent: "p", Why: "the gateway is silent"})
	if ts := Timers(b.c, b.policy); len(ts) != 0 {
		t.Errorf("a symptom waits for %v", ts)
	}
	parent.Closed, parent.Answer = true, "the gateway has power again"
	b.refused(TheSystem(), Command{Action: CloseWithParent}, "its own condition is cleared")
	still := *b
	still.pass(anHour).must(TheSystem(), Command{Action: Detach, Why: "its cause is closed, its condition is not cleared"})
	if k := still.c.clock(StepAcknowledge, 0); k == nil || k.Start != still.w.Now {
		t.Errorf("detached, the clock to acknowledge is %+v", k)
	}
	b.clear().must(TheSystem(), Command{Action: CloseWithParent})
	if b.c.State != Closed || b.c.Outcome.Resolution != WithParent || b.c.Outcome.Answer != parent.Answer {
		t.Errorf("%q, %+v", b.c.State, b.c.Outcome)
	}
}

// A condition that comes and goes fills no journal, and is told again when it is calm.
func TestRestless(t *testing.T) {
	b := newBench(t, blue).must(wang, Command{Action: Acknowledge})
	for i := range 1000 {
		b.w.Now += 20_000
		if i%2 == 0 {
			b.clear()
		} else {
			b.rise()
		}
	}
	if !b.c.Condition.Restless || !b.c.Condition.Active || len(b.journal) > 10 {
		t.Fatalf("%+v after %d entries", b.c.Condition, len(b.journal))
	}
	changed := b.w.Changed
	b.pass(10*aMinute - 1)
	if !b.c.Condition.Restless {
		t.Error("calm before it was quiet for ten minutes")
	}
	b.w.Active = false
	b.pass(anHour)
	if d := b.c.Condition; d.Restless || d.Active || d.Since != changed {
		t.Errorf("after an hour of quiet: %+v, the last change was at %d", d, changed)
	}
	if b.pass(2 * aDay); b.c.State != Closed {
		t.Errorf("and then it is %q", b.c.State)
	}
}

// Whoever must not see a case is answered as if there were none; a task lets its
// department see and do, and no more.
func TestScope(t *testing.T) {
	b := newBench(t).to(Dispatched)
	for a := range effects {
		if _, err := Decide(b.c, full(a, b.w.Now), hu, b.w); !errors.Is(err, view.ErrUnknown) && a != Raise {
			t.Errorf("%s from another district: %v", a, err)
		}
	}
	if Visible(b.c, hu, b.w) || Visible(b.c, power, b.w) || !Visible(b.c, pump, b.w) || !Visible(b.c, jing, b.w) {
		t.Error("the wrong people see the case")
	}
	if got := Allowed(b.c, pump, b.w); !slices.Equal(got, []Action{Sign, Return, Report, RaiseSeverity, Note}) {
		t.Errorf("a member of the department may %v", got)
	}
	if got := Allowed(b.c, jing, b.w); len(got) != 0 {
		t.Errorf("a viewer may %v", got)
	}
	// The tree decides: moved to hu's district, the case is his, and not wang's any more.
	b.w.Path = []Place{{"330105003012", Community}, {"330106001000", Street}, {"330106000000", District}, {"330100000000", City}}
	if !Visible(b.c, hu, b.w) || Visible(b.c, wang, b.w) {
		t.Error("the case does not follow the tree")
	}
}

// Two sentences of a refusal, as people read them.
func TestRefusalSaysWhatIsAllowed(t *testing.T) {
	b := newBench(t)
	err := b.do(wang, Command{Action: Close, Resolution: Fixed, Answer: "x"})
	var r *Refusal
	if !errors.As(err, &r) {
		t.Fatal(err)
	}
	want := view.Text{
		En: `"close" does not go with a case that is raised, or of its severity; allowed now: acknowledge, dismiss, shelve, raise the severity, attach a citizen's report, judge whether it was a false alarm, attach to a cause, note`,
		Zh: "“办结”不适用于“待确认”或该级别的案件。现在可以：确认、不予处理、搁置、提高级别、关联群众诉求、误报判定、并入主案件、备注"}
	if r.Text != want || r.Forbidden {
		t.Errorf("got %+v", r.Text)
	}
	var s *Stale
	if err := b.do(wang, Command{Action: Acknowledge, Version: 7}); !errors.As(err, &s) || s.Is != 1 || !strings.Contains(s.Error(), "version 7, it is 1 now") {
		t.Errorf("a stale version: %v", err)
	}
	b.must(wang, Command{Action: Acknowledge, Version: 1})
	b.refused(wang, Command{Action: "explode"}, "there is no such action")
	b.refused(wang, Command{Action: Note, Why: "a\x00b"}, "control characters")
	b.refused(wang, Command{Action: Note, Why: strings.Repeat("x", 5000)}, "at most 4000 bytes")
}

// Shelving, suspending, extending and returning have their limits.
func TestLimitsOfOverlays(t *testing.T) {
	until := func(a Action, ms int64) Command { return Command{Action: a, Until: noon + ms, Why: "x", Task: 1} }
	for s, most := range map[wire.Severity]int64{wire.Orange: anHour, wire.Yellow: 8 * anHour, wire.Blue: 24 * anHour} {
		b := newBench(t, func(o *Opening) { o.Severity = s })
		b.refused(wang, until(Shelve, most+1), "no longer than its severity allows")
		b.refused(wang, until(Shelve, 0), "no longer than its severity allows")
		b.must(wang, until(Shelve, most))
		if b.pass(most); b.c.Overlays.Shelved != 0 {
			t.Errorf("%s: shelved for ever", s)
		}
	}
	newBench(t, red).refused(wang, until(Shelve, 1000), "red never")

	b := newBench(t).to(Dispatched)
	b.refused(li, until(Suspend, 10*aDay+1), "10 days in all")
	b.must(li, until(Suspend, 9*aDay)).pass(9 * aDay)
	if b.c.Overlays.PausedAt != 0 {
		t.Error("suspended for ever")
	}
	b.refused(li, Command{Action: Suspend, Until: b.w.Now + aDay + 1, Why: "x"}, "10 days in all")

	b = newBench(t).to(Dispatched)
	b.refused(li, until(Extend, 2*aDay), "to a later one")
	b.refused(li, until(Extend, 4*aDay+1), "at most twice as long")
	b.must(li, until(Extend, 4*aDay))
	b.refused(li, until(Extend, 5*aDay), "and once")
	if k := b.c.clock(StepHandle, 1); k.Due != noon+4*aDay {
		t.Errorf("the extended deadline is %s after", time.Duration(k.Due-noon)*time.Millisecond)
	}

	b = newBench(t).to(Dispatched)
	for range 2 {
		b.must(pump, Command{Action: Return, Task: len(b.c.Tasks), Why: "not ours"})
		b.must(wang, Command{Action: Dispatch, Orders: order("drainage")})
	}
	b.refused(pump, Command{Action: Return, Task: 3, Why: "not ours"}, "then a dispatcher decides")
	b = newBench(t).to(Dispatched).pass(aDay)
	b.refused(pump, Command{Action: Return, Task: 1, Why: "not ours"}, "less than half of its time")
}
