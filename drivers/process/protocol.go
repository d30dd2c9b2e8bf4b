package process

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// The protocol, version 1. One question, one line:
//
//	{"v":1,"id":17,"do":"sample"}
//
// and one answer with the same id, either readings or a fault:
//
//	{"id":17,"readings":{"temp":21.4,"rh":null,"co2":"warm-up","pm2_5":{"v":35,"flag":"suspect","why":"maintenance"}}}
//	{"id":17,"fault":"timeout","text":"the sensor does not answer on /dev/i2c-1"}
//
// A program passes over keys it does not know, and so does the gateway; "do" may
// have other values one day, which a program answers with the fault "protocol".

// maxText is how much of a program's own words an error repeats, in bytes.
const maxText = 200

// Question is the line that asks for a sample, without its end.
func Question(id uint64) []byte {
	return append(strconv.AppendUint([]byte(`{"v":1,"id":`), id, 10), `,"do":"sample"}`...)
}

// Answer is one line of a program: Readings, or else Fault.
type Answer struct {
	ID       uint64
	Readings map[string]Value // by channel
	Fault    string           // a word of drivers.FaultWord
	Text     string           // for people
}

// Value is what an answer says of one channel.
type Value struct {
	v    float64
	none bool // there is no value
	flag obs.Flag
	why  obs.Reason
}

// String is the value for people: 21.4, 35 (suspect, maintenance), none (warm-up).
func (v Value) String() string {
	switch {
	case v.none && v.why == "":
		return "none"
	case v.none:
		return fmt.Sprintf("none (%s)", v.why)
	case v.flag != obs.NotEvaluated:
		return fmt.Sprintf("%v (%v, %s)", v.v, v.flag, v.why)
	}
	return fmt.Sprint(v.v)
}

// reasons are those that a program may give.
var reasons = []obs.Reason{obs.WarmUp, obs.Calibration, obs.Maintenance, obs.Instrument, obs.NoEcho, obs.NotANumber, obs.Range, obs.Stale, obs.SwitchedOff, obs.Manual}

// faults are those that a program may report.
var faults = map[string]error{
	"timeout": drivers.ErrTimeout, "checksum": drivers.ErrChecksum, "protocol": drivers.ErrProtocol, "exception": drivers.ErrException,
	"unplugged": drivers.ErrUnplugged, "busy": drivers.ErrBusy, "device": drivers.ErrDevice,
}

// Parse reads an answer. Its errors quote what is wrong.
func Parse(line []byte) (Answer, error) {
	var raw struct {
		ID       *uint64                    `json:"id"`
		Readings map[string]json.RawMessage `json:"readings"`
		Fault    string                     `json:"fault"`
		Text     string                     `json:"text"`
	}
	if err := json.Unmarshal(line, &raw); err != nil {
		return Answer{}, fmt.Errorf("%s is no answer: %w", quote(string(line)), err)
	}
	switch {
	case raw.ID == nil:
		return Answer{}, fmt.Errorf("%s has no id; an answer repeats the question's", quote(string(line)))
	case (raw.Readings == nil) == (raw.Fault == ""):
		return Answer{}, fmt.Errorf("answer %d needs either readings or a fault", *raw.ID)
	case raw.Fault != "" && faults[raw.Fault] == nil:
		return Answer{}, fmt.Errorf("answer %d: there is no fault %s; write timeout, checksum, protocol, exception, unplugged, busy or device", *raw.ID, quote(raw.Fault))
	}
	a := Answer{ID: *raw.ID, Fault: raw.Fault, Text: raw.Text}
	if raw.Readings != nil {
		a.Readings = make(map[string]Value, len(raw.Readings))
	}
	for channel, text := range raw.Readings {
		v, err := parseValue(text)
		if err != nil {
			return Answer{}, fmt.Errorf("answer %d: readings: %s: %w", a.ID, quote(channel), err)
		}
		a.Readings[channel] = v
	}
	return a, nil
}

func parseValue(text json.RawMessage) (Value, error) {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return Value{}, err
	}
	switch v := v.(type) {
	case nil:
		return Value{none: true}, nil
	case float64:
		return Value{v: v}, nil
	case string:
		why, err := reason(v)
		return Value{none: true, why: why}, err
	case map[string]any:
		return flagged(text)
	}
	return Value{}, fmt.Errorf("%s is neither a number nor null, a reason, or {\"v\": …, \"flag\": …, \"why\": …}", quote(string(text)))
}

func flagged(text json.RawMessage) (Value, error) {
	var k struct {
		V    *float64 `json:"v"`
		Flag string   `json:"flag"`
		Why  string   `json:"why"`
	}
	if err := json.Unmarshal(text, &k); err != nil {
		return Value{}, err
	}
	flags := map[string]obs.Flag{"": obs.NotEvaluated, "suspect": obs.Suspect, "fail": obs.Fail}
	flag, known := flags[k.Flag]
	switch {
	case k.V == nil:
		return Value{}, fmt.Errorf("it has no v; write null, or a reason alone, for a channel without a value")
	case !known:
		return Value{}, fmt.Errorf("there is no flag %s; write suspect or fail", quote(k.Flag))
	case (k.Flag == "") != (k.Why == ""):
		return Value{}, fmt.Errorf("flag and why go together")
	case k.Flag == "":
		return Value{v: *k.V}, nil
	}
	why, err := reason(k.Why)
	return Value{v: *k.V, flag: flag, why: why}, err
}

func reason(word string) (obs.Reason, error) {
	if r := obs.Reason(word); slices.Contains(reasons, r) {
		return r, nil
	}
	return "", fmt.Errorf("there is no reason %s; write one of %s", quote(word), strings.Trim(fmt.Sprint(reasons), "[]"))
}

// failure turns a reported fault into an error.
func (a Answer) failure() error {
	if a.Text == "" {
		return fmt.Errorf("%w, says the program", faults[a.Fault])
	}
	return fmt.Errorf("%w, says the program: %s", faults[a.Fault], quote(a.Text))
}

// quote shows a text of the program, cut and without what disturbs a terminal.
func quote(s string) string {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return strconv.Quote(s)
}
