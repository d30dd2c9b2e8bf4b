// Package truth is the simulator's memory of what it put on the wires, and the
// judge that compares a run with it.
//
// The log is one JSON object a line. There are three sorts of line:
//
//	{"t":1795291200123,"device":"river","channel":"level","v":2.713,"resolution":0.001,"via":"answer","good":true}
//	{"t":1795291203400,"device":"river","via":"silence"}
//	{"t":1795291260000,"event":"unplug","device":"air"}
//	{"t":1795291287400,"event":"switch","device":"relays","detail":"coil 0 on"}
//
// a value, a question that was not answered, and a mark: of the scenario, or of a
// relay that was switched. t is
// Unix milliseconds; a value's t is the moment after its last byte was written.
// A value that could not be written (nobody had the port open, its buffer was
// full, the adapter was pulled meanwhile) has no line.
//
// A line says "good":false when the frame was damaged on purpose; "fault" names
// the mishap. A good line with a fault was delivered whole but under conditions
// (late, behind garbage) in which a careful master may throw it away.
package truth

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// Via says how a value came to be on a wire.
type Via string

// The ways of a value, and of its absence.
const (
	Answer  Via = "answer"  // asked for by a master: each is to be stored exactly once
	Frame   Via = "frame"   // sent unasked: one per interval is to be stored
	Still   Via = "still"   // a picture was fetched; V is the level drawn in it
	Silence Via = "silence" // a question was left without an answer
)

// Line is one line of the log. Which fields are set follows from Via and Event;
// a Line with an Event is a mark and carries no value.
type Line struct {
	T          int64   `json:"t"` // Unix milliseconds
	Device     string  `json:"device"`
	Channel    string  `json:"channel"`
	V          float64 `json:"v"`          // in the metric's unit, as a gateway must store it
	Resolution float64 `json:"resolution"` // the step of V; 0 when V is exact
	Via        Via     `json:"via"`
	Good       bool    `json:"good"`
	Fault      string  `json:"fault"`  // crc, garbage, slow; empty: none
	Event      string  `json:"event"`  // start, stop, cycle, or a fault's name, with "-over" at its end
	Detail     string  `json:"detail"` // of an event: what a person wants to know
	SHA256     string  `json:"sha256"` // of a still's bytes, hex
}

// Append appends the line's JSON and a newline to b. Only the fields that the
// sort of line has are written.
func (l Line) Append(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"t":`...), l.T, 10)
	b = appendText(b, "event", l.Event)
	b = appendText(b, "device", l.Device)
	b = appendText(b, "channel", l.Channel)
	if l.hasValue() {
		b = strconv.AppendFloat(append(b, `,"v":`...), l.V, 'g', -1, 64)
	}
	if l.Resolution != 0 {
		b = strconv.AppendFloat(append(b, `,"resolution":`...), l.Resolution, 'g', -1, 64)
	}
	b = appendText(b, "via", string(l.Via))
	if l.hasValue() {
		b = strconv.AppendBool(append(b, `,"good":`...), l.Good)
	}
	b = appendText(b, "fault", l.Fault)
	b = appendText(b, "detail", l.Detail)
	b = appendText(b, "sha256", l.SHA256)
	return append(b, '}', '\n')
}

// Stamp completes the lines of a frame whose last byte has just been written:
// with the time, whether the frame is good, and what befell it.
func Stamp(lines []Line, good bool, fault string) {
	now := time.Now().UnixMilli()
	for i := range lines {
		lines[i].T, lines[i].Good, lines[i].Fault = now, good, fault
	}
}

func (l Line) hasValue() bool { return l.Event == "" && l.Via != Silence }

func appendText(b []byte, key, text string) []byte {
	if text == "" {
		return b
	}
	b = append(append(append(b, ',', '"'), key...), '"', ':')
	q, _ := json.Marshal(text) // a string always marshals
	return append(b, q...)
}

// Read returns the lines of a log. A last line without its newline is what a
// kill leaves behind and is left out; any other bad line is an error that says
// where.
func Read(r io.Reader) ([]Line, error) {
	var lines []Line
	in := bufio.NewReader(r)
	for n := 1; ; n++ {
		text, err := in.ReadBytes('\n')
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return lines, fmt.Errorf("truth log, line %d: %w", n, err)
		}
		var l Line
		if err := json.Unmarshal(text, &l); err != nil {
			return lines, fmt.Errorf("truth log, line %d: %w", n, err)
		}
		lines = append(lines, l)
	}
}

// ReadFile is Read on a file.
func ReadFile(path string) ([]Line, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Read(f)
}
