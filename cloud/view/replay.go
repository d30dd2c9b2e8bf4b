package view

import "github.com/lamppost-city/lamppost/edge/wire"

// Replay is what was known of a past span of time. Times are Unix milliseconds.
type Replay struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
	// Alerts are those that were active at some time of the span, as far as was known then.
	Alerts []ReplayAlert `json:"alerts"`
	// Late counts alerts that began before To and of which the aggregator heard only in the day
	// after it: nobody saw them then.
	Late     int              `json:"late"`
	Gateways []ReplayPresence `json:"gateways"`
	Gaps     []Gap            `json:"gaps"`
	// Dark is when the aggregator itself did not run: that nothing is told of it means nothing.
	Dark []Span `json:"dark"`
	// More: there was more than fits into one answer; a shorter span has all of it.
	More bool `json:"more"`
}

// Span is a length of time.
type Span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// ReplayAlert is an alert with what became of it. What its steps do not say is as in Alert,
// which is the last that was known in the span.
type ReplayAlert struct {
	Alert Alert        `json:"alert"`
	Steps []ReplayStep `json:"steps"` // by Known; the first is how it stood at the beginning, or how it was raised
}

// ReplayStep is how an alert stood from a time on.
type ReplayStep struct {
	Known        int64             `json:"known"` // since when the aggregator knew it
	Rev          int               `json:"rev"`
	Severity     wire.Severity     `json:"severity"`
	Stage        string            `json:"stage"`
	Condition    string            `json:"condition"`
	At           int64             `json:"at"` // by the gateway's clock
	Cleared      *int64            `json:"cleared"`
	Value        *float64          `json:"value"`
	Limit        *float64          `json:"limit"`
	Worst        wire.Severity     `json:"worst"`
	Peak         *float64          `json:"peak"`
	Text         map[string]string `json:"text"`
	Acknowledged *Acknowledged     `json:"acknowledged"`
	Vanished     *int64            `json:"vanished"`
}

// ReplayPresence is when a gateway was there.
type ReplayPresence struct {
	Gateway string `json:"gateway"`
	Online  *bool  `json:"online"` // at the beginning of the span; null: not known, or nobody had heard of it
	Turns   []Turn `json:"turns"`
}

// Turn is that a gateway came or went.
type Turn struct {
	At     int64 `json:"at"`
	Online bool  `json:"online"`
}
