// Package anemometer reads cup anemometers with a reed contact or a pulse output: the
// wind speed by the time between turns, and the gust.
//
// The gust is the highest mean over three seconds since the sample before, as WMO-No. 8
// defines it, looked at each quarter of a second. Direction is another sensor, not read
// here.
//
// Sources: WMO-No. 8, volume I, chapter 5 (surface wind); data sheet of SparkFun's
// Weather Meter Kit SEN-15901, whose wheel Fine Offset and Misol sell as well (one
// closure a second is 2.4 km/h); Davis 6410 and 7911 specifications (V = 2.25 P/T, V in
// mile/h, P pulses in T seconds, up to 89 m/s).
package anemometer

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/metering"
)

const name = "anemometer"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.PulseLine, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Model    string           `yaml:"model"`
	PerHertz *float64         `yaml:"per_hertz" range:"0.001..10 m/s" means:"at one pulse a second: 0.6667 is 2.4 km/h"`
	Offset   float64          `yaml:"offset" range:"0..5 m/s" means:"what the calibration adds to what the pulses make: 0.35 for v = 0.765 f + 0.35"`
	Limits   metering.Options `yaml:",inline"`
}

// wheel is what is known of a model: m/s at one pulse a second, and at most.
type wheel struct{ perHertz, most float64 }

// models are the anemometers by name.
var models = map[string]wheel{
	"sen-15901":  {2.4 / 3.6, 60},
	"davis-6410": {2.25 * 0.44704, 89},
}

// idle is after how long without a turn the air stands still: at a turn in 5 s the
// wheels of the table are below 0.25 m/s, less than they need to begin.
const idle = 5 * time.Second

func plan(decode func(any) error) (*drivers.Plan, error) {
	o, err := read(decode)
	if err != nil {
		return nil, err
	}
	return metering.Meter{
		Driver:   name,
		Total:    drivers.Channel{Name: "pulses", Max: 1e15, Resolution: 1},
		Rate:     drivers.Channel{Name: "wind_speed", Max: 90},
		Unit:     "m/s",
		Gust:     "wind_gust",
		PerHertz: *o.PerHertz,
		Offset:   o.Offset,
		Options:  o.Limits,
		// The rain gauge's times would swallow the wind: at 60 m/s two turns are 11 ms apart.
		Pin: drivers.PinSettings{Active: "low", Pull: "up", Spacing: 2 * time.Millisecond},
	}.Plan()
}

// read decodes the options over what is known of the model that they name. In the result
// PerHertz is set.
func read(decode func(any) error) (o options, err error) {
	if err := decode(&o); err != nil {
		return o, err
	}
	w, known := models[o.Model]
	switch {
	case o.Model != "" && !known:
		return o, &drivers.OptionError{Key: "model", Msg: fmt.Sprintf("%q is no model that is known here; write one of %s, or per_hertz, the m/s at one pulse a second in its data sheet", o.Model, strings.Join(slices.Sorted(maps.Keys(models)), ", "))}
	case known && o.PerHertz != nil:
		return o, &drivers.OptionError{Key: "per_hertz", Msg: "model says already how fast the wheel turns; delete one of the two, and write max_rate beside per_hertz for what the wheel withstands"}
	case !known && o.PerHertz == nil:
		return o, &drivers.OptionError{Key: "per_hertz", Msg: "how fast the wheel turns is not known; write model, or the m/s at one pulse a second in its data sheet: 0.6667 is 2.4 km/h"}
	}
	if !known {
		w.most = 60
	}
	o = options{PerHertz: &w.perHertz, Limits: metering.Options{MaxRate: &w.most, Idle: idle}}
	return o, decode(&o)
}
