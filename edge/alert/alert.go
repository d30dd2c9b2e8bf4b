// Package alert turns what a rule decided into the document that people get: one
// id from the raise to the clear, a revision for each change, a text in each
// configured language, and the readings around it as evidence. It is pure: time,
// ids and readings come in, a document goes out.
package alert

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Rule is what the configuration says about the alerts of one rule.
type Rule struct {
	ID       string
	Severity wire.Severity
	Category string
	Area     string
	Position *wire.Position
	// Texts are the messages by language (zh, en), with the fields {value}, {limit},
	// {unit}, {device}, {label}, {since}, {trend} and {place}. Without one for a language, a plain
	// sentence is made from the fields.
	Texts map[string]string
	// Ahead are the messages of a forecast, which have a field {in} beside: "2–3 min".
	Ahead map[string]string
	// Names are the device's names by language; its id where there is none.
	Names map[string]map[string]string
	Place string // where the gateway is, for people
	// Made says of devices that are no parts but figures of a window what they are.
	Made map[string]Made
	// Mixed says that Value may be of the stream's unit or of another one, see Change's
	// Quantity: then a message that does not write {unit} is for the first only.
	Mixed bool
	// Zone is the time of the place, in which texts name times; nil: the machine's.
	Zone *time.Location
}

// Change is a rule's decision: an alert begins, goes on at another severity or stage,
// or ends.
type Change struct {
	Cleared      bool
	Stage        string        // forecast, actual
	Severity     wire.Severity // empty: the rule's
	At           wire.Moment
	Since        wire.Moment // when the condition was first met
	Stream       obs.Stream
	Value, Limit float64 // NaN: not known
	// Quantity says what Value and Limit are: empty, as the stream is measured;
	// per-hour, its change in an hour; seconds; unmoved, seconds without movement; until,
	// seconds ahead; number, of readings; mean, least, greatest, sum, rise, of a window;
	// computed, of several values; other, something computed that has no unit.
	Quantity string
	Over     time.Duration // the window of Quantity; 0: it has none
	// Early and Late are in how many seconds from At the limit is expected; both 0 where
	// nothing is forecast.
	Early, Late float64
	// Changes is how often the alert changed since Unrest, if it chatters; 0: it does not.
	Changes int
	Unrest  wire.Moment
}

// Revise makes the next revision. prev is the alert that is active for this rule,
// or nil; id is used for a new alert (a UUIDv7). evidence is kept as it is.
func Revise(r Rule, m obs.Metric, prev *wire.Alert, c Change, id string, evidence []wire.Evidence) wire.Alert {
	if w := r.Made[c.Stream.Device]; c.Quantity == "" && w.What != "" {
		c.Quantity, c.Over = w.What, w.Over
	}
	m = Measured(m, c.Quantity, c.Over)
	a := wire.Alert{
		V: wire.Version, ID: id, Rev: 1, Rule: r.ID, Stage: c.Stage, Severity: r.Severity, Condition: "active",
		At: c.At, Since: c.Since, Device: c.Stream.Device, Channel: c.Stream.Channel,
		Value: number(c.Value), Limit: number(c.Limit), Unit: m.Wire,
		Position: r.Position, Area: r.Area, Category: r.Category, Evidence: evidence,
	}
	if c.Severity != "" {
		a.Severity = c.Severity
	}
	if c.Stage == forecast && !c.Cleared {
		a.Expected = &wire.Expected{FromMS: int64(c.Early * 1000), ToMS: int64(c.Late * 1000)}
	}
	if c.Changes > 0 && !c.Cleared {
		a.Chatter = &wire.Chatter{Since: c.Unrest, Changes: c.Changes}
	}
	if prev != nil {
		a.ID, a.Rev, a.Since, a.Maintenance = prev.ID, prev.Rev+1, prev.Since, prev.Maintenance
		a.Image, a.Pictures = prev.Image, prev.Pictures
		if a.Acknowledged = prev.Acknowledged; worse(prev, &a) {
			a.Acknowledged = nil // nobody has seen that
		}
	}
	if c.Cleared {
		a.Condition = "cleared"
		a.Cleared = &a.At
	}
	worst(prev, &a)
	switch {
	case c.Cleared && prev != nil:
		// What it was is what it said; its evidence is of then. Value is where it ended.
		a.Text, a.Evidence = over(r, prev, a, ended(r, m, prev, &a)), aged(prev, a.At)
	case a.Chatter != nil && prev != nil && a.Stage == prev.Stage && a.Severity == prev.Severity:
		a.Text = restless(r, prev, a.Chatter) // it is kept as it was at its worst; Value may be harmless now
	case a.Value == nil && prev != nil && a.Stage == prev.Stage && a.Severity == prev.Severity:
		a.Text = restless(r, prev, nil) // in the dark there is nothing newer to say
	default:
		a.Text = texts(r.fit(c.Quantity), m, a)
	}
	return a
}

