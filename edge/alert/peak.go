package alert

import (
	"math"
	"strconv"

	"github.com/lamppost-city/lamppost/edge/wire"
)

// actual is the stage of an alert whose limit is reached.
const actual = "actual"

// worst fills in what a, which follows prev, was at its worst. What was only foreseen
// does not count once something has come, nor what was said of another quantity.
func worst(prev, a *wire.Alert) {
	a.Worst, a.Peak = a.Severity, nil
	if prev != nil && prev.Stage == a.Stage && prev.Worst != "" && prev.Worst.Above(a.Severity) {
		a.Worst = prev.Worst
	}
	peak := a.Value
	if a.Condition != "active" {
		peak = nil // that is where it ended
	}
	if prev != nil && prev.Stage == a.Stage && prev.Device == a.Device && prev.Channel == a.Channel && prev.Unit == a.Unit && prev.Peak != nil {
		was := *prev
		if peak != nil {
			Reach(&was, *peak)
		}
		peak = was.Peak
	}
	if a.Stage == actual && peak != nil && a.Limit != nil && *peak != *a.Limit {
		a.Peak = peak
	}
}

// Reach lets an alert that stands know a value v of what it is about: if there was none
// that bad, Peak is v. What bad is follows from the side of the limit on which it is.
func Reach(a *wire.Alert, v float64) {
	if a.Stage != actual || a.Condition != "active" || a.Peak == nil || a.Limit == nil {
		return
	}
	if up := *a.Peak > *a.Limit; up && v > *a.Peak || !up && v < *a.Peak {
		a.Peak = number(v)
	}
}

// digits are those that a number keeps: more than any part has, fewer than arithmetic
// leaves behind, so that 0.1 + 0.2 is 0.3 for everybody.
const digits = 12

// number is v as a document has it; nil where it is none.
func number(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	v = rounded(v)
	return &v
}

func rounded(v float64) float64 {
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', digits, 64), 64)
	if err != nil { // it was written a moment ago
		return v
	}
	return short
}
