package detect

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
)

// Answer is one line of a detector: what it found, or else a fault.
type Answer struct {
	ID    uint64
	Found []drivers.Detection // boxes are cut at the picture's edges
	Fault error               // ErrLoading, or wraps one of the drivers.Err… values; nil: none
}

// faults are the words that a detector may report, those of every driver in another
// language.
var faults = []string{"timeout", "checksum", "protocol", "exception", "unplugged", "busy", "device"}

// Bounds of an answer.
const (
	mostText  = 200 // bytes of a program's own words that an error repeats
	mostClass = 64  // bytes of a class's name
	// farOff is a coordinate that no network gives by rounding: pixels are meant.
	farOff = 0.5
)

// raw is an answer as it is written.
type raw struct {
	ID    *uint64    `json:"id"`
	Found *[]rawFind `json:"found"`
	Fault string     `json:"fault"`
	Text  string     `json:"text"`
}

type rawFind struct {
	Class string     `json:"class"`
	Score *float64   `json:"score"`
	Box   *[]float64 `json:"box"`
}

// Parse reads an answer. Its errors quote what is wrong and say what would be right.
func Parse(line []byte) (Answer, error) {
	var r raw
	if err := json.Unmarshal(line, &r); err != nil {
		if bytes.Contains(line, []byte("NaN")) || bytes.Contains(line, []byte("Infinity")) {
			return Answer{}, fmt.Errorf("%s is no answer: JSON has no NaN and no Infinity", quote(string(line)))
		}
		return Answer{}, fmt.Errorf("%s is no answer: %w", quote(string(line)), err)
	}
	switch {
	case r.ID == nil:
		return Answer{}, fmt.Errorf("%s has no id; an answer repeats the question's", quote(string(line)))
	case (r.Found == nil) == (r.Fault == ""):
		return Answer{}, fmt.Errorf("answer %d needs either found or a fault", *r.ID)
	case r.Fault != "":
		return r.failed()
	case len(*r.Found) > drivers.MostDetections:
		return Answer{}, fmt.Errorf("answer %d: %d things were found; tell the best %d", *r.ID, len(*r.Found), drivers.MostDetections)
	}
	a := Answer{ID: *r.ID, Found: make([]drivers.Detection, len(*r.Found))}
	for i, f := range *r.Found {
		d, err := f.detection()
		if err != nil {
			return Answer{}, fmt.Errorf("answer %d: found %d: %w", a.ID, i+1, err)
		}
		a.Found[i] = d
	}
	return a, nil
}

// notReady is reported while a detector loads, or learns what is usual.
const notReady = "warm-up"

// failed is an answer that reports a fault.
func (r raw) failed() (Answer, error) {
	if r.Fault == notReady {
		return Answer{ID: *r.ID, Fault: ErrLoading}, nil
	}
	if !slices.Contains(faults, r.Fault) {
		return Answer{}, fmt.Errorf("answer %d: there is no fault %s; write warm-up, timeout, checksum, protocol, exception, unplugged, busy or device", *r.ID, quote(r.Fault))
	}
	fault, _ := drivers.FaultNamed(r.Fault)
	if r.Text == "" {
		return Answer{ID: *r.ID, Fault: fmt.Errorf("%w, says the detector", fault)}, nil
	}
	return Answer{ID: *r.ID, Fault: fmt.Errorf("%w, says the detector: %s", fault, quote(r.Text))}, nil
}

func (f rawFind) detection() (drivers.Detection, error) {
	switch {
	case f.Class == "" || len(f.Class) > mostClass:
		return drivers.Detection{}, fmt.Errorf("a class of %d bytes; its name has 1 to %d", len(f.Class), mostClass)
	case f.Score == nil:
		return drivers.Detection{}, fmt.Errorf("%s has no score; write 0 to 1", quote(f.Class))
	case *f.Score < 0 || *f.Score > 1:
		return drivers.Detection{}, fmt.Errorf("%s has a score of %v; write 0 to 1", quote(f.Class), *f.Score)
	case f.Box == nil || len(*f.Box) != 4:
		return drivers.Detection{}, fmt.Errorf("%s has no box; write [left, top, right, bottom]", quote(f.Class))
	}
	d := drivers.Detection{Class: f.Class, Score: *f.Score}
	for i, v := range *f.Box {
		if v < -farOff || v > 1+farOff {
			return drivers.Detection{}, fmt.Errorf("%s has a box at %v; write shares of the picture's width and height, 0 to 1, not pixels", quote(f.Class), v)
		}
		d.Box[i] = min(max(v, 0), 1)
	}
	if !(d.Box[0] < d.Box[2] && d.Box[1] < d.Box[3]) {
		return drivers.Detection{}, fmt.Errorf("%s has a box of no size in the picture, %v; write [left, top, right, bottom]", quote(f.Class), *f.Box)
	}
	return d, nil
}

// quote shows a text of the program, cut and without what disturbs a terminal.
func quote(s string) string { return quoteUpTo(s, mostText) }

func quoteUpTo(s string, most int) string {
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strconv.Quote(s)
}
