package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/relay"
)

// Output is something that can be switched. Which of the keys of a place are set
// follows from Kind.
type Output struct {
	ID      string
	Kind    string // line, coil, register, command
	Bus     string // id
	Pin     string // name or number of a GPIO line, key line
	Low     bool   // the line is low when the output is on
	Address uint8  // of the Modbus unit
	Number  uint16 // of the coil or register, zero-based
	On, Off uint16 // what the register holds
	Command []string
	Name    map[string]string // by language; may be empty
	Plan    *drivers.OutputPlan

	Timeout  time.Duration // of one call of the hardware
	MaxOn    time.Duration
	MinOff   time.Duration
	PerHour  int
	Resume   bool          // what rules asked for counts after a restart too
	Audible  bool          // it goes off when the alert is acknowledged
	ReadBack bool          // the hardware is asked for its state
	Within   time.Duration // after which the feedback agrees

	Interlock, Feedback           string       // conditions, or empty
	InterlockReads, FeedbackReads []obs.Stream // what they read
}

type outputKeys struct {
	Bus       string         `yaml:"bus"`
	Pin       string         `yaml:"line"`
	Active    string         `yaml:"active"`
	Address   *int           `yaml:"address"`
	Coil      *int           `yaml:"coil"`
	Register  *int           `yaml:"register"`
	On        *int           `yaml:"on"`
	Off       *int           `yaml:"off"`
	Command   []string       `yaml:"command"`
	Timeout   *time.Duration `yaml:"timeout"`
	MaxOn     *time.Duration `yaml:"max_on"`
	MinOff    *time.Duration `yaml:"min_off"`
	PerHour   *int           `yaml:"per_hour"`
	Interlock string         `yaml:"interlock"`
	Feedback  string         `yaml:"feedback"`
	Within    *time.Duration `yaml:"feedback_within"`
	ReadBack  *bool          `yaml:"read_back"`
	Resume    bool           `yaml:"resume"`
	Audible   bool           `yaml:"audible"`
	Name      texts          `yaml:"name"`
}

// outputKinds are the keys of which an output has exactly one, with what belongs to
// each.
var outputKinds = []struct {
	key        string
	needs, may []string
	on         []string // the kinds of bus
}{
	{"line", []string{"bus"}, []string{"active", "read_back"}, []string{"gpio"}},
	{"coil", []string{"bus", "address"}, []string{"read_back"}, []string{"serial", "tcp"}},
	{"register", []string{"bus", "address", "on", "off"}, []string{"read_back"}, []string{"serial", "tcp"}},
	{"command", nil, nil, nil},
}

// placesOfOutputs are all keys that belong to some kinds only.
var placesOfOutputs = []string{"bus", "active", "address", "on", "off", "read_back"}

const (
	maxOutputs    = 64
	defaultMinOff = time.Second
	defaultHourly = 60
	leastWithin   = 5 * time.Second
)

func (l *loader) outputs() {
	ids := l.doc.Node("outputs").Keys()
	if len(ids) > maxOutputs {
		l.sayKey("E2003", fmt.Sprintf("%d outputs are too many for one gateway; at most %d", len(ids), maxOutputs), "outputs")
	}
	var check RuleChecker
	if l.env.Rules != nil && len(ids) > 0 {
		check = l.env.Rules(l.config.Streams())
	}
	for _, id := range ids {
		if l.id(id, "outputs", id); l.wrong("outputs", id) {
			continue // no map
		}
		k := l.raw.Outputs[id]
		o := Output{ID: id, Bus: k.Bus, Pin: k.Pin, Command: k.Command, Name: k.Name, Resume: k.Resume, Audible: k.Audible, Interlock: k.Interlock, Feedback: k.Feedback, ReadBack: true}
		for lang, text := range k.Name {
			l.short(text, maxText, "outputs", id, "name", lang)
		}
		if !l.outputKind(&o, k) {
			continue
		}
		if check != nil {
			o.InterlockReads = l.condition(o, "interlock", o.Interlock, check)
			o.FeedbackReads = l.condition(o, "feedback", o.Feedback, check)
		}
		l.within(&o, k)
		l.sameOutput(o)
		l.config.Outputs = append(l.config.Outputs, o)
	}
}

