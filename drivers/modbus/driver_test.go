package modbus

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// gauge is a made-up part with what real ones have one at a time: channels of both
// functions, a gap, codes for no value, an identification.
const gauge = `
id: gauge
name: {zh: 试验, en: made up}
maker: nobody
source: {document: made up for this test}
sure: true
timeout: 300ms
turnaround: 40ms
every: 2s
warm_up: 1m
max_registers: 8
gap: 2
identify: {function: 3, register: 100, type: uint16, equals: 0x0296}
channels:
  - {name: temp.inlet, function: 3, register: 0, type: int16, scale: 0.1, min: -40, max: 125, missing: [0x7FFF]}
  - {name: temp.outlet, function: 3, register: 1, type: int16, scale: 0.1, min: -40, max: 125, missing: [0x7FFF]}
  - {name: pressure, function: 3, register: 4, type: uint32, scale: 0.01, offset: 500, min: 500, max: 1100}
  - {name: level, function: 3, register: 9, type: float32, order: cdab, min: 0, max: 20, resolution: 0.005}
  - {name: rain, function: 4, register: 5, type: bcd16, scale: 0.2, min: 0, max: 2000}
fixtures:
  - source: constructed
    request: 01 03 00 00 00 06 C5 C8
    response: 01 03 0C 00 EB 7F FF 00 00 00 00 00 00 C8 00 C1 B8
    values: {temp.inlet: 23.5, temp.outlet: none, pressure: 1012}
  - source: constructed
    request: 01 03 00 09 00 02 14 09
    response: 01 03 04 00 00 3F 80 EA 63
    values: {level: 1}
  - source: constructed
    request: 01 04 00 05 00 01 21 CB
    response: 01 04 02 12 34 B4 47
    values: {rain: 246.8}
  - source: constructed
    request: 01 03 00 64 00 01 C5 D5
    response: 01 03 02 02 96 39 4A
`

func profiles(t testing.TB, files map[string]string) *Profiles {
	t.Helper()
	p, err := parseAll(files)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func parseAll(files map[string]string) (*Profiles, error) {
	m := fstest.MapFS{}
	for name, src := range files {
		m[name] = &fstest.MapFile{Data: []byte(src)}
	}
	return ParseProfiles(m)
}

// rig is a gauge on a unit made of maps.
type rig struct {
	drivers.Driver
	unit *drivertest.Modbus
	plan *drivers.Plan
}

func newRig(t testing.TB, options string) rig {
	t.Helper()
	unit := &drivertest.Modbus{Registers: map[uint8]map[uint16]uint16{
		3: {0: 235, 1: 0xFFCE, 2: 1, 3: 1, 4: 0, 5: 51200, 6: 1, 7: 1, 8: 1, 9: 0x51EC, 10: 0x4038, 100: 0x0296}, 4: {5: 0x1234},
	}}
	pl := planned(t, profiles(t, map[string]string{"gauge.yaml": gauge}), "profile: gauge\n"+options)
	d, err := pl.OpenModbus(unit)
	if err != nil {
		t.Fatal(err)
	}
	return rig{d, unit, pl}
}

// values samples and returns the readings as numbers, with reasons in place of
// missing ones.
func (r rig) values(t testing.TB) ([]any, error) {
	t.Helper()
	rs, err := r.Sample(t.Context())
	var out []any
	for _, x := range rs {
		if x.Quality.Flag == obs.Missing {
			out = append(out, x.Quality.Why)
			continue
		}
		out = append(out, x.Value)
	}
	return out, err
}

func (r rig) starts() (at []uint16) {
	for _, a := range r.unit.Asked {
		at = append(at, a.Start)
	}
	r.unit.Asked = nil
	return at
}

func (r rig) expect(t testing.TB, want []any, asked []uint16) {
	t.Helper()
	got, err := r.values(t)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Sample = %v, %v; want %v", got, err, want)
	}
	if at := r.starts(); !slices.Equal(at, asked) {
		t.Errorf("asked at registers %v, want %v", at, asked)
	}
}

func TestPlan(t *testing.T) {
	pl := newRig(t, "").plan
	if pl.MinEvery != 2*time.Second || pl.WarmUp != time.Minute || len(pl.Channels) != 5 {
		t.Errorf("plan %+v", pl)
	}
	// 3 reads, 5 channels alone, 1 repetition, 1 identification
	if least := 10 * 340 * time.Millisecond; pl.Timeout < least || pl.Timeout > least+time.Second {
		t.Errorf("timeout %v, want a little more than %v", pl.Timeout, least)
	}
}

func TestSample(t *testing.T) {
	r := newRig(t, "")
	want := []any{23.5, -5.0, 1012.0, 2.88, 246.8}
	r.expect(t, want, []uint16{100, 0, 9, 5}) // the identification first
	r.expect(t, want, []uint16{0, 9, 5})
	r.unit.Registers[3][1] = 0x7FFF
	r.unit.Registers[3][10] = 0x7FC0
	r.unit.Registers[4][5] = 0x12A4
	r.expect(t, []any{23.5, obs.Instrument, 1012.0, obs.NotANumber, obs.NotANumber}, []uint16{0, 9, 5})
}

