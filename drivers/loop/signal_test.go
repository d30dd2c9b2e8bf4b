package loop

import (
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

const tank = "loops: {loop_current.in1: {channel: level, low: 0, high: 10}}"

// opened is a device with these options on a module with these microamperes.
func opened(t testing.TB, options string, microamperes ...uint16) (drivers.Driver, *drivers.Plan, *drivertest.Modbus) {
	t.Helper()
	p, err := planYAML(kind(t), "module: waveshare-ai-8ch\n"+options)
	if err != nil {
		t.Fatalf("%s: %v", options, err)
	}
	unit := module(microamperes...)
	d, err := p.OpenModbus(&unit)
	if err != nil {
		t.Fatal(err)
	}
	return d, p, &unit
}

// values samples once; what has no value is NaN.
func values(t testing.TB, d drivers.Driver) (all []float64) {
	t.Helper()
	rs, err := d.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs {
		all = append(all, r.Value)
	}
	return all
}

// TestSignal: the examples of the 4-20 mA signal, and both sides of each limit of
// NAMUR NE 43.
func TestSignal(t *testing.T) {
	suspect := obs.Quality{Flag: obs.Suspect, Why: obs.Range}
	none := obs.None(obs.Instrument)
	for _, c := range []struct {
		microamperes uint16
		want         obs.Reading
	}{
		{12000, obs.Of(5)}, {4160, obs.Of(0.1)}, {4000, obs.Of(0)}, {20000, obs.Of(10)}, {4001, obs.Of(0.000625)},
		{3800, obs.Of(-0.125)}, {20500, obs.Of(10.3125)},
		{3799, obs.Reading{Value: -0.125625, Quality: suspect}}, {20501, obs.Reading{Value: 10.313125, Quality: suspect}},
		{3600, obs.Reading{Value: -0.25, Quality: suspect}}, {21000, obs.Reading{Value: 10.625, Quality: suspect}},
		{3599, none}, {21001, none}, {3200, none}, {0, none}, {65535, none},
	} {
		d, _, _ := opened(t, tank, c.microamperes)
		rs, err := d.Sample(t.Context())
		if err != nil || len(rs) != 1 {
			t.Fatalf("%d uA: %v, %v", c.microamperes, rs, err)
		}
		if got := rs[0]; got.Quality != c.want.Quality || got.Value != c.want.Value && !(math.IsNaN(c.want.Value) && math.IsNaN(got.Value)) {
			t.Errorf("%d uA: %v %v, want %v %v", c.microamperes, got.Value, got.Quality, c.want.Value, c.want.Quality)
		}
	}
}

// TestChannels: the device has the channels of the transmitters, with the range that is
// believed, in the module's order, and reads no input that nothing hangs on.
func TestChannels(t *testing.T) {
	d, p, unit := opened(t, "loops: {loop_current.in2: {channel: water_pressure, low: 1600, high: 0}, loop_current.in1: {channel: level, low: -2.5, high: 7.5}}", 4160, 8000)
	want := []drivers.Channel{
		{Name: "level", Min: -2.75, Max: 8.125, Resolution: 0.000625},
		{Name: "water_pressure", Min: -100, Max: 1640, Resolution: 0.1},
	}
	if !slices.Equal(p.Channels, want) {
		t.Errorf("channels %+v\nwant %+v", p.Channels, want)
	}
	if got := values(t, d); !slices.Equal(got, []float64{-2.4, 1200}) {
		t.Errorf("values %v", got)
	}
	for _, a := range unit.Asked {
		if a.Start+a.Count > 2 && a.Start < ranges || a.Start+a.Count > ranges+2 {
			t.Errorf("asked %+v: inputs that nothing hangs on", a)
		}
	}
}

// TestOffsets: an offset of what the transmitter measures moves value and range, one of
// the current the current alone, and both go together.
func TestOffsets(t *testing.T) {
	d, p, _ := opened(t, tank+"\noffsets: {level: 1.55}", 4160)
	if got := values(t, d); got[0] != 1.65 {
		t.Errorf("values %v, want 1.65", got)
	}
	if want := (drivers.Channel{Name: "level", Min: 1.3, Max: 12.175, Resolution: 0.000625}); p.Channels[0] != want {
		t.Errorf("channel %+v, want %+v", p.Channels[0], want)
	}
	d, _, _ = opened(t, tank+"\noffsets: {level: -1, loop_current.in1: 0.04}", 4120)
	if got := values(t, d); got[0] != -0.9 {
		t.Errorf("values %v, want -0.9", got)
	}
	d, _, _ = opened(t, "loops: {loop_current.in1: {channel: loop_current.in1, low: 4, high: 20}}\noffsets: {loop_current.in1: 0.04}", 4120)
	if got := values(t, d); got[0] != 4.16 {
		t.Errorf("a current as such is %v, want 4.16: its offset counts once", got)
	}
}

// TestFactsTellBrokenFromShorted: beside the values a person is told the current, and
// what it means.
func TestFactsTellBrokenFromShorted(t *testing.T) {
	two := "loops: {loop_current.in1: {channel: level, low: 0, high: 10}, loop_current.in2: {channel: water_pressure, low: 0, high: 1600}}"
	for _, c := range []struct {
		uA   [2]uint16
		want [2]string
	}{
		{[2]uint16{0, 22000}, [2]string{"0.000 mA < 3.6: a wire is broken", "22.000 mA > 21: the wires are shorted"}},
		{[2]uint16{3700, 12000}, [2]string{"3.700 mA: the transmitter is at the end of its range", "12.000 mA: measuring"}},
	} {
		d, _, unit := opened(t, two, c.uA[0], c.uA[1])
		facts, err := d.(drivers.Informant).Facts(t.Context())
		if err != nil || len(facts) != 2 || facts[0].Name != "loop_current_in1" || facts[0].Label != "loop_current.in1 → level" {
			t.Fatalf("%+v, %v", facts, err)
		}
		for i, want := range c.want {
			if f := facts[i]; !strings.HasPrefix(f.Value+": "+f.Means.EN, want) || f.Means.ZH == "" || strings.Contains(f.Means.EN, f.Means.ZH) {
				t.Errorf("%d uA: %+v, want %q", c.uA[i], f, want)
			}
		}
		unit.Registers[3][ranges] = 0 // 0-5 V
		if facts, err = d.(drivers.Informant).Facts(t.Context()); err != nil || !strings.Contains(facts[0].Means.EN, "is not set to a current") {
			t.Errorf("an input that is set to a voltage: %+v, %v", facts, err)
		}
		unit.Fault = func(int, drivertest.Request) error { return drivers.ErrTimeout }
		if _, err = d.(drivers.Informant).Facts(t.Context()); drivers.FaultWord(err) != "timeout" {
			t.Errorf("facts of a silent module: %v", err)
		}
	}
}

// exactly is low + (mA - 4) / 16 × (high - low) + mount without a rounding, mA in whole
// nanoamperes.
func exactly(mA float64, low, high, mount profile.Decimal) *big.Rat {
	rat := func(d profile.Decimal) *big.Rat {
		return new(big.Rat).SetFrac(big.NewInt(d.Digits), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.Places)), nil))
	}
	part := big.NewRat(int64(math.Round(mA*1e6))-4_000_000, 16_000_000)
	span := new(big.Rat).Sub(rat(high), rat(low))
	return new(big.Rat).Add(new(big.Rat).Add(rat(low), rat(mount)), part.Mul(part, span))
}