// outputKind judges what an output is; false if that cannot be told.
func (l *loader) outputKind(o *Output, k outputKeys) bool {
	var found []int
	for i, kind := range outputKinds {
		if l.has("outputs", o.ID, kind.key) {
			found = append(found, i)
		}
	}
	if len(found) != 1 {
		l.sayKey("E2801", "an output is exactly one thing; write bus and line: GPIO27, bus, address and coil: 3, bus, address, register: 100, on: 255 and off: 0, or command: [/etc/lamppost/lamp.sh]", "outputs", o.ID)
		return false
	}
	kind := outputKinds[found[0]]
	o.Kind = kind.key
	for _, key := range kind.needs {
		if !l.has("outputs", o.ID, key) {
			l.sayKey("E2801", fmt.Sprintf("an output with %s needs %s too; add %s", kind.key, key, map[string]string{"bus": "the id of a bus", "address": "the unit's address", "on": "what the register holds when it is on", "off": "what the register holds when it is off"}[key]), "outputs", o.ID)
		}
	}
	for _, key := range placesOfOutputs {
		if !slices.Contains(kind.needs, key) && !slices.Contains(kind.may, key) && l.has("outputs", o.ID, key) {
			l.sayKey("E2802", fmt.Sprintf("%s does not fit an output with %s; delete it", key, kind.key), "outputs", o.ID, key)
		}
	}
	if len(kind.on) > 0 && l.has("outputs", o.ID, "bus") {
		l.outputBus(*o, kind.on)
	}
	l.outputAddress(o, k)
	if l.outputPlan(o, k); o.Plan != nil {
		l.limits(o, k)
	}
	return true
}

func (l *loader) outputBus(o Output, kinds []string) {
	i := slices.IndexFunc(l.config.Buses, func(b Bus) bool { return b.ID == o.Bus })
	switch {
	case i < 0:
		var ids []string
		for _, b := range l.config.Buses {
			ids = append(ids, b.ID)
		}
		hint := yamldoc.Hint(o.Bus, ids)
		if len(ids) == 0 {
			hint = "add it under buses:"
		}
		l.say("E2602", fmt.Sprintf("there is no bus %q; %s", o.Bus, hint), "outputs", o.ID, "bus")
	case l.config.Buses[i].kind() != "" && !slices.Contains(kinds, l.config.Buses[i].kind()):
		l.say("E2602", fmt.Sprintf("an output with %s is not on a bus with %s; name one with %s", o.Kind, l.config.Buses[i].kind(), strings.Join(kinds, " or ")), "outputs", o.ID, "bus")
	}
}

// outputAddress judges which unit of its bus an output is in.
func (l *loader) outputAddress(o *Output, k outputKeys) {
	if k.Address == nil || l.wrong("outputs", o.ID, "address") {
		return
	}
	least, most := 1, 247 // 0 is everybody on a serial line, who answers nothing
	if slices.ContainsFunc(l.config.Buses, func(b Bus) bool { return b.ID == o.Bus && b.TCP != "" }) {
		least, most = 0, 255
	}
	if *k.Address < least || *k.Address > most {
		l.say("E2803", fmt.Sprintf("%d is no address of one unit; write %d to %d", *k.Address, least, most), "outputs", o.ID, "address")
		return
	}
	o.Address = uint8(*k.Address)
}

// outputPlan lets the driver of outputs judge what is its own.
func (l *loader) outputPlan(o *Output, k outputKeys) {
	if k.Command == nil && l.has("outputs", o.ID, "command") && !l.wrong("outputs", o.ID, "command") {
		k.Command = []string{} // it is there, and empty
	}
	p, err := relay.Plan(relay.Options{Line: k.Pin, Active: k.Active, Coil: k.Coil, Register: k.Register, On: k.On, Off: k.Off, Command: k.Command, ReadBack: k.ReadBack})
	o.Plan = p
	l.outputRefused(o.ID, err)
	number := func(v *int) uint16 {
		if v == nil || *v < 0 || *v > 0xffff {
			return 0
		}
		return uint16(*v)
	}
	o.Low, o.Number = k.Active == "low", max(number(k.Coil), number(k.Register))
	o.On, o.Off = number(k.On), number(k.Off)
	if k.ReadBack != nil {
		o.ReadBack = *k.ReadBack
	}
}

// outputRefused reports each of the errors that the driver of outputs has joined. Of keys
// that are missing or no value of their type it was said already.
func (l *loader) outputRefused(id string, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			l.outputRefused(id, e)
		}
		return
	}
	var option *drivers.OptionError
	if !errors.As(err, &option) {
		return
	}
	at := append([]string{"outputs", id}, strings.Split(option.Key, ".")...)
	if !l.has(at...) && option.Key != "command" || l.wrong(at...) {
		return
	}
	code := "E2803"
	if at[2] == "command" {
		code = "E2806"
	}
	l.say(code, option.Msg, at...)
}

