package config

import (
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// possible judges the numbers with which the file itself says where a channel lies: what a
// metric can be, a driver does not know.
func (l *loader) possible(d Device) {
	for i, c := range d.Plan.Channels {
		m := d.Metrics[i]
		for _, n := range l.ends(d.ID, c.Name) {
			r := within(m.Min, m.Max, m)
			l.amount(n, r, fmt.Sprintf("write %s, what %s can be", r, m.Name))
		}
		l.offset(d, c, m)
	}
}

// ends are the numbers that say in the file from where to where a channel goes: of a
// current loop, of an SDI-12 or NMEA sensor, of a program.
func (l *loader) ends(device, channel string) (all []*yamldoc.Node) {
	at := func(keys ...string) *yamldoc.Node {
		return l.doc.Node(append([]string{"devices", device}, keys...)...)
	}
	for _, under := range []string{"channels", "xdr"} {
		all = append(all, at(under, channel, "min"), at(under, channel, "max"))
	}
	for _, input := range at("loops").Keys() {
		if at("loops", input, "channel").Text() == channel {
			all = append(all, at("loops", input, "low"), at("loops", input, "high"))
		}
	}
	return all
}

// level is the metric whose zero the site chooses: the bed, the road, a datum of the
// country. An offset of any other one corrects the part.
const level = "level"

// offset judges what a site adds to a channel. A correction is less than half of what the
// part measures; a level may be put anywhere where there are levels.
func (l *loader) offset(d Device, c drivers.Channel, m obs.Metric) {
	n := l.doc.Node("devices", d.ID, "offsets", c.Name)
	by, err := yamldoc.Amount(n.Text())
	if n == nil || err != nil {
		return
	}
	half := (c.Max - c.Min) / 2
	if m.Name == level { // the channel is moved already
		r := within(min(-half, m.Min-c.Min+by), max(half, m.Max-c.Max+by), m)
		l.amount(n, r, fmt.Sprintf("write %s, so that it stays a level", r))
		return
	}
	r := within(-half, half, m)
	l.amount(n, r, fmt.Sprintf("write %s, which is half of what the part measures", r))
}

// within is a range in a metric's unit, with no more digits than anybody writes.
func within(least, most float64, m obs.Metric) yamldoc.Range {
	short := func(v float64) float64 {
		var f float64
		_, _ = fmt.Sscan(fmt.Sprintf("%.6g", v), &f)
		return f
	}
	return yamldoc.Within(short(least), short(most), m.Text)
}

// amount reports a number that is not in r.
func (l *loader) amount(n *yamldoc.Node, r yamldoc.Range, hint string) {
	v, err := yamldoc.Amount(n.Text())
	if n == nil || err != nil || r.Has(v) {
		return
	}
	l.report(n.Problem("E2612", fmt.Sprintf("%s cannot be", r.Of(v))).WithHint(hint))
}
