package drivertest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// serialChecks are the promises of a driver on a serial line. The part streams:
// it sends its frame again and again without being asked.
var serialChecks = []check{
	{"bytes may come one at a time", slowBytes},
	{"what waited is dropped", dropsWhatWaited},
	{"noise before a good frame", noiseBefore},
	{"a torn frame costs itself only", tornFrame},
	{"a flipped bit is never a value", flippedBit},
	{"a failed sample leaves the next able to succeed", recovers},
	{"an unplugged adapter is told from silence", unplugged},
}

const period = 250 * time.Millisecond // between two frames of a streaming part

// stream is a part that sends frame for as long as four samples may take.
func stream(p *drivers.Plan, frame []byte) (script []Chunk) {
	for at := period; at < 4*p.Timeout+period; at += period {
		script = append(script, Chunk{At: at, Bytes: frame})
	}
	return script
}

func slowBytes(ctx context.Context, b bench) error {
	var script []Chunk
	for i, c := range b.Good.Frame {
		script = append(script, Chunk{At: time.Duration(i+1) * time.Millisecond, Bytes: []byte{c}})
	}
	d, err := b.openPort(NewPort(script...))
	if err != nil {
		return err
	}
	if err := b.must(ctx, d, b.Good); err != nil {
		return err
	}
	if d.wire.(*Port).NoiseSum+d.wire.(*Port).BadSums != 0 {
		return fmt.Errorf("a clean line is reported with %d bytes of noise and %d bad checksums", d.wire.(*Port).NoiseSum, d.wire.(*Port).BadSums)
	}
	return nil
}

func dropsWhatWaited(ctx context.Context, b bench) error {
	if len(b.Beyond.Frame) == 0 {
		return nil // there is no second frame to tell old from new
	}
	d, err := b.openPort(NewPort(Chunk{At: 0, Bytes: b.Beyond.Frame}, Chunk{At: 100 * time.Millisecond, Bytes: b.Good.Frame}))
	if err != nil {
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
	d, err := b.openPort(NewPort(Chunk{At: time.Millisecond, Bytes: append(hiss(), b.Good.Frame...)}))
	if err != nil {
		return err
	}
	if err := b.must(ctx, d, b.Good); err != nil {
		return err
	}
	if d.wire.(*Port).NoiseSum == 0 {
		return fmt.Errorf("200 bytes of noise are not reported")
	}
	return nil
}

func tornFrame(ctx context.Context, b bench) error {
	f := b.Good.Frame
	for cut := 1; cut < len(f); cut++ {
		d, err := b.openPort(NewPort(Chunk{At: time.Millisecond, Bytes: f[:cut]}, Chunk{At: 2 * time.Millisecond, Bytes: f}))
		if err != nil {
			return err
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
		d, err := b.openPort(NewPort(Chunk{At: time.Millisecond, Bytes: f}))
		if err != nil {
			return err
		}
		rs, err := d.sample(ctx)
		if err := b.refused(rs, err); err != nil {
			return fmt.Errorf("bit %d of byte %d flipped: %w", bit%8, bit/8, err)
		}
	}
	return nil
}

func recovers(ctx context.Context, b bench) error {
	pl, err := plan(b.Kind, b.Good.Options)
	if err != nil {
		return err
	}
	d, err := b.openPort(NewPort(Chunk{At: pl.Timeout + pl.Timeout/2, Bytes: b.Good.Frame}))
	if err != nil {
		return err
	}
	if rs, err := d.sample(ctx); err == nil {
		return fmt.Errorf("silence gave %v", rs)
	}
	return b.must(ctx, d, b.Good)
}

func unplugged(ctx context.Context, b bench) error {
	for _, script := range [][]Chunk{
		{{At: 0, Unplug: true}},
		{{At: time.Millisecond, Bytes: b.Good.Frame[:2]}, {At: 2 * time.Millisecond, Unplug: true}},
	} {
		d, err := b.openPort(NewPort(script...))
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
	}
	return nil
}

// golden feeds each testdata/*.frame to a device of its own, and says how many
// there are.
func (b bench) golden(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob("testdata/*.frame")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 && b.Kind.Wire == drivers.SerialLine {
		t.Error("no golden frames: testdata/*.frame")
	}
	for _, file := range files {
		p := Load(t, file)
		t.Run("golden/"+p.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := b.goldenFrame(t.Context(), p); err != nil {
					t.Error(err)
				}
			})
		})
	}
	return len(files)
}

func (b bench) goldenFrame(ctx context.Context, p Part) error {
	b.Good.Options = p.Options
	d, err := b.openPort(NewPort(Chunk{At: time.Millisecond, Bytes: p.Frame}))
	if err != nil {
		return err
	}
	for _, name := range channelNames(d.plan) {
		if !strings.Contains(b.Kind.Readme, "`"+name+"`") {
			return fmt.Errorf("README.md does not name `%s`", name)
		}
	}
	if p.WantFault == "" {
		return b.must(ctx, d, p)
	}
	rs, err := d.sample(ctx)
	if err := b.refused(rs, err); err != nil {
		return err
	}
	if got := drivers.FaultWord(err); got != p.WantFault {
		return fmt.Errorf("ends with fault %s (%w), want %s", got, err, p.WantFault)
	}
	return nil
}
