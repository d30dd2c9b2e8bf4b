// Package obs is the vocabulary of Lamppost: what a sensor said, what it is
// worth, and what the words mean. It does no I/O and imports nothing of ours
// but the YAML reader, so that drivers, gateway and cloud can all speak it.
//
// A channel is named by its metric, and the metric catalogue ([ParseCatalog]) is
// the one place that says what unit, scale and label the name stands for.
package obs

import (
	"fmt"
	"math"
	"strings"
)

// Flag is a QARTOD quality flag. The zero value is NotEvaluated.
type Flag uint8

// The five QARTOD flags. Code gives the number that travels on the wire.
const (
	NotEvaluated Flag = iota // no test could run yet
	Pass                     // every test that ran was passed
	Suspect                  // probably wrong, or of high interest: kept, shown, sent
	Fail                     // do not use without a person looking at it
	Missing                  // a placeholder: there is no value
)

// Code returns the QARTOD number of f: 1 pass, 2 not evaluated, 3 suspect,
// 4 fail, 9 missing.
func (f Flag) Code() int {
	switch f {
	case Pass:
		return 1
	case Suspect:
		return 3
	case Fail:
		return 4
	case Missing:
		return 9
	default:
		return 2
	}
}

// FlagOf is the inverse of Code; ok is false for a number QARTOD does not have.
func FlagOf(code int) (f Flag, ok bool) {
	switch code {
	case 1:
		return Pass, true
	case 2:
		return NotEvaluated, true
	case 3:
		return Suspect, true
	case 4:
		return Fail, true
	case 9:
		return Missing, true
	default:
		return NotEvaluated, false
	}
}

// String returns the QARTOD word for f.
func (f Flag) String() string {
	switch f {
	case Pass:
		return "pass"
	case Suspect:
		return "suspect"
	case Fail:
		return "fail"
	case Missing:
		return "missing"
	default:
		return "not evaluated"
	}
}

// Usable says whether a rule may act on a value with this flag: not for a
// failed or a missing one. A suspect value may be the flood itself.
func (f Flag) Usable() bool { return f != Fail && f != Missing }

// worse ranks the flags for rolling up: 9 < 2 < 1 < 3 < 4 (QARTOD practice).
func (f Flag) rank() int {
	return [...]int{NotEvaluated: 1, Pass: 2, Suspect: 3, Fail: 4, Missing: 0}[f]
}

// Quality is a flag with the reason for it. The reason is empty for Pass.
type Quality struct {
	Flag Flag
	Why  Reason
}

// Usable is shorthand for q.Flag.Usable().
func (q Quality) Usable() bool { return q.Flag.Usable() }

// Worst rolls two verdicts up into one, in the order 9 < 2 < 1 < 3 < 4; the
// reason is the winner's.
func (q Quality) Worst(o Quality) Quality {
	if o.Flag.rank() > q.Flag.rank() {
		return o
	}
	return q
}

// Reason says why a flag is not Pass, in one stable lower-case word.
type Reason string

// The reasons in use. Every screen translates them; add here, nowhere else.
const (
	Range       Reason = "range"        // outside what the part or the metric can be
	Rate        Reason = "rate"         // changed faster than nature does
	Flat        Reason = "flat"         // has not moved for too long
	Spike       Reason = "spike"        // alone between its neighbours
	Stale       Reason = "stale"        // older than it should be
	WarmUp      Reason = "warm-up"      // the part is not ready yet
	Calibration Reason = "calibration"  // being calibrated
	Maintenance Reason = "maintenance"  // somebody works on it
	Instrument  Reason = "instrument"   // the part reports a fault of its own
	SwitchedOff Reason = "switched-off" // the part is out of service, by plan
	Manual      Reason = "manual"       // a person typed the value in
	NoEcho      Reason = "no-echo"      // a ranging part hears nothing back
	Absent      Reason = "absent"       // this part, or this board, has nothing that measures it
	NotANumber  Reason = "not-a-number"
	Lost        Reason = "lost"       // pulses may be missing: some were lost, or nobody watched
	Time        Reason = "time"       // nobody knows exactly when it was measured
	Gap         Reason = "gap"        // came too long after the one before
	Climatology Reason = "season"     // unusual at this time of the year, the week or the day
	Attenuated  Reason = "attenuated" // the signal has become too quiet
	Alone       Reason = "alone"      // jumped while nothing moved that would have had to
	Neighbour   Reason = "neighbour"  // differs from the stream beside it
	Place       Reason = "place"      // not where the site is
	Sparse      Reason = "sparse"     // a mean, sum or index of too few readings
	Unclear     Reason = "unclear"    // a picture does not show it clearly
)

