package obs

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Checks says how the values of one channel are tested beside their gross range: the
// thresholds of the QARTOD tests, as a metric's entry, a profile or a site writes
// them. What is not written is nil, empty or 0. Thresholds are in the metric's unit;
// of two, suspect is reached first.
type Checks struct {
	Gross        *GrossCheck        `yaml:"gross"`
	Climatology  []Season           `yaml:"climatology"`
	Spike        *SpikeCheck        `yaml:"spike"`
	Rate         *RateCheck         `yaml:"rate"`
	Flat         *FlatCheck         `yaml:"flat"`
	Attenuated   *AttenuatedCheck   `yaml:"attenuated"`
	Multivariate *MultivariateCheck `yaml:"multivariate"`
	Neighbour    *NeighbourCheck    `yaml:"neighbour"`
	Location     *LocationCheck     `yaml:"location"`
	Gap          *GapCheck          `yaml:"gap"`
	Rollup       string             `yaml:"rollup"` // strict: what a required test could not judge is not evaluated
}

// GrossCheck narrows what the part and the metric can be: [lowest, highest].
type GrossCheck struct {
	Suspect []float64 `yaml:"suspect"`
	Fail    []float64 `yaml:"fail"`
}

// Season is one member of the climatology test: what is usual at a time of the year,
// the week or the day. Of several that fit a moment the last one counts. Exactly one
// calendar key is set, or none: always. First and last are inclusive; a span may run
// over the end of the year.
type Season struct {
	Months   []int     `yaml:"months"`   // [1, 12]
	Weeks    []int     `yaml:"weeks"`    // [1, 53], ISO
	Days     []int     `yaml:"days"`     // [1, 366], of the year
	Weekdays []int     `yaml:"weekdays"` // [1, 7], Monday is 1
	Quarters []int     `yaml:"quarters"` // [1, 4]
	Hours    []int     `yaml:"hours"`    // [0, 23]
	Suspect  []float64 `yaml:"suspect"`
	Fail     []float64 `yaml:"fail"`
}

// SpikeCheck: Method is average or differential. A threshold of 0 is none.
type SpikeCheck struct {
	Off     bool     `yaml:"off"`
	Method  string   `yaml:"method"`
	Suspect *float64 `yaml:"suspect"`
	Fail    *float64 `yaml:"fail"`
}

// RateCheck: thresholds are per minute.
type RateCheck struct {
	Off     bool     `yaml:"off"`
	Suspect *float64 `yaml:"suspect"`
	Fail    *float64 `yaml:"fail"`
}

// FlatCheck: a value that moves by less than Tolerance for so long. Samples is how
// many values a flat line has at least; Compat ioos counts values instead of time.
type FlatCheck struct {
	Off       bool          `yaml:"off"`
	Suspect   time.Duration `yaml:"suspect"`
	Fail      time.Duration `yaml:"fail"`
	Tolerance *float64      `yaml:"tolerance"`
	Samples   int           `yaml:"samples"`
	Compat    string        `yaml:"compat"`
}

// AttenuatedCheck: Method is std or range, of the values within Window; below a
// threshold the signal is too quiet.
type AttenuatedCheck struct {
	Off     bool          `yaml:"off"`
	Method  string        `yaml:"method"`
	Window  time.Duration `yaml:"window"`
	Suspect *float64      `yaml:"suspect"`
	Fail    *float64      `yaml:"fail"`
	Samples int           `yaml:"samples"`
}

// MultivariateCheck: a jump by more than Suspect is believed if the stream With has
// moved by more than Moves within the time before.
type MultivariateCheck struct {
	Off     bool          `yaml:"off"`
	With    string        `yaml:"with"` // device.channel
	Suspect *float64      `yaml:"suspect"`
	Moves   *float64      `yaml:"moves"`
	Within  time.Duration `yaml:"within"`
}

// NeighbourCheck: the difference to the stream With, less Offset.
type NeighbourCheck struct {
	Off     bool          `yaml:"off"`
	With    string        `yaml:"with"` // device.channel
	Suspect *float64      `yaml:"suspect"`
	Fail    *float64      `yaml:"fail"`
	Offset  *float64      `yaml:"offset"`
	Within  time.Duration `yaml:"within"`
}

// LocationCheck: metres from the gateway's position, and between two fixes. It is
// written at the channel lat and counts for lat and lon.
type LocationCheck struct {
	Off     bool     `yaml:"off"`
	Suspect *float64 `yaml:"suspect"`
	Step    *float64 `yaml:"step"`
}

// GapCheck: a value that comes so long after the one before fails, as the reference
// implementation has it. Without it a gap is no fault of the value behind it.
type GapCheck struct {
	Off  bool          `yaml:"off"`
	Fail time.Duration `yaml:"fail"`
}

// Over returns c with what it does not say taken from base, key by key; the seasons
// are one key.
func (c Checks) Over(base Checks) Checks {
	out := c
	fillFrom(reflect.ValueOf(&out).Elem(), reflect.ValueOf(base))
	return out
}

func fillFrom(to, from reflect.Value) {
	for i := range to.NumField() {
		switch f, b := to.Field(i), from.Field(i); {
		case b.IsZero():
		case f.IsZero():
			f.Set(b)
		case f.Kind() == reflect.Pointer && f.Elem().Kind() == reflect.Struct:
			own := reflect.New(f.Elem().Type())
			own.Elem().Set(f.Elem())
			fillFrom(own.Elem(), b.Elem())
			f.Set(own)
		}
	}
}

// CheckKey is one key that a layer of checks says something about.
type CheckKey struct {
	Path  []string // "spike", "fail"
	Value string
}

// Keys lists what c says, in the order of the fields.
func (c Checks) Keys() []CheckKey { return keysOf(reflect.ValueOf(c), nil) }

func keysOf(v reflect.Value, path []string) (all []CheckKey) {
	for i := range v.NumField() {
		f := v.Field(i)
		at := append(path[:len(path):len(path)], v.Type().Field(i).Tag.Get("yaml"))
		switch {
		case f.IsZero():
		case f.Kind() == reflect.Pointer && f.Elem().Kind() == reflect.Struct:
			all = append(all, keysOf(f.Elem(), at)...)
		case f.Kind() == reflect.Pointer:
			all = append(all, CheckKey{at, fmt.Sprint(f.Elem())})
		case f.Type() == reflect.TypeFor[[]Season]():
			all = append(all, CheckKey{at, seasonsText(f.Interface().([]Season))})
		case f.Type() == reflect.TypeFor[time.Duration]():
			all = append(all, CheckKey{at, short(time.Duration(f.Int()))})
		default:
			all = append(all, CheckKey{at, fmt.Sprint(f.Interface())})
		}
	}
	return all
}

func seasonsText(ss []Season) string {
	var parts []string
	for _, s := range ss {
		var keys []string
		v := reflect.ValueOf(s)
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				keys = append(keys, v.Type().Field(i).Tag.Get("yaml")+" "+fmt.Sprint(v.Field(i).Interface()))
			}
		}
		parts = append(parts, strings.Join(keys, " "))
	}
	return strings.Join(parts, "; ")
}

// MaxWindow is how many values a test keeps of one stream at most.
const MaxWindow = 4096