// limits judges what an output is allowed.
func (l *loader) limits(o *Output, k outputKeys) {
	bounded := func(key string, v *time.Duration, usual, least, most time.Duration) time.Duration {
		if v == nil || l.wrong("outputs", o.ID, key) {
			return usual
		}
		if *v < least || *v > most {
			l.say("E2804", fmt.Sprintf("%s is %s to %s here; %s is usual", key, brief(least), brief(most), brief(usual)), "outputs", o.ID, key)
		}
		return *v
	}
	o.Timeout = bounded("timeout", k.Timeout, o.Plan.Timeout, 100*time.Millisecond, 30*time.Second)
	o.MaxOn = bounded("max_on", k.MaxOn, o.Plan.MaxOn, time.Second, 24*time.Hour)
	o.MinOff = bounded("min_off", k.MinOff, defaultMinOff, 0, 24*time.Hour)
	o.PerHour = defaultHourly
	if k.PerHour != nil && !l.wrong("outputs", o.ID, "per_hour") {
		if o.PerHour = *k.PerHour; o.PerHour < 1 || o.PerHour > 3600 {
			l.say("E2804", fmt.Sprintf("per_hour is 1 to 3600; %d is usual", defaultHourly), "outputs", o.ID, "per_hour")
		}
	}
}

// within judges how long a feedback may take: it cannot be quicker than the streams
// that it reads.
func (l *loader) within(o *Output, k outputKeys) {
	slowest := time.Duration(0)
	known := l.config.Streams()
	for _, s := range o.FeedbackReads {
		if i := slices.IndexFunc(known, func(k Stream) bool { return k.Stream == s }); i >= 0 {
			slowest = max(slowest, known[i].Every)
		}
	}
	o.Within = max(leastWithin, 3*slowest)
	if k.Within == nil || l.wrong("outputs", o.ID, "feedback_within") {
		return
	}
	switch o.Within = *k.Within; {
	case o.Kind == "command" && o.Feedback == "":
		l.sayKey("E2802", "a program does not tell its state, so nothing agrees within a time; write a feedback, or delete feedback_within", "outputs", o.ID, "feedback_within")
	case o.Within < time.Second || o.Within > 10*time.Minute:
		l.say("E2804", "feedback_within is 1s to 10m here; leave it out for three intervals of what it reads", "outputs", o.ID, "feedback_within")
	case o.Within < 2*slowest:
		l.say("E2804", fmt.Sprintf("what the feedback reads comes every %s only; write %s or longer", brief(slowest), brief(2*slowest)), "outputs", o.ID, "feedback_within")
	}
}

// condition judges an interlock or feedback, with the rule's own checker.
func (l *loader) condition(o Output, key, text string, check RuleChecker) []obs.Stream {
	if !l.has("outputs", o.ID, key) || l.wrong("outputs", o.ID, key) {
		return nil
	}
	reads, wrong := check(Rule{ID: o.ID, When: text})
	n := l.doc.Node("outputs", o.ID, key)
	for _, e := range wrong {
		if n.Kind() == yamldoc.Scalar && !l.unplanned(text, e.Offset) {
			l.problems = append(l.problems, n.TextProblem(e.Offset, e.Length, e.ID, e.Msg).WithHint(e.Hint))
		}
	}
	return reads
}

// sameOutput refuses two owners of one relay.
func (l *loader) sameOutput(o Output) {
	if o.Kind == "command" {
		return
	}
	for _, other := range l.config.Outputs {
		if l.sameWires(other.Bus, o.Bus) && other.Kind == o.Kind && other.Pin == o.Pin && other.Address == o.Address && other.Number == o.Number {
			l.say("E2803", fmt.Sprintf("this is %s already; an output has one owner", other.ID), "outputs", o.ID, o.Kind)
			return
		}
	}
	for _, d := range l.config.Devices {
		if o.Kind == "line" && d.Pin == o.Pin && l.sameWires(d.Bus, o.Bus) {
			l.say("E2803", fmt.Sprintf("line %s is read by device %s; an output needs a line of its own", o.Pin, d.ID), "outputs", o.ID, "line")
		}
	}
}
