package scd4x

import (
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// The modes.
const (
	periodic   = "periodic"
	lowPower   = "low-power"
	singleMode = "single-shot"
)

type options struct {
	Mode        string   `yaml:"mode"`
	Altitude    *float64 `yaml:"altitude" range:"0..3000 m" means:"above the sea"`
	Pressure    *float64 `yaml:"pressure" range:"700..1200 hPa" means:"at the part"`
	Offset      *float64 `yaml:"temperature_offset" range:"0..20 °C" means:"by which the part is warmer than the air"`
	Calibration *bool    `yaml:"self_calibration"`
}

// period is how often the part measures by itself; data sheet, sections 3.6 and 3.9.
func (o options) period() time.Duration {
	if o.Mode == lowPower {
		return 30 * time.Second
	}
	return 5 * time.Second
}

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{Mode: periodic}
	if err := decode(&o); err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	p := &drivers.Plan{Channels: channels, MinEvery: o.period(), Timeout: 3 * time.Second, Addresses: []uint8{0x62}}
	if o.Mode == singleMode {
		p.MinEvery, p.Timeout = 10*time.Second, 8*time.Second
	}
	p.OpenI2C = func(b drivers.I2C) (drivers.Driver, error) {
		return &driver{part: part{b}, o: o}, nil
	}
	return p, nil
}

func (o options) check() error {
	var wrong []error
	say := func(key, format string, args ...any) {
		wrong = append(wrong, &drivers.OptionError{Key: key, Msg: fmt.Sprintf(format, args...)})
	}
	if o.Mode != periodic && o.Mode != lowPower && o.Mode != singleMode {
		say("mode", "%q is no mode of the part; write %s, %s or %s", o.Mode, periodic, lowPower, singleMode)
	}
	if o.Altitude != nil && o.Pressure != nil {
		say("pressure", "altitude says the same; write one of them")
	}
	return errors.Join(wrong...)
}
