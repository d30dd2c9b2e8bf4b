package drivertest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/tape"
)

// OutputConfig says which driver of outputs is tested, and how its parts behave.
type OutputConfig struct {
	Kind drivers.OutputKind
	// Parts are the kinds of hardware that it switches, at least one for each wire that
	// it knows.
	Parts []OutputPart
}

// OutputPart is a piece of hardware that can be switched, and how it is told.
type OutputPart struct {
	Name    string // for messages
	Source  string // where it stands that it is told so: published, captured, constructed …
	Options string // YAML of the driver's own options

	// On and Off are what a Modbus unit holds in each state; the kit finds out whether the
	// driver brings them about. What they do not name the driver must leave alone.
	On, Off OutputUnit
	// Wrong is what the unit holds in neither state; its zero value: it cannot.
	Wrong OutputUnit
}

// OutputUnit is what a Modbus unit holds, by address.
type OutputUnit struct {
	Coils     map[uint16]bool
	Registers map[uint16]uint16
}

// RunOutput tests that a driver of outputs keeps its contract, on each of its parts, and
// prints how well it is known. testdata is that of Run, but for golden frames: an output
// has no readings, and what it is confirmed by is tested in its own folder.
func RunOutput(t *testing.T, c OutputConfig) {
	t.Helper()
	t.Run("description", func(t *testing.T) {
		for _, err := range describeOutput(c) {
			t.Error(err)
		}
	})
	for _, p := range c.Parts {
		b := outputBench{c.Kind, p}
		for _, check := range outputChecks {
			t.Run(p.Name+"/"+check.name, inBubble(func(ctx context.Context) error { return check.run(ctx, b) }))
		}
	}
	e, err := gather(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range e.tapes {
		t.Run("tape/"+one.Name, inBubble(func(ctx context.Context) error { return c.play(ctx, one) }))
	}
	wires := c.wires()
	level, why := e.outputConformance(c.Kind, wires, len(c.Parts)+e.frames)
	known, whyKnown := e.outputReal(wires)
	t.Run("the page claims what is true", func(t *testing.T) {
		if err := claims(drivers.Kind{Readme: c.Kind.Readme}, level, known); err != nil {
			t.Errorf("%v (%s; %s)", err, why, whyKnown)
		}
	})
	if !t.Failed() {
		t.Logf("%s: conformance %s (%s); on a real part: %s (%s)", c.Kind.Name, level, why, known, whyKnown)
	}
}

// play plays a tape to the output that it was recorded from.
func (c OutputConfig) play(ctx context.Context, t *tape.Tape) error {
	if t.Driver != c.Kind.Name {
		return fmt.Errorf("it was recorded with the driver %s", t.Driver)
	}
	p, err := planOutput(c.Kind, t.Options)
	if err != nil {
		return fmt.Errorf("its options %s: %w", t.Options, err)
	}
	return tape.PlayOutput(ctx, p, t)
}

// wires are those of all parts, each once.
func (c OutputConfig) wires() (ws []drivers.Wire) {
	for _, p := range c.Parts {
		if pl, err := planOutput(c.Kind, p.Options); err == nil && !slices.Contains(ws, pl.Wire) {
			ws = append(ws, pl.Wire)
		}
	}
	return ws
}

func planOutput(k drivers.OutputKind, options string) (*drivers.OutputPlan, error) {
	return k.Plan(func(out any) error { return decode(options, out) })
}

// outputBench makes fresh outputs of one part.
type outputBench struct {
	kind drivers.OutputKind
	OutputPart
}

// switched is an opened output on simulated hardware.
type switched struct {
	drivers.Output
	plan *drivers.OutputPlan
	part hardware
}

// hardware is a played part that can be switched.
type hardware interface {
	// state is what an onlooker sees: on, off, or neither.
	state() (on, known bool)
	// put brings it into a state by hand.
	put(on bool)
	// stick makes it confirm what it is told and not move; false: such a part cannot be.
	stick() bool
	// astray is what was told that no driver of this part may tell, or nil.
	astray() error

	open(*drivers.OutputPlan) (drivers.Output, error)
	made() int                            // calls so far
	told() int                            // of which so many reached the part and tried to switch
	fail(n int, err error)                // as callFake
	failAfter(d time.Duration, err error) // lets each call end with err after d
	mute(on bool)                         // as callFake
	faults() []error                      // the ways in which a call on it can fail
}

func (b outputBench) open() (switched, error) {
	pl, err := planOutput(b.kind, b.Options)
	if err != nil {
		return switched{}, fmt.Errorf("plan: %w", err)
	}
	var h hardware
	switch pl.Wire {
	case drivers.OutputLine:
		h = &OutputPin{}
	case drivers.ModbusUnit:
		h = newOutputModbus(b.OutputPart)
	case drivers.ProgramRun:
		h = &Program{}
	default:
		return switched{}, fmt.Errorf("the kit cannot play hardware on the wire %q", pl.Wire)
	}
	out, err := h.open(pl)
	if err == nil && out == nil {
		err = fmt.Errorf("open gives no output and no error")
	}
	return switched{Output: out, plan: pl, part: h}, err
}

// set sets with the time that the plan allows, as the owner does.
func (s switched) set(ctx context.Context, on bool) error {
	ctx, cancel := context.WithTimeout(ctx, s.plan.Timeout)
	defer cancel()
	return s.Set(ctx, on)
}

func (s switched) get(ctx context.Context) (on, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.plan.Timeout)
	defer cancel()
	return s.Get(ctx)
}

// is compares the hardware with what was set.
func (s switched) is(on bool) error {
	switch got, known := s.part.state(); {
	case !known:
		return fmt.Errorf("the hardware is neither on nor off")
	case got != on:
		return fmt.Errorf("the hardware is %s, set was %s", onOff(got), onOff(on))
	}
	return s.part.astray()
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// settle lets an hour go by, in which whatever was left behind would act.
func settle(ctx context.Context) error {
	defer synctest.Wait()
	return sleep(ctx, time.Hour, true)
}
