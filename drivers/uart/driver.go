package uart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// driver reads one part as its profile says.
type driver struct {
	profile *Profile
	convs   []converter
	port    drivers.Port
	in      reader
	held    []byte // for what waits before a sample
	set     bool   // the part knows how it is to talk
}

// open returns a device of its own on port.
func (d driver) open(port drivers.Port) drivers.Driver {
	l := &listener{convs: d.convs, faults: d.profile.Faults, restarts: []byte(d.profile.Restarts)}
	d.port, d.in = port, d.profile.form.reader(l, port, d.profile.Ask != nil)
	if d.profile.Restarts != "" {
		d.held = make([]byte, 0, maxWaits)
	}
	return &d
}

// Sample implements drivers.Driver: it asks, or waits for the next message. A part that
// was switched on meanwhile, or that was not understood, is set up anew.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	out, err := d.sample(ctx)
	if err != nil {
		d.set = false
		return nil, fmt.Errorf("%s: %w", d.profile.ID, err)
	}
	return out, nil
}

func (d *driver) sample(ctx context.Context) ([]obs.Reading, error) {
	if err := d.waited(ctx); err != nil {
		return nil, err
	}
	return d.listen(ctx)
}

// listen asks, and waits for the first message that says something.
func (d *driver) listen(ctx context.Context) ([]obs.Reading, error) {
	if err := d.begin(ctx); err != nil {
		return nil, err
	}
	var said message // that the part is not well, without a value
	again := 0
	for {
		m, err := d.in.Next(ctx)
		switch {
		case said.fault != "" && (errors.Is(err, drivers.ErrTimeout) || errors.Is(err, drivers.ErrProtocol)):
			return d.unwell(said)
		case err != nil:
			return nil, err
		case m.readings != nil:
			return m.readings, nil
		case m.restarted && again > 0:
			return nil, fmt.Errorf("%w: it starts again and again; look at its supply", drivers.ErrDevice)
		case m.restarted:
			d.set, again = false, again+1
			if err := d.begin(ctx); err != nil {
				return nil, err
			}
		default:
			said = m
		}
	}
}

// unwell is what becomes of a part that says what is the matter with it, and no value.
func (d *driver) unwell(m message) ([]obs.Reading, error) {
	if m.means == obs.Instrument {
		return nil, fmt.Errorf("%w: %s", drivers.ErrDevice, m.fault)
	}
	out := make([]obs.Reading, len(d.convs))
	for i := range out {
		out[i] = obs.None(m.means)
	}
	return out, nil
}

// maxWaits is how much of what waits before a sample is looked at, in bytes.
const maxWaits = 4096

// waited looks whether the part has said, between two samples, that it was switched on.
func (d *driver) waited(ctx context.Context) error {
	if d.profile.Restarts == "" || !d.set {
		return nil
	}
	d.held = d.held[:0]
	for more := true; more && len(d.held) < maxWaits; {
		brief, cancel := context.WithTimeout(ctx, time.Millisecond)
		n, err := d.port.Read(brief, d.held[len(d.held):cap(d.held)])
		cancel()
		d.held = d.held[:len(d.held)+n]
		if more = err == nil; !more && (ctx.Err() != nil || !errors.Is(err, drivers.ErrTimeout)) {
			return err
		}
	}
	d.set = !bytes.Contains(d.held, []byte(d.profile.Restarts))
	return nil
}

// begin sets the part up, if it may have forgotten, and asks.
func (d *driver) begin(ctx context.Context) error {
	if !d.set {
		for _, b := range d.profile.Start {
			if _, err := d.port.Write(ctx, b); err != nil {
				return err
			}
			if err := drivers.Wait(ctx, d.profile.Pause); err != nil {
				return err
			}
		}
		d.set = true
	}
	if err := d.in.Fresh(); err != nil || d.profile.Ask == nil {
		return err
	}
	_, err := d.port.Write(ctx, d.profile.Ask)
	return err
}

// Close does nothing: what the part does between samples is its own affair.
func (d *driver) Close() error { return nil }
