package view

import (
	"errors"
	"fmt"
)

// Errors by which the jobs tell each other what to answer.
var (
	// ErrUnknown: there is no such thing, or no longer.
	ErrUnknown = errors.New("there is no such thing")
	// ErrHidden is an ErrUnknown: there is such a thing, and who asks may not know of it. They
	// get the same answer; the audit log says that they asked.
	ErrHidden = fmt.Errorf("%w for who asks", ErrUnknown)
	// ErrAcknowledged: somebody has acknowledged the alert already.
	ErrAcknowledged = errors.New("the alert is already acknowledged")
	// ErrBusy: as much as is allowed is waiting already.
	ErrBusy = errors.New("too much is waiting already")
	// ErrChanged: somebody else changed it at the same time.
	ErrChanged = errors.New("somebody else changed it at the same time")
	// ErrRefused: what a gateway sent will never be taken, however often it comes.
	ErrRefused = errors.New("refused")
)

// FieldError says which field of a request cannot be accepted, and why.
type FieldError struct {
	Field string
	Text  Text
}

// Error returns the English sentence.
func (e *FieldError) Error() string { return e.Field + ": " + e.Text.En }
