// Package scenario reads what happens in the simulated street and computes it:
// the course of each quantity over time, and the faults.
//
// A scenario is data, a YAML file:
//
//	title:  {zh: 暴雨, en: a cloudburst}
//	base:   calm            # quantities that are not given here are that scenario's
//	cycle:  6m              # after this it begins again
//	quantities:
//	  rain_rate:     {keys: {0s: 0, 12s: 120, 3m: 0}, shape: linear, noise: 1.5, min: 0}
//	  weather.rain:  {sum: rain_rate, per: 1h, start: 1204.6}
//	  weather.temp:  {is: 24.5, wander: {by: 0.3, over: 1m}}
//	  pump.current:  {of: pump.power, over: [pump.voltage, pump.power_factor]}
//	faults:
//	  - {kind: noise, on: river, from: 35s, to: 60s, probability: 0.4}
//
// Everything is a pure function of the scenario, a seed and the time since the
// start: two runs with one seed differ only in when they are asked.
package scenario

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Text is a text in the two languages of the house.
type Text struct {
	ZH string `yaml:"zh"`
	EN string `yaml:"en"`
}

// Scenario is a file as it was written, with its base's quantities filled in.
type Scenario struct {
	Name       string              `yaml:"-"`
	Title      Text                `yaml:"title"`
	About      Text                `yaml:"about"` // what happens when, for who watches
	Base       string              `yaml:"base"`
	Cycle      Duration            `yaml:"cycle"`
	Quantities map[string]Quantity `yaml:"quantities"` // "device.channel", or a word for one that no device reports
	Faults     []Fault             `yaml:"faults"`
}

// Quantity is the course of one quantity. Exactly one of Is, Keys, Sum and Of
// says what it is; the rest is laid over it, in the order of the fields.
type Quantity struct {
	Is    *float64 `yaml:"is"`    // constant
	Keys  Keys     `yaml:"keys"`  // key frames; before the first and after the last it holds
	Shape Shape    `yaml:"shape"` // between key frames; default smooth

	Sum   string   `yaml:"sum"`   // the integral of another quantity's Keys or Is over time,
	Per   Duration `yaml:"per"`   // whose unit is per this time,
	Start float64  `yaml:"start"` // beginning at this value; it goes on rising from cycle to cycle

	Of     string   `yaml:"of"`     // another quantity,
	Over   []string `yaml:"over"`   // divided by these
	Factor float64  `yaml:"factor"` // Sum and Of: times this (0 means 1)

	Wander *Wander  `yaml:"wander"`
	Noise  float64  `yaml:"noise"` // standard deviation, new every 50 ms
	Wrap   float64  `yaml:"wrap"`  // 360: 361 is 1
	Min    *float64 `yaml:"min"`
	Max    *float64 `yaml:"max"`
}

// Wander is a slow drift up and down by at most By, turning about each Over.
type Wander struct {
	By   float64  `yaml:"by"`
	Over Duration `yaml:"over"`
}

// Shape is how a value gets from one key frame to the next.
type Shape string

// The shapes.
const (
	Smooth Shape = "smooth" // without corners, never beyond the key frames
	Linear Shape = "linear"
	Step   Shape = "step" // holds, then jumps
)

// Kind is what goes wrong.
type Kind string

// The kinds of faults. How each looks on a wire is the business of the wire.
const (
	Silent  Kind = "silent"  // says nothing
	Noise   Kind = "noise"   // with Probability, a bit of a frame is flipped
	Digit   Kind = "digit"   // with Probability, a digit of a text is another digit
	Unplug  Kind = "unplug"  // the adapter is pulled out at From and put back at To
	Frozen  Kind = "frozen"  // repeats the value it had at From
	Garbage Kind = "garbage" // with Probability, stray bytes before a frame
	Slow    Kind = "slow"    // answers Delay later than usual
)

// Fault is one thing that goes wrong, from From until To in each cycle.
type Fault struct {
	Kind        Kind     `yaml:"kind"`
	On          string   `yaml:"on"` // a device, or a line or port with all that hangs on it
	From        Duration `yaml:"from"`
	To          Duration `yaml:"to"`
	Probability float64  `yaml:"probability"` // noise, digit, garbage: of each frame; 0 means always
	Delay       Duration `yaml:"delay"`       // slow
}

// Duration is a time.Duration written as 1m30s.
type Duration time.Duration

// UnmarshalYAML accepts what time.ParseDuration does, if it is not negative.
func (d *Duration) UnmarshalYAML(decode func(any) error) error {
	var s string
	if err := decode(&s); err != nil {
		return err
	}
	v, err := parseDuration(s)
	*d = Duration(v)
	return err
}

func parseDuration(s string) (time.Duration, error) {
	v, err := time.ParseDuration(s)
	if err != nil || v < 0 {
		return 0, fmt.Errorf("%q is not a duration; write 40s or 1m30s", s)
	}
	return v, nil
}

// Key is one key frame.
type Key struct {
	At time.Duration
	Is float64
}

// Keys are key frames in the order of time, written as a map {0s: 1, 10s: 2}.
type Keys []Key

// UnmarshalYAML sorts the key frames and refuses two at one time.
func (k *Keys) UnmarshalYAML(decode func(any) error) error {
	var m map[string]float64
	if err := decode(&m); err != nil {
		return err
	}
	for s, v := range m {
		at, err := parseDuration(s)
		if err != nil {
			return err
		}
		*k = append(*k, Key{at, v})
	}
	slices.SortFunc(*k, func(a, b Key) int { return cmp.Compare(a.At, b.At) })
	for i := 1; i < len(*k); i++ {
		if (*k)[i].At == (*k)[i-1].At {
			return fmt.Errorf("two key frames at %v", (*k)[i].At)
		}
	}
	return nil
}

// Load reads scenario name and its base. read returns a scenario's file; it is
// called with name and with the base's name. All that is wrong is in one error.
func Load(name string, read func(name string) ([]byte, error)) (*Scenario, error) {
	s, err := load(name, read)
	if err != nil || s.Base == "" {
		return s, err
	}
	base, err := load(s.Base, read)
	if err != nil {
		return nil, fmt.Errorf("scenario %s: base: %w", name, err)
	}
	if base.Base != "" {
		return nil, fmt.Errorf("scenario %s: base %s has a base of its own; one level is enough", name, s.Base)
	}
	for k, q := range base.Quantities {
		if _, ok := s.Quantities[k]; !ok {
			s.Quantities[k] = q
		}
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("scenario %s:\n%w", name, err)
	}
	return s, nil
}

func load(name string, read func(string) ([]byte, error)) (*Scenario, error) {
	b, err := read(name)
	if err != nil {
		return nil, err
	}
	s := Scenario{Name: name, Quantities: map[string]Quantity{}}
	err = yaml.NewDecoder(bytes.NewReader(b), yaml.Strict()).Decode(&s)
	if errors.Is(err, io.EOF) {
		err = errors.New("the file is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("scenario %s: %s", name, strings.TrimSpace(err.Error()))
	}
	if s.Quantities == nil {
		s.Quantities = map[string]Quantity{}
	}
	if s.Base != "" {
		return &s, nil // what it refers to may stand in the base
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("scenario %s:\n%w", name, err)
	}
	return &s, nil
}
