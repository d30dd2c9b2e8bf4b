package drivertest

import (
	"context"
	"errors"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// Chunk is something that happens on a simulated line: bytes arrive, or the
// adapter is pulled out.
type Chunk struct {
	At     time.Duration // after NewPort
	Bytes  []byte
	Unplug bool // from now on everything fails with drivers.ErrUnplugged
}

// Port is a serial line that follows a script. It keeps to the contract of
// drivers.Port, and like a driver it is used from one goroutine at a time.
type Port struct {
	Written   [][]byte // what was written, one entry per Write
	NoiseSum  int      // bytes reported with Noise
	BadSums   int      // calls of BadChecksum
	Discarded int      // calls of Discard

	start  time.Time
	script []Chunk // in order of At; what has not happened yet
	held   []byte  // arrived and not read
	gone   bool
}

var _ drivers.Port = (*Port)(nil)

// NewPort returns a line on which the script happens, in the order of Chunk.At.
// Its clock starts now. An empty script is a silent line.
func NewPort(script ...Chunk) *Port { return &Port{start: time.Now(), script: script} }

// settle lets everything happen that is due, and returns how long it is until the
// next thing does; ok is false when nothing will.
func (p *Port) settle() (wait time.Duration, ok bool) {
	for len(p.script) > 0 {
		c := p.script[0]
		if wait = c.At - time.Since(p.start); wait > 0 {
			return wait, true
		}
		p.held = append(p.held, c.Bytes...)
		p.gone = p.gone || c.Unplug
		p.script = p.script[1:]
	}
	return 0, false
}

// Read implements drivers.Port.
func (p *Port) Read(ctx context.Context, b []byte) (int, error) {
	for {
		if err := ended(ctx); err != nil {
			return 0, err
		}
		wait, more := p.settle()
		switch {
		case len(p.held) > 0:
			n := copy(b, p.held)
			p.held = p.held[n:]
			return n, nil
		case p.gone:
			return 0, drivers.ErrUnplugged
		}
		if err := sleep(ctx, wait, more); err != nil {
			return 0, err
		}
	}
}

// Write implements drivers.Port.
func (p *Port) Write(ctx context.Context, b []byte) (int, error) {
	if err := ended(ctx); err != nil {
		return 0, err
	}
	if p.settle(); p.gone {
		return 0, drivers.ErrUnplugged
	}
	p.Written = append(p.Written, append([]byte(nil), b...))
	return len(b), nil
}

// Discard implements drivers.Port.
func (p *Port) Discard() error {
	p.Discarded++
	p.settle()
	p.held = nil
	if p.gone {
		return drivers.ErrUnplugged
	}
	return nil
}

// Noise implements drivers.Port.
func (p *Port) Noise(n int) { p.NoiseSum += n }

// BadChecksum implements drivers.Port.
func (p *Port) BadChecksum() { p.BadSums++ }

func playSerial(pl *drivers.Plan, p Part) fake {
	if len(p.Frame) == 0 {
		return NewPort()
	}
	return NewPort(stream(pl, p.Frame)...)
}

func (p *Port) open(pl *drivers.Plan) (drivers.Driver, error) { return pl.OpenSerial(p) }
func (p *Port) misuse() error                                 { return nil }
func (p *Port) forget()                                       { p.Written = p.Written[:0] }

// ended returns what a bus call ends with once ctx has.
func ended(ctx context.Context) error {
	err := ctx.Err()
	if errors.Is(err, context.DeadlineExceeded) {
		return drivers.ErrTimeout
	}
	return err
}

// sleep waits for d, or for ever if there is nothing to wait for, or for ctx.
func sleep(ctx context.Context, d time.Duration, ends bool) error {
	var due <-chan time.Time
	if ends {
		t := time.NewTimer(d)
		defer t.Stop()
		due = t.C
	}
	select {
	case <-due:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}
