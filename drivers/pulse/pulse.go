// Package pulse counts the pulses of one GPIO line that have no driver of their own:
// energy meters with an S0 output, propellers in a river, people at a gate.
//
// Total and rate are those of package metering. Rain gauges, flow and water meters and
// anemometers have drivers that know them.
//
// Sources: IEC 62053-31 (the S0 output: 30 ms closed and 30 ms open at least); the
// kernel's Documentation/userspace-api/gpio for the line.
package pulse

import (
	_ "embed"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/metering"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "pulse"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.PulseLine, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Channel  string           `yaml:"channel"`
	PerPulse *float64         `yaml:"per_pulse" range:"-"` // as the channel has it
	Rate     string           `yaml:"rate"`
	PerHertz *float64         `yaml:"per_hertz" range:"-"` // as the rate has it
	Offset   float64          `yaml:"offset" range:"-"`    // likewise
	Limits   metering.Options `yaml:",inline"`
}

func plan(decode func(any) error) (*drivers.Plan, error) {
	o, pin, err := read(decode)
	if err != nil {
		return nil, err
	}
	total, rate, err := o.channels()
	if err != nil {
		return nil, err
	}
	return metering.Meter{Driver: name, Total: total, Rate: rate, Unit: rates[obs.MetricName(o.Rate)].unit, PerHertz: *o.PerHertz, Offset: o.Offset, Options: o.Limits, Pin: pin}.Plan()
}
