package lab

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/gpio"
	"github.com/lamppost-city/lamppost/drivers/codec/labbus"
)

// bench is a chip whose time the test makes, and the gateway's owner of it.
type bench struct {
	*GPIOChip
	t     *testing.T
	time  atomic.Int64
	owner *gpio.Chip
	log   *ledger
}

func newBench(t *testing.T, pins ...Pin) *bench {
	t.Helper()
	b := &bench{t: t, log: &ledger{}}
	b.time.Store(int64(time.Hour))
	var err error
	if b.GPIOChip, err = openGPIO(at(t, "gpio.sock"), "lab", b.log, func() time.Duration { return time.Duration(b.time.Load()) }, pins); err != nil {
		t.Fatal(err)
	}
	if b.owner, err = gpio.New(gpio.Config{Chip: b.Path()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.owner.Close(); b.Close() })
	return b
}

// live lets time pass for the parts.
func (b *bench) live(d time.Duration) {
	for end := b.time.Load() + int64(d); b.time.Load() < end; {
		b.step(time.Duration(b.time.Add(int64(tick))))
	}
}

func (b *bench) counter(line string, s drivers.PinSettings) *gpio.Counter {
	b.t.Helper()
	n, err := b.owner.Counter("n", line, s)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := n.Count(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	return n
}

// counts waits until the counter has counted so many.
func (b *bench) counts(n *gpio.Counter, want uint64) drivers.PulseCount {
	b.t.Helper()
	var c drivers.PulseCount
	var err error
	for end := time.Now().Add(10 * time.Second); c.Total+c.Lost < want && time.Now().Before(end); {
		if c, err = n.Count(b.t.Context()); err != nil {
			b.t.Fatal(err)
		}
	}
	if c.Total+c.Lost != want {
		b.t.Errorf("counted %+v, want %d", c, want)
	}
	return c
}

func rain(air Source) *Pulser {
	return &Pulser{Source: air, Rate: "rain_rate", PerSecond: func(v float64) float64 { return v / 0.2 / 3600 }, Total: "rain", Per: 0.2, Closed: 60 * time.Millisecond, Bounces: true}
}

// A bucket that tips and bounces is counted once for each tip, with the settings of a
// rain gauge, and the truth log has a line for each.
func TestTipsAreCountedOnce(t *testing.T) {
	for name, s := range map[string]drivers.PinSettings{
		"by the kernel's debounce": {Active: "low", Pull: "up", Debounce: 10 * time.Millisecond},
		"by their spacing":         {Active: "low", Pull: "up", Spacing: 150 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, Pin{Name: "RAIN", Device: "rain", Sensor: rain(&fixed{values: map[string]float64{"rain_rate": 720}})}) // one tip a second
			n := b.counter("RAIN", s)
			b.live(time.Minute + half)
			c := b.counts(n, 60)
			if c.Lost > 0 || (c.Period-time.Second).Abs() > 20*time.Millisecond {
				t.Errorf("%+v, want one each second", c)
			}
			lines := b.log.take()
			if len(lines) != 60 || lines[59].Channel != "rain" || lines[59].Via != truth.Frame || !lines[59].Good || lines[59].Device != "rain" {
				t.Errorf("%d lines, the last %+v", len(lines), lines[len(lines)-1])
			}
			n.Close()
			eventually(t, "the line to be free", func() bool { _, used, err := b.Level("RAIN"); return err == nil && !used })
			b.live(time.Minute)
			if lines := b.log.take(); len(lines) != 0 {
				t.Errorf("%d lines of tips that nobody counts", len(lines))
			}
		})
	}
}

// half is half of the time between two tips, so that none falls on the end of a test.
const half = 500 * time.Millisecond

// Without any of it each bounce counts: the test above would not notice a bucket that
// does not bounce.
func TestBouncesAreThere(t *testing.T) {
	b := newBench(t, Pin{Name: "RAIN", Device: "rain", Sensor: rain(&fixed{values: map[string]float64{"rain_rate": 720}})})
	n := b.counter("RAIN", drivers.PinSettings{Active: "low"})
	b.live(10*time.Second + half)
	b.counts(n, 40)
}

