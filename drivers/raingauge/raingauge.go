// Package raingauge reads tipping-bucket rain gauges: a bucket that tips over when it is
// full, and closes a reed contact for a moment each time.
//
// What one tip stands for differs from model to model and is printed on the gauge, so it
// must be said. The total is that of the tips; the rate is that of the time between
// them, see package metering. A bucket loses what falls while it tips, about half a
// second: at 100 mm/h a gauge of 0.2 mm shows some per cent too little. That is not
// corrected here.
//
// Sources: WMO-No. 8, volume I, chapter 6.5 (tipping-bucket gauges); the data sheet of
// SparkFun's Weather Meter Kit SEN-15901 (0.2794 mm a tip); the sizes 0.2, 0.25, 0.254
// and 0.5 mm are those that makers print.
package raingauge

import (
	_ "embed"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/metering"
)

const name = "rain-gauge"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.PulseLine, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	PerPulse *float64         `yaml:"per_pulse" range:"0.05..2 mm" means:"as printed on the gauge: 0.2, 0.2794, 0.25, 0.254, 0.5"`
	Limits   metering.Options `yaml:",inline"`
}

// mostRate: an hour at 500 mm/h is more than was ever measured.
const mostRate = 500

func plan(decode func(any) error) (*drivers.Plan, error) {
	most := float64(mostRate)
	o := options{Limits: metering.Options{MaxRate: &most, Idle: 20 * time.Minute}}
	if err := decode(&o); err != nil {
		return nil, err
	}
	const hint = "write the millimetres of one tip, as printed on the gauge: 0.2, 0.2794, 0.25, 0.254, 0.5"
	if err := metering.Stated("per_pulse", o.PerPulse, "how much rain one tip stands for", hint); err != nil {
		return nil, err
	}
	tip := *o.PerPulse
	return metering.Meter{
		Driver:   name,
		Total:    drivers.Channel{Name: "rain", Max: 1e5, Resolution: tip},
		Rate:     drivers.Channel{Name: "rain_rate", Max: 1000},
		Unit:     "mm/h",
		PerHertz: tip * 3600,
		Options:  o.Limits,
		// The contact is closed for tens of milliseconds and bounces for a few of them; a
		// bucket needs more than a tenth of a second to tip and to fill again.
		Pin: drivers.PinSettings{Active: "low", Pull: "up", Debounce: 10 * time.Millisecond, Spacing: 150 * time.Millisecond},
	}.Plan()
}
