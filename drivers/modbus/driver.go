package modbus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// driver reads one part as its profile says.
type driver struct {
	profile *Profile
	layout
	all   []int
	unit  drivers.Modbus
	reads []read
	held  []held        // what stands beside the values, by converter
	known bool          // the part has identified itself, and was started, since it was last silent
	spare []obs.Reading // to be filled next; nil: none
	doubt suspicion
}

// timed is what a line's owner offers to drivers that know their part.
type timed interface {
	SetTiming(answer, turnaround time.Duration)
}

// open returns a device of its own on unit.
func (d driver) open(unit drivers.Modbus) drivers.Driver {
	if t, ok := unit.(timed); ok {
		t.SetTiming(d.profile.Answer, d.profile.Turnaround)
	}
	d.unit = unit
	d.reads = merge(d.profile, d.convs, d.all)
	if d.beside {
		d.held = make([]held, len(d.convs))
	}
	d.doubt = suspicion{seen: make([]sight, d.shown)}
	d.doubt.forget(d.profile)
	return &d
}

// Sample implements drivers.Driver. Channels that the part refuses are missing;
// if it refuses all of them, or one request fails otherwise, the sample fails.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	out, err := d.sample(ctx)
	if err != nil {
		d.known = false
		d.doubt.forget(d.profile)
		return nil, fmt.Errorf("%s: %w", d.profile.ID, err)
	}
	return out, nil
}

func (d *driver) sample(ctx context.Context) ([]obs.Reading, error) {
	if err := d.greet(ctx); err != nil {
		return nil, err
	}
	out := d.fresh()
	var refused error
	read := 0
	for i := 0; i < len(d.reads); i++ {
		parts, n, err := d.ask(ctx, &d.reads[i], out)
		if err != nil && !errors.Is(err, drivers.ErrException) {
			return nil, err
		}
		if len(parts) > 0 && n > 0 { // one by one works: remember it
			d.reads = append(d.reads[:i:i], append(parts, d.reads[i+1:]...)...)
			i += len(parts) - 1
		}
		read += n
		if err != nil {
			refused = err
		}
	}
	if read == 0 {
		return nil, refused
	}
	if d.beside {
		d.finish(out, d.held)
	}
	d.look(ctx, out)
	return out, nil
}

// Recycle implements drivers.Recycler.
func (d *driver) Recycle(old []obs.Reading) {
	if len(old) == d.shown {
		d.spare = old
	}
}

// fresh returns readings to be filled.
func (d *driver) fresh() []obs.Reading {
	out := d.spare
	if d.spare = nil; out == nil {
		return make([]obs.Reading, d.shown)
	}
	clear(out)
	return out
}

// ask performs rd and fills out. It returns how many channels were read, and the
// single reads that took rd's place if it was refused as a whole.
func (d *driver) ask(ctx context.Context, rd *read, out []obs.Reading) (parts []read, n int, err error) {
	if !rd.apart {
		err = d.block(ctx, rd, out)
		if err == nil {
			return nil, rd.values, nil
		}
		if !d.splits(rd, err) {
			return nil, 0, err
		}
	}
	rd.apart = false // if this does not work either, the block has its turn again
	parts = apart(d.convs, rd.channels)
	for i := range parts {
		oneErr := d.block(ctx, &parts[i], out)
		switch {
		case oneErr == nil:
			n += parts[i].values
		case errors.Is(oneErr, drivers.ErrException):
			err = oneErr
		default:
			return nil, 0, oneErr
		}
	}
	return parts, n, err
}

// splits says whether the channels of rd are worth asking one by one, now that
// the block ended with err. Parts refuse a block that runs over registers they do
// not have; some do not answer it at all. Such silence cannot be told from a dead
// part, so that the single reads are tried at the next sample only, and only for
// a block that was never answered.
func (d *driver) splits(rd *read, err error) bool {
	if len(apart(d.convs, rd.channels)) == 1 {
		return false
	}
	if errors.Is(err, drivers.ErrException) {
		var code codec.Exception
		return !errors.As(err, &code) || code == codec.IllegalAddress
	}
	rd.apart = errors.Is(err, drivers.ErrTimeout) && !rd.answered
	return false
}

// block reads rd's registers or bits and fills out.
func (d *driver) block(ctx context.Context, rd *read, out []obs.Reading) error {
	if rd.function <= 2 {
		return d.bits(ctx, rd, out)
	}
	words, err := d.unit.ReadRegisters(ctx, rd.function, rd.start, rd.count)
	if err := rd.judge(len(words), err); err != nil {
		return d.blank(rd, out, err)
	}
	for _, i := range rd.channels {
		c := &d.convs[i]
		words := words[c.reg.Address-rd.start:]
		if c.aside != nil {
			d.held[i] = c.hold(words)
		}
		if i < d.shown {
			out[i] = c.read(words)
			if d.doubt.values {
				d.doubt.note(i, c.strange(words[:c.reg.words()]))
			}
		}
	}
	return nil
}

// bits is block for coils and discrete inputs.
func (d *driver) bits(ctx context.Context, rd *read, out []obs.Reading) error {
	on, err := d.unit.ReadBits(ctx, rd.function, rd.start, rd.count)
	if err := rd.judge(len(on), err); err != nil {
		return d.blank(rd, out, err)
	}
	for _, i := range rd.channels {
		c := &d.convs[i]
		out[i] = c.readBit(on[c.reg.Address-rd.start])
		d.doubt.note(i, ordinary)
	}
	return nil
}

// blank notes that the channels of rd have no value, and why that is.
func (d *driver) blank(rd *read, out []obs.Reading, err error) error {
	for _, i := range rd.channels {
		if i < d.shown {
			out[i] = obs.None(obs.Instrument)
			d.doubt.note(i, noSuch)
		}
		if d.convs[i].aside != nil {
			d.held[i] = held{state: refused}
		}
	}
	return err
}

// judge says what is wrong with an answer that brought n registers or bits.
func (rd *read) judge(n int, err error) error {
	if err != nil {
		return fmt.Errorf("%v: %w", rd, err)
	}
	if n < int(rd.count) {
		return fmt.Errorf("%v: %w: %d of %d came", rd, drivers.ErrProtocol, n, rd.count)
	}
	rd.answered = true
	return nil
}

// Close does nothing: the part has no rest position, and the unit was lent.
func (d *driver) Close() error { return nil }
