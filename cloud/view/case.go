package view

import "github.com/lamppost-city/lamppost/edge/wire"

// Case is what is followed until it has an answer, as lists show it. Times are Unix
// milliseconds; 0 is none.
type Case struct {
	ID           string        `json:"id"`
	Version      int           `json:"version"` // what a command must say that it has seen
	State        string        `json:"state"`   // raised, acknowledged, dispatched, handled, verified, closed
	Severity     wire.Severity `json:"severity"`
	Peak         wire.Severity `json:"peak"`   // the highest that it has had
	Source       string        `json:"source"` // alert, person, hotline
	Kind         string        `json:"kind"`   // what happened: a category code, or a rule's name
	Category     string        `json:"category"`
	Area         string        `json:"area"`
	Gateway      string        `json:"gateway"`
	Device       string        `json:"device"`
	Rule         string        `json:"rule"`
	Text         string        `json:"text"` // in the words of whoever raised it
	Opened       int64         `json:"opened"`
	Entered      int64         `json:"entered"` // when it came to its state
	Touched      int64         `json:"touched"` // its last change
	Storm        bool          `json:"storm"`   // it stands for many of its kind
	Parent       string        `json:"parent"`  // the case that is its cause; empty: none
	RecurrenceOf string        `json:"recurrence_of"`
	SeenBy       string        `json:"seen_by"`
	Owner        string        `json:"owner"` // who took it over
	Active       bool          `json:"active"`
	Watched      bool          `json:"watched"` // alerts follow its condition
	Shelved      int64         `json:"shelved"` // until then
	Suspended    int64         `json:"suspended"`
	Departments  []string      `json:"departments"` // whose tasks wait for an answer
	Deadlines    []Deadline    `json:"deadlines"`   // those that run, the next first
	Overdue      bool          `json:"overdue"`     // one of them has passed
	// Parties are who may see it without a role in its area, like "department water" and
	// "person li".
	Parties []string `json:"-"`
}

// Deadline is when a step of a case has to be done.
type Deadline struct {
	Step string `json:"step"` // acknowledge, dispatch, sign, handle, verify, close
	Task int    `json:"task"` // 0: of the case
	Due  int64  `json:"due"`
}

// CaseDetail is a case with all that is known of it.
type CaseDetail struct {
	Case
	Tasks    []CaseTask   `json:"tasks"`
	Outcome  *CaseOutcome `json:"outcome"` // null: none yet
	Proposed string       `json:"proposed_by"`
	Reports  []Citizen    `json:"reports"`
	Told     []string     `json:"told"` // areas above that were told
	Alerts   []string     `json:"alerts"`
	Alarming int          `json:"alerts_active"`
	Notices  []Notice     `json:"notices"` // who was told of it, the newest first, at most 200
	Advice   *Text        `json:"advice"`  // what to do; null: nothing is written
	Journal  []CaseEntry  `json:"journal"` // oldest first
	Allowed  []CaseAction `json:"allowed"` // to whoever asks
}

// CaseTask is what one department or person was asked to do.
type CaseTask struct {
	ID          int      `json:"id"`
	Round       int      `json:"round"`
	Department  string   `json:"department"`
	Person      string   `json:"person"`
	Instruction string   `json:"instruction"`
	State       string   `json:"state"` // open, answered, returned, withdrawn, reassigned
	Given       int64    `json:"given"`
	SignedBy    string   `json:"signed_by"`
	SignedAt    int64    `json:"signed_at"`
	Done        string   `json:"done"`
	Result      string   `json:"result"`
	AnsweredAt  int64    `json:"answered_at"`
	Pictures    []string `json:"pictures"`
	Why         string   `json:"why"`
	Rework      int      `json:"rework"`
}

// CaseOutcome is how a case ended, or what somebody found about it.
type CaseOutcome struct {
	Resolution string `json:"resolution"`
	Answer     string `json:"answer"`
	By         string `json:"by"`
	At         int64  `json:"at"`
	FalseAlarm *bool  `json:"false_alarm"`
}

// CaseAction is something that may be done to a case, with its name.
type CaseAction struct {
	Action string `json:"action"`
	Label  Text   `json:"label"`
}

