package notify

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Event is something that may have to be told.
type Event struct {
	// ID is unique, and the same when the event comes again: alert/0193…/3.
	ID string `json:"id"`
	// Subject is what it is about, an alert or a case; what is told about one keeps its order.
	Subject  string        `json:"subject"`
	Kind     string        `json:"kind"` // raised, changed, escalated, cleared, closed, …: [a-z-]
	First    bool          `json:"first,omitempty"`
	Severity wire.Severity `json:"severity"`
	Area     string        `json:"area,omitempty"`
	Category string        `json:"category,omitempty"`
	// Source is who has a share of each channel of its own: the gateway or the place that it
	// comes from. One source cannot fill a channel. Empty: somebody who is trusted not to.
	Source string    `json:"source,omitempty"`
	Rule   string    `json:"rule,omitempty"` // that raised it: those of one area and rule are told together
	At     int64     `json:"at"`             // Unix ms
	Text   view.Text `json:"text"`           // what, in one sentence
	Place  view.Text `json:"place"`          // where
	State  view.Text `json:"state"`          // how it stands: raised, dispatched to …, over
	Path   string    `json:"path,omitempty"` // its page below the console's address: /#/alerts/…
	Ack    bool      `json:"ack,omitempty"`  // may be acknowledged by a link
	People []string  `json:"people,omitempty"`
	Cause  string    `json:"cause,omitempty"` // the open subject that it is a symptom of
	Except string    `json:"except,omitempty"`
	// About is alert or case, for rules that are about one of them; empty: about neither.
	About string `json:"about,omitempty"`
	// Case is the case that follows an alert, and is told for it: the alert itself is told
	// only to machines, and by rules that are about alerts.
	Case string `json:"case,omitempty"`
	// Asks: somebody is asked to act. Suppress leaves it, whatever its cause.
	Asks bool `json:"asks,omitempty"`
	// Sequel: people are told only if they were told of its subject before.
	Sequel bool `json:"sequel,omitempty"`
	// Hushed: people are not told, programs are.
	Hushed bool `json:"hushed,omitempty"`
	// Quiet: only whom it names is told, machines, and by rules that name its kind.
	Quiet bool `json:"quiet,omitempty"`
	// Data is what webhooks and MQTT carry; nil: the event itself.
	Data json.RawMessage `json:"data,omitempty"`
}

const (
	maxID   = 200      // bytes of an id or subject
	maxText = 4 << 10  // bytes of a sentence
	maxBody = 48 << 10 // bytes of an event as JSON
)

var word = regexp.MustCompile(`^[a-z][a-z-]{0,31}$`)

// Check says why an event cannot be told, as a *view.FieldError.
func (e Event) Check() error {
	_, err := e.check()
	return err
}

// check returns the event as JSON, or a *view.FieldError.
func (e Event) check() ([]byte, error) {
	fail := func(field, zh, en string) ([]byte, error) {
		return nil, &view.FieldError{Field: field, Text: view.Text{Zh: zh, En: en}}
	}
	for _, f := range []struct{ name, is string }{{"id", e.ID}, {"subject", e.Subject}} {
		if f.is == "" || len(f.is) > maxID || strings.ContainsFunc(f.is, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return fail(f.name, "编号须为 1 到 200 个可见 ASCII 字符", "an id has 1 to 200 visible ASCII characters")
		}
	}
	if !word.MatchString(e.Kind) {
		return fail("kind", "类型须为小写字母和 -", "a kind has lower-case letters and -")
	}
	if e.About != "" && e.About != "alert" && e.About != "case" {
		return fail("about", "须为 alert 或 case", "write alert or case")
	}
	if rank(string(e.Severity)) == unranked {
		return fail("severity", "级别须为 red、orange、yellow 或 blue", "a severity is red, orange, yellow or blue")
	}
	if len(e.Source) > maxID || len(e.Cause) > maxID {
		return fail("source", "最多 200 字节", "at most 200 bytes")
	}
	for _, t := range []view.Text{e.Text, e.Place, e.State} {
		if max(len(t.Zh), len(t.En)) > maxText {
			return fail("text", "文字过长", "a text is too long")
		}
	}
	body, err := json.Marshal(e)
	if err != nil {
		return fail("data", "不是 JSON", "it is not JSON")
	}
	if len(body) > maxBody {
		return fail("data", fmt.Sprintf("最多 %d 字节", maxBody), fmt.Sprintf("at most %d bytes", maxBody))
	}
	return body, nil
}

const unranked = 4

// rank orders severities, the most severe first.
func rank(level string) int {
	switch wire.Severity(level) {
	case wire.Red:
		return 0
	case wire.Orange:
		return 1
	case wire.Yellow:
		return 2
	case wire.Blue:
		return 3
	}
	return unranked
}

// in returns a text in a language, or in the other if it has none.
func in(t view.Text, lang string) string {
	if lang == "en" && t.En != "" || t.Zh == "" {
		return t.En
	}
	return t.Zh
}
