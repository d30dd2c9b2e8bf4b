package modbus

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// pump is a made-up part with bits: coils, discrete inputs, a register of states, a
// twelve-bit converter; and with something to say of itself.
const pump = `
id: pump
name: {zh: 泵, en: made up}
maker: nobody
source: {document: made up for this test}
sure: true
gap: 1
max_bits: 16
identify: {function: 3, register: 100, text: 4, begins: "PX-"}
facts:
  - {name: serial_number, function: 3, register: 100, text: 4}
  - {name: firmware, function: 3, register: 104, type: float32}
channels:
  - {name: open.gate, function: 1, register: 0}
  - {name: open.door, function: 1, register: 2}
  - {name: open.far, function: 1, register: 40}
  - {name: wet, function: 2, register: 0}
  - {name: open.valve, function: 4, register: 5, type: uint16, bits: 3}
  - {name: battery, function: 4, register: 5, type: uint16, bits: 8-15, missing: [0xFF], min: 0, max: 100}
  - {name: temp, function: 4, register: 6, type: int16, bits: 0-11, scale: 0.5, min: -1000, max: 1000}
  - {name: temp.low, function: 4, register: 7, type: int8-low, min: -100, max: 100}
fixtures:
  - source: constructed
    request: 01 01 00 00 00 03 7C 0B
    response: 01 01 01 05 91 8B
    values: {open.gate: 1, open.door: 1}
  - source: constructed
    request: 01 01 00 28 00 01 7D C2
    response: 01 01 01 00 51 88
    values: {open.far: 0}
  - source: constructed
    request: 01 02 00 00 00 01 B9 CA
    response: 01 02 01 01 60 48
    values: {wet: 1}
  - source: constructed
    request: 01 04 00 05 00 03 A0 0A
    response: 01 04 06 57 08 0F FE 00 9C EE 38
    values: {open.valve: 1, battery: 87, temp: -1, temp.low: -100}
  - source: constructed
    request: 01 04 00 05 00 01 21 CB
    response: 01 04 02 FF 00 F8 C0
    values: {open.valve: 0, battery: none}
  - source: constructed
    request: 01 03 00 64 00 06 84 17
    response: 01 03 0C 50 58 2D 31 37 20 00 00 3F C0 00 00 DE C8
    facts: {serial_number: PX-17, firmware: "1.5"}
`

func newPump(t testing.TB) rig {
	t.Helper()
	unit := &drivertest.Modbus{
		Registers: map[uint8]map[uint16]uint16{
			3: {100: 0x5058, 101: 0x2D31, 102: 0x3720, 103: 0, 104: 0x3FC0, 105: 0},
			4: {5: 0x5708, 6: 0x0FFE, 7: 0x009C}},
		Bits: map[uint8]map[uint16]bool{1: {0: true, 1: false, 2: true, 40: false}, 2: {0: true}},
	}
	pl := planned(t, profiles(t, map[string]string{"pump.yaml": pump}), "profile: pump")
	d, err := pl.OpenModbus(unit)
	if err != nil {
		t.Fatal(err)
	}
	return rig{d, unit, pl}
}

// TestBits: what shares a request is read once, and each bit is its own channel.
func TestBits(t *testing.T) {
	r := newPump(t)
	want := []any{1.0, 1.0, 0.0, 1.0, 1.0, 87.0, -1.0, -100.0}
	r.expect(t, want, []uint16{100, 0, 40, 0, 5})
	if c := r.plan.Channels; c[0].Min != 0 || c[0].Max != 1 || c[0].Resolution != 1 || c[4].Max != 1 {
		t.Errorf("a bit is %+v", c[0])
	}
	r.unit.Registers[4][5] = 0xFFF7
	r.unit.Bits[1][40] = true
	want[2], want[4], want[5] = 1.0, 0.0, obs.Instrument
	r.expect(t, want, []uint16{0, 40, 0, 5})
}

// TestBitsRefused: a block of coils or of bits in registers comes apart like any
// other; two bits of one register stay together.
func TestBitsRefused(t *testing.T) {
	r := newPump(t)
	delete(r.unit.Bits[1], 2)
	delete(r.unit.Registers[4], 7)
	want := []any{1.0, obs.Instrument, 0.0, 1.0, 1.0, 87.0, -1.0, obs.Instrument}
	r.expect(t, want, []uint16{100, 0, 0, 2, 40, 0, 5, 5, 6, 7})
	r.expect(t, want, []uint16{0, 2, 40, 0, 5, 6, 7})
}

