package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Derived is a stream that is made of others, as it is written and found good. Rules
// and everything else read its results like those of a device with its id.
type Derived struct {
	ID        string
	Is        string
	Of        []DerivedOf
	Over      time.Duration
	Every     time.Duration
	Aligned   bool
	Percent   float64
	Metric    string
	Edition   string
	Report    string
	Body      string
	Keep      float64
	State     string
	Zone      *int // minutes east of Greenwich; nil: Place
	Place     int  // the site's: minutes east of Greenwich
	DayStart  time.Duration
	Constants []DerivedConstant
	Name      map[string]string // by language; may be empty

	Channels []string
	Metrics  []obs.Metric  // of Channels
	Interval time.Duration // between two results
	Sparse   []obs.Bound   // what a sparse result says, by channel
	Instead  string        // the channel that rules read in place of the first; empty: none
	ByClock  bool          // it, or what it is made of, tells nothing while nobody knows the time
}

// DerivedOf is one of the streams that something is made of, and what it is called there.
type DerivedOf struct {
	Name   string
	Stream obs.Stream
}

// DerivedConstant is a number in a formula, with its values from old to new.
type DerivedConstant struct {
	Name   string
	Values []DerivedValue
}

// DerivedValue is a value and from when it counts; the zero time: always.
type DerivedValue struct {
	From time.Time
	Is   float64
}

// Made is what the checker says of a derived stream.
type Made struct {
	ID       string
	Channels []string
	Metrics  []obs.Metric
	Every    time.Duration
	Sparse   []obs.Bound
	Instead  string // the channel that rules read in place of the first; empty: none
	Note     string // a warning, or empty
	ByClock  bool   // it follows the wall clock itself
}

// DerivedError is something wrong with a derived stream.
type DerivedError struct {
	Stream string // its id
	TextError
}

// DerivedChecker judges derived streams against those that are measured.
type DerivedChecker func(derived []Derived, measured []Stream) ([]Made, []DerivedError)

type derivedKeys struct {
	Is        string             `yaml:"is,required"`
	Of        sourceKeys         `yaml:"of,required"`
	Over      time.Duration      `yaml:"over"`
	Every     time.Duration      `yaml:"every"`
	Aligned   bool               `yaml:"aligned"`
	Percent   float64            `yaml:"percent"`
	Metric    string             `yaml:"metric"`
	Edition   string             `yaml:"edition"`
	Report    string             `yaml:"report"`
	Body      string             `yaml:"body"`
	Keep      float64            `yaml:"keep"`
	State     string             `yaml:"state"`
	Zone      string             `yaml:"zone"`
	DayStart  time.Duration      `yaml:"day_start"`
	Constants map[string]history `yaml:"constants"`
	Name      texts              `yaml:"name"`
}

// sourceKeys are streams by name, or one stream, whose name is x.
type sourceKeys map[string]string

// UnmarshalNode reads {a: river.level, b: canal.level} or river.level.
func (k *sourceKeys) UnmarshalNode(n *yamldoc.Node) error {
	if n.Kind() == yamldoc.Scalar {
		*k = sourceKeys{"x": n.Text()}
		return nil
	}
	all := map[string]string{}
	err := n.Decode(&all)
	*k = all
	return err
}

// history is the values of a constant.
type history []valueKeys

type valueKeys struct {
	From string  `yaml:"from,required"`
	Is   float64 `yaml:"is,required"`
}

// UnmarshalNode reads a number or [{from: 2026-03-01, is: 12.40}].
func (h *history) UnmarshalNode(n *yamldoc.Node) error {
	if n.Kind() == yamldoc.Scalar {
		v := 0.0
		err := n.Decode(&v)
		*h = history{{Is: v}}
		return err
	}
	var all []valueKeys
	err := n.Decode(&all)
	*h = all
	return err
}

const maxDerived = 64

