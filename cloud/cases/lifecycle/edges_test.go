package lifecycle

import (
	"errors"
	"slices"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// A timer that fired before a suspension does not fire again after it, a deadline that had
// passed is not moved by it, and an answer ends it.
func TestSuspension(t *testing.T) {
	b := newBench(t, orange).to(Dispatched).pass(5 * anHour)
	b.must(li, Command{Action: Suspend, Until: b.w.Now + anHour, Why: "parts"}).pass(2 * anHour)
	n := 0
	for _, e := range b.journal {
		if e.Action == Remind && e.Timer == b.c.clock(StepHandle, 1).key()+".half" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("reminded %d times of half the time to handle", n)
	}
	b.pass(10 * anHour)
	due := b.c.clock(StepHandle, 1).Due
	b.must(li, Command{Action: Suspend, Until: b.w.Now + anHour, Why: "parts"}).pass(2 * anHour)
	if got := b.c.clock(StepHandle, 1).Due; got != due || due != noon+9*anHour {
		t.Errorf("a suspension after the deadline moved it from %d to %d", due, got)
	}
	b.must(li, Command{Action: Suspend, Until: b.w.Now + anHour, Why: "parts"})
	b.must(pump, Command{Action: Report, Task: 1, Done: "x", Result: Done})
	if o := b.c.Overlays; o.PausedAt != 0 || len(o.Pauses) != 3 {
		t.Errorf("answered, it is still suspended: %+v", o)
	}
}

// Who silenced a case did not know that it would get worse.
func TestWorseEndsTheShelf(t *testing.T) {
	b := newBench(t).must(wang, Command{Action: Shelve, Until: noon + anHour, Why: "known"})
	b.must(eng, Command{Action: RaiseSeverity, Severity: wire.Orange, Why: "it rises"})
	if b.c.Overlays.Shelved != 0 {
		t.Error("it is still shelved")
	}
}

// What a person sent back does not recover of itself; what came back neither.
func TestSentBackDoesNotRecover(t *testing.T) {
	b := newBench(t).must(wang, Command{Action: Acknowledge}).clear().pass(anHour)
	if b.c.State != Handled && b.c.State != Verified {
		t.Fatalf("it is %q", b.c.State)
	}
	b = newBench(t).must(wang, Command{Action: Acknowledge}).clear()
	b.w.Now += 30 * aMinute
	for b.c.State != Handled { // it is verified in the same moment, but for this test
		b.must(TheSystem(), Timers(b.c, b.policy)[0].Command())
		b.w.Now += 30 * aMinute
	}
	b.must(wang, Command{Action: Reject, Why: "look at the sensor"}).pass(aDay)
	if b.c.State != Acknowledged {
		t.Errorf("sent back, it became %q of itself", b.c.State)
	}
}

// Sent back in a second round, the tasks of the first stay as they were answered.
func TestRoundsAreApart(t *testing.T) {
	b := newBench(t).to(Closed).must(li, Command{Action: Reopen, Why: "wet again"})
	b.must(wang, Command{Action: Dispatch, Orders: order("power")}).must(power, Command{Action: Report, Task: 2, Done: "x", Result: Done})
	b.must(wang, Command{Action: Reject, Why: "no"})
	if b.c.Tasks[0].State != TaskAnswered || b.c.Tasks[1].State != TaskOpen || b.c.State != Dispatched {
		t.Errorf("%q, tasks %+v", b.c.State, b.c.Tasks)
	}
	b.refused(pump, Command{Action: Report, Task: 1, Done: "x", Result: Done}, "do not allow")
	b.refused(li, Command{Action: Withdraw, Task: 1, Why: "x"}, "the task waits for its answer, or was returned")
}

// Apply leaves the case that it is given as it is, and two lives from there do not meet.
func TestApplyChangesNothingElse(t *testing.T) {
	b := newBench(t, orange).to(Dispatched)
	was := b.c.clone()
	one, other := *b, *b
	one.journal, other.journal = slices.Clone(b.journal), slices.Clone(b.journal)
	one.must(pump, Command{Action: Report, Task: 1, Done: "one", Result: Done})
	other.must(pump2, Command{Action: Report, Task: 1, Done: "other", Result: Partly})
	if b.c.Tasks[0].State != was.Tasks[0].State || one.c.Tasks[0].Done != "one" || other.c.Tasks[0].Done != "other" || one.c.Tasks[0].Hands[0] != "chen" {
		t.Errorf("%+v, %+v, %+v", b.c.Tasks, one.c.Tasks, other.c.Tasks)
	}
}

// Nobody writes what turns the writing around, in any field; a journal in which an older
// version has kept such a text is still read.
func TestTurnedTexts(t *testing.T) {
	b := newBench(t).to(Dispatched)
	const turned = "turn\u202egnp"
	for name, cmd := range map[string]Command{
		"why": {Action: Note, Why: turned}, "done": {Action: Note, Why: "x", Done: turned}, "answer": {Action: Note, Why: "x", Answer: turned},
		"parent": {Action: Note, Why: "x", Parent: turned}, "report.text": {Action: Note, Why: "x", Report: &Citizen{ID: "1", Text: turned}},
		"orders.0.instruction": {Action: Note, Why: "x", Orders: []Order{{Department: "drainage", Instruction: turned}}},
	} {
		var field *view.FieldError
		if err := b.do(wang, cmd); !errors.As(err, &field) || field.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	raw, err := Entry{N: 1, At: 1, Who: "wang", Role: Operator, Command: Command{Action: Note, Why: turned}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if e, err := DecodeEntry(raw); err != nil || e.Why != turned {
		t.Errorf("an older entry is read as %+v, %v", e, err)
	}
}
