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
	path := []string{"devices", d.ID, "channels", channel}
	if l.doc.Node(path...) == nil {
		l.sayKey("E2608", fmt.Sprintf("the driver %s measures %q, which the catalogue of metrics does not have; this is a mistake in the driver or profile", d.Driver, channel), "devices", d.ID)
		return
	}
	var names []string
	for _, m := range l.env.Catalog.All() {
		names = append(names, m.Name)
	}
	l.sayKey("E2608", fmt.Sprintf("there is no metric %q; %s", obs.MetricName(channel), yamldoc.Hint(obs.MetricName(channel), names)), path...)
}
