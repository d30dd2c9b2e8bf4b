package lifecycle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// paused returns how long the case was suspended before, in milliseconds.
func (o Overlays) paused() (ms int64) {
	for _, p := range o.Pauses {
		ms += p.To - p.From
	}
	return ms
}

// clock returns the clock of a step, or nil.
func (c *Case) clock(s Step, task int) *Clock {
	i := slices.IndexFunc(c.Clocks, func(k Clock) bool { return k.Step == s && k.Task == task })
	if i < 0 {
		return nil
	}
	return &c.Clocks[i]
}

// running returns which clocks run for the case as it stands, without their deadlines; held
// adds those that wait while it is suspended. Of a symptom only those of its tasks run:
// nobody is to hurry for it while its cause is open.
func (c *Case) running(held bool) (out []Clock) {
	alone := c.Overlays.Parent == ""
	add := func(s Step, start int64) {
		if alone {
			out = append(out, Clock{Step: s, Start: start})
		}
	}
	switch c.State {
	case Raised:
		add(StepAcknowledge, c.Entered)
	case Acknowledged:
		add(StepDispatch, c.Entered)
	case Dispatched:
		if c.SeenBy == "" {
			add(StepAcknowledge, max(c.Opened, c.Overlays.Alone))
		}
		for _, t := range c.Tasks {
			if t.Round != c.Round || t.State != TaskOpen {
				continue
			}
			if t.SignedBy == "" {
				out = append(out, Clock{Step: StepSign, Task: t.ID, Start: t.Given})
			}
			if held || c.Overlays.PausedAt == 0 {
				out = append(out, Clock{Step: StepHandle, Task: t.ID, Start: t.Given})
			}
		}
	case Handled:
		add(StepVerify, c.Entered)
	case Verified:
		add(StepClose, c.Entered)
	}
	return out
}

// same says whether two clocks are the same one, whatever their deadlines.
func (k Clock) same(o Clock) bool { return k.Step == o.Step && k.Task == o.Task && k.Start == o.Start }

// key names a clock within its case.
func (k Clock) key() string { return fmt.Sprintf("%s.%d.%d", k.Step, k.Task, k.Start) }

// wind gives the case the clocks that run now: those that it had, those that an entry
// brings instead, none that has stopped, and no word of timers that have gone with them.
func (c *Case) wind(brought []Clock) {
	var now []Clock
	for _, k := range c.running(false) {
		for _, set := range [][]Clock{brought, c.Clocks} {
			if i := slices.IndexFunc(set, k.same); i >= 0 {
				now = append(now, set[i])
				break
			}
		}
	}
	c.Clocks = now
	c.Fired = slices.DeleteFunc(c.Fired, func(key string) bool {
		return !slices.ContainsFunc(c.running(true), func(k Clock) bool { return strings.HasPrefix(key, k.key()+".") })
	})
}

// newClocks returns the clocks of a case, as an entry leaves it, that were not running
// before it, or whose limits have changed.
func (p *Policy) newClocks(before, after *Case) (out []Clock) {
	changed := before.Severity != after.Severity
	for _, k := range after.running(false) {
		if had := before.clock(k.Step, k.Task); had == nil || had.Start != k.Start || changed || p.moved(before, after, k) {
			out = append(out, p.set(k, after))
		}
	}
	return out
}

// moved says whether a task was given another deadline.
func (p *Policy) moved(before, after *Case, k Clock) bool {
	if k.Step != StepHandle {
		return false
	}
	return before.Tasks[k.Task-1].Due != after.Tasks[k.Task-1].Due
}

// set gives a clock its deadlines.
func (p *Policy) set(k Clock, c *Case) Clock {
	l := p.limit(k.Step, c.Opening.Category, c.Severity)
	k.Half, k.Due, k.Twice = p.due(l, k.Start)
	if k.Step != StepHandle {
		return k
	}
	for _, pause := range c.Overlays.Pauses {
		if pause.To > k.Start {
			pause.From = max(pause.From, k.Start)
			k.Half, k.Due, k.Twice = p.shift(l, k.Half, pause), p.shift(l, k.Due, pause), p.shift(l, k.Twice, pause)
		}
	}
	if t := c.Tasks[k.Task-1]; t.Due != 0 && (t.Extended || t.Due < k.Due) {
		k.Half, k.Due, k.Twice = k.Start+(t.Due-k.Start)/2, t.Due, t.Due+t.Due-k.Start
	}
	return k
}

