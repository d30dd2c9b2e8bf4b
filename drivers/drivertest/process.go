package drivertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
)

// Process is a child process that is a function: it answers a question with any
// number of lines. It keeps to the contract of drivers.Process.
type Process struct {
	Calls
	// Child is the program; nil answers nothing.
	Child func(question []byte) (lines [][]byte)
	// Before are lines that the program writes before it answers, unasked.
	Before [][]byte

	Asked [][]byte // every question, in order
}

var _ drivers.Process = (*Process)(nil)

// Ask implements drivers.Process.
func (p *Process) Ask(ctx context.Context, line []byte, accept func([]byte) bool) ([]byte, error) {
	p.Asked = append(p.Asked, bytes.Clone(line))
	if bytes.ContainsAny(line, "\r\n") && p.Misuse == nil {
		p.Misuse = errors.New("a question of more than one line")
	}
	if err := p.call(ctx); err != nil {
		return nil, err
	}
	lines := p.Before
	if p.Child != nil {
		lines = append(lines[:len(lines):len(lines)], p.Child(line)...)
	}
	for _, answer := range lines {
		if accept(answer) {
			return answer, nil
		}
	}
	return nil, sleep(ctx, 0, false)
}

// processFaults are the ways in which a question can fail.
var processFaults = []error{drivers.ErrTimeout, drivers.ErrUnplugged}

// processChecks are the promises of a driver that asks a program.
var processChecks = []check{
	{name: "what a program says unasked is skipped", run: skipsUnasked},
	{name: "rubbish alone is a fault of the protocol", run: rubbishLines},
}

// strayLines are what a program may write that is no answer.
func strayLines() [][]byte {
	return [][]byte{nil, []byte("Traceback (most recent call last):"), []byte("{}"), []byte(`{"id":`), []byte("[1,2]"), hiss()}
}

func skipsUnasked(ctx context.Context, b bench) error {
	d, err := b.open(b.Good)
	if err != nil {
		return err
	}
	d.wire.(*Process).Before = strayLines()
	return b.must(ctx, d, b.Good)
}

func rubbishLines(ctx context.Context, b bench) error {
	d, err := b.open(Part{})
	if err != nil {
		return err
	}
	d.wire.(*Process).Before = strayLines()
	rs, err := d.sample(ctx)
	if err := b.refused(rs, err); err != nil {
		return err
	}
	if word := drivers.FaultWord(err); word != "protocol" {
		return fmt.Errorf("rubbish has the fault word %s: %w", word, err)
	}
	return nil
}

func playProcess(_ *drivers.Plan, p Part) fake { return &Process{Child: p.Child} }

func (p *Process) open(pl *drivers.Plan) (drivers.Driver, error) { return pl.OpenProcess(p) }
func (p *Process) forget()                                       { p.Asked = p.Asked[:0] }
