package bme280

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// The calibration and the raw values that periph's own tests publish, checked against
// an independent computation: 23.72 °C, 100942.695 Pa, 65.306 %.
const (
	published1 = "10 6E 6C 66 32 00 5D 95 B8 D5 D0 0B 77 1E 9D FF F9 FF AC 26 0A D8 BD 10 00 4B"
	published2 = "6E 01 00 13 05 00 1E"
	measured   = "4A 52 C0 80 96 C0 7A 76"
)

// The data sheet's own example for the BMP280 (section 3.12), with raw pressure 415148
// and temperature 519888: 25.08 °C, 100653.27 Pa.
const (
	example1   = "70 6B 43 67 18 FC 7D 8E 43 D6 D0 0B 27 0B 8C 00 F9 FF 8C 3C F8 C6 70 17 00 4B"
	exampleRaw = "65 5A C0 7E ED 00"
)

// part is a part in sleep mode, as it is after power-on: it measures when it is told to.
type part struct {
	drivertest.Registers
	values []byte // what it measures
	dead   bool   // it is told to, and does nothing
	slow   int    // reads of the status before it is done
}

func newPart(id byte, cal1, cal2, values string) *part {
	p := &part{values: unhex(values)}
	p.Pairs = true
	p.Set(chipID, id).Set(0x88, unhex(cal1)...).Set(0xE1, unhex(cal2)...)
	p.reset()
	p.Wrote = func(register, value byte) {
		if register == 0xF4 && value&3 == 1 && !p.dead {
			p.Set(data, p.values...)
			if p.At[ctrlHum]&7 == 0 && id == 0x60 {
				p.Set(0xFD, 0x80, 0)
			}
		}
	}
	return p
}

// reset is what a power cut does.
func (p *part) reset() {
	p.Set(ctrlHum, 0, 0, 0, 0).Set(data, 0x80, 0, 0, 0x80, 0, 0, 0x80, 0)
}

func (p *part) chip() drivertest.Chip {
	answer := p.Registers.Chip()
	return func(w, r []byte) error {
		if len(w) == 1 && w[0] == status && p.slow > 0 {
			p.slow--
			r[0] = 8
			return nil
		}
		return answer(w, r)
	}
}

func fresh(id byte, cal1, cal2, values string) func() drivertest.Chip {
	return func() drivertest.Chip { return newPart(id, cal1, cal2, values).chip() }
}

// play is the part that a golden frame holds: chip id, calibration, and what it measures.
func play(p *drivertest.Part) {
	const first, second = 26, 7
	id, cal1, rest := p.Frame[0], p.Frame[1:1+first], p.Frame[1+first:]
	cal2 := rest[:0]
	if len(rest) > 6 { // with humidity
		cal2, rest = rest[:second], rest[second:]
	}
	p.Chip = fresh(id, hex.EncodeToString(cal1), hex.EncodeToString(cal2), hex.EncodeToString(rest))
}

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind: Kind(), Play: play,
		Good:   drivertest.Load(t, "testdata/published.frame"),
		Beyond: drivertest.Load(t, "testdata/too-warm.frame"),
	})
}