// End makes the revision with which an alert ends for another reason, why, than its rule's
// condition.
func End(r Rule, prev *wire.Alert, at wire.Moment, why obs.Label) wire.Alert {
	a := Repeat(prev, at)
	a.Condition, a.Cleared, a.Expected, a.Chatter = "cleared", &a.At, nil, nil
	a.Text = over(r, prev, a, map[string]string{"zh": why.ZH, "en": why.EN})
	return a
}

// Repeat makes the revision after prev that says the same at a later moment.
func Repeat(prev *wire.Alert, at wire.Moment) wire.Alert {
	a := *prev
	a.Rev, a.At, a.Evidence = prev.Rev+1, at, aged(prev, at)
	a.Expected = nearer(prev, at)
	return a
}

// nearer is the range of prev as seen from at, which is later; nil: it has none, it is
// over, or nobody knows how much later.
func nearer(prev *wire.Alert, at wire.Moment) *wire.Expected {
	later, known := elapsed(prev.At, at)
	if prev.Expected == nil || !known || later > prev.Expected.ToMS {
		return nil
	}
	return &wire.Expected{FromMS: max(0, prev.Expected.FromMS-later), ToMS: prev.Expected.ToMS - later}
}

// elapsed is how many ms lie between two moments; false where nobody knows, or none do.
func elapsed(from, to wire.Moment) (ms int64, known bool) {
	ms, known = to.Unix-from.Unix, to.Unix != 0 && from.Unix != 0
	if to.Boot != "" && to.Boot == from.Boot {
		ms, known = to.BootMS-from.BootMS, true
	}
	return ms, known && ms >= 0
}

// aged is what prev was decided on as seen from at, which is later. Where nobody knows by
// how much, it is left out: a value at a wrong time says something else.
func aged(prev *wire.Alert, at wire.Moment) []wire.Evidence {
	later, known := elapsed(prev.At, at)
	if !known {
		return nil
	}
	out := slices.Clone(prev.Evidence)
	for i := range out {
		out[i].At += later
	}
	return out
}

// worse says whether an alert has become more severe, or is no forecast any more.
func worse(was, is *wire.Alert) bool {
	return is.Severity.Above(was.Severity) || was.Stage == forecast && is.Stage != forecast
}

// Acknowledge makes the revision that says that a person, by, has seen the alert.
func Acknowledge(prev *wire.Alert, at wire.Moment, by string) wire.Alert {
	a := Repeat(prev, at)
	a.Acknowledged = &wire.Acknowledged{At: at, By: by}
	return a
}

// texts fills the message in for each language the console speaks.
func texts(r Rule, m obs.Metric, a wire.Alert) map[string]string {
	out := map[string]string{}
	own, usual := r.Texts, plain
	if a.Stage == forecast {
		own, usual = r.Ahead, ahead
	}
	for _, lang := range []string{"zh", "en"} {
		text := own[lang]
		if text == "" {
			text = usual[lang]
		}
		unrest := r.chattering(a.Chatter, lang)
		out[lang] = clipped(fields(r, m, a, lang).Replace(text), wire.MaxText-len(unrest)) + unrest
	}
	return out
}

// plain is the sentence of a rule without a message of its own.
var plain = map[string]string{
	"zh": "{device}：{label} {value} {unit}，限值 {limit} {unit}",
	"en": "{device}: {label} {value} {unit}, limit {limit} {unit}",
}

func fields(r Rule, m obs.Metric, a wire.Alert, lang string) *strings.Replacer {
	name := r.Names[a.Device][lang]
	if name == "" {
		name = a.Device
	}
	m.Decimals = apart(m, a.Value, a.Limit)
	value, limit := shown(m, a.Value), shown(m, a.Limit)
	// With its unit at once, so that a number without one leaves no gap.
	return strings.NewReplacer("{value} {unit}", strings.TrimSpace(value+" "+m.Text), "{limit} {unit}", strings.TrimSpace(limit+" "+m.Text),
		"{value}", value, "{limit}", limit, "{unit}", m.Text,
		"{in}", in(a.Expected, lang), "{device}", name, "{label}", m.Label.In(lang), "{since}", r.clock(a.Since),
		"{trend}", trend(m, a, lang), "{place}", r.Place)
}