// CaseEntry is a line of a case's journal: who, as what, when, what, why. What a command
// did not say is left out.
type CaseEntry struct {
	N      int    `json:"n"`
	At     int64  `json:"at"`
	Who    string `json:"who"` // empty: the system
	Role   string `json:"role"`
	Action string `json:"action"`
	Label  Text   `json:"label"`
	From   string `json:"from"`
	To     string `json:"to"`
	CaseCommand
	Told []string `json:"told,omitempty"`
}

// CaseCommand is what somebody says about what they want done to a case. Which fields an
// action needs, docs/cases.md says.
type CaseCommand struct {
	Why        string        `json:"why,omitempty"`
	Severity   wire.Severity `json:"severity,omitempty"`
	Task       int           `json:"task,omitempty"`
	Orders     []CaseOrder   `json:"orders,omitempty"`
	Done       string        `json:"done,omitempty"`
	Result     string        `json:"result,omitempty"`
	Pictures   []string      `json:"pictures,omitempty"`
	Resolution string        `json:"resolution,omitempty"`
	Answer     string        `json:"answer,omitempty"`
	Until      int64         `json:"until,omitempty"`
	Parent     string        `json:"parent,omitempty"`
	Report     *Citizen      `json:"report,omitempty"`
	FalseAlarm *bool         `json:"false_alarm,omitempty"`
}

// CaseOrder asks a department, or one person, to do something.
type CaseOrder struct {
	Department  string `json:"department,omitempty"`
	Person      string `json:"person,omitempty"`
	Instruction string `json:"instruction"`
	Due         int64  `json:"due,omitempty"` // sooner than the limit; 0: the limit
}

// Citizen is a report of a citizen, as the hotline has it.
type Citizen struct {
	ID   string `json:"id"` // the hotline's number
	At   int64  `json:"at,omitempty"`
	Text string `json:"text"`
}

// CaseOpening is a case that a person raises, or with a report the hotline.
type CaseOpening struct {
	Kind     string        `json:"kind"`
	Category string        `json:"category"`
	Area     string        `json:"area"`
	Severity wire.Severity `json:"severity"`
	Text     string        `json:"text"`
	Parent   string        `json:"parent"`
	Report   *Citizen      `json:"report"` // null: a person saw it
}

// RuleQuality is how the cases of a rule ended, for whoever tunes it. What closes with its
// cause, or is a duplicate, says nothing of the rule, and is judged by nobody.
type RuleQuality struct {
	Rule        string         `json:"rule"`
	Cases       int            `json:"cases"`
	Alerts      int            `json:"alerts"`       // that joined these cases
	Open        int            `json:"open"`         // of the cases
	FalseAlarms int            `json:"false_alarms"` // judged to be
	TrueAlarms  int            `json:"true_alarms"`  // judged not to be false
	Unjudged    int            `json:"unjudged"`
	Resolutions map[string]int `json:"resolutions"` // of the closed cases
}

// CaseFilter says which cases to list; an empty field takes all.
type CaseFilter struct {
	State      string // one of the states, open or all; empty: open
	Severity   string
	Area       string // and below it
	Department string // one that a task waits for
	Alert      string // one that joined it
	Overdue    bool
	After      string // the Next of the page before
	Limit      int
}

// CasePage is a part of a list of cases, newest first. It may hold fewer than were asked
// for, or none, and yet not be the last one.
type CasePage struct {
	Cases []Case `json:"cases"`
	Next  string `json:"next"` // for the next page; empty: this was the last one
}

// CaseRefusal says that what was wanted of a case is not possible as it stands, and what is.
type CaseRefusal struct {
	Text    Text
	Allowed []CaseAction
	// Forbidden: others may do it, this person may not.
	Forbidden bool
}

// Error returns the English sentence.
func (r *CaseRefusal) Error() string { return r.Text.En }

// StaleError says that something has changed since the person saw it.
type StaleError struct {
	Text    Text
	Version int // as it is now
}

// Error returns the English sentence.
func (s *StaleError) Error() string { return s.Text.En }
