package scd4x

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/sensirion"
)

// part speaks with the part.
type part struct{ wire drivers.I2C }

// tries is how often a part that does not acknowledge is spoken to; each of them is
// repeated by the bus, too.
const tries = 3

// tell sends a command.
func (p part) tell(ctx context.Context, command uint16, words ...uint16) error {
	return p.insist(ctx, sensirion.Command(nil, command, words...), nil)
}

// ask sends a command and reads its answer after a while.
func (p part) ask(ctx context.Context, command uint16, after time.Duration, words []uint16) error {
	if err := p.tell(ctx, command); err != nil {
		return err
	}
	if err := drivers.Wait(ctx, after); err != nil {
		return err
	}
	answer := make([]byte, sensirion.WordLen*len(words))
	if err := p.insist(ctx, nil, answer); err != nil {
		return err
	}
	if err := sensirion.Words(answer, words); err != nil {
		return fmt.Errorf("%w: %w", drivers.ErrChecksum, err)
	}
	return nil
}

// insist carries out a transaction. A part that does not acknowledge may be busy, and is
// left alone for a moment.
func (p part) insist(ctx context.Context, w, r []byte) error {
	for try := 1; ; try++ {
		err := p.wire.Tx(ctx, w, r)
		if err == nil || !errors.Is(err, drivers.ErrTimeout) || try == tries || ctx.Err() != nil {
			return err
		}
		if err := drivers.Wait(ctx, settleTime); err != nil {
			return err
		}
	}
}

// setUp ends whatever the part is at, asks it who it is and gives it its settings.
func (d *driver) setUp(ctx context.Context) error {
	if err := d.halt(ctx); err != nil {
		return err
	}
	var w [3]uint16
	if err := d.ask(ctx, serialNumber, commandTime, w[:]); err != nil {
		return fmt.Errorf("serial number: %w", err)
	}
	d.serial = fmt.Sprintf("%04X%04X%04X", w[0], w[1], w[2])
	return d.settle(ctx)
}

// halt stops a measurement. A part that somebody put to sleep does not acknowledge that,
// and is woken up, which it never acknowledges.
func (d *driver) halt(ctx context.Context) error {
	err := d.tell(ctx, stop)
	if errors.Is(err, drivers.ErrTimeout) && ctx.Err() == nil {
		_ = d.wire.Tx(ctx, sensirion.Command(nil, wakeUp), nil) // its answer is the one to stop
		if err := drivers.Wait(ctx, wakeTime); err != nil {
			return err
		}
		err = d.tell(ctx, stop)
	}
	if err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return drivers.Wait(ctx, stopTime)
}

// canShoot says whether the part has the mode single-shot. One that does not say what it
// is may have it.
func (d *driver) canShoot(ctx context.Context) error {
	var w [1]uint16
	err := d.ask(ctx, variant, commandTime, w[:])
	switch {
	case err == nil && w[0]>>12 == 0:
		return fmt.Errorf("%w: it is an SCD40, which has no single shot; write mode: %s", drivers.ErrWrongPart, periodic)
	case errors.Is(err, drivers.ErrTimeout) && ctx.Err() == nil:
		return nil
	}
	return err
}

// setting is one of the part's settings, wanted or left alone.
type setting struct {
	key      string
	set, get uint16 // the commands
	want     uint16
	wanted   bool
}

// settings are the settings as they are configured; data sheet, sections 3.7 and 3.8.
func (o options) settings() []setting {
	calibrate := uint16(0)
	if o.Calibration != nil && *o.Calibration {
		calibrate = 1
	}
	return []setting{
		{"temperature_offset", 0x241D, 0x2318, rounded(o.Offset, math.MaxUint16/175.0), o.Offset != nil},
		{"altitude", 0x2427, 0x2322, rounded(o.Altitude, 1), o.Altitude != nil},
		{"self_calibration", 0x2416, 0x2313, calibrate, o.Calibration != nil},
		{"pressure", 0xE000, 0xE000, rounded(o.Pressure, 1), o.Pressure != nil},
	}
}

func rounded(v *float64, scale float64) uint16 {
	if v == nil {
		return 0
	}
	return uint16(math.Round(*v * scale))
}

// settle gives the part the settings that are configured, where it has others.
func (d *driver) settle(ctx context.Context) error {
	for _, s := range d.o.settings() {
		if !s.wanted {
			continue
		}
		if err := d.agree(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.key, err)
		}
	}
	return nil
}

func (d *driver) agree(ctx context.Context, s setting) error {
	var has [1]uint16
	if err := d.ask(ctx, s.get, commandTime, has[:]); err != nil || has[0] == s.want {
		return err
	}
	if err := d.tell(ctx, s.set, s.want); err != nil {
		return err
	}
	if err := drivers.Wait(ctx, commandTime); err != nil {
		return err
	}
	if err := d.ask(ctx, s.get, commandTime, has[:]); err != nil {
		return err
	}
	if has[0] != s.want {
		return fmt.Errorf("%w: it was told %d and has %d", drivers.ErrDevice, s.want, has[0])
	}
	return nil
}