// derived judges what is made of streams.
func (l *loader) derived() {
	ids := l.doc.Node("derived").Keys()
	if len(ids) > maxDerived || len(ids) > 0 && len(ids)+len(l.doc.Node("devices").Keys()) > maxDevices {
		l.sayKey("E2003", fmt.Sprintf("%d derived streams are too many for one gateway; at most %d, and %d with the devices", len(ids), maxDerived, maxDevices), "derived")
		return
	}
	var good []Derived
	bad := map[string]bool{}
	for _, id := range ids {
		before := len(l.problems)
		bad[id] = l.wrongBelow("derived", id)
		l.id(id, "derived", id)
		if id == reserved || slices.Contains(l.doc.Node("devices").Keys(), id) {
			l.sayKey("E2002", "a device has this id already; choose another", "derived", id)
		}
		if d := l.derivedOne(id); len(l.problems) == before && !bad[id] {
			good = append(good, d)
		} else {
			bad[id] = true
		}
	}
	for _, id := range l.doc.Node("devices").Keys() {
		delete(bad, id) // that is the device that is meant
	}
	good = withoutReaders(good, bad)
	if l.env.Derived == nil {
		return
	}
	made, wrong := l.env.Derived(good, streams(l.config.Devices))
	for _, e := range wrong {
		l.derivedWrong(e)
	}
	for _, m := range made {
		d := good[slices.IndexFunc(good, func(d Derived) bool { return d.ID == m.ID })]
		d.Channels, d.Metrics, d.Interval, d.Sparse, d.Instead = m.Channels, m.Metrics, m.Every, m.Sparse, m.Instead
		d.ByClock = m.ByClock || l.restsOnClock(d) // what it is made of comes before it
		if l.config.Derived = append(l.config.Derived, d); m.Note != "" {
			l.say("W2901", m.Note, "derived", d.ID, "edition")
		}
	}
}

// restsOnClock says whether d is made of a derived stream that follows the wall clock.
func (l *loader) restsOnClock(d Derived) bool {
	return slices.ContainsFunc(l.config.Derived, func(o Derived) bool {
		return o.ByClock && slices.ContainsFunc(d.Of, func(in DerivedOf) bool { return in.Stream.Device == o.ID })
	})
}

// withoutReaders leaves out what is made of a derived stream that has mistakes: those
// were told, and more cannot be said of it.
func withoutReaders(all []Derived, bad map[string]bool) []Derived {
	reads := func(d Derived) bool {
		return slices.ContainsFunc(d.Of, func(o DerivedOf) bool { return bad[o.Stream.Device] })
	}
	for slices.ContainsFunc(all, reads) {
		all = slices.DeleteFunc(all, func(d Derived) bool {
			bad[d.ID] = bad[d.ID] || reads(d)
			return bad[d.ID]
		})
	}
	return all
}

func (l *loader) derivedOne(id string) Derived {
	k := l.raw.Derived[id]
	d := Derived{ID: id, Is: k.Is, Over: k.Over, Every: k.Every, Aligned: k.Aligned, Percent: k.Percent, Metric: k.Metric, Edition: k.Edition,
		Report: k.Report, Body: k.Body, Keep: k.Keep, State: k.State, DayStart: k.DayStart, Name: k.Name}
	for lang, text := range k.Name {
		l.short(text, maxText, "derived", id, "name", lang)
	}
	names := l.doc.Node("derived", id, "of").Keys()
	if len(names) == 0 {
		names = []string{"x"}
	}
	for _, name := range names {
		path := []string{"derived", id, "of", name}
		if l.doc.Node(path...) == nil {
			path = path[:3]
		}
		device, channel, ok := strings.Cut(k.Of[name], ".")
		if !ok || obs.CheckID(device) != nil || obs.CheckChannel(channel) != nil {
			l.say("E2902", fmt.Sprintf("%q is no stream; write device.channel, like river.level", k.Of[name]), path...)
			continue
		}
		if l.has("devices", device) && !slices.ContainsFunc(l.config.Devices, func(d Device) bool { return d.ID == device }) {
			l.problems = append(l.problems, l.doc.Problem(path, "E2902", "the device "+device+" cannot be used as it is").WithHint("mend it first"))
			continue
		}
		d.Of = append(d.Of, DerivedOf{name, obs.Stream{Device: device, Channel: channel}})
	}
	if k.Zone != "" {
		d.Zone = l.zone(id, k.Zone)
	}
	_, d.Place = time.Time{}.In(l.config.Gateway.Zone).Zone()
	d.Place /= 60
	for _, name := range l.doc.Node("derived", id, "constants").Keys() {
		d.Constants = append(d.Constants, l.constant(id, name, k.Constants[name]))
	}
	return d
}