// Bound is what the value of a reading that is Sparse says of the true one.
type Bound int8

// The bounds. A sum of too few readings is at least so much, a mean of them says nothing.
const (
	AtMost  Bound = -1
	Unbound Bound = 0
	AtLeast Bound = 1
)

// Reading is one channel's value from one sample. Value is NaN exactly when
// the flag is Missing: what could not be measured is never a number.
type Reading struct {
	Value   float64 // in the unit of the channel's metric
	Quality Quality
}

// Of returns a reading that no test has judged yet.
func Of(v float64) Reading {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return None(NotANumber)
	}
	return Reading{Value: v}
}

// None returns the reading of a channel that had no value, and why.
func None(why Reason) Reading {
	return Reading{Value: math.NaN(), Quality: Quality{Missing, why}}
}

// Stream names one channel of one device of one gateway, over time.
type Stream struct{ Device, Channel string }

// String returns "device/channel", the form that travels on the wire.
func (s Stream) String() string { return s.Device + "/" + s.Channel }

// ParseStream is the inverse of Stream.String. It checks both names.
func ParseStream(s string) (Stream, error) {
	d, c, ok := strings.Cut(s, "/")
	if !ok {
		return Stream{}, fmt.Errorf("stream %q has no '/' between device and channel", s)
	}
	if err := CheckID(d); err != nil {
		return Stream{}, fmt.Errorf("stream %q: device: %w", s, err)
	}
	if err := CheckChannel(c); err != nil {
		return Stream{}, fmt.Errorf("stream %q: %w", s, err)
	}
	return Stream{d, c}, nil
}

// ParseDotted reads a stream as rules and configurations write it: "river.level",
// "tank.temp.inlet". It checks both names.
func ParseDotted(s string) (Stream, error) {
	d, c, ok := strings.Cut(s, ".")
	if !ok {
		return Stream{}, fmt.Errorf("stream %q has no '.' between device and channel", s)
	}
	return ParseStream(d + "/" + c)
}

// CheckID accepts the ids of gateways, devices, buses and rules:
// [a-z0-9][a-z0-9-]{0,47}.
func CheckID(id string) error {
	if id == "" {
		return fmt.Errorf("an id is empty; write 1 to 48 of a-z 0-9 -")
	}
	if len(id) > 48 {
		return fmt.Errorf("id %q has %d characters; at most 48 are allowed", id[:48]+"…", len(id))
	}
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c != '-' || i == 0) {
			return fmt.Errorf("id %q: %q is not allowed at position %d; write a-z 0-9 and, after the first character, -", id, c, i+1)
		}
	}
	return nil
}

// CheckChannel accepts a metric name, or a metric name, a dot and a qualifier
// that tells two channels of one metric apart: "temp", "temp.inlet". Both parts
// are [a-z][a-z0-9_]{0,31}.
func CheckChannel(name string) error {
	metric, qual, qualified := strings.Cut(name, ".")
	if err := checkWord(metric); err != nil {
		return fmt.Errorf("channel %q: %w", name, err)
	}
	if qualified {
		if err := checkWord(qual); err != nil {
			return fmt.Errorf("channel %q: qualifier: %w", name, err)
		}
	}
	return nil
}

// MetricName returns the metric that a channel measures: what stands before
// the dot.
func MetricName(channel string) string {
	m, _, _ := strings.Cut(channel, ".")
	return m
}

func checkWord(w string) error {
	if w == "" || len(w) > 32 {
		return fmt.Errorf("a name has 1 to 32 characters, this one has %d", len(w))
	}
	for i := range len(w) {
		c := w[i]
		if (c < 'a' || c > 'z') && (i == 0 || (c < '0' || c > '9') && c != '_') {
			return fmt.Errorf("%q is not allowed at position %d; write a-z, then a-z 0-9 _", c, i+1)
		}
	}
	return nil
}