func TestFastPulses(t *testing.T) {
	water := &fixed{values: map[string]float64{"flow": 1.8}} // m³/h: 30 L/min, 225 Hz
	b := newBench(t, Pin{Name: "FLOW", Device: "flow", Sensor: &Pulser{Source: water, Rate: "flow", PerSecond: func(v float64) float64 { return v * 1000 / 60 * 7.5 }, Closed: 2 * time.Millisecond}})
	n := b.counter("FLOW", drivers.PinSettings{Active: "low"})
	b.live(2 * time.Second)
	c := b.counts(n, 450)
	if hz := 1 / c.Period.Seconds(); hz < 224 || hz > 226 {
		t.Errorf("%v Hz, want 225", hz)
	}
	water.befall(scenario.Mishap{Silent: true}) // the wire is cut
	b.live(2 * time.Second)
	b.counts(n, 450)
}

func TestContacts(t *testing.T) {
	sump := &fixed{values: map[string]float64{"wet": 0}}
	b := newBench(t, Pin{Name: "FLOAT", Device: "sump", Sensor: &Contact{Source: sump, Channel: "wet"}},
		Pin{Name: "DOOR", Device: "door", Sensor: &Contact{Source: sump, Channel: "wet", Opens: true}})
	for _, c := range []struct {
		line, active string
	}{{"FLOAT", "low"}, {"DOOR", "high"}} {
		in, err := b.owner.Input(c.line, drivers.PinSettings{Active: c.active, Pull: "up"})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []float64{0, 1, 0} {
			sump.set("wet", v)
			b.log.take()
			on, err := in.Active(t.Context())
			if err != nil || on != (v == 1) {
				t.Errorf("%s at %v: %v, %v", c.line, v, on, err)
			}
			if lines := b.log.take(); len(lines) != 1 || lines[0].V != v || lines[0].Via != truth.Answer || !lines[0].Good {
				t.Errorf("%s: truth %+v", c.line, lines)
			}
		}
		sump.set("wet", 1)
		sump.befall(scenario.Mishap{Silent: true})
		if on, err := in.Active(t.Context()); err != nil || on != (c.active == "high") || len(b.log.take()) != 0 {
			t.Errorf("%s with a cut wire: %v, %v", c.line, on, err)
		}
		sump.befall(scenario.Mishap{})
	}
}

