package lifecycle

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// maxChanges is how many changes of the condition a case remembers.
const maxChanges = 21

// Apply returns the case as an entry leaves it. It reads no clock and no policy: what an
// entry needs of them stands in it. The error says why the entry cannot follow; the case
// is then as it was.
func Apply(c Case, e Entry) (Case, error) {
	fail := func(err error) (Case, error) {
		return c, fmt.Errorf("case %s: entry %d (%s): %w", c.Opening.ID, e.N, e.Action, err)
	}
	switch err := e.check(); {
	case err != nil:
		return fail(err)
	case e.N != c.Version+1:
		return fail(fmt.Errorf("entry %d was expected", c.Version+1))
	case e.At < c.Touched:
		return fail(errors.New("it is older than the one before it"))
	case e.From != c.State:
		return fail(fmt.Errorf("it begins at %q, the case is %q", e.From, c.State))
	}
	r := rowOf(&c, e)
	if r == nil {
		return fail(fmt.Errorf("the table has no such way from %q to %q", e.From, e.To))
	}
	after := c.clone()
	if err := after.take(e); err != nil {
		return fail(err)
	}
	if len(r.to) > 1 && e.To != after.settled() {
		return fail(fmt.Errorf("its tasks make it %q", after.settled()))
	}
	after.enter(e)
	after.wind(e.Clocks)
	return after, nil
}

// Replay folds a journal.
func Replay(entries []Entry) (c Case, err error) {
	for _, e := range entries {
		if c, err = Apply(c, e); err != nil {
			return c, err
		}
	}
	return c, nil
}

// rowOf returns the row by which an entry went, or nil.
func rowOf(c *Case, e Entry) *row {
	for i := range table {
		r := &table[i]
		if r.action == e.Action && r.leads(e.From, e.To) && r.fits(c) && slices.Contains(r.who, e.Role) &&
			!slices.ContainsFunc(r.needs, func(n need) bool { return !n.ok(e.Command) }) {
			return r
		}
	}
	return nil
}

// enter notes that the case is in the state that an entry leads to, and since when.
func (c *Case) enter(e Entry) {
	if e.To != e.From {
		c.Entered, c.Way = e.At, e.N
	}
	c.State, c.Version, c.Touched = e.To, e.N, e.At
	for _, code := range e.Told {
		if !slices.Contains(c.Overlays.Told, code) && len(c.Overlays.Told) < maxTold {
			c.Overlays.Told = append(c.Overlays.Told, code)
		}
	}
	if e.To != Raised && e.To != Acknowledged {
		c.Overlays.Proposal = nil
	}
	if e.To != Dispatched {
		c.endPause(e.At)
	}
	if e.To == Closed {
		c.Overlays.Shelved, c.Condition.Restless = 0, false
	}
	if e.Timer != "" && (e.Action == Remind || e.Action == Overdue || e.Action == Escalate) {
		c.Fired = append(c.Fired, e.Timer)
	}
}

func (c *Case) endPause(at int64) {
	if o := &c.Overlays; o.PausedAt > 0 {
		o.Pauses = append(o.Pauses, Pause{o.PausedAt, at})
		o.PausedAt, o.Suspended = 0, 0
	}
}

// take does what an entry's action does, beside the state.
func (c *Case) take(e Entry) error {
	do, ok := effects[e.Action]
	if !ok {
		return errors.New("there is no such action")
	}
	return do(c, e)
}

