package drivertest

import (
	"context"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
)

// Chip plays a part on an I2C bus: it takes what is written and fills what is read. Its
// error is the answer's, and wraps one of the contract's faults.
type Chip func(w, r []byte) error

// I2C is one address on an I2C bus, on which a chip answers. It keeps to the contract
// of drivers.I2C, and like a driver it is used from one goroutine at a time.
type I2C struct {
	Calls
	Chip Chip
}

var _ drivers.I2C = (*I2C)(nil)

// i2cFaults are the ways in which a transaction can fail.
var i2cFaults = []error{drivers.ErrTimeout, drivers.ErrProtocol, drivers.ErrBusy, drivers.ErrUnplugged}

func playI2C(_ *drivers.Plan, p Part) fake {
	f := &I2C{}
	if f.Silent = p.Chip == nil; !f.Silent {
		f.Chip = p.Chip()
	}
	return f
}

func (f *I2C) open(pl *drivers.Plan) (drivers.Driver, error) { return pl.OpenI2C(f) }

// Tx implements drivers.I2C.
func (f *I2C) Tx(ctx context.Context, w, r []byte) error {
	if len(w)+len(r) == 0 && f.Misuse == nil {
		f.Misuse = fmt.Errorf("an I2C transaction without a byte")
	}
	if err := f.call(ctx); err != nil {
		return err
	}
	return f.Chip(w, r)
}

// Registers is a chip of 256 registers of one byte, the first of them chosen by the
// first byte written. Reading goes on from there.
type Registers struct {
	At [256]byte
	// Pairs says that further bytes are pairs of register and value, as with Bosch's
	// parts; else they are stored one after another.
	Pairs bool
	// Wrote, when set, is called after a write, and may change what is there.
	Wrote func(register, value byte)

	next byte
}

// Set stores bytes from a register on, and returns r.
func (r *Registers) Set(register byte, bytes ...byte) *Registers {
	for i, b := range bytes {
		r.At[register+byte(i)] = b
	}
	return r
}

// Chip returns r as a chip that answers with what is in the registers.
func (r *Registers) Chip() Chip {
	return func(w, read []byte) error {
		if len(w) > 0 {
			r.next = w[0]
			r.store(w[1:])
		}
		for i := range read {
			read[i] = r.At[r.next]
			r.next++
		}
		return nil
	}
}

func (r *Registers) store(values []byte) {
	for i, v := range values {
		switch {
		case !r.Pairs:
		case i%2 == 1:
			r.next = v
			continue
		}
		r.At[r.next] = v
		if r.Wrote != nil {
			r.Wrote(r.next, v)
		}
		if !r.Pairs {
			r.next++
		}
	}
}