// FuzzSignal: a value is there exactly from 3.6 to 21 mA, and without a flag exactly from
// 3.8 to 20.5; it is the float64 nearest to the truth, within the channel, never turns
// back while the current goes on, and leads back to the current within half a nanoampere
// and the last digit.
func FuzzSignal(f *testing.F) {
	f.Add(12.0, 12.001, int64(0), int64(10), 0, int64(0))
	f.Add(3.5999999, 3.6, int64(-25), int64(75), 1, int64(12))
	f.Add(21.0, 20.5, int64(1600), int64(0), 0, int64(-1))
	f.Add(3.8, 21.0000001, int64(-99999999), int64(99999999), 3, int64(99999999))
	f.Fuzz(func(t *testing.T, mA, next float64, low, high int64, places int, add int64) {
		places = max(0, min(places, 3))
		of := transmitter{"level", profile.Decimal{Digits: low, Places: places}, profile.Decimal{Digits: high, Places: places}}
		mount := profile.Decimal{Digits: add, Places: places}
		s, err := newSignal(drivers.Channel{Name: "loop_current.in1", Resolution: 0.001}, of, mount)
		if err != nil {
			return
		}
		r := s.read(obs.Of(mA))
		if there := mA >= broken && mA <= shorted; there == math.IsNaN(r.Value) || there == (r.Quality.Flag == obs.Missing) {
			t.Fatalf("%v mA: %v", mA, r)
		}
		if r.Quality.Flag == obs.Missing {
			return
		}
		if good := mA >= lowest && mA <= highest; good != (r.Quality == obs.Quality{}) {
			t.Errorf("%v mA is judged %v", mA, r.Quality)
		}
		if want, _ := exactly(mA, of.Low, of.High, mount).Float64(); r.Value != want {
			t.Errorf("%v mA is %v, want %v", mA, r.Value, want)
		}
		if r.Value < s.channel.Min || r.Value > s.channel.Max {
			t.Errorf("%v mA is %v, outside %+v", mA, r.Value, s.channel)
		}
		if n := s.read(obs.Of(next)); n.Quality.Flag != obs.Missing && (next-mA)*float64(high-low)*(n.Value-r.Value) < 0 {
			t.Errorf("%v mA is %v, and %v mA %v", mA, r.Value, next, n.Value)
		}
		if low == high {
			return
		}
		zero := float64(low+add) / math.Pow10(places)
		span := float64(high-low) / math.Pow10(places)
		digit := math.Abs(16 / span * (math.Nextafter(r.Value, math.Inf(1)) - r.Value))
		if back := 4 + 16*(r.Value-zero)/span; math.Abs(back-mA) > 0.5001e-6+2*digit+1e-14 {
			t.Errorf("%v mA is %v, which is %v mA", mA, r.Value, back)
		}
	})
}

