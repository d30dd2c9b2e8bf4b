package lifecycle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// Order asks a department, or one person, to do something.
type Order struct {
	Department  string `json:"department,omitempty"`
	Person      string `json:"person,omitempty"`
	Instruction string `json:"instruction"`
	// Due is a deadline of its own for the answer, sooner than the limit; 0: the limit.
	Due int64 `json:"due,omitempty"`
}

// Command is what somebody wants done. Which fields an action needs, Table says; the
// others are ignored.
type Command struct {
	Action Action `json:"action"`
	// Version is the case's as the person saw it; 0: whatever it is.
	Version    int           `json:"version,omitempty"`
	Why        string        `json:"why,omitempty"`
	Opening    *Opening      `json:"opening,omitempty"`
	Severity   wire.Severity `json:"severity,omitempty"`
	Task       int           `json:"task,omitempty"`
	Orders     []Order       `json:"orders,omitempty"`
	Done       string        `json:"done,omitempty"`
	Result     Result        `json:"result,omitempty"`
	Pictures   []string      `json:"pictures,omitempty"`
	Resolution Resolution    `json:"resolution,omitempty"`
	Answer     string        `json:"answer,omitempty"`
	Until      int64         `json:"until,omitempty"`
	Parent     string        `json:"parent,omitempty"`
	Report     *Citizen      `json:"report,omitempty"`
	FalseAlarm *bool         `json:"false_alarm,omitempty"`
	Timer      string        `json:"timer,omitempty"`
}

// Entry is one line of a case's journal: who, as what, when, what, why. It is never
// changed.
type Entry struct {
	N    int    `json:"n"` // from 1, without a gap
	At   int64  `json:"at"`
	Who  string `json:"who,omitempty"` // empty: the system
	Role Role   `json:"role"`
	From State  `json:"from"`
	To   State  `json:"to"`
	Command
	Told   []string `json:"told,omitempty"`   // areas that this tells
	Clocks []Clock  `json:"clocks,omitempty"` // those that begin or change with it
	// Condition is active or cleared where the entry finds it so beside what it is about.
	Condition string `json:"condition,omitempty"`
	Restless  bool   `json:"restless,omitempty"` // with this change it comes and goes too often
}

// Limits of what a command, and so an entry, may carry.
const (
	maxText   = 4000 // bytes
	maxWord   = 128
	maxOrders = 32 // also of all tasks that wait at a time
	maxTasks  = 1000
	maxImages = 16
	maxLines  = 10_000  // of a journal, before notes and reports are refused
	maxEntry  = 1 << 18 // bytes
	maxTold   = 16
	maxPauses = 100
)

const (
	conditionActive  = "active"
	conditionCleared = "cleared"
)

// Encode returns the entry as it is stored, in JSON.
func (e Entry) Encode() ([]byte, error) {
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("entry %d: %w", e.N, err)
	}
	return b, nil
}

// DecodeEntry reads an entry, strictly: at most 256 KiB, no unknown field, nothing behind
// it, and no text longer than a command may carry.
func DecodeEntry(b []byte) (e Entry, err error) {
	if len(b) > maxEntry {
		return e, fmt.Errorf("entry: %d bytes, at most %d", len(b), maxEntry)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return Entry{}, fmt.Errorf("entry: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Entry{}, errors.New("entry: there is something behind it")
	}
	if err := e.check(); err != nil {
		return Entry{}, fmt.Errorf("entry %d: %w", e.N, err)
	}
	return e, nil
}

// check says what no entry can be.
func (e Entry) check() error {
	switch {
	case e.N < 1 || e.At < 0:
		return errors.New("its number or its time is missing")
	case !slices.Contains(roles, e.Role) || len(e.Who) > maxWord || (e.Who == "") != (e.Role == System):
		return errors.New("nobody with a role did it")
	case !slices.Contains([]string{"", conditionActive, conditionCleared}, e.Condition):
		return errors.New("the condition is neither active nor cleared")
	case len(e.Clocks) > 2*maxOrders+1 || len(e.Told) > maxTold:
		return errors.New("too many clocks or areas")
	}
	return e.Command.tooLong()
}
