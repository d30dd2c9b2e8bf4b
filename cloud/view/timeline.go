package view

import "github.com/lamppost-city/lamppost/edge/wire"

// Step is one thing that happened in the course of an alert: the gateway revised it, or
// switched an output for it. Times are Unix milliseconds.
type Step struct {
	At       int64         `json:"at"`
	What     string        `json:"what"`     // forecast, renewed (its range alone), actual, cleared, switched
	Severity wire.Severity `json:"severity"` // then; empty: switched
	Value    *float64      `json:"value"`    // then
	Limit    *float64      `json:"limit"`    // that of this severity; null: there is none
	// From and To are between when the limit was expected; both null where nothing was.
	From *int64 `json:"from"`
	To   *int64 `json:"to"`
	// Image is the picture that came with it; empty: none.
	Image string `json:"image"`
	// Switched says what was done to an output; null: nothing.
	Switched *Switched `json:"switched"`
}

// Switched is what a gateway did to an output, and why.
type Switched struct {
	Output string      `json:"output"`
	On     bool        `json:"on"`
	Why    wire.Why    `json:"why"`
	By     string      `json:"by"` // a rule's id, or who gave the command
	Result wire.Result `json:"result"`
}
