package modbus

import (
	"math"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// newModule plays a module of eight analogue inputs, in microamperes, all of them set
// to 0-20 mA.
func newModule(t testing.TB, options string, microamperes ...uint16) rig {
	t.Helper()
	codes, currents := map[uint16]uint16{}, map[uint16]uint16{}
	for i := range uint16(8) {
		codes[0x1000+i] = 2
	}
	for i, v := range microamperes {
		currents[uint16(i)] = v
	}
	unit := &drivertest.Modbus{Registers: map[uint8]map[uint16]uint16{3: codes, 4: currents}}
	pl := planned(t, builtIn(t), "profile: waveshare-ai-8ch\n"+options)
	d, err := pl.OpenModbus(unit)
	if err != nil {
		t.Fatal(err)
	}
	return rig{d, unit, pl}
}

const tank = "loops: {loop_current.in1: {channel: level, low: 0, high: 10}}"

// TestLoop: the examples of the 4-20 mA signal, and both sides of each limit of
// NAMUR NE 43.
func TestLoop(t *testing.T) {
	for _, c := range []struct {
		microamperes uint16
		want         float64 // NaN: none
		quality      obs.Quality
	}{
		{12000, 5, obs.Quality{}},
		{4160, 0.1, obs.Quality{}},
		{4000, 0, obs.Quality{}},
		{20000, 10, obs.Quality{}},
		{4001, 0.000625, obs.Quality{}},
		{3800, -0.125, obs.Quality{}},
		{20500, 10.3125, obs.Quality{}},
		{3799, -0.125625, obs.Quality{Flag: obs.Suspect, Why: obs.Range}},
		{20501, 10.313125, obs.Quality{Flag: obs.Suspect, Why: obs.Range}},
		{3600, -0.25, obs.Quality{Flag: obs.Suspect, Why: obs.Range}},
		{21000, 10.625, obs.Quality{Flag: obs.Suspect, Why: obs.Range}},
		{3599, math.NaN(), obs.Quality{Flag: obs.Missing, Why: obs.Instrument}},
		{21001, math.NaN(), obs.Quality{Flag: obs.Missing, Why: obs.Instrument}},
		{3200, math.NaN(), obs.Quality{Flag: obs.Missing, Why: obs.Instrument}},
		{0, math.NaN(), obs.Quality{Flag: obs.Missing, Why: obs.Instrument}},
		{65535, math.NaN(), obs.Quality{Flag: obs.Missing, Why: obs.Instrument}},
	} {
		r := newModule(t, tank, c.microamperes)
		rs, err := r.Sample(t.Context())
		if err != nil || len(rs) != 1 {
			t.Fatalf("%d uA: %v, %v", c.microamperes, rs, err)
		}
		if got := rs[0]; got.Quality != c.quality || got.Value != c.want && !(math.IsNaN(c.want) && math.IsNaN(got.Value)) {
			t.Errorf("%d uA: %v %v, want %v %v", c.microamperes, got.Value, got.Quality, c.want, c.quality)
		}
	}
}

// TestLoopIsItsChannel: the device has the channel of the transmitter, with the range
// that is believed, and reads no input that nothing hangs on.
func TestLoopIsItsChannel(t *testing.T) {
	r := newModule(t, "loops: {loop_current.in2: {channel: water_pressure, low: 1600, high: 0}, loop_current.in1: {channel: level, low: -2.5, high: 7.5}}", 4160, 8000)
	want := []drivers.Channel{
		{Name: "level", Min: -2.75, Max: 8.125, Resolution: 0.000625},
		{Name: "water_pressure", Min: -100, Max: 1640, Resolution: 0.1},
	}
	if len(r.plan.Channels) != 2 || r.plan.Channels[0] != want[0] || r.plan.Channels[1] != want[1] {
		t.Errorf("channels %+v\nwant %+v", r.plan.Channels, want)
	}
	got, err := r.values(t)
	if err != nil || len(got) != 2 || got[0] != -2.4 || got[1] != 1200.0 {
		t.Errorf("values %v, %v", got, err)
	}
	for _, a := range r.unit.Asked {
		if a.Start+a.Count > 2 && a.Start < 0x1000 || a.Start+a.Count > 0x1002 {
			t.Errorf("asked %+v: inputs that nothing hangs on", a)
		}
	}
}

// TestLoopOfAnInputSetOtherwise: an input that is set to a voltage gives no level.
func TestLoopOfAnInputSetOtherwise(t *testing.T) {
	r := newModule(t, tank, 12000)
	r.unit.Registers[3][0x1000] = 0 // 0-5 V
	rs, err := r.Sample(t.Context())
	if want := (obs.Quality{Flag: obs.Fail, Why: obs.Instrument}); err != nil || rs[0].Quality != want {
		t.Errorf("%v, %v; want the quality %v", rs, err, want)
	}
}

func TestLoopBesideCurrents(t *testing.T) {
	r := newModule(t, tank+"\nonly: [loop_current.in1, loop_current.in3]\noffsets: {loop_current.in1: 0.04}", 4120, 0, 3200)
	got, err := r.values(t)
	if err != nil || len(got) != 2 || got[0] != 0.1 || got[1] != 3.2 {
		t.Errorf("values %v, %v", got, err)
	}
}

// TestLoopWithOffset: an offset of what the transmitter measures moves value and range,
// beside one of the current itself.
func TestLoopWithOffset(t *testing.T) {
	r := newModule(t, tank+"\noffsets: {level: 1.55}", 4160)
	if got, err := r.values(t); err != nil || len(got) != 1 || got[0] != 1.65 {
		t.Errorf("values %v, %v; want 1.65", got, err)
	}
	if want := (drivers.Channel{Name: "level", Min: 1.3, Max: 12.175, Resolution: 0.000625}); r.plan.Channels[0] != want {
		t.Errorf("channel %+v, want %+v", r.plan.Channels[0], want)
	}
	r = newModule(t, tank+"\noffsets: {level: -1, loop_current.in1: 0.04}", 4120)
	if got, err := r.values(t); err != nil || got[0] != -0.9 {
		t.Errorf("values %v, %v; want -0.9", got, err)
	}
}

func TestLoopRefuses(t *testing.T) {
	p := builtIn(t)
	for options, want := range map[string]string{
		"profile: waveshare-ai-8ch\nloops: {loop_current.in9: {channel: level, low: 0, high: 10}}":                                                      `the device reads no channel loop_current.in9`,
		"profile: xy-md02\nloops: {temp: {channel: level, low: 0, high: 10}}":                                                                           `it has no input for a 4-20 mA loop`,
		"profile: waveshare-ai-8ch\nloops: {loop_current.in1: {channel: Level, low: 0, high: 10}}":                                                      `loops.loop_current.in1.channel: channel "Level"`,
		"profile: waveshare-ai-8ch\nloops: {loop_current.in1: {channel: level, low: 5, high: 5.0}}":                                                     `the value at 20 mA is that at 4 mA, 5`,
		"profile: waveshare-ai-8ch\nloops: {loop_current.in1: {channel: level, low: 0, high: 1234567890}}":                                              `needs more than 8 digits`,
		"profile: waveshare-ai-8ch\nonly: [loop_current.in2]\nloops: {loop_current.in1: {channel: level, low: 0, high: 10}}":                            `the device reads no channel loop_current.in1`,
		"profile: waveshare-ai-8ch\nloops: {loop_current.in1: {channel: level, low: 0, high: 10}, loop_current.in2: {channel: level, low: 0, high: 5}}": `two channels are called level`,
		"profile: waveshare-ai-8ch\nloops: {loop_current.in9: {channel: water_pressure, low: 0, high: 10}}":                                             `it has loop_current.in1, loop_current.in2, `,
		"profile: waveshare-ai-8ch\n" + tank + "\noffsets: {levle: 1}":                                                                                  `offsets.levle: the device has no channel levle; did you mean "level"?`,
		"profile: waveshare-ai-8ch\n" + tank + "\noffsets: {level: 0.123456789}":                                                                        `0 to 10 with an offset of 0.123456789 needs more than 8 digits`,
		"profile: waveshare-ai-8ch\nloops: {loop_current.in1: {channel: level, low: 0}}":                                                                `high`,
	} {
		if _, err := planYAML(p, options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngives %v\nwant  … %s …", options, err, want)
		}
	}
}

// TestLoopReadmeIsTrue keeps the page's example alive.
func TestLoopReadmeIsTrue(t *testing.T) {
	_, example, _ := strings.Cut(readme, "    every: 2s\n")
	example, _, _ = strings.Cut(example, "```")
	if !strings.Contains(example, "loops:") {
		t.Fatal("README.md has no example of loops")
	}
	options := "profile: waveshare-ai-8ch\n" + strings.ReplaceAll("\n"+example, "\n    ", "\n")
	if pl := planned(t, builtIn(t), options); len(pl.Channels) != 2 || pl.Channels[1].Name != "water_pressure" {
		t.Errorf("the page's example gives %+v", pl.Channels)
	}
}

// FuzzLoop: whatever the current, what comes out is inside the channel or no value, and
// between 4 and 20 mA inside low and high.
func FuzzLoop(f *testing.F) {
	f.Add(12.0, int64(0), int64(10), 0)
	f.Add(3.5999999, int64(-25), int64(75), 1)
	f.Add(21.0, int64(1600), int64(0), 0)
	f.Fuzz(func(t *testing.T, mA float64, low, high int64, places int) {
		places = max(0, min(places, 3))
		o, err := newLoop(Loop{"level", Decimal{Digits: low, Places: places}, Decimal{Digits: high, Places: places}}, 0.001, Decimal{})
		if err != nil {
			return
		}
		r := o.read(obs.Of(mA))
		if math.IsNaN(r.Value) != (r.Quality.Flag == obs.Missing) {
			t.Fatalf("%v mA: %v", mA, r)
		}
		if r.Quality.Flag == obs.Missing {
			return
		}
		if r.Value < o.channel.Min || r.Value > o.channel.Max {
			t.Errorf("%v mA is %v, outside %+v", mA, r.Value, o.channel)
		}
		a, b := float64(low)/math.Pow10(places), float64(high)/math.Pow10(places)
		if mA >= 4 && mA <= 20 && (r.Value < min(a, b) || r.Value > max(a, b) || r.Quality.Flag != obs.NotEvaluated) {
			t.Errorf("%v mA is %v (%v), outside %v to %v", mA, r.Value, r.Quality, a, b)
		}
	})
}
