package tape

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// wall is an output on a line of its own that fails where it is told to.
type wall struct {
	on   bool
	fail error
}

func (w *wall) Set(_ context.Context, on bool) error {
	if w.fail == nil {
		w.on = on
	}
	return w.fail
}
func (w *wall) Get(context.Context) (on, ok bool, err error) { return w.on, w.fail == nil, w.fail }
func (w *wall) Close() error                                 { return nil }

func wallPlan() *drivers.OutputPlan {
	return &drivers.OutputPlan{Wire: drivers.OutputLine, Timeout: time.Second,
		OpenLine: func(l drivers.Output) (drivers.Output, error) { return l, nil }}
}

var wallHeader = Header{Driver: "relay", Wire: drivers.OutputLine, By: "simulated", At: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}

// recordOutput keeps a run of switchings.
func recordOutput(t *testing.T, h Header, p *drivers.OutputPlan, lent drivers.Output, dos []Switch, before func(int)) string {
	t.Helper()
	var b bytes.Buffer
	rec, err := NewRecorder(&b, h)
	if err != nil {
		t.Fatal(err)
	}
	out, err := rec.WrapOutput(*p).OpenLine(lent)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range dos {
		before(i)
		rec.BeginSwitch(s)
		outcome, err := s.Do(t.Context(), out)
		rec.EndSwitch(outcome, err)
	}
	if err := rec.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What was recorded of an output plays back; what departs from it is told with its line.
func TestOutputTape(t *testing.T) {
	w := &wall{}
	text := recordOutput(t, wallHeader, wallPlan(), w, []Switch{Off, Look, On, Look, Off, Look}, func(i int) {
		if i == 4 {
			w.fail = drivers.ErrUnplugged
		}
	})
	for _, want := range []string{"? off", "> 00", "= done", "? read", "> -", "< 00", "= off", "? on", "< 01", "= on", "! unplugged", "= fault unplugged"} {
		if !strings.Contains(text, want) {
			t.Errorf("the tape does not say %q:\n%s", want, text)
		}
	}
	play := func(text string, p *drivers.OutputPlan) (err error) {
		one, err := Read("wall.tape", strings.NewReader(text))
		if err != nil {
			return err
		}
		synctest.Test(t, func(t *testing.T) { err = PlayOutput(t.Context(), p, one) })
		return err
	}
	if err := play(text, wallPlan()); err != nil {
		t.Errorf("what was recorded does not play: %v", err)
	}
	inverted := wallPlan()
	inverted.OpenLine = func(l drivers.Output) (drivers.Output, error) { return contrary{l}, nil }
	other := wallPlan()
	other.Wire = drivers.ProgramRun
	for _, c := range []struct {
		name string
		text string
		plan *drivers.OutputPlan
		says string
	}{
		{"the driver does the contrary", text, inverted, "> 00 was asked here, the driver asks > 01"},
		{"another outcome", strings.Replace(text, "= on", "= off", 1), wallPlan(), "read gave on, the tape has off"},
		{"another wire", text, other, "recorded on the wire output"},
		{"of a device", strings.ReplaceAll(text, "? off", "?"), wallPlan(), "device that measures"},
		{"asked for something else", strings.Replace(text, "? off", "? toggle", 1), wallPlan(), "one of on, off and read"},
		{"a level that is none", strings.Replace(text, "< 01", "< 02", 1), wallPlan(), "a level is 00 or 01"},
	} {
		if err := play(c.text, c.plan); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
	}
}

// contrary sets the contrary of what it is told.
type contrary struct{ drivers.Output }

func (c contrary) Set(ctx context.Context, on bool) error { return c.Output.Set(ctx, !on) }

// A device that measures does not play an output's tape.
func TestOutputTapeIsNoSample(t *testing.T) {
	one, err := Read("wall.tape", strings.NewReader(strings.Replace(recordOutput(t, wallHeader, wallPlan(), &wall{}, []Switch{Off}, func(int) {}), "wire: output", "wire: input", 1)))
	if err != nil {
		t.Fatal(err)
	}
	p := &drivers.Plan{OpenInput: func(drivers.Input) (drivers.Driver, error) { return nopDriver{}, nil }}
	if err := Play(t.Context(), p, one); err == nil || !strings.Contains(err.Error(), "recorded from an output") {
		t.Errorf("%v", err)
	}
}

type nopDriver struct{ drivers.Driver }

func (nopDriver) Close() error { return nil }

// The read by which the line's owner found out whether the line echoes is passed over; a
// write that it repeated is one.
func TestOutputTapeOfAUnit(t *testing.T) {
	const tape = `lamppost tape 1
driver: relay
wire: modbus
framing: rtu
by: constructed after MODBUS Application Protocol V1.1b3 6.1 and 6.5
at: 2026-03-02T08:14:00Z

0.000 ? on
0.001 > 01 01 00 AC 00 01 3D EB
0.010 < 01 01 01 00 51 88
0.020 > 01 05 00 AC FF 00 4C 1B
0.520 > 01 05 00 AC FF 00 4C 1B
0.530 < 01 05 00 AC FF 00 4C 1B
0.531 = done
1.000 ? read
1.001 > 01 01 00 AC 00 01 3D EB
1.010 < 01 01 01 01 90 48
1.011 = on
`
	one, err := Read("unit.tape", strings.NewReader(tape))
	if err != nil {
		t.Fatal(err)
	}
	p := &drivers.OutputPlan{Wire: drivers.ModbusUnit, Timeout: 2 * time.Second, OpenModbus: func(u drivers.ModbusOutput) (drivers.Output, error) { return coil172{u}, nil }}
	synctest.Test(t, func(t *testing.T) {
		if err := PlayOutput(t.Context(), p, one); err != nil {
			t.Error(err)
		}
	})
}

type coil172 struct{ drivers.ModbusOutput }

func (c coil172) Set(ctx context.Context, on bool) error { return c.WriteCoil(ctx, 172, on) }
func (c coil172) Get(ctx context.Context) (on, ok bool, err error) {
	bits, err := c.ReadBits(ctx, 1, 172, 1)
	if err != nil {
		return false, false, err
	}
	return bits[0], true, nil
}
func (coil172) Close() error { return nil }

// ExampleSwitch_Do shows the outcomes of an output.
func ExampleSwitch_Do() {
	lamp := &wall{}
	for _, s := range []Switch{On, Look, Off, Look} {
		outcome, _ := s.Do(context.Background(), lamp)
		fmt.Println(s, outcome)
	}
	// Output:
	// on done
	// read on
	// off done
	// read off
}