var effects = map[Action]func(*Case, Entry) error{
	Raise: begin, Acknowledge: (*Case).see, Propose: propose, Dismiss: dismiss,
	Dispatch: give, AutoDispatch: give, Sign: sign, Reassign: reassign, Withdraw: ends(TaskWithdrawn), Return: giveBack,
	Extend: extend, Report: report, SelfRecover: (*Case).find, Verify: verify, AutoVerify: nothing, Reject: reject,
	Close: end, AutoClose: end, CloseWithParent: end, Reopen: reopen,
	Active: active, Cleared: cleared, Restless: restless, Calm: calmDown,
	Shelve:   func(c *Case, e Entry) error { c.Overlays.Shelved = e.Until; return nil },
	Unshelve: func(c *Case, _ Entry) error { c.Overlays.Shelved = 0; return nil },
	Suspend:  func(c *Case, e Entry) error { c.Overlays.PausedAt, c.Overlays.Suspended = e.At, e.Until; return nil },
	Resume:   func(c *Case, e Entry) error { c.endPause(e.At); return nil },
	Remind:   nothing, Overdue: nothing, Escalate: nothing, Note: nothing,
	TakeOver:      func(c *Case, e Entry) error { c.Overlays.Owner = e.Who; return nil },
	RaiseSeverity: severity, LowerSeverity: severity,
	AttachReport: func(c *Case, e Entry) error { c.Reports = append(c.Reports, *e.Report); return nil },
	Verdict:      func(c *Case, e Entry) error { c.Outcome.FalseAlarm = e.FalseAlarm; return nil },
	Attach:       func(c *Case, e Entry) error { c.Overlays.Parent = e.Parent; return nil },
	Detach: func(c *Case, e Entry) error {
		c.Overlays.Parent, c.Overlays.Alone, c.Entered = "", e.At, e.At
		return nil
	},
}

func nothing(*Case, Entry) error { return nil }

func begin(c *Case, e Entry) error {
	o := *e.Opening
	*c = Case{Opening: o, Severity: o.Severity, Peak: o.Severity, Opened: e.At, Round: 1}
	c.Overlays.Parent = o.Parent
	if o.Watched {
		c.Condition = Condition{Watched: true, Active: true, Since: e.At, Begun: e.At, Count: 1}
	}
	return nil
}

func (c *Case) see(e Entry) error {
	if c.SeenBy == "" {
		c.SeenBy = e.Who
	}
	return nil
}

func propose(c *Case, e Entry) error {
	c.Overlays.Proposal = &Proposal{By: e.Who, Resolution: e.Resolution}
	return nil
}

// find notes a resolution that is not yet the end.
func (c *Case) find(e Entry) error {
	c.Outcome.Resolution = e.Resolution
	return nil
}

// dismiss ends a case whose reason is its answer.
func dismiss(c *Case, e Entry) error {
	e.Answer = e.Why
	return end(c, e)
}

func end(c *Case, e Entry) error {
	if e.Resolution == "" || !said(e.Answer) {
		return errors.New("no case closes without a resolution and an answer")
	}
	alarm := c.Outcome.FalseAlarm
	if e.Resolution == FalseAlarm {
		yes := true
		alarm = &yes
	}
	c.Outcome = Outcome{Resolution: e.Resolution, Answer: e.Answer, By: e.Who, At: e.At, FalseAlarm: alarm}
	return c.see(e)
}

func give(c *Case, e Entry) error {
	if e.From == Acknowledged { // what was returned before is given to others now
		for i := range c.Tasks {
			if t := &c.Tasks[i]; t.Round == c.Round && t.State == TaskReturned {
				t.State = TaskReassigned
			}
		}
	}
	if c.count(TaskOpen)+len(e.Orders) > maxOrders || len(c.Tasks)+len(e.Orders) > maxTasks {
		return errors.New("too many tasks")
	}
	for _, o := range e.Orders {
		c.Tasks = append(c.Tasks, Task{ID: len(c.Tasks) + 1, Round: c.Round, Department: o.Department, Person: o.Person,
			Instruction: o.Instruction, State: TaskOpen, Given: e.At, Due: o.Due})
	}
	if e.Role != System {
		return c.see(e)
	}
	return nil
}

var errNoTask = errors.New("there is no such task, or it does not wait for an answer")

func sign(c *Case, e Entry) error {
	t := c.openTask(e.Task)
	if t == nil || t.SignedBy != "" {
		return errNoTask
	}
	t.SignedBy, t.SignedAt = e.Who, e.At
	return nil
}

func reassign(c *Case, e Entry) error {
	if err := ends(TaskReassigned)(c, e); err != nil {
		return err
	}
	return give(c, e)
}

// ends returns the effect of ending a task without an answer.
func ends(state string) func(*Case, Entry) error {
	return func(c *Case, e Entry) error {
		t := c.task(e.Task)
		if t == nil || t.State != TaskOpen && t.State != TaskReturned {
			return errNoTask
		}
		t.State, t.Why = state, e.Why
		return nil
	}
}