func TestOnlyAndOffsets(t *testing.T) {
	r := newRig(t, "only: [level, temp.inlet]\noffsets: {level: 1.2345, temp.inlet: -0.5}")
	r.expect(t, []any{23.0, 4.1145}, []uint16{100, 0, 9})
	want := []drivers.Channel{
		{Name: "temp.inlet", Min: -40.5, Max: 124.5, Resolution: 0.1},
		{Name: "level", Min: 1.2345, Max: 21.2345, Resolution: 0.005},
	}
	if !slices.Equal(r.plan.Channels, want) {
		t.Errorf("channels %+v\nwant %+v", r.plan.Channels, want)
	}
}

func TestOptionErrors(t *testing.T) {
	p := profiles(t, map[string]string{"gauge.yaml": gauge})
	for _, c := range []struct{ src, key, msg string }{
		{"profile: guage", "profile", `there is no profile "guage"; did you mean "gauge"?`},
		{"profile: gauge\nonly: [rian]", "only", `profile gauge has no channel "rian"; did you mean "rain"?`},
		{"profile: gauge\nonly: []", "only", "the list is empty; name at least one channel, or leave the key out"},
		{"profile: gauge\nonly: [rain, rain]", "only", `channel "rain" is there twice`},
		{"profile: gauge\noffsets: {levle: 1}", "offsets.levle", `the device has no channel levle; did you mean "level"?`},
		{"profile: gauge\nonly: [rain]\noffsets: {level: 1}", "offsets.level", "the device has no channel level; known: rain"},
		{"profile: gauge\noffsets: {level: 123456789.0123456}", "", ""},
	} {
		_, err := planYAML(p, c.src)
		var o *drivers.OptionError
		if c.key == "" {
			if err == nil {
				t.Errorf("%s is accepted", c.src)
			}
			continue
		}
		if !errors.As(err, &o) || o.Key != c.key || o.Msg != c.msg {
			t.Errorf("%s gives\n     %v\nwant %s: %s", c.src, err, c.key, c.msg)
		}
	}
	if _, err := planYAML(p, "only: [rain]"); err == nil || !strings.Contains(err.Error(), "profile") {
		t.Errorf("no profile: %v", err)
	}
}

// TestBlockRefused: a part that refuses a block because of one register in it is
// asked channel by channel, and that is remembered.
func TestBlockRefused(t *testing.T) {
	for _, refusal := range []error{
		drivertest.Exception(2),
		errors.Join(drivers.ErrException, codec.IllegalAddress),
	} {
		r := newRig(t, "")
		r.unit.Fault = func(_ int, q drivertest.Request) error {
			if q.Start == 0 && q.Count > 1 {
				return refusal
			}
			return nil
		}
		want := []any{23.5, -5.0, 1012.0, 2.88, 246.8}
		r.expect(t, want, []uint16{100, 0, 0, 1, 4, 9, 5})
		r.expect(t, want, []uint16{0, 1, 4, 9, 5})
	}
}

// TestChannelRefused: one channel that the part does not have costs only itself.
func TestChannelRefused(t *testing.T) {
	r := newRig(t, "")
	delete(r.unit.Registers[3], 1)
	want := []any{23.5, obs.Instrument, 1012.0, 2.88, 246.8}
	r.expect(t, want, []uint16{100, 0, 0, 1, 4, 9, 5})
	r.expect(t, want, []uint16{0, 1, 4, 9, 5})
}

// TestOtherRefusals: a part that is busy is not taken for one with a hole.
func TestOtherRefusals(t *testing.T) {
	r := newRig(t, "")
	r.unit.Fault = func(_ int, q drivertest.Request) error {
		if q.Start == 0 {
			return errors.Join(drivers.ErrException, codec.Busy)
		}
		return nil
	}
	r.expect(t, []any{obs.Instrument, obs.Instrument, obs.Instrument, 2.88, 246.8}, []uint16{100, 0, 9, 5})
	r.unit.Fault = nil
	r.expect(t, []any{23.5, -5.0, 1012.0, 2.88, 246.8}, []uint16{0, 9, 5})
}

