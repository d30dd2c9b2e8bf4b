package derive

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Bounds of a derived stream.
const (
	MaxStreams = 64          // derived streams of a gateway
	maxSources = 16          // of one
	maxSteps   = 1440        // of a window
	maxValues  = 4000        // that a percentile keeps
	minStep    = time.Second // between two results
	maxOver    = 31 * 24 * time.Hour
	usualSteps = 60 // of a window that slides
)

// Library is what specs are judged against.
type Library struct {
	Known   map[obs.Stream]Known // streams that are measured
	Metrics *obs.Catalog
	Tables  *Tables
}

// compiler judges one set of specs.
type compiler struct {
	Library
	specs map[string]Spec
	known map[obs.Stream]Known // measured and derived so far
	wrong []Error
	s     Spec // the one at hand
}

// Compile judges specs and makes plans of those that are good, in an order in which each
// comes behind what it is made of. It reports everything it finds.
func Compile(specs []Spec, lib Library) ([]*Plan, []Error) {
	c := &compiler{Library: lib, specs: map[string]Spec{}, known: maps.Clone(lib.Known)}
	if c.known == nil {
		c.known = map[obs.Stream]Known{}
	}
	for _, s := range specs {
		c.specs[s.ID] = s
	}
	order, looped := c.order(specs)
	var plans []*Plan
	broken := looped
	for _, s := range order {
		if c.s = s; slices.ContainsFunc(s.Of, func(o Source) bool { return broken[o.Stream.Device] }) {
			broken[s.ID] = true
			continue // what is wrong was said where it is
		}
		before := len(c.wrong)
		p := c.plan()
		if len(c.wrong) > before || p == nil {
			broken[s.ID] = true
			continue
		}
		for _, o := range p.spec.Of {
			p.wait = append(p.wait, 2*c.known[o.Stream].Every.Milliseconds())
		}
		for i, ch := range p.Channels {
			c.known[obs.Stream{Device: s.ID, Channel: ch}] = Known{p.Every, p.Metrics[i]}
		}
		plans = append(plans, p)
	}
	return plans, c.wrong
}

func (c *compiler) say(key, code, msg, hint string) {
	c.wrong = append(c.wrong, Error{ID: c.s.ID, Key: key, Code: code, Msg: msg, Hint: hint})
}

// order sorts specs so that each comes behind its sources. Those that are made of
// themselves, round some corners or none, are reported with the chain, and returned apart.
func (c *compiler) order(specs []Spec) (order []Spec, looped map[string]bool) {
	const open, done = 1, 2
	looped = map[string]bool{}
	state := map[string]int{}
	var chain []string
	var visit func(s Spec)
	visit = func(s Spec) {
		state[s.ID] = open
		chain = append(chain, s.ID)
		for _, o := range s.Of {
			next, derived := c.specs[o.Stream.Device]
			switch {
			case !derived || state[next.ID] == done:
			case state[next.ID] == open:
				ring := chain[slices.Index(chain, next.ID):]
				c.s = s
				c.say(keyOf(s, o), "E2905", fmt.Sprintf("%s is made of itself: %s", next.ID, strings.Join(append(slices.Clone(ring), next.ID), " ← ")), "name another stream in one of them")
				for _, id := range ring {
					looped[id] = true
				}
			default:
				visit(next)
			}
		}
		chain = chain[:len(chain)-1]
		state[s.ID] = done
		if !looped[s.ID] {
			order = append(order, s)
		}
	}
	for _, s := range specs {
		if state[s.ID] == 0 {
			visit(s)
		}
	}
	return order, looped
}

// keyOf is where a source stands.
func keyOf(s Spec, o Source) string {
	if len(s.Of) == 1 && o.Name == "x" {
		return "of"
	}
	return "of." + o.Name
}

// plan judges one spec.
func (c *compiler) plan() *Plan {
	s := c.s
	p := &Plan{ID: s.ID, spec: s, zone: zoneOf(s)}
	ins := c.sources(p)
	if strings.TrimSpace(s.Is) == "" {
		c.say("is", "E2901", "nothing says what it is", "write one of "+strings.Join(Words(), ", ")+", or a formula like \"12.40 - x\"")
		return nil
	}
	w, isWord := wordOf(s.Is)
	if !isWord && looksLikeWord(s.Is) && !slices.ContainsFunc(s.Of, func(o Source) bool { return o.Name == s.Is }) {
		c.say("is", "E2901", fmt.Sprintf("there is no way to derive called %q", s.Is), yamldoc.Hint(s.Is, Words()))
		return nil
	}
	if !isWord {
		w = word{"a formula", []string{"metric", "constants"}, ""}
	}
	c.keys(w)
	if ins == nil {
		return nil
	}
	p.Sparse = []obs.Bound{c.bound(ins)}
	switch s.Is {
	case "aqi":
		c.airPlan(p, ins)
	case "nowcast":
		c.nowcastPlan(p, ins)
	case "water-class":
		c.waterPlan(p, ins)
	case "wetness":
		c.wetnessPlan(p, ins)
	case "convert":
		c.convertPlan(p, ins)
	default:
		if isWord {
			c.windowPlan(p, ins)
		} else {
			c.formulaPlan(p, ins)
		}
	}
	return p
}

