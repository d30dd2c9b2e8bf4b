package sds011

import (
	"context"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/frame"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

type driver struct {
	model  model
	id     *[2]byte // of the part that must be there; nil: any
	asked  bool
	rest   bool
	period *int // minutes that the part must be set to; nil: as it is

	port  drivers.Port
	in    *frame.Reader[answer]
	ready bool // the part is set as it must be
}

// bursts says whether the part works for half a minute in each period, and is silent
// for the rest of it.
func (d *driver) bursts() bool { return d.period != nil && *d.period > 0 }

// quiet is a silence that ends a burst: three frames at the slowest.
const quiet = 5 * time.Second

// Sample waits for the next frame of a part that talks, or asks one that does not. With
// rest it takes half a minute; with a period, up to that long.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	a, err := d.measure(ctx)
	d.ready = err == nil
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return d.readings(a), nil
}

func (d *driver) measure(ctx context.Context) (answer, error) {
	if err := d.prepare(ctx); err != nil {
		return answer{}, err
	}
	switch {
	case d.asked && d.rest:
		if err := drivers.Wait(ctx, spinUp); err != nil {
			return answer{}, err
		}
		a, err := d.query(ctx)
		if err == nil {
			_, _ = d.tell(ctx, cmdRest, 1, 0) // the value is good; what does not sleep is told again
		}
		return a, err
	case d.asked:
		return d.query(ctx)
	}
	if err := d.in.Fresh(); err != nil {
		return answer{}, err
	}
	if d.bursts() {
		return d.lastOfBurst(ctx)
	}
	return d.value(ctx)
}

// prepare sets the part as the configuration says: what it keeps for good is only
// written where it differs.
func (d *driver) prepare(ctx context.Context) error {
	if d.rest || d.asked && !d.ready {
		if _, err := d.tell(ctx, cmdRest, 1, 1); err != nil {
			return fmt.Errorf("waking it: %w", err)
		}
	}
	switch {
	case d.ready:
		return nil
	case d.asked:
		return d.keep(ctx, "query mode", cmdMode, 1)
	case d.period != nil:
		return d.keep(ctx, "the working period", cmdPeriod, byte(*d.period))
	}
	return nil
}

// keep writes a setting that survives a loss of power, unless the part has it.
func (d *driver) keep(ctx context.Context, what string, cmd, want byte) error {
	a, err := d.tell(ctx, cmd, 0, 0)
	if err == nil && a.data[2] != want {
		a, err = d.tell(ctx, cmd, 1, want)
	}
	switch {
	case err != nil:
		return fmt.Errorf("setting %s: %w", what, err)
	case a.data[2] != want:
		return fmt.Errorf("setting %s: %w: it was told %d and says %d", what, drivers.ErrProtocol, want, a.data[2])
	}
	return nil
}

// tell sends a command and waits for its confirmation; data may come before it.
func (d *driver) tell(ctx context.Context, data ...byte) (answer, error) {
	if err := d.in.Fresh(); err != nil {
		return answer{}, err
	}
	if _, err := d.port.Write(ctx, command(data...)); err != nil {
		return answer{}, err
	}
	for {
		a, err := d.in.Next(ctx)
		if err != nil || a.kind == kindAnswer && a.data[0] == data[0] {
			return a, err
		}
	}
}

// query asks for one value.
func (d *driver) query(ctx context.Context) (answer, error) {
	if err := d.in.Fresh(); err != nil {
		return answer{}, err
	}
	if _, err := d.port.Write(ctx, command(cmdQuery)); err != nil {
		return answer{}, err
	}
	return d.value(ctx)
}

// value waits for a frame with values, and says whether the right part sent it.
func (d *driver) value(ctx context.Context) (answer, error) {
	for {
		a, err := d.in.Next(ctx)
		if err != nil {
			return a, err
		}
		if a.kind != kindAnswer { // to a command that somebody else sent
			return a, d.recognise(a)
		}
	}
}

func (d *driver) recognise(a answer) error {
	switch {
	case d.id != nil && a.id != *d.id:
		return fmt.Errorf("%w: its id is %X, the configuration says %X", drivers.ErrWrongPart, a.id, *d.id)
	case a.kind != d.model.kind:
		return fmt.Errorf("%w: frames of kind %X come, %X is expected; set model to the part that is there", drivers.ErrWrongPart, a.kind, d.model.kind)
	}
	return nil
}

// Facts asks for the firmware's date, and for the id that part_id can hold it to. A part
// that rests is woken for it.
func (d *driver) Facts(ctx context.Context) ([]drivers.Fact, error) {
	if d.rest {
		if _, err := d.tell(ctx, cmdRest, 1, 1); err != nil {
			return nil, fmt.Errorf("%s: waking it: %w", name, err)
		}
	}
	a, err := d.tell(ctx, cmdBuilt)
	if d.rest {
		_, _ = d.tell(ctx, cmdRest, 1, 0) // the next sample tells it again
	}
	if err != nil {
		return nil, fmt.Errorf("%s: asking for its firmware: %w", name, err)
	}
	return []drivers.Fact{
		{Name: "part_id", Value: fmt.Sprintf("%X", a.id)},
		{Name: "firmware", Value: fmt.Sprintf("20%02d-%02d-%02d", a.data[1], a.data[2], a.data[3])},
	}, nil
}

// lastOfBurst waits until the part falls silent: the last value is the one for which it
// has run long enough.
func (d *driver) lastOfBurst(ctx context.Context) (answer, error) {
	last, err := d.value(ctx)
	for err == nil {
		inBurst, cancel := context.WithTimeout(ctx, quiet)
		a, e := d.value(inBurst)
		over := inBurst.Err() != nil && ctx.Err() == nil
		cancel()
		if e != nil && over {
			return last, nil
		}
		last, err = a, e
	}
	return last, err
}

func (d *driver) readings(a answer) []obs.Reading {
	out := make([]obs.Reading, len(d.model.channels))
	for i, c := range d.model.channels {
		switch {
		case a.data == [4]byte{}:
			out[i] = obs.None(obs.WarmUp)
		case a.kind == kindPM100:
			out[i] = c.Read(float64(a.word(2)))
		default:
			out[i] = c.Read(float64(a.word(2*i)) / 10)
		}
	}
	return out
}

// Close leaves the part as it is: one that talks goes on, one that rests does.
func (d *driver) Close() error { return nil }
