package lab

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bme280"
	"github.com/lamppost-city/lamppost/drivers/bus/i2c"
)

// The transcript that periph's tests publish, computed once more by an implementation
// of its own: raw 526700, 304428, 31350 are 23.72 °C, 1009.42695 hPa, 65.306 %.
func TestBME280Arithmetic(t *testing.T) {
	c := trim()
	for _, x := range []struct {
		name            string
		got, want, near float64
	}{
		{"temperature", c.temp(526700), 23.72, 0.005},
		{"pressure", c.pressure(304428, 526700), 1009.42695, 0.02},
		{"humidity", c.humidity(31350, 526700), 65.306, 0.02},
	} {
		if math.Abs(x.got-x.want) > x.near {
			t.Errorf("%s is %v, want %v", x.name, x.got, x.want)
		}
	}
}

func TestBME280Registers(t *testing.T) {
	b, air, now := &BME280{}, &fixed{values: map[string]float64{"temp": 23.72, "pressure": 1009.427, "rh": 65.3}}, time.Unix(1e9, 0)
	b.PowerUp(now)
	tx := func(w []byte, n int) []byte { return b.Tx(now, air, w, n).Data }
	if id := tx([]byte{0xD0}, 1); id[0] != 0x60 {
		t.Errorf("id %#x", id)
	}
	if got := tx([]byte{0x88}, 26); !bytes.Equal(got, trimming[:]) {
		t.Errorf("calibration % x", got)
	}
	if got := tx([]byte{0xE1}, 7); !bytes.Equal(got, trimmingH[:]) {
		t.Errorf("calibration % x", got)
	}
	if got := tx([]byte{0xF7}, 8); !bytes.Equal(got, []byte{0x80, 0, 0, 0x80, 0, 0, 0x80, 0}) {
		t.Errorf("before the first measurement % x", got)
	}
	tx([]byte{0xF4, 0x6C, 0xF2, 0x03, 0xF5, 0xA0, 0xF4, 0x6C}, 0)
	tx([]byte{0xF4, 0x6D}, 0)
	if s := tx([]byte{0xF3}, 1); s[0]&8 == 0 {
		t.Errorf("status %#x, though it measures", s)
	}
	now = now.Add(26 * time.Millisecond) // 1 + 8 + 8.5 + 8.5
	if s := tx([]byte{0xF3}, 1); s[0] != 0 {
		t.Errorf("status %#x, 26 ms on", s)
	}
	if m := tx([]byte{0xF4}, 1); m[0] != 0x6C {
		t.Errorf("it does not sleep again: %#x", m)
	}
	r := b.Tx(now, air, []byte{0xF7}, 8)
	if len(r.Lines) != 3 || math.Abs(r.Lines[0].V-23.72) > 0.001 || math.Abs(r.Lines[1].V-1009.427) > 0.002 || math.Abs(r.Lines[2].V-65.3) > 0.01 {
		t.Errorf("truth %+v", r.Lines)
	}
	if got := r.Data[3:5]; !bytes.Equal(got, []byte{0x80, 0x96}) { // the transcript's temperature
		t.Errorf("raw temperature % x", got)
	}
	b.PowerUp(now)
	if c := tx([]byte{0xF5}, 1); c[0] != 0 {
		t.Errorf("settings survive without supply: %#x", c)
	}
	tx([]byte{0xF2, 1, 0xF4, 0x27}, 0) // normal mode measures again and again
	for range 3 {
		now = now.Add(time.Second)
		air.set("temp", air.Value("temp")+1)
		if r := b.Tx(now, air, []byte{0xF7}, 8); len(r.Lines) != 3 || math.Abs(r.Lines[0].V-air.Value("temp")) > 0.001 {
			t.Errorf("truth %+v, want %v", r.Lines, air.Value("temp"))
		}
	}
	tx([]byte{0xE0, 0xB6}, 0)
	if got := tx([]byte{0xF7}, 3); got[0] != 0x80 {
		t.Errorf("a reset leaves % x", got)
	}
	dry := &BME280{Dry: true}
	dry.PowerUp(now)
	if r := dry.Tx(now, air, []byte{0xD0}, 1); r.Data[0] != 0x58 {
		t.Errorf("a BMP280 says % x", r.Data)
	}
}