func shown(m obs.Metric, v *float64) string {
	if v == nil {
		return "–"
	}
	return m.Format(*v)
}

// Saved is what the journal keeps of one rule: the rule's own state and the alert
// that is active, in one record, so that a power cut can never tear them apart.
type Saved struct {
	V        int             `json:"v"`
	Rule     string          `json:"rule"`
	Snapshot json.RawMessage `json:"snapshot"`        // the rule engine's
	Alert    *wire.Alert     `json:"alert,omitempty"` // the active one
	Boot     string          `json:"boot"`
	BootMS   int64           `json:"boot_ms"`
}

// ErrSaved is wrapped by every refusal of a saved state.
var ErrSaved = errors.New("saved alert state cannot be used")

const savedVersion = 1

// Encode writes s for the journal.
func (s Saved) Encode() ([]byte, error) {
	s.V = savedVersion
	return json.Marshal(s)
}

// DecodeSaved reads what Encode wrote.
func DecodeSaved(b []byte) (s Saved, err error) {
	if err := json.Unmarshal(b, &s); err != nil {
		return Saved{}, fmt.Errorf("%w: %w", ErrSaved, err)
	}
	if s.V != savedVersion || s.Rule == "" {
		return Saved{}, fmt.Errorf("%w: version %d of rule %q, this program writes version %d", ErrSaved, s.V, s.Rule, savedVersion)
	}
	if s.Alert != nil && (s.Alert.ID == "" || s.Alert.Rev < 1) {
		return Saved{}, fmt.Errorf("%w: rule %q: its alert has no id or no revision", ErrSaved, s.Rule)
	}
	return s, nil
}

// Trail remembers the newest readings of each stream, for evidence. The zero
// value is ready. It is for one goroutine.
type Trail struct {
	streams map[obs.Stream]*ring
}

// trailLen readings of a stream are kept: enough to see the rise that led to an
// alert, few enough to travel with it.
const trailLen = 10

type ring struct {
	at   [trailLen]int64
	r    [trailLen]obs.Reading
	next int
}

// Add remembers a reading taken at bootMS.
func (t *Trail) Add(s obs.Stream, bootMS int64, r obs.Reading) {
	if t.streams == nil {
		t.streams = map[obs.Stream]*ring{}
	}
	k := t.streams[s]
	if k == nil {
		k = &ring{}
		t.streams[s] = k
	}
	k.at[k.next%trailLen], k.r[k.next%trailLen] = bootMS, r
	k.next++
}

// Judge gives the reading of s at bootMS another quality, if it is still remembered: a
// spike is told by what comes behind it.
func (t *Trail) Judge(s obs.Stream, bootMS int64, q obs.Quality) {
	k := t.streams[s]
	if k == nil {
		return
	}
	for i := max(0, k.next-trailLen); i < k.next; i++ {
		if k.at[i%trailLen] == bootMS {
			k.r[i%trailLen].Quality = q
		}
	}
}

// Settled returns the value before the newest of a stream: what came behind it has shown
// whether it was a spike. ok is false where there is none, or none that can be used.
func (t *Trail) Settled(s obs.Stream) (v float64, ok bool) {
	k := t.streams[s]
	if k == nil || k.next < 2 {
		return 0, false
	}
	r := k.r[(k.next-2)%trailLen]
	return r.Value, r.Quality.Usable()
}

// Of returns the newest readings of a stream that have a value, oldest first,
// each with its age at bootMS.
func (t *Trail) Of(s obs.Stream, bootMS int64) (out []wire.Evidence) {
	k := t.streams[s]
	if k == nil {
		return nil
	}
	for i := max(0, k.next-trailLen); i < k.next; i++ {
		r := k.r[i%trailLen]
		if r.Quality.Flag == obs.Missing {
			continue
		}
		e := wire.Evidence{Stream: s.String(), At: bootMS - k.at[i%trailLen], V: rounded(r.Value)}
		if r.Quality.Flag != obs.Pass {
			e.QC = r.Quality.Flag.Code()
		}
		out = append(out, e)
	}
	return out
}