// The published transcript, byte for byte; what is read of calibration and values is read
// twice.
func TestTranscript(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := newPart(0x60, published1, published2, measured).chip()
		var got []string
		d, wire := open(t, "", newPart(0x60, published1, published2, measured))
		wire.Chip = func(w, r []byte) error {
			err := answer(w, r)
			line := strings.TrimSpace(fmt.Sprintf("%X > %X", w, r))
			if len(got) == 0 || got[len(got)-1] != line {
				got = append(got, line)
			}
			return err
		}
		rs, err := d.Sample(t.Context())
		if err != nil || rs[0].Value != 23.72 || rs[1].Value != 1009.427 || rs[2].Value != 65.31 {
			t.Errorf("%v, %v", rs, err)
		}
		want := []string{"D0 > 60", "88 > " + strings.ReplaceAll(published1, " ", ""), "E1 > " + strings.ReplaceAll(published2, " ", ""),
			"F46CF203F5A0F46C >", "F46D >", "F3 > 00", "F7 > " + strings.ReplaceAll(measured, " ", "")}
		if !slices.Equal(got, want) {
			t.Errorf("on the wire\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// Noise on the bus is no measurement: what is read twice and differs is told.
func TestNoise(t *testing.T) {
	for _, register := range []byte{chipID, 0x88, 0xE1, data} {
		synctest.Test(t, func(t *testing.T) {
			answer, noisy := newPart(0x60, published1, published2, measured).chip(), true
			d, wire := open(t, "", newPart(0x60, published1, published2, measured))
			wire.Chip = func(w, r []byte) error {
				err := answer(w, r)
				if noisy && len(w) == 1 && w[0] == register {
					r[len(r)/2] ^= 4
					noisy = false
				}
				return err
			}
			if rs, err := d.Sample(t.Context()); !errors.Is(err, drivers.ErrChecksum) || !strings.Contains(err.Error(), fmt.Sprintf("register %#02x read twice", register)) {
				t.Errorf("register %#02x: %v, %v", register, rs, err)
			}
			if rs, err := d.Sample(t.Context()); err != nil || rs[0].Value != 23.72 {
				t.Errorf("and again: %v, %v", rs, err)
			}
		})
	}
}

// Whatever a part holds, it becomes readings that are flagged where they cannot be, or a
// fault with a name; and the raw values are those of the bytes.
func FuzzSample(f *testing.F) {
	f.Add(byte(0x60), unhex(published1+published2+measured))
	f.Add(byte(0x60), make([]byte, 41))
	f.Add(byte(0x60), bytes.Repeat([]byte{0xff}, 41))
	f.Fuzz(func(t *testing.T, id byte, p []byte) {
		if len(p) != 41 {
			return
		}
		v := split(p[33:])
		if again := []byte{byte(v.pressure >> 12), byte(v.pressure >> 4), byte(v.pressure << 4), byte(v.temp >> 12), byte(v.temp >> 4), byte(v.temp << 4), byte(v.humidity >> 8), byte(v.humidity)}; !bytes.Equal(again[:2], p[33:35]) ||
			again[2]^p[35] > 0x0f || again[5]^p[38] > 0x0f || !bytes.Equal(again[6:], p[39:]) {
			t.Errorf("% X is split into %+v", p[33:], v)
		}
		synctest.Test(t, func(t *testing.T) {
			d, _ := open(t, "", newPart(id, hex.EncodeToString(p[:26]), hex.EncodeToString(p[26:33]), hex.EncodeToString(p[33:])))
			rs, err := d.Sample(t.Context())
			if err != nil && drivers.FaultWord(err) == "error" {
				t.Errorf("% X: %v", p, err)
			}
			for i, r := range rs {
				if c := channels[i]; r.Quality.Usable() != (r.Value >= c.Min && r.Value <= c.Max) {
					t.Errorf("% X: %s is %+v", p, c.Name, r)
				}
			}
		})
	})
}

func open(t *testing.T, options string, p *part) (*driver, *drivertest.I2C) {
	t.Helper()
	pl, err := planYAML(options)
	if err != nil {
		t.Fatal(err)
	}
	wire := &drivertest.I2C{Chip: p.chip()}
	d, err := pl.OpenI2C(wire)
	if err != nil {
		t.Fatal(err)
	}
	return d.(*driver), wire
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

func TestBMP280(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _ := open(t, "model: bmp280", newPart(0x58, example1, "", exampleRaw))
		rs, err := d.Sample(t.Context())
		if err != nil || len(rs) != 2 || rs[0].Value != 25.08 || rs[1].Value != 1006.533 {
			t.Errorf("%v, %v; the data sheet says 25.08 °C, 100653.27 Pa", rs, err)
		}
	})
}

func TestWrongParts(t *testing.T) {
	for _, c := range []struct {
		model string
		id    byte
		want  string // empty: it is read
	}{
		{"bme280", 0x60, ""},
		{"bmp280", 0x60, ""}, // without its humidity
		{"bmp280", 0x57, "early series"},
		{"bme280", 0x58, "write model: bmp280"},
		{"bmp280", 0x61, "BME680"},
		{"bme280", 0x55, "BMP180"},
		{"bme280", 0x00, "chip id is 0x00"},
		{"bme280", 0xff, "chip id is 0xff"},
	} {
		synctest.Test(t, func(t *testing.T) {
			d, _ := open(t, "model: "+c.model, newPart(c.id, published1, published2, measured))
			rs, err := d.Sample(t.Context())
			switch {
			case c.want == "" && err != nil:
				t.Errorf("%s, id %#x: %v", c.model, c.id, err)
			case c.want != "" && (!errors.Is(err, drivers.ErrWrongPart) || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%s, id %#x: %v, %v; want %q", c.model, c.id, rs, err, c.want)
			}
		})
	}
}

// A part that loses its supply, or is swapped, between two samples is set up anew: its
// values come from its own calibration, and nothing looks measured that was not.
func TestPowerLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPart(0x60, published1, published2, measured)
		d, wire := open(t, "", p)
		want := func(what string, temp, rh float64) {
			t.Helper()
			rs, err := d.Sample(t.Context())
			if err != nil || rs[0].Value != temp || rs[2].Value != rh {
				t.Errorf("%s: %v, %v", what, rs, err)
			}
		}
		want("before", 23.72, 65.31)
		p.reset()
		want("after a power cut", 23.72, 65.31)
		other := newPart(0x60, example1, published2, exampleRaw+"7A 76")
		wire.Chip = other.chip()
		want("another part", 25.08, 65.5)
		other.dead = true
		other.reset()
		rs, err := d.Sample(t.Context())
		if !errors.Is(err, drivers.ErrDevice) {
			t.Errorf("nothing was measured: %v, %v", rs, err)
		}
		other.dead = false
		want("and again", 25.08, 65.5)
	})
}

