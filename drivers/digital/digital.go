// Package digital reads one GPIO line as a level: a door contact, a leak detector, the
// auxiliary contact of a pump.
//
// A reading is 1 while the line is active and 0 while it is not. What active means is a
// key of the device (active: low or high), as is the chip's own resistor (pull) and for
// how long a level must have stood (debounce): they say how the line is requested, and
// are no matter of the driver's. Without them a contact to ground is active while it is
// closed.
//
// A sample sees the level of its moment. What comes and goes between two samples is
// not seen: count it with the driver pulse.
package digital

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "digital"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.InputLine, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Channel string `yaml:"channel"`
}

// metrics are those that are yes or no.
var metrics = []string{"contact", "mains", "open", "running", "wet"}

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{Channel: "contact"}
	if err := decode(&o); err != nil {
		return nil, err
	}
	if err := obs.CheckChannel(o.Channel); err != nil || !slices.Contains(metrics, obs.MetricName(o.Channel)) {
		return nil, &drivers.OptionError{Key: "channel", Msg: fmt.Sprintf("%q is nothing that is yes or no; write one of %s, or one with a qualifier, like open.lid", o.Channel, strings.Join(metrics, ", "))}
	}
	return &drivers.Plan{
		Channels: []drivers.Channel{{Name: o.Channel, Min: 0, Max: 1, Resolution: 1}},
		Timeout:  2 * time.Second, // at once, but for chips behind an I2C bus
		Pin:      drivers.PinSettings{Active: "low", Pull: "up"},
		OpenInput: func(in drivers.Input) (drivers.Driver, error) {
			return &driver{in}, nil
		},
	}, nil
}

type driver struct{ in drivers.Input }

// Sample reads the level.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	on, err := d.in.Active(ctx)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case on:
		return []obs.Reading{obs.Of(1)}, nil
	}
	return []obs.Reading{obs.Of(0)}, nil
}

// Close does nothing.
func (d *driver) Close() error { return nil }
