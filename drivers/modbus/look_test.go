package modbus

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// station is a made-up part with each kind of sign.
const station = `
id: station
name: {zh: 试验, en: made up}
maker: nobody
source: {document: made up for this test}
sure: true
identify: none
signs:
  - {function: 3, register: 100, type: uint16, own_address: true}
  - {function: 3, register: 101, type: uint16, among: [0, 9]}
  - {function: 3, register: 102, type: int16, within: [-1, 7]}
  - {function: 3, register: 103, type: uint16, repeats: illuminance, scale: 100, by: 200}
  - {function: 3, register: 104, text: 2}
  - {function: 3, register: 106, type: uint16}
channels:
  - {name: illuminance, function: 3, register: 0, type: uint16, min: 0, max: 20000}
  - {name: temp, function: 3, register: 1, type: int16, scale: 0.1, min: -40, max: 80}
  - {name: rh, function: 3, register: 2, type: bcd16, min: 0, max: 100, optional: true}
  - {name: level, function: 3, register: 3, type: float32, min: 0, max: 10, resolution: 0.01}
fixtures:
  - source: constructed
    request: 05 03 00 00 00 05 84 4D
    response: 05 03 0A 12 34 00 EB 00 45 3F 80 00 00 77 91
    values: {illuminance: 4660, temp: 23.5, rh: 45, level: 1}
  - source: constructed
    request: 05 03 00 64 00 07 44 53
    response: 05 03 0E 00 05 00 09 FF FF 00 2E 41 42 43 00 00 07 12 10
`

// at is a unit that knows its address.
type at struct {
	*drivertest.Modbus
	address uint8
}

func (a at) Address() uint8 { return a.address }

// stationUnit answers as the part does at address 5.
func stationUnit() *drivertest.Modbus {
	return &drivertest.Modbus{Registers: map[uint8]map[uint16]uint16{3: {0: 4660, 1: 235, 2: 0x45, 3: 0x3F80, 4: 0,
		100: 5, 101: 9, 102: 0xFFFF, 103: 46, 104: 0x4142, 105: 0x4300, 106: 7}}}
}

