package lifecycle

import (
	"slices"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Opening is what a case is about, as it was raised. It is never changed.
type Opening struct {
	ID           string        `json:"id"`
	Source       string        `json:"source"` // alert, person, hotline
	Kind         string        `json:"kind"`   // what happened: a category code, or a rule's name
	Category     string        `json:"category,omitempty"`
	Area         string        `json:"area"`
	Severity     wire.Severity `json:"severity"`
	Gateway      string        `json:"gateway,omitempty"`
	Device       string        `json:"device,omitempty"`
	Rule         string        `json:"rule,omitempty"`
	Text         string        `json:"text,omitempty"`          // in the words of whoever raised it
	RecurrenceOf string        `json:"recurrence_of,omitempty"` // the closed case that was about the same
	Parent       string        `json:"parent,omitempty"`        // its cause, open already
	Storm        bool          `json:"storm,omitempty"`         // it stands for many of its kind
	Watched      bool          `json:"watched,omitempty"`       // alerts follow its condition, which is active
}

// Condition follows the sensors.
type Condition struct {
	Watched  bool    `json:"watched,omitempty"` // false: nothing measures it, as with a citizen's report
	Active   bool    `json:"active,omitempty"`
	Since    int64   `json:"since"`              // of the last change
	Begun    int64   `json:"begun"`              // of the first
	Count    int     `json:"count"`              // how often it became active
	Changes  []int64 `json:"changes,omitempty"`  // the last of them, oldest first
	Restless bool    `json:"restless,omitempty"` // it comes and goes; taken for active until it calms down
}

// How a task stands.
const (
	TaskOpen       = "open"
	TaskAnswered   = "answered"
	TaskReturned   = "returned"   // by its department
	TaskWithdrawn  = "withdrawn"  // by the centre
	TaskReassigned = "reassigned" // to another department, as another task
)

// Task is what one department or person was asked to do.
type Task struct {
	ID          int      `json:"id"` // from 1, within the case
	Round       int      `json:"round"`
	Department  string   `json:"department,omitempty"`
	Person      string   `json:"person,omitempty"`
	Instruction string   `json:"instruction"`
	State       string   `json:"state"`
	Given       int64    `json:"given"` // or given anew
	Due         int64    `json:"due,omitempty"`
	Extended    bool     `json:"extended,omitempty"`
	SignedBy    string   `json:"signed_by,omitempty"`
	SignedAt    int64    `json:"signed_at,omitempty"`
	Hands       []string `json:"hands,omitempty"` // who signed for what was answered, and who answered
	Done        string   `json:"done,omitempty"`
	Result      Result   `json:"result,omitempty"`
	AnsweredAt  int64    `json:"answered_at,omitempty"`
	Pictures    []string `json:"pictures,omitempty"`
	Why         string   `json:"why,omitempty"` // it was returned, withdrawn or reassigned
	Rework      int      `json:"rework,omitempty"`
}

// Outcome is how the case ended, or what somebody found about it.
type Outcome struct {
	Resolution Resolution `json:"resolution,omitempty"`
	Answer     string     `json:"answer,omitempty"` // for the reporter or the area
	By         string     `json:"by,omitempty"`
	At         int64      `json:"at,omitempty"`
	// FalseAlarm is what the tuning of rules reads; nil: nobody has judged.
	FalseAlarm *bool `json:"false_alarm,omitempty"`
}

// Overlays are what lies over the state and is none.
type Overlays struct {
	Shelved   int64     `json:"shelved,omitempty"`   // notices are silent until then; clocks go on
	Suspended int64     `json:"suspended,omitempty"` // handling waits until then
	PausedAt  int64     `json:"paused_at,omitempty"`
	Pauses    []Pause   `json:"pauses,omitempty"` // those that are over
	Owner     string    `json:"owner,omitempty"`  // who took the case over
	Parent    string    `json:"parent,omitempty"`
	Alone     int64     `json:"alone,omitempty"` // since when it has no cause any more
	Proposal  *Proposal `json:"proposal,omitempty"`
	Told      []string  `json:"told,omitempty"`     // areas above that were told
	Override  bool      `json:"override,omitempty"` // verified although the condition was active
}

// Pause is from when to when a case was suspended.
type Pause struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Proposal is one person's wish to dismiss a grave case, which another must share.
type Proposal struct {
	By         string     `json:"by"`
	Resolution Resolution `json:"resolution"`
}

// Citizen is a report of a citizen, as the hotline has it.
type Citizen struct {
	ID   string `json:"id"` // the hotline's number
	At   int64  `json:"at,omitempty"`
	Text string `json:"text"`
}

// Tally counts what went wrong on the way.
type Tally struct {
	Rework   int `json:"rework,omitempty"`
	Returned int `json:"returned,omitempty"`
	Reopened int `json:"reopened,omitempty"`
}

// Clock is a deadline: the moments, in Unix milliseconds, of half, all and twice the limit
// of a step.
type Clock struct {
	Step  Step  `json:"step"`
	Task  int   `json:"task,omitempty"`
	Start int64 `json:"start"`
	Half  int64 `json:"half"`
	Due   int64 `json:"due"`
	Twice int64 `json:"twice"`
}

// Case is the fold of its journal. The zero value is one that nobody has raised. It is
// plain data; Apply never changes the one that it is given.
type Case struct {
	Opening   Opening       `json:"opening"`
	Version   int           `json:"version"` // entries applied
	State     State         `json:"state"`
	Severity  wire.Severity `json:"severity"`
	Peak      wire.Severity `json:"peak"`    // the highest that it has had
	Entered   int64         `json:"entered"` // when it came to its state
	Way       int           `json:"way"`     // the entry by which it came to its state
	Opened    int64         `json:"opened"`
	Touched   int64         `json:"touched"` // the last entry
	Round     int           `json:"round"`   // from 1; reopened or come back: one more
	SeenBy    string        `json:"seen_by,omitempty"`
	Condition Condition     `json:"condition"`
	Tasks     []Task        `json:"tasks,omitempty"`
	Outcome   Outcome       `json:"outcome"`
	Overlays  Overlays      `json:"overlays"`
	Reports   []Citizen     `json:"reports,omitempty"`
	Tally     Tally         `json:"tally"`
	Clocks    []Clock       `json:"clocks,omitempty"`
	Fired     []string      `json:"fired,omitempty"` // keys of the present timers that are over
}

// clone copies what Apply changes.
func (c Case) clone() Case {
	c.Tasks = slices.Clone(c.Tasks)
	for i := range c.Tasks {
		c.Tasks[i].Hands = slices.Clone(c.Tasks[i].Hands)
	}
	c.Condition.Changes = slices.Clone(c.Condition.Changes)
	c.Overlays.Pauses, c.Overlays.Told = slices.Clone(c.Overlays.Pauses), slices.Clone(c.Overlays.Told)
	c.Reports, c.Clocks, c.Fired = slices.Clone(c.Reports), slices.Clone(c.Clocks), slices.Clone(c.Fired)
	return c
}

// task returns a task of the present round, or nil.
func (c *Case) task(id int) *Task {
	if id < 1 || id > len(c.Tasks) || c.Tasks[id-1].Round != c.Round {
		return nil
	}
	return &c.Tasks[id-1]
}

// openTask returns a task that waits for its answer, or nil.
func (c *Case) openTask(id int) *Task {
	if t := c.task(id); t != nil && t.State == TaskOpen {
		return t
	}
	return nil
}

// count returns how many tasks of the round stand in one of these states.
func (c *Case) count(in ...string) (n int) {
	for i := range c.Tasks {
		if c.Tasks[i].Round == c.Round && slices.Contains(in, c.Tasks[i].State) {
			n++
		}
	}
	return n
}

// settled is what the tasks make of a case: what was returned, withdrawn or given to
// others does not stand.
func (c *Case) settled() State {
	switch {
	case c.count(TaskOpen) > 0:
		return Dispatched
	case c.count(TaskAnswered) > 0:
		return Handled
	default:
		return Acknowledged
	}
}

// Handler says whether a person has had a hand in the handling, in any round: who reported
// on a task, or signed for one that was answered, also if the answer was rejected.
func (c *Case) Handler(person string) bool {
	for _, t := range c.Tasks {
		if slices.Contains(t.Hands, person) {
			return true
		}
	}
	return false
}

// calm says whether nothing that is measured says that it is still so.
func (c *Case) calm() bool { return !c.Condition.Active }

// tasked says whether anybody was ever asked to do something in this round.
func (c *Case) tasked() bool {
	return slices.ContainsFunc(c.Tasks, func(t Task) bool { return t.Round == c.Round })
}
