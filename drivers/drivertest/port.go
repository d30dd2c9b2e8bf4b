package drivertest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
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

// Port is a serial line that follows a script, and answers. It keeps to the contract
// of drivers.Port, and like a driver it is used from one goroutine at a time.
type Port struct {
	// Answer, when set, is called with what each Write sent; what it returns happens
	// after that Write, in the order of Chunk.At.
	Answer func(request []byte) []Chunk

	Written   [][]byte // what was written, one entry per Write
	NoiseSum  int      // bytes reported with Noise
	BadSums   int      // calls of BadChecksum
	Discarded int      // calls of Discard

	start  time.Time
	script []Chunk       // in order of At; what has not happened yet
	frame  []byte        // sent every period, from period after start on; nil: nothing is
	beats  time.Duration // how much of the stream was sent
	held   []byte        // arrived and not read
	gone   bool
	bad    error // the first request that the part does not know
}

// period is the time between two frames of a part that streams.
const period = 250 * time.Millisecond

// maxHeld is what a line keeps that nobody reads, as a kernel's buffer does.
const maxHeld = 4096

var _ drivers.Port = (*Port)(nil)

// NewPort returns a line on which the script happens, in the order of Chunk.At.
// Its clock starts now. An empty script is a silent line.
func NewPort(script ...Chunk) *Port { return &Port{start: time.Now(), script: script} }

// settle lets everything happen that is due, and returns how long it is until the
// next thing does; ok is false when nothing will.
func (p *Port) settle() (wait time.Duration, ok bool) {
	now := time.Since(p.start)
	for len(p.script) > 0 && p.script[0].At <= now {
		c := p.script[0]
		p.arrive(c.Bytes)
		p.gone = p.gone || c.Unplug
		p.script = p.script[1:]
	}
	for len(p.frame) > 0 && p.beats+period <= now {
		p.arrive(p.frame)
		p.beats += period
	}
	if len(p.frame) > 0 {
		wait, ok = p.beats+period-now, true
	}
	if len(p.script) > 0 && (!ok || p.script[0].At-now < wait) {
		wait, ok = p.script[0].At-now, true
	}
	return wait, ok
}

func (p *Port) arrive(b []byte) {
	p.held = append(p.held, b...)
	p.held = p.held[:min(len(p.held), maxHeld)]
}

// answered lets happen what follows a request.
func (p *Port) answered(request []byte) {
	if p.Answer == nil {
		return
	}
	now := time.Since(p.start)
	for _, c := range p.Answer(request) {
		c.At += now
		p.script = append(p.script, c)
	}
	slices.SortStableFunc(p.script, func(a, b Chunk) int { return cmp.Compare(a.At, b.At) })
}

// wrong remembers a request that the part does not know.
func (p *Port) wrong(got, want []byte) {
	if p.bad == nil {
		p.bad = fmt.Errorf("the part was asked % x; it answers to % x only", got, want)
	}
}

// plug puts the adapter in again, with the part that answers on q.
func (p *Port) plug(q *Port) {
	p.start, p.script, p.frame, p.beats, p.Answer = q.start, q.script, q.frame, q.beats, q.Answer
	p.held, p.gone = nil, false
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
	b = append([]byte(nil), b...)
	p.Written = append(p.Written, b)
	p.answered(b)
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

// playSerial plays a part that streams, or answers if it is one that is asked.
func playSerial(_ *drivers.Plan, p Part) fake {
	port := NewPort()
	if len(p.Asks) == 0 {
		port.frame = p.Frame
		return port
	}
	port.Answer = func(request []byte) []Chunk {
		if !bytes.Equal(request, p.Asks) {
			port.wrong(request, p.Asks)
			return nil
		}
		return reply(p.Frame)
	}
	return port
}

func (p *Port) open(pl *drivers.Plan) (drivers.Driver, error) { return pl.OpenSerial(p) }
func (p *Port) misuse() error                                 { return p.bad }
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
