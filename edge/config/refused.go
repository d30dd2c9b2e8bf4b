package config

import (
	"errors"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// refused reports each of the errors that a driver has joined.
func (l *loader) refused(n *yamldoc.Node, err error, id string) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			l.refused(n, e, id)
		}
		return
	}
	var ps yamldoc.Problems
	var option *drivers.OptionError
	switch {
	case errors.As(err, &ps):
		l.problems = append(l.problems, ps...)
	case errors.As(err, &option):
		l.option(n, option)
	default:
		l.sayKey("E2608", err.Error(), "devices", id)
	}
}

// metrics looks the channels up; a driver with channels of its own invention is
// a mistake in the program.
func (l *loader) metrics(d *Device) bool {
	if d.Metrics = l.measured[d.Plan]; d.Metrics != nil {
		return true // devices alike share a plan
	}
	known := true
	d.Metrics = make([]obs.Metric, len(d.Plan.Channels))
	for i, ch := range d.Plan.Channels {
		m, ok := l.env.Catalog.Lookup(ch.Name)
		if !ok {
			l.noMetric(*d, ch.Name)
			known = false
			continue
		}
		d.Metrics[i] = m
	}
	if len(d.Plan.Channels) > wire.MaxListed {
		l.sayKey("E2003", fmt.Sprintf("%d channels are too many for one device; at most %d", len(d.Plan.Channels), wire.MaxListed), "devices", d.ID)
		return known
	}
	if known {
		l.measured[d.Plan] = d.Metrics
	}
	return known
}

// noMetric reports a channel that measures nothing in the catalogue: where the file
// names the channel the slip is there, else in the program.
func (l *loader) noMetric(d Device, channel string) {
	at := l.named(d.ID, channel)
	if at == nil {
		l.sayKey("E2608", fmt.Sprintf("the driver %s measures %q, which the catalogue of metrics does not have; this is a mistake in the driver or profile", d.Driver, channel), "devices", d.ID)
		return
	}
	var names []string
	for _, m := range l.env.Catalog.All() {
		names = append(names, m.Name)
	}
	metric := obs.MetricName(channel)
	msg := fmt.Sprintf("there is no metric %q; %s", metric, yamldoc.Hint(metric, names))
	if at.Kind() == yamldoc.Map {
		l.report(at.KeyProblem("E2608", msg))
		return
	}
	l.report(at.Problem("E2608", msg))
}

// named finds where the file itself gives a device's channel its name: as a key of its
// channels, or as what a current loop measures. Nil: nowhere.
func (l *loader) named(device, channel string) *yamldoc.Node {
	if n := l.doc.Node("devices", device, "channels", channel); n != nil {
		return n
	}
	loops := l.doc.Node("devices", device, "loops")
	if loops == nil {
		return nil
	}
	for _, input := range loops.Keys() {
		if n := loops.Node(input, "channel"); n != nil && n.Text() == channel {
			return n
		}
	}
	return nil
}