func looksLikeWord(is string) bool {
	return strings.Trim(is, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_ ") == "" && !strings.Contains(is, " - ")
}

// sources finds the streams; nil if one is not there.
func (c *compiler) sources(p *Plan) (ins []Known) {
	s := c.s
	if len(s.Of) == 0 || len(s.Of) > maxSources {
		c.say("of", "E2902", fmt.Sprintf("it is made of %d streams", len(s.Of)), fmt.Sprintf("name 1 to %d: of: gauge.rain, or of: {a: river.level, b: canal.level}", maxSources))
		return nil
	}
	good := true
	for _, o := range s.Of {
		k, ok := c.known[o.Stream]
		if !ok {
			good = false
			c.say(keyOf(s, o), "E2902", fmt.Sprintf("there is no stream %s.%s", o.Stream.Device, o.Stream.Channel), c.nearest(o.Stream))
			continue
		}
		ins = append(ins, k)
		if !slices.Contains(p.Reads, o.Stream) {
			p.Reads = append(p.Reads, o.Stream)
		}
	}
	if !good {
		return nil
	}
	return ins
}

func (c *compiler) nearest(st obs.Stream) string {
	var same, all []string
	for k := range c.known {
		name := k.Device + "." + k.Channel
		if all = append(all, name); k.Device == st.Device {
			same = append(same, name)
		}
	}
	slices.Sort(same)
	slices.Sort(all)
	if len(same) > 0 {
		return "write " + strings.Join(same, " or ")
	}
	return yamldoc.Hint(st.Device+"."+st.Channel, all)
}

// keys refuses what has no meaning for w.
func (c *compiler) keys(w word) {
	s := c.s
	for _, k := range []struct {
		key string
		set bool
	}{
		{"over", s.Over != 0}, {"every", s.Every != 0}, {"aligned", s.Aligned}, {"percent", s.Percent != 0}, {"metric", s.Metric != ""},
		{"edition", s.Edition != ""}, {"report", s.Report != ""}, {"body", s.Body != ""}, {"keep", s.Keep != 0}, {"state", s.State != ""}, {"constants", s.Constants != nil},
	} {
		if k.set && !slices.Contains(w.keys, k.key) {
			c.say(k.key, "E2903", fmt.Sprintf("%s has no %s", w.name, k.key), "delete it")
		}
	}
	if !slices.Contains(aligning, w.name) {
		for key, set := range map[string]bool{"zone": s.Zone != nil, "day_start": s.DayStart != 0} {
			if set {
				c.say(key, "E2903", fmt.Sprintf("%s does not follow the wall clock", w.name), "delete it")
			}
		}
	}
	if s.Zone != nil && (*s.Zone < -12*60 || *s.Zone > 14*60) {
		c.say("zone", "E2904", "no place on earth has this time", `write "+08:00"`)
	}
	if s.DayStart < 0 || s.DayStart >= 24*time.Hour || s.DayStart%time.Hour != 0 {
		c.say("day_start", "E2904", "a day starts at a full hour", "write 8h for 08:00")
	}
}

// alone returns the only input.
func (c *compiler) alone(ins []Known) (Known, bool) {
	if len(ins) == 1 {
		return ins[0], true
	}
	c.say("of", "E2902", fmt.Sprintf("%s is made of one stream, not of %d", c.s.Is, len(ins)), "write of: device.channel")
	return Known{}, false
}

// result sets the only channel of a plan: the metric that is written, else usual.
func (c *compiler) result(p *Plan, usual string) {
	name := c.s.Metric
	if name == "" {
		name = usual
	}
	if name == "" {
		c.say("metric", "E2906", "nothing says what a formula's result measures", "write metric: level, for example")
		return
	}
	m, ok := c.Metrics.Lookup(name)
	if err := obs.CheckChannel(name); err != nil || !ok {
		c.say("metric", "E2906", fmt.Sprintf("there is no metric %q", name), c.metricHint(name))
		return
	}
	p.Channels, p.Metrics = append(p.Channels, name), append(p.Metrics, m)
}

func (c *compiler) metricHint(name string) string {
	var all []string
	for _, m := range c.Metrics.All() {
		all = append(all, m.Name)
	}
	return yamldoc.Hint(obs.MetricName(name), all)
}

// same refuses a metric whose unit is another than that of what it is made of.
func (c *compiler) same(p *Plan, unit, of string) {
	if len(p.Metrics) > 0 && p.Metrics[0].Unit != unit {
		c.say("metric", "E2906", fmt.Sprintf("%s is in %s, this is in %s", p.Channels[0], orNone(p.Metrics[0].Unit), orNone(unit)), "name a metric with the unit of "+of)
	}
}

func orNone(unit string) string {
	if unit == "1" {
		return "no unit"
	}
	return unit
}
