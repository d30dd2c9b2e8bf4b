package drivertest

import (
	"context"
	"fmt"

	codec "github.com/lamppost-city/lamppost/drivers/codec/sdi12"

	"github.com/lamppost-city/lamppost/drivers"
)

// SDI12 is one sensor on an SDI-12 line. It keeps to the contract of drivers.SDI12, and
// like a driver it is used from one goroutine at a time. A measurement that is not in
// Says is one that the sensor does not have: drivers.ErrException. A command that is none
// is remembered in Misuse.
type SDI12 struct {
	Calls
	// Says is what the sensor answers: the values to a measurement, as they are on the
	// line ("+1.1-2.2"), and under I what it says of itself.
	Says map[string]string
}

var _ drivers.SDI12 = (*SDI12)(nil)

// sdi12Faults are the ways in which a call to a sensor can fail.
var sdi12Faults = []error{drivers.ErrTimeout, drivers.ErrChecksum, drivers.ErrProtocol, drivers.ErrException, drivers.ErrDevice, drivers.ErrUnplugged}

func playSDI12(_ *drivers.Plan, p Part) fake {
	f := &SDI12{Says: p.Says}
	f.Silent = p.Says == nil
	return f
}

func (f *SDI12) open(pl *drivers.Plan) (drivers.Driver, error) { return pl.OpenSDI12(f) }

// Measure implements drivers.SDI12.
func (f *SDI12) Measure(ctx context.Context, command string) ([]string, error) {
	if _, err := codec.ParseCommand(command); err != nil {
		if f.Misuse == nil {
			f.Misuse = err
		}
		return nil, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
	if err := f.call(ctx); err != nil {
		return nil, err
	}
	text, ok := f.Says[command]
	if !ok {
		return nil, fmt.Errorf("%w: the sensor has no measurement %s", drivers.ErrException, command)
	}
	return codec.ParseValues([]byte("0"+text), false)
}

// Identify implements drivers.SDI12.
func (f *SDI12) Identify(ctx context.Context) (string, error) {
	if err := f.call(ctx); err != nil {
		return "", err
	}
	id, ok := f.Says["I"]
	if !ok {
		return "", fmt.Errorf("command I: %w", drivers.ErrTimeout)
	}
	return id, nil
}
