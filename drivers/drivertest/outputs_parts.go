package drivertest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// failAfter lets every call end with err after d, or with ctx.
func (c *Calls) failAfter(d time.Duration, err error) {
	c.Fault = func(int) error {
		<-time.After(d)
		return err
	}
}

// OutputPin is one GPIO line as an output. It keeps to the contract of drivers.Output, and
// like an output it is used from one goroutine at a time.
type OutputPin struct {
	Calls
	On    bool
	Used  bool // it was set; before, nobody drives the pin
	Stuck bool // the pin stays as it is whatever it is set to

	sets   int
	closed int
}

var _ drivers.Output = (*OutputPin)(nil)

// Set implements drivers.Output.
func (f *OutputPin) Set(ctx context.Context, on bool) error {
	if err := f.call(ctx); err != nil {
		return err
	}
	f.Used = true
	f.sets++
	if !f.Stuck {
		f.On = on
	}
	return nil
}

// Get implements drivers.Output.
func (f *OutputPin) Get(ctx context.Context) (on, ok bool, err error) {
	if err := f.call(ctx); err != nil {
		return false, false, err
	}
	return f.On && f.Used, f.Used, nil
}

// Close implements drivers.Output.
func (f *OutputPin) Close() error {
	f.closed++
	return nil
}

func (f *OutputPin) open(pl *drivers.OutputPlan) (drivers.Output, error) { return pl.OpenLine(f) }
func (f *OutputPin) state() (on, known bool)                             { return f.On, true }
func (f *OutputPin) put(on bool)                                         { f.On, f.Used = on, true }
func (f *OutputPin) stick() bool                                         { f.Stuck = true; return true }
func (f *OutputPin) told() int                                           { return f.sets }
func (f *OutputPin) astray() error                                       { return nil }
func (f *OutputPin) faults() []error                                     { return gpioFaults }

// Program is a program that switches. It keeps to the contract of drivers.Program: told on
// or off it does so, anything else it refuses.
type Program struct {
	Calls
	On   bool
	runs int
	odd  error
}

var _ drivers.Program = (*Program)(nil)

// Run implements drivers.Program.
func (f *Program) Run(ctx context.Context, args ...string) error {
	if err := f.call(ctx); err != nil {
		return err
	}
	f.runs++
	switch {
	case slices.Equal(args, []string{"on"}):
		f.On = true
	case slices.Equal(args, []string{"off"}):
		f.On = false
	default:
		f.odd = fmt.Errorf("the program is run with %q, a program is told on or off", args)
		return f.odd
	}
	return nil
}

// programFaults are the ways in which a run can fail.
var programFaults = []error{drivers.ErrTimeout, drivers.ErrDevice, drivers.ErrUnplugged}

func (f *Program) open(pl *drivers.OutputPlan) (drivers.Output, error) { return pl.OpenProgram(f) }
func (f *Program) state() (on, known bool)                             { return f.On, true }
func (f *Program) put(on bool)                                         { f.On = on }
func (f *Program) stick() bool                                         { return false }
func (f *Program) told() int                                           { return f.runs }
func (f *Program) astray() error                                       { return f.odd }
func (f *Program) faults() []error                                     { return programFaults }

// OutputModbus is a Modbus unit that can be written to. It holds what its part says and
// refuses everything else with exception 2; a value that is neither on nor off is
// remembered as a mistake.
type OutputModbus struct {
	Modbus
	Stuck bool // it confirms and does not move

	part OutputPart

	mu     sync.Mutex // guards what a write changes: who breaks promises writes late, from anywhere
	writes int
	odd    error
}

var _ drivers.ModbusOutput = (*OutputModbus)(nil)

func newOutputModbus(p OutputPart) *OutputModbus {
	f := &OutputModbus{part: p}
	f.hold(p.Off)
	return f
}

// hold makes the unit hold u, and nothing else.
func (f *OutputModbus) hold(u OutputUnit) {
	f.Bits = map[uint8]map[uint16]bool{1: maps.Clone(u.Coils)}
	f.Registers = map[uint8]map[uint16]uint16{3: maps.Clone(u.Registers)}
}

// write carries one write out, to the coils or registers of a function's map.
func write[V comparable](ctx context.Context, f *OutputModbus, r Request, holds map[uint16]V, on, off map[uint16]V, v V) error {
	if err := f.ask(ctx, r, true, 1); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := holds[r.Start]; !ok {
		f.mistake("function %d writes to %d, which is no part of the output", r.Function, r.Start)
		return Exception(2)
	}
	if v != on[r.Start] && v != off[r.Start] {
		f.mistake("%v is written to %d, which is neither on (%v) nor off (%v)", v, r.Start, on[r.Start], off[r.Start])
	}
	f.writes++
	if !f.Stuck {
		holds[r.Start] = v
	}
	return nil
}

func (f *OutputModbus) mistake(format string, args ...any) {
	if f.odd == nil {
		f.odd = fmt.Errorf(format, args...)
	}
}

// WriteCoil implements drivers.ModbusWriter.
func (f *OutputModbus) WriteCoil(ctx context.Context, address uint16, on bool) error {
	return write(ctx, f, Request{5, address, 1}, f.Bits[1], f.part.On.Coils, f.part.Off.Coils, on)
}

// WriteRegister implements drivers.ModbusWriter.
func (f *OutputModbus) WriteRegister(ctx context.Context, address, value uint16) error {
	return write(ctx, f, Request{6, address, 1}, f.Registers[3], f.part.On.Registers, f.part.Off.Registers, value)
}

// WriteRegisters implements drivers.ModbusWriter.
func (f *OutputModbus) WriteRegisters(ctx context.Context, start uint16, words []uint16) error {
	for i, w := range words {
		if err := write(ctx, f, Request{16, start + uint16(i), 1}, f.Registers[3], f.part.On.Registers, f.part.Off.Registers, w); err != nil {
			return err
		}
	}
	return nil
}

// MaskWrite implements drivers.ModbusWriter.
func (f *OutputModbus) MaskWrite(ctx context.Context, address, and, or uint16) error {
	v := f.Registers[3][address]&and | or&^and
	return write(ctx, f, Request{22, address, 1}, f.Registers[3], f.part.On.Registers, f.part.Off.Registers, v)
}

func (f *OutputModbus) open(pl *drivers.OutputPlan) (drivers.Output, error) { return pl.OpenModbus(f) }

func (f *OutputModbus) state() (on, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	is := func(u OutputUnit) bool {
		return maps.Equal(f.Bits[1], u.Coils) && maps.Equal(f.Registers[3], u.Registers)
	}
	return is(f.part.On), is(f.part.On) || is(f.part.Off)
}

func (f *OutputModbus) put(on bool) {
	if on {
		f.hold(f.part.On)
		return
	}
	f.hold(f.part.Off)
}

func (f *OutputModbus) stick() bool     { f.Stuck = true; return true }
func (f *OutputModbus) faults() []error { return modbusFaults }

func (f *OutputModbus) told() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes
}

func (f *OutputModbus) astray() error {
	if f.odd != nil {
		return f.odd
	}
	return f.Misuse
}

func (f *OutputModbus) failAfter(d time.Duration, err error) {
	f.Fault = func(int, Request) error {
		<-time.After(d)
		return err
	}
}
