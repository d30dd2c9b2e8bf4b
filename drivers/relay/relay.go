// Package relay switches: a relay on a GPIO line, a coil or a register of a Modbus unit,
// or whatever a program switches. Sirens, lamps, valves and pumps hang behind it.
//
// It knows how the hardware is told and how it is asked, and nothing else: when to switch,
// for how long at most, and what to do when the hardware fails is its owner's (package
// action of the edge), which tells each state as often as it takes.
//
//   - line: the level is driven by the kernel (linux/gpio.h, GPIO_V2_LINE_FLAG_OUTPUT);
//     what is read back is the level of the pin, not of the contact.
//   - coil: function 5 with FF00 or 0000, which the unit confirms by repeating it; read
//     back with function 1 (MODBUS Application Protocol V1.1b3, 6.5 and 6.1).
//   - register: function 6 with one of two values, confirmed likewise; read back with
//     function 3 (6.6 and 6.3). A register that holds neither value is a fault of the
//     part, ErrDevice, and no state.
//   - command: the program is run with on or off as its last argument and has done it
//     when it ends with 0. It cannot be asked.
//
// Nothing counts as switched that was not confirmed: an answer that repeats another
// write, a damaged one, and none are errors. Opening and closing switch nothing. A unit
// that refuses to be read back cannot tell its state, which is no fault.
package relay

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
)

const name = "relay"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.OutputKind {
	return drivers.OutputKind{Name: name, Readme: readme, Sample: sample, Plan: plan}
}

func plan(decode func(any) error) (*drivers.OutputPlan, error) {
	var o Options
	if err := decode(&o); err != nil {
		return nil, err
	}
	return Plan(o)
}

// line is a relay on a GPIO line.
type line struct {
	drivers.Output
	tells bool
}

// Set implements drivers.Output.
func (l line) Set(ctx context.Context, on bool) error { return named(l.Output.Set(ctx, on)) }

// Get implements drivers.Output: the level of the pin.
func (l line) Get(ctx context.Context) (on, ok bool, err error) {
	if !l.tells {
		return false, false, nil
	}
	on, ok, err = l.Output.Get(ctx)
	return on && err == nil, ok && err == nil, named(err)
}

// coil is a coil of a unit.
type coil struct {
	unit  drivers.ModbusOutput
	at    uint16
	tells bool
}

// Set implements drivers.Output.
func (c coil) Set(ctx context.Context, on bool) error {
	return named(c.unit.WriteCoil(ctx, c.at, on))
}

// Get implements drivers.Output.
func (c coil) Get(ctx context.Context) (on, ok bool, err error) {
	if !c.tells {
		return false, false, nil
	}
	bits, err := c.unit.ReadBits(ctx, readCoils, c.at, 1)
	if err != nil || len(bits) != 1 {
		return untold(err)
	}
	return bits[0], true, nil
}

// Close does nothing: the bus has other users.
func (coil) Close() error { return nil }

// register is a holding register of a unit that stands for two states.
type register struct {
	unit        drivers.ModbusOutput
	at, on, off uint16
	tells       bool
}

// The functions that read back.
const (
	readCoils   = 1
	readHolding = 3
)

// Set implements drivers.Output.
func (r register) Set(ctx context.Context, on bool) error {
	v := r.off
	if on {
		v = r.on
	}
	return named(r.unit.WriteRegister(ctx, r.at, v))
}

// Get implements drivers.Output.
func (r register) Get(ctx context.Context) (on, ok bool, err error) {
	if !r.tells {
		return false, false, nil
	}
	words, err := r.unit.ReadRegisters(ctx, readHolding, r.at, 1)
	switch {
	case err != nil || len(words) != 1:
		return untold(err)
	case words[0] == r.on:
		return true, true, nil
	case words[0] == r.off:
		return false, true, nil
	}
	return false, false, fmt.Errorf("%s: %w: register %d holds %d, neither on (%d) nor off (%d); if it answers something of its own, write read_back: false",
		name, drivers.ErrDevice, r.at, words[0], r.on, r.off)
}

// Close does nothing: the bus has other users.
func (register) Close() error { return nil }

// untold is the end of a Get whose answer is no state. A unit that refuses to be read
// cannot tell; nothing is wrong with it.
func untold(err error) (on, ok bool, _ error) {
	if err == nil || errors.Is(err, drivers.ErrException) {
		return false, false, nil
	}
	return false, false, named(err)
}

// program is whatever a program switches.
type program struct{ run drivers.Program }

// Set implements drivers.Output: it runs the program until it ends or ctx does.
func (p program) Set(ctx context.Context, on bool) error {
	word := "off"
	if on {
		word = "on"
	}
	return named(p.run.Run(ctx, word))
}

// Get cannot tell.
func (program) Get(context.Context) (on, ok bool, err error) { return false, false, nil }

// Close does nothing: no program runs between calls.
func (program) Close() error { return nil }

func named(err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