// TestMixedFunctions: channels of all four functions, with limits of registers and of
// bits apart.
func TestMixedFunctions(t *testing.T) {
	f, _ := profiles(t, map[string]string{"pump.yaml": strings.Replace(strings.Replace(pump, "max_bits: 16", "max_bits: 2", 1), "gap: 1", "gap: 64", 1)}).Get("pump")
	convs, err := converters(f.Channels, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := []int{0, 1, 2, 3, 4, 5, 6, 7}
	var got []string
	for _, rd := range merge(f, convs, all) {
		got = append(got, rd.String())
	}
	want := []string{"function 1 bit 0x0000", "function 1 bit 0x0002", "function 1 bit 0x0028", "function 2 bit 0x0000", "function 4 register 0x0005 to 0x0007"}
	if !slices.Equal(got, want) {
		t.Errorf("reads %q\nwant  %q", got, want)
	}
}

func TestIdentificationByText(t *testing.T) {
	r := newPump(t)
	r.unit.Registers[3][101] = 0x4E31
	_, err := r.values(t)
	if want := `pump: identification: another part answers: register 0x0064 (function 3) holds "PXN17", a pump has "PX-" … there`; err == nil || err.Error() != want || drivers.FaultWord(err) != "wrong-part" {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	r.unit.Registers[3][101] = 0x0707
	if _, err = r.values(t); err == nil || !strings.Contains(err.Error(), "no text (5058 0707 3720 0000)") || drivers.FaultWord(err) != "wrong-part" {
		t.Errorf("got %v", err)
	}
}

func TestFacts(t *testing.T) {
	r := newPump(t)
	facts, err := r.Driver.(drivers.Informant).Facts(t.Context())
	want := []drivers.Fact{{Name: "serial_number", Value: "PX-17"}, {Name: "firmware", Value: "1.5"}}
	if err != nil || !slices.Equal(facts, want) {
		t.Errorf("facts %v, %v; want %v", facts, err, want)
	}
	r.unit.Registers[3][102] = 0x07FE // no text: its registers are shown
	delete(r.unit.Registers[3], 105)  // refused: left out
	facts, err = r.Driver.(drivers.Informant).Facts(t.Context())
	if want := []drivers.Fact{{Name: "serial_number", Value: "5058 2D31 07FE 0000"}}; err != nil || !slices.Equal(facts, want) {
		t.Errorf("facts %v, %v; want %v", facts, err, want)
	}
	r.unit.Fault = func(int, drivertest.Request) error { return drivers.ErrTimeout }
	if facts, err = r.Driver.(drivers.Informant).Facts(t.Context()); !errors.Is(err, drivers.ErrTimeout) {
		t.Errorf("facts of a silent part: %v, %v", facts, err)
	}
}

// named is a unit that knows function 43/14.
type named struct {
	*drivertest.Modbus
	objects []codec.Object
	err     error
	asked   int
}

func (n *named) Identify(_ context.Context, level codec.Level, first uint8) ([]codec.Object, error) {
	n.asked++
	if level != codec.Basic || first != 0 {
		return nil, errors.New("another request")
	}
	return n.objects, n.err
}

// TestIdentificationByName: vendor and product are asked once, and again after each
// failure.
func TestIdentificationByName(t *testing.T) {
	src := strings.Replace(tiny, "identify: none", "identify: {vendor: Schneider, product: PM5}", 1)
	pl := planned(t, profiles(t, map[string]string{"tiny.yaml": src}), "profile: tiny")
	unit := &named{Modbus: &drivertest.Modbus{Registers: map[uint8]map[uint16]uint16{4: {1: 305}}},
		objects: []codec.Object{{ID: 0, Value: []byte("Schneider Electric\x00")}, {ID: 1, Value: []byte("PM5560")}, {ID: 2, Value: []byte("v\x012")}}}
	d, err := pl.OpenModbus(unit)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := d.Sample(t.Context()); err != nil || unit.asked != 1 {
			t.Errorf("%v after %d requests for the identification", err, unit.asked)
		}
	}
	facts, err := d.(drivers.Informant).Facts(t.Context())
	if want := []drivers.Fact{{Name: "vendor", Value: "Schneider Electric"}, {Name: "product", Value: "PM5560"}, {Name: "version", Value: `v\x012`}}; err != nil || !reflect.DeepEqual(facts, want) {
		t.Errorf("facts %v, %v", facts, err)
	}
	unit.Silent = true // unplugged, and another one in its place
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Sample(ctx); err == nil {
		t.Error("silence gave values")
	}
	unit.Silent, unit.objects = false, []codec.Object{{ID: 0, Value: []byte("Eastron")}}
	_, err = d.Sample(t.Context())
	if want := `tiny: identification: another part answers: its vendor (function 43/14) is "Eastron", that of a tiny begins with "Schneider"`; err == nil || err.Error() != want || drivers.FaultWord(err) != "wrong-part" {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	unit.err = drivertest.Exception(1)
	if _, err := d.Sample(t.Context()); drivers.FaultWord(err) != "exception" {
		t.Errorf("a part that does not know the function: %v", err)
	}
	d, err = pl.OpenModbus(unit.Modbus)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sample(t.Context()); !errors.Is(err, errNoIdentity) {
		t.Errorf("a line that cannot ask: %v", err)
	}
}
