package drivertest

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/tape"
)

// golden feeds each testdata/*.frame to a device of its own.
func (b bench) golden(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob("testdata/*.frame")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 && b.Kind.Wire == drivers.SerialLine {
		t.Error("no golden frames: testdata/*.frame")
	}
	if len(files) > 0 && b.Kind.Wire != drivers.SerialLine && b.Play == nil {
		t.Errorf("testdata/*.frame are no answers on the wire %s by themselves: set Config.Play", b.Kind.Wire)
		return
	}
	for _, file := range files {
		p := Load(t, file)
		t.Run("golden/"+p.Name, inBubble(func(ctx context.Context) error {
			if b.Kind.Wire == drivers.SerialLine {
				return b.goldenFrame(ctx, p)
			}
			b.Play(&p)
			return b.moreAnswer(ctx, p)
		}))
	}
}

// tapes plays each testdata/*.tape to a device of its own, and compares every sample.
func (b bench) tapes(t *testing.T, tapes []*tape.Tape) {
	t.Helper()
	for _, one := range tapes {
		t.Run("tape/"+one.Name, inBubble(func(ctx context.Context) error { return b.tape(ctx, one) }))
	}
}

func (b bench) tape(ctx context.Context, t *tape.Tape) error {
	if t.Driver != b.Kind.Name {
		return fmt.Errorf("it was recorded with the driver %s", t.Driver)
	}
	p, err := Plan(b.Kind, t.Options)
	if err != nil {
		return fmt.Errorf("its options %s: %w", t.Options, err)
	}
	return tape.Play(ctx, p, t)
}

// more feeds the other answers of the part, each to a device of its own.
func (b bench) more(t *testing.T) {
	t.Helper()
	for _, p := range b.More {
		t.Run("more/"+p.Name, inBubble(func(ctx context.Context) error { return b.moreAnswer(ctx, p) }))
	}
}

func (b bench) moreAnswer(ctx context.Context, p Part) error {
	if p.Source == "" {
		return fmt.Errorf("it does not say its source")
	}
	b.Good = p
	d, err := b.open(p)
	if err != nil {
		return err
	}
	return b.outcome(ctx, d, p)
}

// outcome samples a part and compares with what p wants, readings or a fault.
func (b bench) outcome(ctx context.Context, d device, p Part) error {
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

// inBubble runs one check in a bubble of its own time.
func inBubble(check func(context.Context) error) func(*testing.T) {
	return func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			if err := check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func (b bench) goldenFrame(ctx context.Context, p Part) error {
	good := b.Good
	b.Good = p
	port := b.emits(Chunk{At: time.Millisecond, Bytes: p.Frame})
	d, err := b.openPort(port)
	if err != nil {
		return err
	}
	for _, name := range channelNames(d.plan) {
		if !strings.Contains(b.Kind.Readme, "`"+name+"`") {
			return fmt.Errorf("README.md does not name `%s`", name)
		}
	}
	if err := b.outcome(ctx, d, p); err != nil || p.WantFault == "" {
		return err
	}
	if p.Options != good.Options {
		return nil
	}
	back := b
	back.Good = good
	port.plug(back.good(d.plan))
	return b.must(ctx, d, good) // a foreign or damaged frame must not leave a mark
}
