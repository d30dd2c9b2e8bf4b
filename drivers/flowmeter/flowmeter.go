// Package flowmeter reads meters that pulse for a volume: turbine flow sensors with a
// Hall sensor, water and gas meters with a contact.
//
// A volume a pulse is one number, printed in two ways: a flow sensor has its K-factor,
// pulses a litre, a water meter the cubic metres (or litres) of one pulse. Both can be
// written as they are printed. Flow has no direction: what runs back is counted as what
// runs forth, unless the meter has a return valve.
//
// Models are only those whose factor all sources agree on. Under the other names of the
// YF series parts with different factors are sold.
//
// Sources: YF-S201 data sheet (F = 7.5 Q, F in Hz, Q in L/min: 450 pulses a litre, 1 to
// 30 L/min, ±10 %); YF-S401 data sheet (F = 98 Q: 5880 pulses a litre, 0.3 to 6 L/min,
// ±5 % up to 3 L/min); ISO 4064-1 and EN 1434-2 for pulse outputs of water meters.
package flowmeter

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

const name = "flow-meter"

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
	KFactor  *float64         `yaml:"k_factor" range:"0.001..100000 pulses/l" means:"the pulses a litre in the part's data sheet, or those you counted"`
	PerPulse *float64         `yaml:"per_pulse" range:"0.000001..10 m³" means:"as printed on the meter: 0.01 is 10 litres"`
	Limits   metering.Options `yaml:",inline"`
}

// sensor is what is known of a model.
type sensor struct {
	kFactor float64 // pulses a litre
	most    float64 // m3/h
}

// models are the flow sensors by name.
var models = map[string]sensor{
	"yf-s201": {450, 1.8},
	"yf-s401": {5880, 0.36},
}

// Above largePulse, m3, a pulse is one of a bulk meter, from DN 150 on: such a meter is made
// for leastBulk m3/h at least. Most of those who write more mean litres.
const largePulse, leastBulk = 1, 100

func plan(decode func(any) error) (*drivers.Plan, error) {
	o, pin, volume, err := read(decode)
	if err != nil {
		return nil, err
	}
	return metering.Meter{
		Driver:   name,
		Total:    drivers.Channel{Name: "volume", Max: 1e12, Resolution: volume},
		Rate:     drivers.Channel{Name: "flow", Max: 1e6},
		Unit:     "m³/h",
		PerHertz: volume * 3600,
		Options:  o.Limits,
		Pin:      pin,
	}.Plan()
}

// read decodes the options over what is known of the part: its model, or what kind of
// part is said to have such a factor. volume is what one pulse stands for, m3.
func read(decode func(any) error) (o options, pin drivers.PinSettings, volume float64, err error) {
	if err := decode(&o); err != nil {
		return o, pin, 0, err
	}
	if err := o.clash(); err != nil {
		return o, pin, 0, err
	}
	model, known := models[o.Model]
	written := o
	o, pin = contact()
	if known || written.KFactor != nil {
		o, pin = turbine(model)
	}
	if err := decode(&o); err != nil {
		return o, pin, 0, err
	}
	volume, err = o.volume(model)
	return o, pin, volume, err
}

// clash refuses what says twice, or not at all, what one pulse stands for.
func (o options) clash() error {
	_, known := models[o.Model]
	switch {
	case o.Model != "" && !known:
		return &drivers.OptionError{Key: "model", Msg: fmt.Sprintf("%q is no model that is known here; write one of %s, or k_factor, the pulses a litre in its data sheet", o.Model, strings.Join(slices.Sorted(maps.Keys(models)), ", "))}
	case o.KFactor != nil && o.PerPulse != nil:
		return &drivers.OptionError{Key: "k_factor", Msg: "per_pulse says already what one pulse stands for; delete one of the two"}
	case o.PerPulse != nil && known:
		return &drivers.OptionError{Key: "per_pulse", Msg: "model says already what one pulse stands for; delete one of the two, or write the pulses a litre that you counted as k_factor"}
	case o.KFactor == nil && o.PerPulse == nil && !known:
		return &drivers.OptionError{Key: "per_pulse", Msg: "what one pulse stands for is not known; write what is printed on the meter: per_pulse, m³ a pulse (0.01 is 10 litres), or k_factor, pulses a litre of a flow sensor, or model"}
	}
	return nil
}

// contact is what a water meter's contact is like: it closes for a tenth of a second and
// more.
func contact() (options, drivers.PinSettings) {
	return options{Limits: metering.Options{Idle: 10 * time.Minute}},
		drivers.PinSettings{Active: "low", Pull: "up", Debounce: 20 * time.Millisecond, Spacing: 100 * time.Millisecond}
}

// turbine is what a flow sensor is like: a Hall sensor does not bounce, but its wire
// picks up what the pump's switch radiates.
func turbine(s sensor) (options, drivers.PinSettings) {
	limits := metering.Options{Idle: 5 * time.Second}
	if s.most > 0 {
		limits.MaxRate = &s.most
	}
	return options{Limits: limits},
		drivers.PinSettings{Active: "low", Pull: "up", Spacing: 500 * time.Microsecond}
}

// volume is what one pulse stands for, in m3.
func (o options) volume(s sensor) (float64, error) {
	switch {
	case o.KFactor != nil:
		return 1e-3 / *o.KFactor, nil
	case o.PerPulse != nil && *o.PerPulse > largePulse && (o.Limits.MaxRate == nil || *o.Limits.MaxRate < leastBulk):
		return 0, &drivers.OptionError{Key: "per_pulse", Msg: fmt.Sprintf("%v m³ is %v litres a pulse, as only bulk meters have; write at most %d m³ (0.01 is 10 litres), or beside it what the meter is made for, max_rate, from %d m³/h on", *o.PerPulse, *o.PerPulse*1000, largePulse, leastBulk)}
	case o.PerPulse != nil:
		return *o.PerPulse, nil
	}
	return 1e-3 / s.kFactor, nil
}
