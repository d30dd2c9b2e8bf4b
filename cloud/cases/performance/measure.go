package performance

import (
	"slices"

	"github.com/lamppost-city/lamppost/cloud/cases/lifecycle"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Measure is what counts of one case. Times are Unix milliseconds, 0 is none.
type Measure struct {
	Opened     int64
	Severity   wire.Severity
	Rule       string // that raised it; empty: a person did
	Department string // whose the case is: the first that a task of the present round stands with; empty: none
	Tasked     bool   // a task was given in it
	Handled    int64  // when its last task was answered, while it stands so
	Paused     int64  // how long it was suspended until then, in milliseconds
	Closed     int64  // when it was, while it stands so
	Reworked   bool   // an answer was rejected, or it came back before it was closed
	Returned   bool   // a department gave a task back
	Reopened   bool
	Recurs     bool // it is about the same as a case that had been closed shortly before
	Answered   bool // it was closed with an answer
	FalseAlarm bool // somebody judged it to be one
	Resolution lifecycle.Resolution
	Steps      []Step
}

// Step is one clock of a case: a step that was to be done until a time.
type Step struct {
	Name       lifecycle.Step
	Task       int    // 0: of the case
	Department string // whose the task is; empty: a person's, or the step is the case's
	Start      int64
	Due        int64 // 0: it is suspended
	End        int64 // 0: it still runs
	Paused     int64 // of the time between, in milliseconds
	Done       bool  // false with an End: it was not done, nor was it to be any more, but was overdue by then
}

// Follow takes in an entry of the case's journal, with the case as it leaves it. The
// first is the one that raised the case.
func (m *Measure) Follow(after lifecycle.Case, e lifecycle.Entry) {
	m.Opened, m.Severity, m.Rule = after.Opened, after.Severity, after.Opening.Rule
	m.Recurs = after.Opening.RecurrenceOf != ""
	m.Tasked, m.Department = len(after.Tasks) > 0, lead(after)
	m.Reworked, m.Returned, m.Reopened = after.Tally.Rework > 0, after.Tally.Returned > 0, after.Tally.Reopened > 0
	o := after.Outcome
	m.Resolution, m.Answered, m.FalseAlarm = o.Resolution, o.Answer != "", o.FalseAlarm != nil && *o.FalseAlarm
	m.arrive(after, e)
	m.wind(after, e)
}

// arrive notes that the case came to be handled or closed, or is so no more.
func (m *Measure) arrive(after lifecycle.Case, e lifecycle.Entry) {
	if e.To == e.From {
		return
	}
	switch e.To {
	case lifecycle.Handled:
		m.Closed = 0
		if e.Action != lifecycle.SelfRecover {
			m.Handled, m.Paused = e.At, paused(after, m.Opened, e.At)
		}
	case lifecycle.Closed:
		m.Closed = e.At
	case lifecycle.Raised, lifecycle.Acknowledged, lifecycle.Dispatched:
		m.Handled, m.Paused, m.Closed = 0, 0, 0
	}
}

// wind brings the steps to the clocks that run now.
func (m *Measure) wind(after lifecycle.Case, e lifecycle.Entry) {
	kept := m.Steps[:0:0]
	for _, s := range m.Steps {
		if s.End == 0 && !s.goesOn(after) {
			s.End, s.Done = e.At, s.done(after, e)
			s.Paused = paused(after, s.Start, s.End)
			if !s.Done && (s.Due == 0 || s.End <= s.Due) {
				continue // it was in time when nobody had to do it any more
			}
		}
		kept = append(kept, s)
	}
	m.Steps = kept
	for _, k := range after.Clocks {
		if !slices.ContainsFunc(m.Steps, func(s Step) bool { return s.End == 0 && s.is(k) }) {
			m.Steps = append(m.Steps, Step{Name: k.Step, Task: k.Task, Department: task(after, k.Task).Department, Start: k.Start, Due: k.Due})
		}
	}
}

// is says whether a clock is the step's.
func (s *Step) is(k lifecycle.Clock) bool {
	return s.Name == k.Step && s.Task == k.Task && s.Start == k.Start
}

// goesOn says whether a step still runs, or waits while the case is suspended, and takes over
// its deadline.
func (s *Step) goesOn(after lifecycle.Case) bool {
	if i := slices.IndexFunc(after.Clocks, s.is); i >= 0 {
		s.Due = after.Clocks[i].Due
		return true
	}
	if s.Name == lifecycle.StepHandle && after.Overlays.PausedAt > 0 && standsOpen(after, s.Task) {
		s.Due = 0
		return true
	}
	return false
}

// done says whether the entry that stopped a step's clock did the step.
func (s *Step) done(after lifecycle.Case, e lifecycle.Entry) bool {
	if e.Action == lifecycle.Attach {
		return false
	}
	switch s.Name {
	case lifecycle.StepAcknowledge:
		return after.SeenBy != ""
	case lifecycle.StepDispatch:
		return after.State == lifecycle.Dispatched
	case lifecycle.StepSign:
		t := task(after, s.Task)
		return t.SignedBy != "" || t.State == lifecycle.TaskAnswered
	case lifecycle.StepHandle:
		return task(after, s.Task).State == lifecycle.TaskAnswered
	case lifecycle.StepVerify:
		return after.State == lifecycle.Verified || after.State == lifecycle.Closed || e.Action == lifecycle.Reject
	case lifecycle.StepClose:
		return after.State == lifecycle.Closed
	}
	return false
}

// task returns a task of a case, or none's zero value.
func task(c lifecycle.Case, id int) lifecycle.Task {
	if id < 1 || id > len(c.Tasks) {
		return lifecycle.Task{}
	}
	return c.Tasks[id-1]
}

// standsOpen says whether a task of the present round waits for its answer.
func standsOpen(c lifecycle.Case, id int) bool {
	t := task(c, id)
	return t.Round == c.Round && t.State == lifecycle.TaskOpen
}

// lead is the department that a case counts for.
func lead(c lifecycle.Case) string {
	for _, t := range c.Tasks {
		if t.Round == c.Round && t.Department != "" && (t.State == lifecycle.TaskOpen || t.State == lifecycle.TaskAnswered) {
			return t.Department
		}
	}
	return ""
}

// paused is for how many milliseconds between two times a case was suspended.
func paused(c lifecycle.Case, from, to int64) (ms int64) {
	within := func(a, b int64) int64 { return max(min(b, to)-max(a, from), 0) }
	for _, p := range c.Overlays.Pauses {
		ms += within(p.From, p.To)
	}
	if at := c.Overlays.PausedAt; at > 0 {
		ms += within(at, to)
	}
	return ms
}

// Of folds the whole journal of a case.
func Of(journal []lifecycle.Entry) (m Measure, err error) {
	var c lifecycle.Case
	for _, e := range journal {
		after, err := lifecycle.Apply(c, e)
		if err != nil {
			return m, err
		}
		m.Follow(after, e)
		c = after
	}
	return m, nil
}
