package lifecycle

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
	"pgregory.net/rapid"
)

// ways are all changes of state that there may ever be, by hand: raised r, acknowledged a,
// dispatched d, handled h, verified v, closed c, and _ before.
var ways = strings.Fields("_r ra rd rc ad ac ah dh da hv hd ha vc va ca dc hc")

var everybody = []Actor{wang, li, zhao, pump, pump2, power, both, root, jing, eng, api, hu}

func letter(s State) string {
	if s == Unborn {
		return "_"
	}
	return string(s[0])
}

// observer watches a journal without the engine: what must hold of every life.
type observer struct {
	hands   map[string]bool // who signed for or reported on what
	signers map[int][]string
	timers  map[string]bool
	last    Entry
	worst   wire.Severity // that any entry has named
}

func (o *observer) see(e Entry, after Case) error {
	way := letter(e.From) + letter(e.To)
	for s := range o.named(e) {
		if o.worst == "" || s.Above(o.worst) {
			o.worst = s
		}
	}
	switch {
	case e.From != e.To && !slices.Contains(ways, way):
		return fmt.Errorf("the way %s is in no table", way)
	case e.From != o.last.To || e.N != o.last.N+1 || e.At < o.last.At:
		return fmt.Errorf("entry %d (%s, %d) follows %d (%s, %d)", e.N, e.From, e.At, o.last.N, o.last.To, o.last.At)
	case (e.Action == Verify || e.Action == Reject) && o.hands[e.Who]:
		return fmt.Errorf("%s does %s to his own work", e.Who, e.Action)
	case e.To == Closed && (after.Outcome.Resolution == "" || strings.TrimSpace(after.Outcome.Answer) == ""):
		return fmt.Errorf("closed without an answer: %+v", after.Outcome)
	case e.Who == "hu" || e.Who == "jing" || e.Who == "root":
		return fmt.Errorf("%s has no business here and did %s", e.Who, e.Action)
	case e.Timer != "" && o.timers[e.Timer] && e.Role == System:
		return fmt.Errorf("the timer %s fired twice", e.Timer)
	case e.To == Closed && e.Role == System && e.Action != CloseWithParent && slices.Contains(grave, o.worst):
		return errors.New("the system closed a case that was grave")
	case e.Role == System && slices.Contains([]Action{SelfRecover, AutoVerify, AutoClose}, e.Action) && slices.Contains(grave, o.worst):
		return fmt.Errorf("the system did %s to a case that was grave", e.Action)
	}
	o.last = e
	if e.Timer != "" && e.Role == System {
		o.timers[e.Timer] = true
	}
	if e.Action == Sign {
		o.signers[e.Task] = []string{e.Who}
	}
	if e.Action == Report {
		o.hands[e.Who] = true
		for _, who := range o.signers[e.Task] {
			o.hands[who] = true
		}
	}
	if e.Action == Reject {
		clear(o.signers)
	}
	return nil
}

// named are the severities that an entry gives to the case.
func (o *observer) named(e Entry) iter.Seq[wire.Severity] {
	return func(yield func(wire.Severity) bool) {
		switch {
		case e.Opening != nil:
			yield(e.Opening.Severity)
		case e.Action == RaiseSeverity || e.Action == LowerSeverity:
			yield(e.Severity)
		}
	}
}

