package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// checks puts together how the values of a device's channels are tested: what the site
// says, over what the part's profile says, over what the metric says, key by key.
func (l *loader) checks(d *Device, own map[string]obs.Checks) {
	d.Checks = l.inherited(d)
	if len(own) == 0 {
		return
	}
	d.Checks, d.OwnChecks = maps.Clone(d.Checks), true
	if d.Checks == nil {
		d.Checks = map[string]obs.Checks{}
	}
	var names []string
	for _, c := range d.Plan.Channels {
		names = append(names, c.Name)
	}
	for ch, c := range own {
		path := []string{"devices", d.ID, "checks", ch}
		i := slices.Index(names, ch)
		if i < 0 {
			l.sayKey("E2609", fmt.Sprintf("the device has no channel %q; %s", ch, yamldoc.Hint(ch, names)), path...)
			continue
		}
		l.nought(c, d.Checks[ch], path)
		l.aimless(c, d.Checks[ch], path)
		all := c.Over(d.Checks[ch])
		d.Checks[ch] = all
		told := map[string]bool{} // tests of which something cannot be read
		for _, test := range l.doc.Node(path...).Keys() {
			told[test] = l.wrongBelow(append(path, test)...)
		}
		for _, e := range all.Wrong(d.Every) {
			if len(e.Path) > 0 && told[e.Path[0]] {
				continue // it may follow from that
			}
			l.threshold(e.Msg, append(path, e.Path...)...)
		}
		l.turning(c, d.Metrics[i], path)
		l.blank(path)
		l.located(c, ch, path)
		l.reached(d, d.Plan.Channels[i], d.Metrics[i], c, path)
	}
}

// nought reports a threshold of 0, which takes one away, where there is none to take.
func (l *loader) nought(own, base obs.Checks, path []string) {
	there := map[string]bool{}
	for _, k := range base.Keys() {
		there[strings.Join(k.Path, ".")] = true
	}
	for _, k := range own.Keys() {
		if k.Value == "0" && slices.Contains([]string{"spike", "rate"}, k.Path[0]) && slices.Contains([]string{"suspect", "fail"}, k.Path[1]) && !there[strings.Join(k.Path, ".")] {
			l.threshold("a threshold of 0 takes away one of the profile or the metric, and there is none; delete it, or write a greater one", append(path[:len(path):len(path)], k.Path...)...)
		}
	}
}

// turning refuses the tests that take a step over north for one through the whole circle.
func (l *loader) turning(own obs.Checks, m obs.Metric, path []string) {
	if !m.Turns() {
		return
	}
	for test, there := range map[string]bool{"spike": own.Spike != nil, "rate": own.Rate != nil, "attenuated": own.Attenuated != nil, "neighbour": own.Neighbour != nil} {
		if there {
			l.threshold("of a direction this test would take 350° and 10° for 340° apart; leave it out: gross, flat and gap go, and a vector-mean under derived", append(path[:len(path):len(path)], test)...)
		}
	}
}

// blank reports a channel, or a test of it, below which nothing stands: it changes nothing.
func (l *loader) blank(path []string) {
	n := l.doc.Node(path...)
	if n.Kind() == yamldoc.Map && len(n.Keys()) == 0 {
		l.threshold("no test stands here, so nothing changes; write one, like gross: {suspect: [0, 3]}, or delete the key", path...)
	}
	for _, test := range n.Keys() {
		if k := n.Node(test); k.Kind() == yamldoc.Map && len(k.Keys()) == 0 {
			l.threshold("nothing of this test is said, so nothing changes; write its thresholds, or delete the key", append(path[:len(path):len(path)], test)...)
		}
	}
}

// threshold reports something about the checks of a channel, at the deepest key that
// the file has.
func (l *loader) threshold(msg string, path ...string) {
	for len(path) > 4 && l.doc.Node(path...) == nil {
		path = path[:len(path)-1]
	}
	if !l.wrong(path...) {
		l.say("E2611", msg, path...)
	}
}