// A relay board that is active low is switched without passing through the other
// state, and keeps its state when the gateway lets go.
func TestRelays(t *testing.T) {
	siren := &Relay{ActiveLow: true}
	b := newBench(t, Pin{Name: "SIREN", Device: "siren", Actuator: siren})
	out, err := b.owner.Output("SIREN", gpio.OutputSettings{ActiveLow: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, on := range []bool{false, true, false, true} {
		if err := out.Set(t.Context(), on); err != nil || siren.On() != on {
			t.Errorf("set %v: %v, the relay is %v", on, err, siren.On())
		}
		if got, ok, err := out.Get(t.Context()); got != on || !ok || err != nil {
			t.Errorf("get: %v, %v, %v", got, ok, err)
		}
		if lines := b.log.take(); (len(lines) == 1) != (i > 0) || i > 0 && (lines[0].Event != "switch" || lines[0].Device != "siren") {
			t.Errorf("set %v: truth %+v", on, lines)
		}
	}
	if _, err := b.owner.Counter("again", "SIREN", drivers.PinSettings{}); err != nil {
		t.Fatal(err)
	}
	second, err := b.owner.Input("SIREN", drivers.PinSettings{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Active(t.Context()); !errors.Is(err, drivers.ErrBusy) || !strings.Contains(err.Error(), "lamppost") {
		t.Errorf("a line with an owner: %v", err)
	}
	if err := out.Close(); err != nil {
		t.Error(err)
	}
	if !siren.On() {
		t.Error("the relay drops when the gateway lets go")
	}
	stuck := &Relay{Stuck: func() bool { return true }}
	if lines := stuck.Drive(true); lines != nil || stuck.On() {
		t.Error("a relay with an open coil picks up")
	}
}

func TestChipGoneAndBack(t *testing.T) {
	b := newBench(t, Pin{Name: "RAIN", Device: "rain", Sensor: rain(&fixed{values: map[string]float64{"rain_rate": 720}})})
	n := b.counter("RAIN", drivers.PinSettings{Active: "low", Spacing: 150 * time.Millisecond})
	b.live(10*time.Second + half)
	b.counts(n, 10)
	if err := b.Unplug(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the counter to notice", func() bool { _, err := n.Count(t.Context()); return errors.Is(err, drivers.ErrUnplugged) })
	b.live(10 * time.Second) // these tips nobody counts
	if err := b.Replug(); err != nil {
		t.Fatal(err)
	}
	var back drivers.PulseCount
	eventually(t, "the counter to come back", func() (ok bool) { c, err := n.Count(t.Context()); back = c; return err == nil })
	if back.Total != 10 || !back.Missed || back.Unwatched == 0 {
		t.Errorf("back with %+v", back)
	}
	b.live(10 * time.Second)
	b.counts(n, 20)
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

// Edges that nobody fetches are dropped, the oldest first; the numbers say how many.
func TestSlowReader(t *testing.T) {
	b := newBench(t, Pin{Name: "FAST", Device: "fast", Sensor: &Pulser{Source: &fixed{values: map[string]float64{"hz": 1000}}, Rate: "hz", PerSecond: func(v float64) float64 { return v }, Closed: time.Millisecond}})
	c, err := net.Dial("unix", b.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if !send(c, labbus.Request{Line: 0, Flags: labbus.Edges}) {
		t.Fatal("the simulator does not listen")
	}
	in := labbus.Reader{R: c}
	for range 2 { // hello, answer
		if _, err := in.Next(); err != nil {
			t.Fatal(err)
		}
	}
	b.live(3 * time.Minute) // far more than a socket holds
	got, last := 0, uint32(0)
	for last < 359000 { // of 360 000, and the newest are kept
		m, err := in.Next()
		if err != nil {
			t.Fatal(err)
		}
		e, ok := m.(labbus.Edge)
		if !ok || e.Seq <= last {
			t.Fatalf("%#v after edge %d", m, last)
		}
		got, last = got+1, e.Seq
	}
	if got > 150000 {
		t.Errorf("%d of %d edges were kept for a reader who did not read", got, last)
	}
}

// What is no question ends the conversation and takes no line.
func TestHostileMasters(t *testing.T) {
	b := newBench(t, Pin{Name: "RAIN", Device: "rain", Sensor: rain(&fixed{values: map[string]float64{}})})
	for name, m := range map[string]labbus.Message{"an edge": labbus.Edge{}, "a transfer": labbus.Transfer{Address: 1}, "a line that is not there": labbus.Request{Line: 9},
		"a get without a line": labbus.Get{}, "a set without a line": labbus.Set{}, "edges of an output": labbus.Request{Flags: labbus.Output | labbus.Edges}} {
		c, err := net.Dial("unix", b.Path())
		if err != nil {
			t.Fatal(err)
		}
		send(c, m)
		in := labbus.Reader{R: c}
		if _, err := in.Next(); err != nil {
			t.Errorf("%s: no hello: %v", name, err)
		}
		if got, err := in.Next(); err == nil {
			if a, ok := got.(labbus.Answer); !ok || a.Errno == 0 {
				t.Errorf("%s is answered with %#v", name, got)
			}
		}
		c.Close()
	}
	eventually(t, "the line to be free", func() bool { _, used, err := b.Level("RAIN"); return err == nil && !used })
	if _, _, err := b.Level("NONE"); err == nil {
		t.Error("a line that is not there has a level")
	}
}
