// Package mypart reads the mypart, a made-up sensor of air temperature and humidity.
// EDIT: say here which parts this is for, and what it does not do.
//
// Sources: EDIT: title and revision of the datasheet; the captures in testdata.
//
// The part talks without being asked, at 9600 baud, 8N1: one frame a second. A sample
// is the first good frame that begins after Sample was called.
//
// Quirks: for 3 s after power-on the values mean little. A status other than 0 says
// that the part does not trust itself.
package mypart

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/frame"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "mypart"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver, for the list of those that a gateway has.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Readme: readme, Sample: sample, Plan: plan}
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
		MinEvery: time.Second,
		Timeout:  3 * time.Second, // two frames may be damaged
		WarmUp:   3 * time.Second,
		Line:     drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1},
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) {
			return &driver{in: frame.NewReader(port, format), offset: o.Offset}, nil
		},
	}, nil
}

type driver struct {
	in     *frame.Reader[state]
	offset float64 // °C
}

// Sample waits for the next frame: a second on a healthy line.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	if err := d.in.Fresh(); err != nil { // what waited is older than the question
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s, err := d.in.Next(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if s.status != 0 {
		return nil, fmt.Errorf("%s: %w: status 0x%02X", name, drivers.ErrDevice, s.status)
	}
	return []obs.Reading{
		channels[0].Read(float64(s.temp)/10 + d.offset),
		channels[1].Read(float64(s.rh) / 10),
	}, nil
}

// Close does nothing: the part goes on talking to itself.
func (d *driver) Close() error { return nil }