// located judges the test of the place, which needs one to compare with.
func (l *loader) located(c obs.Checks, ch string, path []string) {
	at := append(path[:len(path):len(path)], "location")
	switch {
	case c.Location == nil || c.Location.Off:
	case obs.MetricName(ch) != "latitude":
		l.threshold("a place has a latitude; write location at the channel latitude, it counts for the longitude too", at...)
	case c.Location.Suspect != nil && l.config.Gateway.Position == nil:
		l.threshold("the gateway does not say where it stands; write gateway.position", at...)
	}
}

// inherited is what a device's channels have without a word of the site: the metric's
// checks, and over them the profile's. Devices of one plan share it.
func (l *loader) inherited(d *Device) map[string]obs.Checks {
	if base, known := l.tested[d.Plan]; known {
		return base
	}
	var base map[string]obs.Checks
	for i, c := range d.Plan.Channels {
		var all obs.Checks
		if m := d.Metrics[i].Checks; m != nil {
			all = *m
		}
		all = d.Plan.Checks[c.Name].Over(all)
		if len(all.Keys()) > 0 {
			if base == nil {
				base = map[string]obs.Checks{}
			}
			base[c.Name] = all
		}
	}
	if l.tested == nil {
		l.tested = map[*drivers.Plan]map[string]obs.Checks{}
	}
	l.tested[d.Plan] = base
	return base
}

// besides judges the streams that tests look at beside their own, when all devices
// are known.
func (l *loader) besides() {
	streams := map[string]Stream{}
	var names []string
	for _, s := range l.config.Streams() {
		name := s.Device + "." + s.Channel
		streams[name], names = s, append(names, name)
	}
	for _, d := range l.config.Devices {
		if !d.OwnChecks {
			continue
		}
		for ch, c := range d.Checks {
			own := d.ID + "." + ch
			path := []string{"devices", d.ID, "checks", ch}
			if k := c.Multivariate; k != nil && !k.Off && l.beside(own, k.With, names, append(path, "multivariate", "with")...) {
				l.witness(own, k.With, k.Within, 2, streams, append(path, "multivariate", "within")...) // it has moved: two readings
				l.moved(k, streams[k.With], append(path, "multivariate", "moves"))
			}
			if k := c.Neighbour; k != nil && !k.Off && l.beside(own, k.With, names, append(path, "neighbour", "with")...) {
				l.twin(own, k, streams, append(path, "neighbour"))
			}
		}
	}
}

// twin judges a gauge that should read the same as another one.
func (l *loader) twin(own string, k *obs.NeighbourCheck, streams map[string]Stream, path []string) {
	at := func(key string) []string { return append(path[:len(path):len(path)], key) }
	a, b := streams[own], streams[k.With]
	if a.Metric.Unit != b.Metric.Unit {
		l.threshold(fmt.Sprintf("%s is in %s and %s in %s; name a stream of the same unit", own, a.Metric.Unit, k.With, b.Metric.Unit), at("with")...)
		return
	}
	l.differs(k, a, b, path)
	l.witness(own, k.With, k.Within, 1, streams, at("within")...)
}

func (l *loader) beside(own, with string, names []string, path ...string) (ok bool) {
	switch {
	case with == own:
		l.threshold("a stream is no witness of itself; name another one", path...)
	case !slices.Contains(names, with):
		if _, err := obs.ParseDotted(with); err == nil {
			l.threshold(fmt.Sprintf("there is no stream %q; %s", with, yamldoc.Hint(with, names)), path...)
		}
	default:
		return true
	}
	return false
}

// checkRows lists the checks in force, each with where it comes from.
func (l *loader) checkRows(d Device, part string, add adder) {
	for i, ch := range d.Plan.Channels {
		of := map[string]bool{}
		for _, k := range d.Plan.Checks[ch.Name].Keys() {
			of[fmt.Sprint(k.Path)] = true
		}
		for _, k := range d.Checks[ch.Name].Keys() {
			from := "metric " + d.Metrics[i].Name
			if of[fmt.Sprint(k.Path)] {
				from = part
			}
			add(k.Value, from, append([]string{"devices", d.ID, "checks", ch.Name}, k.Path...)...)
		}
	}
}
