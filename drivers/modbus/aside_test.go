package modbus

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// sonde is a made-up part that is told to measure, says what its values are worth, and
// how many decimals one has.
const sonde = `
id: sonde
name: {zh: 探头, en: made up}
maker: nobody
source: {document: made up for this test}
sure: true
identify: none
gap: 3
start: {function: 3, register: 0x2500, count: 0}
status:
  - {function: 3, register: 4, type: uint16, bits: 0, ok: [0]}
  - {function: 3, register: 4, type: uint16, bits: 1, ok: [0], why: warm-up, flag: suspect, channels: [ph]}
  - {function: 3, register: 5, type: uint8-low, ok: [0, 9], flag: missing, channels: [ph]}
channels:
  - {name: ph, function: 3, register: 0, type: uint16, decimals: {register: 1, type: uint8-low}, min: 0, max: 14, resolution: 0.01}
  - {name: orp, function: 3, register: 2, type: int16, min: -2000, max: 2000}
fixtures:
  - source: constructed
    request: 01 03 00 00 00 06 C5 C8
    response: 01 03 0C 02 E6 00 02 FF 4A 00 00 00 00 00 00 9E 5C
    values: {ph: 7.42, orp: -182}
`

func newSonde(t testing.TB) rig {
	t.Helper()
	unit := &drivertest.Modbus{Registers: map[uint8]map[uint16]uint16{3: {0: 742, 1: 0x4002, 2: 0xFF4A, 3: 0, 4: 0, 5: 0}}}
	pl := planned(t, profiles(t, map[string]string{"sonde.yaml": sonde}), "profile: sonde")
	d, err := pl.OpenModbus(unit)
	if err != nil {
		t.Fatal(err)
	}
	return rig{d, unit, pl}
}

// TestStatusAndDecimals: what stands beside the values decides what they are worth, and
// how large they are.
func TestStatusAndDecimals(t *testing.T) {
	good, none := obs.Quality{}, obs.Quality{Flag: obs.Missing, Why: obs.Instrument}
	fail, warming := obs.Quality{Flag: obs.Fail, Why: obs.Instrument}, obs.Quality{Flag: obs.Suspect, Why: obs.WarmUp}
	unsure, beyond := obs.Quality{Flag: obs.Suspect, Why: obs.Instrument}, obs.Quality{Flag: obs.Fail, Why: obs.Range}
	for _, c := range []struct {
		name   string
		hold   map[uint16]uint16
		refuse []uint16
		ph     float64
		phIs   obs.Quality
		orp    float64
		orpIs  obs.Quality
	}{
		{"good", nil, nil, 7.42, good, -182, good},
		{"one decimal", map[uint16]uint16{1: 1}, nil, 74.2, beyond, -182, good},
		{"six decimals", map[uint16]uint16{1: 6}, nil, 0.000742, good, -182, good},
		{"seven decimals cannot be", map[uint16]uint16{1: 7}, nil, 0, none, -182, good},
		{"a fault of the whole part", map[uint16]uint16{4: 1}, nil, 7.42, fail, -182, fail},
		{"warming up", map[uint16]uint16{4: 2}, nil, 7.42, warming, -182, good},
		{"both", map[uint16]uint16{4: 3}, nil, 7.42, fail, -182, fail},
		{"another bit means nothing", map[uint16]uint16{4: 0xFFFC}, nil, 7.42, good, -182, good},
		{"no value", map[uint16]uint16{5: 3}, nil, 0, none, -182, good},
		{"another good word", map[uint16]uint16{5: 9}, nil, 7.42, good, -182, good},
		{"the status is refused", nil, []uint16{4}, 7.42, unsure, -182, unsure},
		{"the decimals are refused", nil, []uint16{1}, 0, none, -182, good},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newSonde(t)
			for at, v := range c.hold {
				r.unit.Registers[3][at] = v
			}
			for _, at := range c.refuse {
				delete(r.unit.Registers[3], at)
			}
			for range 2 { // and again, when it is known what is refused
				rs, err := r.Sample(t.Context())
				if err != nil || len(rs) != 2 {
					t.Fatal(rs, err)
				}
				if rs[0].Quality != c.phIs || c.phIs != none && rs[0].Value != c.ph {
					t.Errorf("ph %v %v, want %v %v", rs[0].Value, rs[0].Quality, c.ph, c.phIs)
				}
				if rs[1].Quality != c.orpIs || rs[1].Value != c.orp {
					t.Errorf("orp %v %v, want %v %v", rs[1].Value, rs[1].Quality, c.orp, c.orpIs)
				}
			}
		})
	}
}

