package view

import "github.com/lamppost-city/lamppost/edge/wire"

// Performance says how well cases were followed in a span of days, and how many alerts there
// were to bear. docs/performance.md says what each figure means.
type Performance struct {
	From       int64              `json:"from"` // the beginning of the first day
	To         int64              `json:"to"`   // the end of the last one
	Now        int64              `json:"now"`
	FirstDay   string             `json:"first_day"` // 2026-11-23
	LastDay    string             `json:"last_day"`
	Zone       string             `json:"zone"`       // in which the days are
	Area       string             `json:"area"`       // empty: everything that who asks may see
	Department string             `json:"department"` // empty: all
	Total      PerformanceGroup   `json:"total"`
	Areas      []PerformanceGroup `json:"areas"`
	// Departments has the cases that no department has under an empty key.
	Departments []PerformanceGroup `json:"departments"`
	Severities  []PerformanceGroup `json:"severities"` // all four, the gravest first
	Rules       []RuleVerdicts     `json:"rules"`      // the twenty with the most false alarms, then the most cases
	Overdue     Overdue            `json:"overdue"`
	// Alerts is nil where one department is asked for: alerts are no department's.
	Alerts *AlertLoad `json:"alerts"`
}

// PerformanceGroup is the figures of some cases.
type PerformanceGroup struct {
	Key  string `json:"key"` // an area's code, a department's id, a severity; of the total: empty
	Name Text   `json:"name"`
	// Of the cases that were raised in the span:
	Raised     int `json:"raised"`
	Concluded  int `json:"concluded"`   // are closed now
	EverClosed int `json:"ever_closed"` // were closed at least once
	Reopened   int `json:"reopened"`
	Recurring  int `json:"recurring"`
	Dispatched int `json:"dispatched"` // were given to somebody
	Returned   int `json:"returned"`   // were given back by a department
	// Of the cases that were handled in the span:
	Handled  int `json:"handled"`
	Reworked int `json:"reworked"`
	// Of the cases that were closed in the span:
	Closed        int `json:"closed"`
	Answered      int `json:"answered"`
	FalseAlarms   int `json:"false_alarms"`
	SelfRecovered int `json:"self_recovered"`
	// Overdue is how many cases have a deadline now that has passed, whenever they were raised.
	Overdue int           `json:"overdue"`
	Steps   []StepFigures `json:"steps"`
}

// StepFigures is how long a step took where it was done in the span, and whether those that
// were due in it were done in time. handled and closed are the whole way from when a case was
// raised, and are not due.
type StepFigures struct {
	Step   string `json:"step"` // acknowledge, dispatch, sign, handle, verify, close, handled, closed
	Done   int    `json:"done"`
	Mean   *int64 `json:"mean_ms"`   // nil: none was done
	Median *int64 `json:"median_ms"` // nil: fewer than 5 were
	P95    *int64 `json:"p95_ms"`    // nil: fewer than 20 were
	Due    int    `json:"due"`
	InTime int    `json:"in_time"`
}

// RuleVerdicts is how many of the cases that a rule raised, and that were closed in the span,
// were false alarms.
type RuleVerdicts struct {
	Rule        string `json:"rule"`
	Closed      int    `json:"closed"`
	FalseAlarms int    `json:"false_alarms"`
}

// Overdue is what is late now.
type Overdue struct {
	Cases  int           `json:"cases"`
	Ages   [4]int        `json:"ages"`   // less than an hour, a day, a week late; longer
	Oldest []OverdueCase `json:"oldest"` // at most ten
}

// OverdueCase is a case with its deadline that passed first.
type OverdueCase struct {
	ID         string        `json:"id"`
	Severity   wire.Severity `json:"severity"`
	Area       string        `json:"area"`
	Department string        `json:"department"`
	Step       string        `json:"step"`
	Due        int64         `json:"due"`
}

// AlertLoad is how many alerts came in the span, as ISA-18.2 and EEMUA 191 measure it.
type AlertLoad struct {
	Alerts     int         `json:"alerts"`
	Elapsed    int64       `json:"elapsed_ms"` // of the span until now
	PerHour    float64     `json:"per_hour"`
	Per10Min   float64     `json:"per_10_min"`
	PeakHour   Peak        `json:"peak_hour"`   // the most within any hour
	Peak10Min  Peak        `json:"peak_10_min"` // the most within any ten minutes
	Floods     Floods      `json:"floods"`
	Standing   int         `json:"standing"`   // have been active for more than a day, now
	Chattering int         `json:"chattering"` // points that raised three or more alerts within ten minutes
	Chatterers []AlertFrom `json:"chatterers"` // the ten worst of them, by Most
	Sources    []AlertFrom `json:"sources"`    // the ten with the most alerts
	FromTopTen float64     `json:"from_top_ten"`
	Severities [4]int      `json:"severities"` // red, orange, yellow, blue: the worst that each was
	Slot       int64       `json:"slot_ms"`    // how long a slot is; days are as long as they are
	Slots      []LoadSlot  `json:"slots"`
}

// Peak is the most alerts within a time, and when that began; 0: there were none.
type Peak struct {
	Alerts int   `json:"alerts"`
	At     int64 `json:"at"`
}

// Floods are times with more alerts than a person can look at: from more than ten within ten
// minutes until there are fewer than five.
type Floods struct {
	Count   int     `json:"count"`
	Total   int64   `json:"total_ms"`
	Longest Flood   `json:"longest"`
	Share   float64 `json:"share"` // of the time, 0 to 1
}

// Flood is one of them; of none From is 0.
type Flood struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// AlertFrom is one rule on one device.
type AlertFrom struct {
	Gateway string  `json:"gateway"`
	Device  string  `json:"device"`
	Rule    string  `json:"rule"`
	Alerts  int     `json:"alerts"`
	Share   float64 `json:"share"`       // of all alerts, 0 to 1
	Most    int     `json:"most_10_min"` // within any ten minutes
}

// LoadSlot is a piece of the span.
type LoadSlot struct {
	At     int64 `json:"at"`
	Alerts int   `json:"alerts"`
	Most   int   `json:"most_10_min"` // within any ten minutes that ended in it
}

// PerformanceQuery asks for figures.
type PerformanceQuery struct {
	First, Last string // days, 2026-11-23; empty: the week until today
	Area        string // and below it; empty: everything
	Department  string // empty: all
}