// command draws what somebody might want, mostly what he may.
func command(t *rapid.T, c Case, now int64, may []Action) Command {
	all := may
	if len(all) == 0 || rapid.IntRange(0, 5).Draw(t, "wild") == 0 {
		all = allActions()
	}
	cmd := full(rapid.SampledFrom(all).Draw(t, "action"), now)
	cmd.Task = rapid.IntRange(max(0, len(c.Tasks)-2), len(c.Tasks)+1).Draw(t, "task")
	cmd.Severity = rapid.SampledFrom(severities).Draw(t, "severity")
	cmd.Orders = order(rapid.SliceOfN(rapid.SampledFrom([]string{"drainage", "power"}), 1, 2).Draw(t, "departments")...)
	cmd.Resolution = rapid.SampledFrom([]Resolution{Fixed, Test, FalseAlarm, Duplicate, "nonsense"}).Draw(t, "resolution")
	cmd.Result = rapid.SampledFrom(results).Draw(t, "result")
	cmd.Until = now + rapid.Int64Range(-aMinute, 3*aDay).Draw(t, "until")
	cmd.Report.ID = fmt.Sprint("r", rapid.IntRange(0, 5).Draw(t, "report"))
	if rapid.IntRange(0, 7).Draw(t, "forgets") == 0 {
		cmd.Why, cmd.Answer, cmd.Done = "", "", ""
	}
	return cmd
}

// given is a command and who gives it.
type given struct {
	who Actor
	cmd Command
}

// wayTo is the shortest way to a state, so that random lives begin everywhere.
func wayTo(s State) []given {
	all := []given{{wang, Command{Action: Acknowledge}}, {wang, Command{Action: Dispatch, Orders: order("drainage")}},
		{pump, Command{Action: Report, Task: 1, Done: "pumped", Result: Done}}, {wang, Command{Action: Verify, Why: "seen on the camera"}},
		{wang, Command{Action: Close, Resolution: Fixed, Answer: "the water is gone"}}}
	return all[:slices.Index(states, s)]
}

func allActions() []Action {
	var all []Action
	for a := range effects {
		all = append(all, a)
	}
	slices.Sort(all)
	return all
}

// Random lives: whatever anybody tries, in whatever order, with the sensor coming and going,
// the policy changing and time passing, what must hold holds, and the journal, written down
// and read again, is the case.
func TestRandomLives(t *testing.T) {
	reached := map[State]int{}
	done := map[Action]int{}
	for range 4 {
		rapid.Check(t, func(t *rapid.T) { randomLife(t, reached, done) })
	}
	for _, s := range states {
		if reached[s] == 0 {
			t.Errorf("no random life was ever %s; the test is trying the wrong things", s)
		}
	}
	var never []Action
	for _, a := range allActions() {
		if done[a] == 0 {
			never = append(never, a)
		}
	}
	if len(never) > 8 {
		t.Errorf("never done: %v; done: %v", never, done)
	}
}

func randomLife(t *rapid.T, reached map[State]int, done map[Action]int) {
	b := &bench{t: unfailing{}, policy: DefaultPolicy()}
	b.w = World{Now: noon, Policy: &b.policy, Path: path, Active: true, Cause: &Cause{ID: "p", Answer: "done"}}
	o := observer{hands: map[string]bool{}, signers: map[int][]string{}, timers: map[string]bool{}}
	first := Opening{ID: "c1", Source: "alert", Kind: "k", Area: path[0].Code, Severity: rapid.SampledFrom(severities).Draw(t, "first"), Watched: rapid.Bool().Draw(t, "watched")}
	seen := 0
	try := func(a Actor, cmd Command) {
		before, could := b.c, Allowed(b.c, a, b.w)
		err := b.do(a, cmd)
		if err != nil {
			if !reflect.DeepEqual(before, b.c) {
				t.Fatalf("a refused %s changed the case", cmd.Action)
			}
			return
		}
		for ; seen < len(b.journal); seen++ {
			e := b.journal[seen]
			if err := o.see(e, b.c); err != nil {
				t.Fatalf("entry %+v: %v", e, err)
			}
			done[e.Action]++
			reached[e.To]++
			if a.Person != "" && e.Action != Raise && !slices.Contains(could, e.Action) {
				t.Fatalf("%s did %s, and was told that he may %v", a.Person, e.Action, could)
			}
		}
	}
	try(TheSystem(), Command{Action: Raise, Opening: &first})
	for _, step := range wayTo(rapid.SampledFrom(states).Draw(t, "from")) {
		try(step.who, step.cmd)
	}
	for range rapid.IntRange(5, 50).Draw(t, "steps") {
		switch rapid.IntRange(0, 9).Draw(t, "what") {
		case 0, 1:
			b.w.Now += rapid.Int64Range(0, 2*aDay).Draw(t, "passes")
		case 2:
			b.w.Active, b.w.Changed = !b.c.Condition.Active, b.w.Now
			try(TheSystem(), Command{Action: map[bool]Action{true: Active, false: Cleared}[b.w.Active]})
		case 3:
			b.w.Changed = min(b.w.Changed, b.w.Now-rapid.Int64Range(0, anHour).Draw(t, "quiet"))
			for _, timer := range Timers(b.c, b.policy) {
				try(TheSystem(), timer.Command())
				try(TheSystem(), timer.Command())
			}
		case 4:
			b.w.Cause.Closed = rapid.Bool().Draw(t, "cause closed")
			b.policy.Hold = rapidHold(t)
		default:
			who := rapid.SampledFrom(append(everybody, TheSystem())).Draw(t, "who")
			try(who, command(t, b.c, b.w.Now, Allowed(b.c, who, b.w)))
		}
	}
	reread(t, b)
}

