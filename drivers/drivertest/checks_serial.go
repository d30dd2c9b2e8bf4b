package drivertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// serialChecks are the promises of a driver on a serial line. Most parts stream:
// they send their frame again and again without being asked. A part that is asked
// (Part.Asks) answers each such request with its frame.
var serialChecks = []check{
	{name: "bytes may come one at a time", run: slowBytes},
	{name: "what waited is dropped", run: dropsWhatWaited},
	{name: "a late answer is not taken for the next", run: lateAnswer, asked: true},
	{name: "noise before a good frame", run: noiseBefore},
	{name: "a torn frame costs itself only", run: tornFrame},
	{name: "a flipped bit is never a value", run: flippedBit},
	{name: "a failed sample leaves the next able to succeed", run: recovers},
	{name: "an unplugged adapter is told from silence", run: unplugged},
}

// emits is a line on which the part says first what the chunks say: right away if it
// streams, else as the answer to the first request, their times counted from there.
// A part that is asked goes on in good order.
func (b bench) emits(chunks ...Chunk) *Port {
	if len(b.Good.Asks) == 0 {
		p := NewPort(chunks...)
		p.Answer = b.knows(p, nil)
		return p
	}
	p, asked := NewPort(), 0
	p.Answer = b.knows(p, func(request []byte) []Chunk {
		if !bytes.Equal(request, b.Good.Asks) {
			p.wrong(request, b.Good.Asks)
			return nil
		}
		if asked++; asked == 1 {
			return chunks
		}
		return reply(b.Good.Frame)
	})
	return p
}

// good is the line on which the part is in good order.
func (b bench) good(pl *drivers.Plan) *Port {
	p := playSerial(pl, b.Good).(*Port)
	p.Answer = b.knows(p, p.Answer)
	return p
}

// knows is a part that takes its commands, and hands every other request on: nil, to a
// part that is not asked.
func (b bench) knows(p *Port, asked func([]byte) []Chunk) func([]byte) []Chunk {
	if len(b.Knows) == 0 {
		return asked
	}
	return func(request []byte) []Chunk {
		for _, x := range b.Knows {
			if bytes.Equal(x.Request, request) && strings.Contains(b.Good.Options, x.With) {
				return reply(x.Answer)
			}
		}
		if asked == nil {
			p.wrong(request, nil)
			return nil
		}
		return asked(request)
	}
}

// reply is an answer after a moment's thought.
func reply(frame []byte) []Chunk { return []Chunk{{At: 20 * time.Millisecond, Bytes: frame}} }

func slowBytes(ctx context.Context, b bench) error {
	var script []Chunk
	for i, c := range b.Good.Frame {
		script = append(script, Chunk{At: time.Duration(i+1) * time.Millisecond, Bytes: []byte{c}})
	}
	port := b.emits(script...)
	d, err := b.openPort(port)
	if err != nil {
		return err
	}
	if err := b.must(ctx, d, b.Good); err != nil {
		return err
	}
	if port.NoiseSum+port.BadSums != 0 {
		return fmt.Errorf("a clean line is reported with %d bytes of noise and %d bad checksums", port.NoiseSum, port.BadSums)
	}
	return nil
}

func dropsWhatWaited(ctx context.Context, b bench) error {
	if len(b.Beyond.Frame) == 0 {
		return nil // there is no second frame to tell old from new
	}
	port := b.emits(Chunk{At: 100 * time.Millisecond, Bytes: b.Good.Frame})
	port.held = slices.Clone(b.Beyond.Frame)
	d, err := b.openPort(port)
	if err != nil {
		return err
	}
	return b.must(ctx, d, b.Good)
}

// lateAnswer answers the first request when nobody waits any more: the second sample
// must have its own answer, not this one.
func lateAnswer(ctx context.Context, b bench) error {
	if len(b.Beyond.Frame) == 0 {
		return nil // there is no second frame to tell old from new
	}
	pl, err := Plan(b.Kind, b.Good.Options)
	if err != nil {
		return err
	}
	const late = 100 * time.Millisecond
	d, err := b.openPort(b.emits(Chunk{At: pl.Timeout + late, Bytes: b.Beyond.Frame}))
	if err != nil {
		return err
	}
	rs, err := d.sample(ctx)
	if err := b.refused(rs, err); err != nil {
		return err
	}
	if err := sleep(ctx, 2*late, true); err != nil {
		return err
	}
	return b.must(ctx, d, b.Good)
}

