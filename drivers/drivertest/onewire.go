package drivertest

import (
	"context"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
)

// OneWire is one slave of the kernel's 1-Wire bus, made of files. It keeps to the
// contract of drivers.OneWire, and like a driver it is used from one goroutine at a
// time. A file that is not in Files is empty, as the kernel has it when reading fails,
// so reading it is drivers.ErrTimeout.
type OneWire struct {
	Calls
	Files map[string]string
}

var _ drivers.OneWire = (*OneWire)(nil)

// oneWireFaults are the ways in which reading a file can fail.
var oneWireFaults = []error{drivers.ErrTimeout, drivers.ErrUnplugged}

func playOneWire(_ *drivers.Plan, p Part) fake {
	f := &OneWire{Files: p.Files}
	f.Silent = p.Files == nil
	return f
}

func (f *OneWire) open(pl *drivers.Plan) (drivers.Driver, error) { return pl.OpenOneWire(f) }

// Read implements drivers.OneWire.
func (f *OneWire) Read(ctx context.Context, file string) ([]byte, error) {
	if err := f.call(ctx); err != nil {
		return nil, err
	}
	if text := f.Files[file]; text != "" {
		return []byte(text), nil
	}
	return nil, fmt.Errorf("%s: %w: an empty file", file, drivers.ErrTimeout)
}