// reread writes the journal down, reads it and folds it again.
func reread(t *rapid.T, b *bench) {
	var again []Entry
	for _, e := range b.journal {
		raw, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		d, err := DecodeEntry(raw)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		again = append(again, d)
	}
	c, err := Replay(again)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := json.Marshal(b.c)
	if got, _ := json.Marshal(c); string(got) != string(want) {
		t.Fatalf("replayed, the case is\n%s\nand was\n%s", got, want)
	}
}

// unfailing stands where a bench inside of rapid wants a testing.TB; what fails there
// panics, and rapid reports it.
type unfailing struct{ testing.TB }

func (unfailing) Helper()                           {}
func (unfailing) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// Two processes work on the same case, each on what it has read, sometimes long ago: the
// store takes what was decided on its newest version only. Whatever the order, the journal
// is one, and each timer fires once.
func TestTwoProcesses(t *testing.T) {
	type process struct{ c Case }
	policy := DefaultPolicy()
	stale := 0
	rapid.Check(t, func(t *rapid.T) {
		w := World{Now: noon, Policy: &policy, Path: path, Cause: &Cause{ID: "p"}}
		first := Opening{ID: "c1", Source: "alert", Kind: "k", Area: path[0].Code, Severity: rapid.SampledFrom(severities).Draw(t, "first"), Watched: true}
		var journal []Entry
		o := observer{hands: map[string]bool{}, signers: map[int][]string{}, timers: map[string]bool{}}
		two := [2]process{}
		commit := func(p *process, entries []Entry) {
			if len(entries) > 0 && entries[0].N != len(journal)+1 {
				stale++
				return
			}
			for _, e := range entries {
				next, err := Apply(p.c, e)
				if err == nil {
					err = o.see(e, next)
				}
				if err != nil {
					t.Fatalf("entry %+v: %v", e, err)
				}
				p.c, journal = next, append(journal, e)
			}
		}
		raise, err := Decide(Case{}, Command{Action: Raise, Opening: &first}, TheSystem(), w)
		if err != nil {
			t.Fatal(err)
		}
		commit(&two[0], raise)
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			p := &two[rapid.IntRange(0, 1).Draw(t, "process")]
			w.Now += rapid.Int64Range(0, anHour).Draw(t, "passes")
			if rapid.IntRange(0, 2).Draw(t, "reads") > 0 {
				if p.c, err = Replay(journal); err != nil {
					t.Fatal(err)
				}
			}
			if timers := Timers(p.c, policy); len(timers) > 0 && rapid.Bool().Draw(t, "timer") {
				entries, err := Decide(p.c, timers[0].Command(), TheSystem(), w)
				if err == nil {
					commit(p, entries)
				}
				continue
			}
			who := rapid.SampledFrom(everybody).Draw(t, "who")
			cmd := command(t, p.c, w.Now, Allowed(p.c, who, w))
			cmd.Version = p.c.Version
			if entries, err := Decide(p.c, cmd, who, w); err == nil {
				commit(p, entries)
			}
		}
		if _, err := Replay(journal); err != nil {
			t.Fatal(err)
		}
	})
	if stale == 0 {
		t.Error("the processes were never in each other's way; the test is trying the wrong things")
	}
}