// shift moves a moment by a pause that began before it.
func (p *Policy) shift(l Limit, at int64, pause Pause) int64 {
	switch {
	case pause.From >= at:
		return at
	case l.working():
		from, to := time.UnixMilli(pause.From), time.UnixMilli(pause.To)
		return p.Calendar.Add(time.UnixMilli(at), p.Calendar.Between(from, to)).UnixMilli()
	default:
		return at + pause.To - pause.From
	}
}

// Timer is something that will be due. Its key is its own within the case; once it has
// fired, the case does not list it again.
type Timer struct {
	Key    string
	Action Action
	Due    int64
	Step   Step // of reminders and what follows them
	Task   int
}

// Command returns what the system does when the timer is due.
func (t Timer) Command() Command {
	c := Command{Action: t.Action, Timer: t.Key, Task: t.Task}
	return c
}

// Timers returns what the case waits for, the next first. A store keeps them beside the
// case, and, when one is due, lets Decide judge its Command in the transaction that reads
// the case and stores the entries: so it fires once, whoever fires it.
func Timers(c Case, p Policy) (out []Timer) {
	for _, k := range c.Clocks {
		for _, at := range []struct {
			name   string
			due    int64
			action Action
		}{{"half", k.Half, Remind}, {"due", k.Due, Overdue}, {"twice", k.Twice, Escalate}} {
			if key := k.key() + "." + at.name; !slices.Contains(c.Fired, key) {
				out = append(out, Timer{key, at.action, at.due, k.Step, k.Task})
			}
		}
	}
	once := func(a Action, base, due int64) {
		out = append(out, Timer{Key: fmt.Sprintf("%s.%d", a, base), Action: a, Due: due})
	}
	if c.Overlays.Shelved > 0 {
		once(Unshelve, c.Overlays.Shelved, c.Overlays.Shelved)
	}
	if c.Overlays.PausedAt > 0 {
		once(Resume, c.Overlays.PausedAt, c.Overlays.Suspended)
	}
	if c.Condition.Restless && c.State != Closed {
		once(Calm, c.Condition.Since, c.Condition.Since+p.Join.Quiet.Milliseconds())
	}
	if a, due := c.byItself(p); a != "" {
		out = append(out, Timer{Key: fmt.Sprintf("%s.%d.%d", a, c.Way, c.Condition.Count), Action: a, Due: due})
	}
	slices.SortStableFunc(out, func(a, b Timer) int { return cmp.Or(cmp.Compare(a.Due, b.Due), strings.Compare(a.Key, b.Key)) })
	return out
}

// byItself returns what a slight case does of itself next, and when: only where sensors
// say that it is over, never while its cause is open, and never if it was grave once. One that was sent back, reopened
// or came back does not recover of itself: a person wanted it looked after, or it lied once.
func (c *Case) byItself(p Policy) (Action, int64) {
	if !slices.Contains(slight, c.Peak) || !c.Condition.Watched || c.Condition.Active || c.Overlays.Parent != "" {
		return "", 0
	}
	held := max(c.Entered, c.Condition.Since+p.Hold.Milliseconds())
	switch {
	case c.State == Acknowledged && !c.tasked() && c.Tally == (Tally{}):
		return SelfRecover, held
	case c.State == Handled && c.wellAnswered():
		return AutoVerify, held
	case c.State == Verified:
		return AutoClose, c.Entered + p.CloseAfter.Milliseconds()
	}
	return "", 0
}

// wellAnswered says whether no task of the round was returned for good or came to nothing.
func (c *Case) wellAnswered() bool {
	return !slices.ContainsFunc(c.Tasks, func(t Task) bool {
		return t.Round == c.Round && (t.State == TaskReturned || t.State == TaskAnswered && (t.Result == Partly || t.Result == Impossible))
	})
}
