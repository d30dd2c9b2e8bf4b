// Package mypart reads the mypart, a made-up Modbus sensor of air temperature and
// humidity. EDIT: say here which parts this is for, and what it does not do.
//
// A part that differs from others by its registers only needs no driver: a profile
// says the same in YAML. A driver is for what a profile cannot say.
//
// Sources: EDIT: title and revision of the datasheet.
//
// Input registers, function 4, at zero-based addresses:
//
//	0  temperature, signed, in 0.1 °C; 0x7FFF: the probe is not there
//	1  relative humidity, in 0.1 %; 0xFFFF: the probe is not there
package mypart

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "mypart"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver, for the list of those that a gateway has.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.ModbusUnit, Readme: readme, Sample: sample, Plan: plan}
}

// channels are what the part measures, as its datasheet says.
var channels = []drivers.Channel{
	{Name: "temp", Min: -40, Max: 85, Resolution: 0.1},
	{Name: "rh", Min: 0, Max: 100, Resolution: 0.1},
}

// options are the keys of a device that belong to this driver.
type options struct {
	Offset float64 `yaml:"offset" range:"-10..10 °C"` // `lamppost check` refuses any other
}

// plan judges the options and says what the device will be. It touches no hardware.
func plan(decode func(any) error) (*drivers.Plan, error) {
	var o options
	if err := decode(&o); err != nil {
		return nil, err
	}
	return &drivers.Plan{
		Channels: channels,
		Timeout:  time.Second,
		Line:     drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1},
		OpenModbus: func(unit drivers.Modbus) (drivers.Driver, error) {
			return &driver{unit: unit, offset: o.Offset}, nil
		},
	}, nil
}

type driver struct {
	unit   drivers.Modbus
	offset float64 // °C
}

const (
	readInput     = 4 // function
	firstRegister = 0
	registers     = 2
)

// Sample reads both registers in one request.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	regs, err := d.unit.ReadRegisters(ctx, readInput, firstRegister, registers)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return readings(regs, d.offset)
}

// Close does nothing: the part only answers.
func (d *driver) Close() error { return nil }
