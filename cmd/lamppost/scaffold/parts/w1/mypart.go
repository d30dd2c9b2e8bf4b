// Package mypart reads the mypart, a made-up thermometer on the 1-Wire bus that the
// kernel drives. EDIT: say here which parts this is for, and what it does not do.
//
// Sources: EDIT: title and revision of the datasheet; the kernel's page of the part.
//
// The kernel's file temperature holds thousandths of a degree, as text.
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
	return drivers.Kind{Name: name, Wire: drivers.OneWireDevice, Readme: readme, Sample: sample, Plan: plan}
}

// channels are what the part measures, as its datasheet says.
var channels = []drivers.Channel{
	{Name: "temp", Min: -40, Max: 85, Resolution: 0.001},
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
		MinEvery: time.Second,
		Timeout:  3 * time.Second, // the conversion takes up to 750 ms, and others wait for the bus
		OpenOneWire: func(slave drivers.OneWire) (drivers.Driver, error) {
			return &driver{slave: slave, offset: o.Offset}, nil
		},
	}, nil
}

type driver struct {
	slave  drivers.OneWire
	offset float64 // °C
}

// Sample lets the kernel measure and reads what it says.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	text, err := d.slave.Read(ctx, "temperature")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	milli, ok := decode(text)
	if !ok {
		return nil, fmt.Errorf("%s: %w: temperature is %q", name, drivers.ErrProtocol, text)
	}
	return []obs.Reading{channels[0].Read(float64(milli)/1000 + d.offset)}, nil
}

// Close does nothing: the kernel goes on by itself.
func (d *driver) Close() error { return nil }
