// Package mypart reads the mypart, a made-up sensor of air temperature and humidity on
// an I2C bus. EDIT: say here which parts this is for, and what it does not do.
//
// Sources: EDIT: title and revision of the datasheet.
//
// The part sleeps until it is written the command 0xE0. 20 ms later six bytes can be
// read, see frame.go; before that it does not acknowledge.
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
	return drivers.Kind{Name: name, Wire: drivers.I2CDevice, Readme: readme, Sample: sample, Plan: plan}
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
		Channels:  channels,
		MinEvery:  100 * time.Millisecond,
		Timeout:   time.Second,
		Addresses: []uint8{0x44, 0x45}, // those that the part can be set to: `lamppost check` refuses any other
		OpenI2C:   func(bus drivers.I2C) (drivers.Driver, error) { return &driver{bus: bus, offset: o.Offset}, nil },
	}, nil
}

type driver struct {
	bus    drivers.I2C
	offset float64 // °C
}

const (
	measure  = 0xE0 // command
	takes    = 20 * time.Millisecond
	frameLen = 6
)

// Sample starts a measurement, waits for it, and reads it.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	if err := d.bus.Tx(ctx, []byte{measure}, nil); err != nil {
		return nil, fmt.Errorf("%s: start: %w", name, err)
	}
	if err := wait(ctx, takes); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var b [frameLen]byte
	if err := d.bus.Tx(ctx, nil, b[:]); err != nil {
		return nil, fmt.Errorf("%s: read: %w", name, err)
	}
	s, ok := decode(b[:])
	if !ok {
		return nil, fmt.Errorf("%s: %w: % x", name, drivers.ErrChecksum, b)
	}
	return []obs.Reading{
		channels[0].Read(float64(s.temp)/10 + d.offset),
		channels[1].Read(float64(s.rh) / 10),
	}, nil
}

// wait lasts as long as the part needs, or ends with ctx.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close does nothing: the part sleeps by itself.
func (d *driver) Close() error { return nil }