// hiss is 200 bytes as a bad contact makes them, the same in every run.
func hiss() []byte {
	b := make([]byte, 200)
	x := uint32(2463534242)
	for i := range b { // xorshift
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

func noiseBefore(ctx context.Context, b bench) error {
	port := b.emits(Chunk{At: time.Millisecond, Bytes: append(hiss(), b.Good.Frame...)})
	d, err := b.openPort(port)
	if err != nil {
		return err
	}
	if err := b.must(ctx, d, b.Good); err != nil {
		return err
	}
	if port.NoiseSum == 0 {
		return fmt.Errorf("200 bytes of noise are not reported")
	}
	return nil
}

// tornFrame cuts a frame at every byte. A part that streams sends a whole one behind
// it; one that is asked says no more, and is asked again by the next sample.
func tornFrame(ctx context.Context, b bench) error {
	f := b.Good.Frame
	for cut := 1; cut < len(f); cut++ {
		port := b.emits(Chunk{At: time.Millisecond, Bytes: f[:cut]}, Chunk{At: 2 * time.Millisecond, Bytes: f})
		if len(b.Good.Asks) > 0 {
			port = b.emits(Chunk{At: time.Millisecond, Bytes: f[:cut]})
		}
		d, err := b.openPort(port)
		if err != nil {
			return err
		}
		if len(b.Good.Asks) > 0 {
			rs, err := d.sample(ctx)
			if err := b.refused(rs, err); err != nil {
				return fmt.Errorf("%d bytes of an answer: %w", cut, err)
			}
		}
		if err := b.must(ctx, d, b.Good); err != nil {
			return fmt.Errorf("after %d bytes of a torn frame: %w", cut, err)
		}
	}
	return nil
}

func flippedBit(ctx context.Context, b bench) error {
	for bit := range 8 * len(b.Good.Frame) {
		f := slices.Clone(b.Good.Frame)
		f[bit/8] ^= 1 << (bit % 8)
		port := b.emits(Chunk{At: time.Millisecond, Bytes: f})
		d, err := b.openPort(port)
		if err != nil {
			return err
		}
		rs, err := d.sample(ctx)
		if b.Unguarded != "" && err == nil {
			err = b.harmless(ctx, d, port, rs)
		} else {
			err = b.refused(rs, err)
		}
		if err != nil {
			return fmt.Errorf("bit %d of byte %d flipped: %w", bit%8, bit/8, err)
		}
	}
	return nil
}

// harmless says what is wrong with the readings of a frame that nothing guards, and
// with the sample after them.
func (b bench) harmless(ctx context.Context, d device, port *Port, rs []obs.Reading) error {
	if len(rs) != len(d.plan.Channels) {
		return fmt.Errorf("%d readings for %d channels", len(rs), len(d.plan.Channels))
	}
	port.plug(playSerial(d.plan, b.Good).(*Port))
	return b.must(ctx, d, b.Good)
}

func recovers(ctx context.Context, b bench) error {
	pl, err := Plan(b.Kind, b.Good.Options)
	if err != nil {
		return err
	}
	port := b.emits() // no answer to the first request
	if len(b.Good.Asks) == 0 {
		port = b.emits(Chunk{At: pl.Timeout + pl.Timeout/2, Bytes: b.Good.Frame})
	}
	d, err := b.openPort(port)
	if err != nil {
		return err
	}
	if rs, err := d.sample(ctx); err == nil {
		return fmt.Errorf("silence gave %v", rs)
	}
	return b.must(ctx, d, b.Good)
}

func unplugged(ctx context.Context, b bench) error {
	for _, port := range []*Port{
		NewPort(Chunk{At: 0, Unplug: true}),
		b.emits(Chunk{At: time.Millisecond, Bytes: b.Good.Frame[:2]}, Chunk{At: 2 * time.Millisecond, Unplug: true}),
	} {
		d, err := b.openPort(port)
		if err != nil {
			return err
		}
		rs, err := d.sample(ctx)
		if err := b.refused(rs, err); err != nil {
			return err
		}
		if !errors.Is(err, drivers.ErrUnplugged) {
			return fmt.Errorf("ends with %q, want %q in it", err, drivers.ErrUnplugged)
		}
		port.plug(b.good(d.plan))
		if err := b.must(ctx, d, b.Good); err != nil {
			return fmt.Errorf("plugged in again: %w", err)
		}
	}
	return nil
}
