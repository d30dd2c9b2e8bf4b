package pulse

import (
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// preset is what is known of a part: what its pulses stand for, and how its contact
// behaves. The configuration may say otherwise.
type preset struct {
	options options
	pin     drivers.PinSettings
	size    bool // what one pulse stands for differs from model to model and must be said
}

// presets are the parts by name. Sources: the rain gauges' and meters' data sheets, the
// SparkFun weather meter kit (2.4 km/h at one turn a second), YF-S201 (F = 7.5 Q, Hz and
// L/min) and YF-S401 (F = 98 Q). A reed contact bounces for a few milliseconds; two tips
// of a bucket are never closer than a tenth of a second, two turns of an anemometer at
// 60 m/s are 11 ms apart.
var presets = map[string]preset{
	"rain-gauge": {size: true,
		options: options{Channel: "rain", MaxRate: 500, Idle: 20 * time.Minute},
		pin:     drivers.PinSettings{Debounce: 10 * time.Millisecond, Spacing: 150 * time.Millisecond}},
	"water-meter": {size: true,
		options: options{Channel: "volume", Idle: 10 * time.Minute},
		pin:     drivers.PinSettings{Debounce: 20 * time.Millisecond, Spacing: 100 * time.Millisecond}},
	"energy-meter": {size: true,
		options: options{Channel: "energy", Idle: 10 * time.Minute},
		pin:     drivers.PinSettings{Spacing: 5 * time.Millisecond}},
	"yf-s201": {
		options: options{Channel: "volume", PerPulse: 1e-3 / 450, PerHertz: 0.06 / 7.5, MaxRate: 1.8, Idle: 5 * time.Second},
		pin:     drivers.PinSettings{Spacing: time.Millisecond}},
	"yf-s401": {
		options: options{Channel: "volume", PerPulse: 1e-3 / 5880, PerHertz: 0.06 / 98, MaxRate: 0.36, Idle: 5 * time.Second},
		pin:     drivers.PinSettings{Spacing: 500 * time.Microsecond}},
	"anemometer": {
		options: options{Channel: "pulses", PerPulse: 1, Rate: "wind_speed", PerHertz: 2.4 / 3.6, MaxRate: 60, Idle: 5 * time.Second},
		pin:     drivers.PinSettings{Spacing: 2 * time.Millisecond}},
}

// read decodes the options over what is known of the part that they name.
func read(decode func(any) error) (o options, pin drivers.PinSettings, err error) {
	if err := decode(&o); err != nil {
		return o, pin, err
	}
	p, known := presets[o.Part]
	switch {
	case o.Part == "":
		p.options = options{Channel: "pulses", PerPulse: 1, Idle: time.Minute}
	case !known:
		return o, pin, &drivers.OptionError{Key: "part", Msg: fmt.Sprintf("%q is no part that is known here; write one of %s, or leave it out and say what a pulse stands for", o.Part, names(presets))}
	case p.size && o.PerPulse == 0:
		return o, pin, &drivers.OptionError{Key: "per_pulse", Msg: fmt.Sprintf("what one pulse of a %s stands for differs from model to model; write what is printed on it, in the unit of %s: 0.2 is a rain gauge of 0.2 mm, 0.01 a water meter of 10 litres, 0.001 a meter of 1000 pulses a kWh", o.Part, p.options.Channel)}
	}
	o = p.options
	err = decode(&o)
	p.pin.Active, p.pin.Pull = "low", "up"
	return o, p.pin, err
}
