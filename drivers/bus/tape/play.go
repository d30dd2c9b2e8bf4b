package tape

import (
	"context"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
)

// Open opens a planned device on the replay, on the wire that the tape has.
func (r *Replay) Open(p *drivers.Plan) (drivers.Driver, error) {
	ws := p.Opens()
	if len(ws) != 1 || ws[0] != r.tape.Wire {
		return nil, fmt.Errorf("%w %s: it was recorded on the wire %s, this device opens %v", ErrTape, r.tape.Name, r.tape.Wire, ws)
	}
	switch r.tape.Wire {
	case drivers.SerialLine:
		return p.OpenSerial(r.Port())
	case drivers.ModbusUnit:
		return p.OpenModbus(r.Modbus())
	case drivers.I2CDevice:
		return p.OpenI2C(r.I2C())
	case drivers.InputLine:
		return p.OpenInput(r.Input())
	case drivers.PulseLine:
		return p.OpenPulses(r.Pulses())
	case drivers.OneWireDevice:
		return p.OpenOneWire(r.OneWire())
	case drivers.ChildProcess:
		return p.OpenProcess(r.Process())
	case drivers.BoardHost:
		return p.OpenHost(r.Host())
	case drivers.SDI12Sensor:
		return p.OpenSDI12(r.SDI12())
	}
	return nil, fmt.Errorf("%w %s: nobody can play the wire %s", ErrTape, r.tape.Name, r.tape.Wire)
}

// Play takes a planned device through t: every sample when the tape has it, each with
// the outcome that is on the tape, and nothing left over. The error names the line of
// the first departure. It takes as long as the tape, and ends with ctx. A last sample
// that the recording cut is not played.
func Play(ctx context.Context, p *drivers.Plan, t *Tape) error {
	r := NewReplay(t)
	r.limit = 0
	d, err := r.Open(p)
	if err != nil {
		return err
	}
	end, err := r.samples(ctx, d, p)
	r.limit = end // the device may say goodbye
	if cerr := d.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("%w %s: close: %w", ErrTape, t.Name, cerr)
	}
	if err != nil {
		return err
	}
	return r.done(end)
}

// samples plays all whole samples and returns where they and what follows them end.
func (r *Replay) samples(ctx context.Context, d drivers.Driver, p *drivers.Plan) (end int, err error) {
	begin, open := 0, false
	for i, e := range r.tape.Entries {
		switch e.Kind {
		case Begin:
			if e.Text != "" {
				return i, r.fail(e, "it was recorded from an output, this is a device that measures")
			}
			begin, open = i, true
		case Outcome:
			open = false
			if err := r.sample(ctx, d, p, begin, i); err != nil {
				return i, err
			}
		}
	}
	if open {
		return begin, nil
	}
	return len(r.tape.Entries), nil
}

// sample plays the sample between the entries begin and end.
func (r *Replay) sample(ctx context.Context, d drivers.Driver, p *drivers.Plan, begin, end int) error {
	first, last := r.tape.Entries[begin], r.tape.Entries[end]
	if err := sleep(ctx, r.until(first), true); err != nil {
		return err
	}
	r.anchor(first)
	r.begin, r.limit = begin, end
	within, cancel := context.WithTimeout(ctx, p.Timeout)
	readings, err := d.Sample(within)
	cancel()
	if r.wrong != nil {
		return r.wrong
	}
	if got := Text(p.Channels, readings, err); got != last.Text {
		if err != nil {
			got += " (" + err.Error() + ")"
		}
		return r.fail(last, "the sample gave %s, the tape has %s", got, last.Text)
	}
	return r.rest(end)
}

// rest looks for what a sample that ends at end did not ask. What a serial line still
// holds stays for the next one.
func (r *Replay) rest(end int) error {
	for i := r.i; i < end; i++ {
		e := r.tape.Entries[i]
		if e.Kind == Sent || e.Kind == Received && paired(r.tape.Wire) {
			return r.fail(e, "the sample ended without this: %s", r.shown(e))
		}
	}
	return nil
}
