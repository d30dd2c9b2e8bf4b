package scd4x

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/sensirion"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

var room = []byte{0x01, 0xF4, 0x33, 0x66, 0x67, 0xA2, 0x5E, 0xB9, 0x3C} // 500 ppm, 25 °C, 37 %

// play is a part that has a value whenever it is asked: what it does between two of them
// is tested below.
func play(p *drivertest.Part) {
	frame := p.Frame
	p.Chip = func() drivertest.Chip {
		part := newPart()
		return func(w, r []byte) error {
			part.busy, part.since = time.Time{}, time.Time{}
			part.values = frame
			return part.chip(w, r)
		}
	}
}

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind: Kind(), Play: play,
		Good:   drivertest.Load(t, "testdata/data-sheet.frame"),
		Beyond: drivertest.Load(t, "testdata/saturated.frame"),
	})
}

func planYAML(src string) (*drivers.Plan, error) {
	return plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(src))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
}

type rig struct {
	*testing.T
	plan *drivers.Plan
	d    drivers.Driver
	wire *drivertest.I2C
}

func open(t *testing.T, options string, p *fakePart) rig {
	t.Helper()
	pl, err := planYAML(options)
	if err != nil {
		t.Fatal(err)
	}
	wire := &drivertest.I2C{Chip: p.chip}
	d, err := pl.OpenI2C(wire)
	if err != nil {
		t.Fatal(err)
	}
	return rig{t, pl, d, wire}
}

func (r rig) sample() ([]obs.Reading, error) {
	ctx, cancel := context.WithTimeout(r.Context(), r.plan.Timeout)
	defer cancel()
	return r.d.Sample(ctx)
}

// want samples after a while, and wants 500 ppm, or no value and a reason, or a fault.
func (r rig) want(after time.Duration, want string) {
	r.Helper()
	<-time.After(after)
	rs, err := r.sample()
	got := drivers.FaultWord(err)
	if err == nil {
		got = string(rs[0].Quality.Why)
		if rs[0].Quality.Flag != obs.Missing {
			got = fmt.Sprint(rs[0].Value)
		}
	}
	if got != want {
		r.Errorf("%s (%v, %v), want %s", got, rs, err, want)
	}
}

// What the driver does with the part's own rhythm.
func TestPeriodic(t *testing.T) {
	for _, c := range []struct {
		options      string
		every, start time.Duration
	}{
		{"", 5 * time.Second, 500 * time.Millisecond},
		{"mode: low-power", 30 * time.Second, 500 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := open(t, c.options, newPart())
			begun := time.Now()
			r.want(0, "warm-up")
			if took := time.Since(begun); took < c.start || took > c.start+20*time.Millisecond {
				t.Errorf("to start it took %v", took)
			}
			r.want(c.every/2, "warm-up")
			r.want(c.every/2, "500")
			r.want(0, "stale")
			for range 20 {
				r.want(c.every, "500")
			}
			r.want(10*c.every, "500")
		})
	}
}

// Polled a little faster than the part measures, each sample waits a little longer, and
// once in a while one finds nothing new; it does not hold the bus for more than a second.
func TestPolledALittleTooFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, "", newPart())
		r.want(0, "warm-up")
		stale := 0
		for next := time.Now().Add(5 * time.Second); next.Before(time.Now().Add(10*time.Minute)) && stale < 3; next = next.Add(4900 * time.Millisecond) {
			<-time.After(time.Until(next))
			begun := time.Now()
			rs, err := r.sample()
			if took := time.Since(begun); err != nil || took > patience+2*poll {
				t.Fatalf("%v, %v after %v", rs, err, took)
			}
			if rs[0].Quality.Why == obs.Stale {
				stale++
			}
		}
		if stale != 3 {
			t.Errorf("%d samples without a new value in ten minutes", stale)
		}
	})
}

// A part that lost its supply measures nothing. It is given its settings and started
// again.
func TestPowerLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPart()
		r := open(t, "altitude: 1500", p)
		r.want(0, "warm-up")
		r.want(10*time.Second, "500")
		p.powerCut()
		r.want(500*time.Millisecond, "timeout") // it boots
		r.want(9500*time.Millisecond, "warm-up")
		if p.settings[0x2322] != 1500 {
			t.Errorf("the altitude is %d m", p.settings[0x2322])
		}
		r.want(10*time.Second, "500")
		r.wire.Fault = func(int) error { return errNoAck } // pulled out
		r.want(10*time.Second, "timeout")
		p.powerCut()
		r.wire.Fault = nil
		r.want(10*time.Second, "warm-up")
		r.want(10*time.Second, "500")
		p.every = 0 // another program stopped it
		r.want(10*time.Second, "warm-up")
		r.want(10*time.Second, "500")
	})
}

// A part that is started and never measures is broken, and says so until it measures.
func TestNeverMeasures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPart()
		p.broken = true
		r := open(t, "", p)
		for range fruitless {
			r.want(10*time.Second, "warm-up")
		}
		r.want(10*time.Second, "device")
		r.want(10*time.Second, "device")
		r.want(time.Second, "device")
		p.broken = false
		r.want(10*time.Second, "500")
		p.broken = true
		r.want(10*time.Second, "warm-up")
	})
}

// A part that another program left measuring, or put to sleep, is taken over.
func TestTakenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPart()
		p.every, p.since = 30*time.Second, time.Now().Add(-time.Hour)
		r := open(t, "", p)
		r.want(0, "warm-up")
		r.want(5*time.Second, "500")
		asleep := newPart()
		asleep.asleep = true
		r = open(t, "", asleep)
		r.want(0, "warm-up")
		r.want(5*time.Second, "500")
	})
}