func openStation(t *testing.T, unit drivers.Modbus) drivers.Driver {
	t.Helper()
	d, err := planned(t, profiles(t, map[string]string{"station.yaml": station}), "profile: station").OpenModbus(unit)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// sampled samples n times and returns what is suspected then; the values must be there.
func sampled(t *testing.T, d drivers.Driver, n int) string {
	t.Helper()
	for range n {
		if rs, err := d.Sample(t.Context()); err != nil || len(rs) != 4 {
			t.Fatalf("%v, %v: a suspicion takes nothing from the values", rs, err)
		}
	}
	return d.(drivers.Doubter).Doubt()
}

func TestSigns(t *testing.T) {
	for _, c := range []struct {
		name     string
		register uint16
		holds    uint16
		want     string // empty: nothing is suspected
	}{
		{"the part", 100, 5, ""},
		{"another address", 100, 3, "register 0x0064 (function 3) holds 0x3, a part of the profile station has its address, 5, there"},
		{"one of those", 101, 0, ""},
		{"none of those", 101, 1, "register 0x0065 (function 3) holds 0x1, a part of the profile station has 0x0 or 0x9 there"},
		{"the least", 102, 0xFFFF, ""},
		{"the greatest", 102, 7, ""},
		{"beyond", 102, 8, "register 0x0066 (function 3) holds 0x8, a part of the profile station has -1 to 7 there"},
		{"as far apart as may be", 103, 45, ""},
		{"too far apart", 103, 44, "register 0x0067 (function 3) holds 0x2C, a part of the profile station has its illuminance, 4660, there"},
		{"no text", 104, 0x4107, "register 0x0068 (function 3) holds 4107 4300, a part of the profile station has a text there"},
		{"anything", 106, 0xFFFF, ""},
	} {
		u := stationUnit()
		u.Registers[3][c.register] = c.holds
		if got := sampled(t, openStation(t, at{u, 5}), 1); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := sampled(t, openStation(t, at{stationUnit(), 254}), 1); got != "" {
		t.Errorf("at an address that any part answers: %s", got)
	}
	if got := sampled(t, openStation(t, stationUnit()), 1); got != "" {
		t.Errorf("on a line that does not say its addresses: %s", got)
	}
}

// A register that is refused is held against the part; silence, only when it stays; a
// busy part, and a disturbed line, say nothing.
func TestSignsThatAreNotAnswered(t *testing.T) {
	for _, c := range []struct {
		name    string
		fault   error
		samples int
		want    string
	}{
		{"refused", drivertest.Exception(2), 1, "it refuses register 0x006A (function 3), which a part of the profile station has"},
		{"refused by its function", errors.Join(drivers.ErrException, codec.Exception(1)), 1, "it refuses register 0x006A (function 3), which a part of the profile station has"},
		{"busy", errors.Join(drivers.ErrException, codec.Busy), 5, ""},
		{"disturbed", drivers.ErrChecksum, 5, ""},
		{"silent twice", drivers.ErrTimeout, deafTo - 1, ""},
		{"silent", drivers.ErrTimeout, deafTo, "it does not answer for register 0x006A (function 3), which a part of the profile station has"},
	} {
		u := stationUnit()
		u.Fault = func(_ int, r drivertest.Request) error {
			if r.Start == 106 {
				return c.fault
			}
			return nil
		}
		d := openStation(t, at{u, 5})
		if got := sampled(t, d, c.samples); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		u.Fault = nil
		if got := sampled(t, d, 1); got != c.want {
			t.Errorf("%s, then answered: %q, want %q", c.name, got, c.want)
		}
	}
}

// What is settled is not asked again until the part was out of sight; what was told holds
// until the new part is settled, too.
func TestSignsAreLookedAtOnce(t *testing.T) {
	u := stationUnit()
	u.Registers[3][101] = 1
	d := openStation(t, at{u, 5})
	want := sampled(t, d, 1)
	asked := len(u.Asked)
	if got := sampled(t, d, 3); got != want || len(u.Asked) != asked+3 {
		t.Errorf("%q, %d requests for 3 samples", got, len(u.Asked)-asked)
	}
	u.Silent = true
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Sample(ctx); err == nil {
		t.Fatal("silence gave values")
	}
	if got := d.(drivers.Doubter).Doubt(); got != want {
		t.Errorf("while it is silent: %q, want %q", got, want)
	}
	u.Silent, u.Registers[3][101] = false, 9 // the right one was put there
	if got := sampled(t, d, 1); got != "" {
		t.Errorf("the right part is suspected: %s", got)
	}
}

// Several impossible values at once are a suspicion, as long as they are; one is a bad
// value, and the part's own word for none, or a channel that models lack, is neither.
func TestValuesThatNoSuchPartGives(t *testing.T) {
	for _, c := range []struct {
		name  string
		holds map[uint16]uint16
		gone  []uint16
		want  string
	}{
		{"one beyond its range", map[uint16]uint16{0: 0xFFFF}, nil, ""},
		{"two of four", map[uint16]uint16{0: 0xFFFF, 1: 0x7FFF}, nil, ""},
		{"three of four", map[uint16]uint16{0: 0xFFFF, 1: 0x7FFF, 2: 0x0ABC}, nil, "3 of its 4 values are none that a part of the profile station gives"},
		{"no floating-point number", map[uint16]uint16{0: 0xFFFF, 1: 0x7FFF, 3: 0, 4: 1}, nil, "3 of its 4 values are none that a part of the profile station gives"},
		{"not a number is a word", map[uint16]uint16{0: 0xFFFF, 1: 0x7FFF, 3: 0x7FC0}, nil, "2 of its 3 values are none that a part of the profile station gives"},
		{"refused", map[uint16]uint16{0: 0xFFFF, 1: 0x7FFF}, []uint16{3}, "3 of its 4 values are none that a part of the profile station gives"},
		{"a model without it", map[uint16]uint16{0: 0xFFFF}, []uint16{2}, ""},
	} {
		u := stationUnit()
		delete(u.Registers[3], 103)
		for register, word := range c.holds {
			u.Registers[3][register] = word
		}
		for _, register := range c.gone {
			delete(u.Registers[3], register)
		}
		d := openStation(t, at{u, 5})
		told := strings.TrimPrefix(strings.TrimPrefix(sampled(t, d, 1), "it refuses register 0x0067 (function 3), which a part of the profile station has"), "; ")
		if told != c.want {
			t.Errorf("%s: %q, want %q", c.name, told, c.want)
		}
		good := stationUnit().Registers[3]
		delete(good, 103)
		u.Registers[3] = good // it had only begun
		if got := sampled(t, d, 1); strings.Contains(got, "values") {
			t.Errorf("%s, then possible: %q", c.name, got)
		}
		u.Registers[3] = map[uint16]uint16{0: 0xFFFF, 1: 0x7FFF, 2: 0x0ABC, 3: 0, 4: 1}
		if got := sampled(t, d, 1); strings.Contains(got, "values") {
			t.Errorf("%s: what breaks later is no other part: %q", c.name, got)
		}
	}
}