// FuzzAnswer: whatever the registers of a module hold, a reading without a value is one
// of a current beyond 3.6 to 21 mA, and one without a flag is of an input that is set to
// a current between 3.8 and 20.5.
func FuzzAnswer(f *testing.F) {
	f.Add(uint16(12000), uint16(2))
	f.Add(uint16(3599), uint16(3))
	f.Add(uint16(20501), uint16(0))
	f.Add(uint16(65535), uint16(65535))
	k := kind(f)
	p, err := planYAML(k, "module: waveshare-ai-8ch\n"+tank)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, microamperes, code uint16) {
		unit := module(microamperes)
		unit.Registers[3][ranges] = code
		d, err := p.OpenModbus(&unit)
		if err != nil {
			t.Fatal(err)
		}
		rs, err := d.Sample(t.Context())
		if err != nil || len(rs) != 1 {
			t.Fatalf("%v, %v", rs, err)
		}
		value := microamperes >= 3600 && microamperes <= 21000
		plain := microamperes >= 3800 && microamperes <= 20500 && (code == 2 || code == 3)
		if r := rs[0]; math.IsNaN(r.Value) == value || plain != (r.Quality == obs.Quality{}) {
			t.Errorf("%d uA, range code %d: %+v", microamperes, code, r)
		}
	})
}