func TestSingleShot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPart()
		r := open(t, "{mode: single-shot, temperature_offset: 2}", p)
		begun := time.Now()
		r.want(0, "500")
		if took := time.Since(begun); took < 5500*time.Millisecond || took > 5600*time.Millisecond {
			t.Errorf("the first took %v", took)
		}
		begun = time.Now()
		r.want(0, "500")
		if took := time.Since(begun); took < 5*time.Second || took > 5100*time.Millisecond {
			t.Errorf("the second took %v", took)
		}
		p.powerCut()
		r.want(2*time.Second, "500") // with its settings
		if p.settings[0x2318] != 749 {
			t.Errorf("the offset is %d", p.settings[0x2318])
		}
		p.broken = true
		r.want(time.Minute, "device")
		p.broken = false
		r.want(time.Minute, "500")
		p.variant = 0x0440
		r = open(t, "mode: single-shot", p)
		r.want(0, "wrong-part")
	})
}

// Settings are written where they are configured and the part has others; a part in good
// order that is left alone is told nothing but to measure.
func TestSettings(t *testing.T) {
	for _, c := range []struct {
		options string
		want    []string // what is written beside 3F86, 3682, 21B1, E4B8, EC05
	}{
		{"", nil},
		{"temperature_offset: 4", []string{"2318"}},
		{"self_calibration: true", []string{"2313"}},
		{"self_calibration: false", []string{"2313", "2416000081", "2313"}},
		{"temperature_offset: 0", []string{"2318", "241D000081", "2318"}},
		{"altitude: 1950", []string{"2322", "2427079E09", "2322"}},
		{"pressure: 987", []string{"E000", "E00003DB42", "E000"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newPart()
			r := open(t, c.options, p)
			r.want(0, "warm-up")
			r.want(5*time.Second, "500")
			got := slices.DeleteFunc(p.wrote, func(w string) bool { return strings.Contains("3F86 3682 21B1 E4B8 EC05", w) })
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: written %q, want %q", c.options, got, c.want)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		p := newPart()
		p.deaf = true
		r := open(t, "altitude: 1950", p)
		if rs, err := r.sample(); !errors.Is(err, drivers.ErrDevice) || !strings.Contains(err.Error(), "altitude: the device reports a fault of its own: it was told 1950 and has 0") {
			t.Errorf("a part that takes no setting: %v, %v", rs, err)
		}
	})
}

func TestOptions(t *testing.T) {
	for _, c := range []struct{ yaml, key, msg string }{
		{"mode: fast", "mode", "write periodic, low-power or single-shot"},
		{"altitude: -1", "altitude", "write 0 to 3000"},
		{"altitude: .nan", "altitude", "write 0 to 3000"},
		{"pressure: 1300", "pressure", "write 700 to 1200"},
		{"temperature_offset: 25", "temperature_offset", "write 0 to 20"},
		{"{altitude: 10, pressure: 1000}", "pressure", "write one of them"},
	} {
		_, err := planYAML(c.yaml)
		var o *drivers.OptionError
		if err == nil || errors.As(err, &o) && (o.Key != c.key || !strings.Contains(o.Msg, c.msg)) {
			t.Errorf("%s gives %v, want %s: %s", c.yaml, err, c.key, c.msg)
		}
	}
	for mode, want := range map[string]time.Duration{"periodic": 5 * time.Second, "low-power": 30 * time.Second, "single-shot": 10 * time.Second} {
		if pl, err := planYAML("mode: " + mode); err != nil || pl.MinEvery != want {
			t.Errorf("%s: %+v, %v", mode, pl, err)
		}
	}
}

func TestFacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, "", newPart())
		facts := func() string {
			f, err := r.d.(drivers.Informant).Facts(t.Context())
			var said []string
			for _, x := range f {
				said = append(said, x.Name+" "+x.Value)
			}
			return fmt.Sprintf("%q %v", said, err)
		}
		if got := facts(); got != "[] <nil>" {
			t.Errorf("before it was asked: %s", got)
		}
		r.want(0, "warm-up")
		if got := facts(); got != `["serial_number F89631B107CA"] <nil>` {
			t.Errorf("set up: %s", got)
		}
	})
}

// Whatever a part says, it becomes readings with good checksums, or a fault that names
// the checksum.
func FuzzSample(f *testing.F) {
	f.Add(room)
	f.Add([]byte{0x01, 0xF5, 0x33, 0x66, 0x67, 0xA2, 0x5E, 0xB9, 0x3C})
	f.Add(bytes.Repeat([]byte{0xff}, 9))
	f.Fuzz(func(t *testing.T, values []byte) {
		if len(values) != 9 {
			return
		}
		var words [3]uint16
		good := sensirion.Words(values, words[:]) == nil
		d := &driver{part: part{&drivertest.I2C{Chip: func(_, r []byte) error { copy(r, values); return nil }}}}
		rs, err := d.values(t.Context())
		if good != (err == nil) || err != nil && drivers.FaultWord(err) != "checksum" {
			t.Fatalf("% X: %v, %v", values, rs, err)
		}
		for i, r := range rs {
			if c := channels[i]; r.Quality.Usable() != (r.Value >= c.Min && r.Value <= c.Max) || r.Quality.Flag == obs.Missing {
				t.Errorf("% X: %s is %+v", values, c.Name, r)
			}
		}
	})
}

func BenchmarkAnswer(b *testing.B) { // with the millisecond that the part may take
	d := &driver{part: part{&drivertest.I2C{Chip: func(_, r []byte) error { copy(r, room); return nil }}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.values(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
