package view

import "errors"

// Errors by which the API tells what to answer.
var (
	// ErrUnknown: there is no such thing, or no longer.
	ErrUnknown = errors.New("there is no such thing")
	// ErrAcknowledged: somebody has acknowledged the alert already.
	ErrAcknowledged = errors.New("the alert is already acknowledged")
)

// FieldError says which field of a request cannot be accepted, and why.
type FieldError struct {
	Field string
	Text  Text
}

// Error returns the English sentence.
func (e *FieldError) Error() string { return e.Field + ": " + e.Text.En }
