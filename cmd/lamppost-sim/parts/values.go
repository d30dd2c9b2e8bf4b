package parts

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
)

// Setting is what one channel is told to do: be a value, move around it, or be
// missing.
type Setting struct {
	Channel string
	Is      float64 // NaN: missing
	By      float64 // moves by at most this, up and down; 0: steady
}

// ParseSetting reads channel=value, channel=value~by and channel=missing.
func ParseSetting(arg string) (Setting, error) {
	name, text, ok := strings.Cut(arg, "=")
	wrong := fmt.Errorf("%q is no setting; write channel=21.5, channel=21.5~0.4 (it moves by so much) or channel=missing", arg)
	if !ok || name == "" {
		return Setting{}, wrong
	}
	if text == "missing" {
		return Setting{Channel: name, Is: math.NaN()}, nil
	}
	is, by, moves := strings.Cut(text, "~")
	s := Setting{Channel: name}
	var err error
	if s.Is, err = strconv.ParseFloat(is, 64); err != nil || math.IsNaN(s.Is) || math.IsInf(s.Is, 0) {
		return Setting{}, wrong
	}
	if moves {
		if s.By, err = strconv.ParseFloat(by, 64); err != nil || !(s.By >= 0) || math.IsInf(s.By, 0) {
			return Setting{}, wrong
		}
	}
	return s, nil
}

// Faults are the faults that befall any part: the words of scenarios.
func Faults() []scenario.Kind {
	return []scenario.Kind{scenario.Silent, scenario.Noise, scenario.Digit, scenario.Garbage, scenario.Frozen, scenario.Slow, scenario.Unplug}
}

// moveOver is how long a moving value takes to turn.
const moveOver = 2 * time.Minute

// always is how long a fault lasts that is there from the start.
const always = scenario.Duration(100 * 365 * 24 * time.Hour)

// Values are the source of a part that is played alone: its channels as they are set,
// its faults from the beginning on. It may be used from any goroutine.
type Values struct {
	course  *scenario.Course
	device  string
	missing map[string]bool
	began   time.Time
	frames  atomic.Uint64
}

// NewValues returns the source for a part under a device's name. A setting for a
// channel that the part does not have is an error, and so is one that lets a channel
// be missing of which the part cannot say that.
func NewValues(p Part, device string, seed uint64, settings []Setting, faults []scenario.Fault) (*Values, error) {
	story := &scenario.Scenario{Name: device, Cycle: always, Quantities: map[string]scenario.Quantity{}}
	v := &Values{device: device, missing: map[string]bool{}, began: time.Now()}
	for _, c := range p.Channels {
		story.Quantities[c.Name] = scenario.Quantity{Is: &c.Is}
	}
	for _, s := range settings {
		c, ok := p.Channel(s.Channel)
		if !ok {
			return nil, fmt.Errorf("%s has no channel %q; it has %s", p.ID, s.Channel, strings.Join(p.names(), ", "))
		}
		if math.IsNaN(s.Is) && !slices.Contains(p.Missing, s.Channel) {
			return nil, p.cannotMiss(s.Channel)
		}
		v.missing[s.Channel] = math.IsNaN(s.Is)
		story.Quantities[s.Channel] = course(c, s)
	}
	for _, f := range faults {
		f.On, f.To = device, always
		story.Faults = append(story.Faults, f)
	}
	v.course = story.Course(seed, true)
	return v, nil
}

// cannotMiss says that p has no way to say that a channel has no value.
func (p Part) cannotMiss(channel string) error {
	others := "none of its channels can be missing; --fault silent lets it say nothing"
	if p.Missing != nil {
		others = "its channels that can be missing are " + strings.Join(p.Missing, ", ")
	}
	return fmt.Errorf("%s=missing: %s has no code for that and would send a number as good; %s", channel, p.ID, others)
}

// course is the quantity that a setting asks for. Only a value that moves is held
// within the channel's limits: what is set is set.
func course(c Channel, s Setting) scenario.Quantity {
	q := scenario.Quantity{Is: &s.Is}
	if s.By > 0 {
		q.Wander = &scenario.Wander{By: s.By, Over: scenario.Duration(moveOver)}
		if c.Min != 0 || c.Max != 0 {
			q.Min, q.Max = &c.Min, &c.Max
		}
	}
	return q
}

// Value returns what a channel is now, or was when it froze; NaN when it is missing.
func (v *Values) Value(channel string) float64 {
	if v.missing[channel] {
		return math.NaN()
	}
	is, ok := v.course.At(channel, v.course.Moment(time.Since(v.began), v.device))
	if !ok {
		return math.NaN()
	}
	return is
}

// Moment is now, or when the part froze.
func (v *Values) Moment() time.Time {
	return v.began.Add(v.course.Moment(time.Since(v.began), v.device))
}

// Mishap returns what befalls the next frame.
func (v *Values) Mishap() scenario.Mishap {
	return v.course.Mishap(time.Since(v.began), v.frames.Add(1), v.device)
}

// FaultOf reads a fault of the command line: one of Faults with an optional chance,
// noise:0.3, or a delay, slow:400ms; or one of the part's own states.
func (p Part) FaultOf(arg string) (fault scenario.Fault, state string, err error) {
	word, rest, _ := strings.Cut(arg, ":")
	if slices.Contains(p.States, arg) {
		return scenario.Fault{}, arg, nil
	}
	fault.Kind = scenario.Kind(word)
	if !slices.Contains(Faults(), fault.Kind) {
		return fault, "", fmt.Errorf("%s knows no fault %q; write one of %s", p.ID, arg, p.faultWords())
	}
	switch {
	case fault.Kind == scenario.Digit && p.Wire != Serial && p.Wire != SDI12:
		return fault, "", fmt.Errorf("%s sends no text whose digits could be wrong; write noise", p.ID)
	case fault.Kind == scenario.Slow:
		delay := 500 * time.Millisecond
		if rest != "" {
			delay, err = time.ParseDuration(rest)
		}
		if err != nil || delay <= 0 {
			return fault, "", fmt.Errorf("%q: write slow:400ms", arg)
		}
		fault.Delay = scenario.Duration(delay)
	case rest != "":
		fault.Probability, err = strconv.ParseFloat(rest, 64)
		if err != nil || !(fault.Probability > 0 && fault.Probability <= 1) {
			return fault, "", fmt.Errorf("%q: write a chance above 0 and up to 1, %s:0.3", arg, word)
		}
	}
	return fault, "", nil
}

// faultWords names what FaultOf takes.
func (p Part) faultWords() string {
	var words []string
	for _, k := range Faults() {
		words = append(words, string(k))
	}
	return strings.Join(append(words, p.States...), ", ")
}
