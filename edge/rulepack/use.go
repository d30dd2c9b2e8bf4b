package rulepack

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Used is a rule of a pack with a site's values in it.
type Used struct {
	*Rule
	When, Clear   Text // empty if there are Levels
	For, ClearFor time.Duration
	Severity      string
	Category      string
	Message       obs.Label
	Levels        []Level // the most severe first
	Forecast      *Forecast
}

// Level is one severity of a Used.
type Level struct {
	Severity      string
	When, Clear   Text
	For, ClearFor time.Duration
}

// Forecast is a pre-alert of a Used.
type Forecast struct {
	Within, Window   time.Duration
	Method, Severity string
	Message          obs.Label
}

// Error is something wrong with what a site wrote.
type Error struct {
	Parameter string // empty: about the rule as a whole
	ID        string
	Msg, Hint string
}

func (e Error) Error() string {
	s := e.ID + " " + e.Msg
	if e.Parameter != "" {
		s = e.Parameter + ": " + s
	}
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// severities, the most severe first.
var severities = []string{"red", "orange", "yellow", "blue"}

// off is what a site writes for an optional parameter that it does not want.
const off = "off"

// Use puts a site's values into a rule. with is by parameter, as written; streams are
// those that the site has.
func (s *Set) Use(id string, with map[string]string, streams []obs.Stream) (*Used, []Error) {
	r, ok := s.Get(id)
	if !ok {
		if s.broken[id] {
			return nil, []Error{{ID: "E3001", Msg: fmt.Sprintf("the pack that holds %s has mistakes", id), Hint: "mend them first"}}
		}
		return nil, []Error{{ID: "E3001", Msg: fmt.Sprintf("no pack has a rule %q", id), Hint: yamldoc.Hint(id, s.RuleIDs())}}
	}
	values, errs := r.values(with, streams)
	if len(errs) > 0 {
		return nil, errs
	}
	u := r.used(values)
	if u.When.Is == "" && len(u.Levels) == 0 {
		return nil, []Error{{ID: "E3004", Msg: "nothing is left of this rule: each of its levels needs something that was left out", Hint: "give one of " + strings.Join(r.optional(), ", ")}}
	}
	return u, nil
}

func (r *Rule) optional() (names []string) {
	for _, p := range r.Parameters {
		if p.Optional && p.Is != Duration {
			names = append(names, p.Name)
		}
	}
	return names
}

// values are the texts to write for each parameter that is there.
func (r *Rule) values(with map[string]string, streams []obs.Stream) (map[string]string, []Error) {
	var errs []Error
	var names []string
	values := map[string]string{}
	for _, p := range r.Parameters {
		names = append(names, p.Name)
		written, given := with[p.Name]
		switch {
		case given && written == off && p.Optional:
			continue
		case given && written == off:
			errs = append(errs, Error{p.Name, "E3003", p.Name + " cannot be left out", "write " + p.wants()})
			continue
		case !given && p.Default == "" && p.Optional:
			continue
		case !given && p.Default == "":
			errs = append(errs, Error{"", "E3002", fmt.Sprintf("%s needs %s, %s", r.ID, p.Name, p.About.EN), fmt.Sprintf("write with: {%s: …}, %s", p.Name, p.wants())})
			continue
		case !given:
			written = p.Default
		}
		v, e := p.value(written, streams)
		if e != nil {
			errs = append(errs, *e)
		}
		values[p.Name] = v
	}
	for _, name := range sortedKeys(with) {
		if !slices.Contains(names, name) {
			errs = append(errs, Error{name, "E3002", fmt.Sprintf("%s has no parameter %q", r.ID, name), hintFor(name, names)})
		}
	}
	return values, errs
}

// hintFor says which parameter may have been meant.
func hintFor(name string, names []string) string {
	if name == "hold" && slices.Contains(names, "for") {
		return "how long it must last is for: …; how long an alert stays is hold: …, beside use"
	}
	return yamldoc.Hint(name, names)
}

// wants says in words what a parameter is.
func (p *Parameter) wants() string {
	switch p.Is {
	case Stream:
		return fmt.Sprintf("a stream of the metric %s, like device.%s", p.Metric.Name, p.Metric.Name)
	case Duration:
		return "a duration like 5m" + before(" ", p.Range())
	}
	if p.Unit == "" {
		return "a number" + before(" ", p.Range())
	}
	return "a number of " + p.Unit + before(" ", p.Range())
}

// before puts something before a text that is not empty.
func before(what, text string) string {
	if text == "" {
		return ""
	}
	return what + text
}

// Range says what a parameter may be, in words; empty: anything.
func (p *Parameter) Range() string {
	show := func(v float64) string {
		if p.Is == Duration {
			return Brief(time.Duration(v * float64(time.Second)))
		}
		return obs.Number(v)
	}
	switch {
	case p.Min != nil && p.Max != nil:
		return "from " + show(*p.Min) + " to " + show(*p.Max)
	case p.Min != nil:
		return "from " + show(*p.Min) + " on"
	case p.Max != nil:
		return "up to " + show(*p.Max)
	}
	return ""
}

// value checks what was written and returns it as a condition has it.
func (p *Parameter) value(written string, streams []obs.Stream) (string, *Error) {
	fail := func(msg, hint string) (string, *Error) { return "", &Error{p.Name, "E3003", msg, hint} }
	var v float64
	var out string
	switch p.Is {
	case Stream:
		return p.stream(written, streams)
	case Duration:
		d, err := yamldoc.ParseDuration(written)
		if err != nil {
			return fail(fmt.Sprintf("%q is not a duration", written), "write "+p.wants())
		}
		v, out = d.Seconds(), Brief(d)
	default:
		number, unit, behind := strings.Cut(strings.TrimSpace(written), " ")
		var err error
		if v, err = strconv.ParseFloat(number, 64); err != nil || v != v || v-v != 0 {
			return fail(fmt.Sprintf("%q is not a number", written), "write "+p.wants())
		}
		if behind && strings.TrimSpace(unit) != p.Unit {
			return fail(fmt.Sprintf("%s is in %s here, not in %s", p.Name, unitWord(p.Unit), strings.TrimSpace(unit)), "write "+p.wants())
		}
		if out = obs.Number(v); v < 0 {
			out = "(" + out + ")"
		}
	}
	if p.Min != nil && v < *p.Min || p.Max != nil && v > *p.Max {
		return fail(fmt.Sprintf("%s is out of range for %s", written, p.Name), "write "+p.wants())
	}
	return out, nil
}

func unitWord(unit string) string {
	if unit == "" {
		return "no unit"
	}
	return unit
}

// takes says whether a stream parameter may be a stream of this channel.
func (p *Parameter) takes(channel string) bool {
	name := obs.MetricName(channel)
	return name == p.Metric.Name || slices.ContainsFunc(p.Also, func(m obs.Metric) bool { return m.Name == name })
}

func (p *Parameter) stream(written string, streams []obs.Stream) (string, *Error) {
	fail := func(msg, hint string) (string, *Error) { return "", &Error{p.Name, "E3003", msg, hint} }
	device, channel, ok := strings.Cut(written, ".")
	st := obs.Stream{Device: device, Channel: channel}
	var fits []string
	for _, k := range streams {
		if p.takes(k.Channel) {
			fits = append(fits, k.Device+"."+k.Channel)
		}
	}
	slices.Sort(fits)
	hint := "this site has none of the metric " + p.Metric.Name + ": add the device, or derive it"
	if len(fits) > 0 {
		hint = yamldoc.Hint(written, fits)
	}
	switch {
	case !ok || obs.CheckID(device) != nil || obs.CheckChannel(channel) != nil:
		return fail(fmt.Sprintf("%q is not a stream", written), "write "+p.wants())
	case !slices.Contains(streams, st):
		return fail("there is no stream "+written, hint)
	case !p.takes(channel):
		return fail(fmt.Sprintf("%s measures %s, %s needs %s (%s)", written, obs.MetricName(channel), p.Name, p.Metric.Name, p.Metric.Label.EN), hint)
	}
	return st.Device + "." + st.Channel, nil
}

// used fills the values in, and leaves out what lacks one.
func (r *Rule) used(values map[string]string) *Used {
	k := &r.keys
	u := &Used{Rule: r, Severity: k.Severity, Category: k.Category, Message: k.Message}
	if len(k.Levels) == 0 && r.whole(values, k.When, k.Clear, k.For, k.ClearFor) {
		u.When, u.Clear = expand(k.When, values), expand(k.Clear, values)
		u.For, u.ClearFor = k.For.in(values), k.ClearFor.in(values)
	}
	for _, severity := range severities {
		l, ok := k.Levels[severity]
		if ok && r.whole(values, l.When, l.Clear, l.For, l.ClearFor) {
			u.Levels = append(u.Levels, Level{severity, expand(l.When, values), expand(l.Clear, values), l.For.in(values), l.ClearFor.in(values)})
			u.Severity = severity // of the least severe, as the gateway has it
		}
	}
	if f := k.Forecast; f != nil && r.whole(values, "", "", f.Within, f.Window) {
		u.Forecast = &Forecast{f.Within.in(values), f.Window.in(values), f.Method, f.Severity, f.Message}
	}
	return u
}

// whole says whether all that is spoken of is there.
func (r *Rule) whole(values map[string]string, when, clear string, times ...timing) bool {
	var names []string
	for _, text := range []string{when, clear} {
		for _, w := range words(text) {
			if !w.called && !w.dotted {
				names = append(names, text[w.at:w.end])
			}
		}
	}
	for _, t := range times {
		names = append(names, t.name)
	}
	for _, p := range r.Parameters {
		if _, there := values[p.Name]; !there && slices.Contains(names, p.Name) {
			return false
		}
	}
	return true
}

func (t timing) in(values map[string]string) time.Duration {
	if t.name == "" {
		return t.is
	}
	d, err := yamldoc.ParseDuration(values[t.name])
	if err != nil { // Parse saw to it that the parameter is a duration
		return 0
	}
	return d
}

// Place says where something wrong in a text of u comes from: which parameters, figures
// before streams and what is wrong before what it goes with, and where in the pack's file. field is when, clear,
// forecast or below it (forecast.window), or below levels: levels.red.when.
func (u *Used) Place(field string, offset, length int) (parameters []string, at yamldoc.Problem) {
	last := field[strings.LastIndexByte(field, '.')+1:]
	pick := func(when, clear Text) Text {
		if last == "clear" {
			return clear
		}
		return when
	}
	text := pick(u.When, u.Clear)
	for _, l := range u.Levels {
		if strings.HasPrefix(field, "levels."+l.Severity+".") {
			text = pick(l.When, l.Clear)
		}
	}
	n := u.node.Node(strings.Split(field, ".")...)
	switch {
	case n == nil:
		return nil, u.node.KeyProblem("", "")
	case strings.HasPrefix(field, "forecast."):
		names := u.timed(last)
		for _, other := range u.timed("within", "window") {
			if !slices.Contains(names, other) {
				names = append(names, other)
			}
		}
		return names, n.TextProblem(0, len(n.Text()), "", "")
	case n.Kind() != yamldoc.Scalar:
		return u.timed("within", "window"), n.KeyProblem("", "")
	}
	from := text.source(offset)
	return u.figuresFirst(text.names(offset, length)), n.TextProblem(from, max(text.source(offset+length)-from, 1), "", "")
}

// figuresFirst puts streams last: of "level >= red" it is more often red that is wrong.
func (r *Rule) figuresFirst(names []string) []string {
	slices.SortStableFunc(names, func(a, b string) int {
		rank := func(name string) int {
			if r.parameter(name).Is == Stream {
				return 1
			}
			return 0
		}
		return rank(a) - rank(b)
	})
	return names
}

// timed are the parameters of a forecast that stand for some of its keys.
func (u *Used) timed(keys ...string) (names []string) {
	f := u.keys.Forecast
	if f == nil {
		return nil
	}
	for _, key := range keys {
		if t := map[string]timing{"within": f.Within, "window": f.Window}[key]; t.name != "" {
			names = append(names, t.name)
		}
	}
	return names
}

// Brief writes a duration as files have it: 1h30m, 2d.
func Brief(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= 2*day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
