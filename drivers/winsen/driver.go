package winsen

import (
	"context"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/winsen"
	"github.com/lamppost-city/lamppost/drivers/frame"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

type driver struct {
	model   model
	gas     gas
	channel drivers.Channel
	asked   bool

	port  drivers.Port
	in    *frame.Reader[codec.Frame]
	ready bool // it answered when it was asked last, so it is in that mode
}

// Sample waits for the next frame, up to a second, or asks for one.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	r, err := d.sample(ctx)
	if err != nil {
		d.ready = false
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return []obs.Reading{r}, nil
}

func (d *driver) sample(ctx context.Context) (obs.Reading, error) {
	if err := d.ask(ctx); err != nil {
		return obs.Reading{}, err
	}
	for {
		f, err := d.in.Next(ctx)
		switch {
		case err != nil:
			return obs.Reading{}, err
		case f[0] != codec.Read:
			d.ready = false
			return d.uploaded(upload{f})
		case d.asked:
			d.ready = true
			return d.channel.Read(d.model.answer(f)), nil
		}
	}
}

// ask drops what is old, and asks a part that is to be asked.
func (d *driver) ask(ctx context.Context) error {
	if d.asked && !d.ready {
		if _, err := d.port.Write(ctx, codec.Request(codec.Mode, d.model.ask)); err != nil {
			return err
		}
	}
	if err := d.in.Fresh(); err != nil || !d.asked {
		return err
	}
	d.in.Awaits(frame.Awaited{Least: codec.Size, Most: codec.Size, Sum: codec.Sealed})
	_, err := d.port.Write(ctx, codec.Request(codec.Read))
	return err
}

// uploaded judges what a module says of its own accord.
func (d *driver) uploaded(u upload) (obs.Reading, error) {
	if u.gas() != d.gas.code {
		return obs.Reading{}, fmt.Errorf("%w: a module for %s (gas %02X) is there, the configuration says %s", drivers.ErrWrongPart,
			nameOf(u.gas()), u.gas(), nameOf(d.gas.code))
	}
	v, full, err := u.value(d.gas)
	if err != nil {
		return obs.Reading{}, err
	}
	r := d.channel.Read(v)
	if v > full {
		r.Quality = r.Quality.Worst(obs.Quality{Flag: obs.Fail, Why: obs.Range})
	}
	return r, nil
}

// Close leaves the part in its mode.
func (d *driver) Close() error { return nil }
