// Package apart runs a driver in a process of its own: a wedged read, a bomb in a decoder
// or a leak ends that process, and nothing else. It is meant for cameras, whose pictures
// are the largest and most hostile bytes that a gateway decodes.
//
// The gateway keeps the plan: channels, shortest interval and timeouts are known without
// the other process. It asks through a drivers.Process, whose owner starts the child,
// bounds its memory, its share of a core, its processes and its lines, and starts it again
// with growing pauses (package drivers/bus/process). The child is this program again. It
// opens the device's line itself, so nothing of the line is shared either.
//
// One question, one line of JSON; one answer with the same id:
//
//	{"id":1,"do":"open","driver":"camera","options":"url: …"}    {"id":1}
//	{"id":2,"do":"sample","ms":9500}                              {"id":2,"readings":[…],"still":48213}
//	{"id":3,"do":"still","from":0}                                {"id":3,"piece":"/9j/4AAQ…"}
//
// readings are [value, flag, reason], null for no value, in the plan's order. still is how
// many bytes the picture of this sample has; it is fetched in pieces, since a line is short.
// With a detector (drivers.Finder) an answer also has found, what it found in the picture,
// or impaired and why, as fault and text of what is wrong beside the part.
// A fault is {"id":2,"fault":"timeout","text":"camera: …"}. A child that has just started
// answers a sample with the fault "not-open"; then it is told to open, and asked again.
//
// A device that keeps something over a restart (drivers.Stateful) is given it when it is
// opened, after a restart of its own process, too, and says state in the answer to a sample
// when there is something new; what it cannot read any more is the text of the answer to open.
//
// What is promised: [Remote] keeps the contract of drivers.Driver, drivers.StillSource,
// drivers.Finder, drivers.Impaired, drivers.Learner and drivers.Stateful.
// A child that ends in the middle of a sample is the fault unplugged, one that hangs is
// timeout, and both are ended and started by their owner. What is not: the facts of
// a drivers.Informant; cameras have none.
package apart

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// The questions.
const (
	doOpen   = "open"
	doSample = "sample"
	doStill  = "still"
)

// notOpen is the fault of a child that was started anew.
const notOpen = "not-open"

// maxState is how much a device may keep, bytes.
const maxState = 1024

// pieceBytes of a picture fit into a line of 64 KiB in base64, with what stands around them.
const pieceBytes = 45 << 10

// question is what the gateway asks.
type question struct {
	ID      uint64 `json:"id"`
	Do      string `json:"do"`
	Driver  string `json:"driver,omitempty"`
	Options string `json:"options,omitempty"` // YAML
	MS      int64  `json:"ms,omitempty"`      // that a sample may take
	From    int    `json:"from,omitempty"`    // the first byte of a piece
	State   []byte `json:"state,omitempty"`   // that the device kept, to open it with
}

// answer is what the child says.
type answer struct {
	ID       uint64    `json:"id"`
	Readings []reading `json:"readings,omitempty"`
	Still    int       `json:"still,omitempty"`
	Piece    []byte    `json:"piece,omitempty"`
	Fault    string    `json:"fault,omitempty"`
	Text     string    `json:"text,omitempty"`

	Found    *[]drivers.Detection `json:"found,omitempty"`    // nil: not known
	Impaired string               `json:"impaired,omitempty"` // a fault beside the part,
	Why      string               `json:"why,omitempty"`      // and its text

	State []byte `json:"state,omitempty"` // to be kept with this sample; nil: nothing new

	Learning *drivers.Learning `json:"learning,omitempty"` // nil: nothing
}

// reading is an obs.Reading as [value, flag, reason].
type reading obs.Reading

// MarshalJSON implements json.Marshaler.
func (r reading) MarshalJSON() ([]byte, error) {
	var v *float64
	if !math.IsNaN(r.Value) {
		v = &r.Value
	}
	return json.Marshal([]any{v, r.Quality.Flag, r.Quality.Why})
}

// UnmarshalJSON implements json.Unmarshaler. No value goes with the flag missing, and with
// no other.
func (r *reading) UnmarshalJSON(b []byte) error {
	var v *float64
	all := []any{&v, &r.Quality.Flag, &r.Quality.Why}
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	if len(all) != 3 || r.Quality.Flag > obs.Missing || (v == nil) != (r.Quality.Flag == obs.Missing) {
		return fmt.Errorf("%.60q is no reading", b)
	}
	r.Value = math.NaN()
	if v != nil {
		r.Value = *v
	}
	return nil
}

// learning is what the other process says it does not know yet, within bounds: a name that
// is none is left out, and so is what nobody can have counted.
func (a answer) learning() (l drivers.Learning) {
	if a.Learning == nil {
		return l
	}
	l = *a.Learning
	for _, names := range []*[]string{&l.Waits, &l.Unclear} {
		*names = slices.DeleteFunc(*names, func(name string) bool { return obs.CheckChannel(name) != nil })
		*names = (*names)[:min(len(*names), len(a.Readings))]
	}
	if obs.CheckChannel(l.Why) != nil {
		l.Why = ""
	}
	l.For, l.Stands, l.Settles = max(l.For, 0), max(l.Stands, 0), max(l.Settles, 0)
	l.Hours, l.Renewed = min(max(l.Hours, 0), 24), max(l.Renewed, 0)
	return l
}

// told is an error of the other process: its words, and the fault that they mean.
type told struct {
	text  string
	fault error
}

func (t *told) Error() string { return t.text }
func (t *told) Unwrap() error { return t.fault }

// err is the fault of an answer, or nil.
func (a answer) err() error { return toldOf(a.Fault, a.Text) }

// toldOf is the error that a fault and its text mean; nil for no fault.
func toldOf(word, text string) error {
	if word == "" {
		return nil
	}
	fault, known := drivers.FaultNamed(word)
	if !known || text == "" {
		return fmt.Errorf("%w: the process of its own says %.40q, %.200q", drivers.ErrProtocol, word, text)
	}
	return &told{text, fault}
}

// good says whether what a child says was found can be so.
func good(found []drivers.Detection) bool {
	for _, d := range found {
		b := d.Box
		if !(d.Score >= 0 && d.Score <= 1 && b[0] >= 0 && b[1] >= 0 && b[0] < b[2] && b[1] < b[3] && b[2] <= 1 && b[3] <= 1) || d.Class == "" {
			return false
		}
	}
	return len(found) <= drivers.MostDetections
}
