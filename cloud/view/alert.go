package view

import "github.com/lamppost-city/lamppost/edge/wire"

// Alert is the newest revision of an alert, and what people did about it.
type Alert struct {
	ID        string        `json:"id"`
	Rev       int           `json:"rev"`
	Gateway   string        `json:"gateway"`
	Device    string        `json:"device"`
	Channel   string        `json:"channel"`
	Rule      string        `json:"rule"`
	Severity  wire.Severity `json:"severity"`
	Stage     string        `json:"stage"`     // forecast, actual
	Condition string        `json:"condition"` // active, cleared
	Since     int64         `json:"since"`
	At        int64         `json:"at"`
	Cleared   *int64        `json:"cleared"`
	Value     *float64      `json:"value"`
	Limit     *float64      `json:"limit"`
	// Worst is the most severe that the alert has been, and Peak the value that lay
	// farthest beyond its limit, null where that is not known.
	Worst    wire.Severity     `json:"worst"`
	Peak     *float64          `json:"peak"`
	Unit     string            `json:"unit"`
	UnitText string            `json:"unit_text"`
	Text     map[string]string `json:"text"`
	Area     string            `json:"area"`
	Position *wire.Position    `json:"position"`
	Image    string            `json:"image"` // image id; empty: none
	// Pictures are those of the raise, in the order of their moments.
	Pictures []Picture `json:"pictures,omitempty"`
	// Missing says why pictures that the alert or its timeline names never come, by image id.
	Missing map[string]string `json:"missing,omitempty"`
	// Acknowledged is null until a person has seen the alert.
	Acknowledged *Acknowledged   `json:"acknowledged"`
	Evidence     []wire.Evidence `json:"evidence"`
	// Vanished: since when the gateway no longer lists the alert as active although
	// it never said that it cleared; null: it does, or it did.
	Vanished *int64 `json:"vanished"`
	// Undated: the gateway's clock was not trusted; Since and At are about when the
	// alert arrived.
	Undated bool `json:"undated,omitempty"`
	// Command is how the gateway was told of the last acknowledgement, and what it
	// answered; nil: it was not told. Only when one alert is asked for.
	Command *Command `json:"command,omitempty"`
	// Advice is what the center's people are to do; nil: nothing is written. Only when one
	// alert is asked for.
	Advice  *Text    `json:"advice,omitempty"`
	History []Change `json:"history,omitempty"` // oldest first; only when one alert is asked for
	// Timeline is what the gateway did, oldest first; only when one alert is asked for.
	Timeline []Step `json:"timeline,omitempty"`
}

// AlertFilter says which alerts to list, the newest first.
type AlertFilter struct {
	State    string // active, past (cleared) or all
	Severity string // red, orange, yellow or blue, as it is now; empty: all
	Gateway  string // empty: all
	After    string // the Next of the page before; empty: from the newest on
	Limit    int    // 1 to 1000
}

// AlertPage is a part of a list of alerts.
type AlertPage struct {
	Alerts []Alert `json:"alerts"`
	Next   string  `json:"next,omitempty"` // for the next page; empty: this was the last one
}

// Picture is one that an alert names.
type Picture struct {
	Image  string `json:"image"`
	Moment string `json:"moment"` // before, at, after
	Due    int64  `json:"due"`    // when it was, or is to be, taken
	// T is when it was taken; null: it has not come yet, or a list was asked for.
	T *int64 `json:"t"`
}

// Missing are pictures of a gateway that never come, with a word of wire.Missing.
type Missing struct {
	Gateway string   `json:"gateway"`
	Images  []string `json:"images"`
	Why     string   `json:"why"`
}

// Acknowledged says who has seen an alert.
type Acknowledged struct {
	By   string `json:"by"`
	At   int64  `json:"at"`
	Note string `json:"note"`
}

// Change is one line of an alert's history.
type Change struct {
	At   int64  `json:"at"`
	What string `json:"what"` // raised, actual, severity, cleared, vanished, returned, acknowledged, heard, lapsed
	By   string `json:"by"`   // a person's name, or the gateway's id
	Note string `json:"note"`
}