func (l *loader) zone(id, text string) *int {
	east, ok := eastOf(text)
	if !ok {
		l.say("E2904", fmt.Sprintf("%q is no time zone; write \"+08:00\"", text), "derived", id, "zone")
		return nil
	}
	return &east
}

// constant reads when each value begins: a day, at whose beginning at the site, or a moment.
func (l *loader) constant(id, name string, h history) DerivedConstant {
	c := DerivedConstant{Name: name}
	for i, v := range h {
		at := DerivedValue{Is: v.Is}
		if v.From != "" {
			var err error
			if at.From, err = time.ParseInLocation(time.DateOnly, v.From, l.config.Gateway.Zone); err != nil {
				at.From, err = time.Parse(time.RFC3339, v.From)
			}
			if err != nil {
				l.say("E2908", fmt.Sprintf("%q is no moment; write 2026-03-01 or 2026-03-01T08:00:00+08:00", v.From), "derived", id, "constants", name, strconv.Itoa(i), "from")
			}
		}
		c.Values = append(c.Values, at)
	}
	return c
}

// derivedWrong puts what the checker found at its place in the file.
func (l *loader) derivedWrong(e DerivedError) {
	path := []string{"derived", e.Stream}
	if e.Key != "" {
		key, rest, _ := strings.Cut(e.Key, ".")
		if path = append(path, key); rest != "" && l.doc.Node(append(slices.Clone(path), rest)...) != nil {
			path = append(path, rest)
		}
	}
	n := l.doc.Node(path...)
	switch {
	case n == nil:
		n = l.doc.Node(path[:2]...)
		l.problems = append(l.problems, n.KeyProblem(e.ID, e.Msg).WithHint(e.Hint))
	case e.Length > 0 && n.Kind() == yamldoc.Scalar:
		l.problems = append(l.problems, n.TextProblem(e.Offset, e.Length, e.ID, e.Msg).WithHint(e.Hint))
	default:
		l.problems = append(l.problems, n.Problem(e.ID, e.Msg).WithHint(e.Hint))
	}
}

func derivedRows(d Derived, add adder) {
	at := func(key string) []string { return []string{"derived", d.ID, key} }
	add(d.Is, "", at("is")...)
	for _, o := range d.Of {
		text := o.Stream.Device + "." + o.Stream.Channel
		if len(d.Of) == 1 && o.Name == "x" {
			add(text, "", at("of")...)
		} else {
			add(text, "", append(at("of"), o.Name)...)
		}
	}
	add(d.Over, "", at("over")...)
	add(d.Interval, "derived", at("every")...)
	add(d.Aligned, "", at("aligned")...)
	add(d.Percent, "", at("percent")...)
	add(strings.Join(d.Channels, ", "), "derived", at("metric")...)
	add(d.Edition, "", at("edition")...)
	add(d.Report, "", at("report")...)
	add(d.Body, "", at("body")...)
	add(d.Keep, "", at("keep")...)
	add(d.State, "", at("state")...)
	add(d.DayStart, "", at("day_start")...)
	for _, c := range d.Constants {
		var values []string
		for _, v := range c.Values {
			text := obs.Number(v.Is)
			if !v.From.IsZero() {
				text += " from " + v.From.Format(time.RFC3339)
			}
			values = append(values, text)
		}
		add(strings.Join(values, ", "), "", append(at("constants"), c.Name)...)
	}
	for _, lang := range []string{"zh", "en"} {
		add(d.Name[lang], "", append(at("name"), lang)...)
	}
}
