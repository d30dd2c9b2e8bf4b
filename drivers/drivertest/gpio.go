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

// Pulses is one GPIO line whose pulses were counted. It keeps to the contract of
// drivers.Pulses, and like a driver it is used from one goroutine at a time: each call
// of Count gives the next of Counts, the last of them again and again.
type Pulses struct {
	Calls
	Counts   []drivers.PulseCount
	Restored []byte // what Restore was given

	next int
}

var _ drivers.Pulses = (*Pulses)(nil)

func playPulses(_ *drivers.Plan, p Part) fake {
	f := &Pulses{Counts: p.Counts}
	f.Silent = len(p.Counts) == 0
	return f
}

func (f *Pulses) open(pl *drivers.Plan) (drivers.Driver, error) { return pl.OpenPulses(f) }

// Count implements drivers.Pulses.
func (f *Pulses) Count(ctx context.Context) (drivers.PulseCount, error) {
	if err := f.call(ctx); err != nil {
		return drivers.PulseCount{}, err
	}
	c := f.Counts[min(f.next, len(f.Counts)-1)]
	f.next++
	return c, nil
}

// State implements drivers.Pulses.
func (f *Pulses) State() []byte {
	if f.next == 0 {
		return nil
	}
	return []byte{byte(f.next)}
}

// Restore implements drivers.Pulses.
func (f *Pulses) Restore(state []byte) error {
	f.Restored = append([]byte(nil), state...)
	return nil
}