// 0x8000 is also a humidity. It is only no value when humidity is not measured.
func TestHumidityThatLooksSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPart(0x60, published1, published2, "4A 52 C0 80 96 C0 80 00")
		d, _ := open(t, "", p)
		rs, err := d.Sample(t.Context())
		if err != nil || rs[2].Quality.Flag == obs.Missing || math.Abs(rs[2].Value-73) > 2 {
			t.Errorf("%v, %v", rs, err)
		}
		wrote := p.Wrote
		p.Wrote = func(register, value byte) {
			if register == 0xF4 {
				p.At[ctrlHum] = 0 // reset in the middle, and the measurement goes on all the same
			}
			wrote(register, value)
		}
		if rs, err := d.Sample(t.Context()); !errors.Is(err, drivers.ErrDevice) {
			t.Errorf("%v, %v", rs, err)
		}
	})
}

// The part is asked at a bearable pace whether it is done, and a sample ends with its
// context.
func TestNeverDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPart(0x60, published1, published2, measured)
		p.slow = 5
		d, wire := open(t, "", p)
		begun := time.Now()
		if _, err := d.Sample(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != 26*time.Millisecond+5*pollPause {
			t.Errorf("a slow measurement took %v", took)
		}
		p.slow = math.MaxInt
		ctx, cancel := context.WithTimeout(t.Context(), 2001*time.Millisecond)
		defer cancel()
		wire.Made = 0
		if _, err := d.Sample(ctx); !errors.Is(err, drivers.ErrTimeout) || !strings.Contains(err.Error(), "does not end") {
			t.Errorf("never done: %v", err)
		}
		if wire.Made > 1010 {
			t.Errorf("%d transactions in two seconds", wire.Made)
		}
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, stop)
		if _, err := d.Sample(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

func TestOptions(t *testing.T) {
	_, err := planYAML("model: bme680")
	var o *drivers.OptionError
	if !errors.As(err, &o) || o.Key != "model" {
		t.Errorf("model: bme680 gives %v", err)
	}
}

func BenchmarkSample(b *testing.B) {
	pl, err := planYAML("")
	if err != nil {
		b.Fatal(err)
	}
	d, err := pl.OpenI2C(&drivertest.I2C{Chip: newPart(0x60, published1, published2, measured).chip()})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() { // the 26 ms of the measurement are in it
		if _, err := d.Sample(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