// A journal with a line changed, removed, doubled or swapped does not replay to a case that
// could not have been: it is refused, or every invariant holds of it.
func TestDamagedJournal(t *testing.T) {
	b := newBench(t, orange).to(Closed)
	for i := range b.journal {
		for what, damage := range map[string]func([]Entry) []Entry{
			"removed": func(j []Entry) []Entry { return slices.Delete(j, i, i+1) },
			"doubled": func(j []Entry) []Entry { return slices.Insert(j, i, j[i]) },
			"closed":  func(j []Entry) []Entry { j[i].To = Closed; return j },
			"silent": func(j []Entry) []Entry {
				j[i].Answer, j[i].Opening, j[i].Done, j[i].Orders = "", nil, "", nil
				return j
			},
			"forged":  func(j []Entry) []Entry { j[i].Role, j[i].Who = Viewer, "x"; return j },
			"earlier": func(j []Entry) []Entry { j[i].At = 1; return j },
		} {
			if what == "removed" && i == len(b.journal)-1 || what == "closed" && i == len(b.journal)-1 || what == "earlier" && i == 0 {
				continue // a shorter journal, or the same one
			}
			j := damage(slices.Clone(b.journal))
			if c, err := Replay(j); err == nil && what != "silent" {
				t.Errorf("line %d %s: a case that is %s", i+1, what, c.State)
			} else if err == nil && c.State == Closed && !said(c.Outcome.Answer) {
				t.Errorf("line %d %s: closed without an answer", i+1, what)
			}
		}
	}
}

// What is no entry is refused; what is, is written as it was read; and whatever is read,
// folding it makes no case that breaks the rules.
func FuzzEntry(f *testing.F) {
	b := newBench(f, orange).to(Closed)
	for _, e := range b.journal {
		raw, err := e.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"n":1,"at":0,"role":"system","from":"","to":"raised","action":"raise"}`))
	f.Add([]byte(`{"n":1}{}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := DecodeEntry(raw)
		if err != nil {
			return
		}
		once, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := DecodeEntry(once)
		if err != nil {
			t.Fatalf("%s does not read again: %v", once, err)
		}
		if twice, err := again.Encode(); err != nil || string(twice) != string(once) {
			t.Errorf("%s is written as %s, %v", once, twice, err)
		}
		for k := range b.journal {
			c, err := Replay(b.journal[:k])
			if err != nil {
				t.Fatal(err)
			}
			e.N, e.From, e.At = c.Version+1, c.State, max(e.At, c.Touched)
			after, err := Apply(c, e)
			if err == nil && after.State == Closed && (after.Outcome.Resolution == "" || !said(after.Outcome.Answer)) {
				t.Errorf("%s closes a case without an answer", once)
			}
			_ = Timers(after, b.policy)
		}
	})
}

// The errors are the ones that callers ask for.
func TestErrors(t *testing.T) {
	b := newBench(t)
	var f *view.FieldError
	if err := b.do(li, Command{Action: LowerSeverity, Severity: "pink", Why: "x"}); !errors.As(err, &f) || f.Field != "severity" {
		t.Errorf("a severity that is none: %v", err)
	}
	b.refused(li, Command{Action: LowerSeverity, Severity: wire.Red, Why: "x"}, "below the present one")
	b.refused(li, Command{Action: RaiseSeverity, Severity: wire.Blue, Why: "x"}, "above the present one")
	if _, err := Decide(b.c, Command{Action: Note}, li, World{}); err == nil {
		t.Error("a decision without a policy")
	}
}

func rapidHold(t *rapid.T) time.Duration {
	return time.Duration(rapid.IntRange(1, 120).Draw(t, "hold")) * time.Minute
}
