package drivertest

import (
	"context"

	"github.com/lamppost-city/lamppost/drivers"
)

// Input is one GPIO line as an input. It keeps to the contract of drivers.Input, and
// like a driver it is used from one goroutine at a time.
type Input struct {
	Calls
	On bool
}

var _ drivers.Input = (*Input)(nil)

// gpioFaults are the ways in which asking a line can fail.
var gpioFaults = []error{drivers.ErrTimeout, drivers.ErrBusy, drivers.ErrUnplugged}

func playInput(_ *drivers.Plan, p Part) fake {
	f := &Input{}
	if f.Silent = p.Level == nil; !f.Silent {
		f.On = *p.Level
	}
	return f
}

func (f *Input) open(pl *drivers.Plan) (drivers.Driver, error) { return pl.OpenInput(f) }

// Active implements drivers.Input.
func (f *Input) Active(ctx context.Context) (bool, error) {
	if err := f.call(ctx); err != nil {
		return false, err
	}
	return f.On, nil
}

// Level is a level for Part.
func Level(active bool) *bool { return &active }