// driver opens the gateway's driver on a bus of the lab.
func driver(t *testing.T, k drivers.Kind, b *i2c.Bus, addr uint8) drivers.Driver {
	t.Helper()
	p, err := k.Plan(func(any) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.OpenI2C(b.Device(addr))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The gateway's driver, through the real owner of the bus, reads what the truth log
// says that it read, at the ends of the range too.
func TestBME280IsReadByTheDriver(t *testing.T) {
	air, log := &fixed{values: map[string]float64{}}, &ledger{}
	lab, err := OpenI2C(at(t, "i2c.sock"), log, Slot{Address: 0x76, Device: "box", Chip: &BME280{}, Source: air})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	bus, err := i2c.New(i2c.Config{Path: lab.Path()})
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	d := driver(t, bme280.Kind(), bus, 0x76)
	for _, want := range [][3]float64{{23.72, 1009.427, 65.3}, {-39.5, 1085.25, 3}, {-7.25, 950.5, 99.5}, {84.5, 505, 20}, {0, 1013.25, 50}} {
		for i, ch := range []string{"temp", "pressure", "rh"} {
			air.set(ch, want[i])
		}
		rs, err := d.Sample(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = bus.Device(0x40).Tx(t.Context(), []byte{0}, nil) // the log is written before the bus has its next turn
		lines := log.take()
		if len(lines) != 3 {
			t.Fatalf("truth %+v", lines)
		}
		for i, l := range lines {
			if l.Device != "box" || !l.Good || math.Abs(rs[i].Value-l.V) > l.Resolution/2 {
				t.Errorf("%s is %v, the truth %+v", l.Channel, rs[i].Value, l)
			}
			if math.Abs(l.V-want[i]) > 0.02 {
				t.Errorf("%s: truth %v, want %v", l.Channel, l.V, want[i])
			}
		}
	}
}

// What befalls a part on the bus is what the owner of a real bus would see.
func TestFaultsOnTheBus(t *testing.T) {
	air, log := &fixed{values: map[string]float64{"temp": 20, "pressure": 1000, "rh": 40}}, &ledger{}
	lab, err := OpenI2C(at(t, "i2c.sock"), log, Slot{Address: 0x76, Device: "box", Chip: &BME280{}, Source: air})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	bus, err := i2c.New(i2c.Config{Path: lab.Path()})
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	d := driver(t, bme280.Kind(), bus, 0x76)
	fails := func(what, word, text string) {
		t.Helper()
		_, err := d.Sample(t.Context())
		if drivers.FaultWord(err) != word || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v, want %s", what, err, word)
		}
	}
	works := func(what string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for ctx.Err() == nil {
			rs, err := d.Sample(ctx)
			if err == nil && math.Abs(rs[0].Value-20) < 0.1 {
				return
			}
			if err != nil && !errors.Is(err, drivers.ErrUnplugged) {
				t.Errorf("%s: %v", what, err)
				return
			}
		}
		t.Errorf("%s: it does not come back", what)
	}
	works("at first")
	air.befall(scenario.Mishap{Silent: true})
	fails("silent", "timeout", "nobody acknowledges")
	air.befall(scenario.Mishap{Delay: 2 * time.Second})
	fails("a clock that is held", "timeout", "stuck")
	air.befall(scenario.Mishap{})
	if err := bus.Device(0x40).Tx(t.Context(), []byte{1}, nil); !errors.Is(err, drivers.ErrTimeout) {
		t.Errorf("an address without a part: %v", err)
	}
	works("afterwards")
	if err := lab.Unplug(); err != nil {
		t.Fatal(err)
	}
	fails("unplugged", "unplugged", "")
	if err := lab.Replug(); err != nil {
		t.Fatal(err)
	}
	works("plugged in again, without its settings")
}