func giveBack(c *Case, e Entry) error {
	t := c.openTask(e.Task)
	if t == nil {
		return errNoTask
	}
	t.State, t.Why = TaskReturned, e.Why
	c.Tally.Returned++
	return nil
}

func extend(c *Case, e Entry) error {
	t := c.openTask(e.Task)
	if t == nil || e.Until <= t.Given {
		return errNoTask
	}
	t.Due, t.Extended = e.Until, true
	return nil
}

func report(c *Case, e Entry) error {
	t := c.openTask(e.Task)
	if t == nil {
		return errNoTask
	}
	t.State, t.Done, t.Result, t.Pictures, t.AnsweredAt = TaskAnswered, e.Done, e.Result, slices.Clone(e.Pictures), e.At
	for _, who := range []string{t.SignedBy, e.Who} {
		if who != "" && !slices.Contains(t.Hands, who) {
			t.Hands = append(t.Hands, who)
		}
	}
	return nil
}

func verify(c *Case, e Entry) error {
	if c.Handler(e.Who) {
		return errors.New("nobody verifies what he handled himself")
	}
	c.Overlays.Override = c.Condition.Active
	return nil
}

// reject gives answered tasks anew: the one that is named, or all of the round.
func reject(c *Case, e Entry) error {
	for i := range c.Tasks {
		t := &c.Tasks[i]
		if t.Round != c.Round || t.State != TaskAnswered || e.Task != 0 && e.Task != t.ID {
			continue
		}
		t.State, t.Given, t.Due, t.Extended, t.SignedBy, t.SignedAt = TaskOpen, e.At, 0, false, "", 0
		t.Rework++
	}
	if e.Task != 0 && c.openTask(e.Task) == nil {
		return errNoTask
	}
	c.Tally.Rework++
	c.Outcome.Resolution = ""
	return nil
}

// anew begins another round: what was asked for before does not stand any more.
func (c *Case) anew() {
	c.Round++
	c.Outcome = Outcome{FalseAlarm: c.Outcome.FalseAlarm}
	c.Overlays.Override, c.Overlays.Owner = false, ""
}

func reopen(c *Case, e Entry) error {
	c.anew()
	c.Tally.Reopened++
	c.Overlays.Parent = ""
	if e.Condition != "" {
		c.Condition.Active = e.Condition == conditionActive
	}
	return c.see(e)
}

func active(c *Case, e Entry) error {
	if e.From == Verified {
		c.anew()
		c.Tally.Rework++
	}
	d := &c.Condition
	if d.Count == 0 {
		d.Begun = e.At
	}
	d.Watched, d.Active = true, true
	d.Count++
	return change(d, e)
}

func cleared(c *Case, e Entry) error {
	c.Condition.Active = false
	return change(&c.Condition, e)
}

func change(d *Condition, e Entry) error {
	d.Since = e.At
	d.Changes = append(d.Changes, e.At)
	if n := len(d.Changes); n > maxChanges {
		d.Changes = slices.Delete(d.Changes, 0, n-maxChanges)
	}
	if e.Restless {
		d.Restless, d.Active = true, true
	}
	return nil
}

func restless(c *Case, e Entry) error {
	c.Condition.Since = max(c.Condition.Since, min(e.Until, e.At))
	return nil
}

func calmDown(c *Case, e Entry) error {
	d := &c.Condition
	d.Restless, d.Active, d.Changes = false, e.Condition != conditionCleared, nil
	d.Since = max(d.Since, min(e.Until, e.At))
	return nil
}

func severity(c *Case, e Entry) error {
	up := e.Severity.Above(c.Severity)
	if up != (e.Action == RaiseSeverity) || e.Severity == c.Severity {
		return fmt.Errorf("%s is not what %s does to %s", e.Severity, e.Action, c.Severity)
	}
	c.Severity = e.Severity
	c.Overlays.Proposal = nil
	if up {
		c.Overlays.Shelved = 0 // who silenced it did not know this
		if e.Severity.Above(c.Peak) {
			c.Peak = e.Severity
		}
	}
	return nil
}

// Grave says whether a severity is of those that no machine ends.
func Grave(s wire.Severity) bool { return slices.Contains(grave, s) }
