package tape

import (
	"context"
	"fmt"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
)

// Switch is what an output was asked for.
type Switch string

// The three things that an output can be asked for.
const (
	On   Switch = "on"
	Off  Switch = "off"
	Look Switch = "read"
)

var switchings = []Switch{On, Off, Look}

// Do asks an output for s and returns the outcome as a tape has it.
func (s Switch) Do(ctx context.Context, out drivers.Output) (outcome string, err error) {
	if s != Look {
		err = out.Set(ctx, s == On)
		return switchText("done", err), err
	}
	on, ok, err := out.Get(ctx)
	switch {
	case !ok:
		outcome = "unknown"
	case on:
		outcome = "on"
	default:
		outcome = "off"
	}
	return switchText(outcome, err), err
}

func switchText(outcome string, err error) string {
	if err != nil {
		return "fault " + drivers.FaultWord(err)
	}
	return outcome
}

// BeginSwitch marks that an output is asked for s.
func (r *Recorder) BeginSwitch(s Switch) { r.mark(Entry{Kind: Begin, Text: string(s)}) }

// EndSwitch marks what Switch.Do returned.
func (r *Recorder) EndSwitch(outcome string, err error) {
	r.told(err)
	r.mark(Entry{Kind: Outcome, Text: outcome})
}

// WrapOutput returns p so that what its driver does is recorded, as Wrap does.
func (r *Recorder) WrapOutput(p drivers.OutputPlan) *drivers.OutputPlan {
	if open := p.OpenLine; open != nil {
		p.OpenLine = func(l drivers.Output) (drivers.Output, error) { return open(heardLine{r, l}) }
	}
	if open := p.OpenProgram; open != nil {
		p.OpenProgram = func(w drivers.Program) (drivers.Output, error) { return open(heardProgram{r, w}) }
	}
	return &p
}

type (
	heardLine struct {
		r *Recorder
		drivers.Output
	}
	heardProgram struct {
		r *Recorder
		w drivers.Program
	}
)

func (h heardLine) Set(ctx context.Context, on bool) (err error) {
	h.r.pair(levelByte(on, true), func() ([]byte, error) { err = h.Output.Set(ctx, on); return nil, err })
	return err
}

func (h heardLine) Get(ctx context.Context) (on, ok bool, err error) {
	h.r.pair(nil, func() ([]byte, error) { on, ok, err = h.Output.Get(ctx); return levelByte(on, ok), err })
	return on, ok, err
}

func (h heardProgram) Run(ctx context.Context, args ...string) (err error) {
	h.r.pair([]byte(strings.Join(args, " ")), func() ([]byte, error) { err = h.w.Run(ctx, args...); return nil, err })
	return err
}

func levelByte(on, known bool) []byte {
	switch {
	case !known:
		return nil
	case on:
		return []byte{1}
	}
	return []byte{0}
}

// Line returns the part as a GPIO line that is driven.
func (r *Replay) Line() drivers.Output { return playedLine{r} }

// Program returns the part as a program that switches.
func (r *Replay) Program() drivers.Program { return playedProgram{r} }

type (
	playedLine    struct{ *Replay }
	playedProgram struct{ *Replay }
)

func (p playedLine) Set(ctx context.Context, on bool) error {
	_, err := p.pair(ctx, levelByte(on, true))
	return err
}

func (p playedLine) Get(ctx context.Context) (on, ok bool, err error) {
	got, err := p.pair(ctx, nil)
	if err != nil {
		return false, false, err
	}
	if len(got) > 1 || len(got) == 1 && got[0] > 1 {
		return false, false, p.fail(p.tape.Entries[p.i-1], "a level is 00 or 01, or - where it is not known, not % X", got)
	}
	return len(got) == 1 && got[0] == 1, len(got) == 1, nil
}

func (playedLine) Close() error { return nil }

func (p playedProgram) Run(ctx context.Context, args ...string) error {
	_, err := p.pair(ctx, []byte(strings.Join(args, " ")))
	return err
}

// WriteCoil implements drivers.ModbusWriter.
func (u unit) WriteCoil(ctx context.Context, address uint16, on bool) error {
	_, err := u.ask(ctx, codec.WriteCoil(address, on))
	return err
}

// WriteRegister implements drivers.ModbusWriter.
func (u unit) WriteRegister(ctx context.Context, address, value uint16) error {
	_, err := u.ask(ctx, codec.WriteRegister(address, value))
	return err
}

// WriteRegisters implements drivers.ModbusWriter.
func (u unit) WriteRegisters(ctx context.Context, start uint16, words []uint16) error {
	_, err := u.ask(ctx, codec.WriteRegisters(start, words))
	return err
}

// MaskWrite implements drivers.ModbusWriter.
func (u unit) MaskWrite(ctx context.Context, address, and, or uint16) error {
	_, err := u.ask(ctx, codec.MaskWrite(address, and, or))
	return err
}

// OpenOutput opens a planned output on the replay, on the wire that the tape has.
func (r *Replay) OpenOutput(p *drivers.OutputPlan) (drivers.Output, error) {
	switch {
	case p.Wire != r.tape.Wire:
	case p.OpenLine != nil:
		return p.OpenLine(r.Line())
	case p.OpenModbus != nil:
		return p.OpenModbus(unit{r})
	case p.OpenProgram != nil:
		return p.OpenProgram(r.Program())
	}
	return nil, fmt.Errorf("%w %s: it was recorded on the wire %s, this output is on %s", ErrTape, r.tape.Name, r.tape.Wire, p.Wire)
}

// PlayOutput takes a planned output through t as Play does a device: each switching and
// look when the tape has it, each with the outcome that is on the tape.
func PlayOutput(ctx context.Context, p *drivers.OutputPlan, t *Tape) error {
	r := NewReplay(t)
	r.limit = 0
	out, err := r.OpenOutput(p)
	if err != nil {
		return err
	}
	end, err := r.switchings(ctx, out, p)
	if cerr := out.Close(); err == nil && cerr != nil {
		err = fmt.Errorf("%w %s: close: %w", ErrTape, t.Name, cerr)
	}
	if err != nil {
		return err
	}
	return r.done(end)
}

// switchings plays all whole ones and returns where they and what follows them end.
func (r *Replay) switchings(ctx context.Context, out drivers.Output, p *drivers.OutputPlan) (end int, err error) {
	begin, open := 0, false
	for i, e := range r.tape.Entries {
		switch e.Kind {
		case Begin:
			if e.Text == "" {
				return i, r.fail(e, "it was recorded from a device that measures, this is an output")
			}
			begin, open = i, true
		case Outcome:
			open = false
			if err := r.switching(ctx, out, p, begin, i); err != nil {
				return i, err
			}
		}
	}
	if open {
		return begin, nil
	}
	return len(r.tape.Entries), nil
}

// switching plays what stands between the entries begin and end.
func (r *Replay) switching(ctx context.Context, out drivers.Output, p *drivers.OutputPlan, begin, end int) error {
	first, last := r.tape.Entries[begin], r.tape.Entries[end]
	if err := sleep(ctx, r.until(first), true); err != nil {
		return err
	}
	r.anchor(first)
	r.begin, r.limit = begin, end
	within, cancel := context.WithTimeout(ctx, p.Timeout)
	got, err := Switch(first.Text).Do(within, out)
	cancel()
	if r.wrong != nil {
		return r.wrong
	}
	if got != last.Text {
		return r.fail(last, "%s gave %s, the tape has %s (%v)", first.Text, got, last.Text, err)
	}
	return r.rest(end)
}
