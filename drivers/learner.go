package drivers

import "time"

// Learner is a driver that judges some of what it measures by what it has seen before, and
// therefore not from its first sample on.
type Learner interface {
	// Learning says what it does not know as of the last good Sample; it is asked by whom
	// Sample is called by and does not touch the part. The slice is the caller's.
	Learning() Learning
}

// Learning is what a driver does not know yet; the zero value: it knows all, or does not learn.
type Learning struct {
	// Waits are the channels that have no value until it has learned, and For is about how
	// long that takes, if what it sees is worth learning.
	Waits []string      `json:"waits,omitempty"`
	For   time.Duration `json:"for,omitempty"`
	// Unkept: a restart now loses what was learned.
	Unkept bool `json:"unkept,omitempty"`
	// Hours of the day, of the 24, of which it does not know yet what is usual in them. Until it
	// does, it compares with what was seen lately.
	Hours int `json:"hours,omitempty"`
	// Stands is how long something else has stood before what it knows, and Settles how long
	// that takes to become what it knows; 0: nothing does.
	Stands  time.Duration `json:"stands,omitempty"`
	Settles time.Duration `json:"settles,omitempty"`
	// Unclear are the channels without a value in the last sample because what it sees does not
	// show it, and Why what has stood in the way for a while: blank (what is seen is no view,
	// and never was), blocked, defocused, moved, glare or dark; empty: nothing has.
	Unclear []string `json:"unclear,omitempty"`
	Why     string   `json:"why,omitempty"`
	// Renewed counts how often that has happened since it was opened.
	Renewed int `json:"renewed,omitempty"`
}

// Active says whether there is anything in l to be told.
func (l Learning) Active() bool {
	return len(l.Waits) > 0 || l.Hours > 0 || l.Stands > 0 || l.Why != ""
}
