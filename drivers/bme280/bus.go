package bme280

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"periph.io/x/conn/v3/i2c"
	"periph.io/x/conn/v3/physic"
)

// Registers of the part; data sheet, section 5.3.
const (
	chipID  = 0xD0
	ctrlHum = 0xF2
	status  = 0xF3
	config  = 0xF5
	data    = 0xF7

	ourConfig = 0xA0 // as periph sets it: standby 1 s (unused in forced mode), no filter; 0 after a reset

	skipped20 = 0x80000 // what temperature and pressure are until something is measured
	skipped16 = 0x8000  // the same for humidity
)

// periphAddr is an address that periph accepts. Ours is the lent device's own.
const periphAddr = 0x76

// raw are the values of one measurement before any arithmetic.
type raw struct{ temp, pressure, humidity uint32 }

// bus lets periph's driver speak on the lent wire. It keeps what periph drops: the kind
// of an error, and the raw values.
type bus struct {
	i2c   drivers.I2C
	ctx   context.Context // of the sample that is going on
	err   error           // the first of this sample
	polls int             // reads of the status since the measurement was started
	raw   raw
}

var _ i2c.Bus = (*bus)(nil)

// begin says that a sample begins.
func (b *bus) begin(ctx context.Context) { b.ctx, b.err = ctx, nil }

// cause returns the bus's own error in place of periph's text of it.
func (b *bus) cause(err error) error {
	if b.err != nil {
		return b.err
	}
	for _, own := range []error{drivers.ErrDevice, drivers.ErrWrongPart} {
		if errors.Is(err, own) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", drivers.ErrProtocol, err) // periph refuses what the part says of itself
}

func (b *bus) String() string                  { return name }
func (b *bus) SetSpeed(physic.Frequency) error { return errors.New("the device tree sets the speed") }

// pollPause is how long the part is left alone before it is asked once more whether
// it is done: periph asks without a pause.
const pollPause = 2 * time.Millisecond

// Tx implements periph's i2c.Bus for one sample.
func (b *bus) Tx(_ uint16, w, r []byte) error {
	reads := func(register byte) bool { return len(w) == 1 && w[0] == register && len(r) > 0 }
	if !reads(status) {
		b.polls = 0
	} else if b.polls++; b.polls > 1 {
		if err := b.rest(); err != nil {
			return b.fail(err)
		}
	}
	if err := b.i2c.Tx(b.ctx, w, r); err != nil {
		return b.fail(err)
	}
	if err := b.confirm(w, r); err != nil {
		return b.fail(err)
	}
	if reads(data) {
		b.raw = split(r)
	}
	return nil
}

// confirm reads once more what only noise can change between two readings: chip id,
// calibration and values. The part has no checksum, and a damaged calibration would spoil all that follows.
func (b *bus) confirm(w, r []byte) error {
	if len(w) != 1 || len(r) < 2 && w[0] != chipID {
		return nil
	}
	again := make([]byte, len(r))
	if err := b.i2c.Tx(b.ctx, w, again); err != nil {
		return err
	}
	if !bytes.Equal(r, again) {
		return fmt.Errorf("%w: register %#02x read twice is % X and % X: the bus is disturbed", drivers.ErrChecksum, w[0], r, again)
	}
	return nil
}

func (b *bus) fail(err error) error {
	if b.err == nil {
		b.err = err
	}
	return err
}

// rest waits before the status is read again.
func (b *bus) rest() error {
	t := time.NewTimer(pollPause)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-b.ctx.Done():
		if errors.Is(b.ctx.Err(), context.DeadlineExceeded) {
			return fmt.Errorf("%w: the part does not end its measurement", drivers.ErrTimeout)
		}
		return b.ctx.Err()
	}
}

// register reads one register.
func (b *bus) register(r byte) (byte, error) {
	var v [1]byte
	err := b.Tx(periphAddr, []byte{r}, v[:])
	return v[0], err
}

// split takes a data block apart: pressure, temperature, and humidity where there is
// one.
func split(p []byte) raw {
	word := func(i int) uint32 { return uint32(p[i])<<12 | uint32(p[i+1])<<4 | uint32(p[i+2])>>4 }
	v := raw{pressure: word(0), temp: word(3)}
	if len(p) >= 8 {
		v.humidity = uint32(p[6])<<8 | uint32(p[7])
	}
	return v
}
