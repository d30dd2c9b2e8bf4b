package drivertest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// toyOutput is a register that is on with 1 and off with 0, and what is wrong with it.
type toyOutput struct {
	drivers.ModbusOutput
	wrong string
	last  bool
	kept  [][]byte
	off   chan struct{} // closed by the off that follows an on which failed
}

func (o *toyOutput) Set(ctx context.Context, on bool) error {
	at, v := uint16(5), uint16(0)
	if on {
		v = 1
	}
	switch o.wrong {
	case "inverts":
		v = 1 - v
	case "writes beside":
		at = 6
	case "writes something else":
		v *= 7
	case "is deaf":
		ctx = context.WithoutCancel(ctx)
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, time.Second)
		defer stop()
	case "keeps":
		o.kept = append(o.kept, make([]byte, 1024))
	}
	err := o.WriteRegister(ctx, at, v)
	switch {
	case err == nil:
		if o.last = on; o.off != nil {
			close(o.off)
		}
	case o.wrong == "swallows":
		return nil
	case o.wrong == "has words of its own":
		return errors.New("it did not work")
	case o.wrong == "tries again later" && on:
		o.off = make(chan struct{})
		go func() {
			<-o.off
			<-time.After(time.Minute)
			_ = o.WriteRegister(context.WithoutCancel(ctx), at, v) // that is the mistake
		}()
	}
	return err
}

func (o *toyOutput) Get(ctx context.Context) (on, ok bool, err error) {
	if o.wrong == "tells without asking" {
		return o.last, true, nil
	}
	if o.wrong == "wipes when asked" {
		_ = o.WriteRegister(ctx, 5, 0) // that is the mistake
	}
	w, err := o.ReadRegisters(ctx, 3, 5, 1)
	switch {
	case err != nil && o.wrong == "calls a failure off":
		return false, true, err
	case err != nil:
		return false, false, err
	case w[0] > 1 && o.wrong != "calls anything off":
		return false, false, drivers.ErrDevice
	}
	return w[0] == 1, true, nil
}

func (o *toyOutput) Close() error {
	if o.wrong == "switches off at the end" {
		return o.WriteRegister(context.Background(), 5, 0)
	}
	return nil
}

func toyOutputs(wrong string) outputBench {
	plan := &drivers.OutputPlan{Wire: drivers.ModbusUnit, Timeout: 2 * time.Second, MaxOn: time.Minute, Tells: wrong != "says it cannot tell"}
	plan.OpenModbus = func(u drivers.ModbusOutput) (drivers.Output, error) {
		if wrong == "opens on" {
			_ = u.WriteRegister(context.Background(), 5, 1) // that is the mistake
		}
		return &toyOutput{ModbusOutput: u, wrong: wrong}, nil
	}
	holds := func(v uint16) OutputUnit { return OutputUnit{Registers: map[uint16]uint16{5: v}} }
	return outputBench{drivers.OutputKind{Name: "toy", Plan: func(func(any) error) (*drivers.OutputPlan, error) { return plan, nil }},
		OutputPart{Name: "toy", Source: "constructed", On: holds(1), Off: holds(0), Wrong: holds(9)}}
}

// Each promise is broken by somebody, and the kit says which; who keeps them all passes.
func TestOutputsThatBreakTheirPromises(t *testing.T) {
	for _, c := range []struct{ wrong, check, says string }{
		{"inverts", "what is set is what the hardware has", "the hardware is off, set was on"},
		{"writes beside", "what is set is what the hardware has", "exception 2"},
		{"writes something else", "what is set is what the hardware has", "neither on nor off"},
		{"opens on", "opening, asking and closing switch nothing", "told 1 times"},
		{"wipes when asked", "opening, asking and closing switch nothing", "told 1 times"},
		{"switches off at the end", "opening, asking and closing switch nothing", "told"},
		{"tells without asking", "what is read back is the hardware's, never what was set", "switched by hand"},
		{"says it cannot tell", "what is read back is the hardware's, never what was set", "cannot tell its state"},
		{"tells without asking", "what confirms and does not move is seen", "is off and is read back as on"},
		{"calls anything off", "what is neither on nor off is no state", "want no state"},
		{"swallows", "silence is an error, and ends in time", "silence ends with"},
		{"is deaf", "a cancelled call ends at once", "went on for"},
		{"swallows", "a call that fails never counts as switched", "counts as done"},
		{"has words of its own", "a call that fails never counts as switched", "the fault word is error"},
		{"calls a failure off", "a call that fails never counts as switched", "goes with the error"},
		{"has words of its own", "unplugged in the middle of a call", "pulled out"},
		{"tries again later", "an on that was given up does not come after the off", "1 times more"},
		{"keeps", "a thousand switchings keep nothing", "bytes more"},
	} {
		for _, check := range outputChecks {
			if check.name != c.check {
				continue
			}
			t.Run(c.wrong+"/"+c.check, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					if err := check.run(t.Context(), toyOutputs(c.wrong)); err == nil || !strings.Contains(err.Error(), c.says) {
						t.Errorf("%v, want %q", err, c.says)
					}
				})
			})
		}
	}
	for _, check := range outputChecks {
		t.Run("none/"+check.name, inBubble(func(ctx context.Context) error { return check.run(ctx, toyOutputs("")) }))
	}
	b := toyOutputs("")
	b.Source = ""
	if outputSource(t.Context(), b) == nil {
		t.Error("a part without a source passes")
	}
}

// A page that describes no output, or another one than is tested, is told.
func TestOutputsThatDescribeThemselvesBadly(t *testing.T) {
	good := toyOutputs("")
	sample := "outputs: {x: {bus: b, address: 1}}"
	for _, c := range []struct {
		name, sample string
		part         bool
		change       func(*drivers.OutputPlan)
		says         string
	}{
		{"good", sample, true, nil, ""},
		{"empty", "outputs: {}", true, nil, "has no outputs"},
		{"no text", "\t", true, nil, "sample.yaml"},
		{"no part", sample, false, nil, "tested with no part"},
		{"another wire", sample, true, func(p *drivers.OutputPlan) { p.Wire = drivers.OutputLine }, "Open functions"},
		{"no time", sample, true, func(p *drivers.OutputPlan) { p.Timeout = 0 }, "timeout 0s"},
	} {
		p, err := good.kind.Plan(nil)
		if err != nil {
			t.Fatal(err)
		}
		own := *p
		if c.change != nil {
			c.change(&own)
		}
		cfg := OutputConfig{Kind: drivers.OutputKind{Name: "toy", Sample: c.sample, Plan: func(func(any) error) (*drivers.OutputPlan, error) { return &own, nil }}}
		if c.part {
			cfg.Parts = []OutputPart{good.OutputPart}
		}
		wrong := errors.Join(describeOutput(cfg)...)
		if c.says == "" && wrong != nil || c.says != "" && (wrong == nil || !strings.Contains(wrong.Error(), c.says)) {
			t.Errorf("%s: %v, want %q", c.name, wrong, c.says)
		}
	}
}
