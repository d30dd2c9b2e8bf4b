package sht3x

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

// part is the part as the data sheet has it: it measures for 15.5 ms after a single
// shot, and acknowledges no read before. What it was asked for is read once.
type part struct {
	values  []byte // six bytes, what a measurement gives
	status  uint16
	pending []byte
	done    time.Time
	wrote   [][]byte      // the first of what was written
	slow    time.Duration // more than it may take
}

var errNoAck = fmt.Errorf("%w: nobody acknowledges", drivers.ErrTimeout)

func (p *part) chip(w, r []byte) error {
	if len(w) > 0 {
		if len(p.wrote) < 20 {
			p.wrote = append(p.wrote, bytes.Clone(w))
		}
		p.command(w)
	}
	switch {
	case len(r) == 0:
		return nil
	case p.pending == nil || time.Now().Before(p.done):
		return errNoAck
	}
	for i := range r { // a master that reads on gets ones
		r[i] = 0xff
	}
	copy(r, p.pending)
	p.pending = nil
	return nil
}

func (p *part) command(w []byte) {
	p.done = time.Now()
	switch fmt.Sprintf("%X", w) {
	case "2400":
		p.pending, p.done = p.values, time.Now().Add(15500*time.Microsecond+p.slow)
	case "F32D":
		p.pending = sensirion.Command(nil, 0, p.status)[2:]
	case "3066":
		p.status &^= 1 << 13
	case "3682":
		p.pending = sensirion.Command(nil, 0, 0x12AB, 0x34CD)[2:]
	}
}

func play(p *drivertest.Part) {
	frame := p.Frame
	p.Chip = func() drivertest.Chip { return (&part{values: frame}).chip }
}

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind: Kind(), Play: play,
		Good:   drivertest.Load(t, "testdata/room.frame"),
		Beyond: drivertest.Load(t, "testdata/highest.frame"),
	})
}

func open(t testing.TB, p *part) *driver {
	t.Helper()
	pl, err := plan(func(out any) error {
		doc, err := yamldoc.Parse("options", nil)
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
	if err != nil {
		t.Fatal(err)
	}
	d, err := pl.OpenI2C(&drivertest.I2C{Chip: p.chip})
	if err != nil {
		t.Fatal(err)
	}
	return d.(*driver)
}

var room = []byte{0x66, 0x67, 0xA2, 0x7F, 0xFF, 0x8F}

func TestTakesTheTimeOfAMeasurement(t *testing.T) {
	for _, c := range []struct {
		slow, took time.Duration
		err        error
	}{
		{0, commandTime + measureTime, nil},
		{2 * time.Millisecond, commandTime + measureTime + again, nil},
		{time.Minute, commandTime + measureTime + (tries-1)*again, drivers.ErrTimeout},
	} {
		synctest.Test(t, func(t *testing.T) {
			begun := time.Now()
			_, err := open(t, &part{values: room, slow: c.slow}).Sample(t.Context())
			if took := time.Since(begun); took != c.took || !errors.Is(err, c.err) {
				t.Errorf("%v slower: %v after %v, want %v after %v", c.slow, err, took, c.err, c.took)
			}
		})
	}
}

// A heater that somebody left on spoils the sample in which it is found, and no other.
func TestHeater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &part{values: room, status: 1 << 13}
		d := open(t, p)
		for i, want := range []obs.Quality{{Flag: obs.Suspect, Why: obs.Instrument}, {}} {
			rs, err := d.Sample(t.Context())
			if err != nil || rs[0].Quality != want || rs[1].Quality != want || rs[0].Value != 25 {
				t.Errorf("sample %d: %v, %v; want %v", i, rs, err, want)
			}
		}
		if n := len(slices.DeleteFunc(p.wrote, func(w []byte) bool { return !bytes.Equal(w, []byte{0x30, 0x66}) })); n != 1 {
			t.Errorf("the heater was switched off %d times", n)
		}
	})
}

// Nothing is written to a part in good order but what is needed to read it.
func TestWritesNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &part{values: room}
		if _, err := open(t, p).Sample(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("% X", p.wrote); got != "[F3 2D 24 00]" {
			t.Errorf("written: %s", got)
		}
	})
}

func TestFacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		facts, err := open(t, &part{status: 0x8010}).Facts(t.Context())
		want := []drivers.Fact{{Name: "serial_number", Value: "12AB34CD"}, {Name: "status", Value: "8010: an alert is pending, it was reset since the status was cleared"}}
		if err != nil || !slices.Equal(facts, want) {
			t.Errorf("%q, %v", facts, err)
		}
		d := open(t, &part{})
		d.wire.(*drivertest.I2C).Fault = func(int) error { return drivers.ErrUnplugged }
		if facts, err := d.Facts(t.Context()); !errors.Is(err, drivers.ErrUnplugged) {
			t.Errorf("no bus: %q, %v", facts, err)
		}
	})
}

func TestStatus(t *testing.T) {
	for s, want := range map[status]string{
		0: "0000: nothing to report", 0x8010: "8010: an alert is pending, it was reset since the status was cleared",
		0x2003: "2003: the heater is on, the last command was refused, the last write had a wrong checksum",
		0x0c00: "0C00: humidity alert, temperature alert",
	} {
		if got := s.String(); got != want {
			t.Errorf("%04X: %q, want %q", uint16(s), got, want)
		}
	}
}

// Whatever a part says, it becomes readings with good checksums, or a fault that names
// the checksum.
func FuzzSample(f *testing.F) {
	f.Add(room)
	f.Add([]byte{0x66, 0x67, 0xA3, 0x7F, 0xFF, 0x8F})
	f.Add(bytes.Repeat([]byte{0xff}, 6))
	f.Fuzz(func(t *testing.T, values []byte) {
		if len(values) != 6 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			rs, err := open(t, &part{values: values}).Sample(t.Context())
			good := sensirion.CRC(values[0], values[1]) == values[2] && sensirion.CRC(values[3], values[4]) == values[5]
			if good != (err == nil) || err != nil && drivers.FaultWord(err) != "checksum" {
				t.Fatalf("% X: %v, %v", values, rs, err)
			}
			if err == nil && (rs[0].Value < -45 || rs[0].Value > 130 || rs[1].Value < 0 || rs[1].Value > 100 || (rs[0].Quality.Usable() != (rs[0].Value >= -40 && rs[0].Value <= 125))) {
				t.Errorf("% X: %v", values, rs)
			}
		})
	})
}

// A part that is pulled out in the middle, and plugged in again.
func TestPulledOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, &part{values: room})
		wire := d.wire.(*drivertest.I2C)
		wire.Fault = func(n int) error {
			if n >= 3 {
				return errNoAck
			}
			return nil
		}
		if rs, err := d.Sample(t.Context()); drivers.FaultWord(err) != "timeout" || !strings.Contains(err.Error(), "nobody acknowledges") {
			t.Errorf("%v, %v", rs, err)
		}
		wire.Fault = nil
		if rs, err := d.Sample(t.Context()); err != nil || rs[0].Value != 25 {
			t.Errorf("plugged in again: %v, %v", rs, err)
		}
	})
}

func BenchmarkAnswer(b *testing.B) { // without the 17 ms of a measurement
	wire := &drivertest.I2C{Chip: func(_, r []byte) error { copy(r, room); return nil }}
	d, words := &driver{wire: wire}, make([]uint16, 2)
	b.ReportAllocs()
	for b.Loop() {
		if err := d.ask(context.Background(), singleShot, 0, words); err != nil {
			b.Fatal(err)
		}
	}
}
