// Package ds18b20 reads the 1-Wire thermometers that the kernel's w1_therm drives:
// DS18B20 and its like (families 28, 22, 42), DS18S20 (10), DS1825 (3b).
//
// Sources: Maxim DS18B20 data sheet 19-7487, rev. 6 (2019); DS18S20 data sheet
// 19-5474, rev. 4; the kernel's Documentation/w1/slaves/w1_therm.rst.
//
// It reads the file w1_slave, which alone carries the scratchpad and its checksum: the
// file temperature has neither. A sample is one conversion, up to 750 ms at 12 bits.
//
// Quirks: 85 °C is what the register holds after power-on, so it is also what a part
// reads that lost its supply in the conversion. Such a reading is taken again at once;
// if it stays, it is flagged suspect unless the one before was near it. A data wire
// shorted to ground reads as zeros with a good checksum.
package ds18b20

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "ds18b20"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.OneWireDevice, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Channel string `yaml:"channel"`
}

// metrics are what the part can be set up to measure, and what they may be.
var metrics = map[string]drivers.Channel{
	"temp":       {Min: -55, Max: 125, Resolution: 0.0625},
	"water_temp": {Min: -5, Max: 100, Resolution: 0.0625},
	"soil_temp":  {Min: -50, Max: 90, Resolution: 0.0625},
}

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{Channel: "temp"}
	if err := decode(&o); err != nil {
		return nil, err
	}
	c, ok := metrics[obs.MetricName(o.Channel)]
	if err := obs.CheckChannel(o.Channel); err != nil || !ok {
		return nil, &drivers.OptionError{Key: "channel", Msg: fmt.Sprintf("%q is nothing that this part measures; write temp, water_temp or soil_temp, or one of them with a qualifier, like temp.inlet", o.Channel)}
	}
	c.Name = o.Channel
	return &drivers.Plan{
		Channels: []drivers.Channel{c},
		MinEvery: time.Second,
		Timeout:  5 * time.Second, // two readings, each tried twice, and the kernel's own second tries
		OpenOneWire: func(w drivers.OneWire) (drivers.Driver, error) {
			return &driver{wire: w, channel: c, last: math.NaN()}, nil
		},
	}, nil
}

type driver struct {
	wire    drivers.OneWire
	channel drivers.Channel
	last    float64 // °C, the newest reading that was believed; NaN: none
}

// Sample measures once, up to 750 ms; twice where the first reading is in doubt.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	v, bare, err := d.read(ctx)
	if err == nil && bare && !d.near() {
		v, bare, err = d.read(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r := d.channel.Read(v)
	switch {
	case bare && !d.near():
		r.Quality = r.Quality.Worst(obs.Quality{Flag: obs.Suspect, Why: obs.Instrument})
	case r.Quality.Usable():
		d.last = v
	}
	return []obs.Reading{r}, nil
}

// near says whether the last reading makes one of 85 °C believable.
func (d *driver) near() bool { return d.last >= 80 && d.last <= 90 }

// read takes one reading. bare says that it is what a part holds that has not measured
// yet.
func (d *driver) read(ctx context.Context) (v float64, bare bool, err error) {
	text, err := d.wire.Read(ctx, "w1_slave")
	if err != nil {
		return 0, false, err
	}
	f, err := parse(text)
	switch {
	case err != nil:
		return 0, false, err
	case f.pad.blank():
		return 0, false, fmt.Errorf("%w: nothing but zeros: the data wire is shorted to ground", drivers.ErrProtocol)
	case f.pad.bits() == 0: // another family, whose register only the kernel knows
		return float64(f.milli) / 1000, f.milli == 85000, nil
	}
	raw := f.pad.raw()
	if off := raw*1000/16 - f.milli; max(off, -off) > 1000 {
		return 0, false, fmt.Errorf("%w: the bytes say %v °C, the kernel %v °C", drivers.ErrProtocol, float64(raw)/16, float64(f.milli)/1000)
	}
	return float64(raw) / 16, raw == poweredOn, nil
}

// Close does nothing: the part rests between conversions.
func (d *driver) Close() error { return nil }