// TestOnlyStatusIsNoSample: a part that gives its status and none of its values has
// failed.
func TestOnlyStatusIsNoSample(t *testing.T) {
	r := newSonde(t)
	for _, at := range []uint16{0, 2} {
		delete(r.unit.Registers[3], at)
	}
	if rs, err := r.Sample(t.Context()); drivers.FaultWord(err) != "exception" {
		t.Errorf("%v, %v", rs, err)
	}
}

// TestStart: the part is told once, again after each failure, and need not answer.
func TestStart(t *testing.T) {
	r := newSonde(t)
	begun := drivertest.Request{Function: 3, Start: 0x2500}
	count := func() (n int) {
		for _, a := range r.unit.Asked {
			if a == begun {
				n++
			}
		}
		return n
	}
	for range 3 {
		if _, err := r.Sample(t.Context()); err != nil || count() != 1 || r.unit.Asked[0] != begun {
			t.Fatalf("%v after %d starts, asked %v", err, count(), r.unit.Asked)
		}
	}
	r.unit.Fault = func(_ int, q drivertest.Request) error {
		if q == begun {
			return drivers.ErrTimeout // newer firmware: it does not know the request
		}
		return nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Sample(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got, err := r.values(t); err != nil || got[0] != 7.42 || count() != 2 {
		t.Errorf("%v, %v after %d starts", got, err, count())
	}
	r.unit.Fault = func(int, drivertest.Request) error { return drivers.ErrUnplugged }
	if _, err := r.Sample(t.Context()); !errors.Is(err, drivers.ErrUnplugged) {
		t.Errorf("got %v", err)
	}
	if _, err := r.Sample(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "sonde: start: ") {
		t.Errorf("got %v", err)
	}
}

// plain is a unit of a line that cannot send a start.
type plain struct{ unit *drivertest.Modbus }

func (p plain) ReadRegisters(ctx context.Context, function uint8, start, count uint16) ([]uint16, error) {
	return p.unit.ReadRegisters(ctx, function, start, count)
}

func (p plain) ReadBits(ctx context.Context, function uint8, start, count uint16) ([]bool, error) {
	return p.unit.ReadBits(ctx, function, start, count)
}

func TestLineThatCannotStart(t *testing.T) {
	r := newSonde(t)
	d, err := r.plan.OpenModbus(plain{r.unit})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sample(t.Context()); !errors.Is(err, errNoStart) {
		t.Errorf("got %v", err)
	}
}

func TestParseRefusesAsides(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"ok: [0]}", "ok: []}", "E1831 with no content would the values count"},
		{"why: warm-up", "why: rain", `E1831 "rain" is no reason a part can give`},
		{"flag: suspect", "flag: pass", `E1831 "pass" is no flag of a value; write fail, suspect or missing`},
		{"flag: suspect, channels: [ph]", "channels: [pH]", "E1831 the profile has no such channel"},
		{"{function: 3, register: 4, type: uint16, bits: 0", "{function: 2, register: 4, type: uint16, bits: 0", "E1831 function 2; write 3 (holding registers) or 4"},
		{"bits: 0,", "bits: 16,", "E1831 uint16 has no bits 16"},
		{"count: 0}", "count: 126}", "E1832 126 registers from 9472 are more"},
		{"start: {function: 3", "start: {function: 6", "E1832 function 6; write 3 or 4"},
		{"start: {function: 3, register: 0x2500, count: 0}", "start: {function: 16, register: 0x1C00, count: 1}", "E1832 nothing is written to a part here"},
		{"type: uint16, decimals", "type: float32, decimals", "E1833 decimals are of a whole number"},
		{"decimals: {register: 1, type: uint8-low}", "decimals: {register: 1, type: float32}", "E1833 how many decimals there are is a whole number"},
		{"max: 14, resolution: 0.01", "max: 14", "E1806 the channel has no resolution"},
		{"{ph: 7.42, orp: -182}", "{ph: 7.42/fail/instrument}", "E1808 the value comes out as 7.42/pass, the fixture says 7.42/fail/instrument"},
		{"{ph: 7.42, orp: -182}", "{ph: 7.42, orp: -182}\n    status: {orp: suspect/warm-up}", "E1808 the status gives pass, the fixture says suspect/warm-up"},
		{"register: 5, type: uint8-low", "register: 50, type: uint8-low", "E1809 no fixture holds this status"},
	} {
		src := strings.Replace(sonde, c.from, c.to, 1)
		if src == sonde {
			t.Fatalf("%q is not in the profile", c.from)
		}
		if _, err := parseAll(map[string]string{"sonde.yaml": src}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q in place of %q gives %v\nwant … %s …", c.to, c.from, err, c.want)
		}
	}
}