// TestBlockUnanswered: some parts do not answer a block with a hole at all. After
// a silence the channels are tried one by one, in turn with the block, so that a
// dead part costs one request each time.
func TestBlockUnanswered(t *testing.T) {
	r := newRig(t, "only: [temp.inlet, temp.outlet]")
	deaf := func(_ int, q drivertest.Request) error {
		if q.Start == 0 && q.Count > 1 {
			return drivers.ErrTimeout
		}
		return nil
	}
	r.unit.Fault = deaf
	if _, err := r.values(t); !errors.Is(err, drivers.ErrTimeout) {
		t.Fatalf("got %v", err)
	}
	r.starts()
	r.expect(t, []any{23.5, -5.0}, []uint16{100, 0, 1})
	r.expect(t, []any{23.5, -5.0}, []uint16{0, 1})

	r = newRig(t, "only: [temp.inlet, temp.outlet]")
	r.unit.Fault = func(_ int, q drivertest.Request) error {
		if q.Start == 100 {
			return nil
		}
		return drivers.ErrTimeout
	}
	for _, want := range []uint16{2, 1, 2, 1} {
		if _, err := r.values(t); !errors.Is(err, drivers.ErrTimeout) {
			t.Fatalf("got %v", err)
		}
		if n := len(r.unit.Asked); r.unit.Asked[n-1].Count != want || n != 2 {
			t.Errorf("a dead part was asked %+v, want one request for %d registers", r.unit.Asked, want)
		}
		r.unit.Asked = nil
	}
	r.unit.Fault = nil // it was dead, not deaf to blocks: the block is read again
	r.expect(t, []any{23.5, -5.0}, []uint16{100, 0})
	r.unit.Fault = deaf // and a block that was answered once is not doubted any more
	for range 2 {
		if _, err := r.values(t); err == nil {
			t.Fatal("silence gave values")
		}
	}
	r.starts()
	r.unit.Fault = nil
	r.expect(t, []any{23.5, -5.0}, []uint16{100, 0})
}

func TestIdentification(t *testing.T) {
	r := newRig(t, "")
	r.unit.Registers[3][100] = 0x0111
	_, err := r.values(t)
	if word := drivers.FaultWord(err); word != "wrong-part" {
		t.Errorf("a wrong part has the fault word %s", word)
	}
	if want := "gauge: identification: another part answers: register 0x0064 (function 3) holds 0x111, a gauge has 0x296 there"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if at := r.starts(); len(at) != 1 {
		t.Errorf("a wrong part was asked for values: %v", at)
	}
	r.unit.Registers[3][100] = 0x0296
	r.expect(t, []any{23.5, -5.0, 1012.0, 2.88, 246.8}, []uint16{100, 0, 9, 5})
	r.unit.Fault = func(int, drivertest.Request) error { return drivers.ErrUnplugged }
	if _, err := r.values(t); !errors.Is(err, drivers.ErrUnplugged) || !strings.HasPrefix(err.Error(), "gauge: function 3 register 0x0000 to 0x0005: ") {
		t.Errorf("got %v", err)
	}
	r.starts()
	r.unit.Fault = nil // another part may hang there now
	r.expect(t, []any{23.5, -5.0, 1012.0, 2.88, 246.8}, []uint16{100, 0, 9, 5})
}

// TestEachOpeningIsItsOwn: what one device learned is not another's.
func TestEachOpeningIsItsOwn(t *testing.T) {
	r := newRig(t, "")
	other, err := r.plan.OpenModbus(&drivertest.Modbus{Registers: maps.Clone(r.unit.Registers)})
	if err != nil {
		t.Fatal(err)
	}
	r.unit.Fault = func(_ int, q drivertest.Request) error {
		if q.Start == 0 && q.Count > 1 {
			return drivertest.Exception(2)
		}
		return nil
	}
	if _, err := r.values(t); err != nil {
		t.Fatal(err)
	}
	second := rig{other, other.(*driver).unit.(*drivertest.Modbus), r.plan}
	second.expect(t, []any{23.5, -5.0, 1012.0, 2.88, 246.8}, []uint16{100, 0, 9, 5})
}

// paced is a unit that takes the part's timing, as the owner of a line does.
type paced struct {
	*drivertest.Modbus
	answer, turnaround time.Duration
}

func (p *paced) SetTiming(answer, turnaround time.Duration) {
	p.answer, p.turnaround = answer, turnaround
}

func TestTimingIsHandedOn(t *testing.T) {
	r := newRig(t, "")
	u := &paced{Modbus: r.unit}
	d, err := r.plan.OpenModbus(u)
	if err != nil || u.answer != 300*time.Millisecond || u.turnaround != 40*time.Millisecond {
		t.Errorf("timing %v, %v; %v", u.answer, u.turnaround, err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// short answers fewer registers than it was asked for, against its contract.
type short struct{ drivers.Modbus }

func (short) ReadRegisters(context.Context, uint8, uint16, uint16) ([]uint16, error) {
	return []uint16{0x0296}, nil
}

func TestShortAnswer(t *testing.T) {
	d, err := newRig(t, "").plan.OpenModbus(short{})
	if err != nil {
		t.Fatal(err)
	}
	if rs, err := d.Sample(t.Context()); !errors.Is(err, drivers.ErrProtocol) {
		t.Errorf("Sample = %v, %v", rs, err)
	}
}
