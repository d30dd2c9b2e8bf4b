package metering

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// bucket is a rain gauge of 0.2 mm.
func bucket(change func(*Meter)) Meter {
	m := Meter{
		Driver: "toy", Total: drivers.Channel{Name: "rain", Max: 1e5, Resolution: 0.2}, Rate: drivers.Channel{Name: "rain_rate", Max: 1000}, PerHertz: 720,
		Options: Options{Idle: time.Minute}, Pin: drivers.PinSettings{Debounce: 10 * time.Millisecond, Spacing: 150 * time.Millisecond},
	}
	change(&m)
	return m
}

func open(t testing.TB, m Meter, counts ...drivers.PulseCount) (drivers.Driver, *drivertest.Pulses) {
	t.Helper()
	p, err := m.Plan()
	if err != nil {
		t.Fatal(err)
	}
	wire := &drivertest.Pulses{Counts: counts}
	d, err := p.OpenPulses(wire)
	if err != nil {
		t.Fatal(err)
	}
	return d, wire
}

func TestMissedPulsesAreFlagged(t *testing.T) {
	d, wire := open(t, bucket(func(*Meter) {}), at(10*second, 5, 10*second, 20*second), missed(at(20*second, 15, 20*second, 20*second)), at(40*second, 16, 40*second, 20*second))
	lost := obs.Quality{Flag: obs.Suspect, Why: obs.Lost}
	for i, want := range []struct {
		rain    float64
		quality obs.Quality
	}{{1, obs.Quality{}}, {3, lost}, {3.2, obs.Quality{}}} {
		rs, err := d.Sample(t.Context())
		if err != nil || rs[0] != (obs.Reading{Value: want.rain, Quality: want.quality}) || rs[1] != (obs.Reading{Value: 36, Quality: want.quality}) {
			t.Errorf("sample %d: %v, %v; want %v mm and 36 mm/h, %v", i, rs, err, want.rain, want.quality)
		}
	}
	s := d.(drivers.Stateful)
	if err := s.Restore([]byte("kept")); err != nil || string(wire.Restored) != "kept" || string(s.State()) != "\x03" {
		t.Errorf("state %q, restored %q, %v", s.State(), wire.Restored, err)
	}
}

// An amount has the decimals of one pulse, and no more.
func TestAmounts(t *testing.T) {
	for _, c := range []struct {
		per    float64
		pulses uint64
		want   float64
	}{
		{0.2794, 10, 2.794}, {0.2, 3, 0.6}, {0.1, 3, 0.3}, {0.001, 1_234_567, 1234.567}, {1, 1 << 52, 1 << 52},
		{1e-3 / 450, 450, 0.001}, {0.5, 0, 0}, {0.01, math.MaxUint64, 0.01 * math.MaxUint64},
	} {
		d, _ := open(t, bucket(func(m *Meter) { m.Total.Resolution = c.per }), at(second, c.pulses, 0, 0))
		if rs, err := d.Sample(t.Context()); err != nil || math.Abs(rs[0].Value-c.want) > c.want*1e-15 {
			t.Errorf("%d pulses of %v are %v, %v; want %v", c.pulses, c.per, rs, err, c.want)
		}
	}
}

// What the wheel needs to move at all is added while it moves, to mean and gust, and
// still air is still.
func TestOffsetAndGust(t *testing.T) {
	d, _ := open(t, bucket(func(m *Meter) {
		m.Rate, m.Gust, m.PerHertz, m.Offset = drivers.Channel{Name: "wind_speed", Max: 90}, "wind_gust", 0.5, 0.25
	}), at(10*second, 5, 10*second, second), at(70*second, 5, 10*second, second), drivers.PulseCount{Total: 9, Last: 80 * second, Period: second / 4, At: 80 * second, Peak: 3})
	for i, want := range [][2]float64{{0.75, 0.75}, {0, 0}, {0.5*4/70 + 0.25, 1.75}} {
		rs, err := d.Sample(t.Context())
		if err != nil || len(rs) != 3 || math.Abs(rs[1].Value-want[0]) > 1e-12 || rs[2].Value != want[1] {
			t.Errorf("sample %d: %v, %v; want mean and gust %v", i, rs, err, want)
		}
	}
}

// Times that would swallow pulses of the greatest rate are shortened.
func TestPinIsQuickEnough(t *testing.T) {
	for _, c := range []struct {
		name              string
		change            func(*Meter)
		debounce, spacing time.Duration
	}{
		{"no greatest rate", func(*Meter) {}, 10 * time.Millisecond, 150 * time.Millisecond},
		{"a tip in 1.44 s", func(m *Meter) { m.MaxRate = ptr(500) }, 10 * time.Millisecond, 150 * time.Millisecond},
		{"a tip in 72 ms", func(m *Meter) { m.MaxRate, m.PerHertz = ptr(500), 36 }, 10 * time.Millisecond, 36 * time.Millisecond},
		{"a tip in 7.2 ms", func(m *Meter) { m.MaxRate, m.PerHertz = ptr(500), 3.6 }, 1800 * time.Microsecond, 3600 * time.Microsecond},
		{"the offset is no pulse", func(m *Meter) { m.MaxRate, m.PerHertz, m.Offset = ptr(500), 36, 140 }, 10 * time.Millisecond, 50 * time.Millisecond},
		{"next to never", func(m *Meter) { m.MaxRate = ptr(1e-300) }, 10 * time.Millisecond, 150 * time.Millisecond},
	} {
		p, err := bucket(c.change).Plan()
		if err != nil || p.Pin.Debounce != c.debounce || p.Pin.Spacing != c.spacing {
			t.Errorf("%s: %+v, %v; want a debounce of %v and a spacing of %v", c.name, p.Pin, err, c.debounce, c.spacing)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		change   func(*Meter)
		key, msg string
	}{
		{func(m *Meter) { m.MaxRate = ptr(1001) }, "max_rate", "1001 is no greatest rate; write what rain_rate can be at most where the part is, above 0, up to 1000"},
		{func(m *Meter) { m.MaxRate = ptr(-1) }, "max_rate", "up to 1000"},
		{func(m *Meter) { m.MaxRate = ptr(0) }, "max_rate", "0 is no greatest rate; write what rain_rate can be"},
		{func(m *Meter) { m.MaxRate = ptr(math.NaN()) }, "max_rate", "up to 1000"},
		{func(m *Meter) { m.MaxRate, m.Offset = ptr(0.3), 0.3 }, "max_rate", "needs to move at all"},
		{func(m *Meter) { m.Idle = 0 }, "idle", "like 1m"},
		{func(m *Meter) { m.Idle = -time.Second }, "idle", "like 1m"},
	} {
		_, err := bucket(c.change).Plan()
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != c.key || !strings.Contains(o.Msg, c.msg) {
			t.Errorf("Plan gives %v, want %s: %s", err, c.key, c.msg)
		}
	}
	p, err := bucket(func(m *Meter) { m.MaxRate = ptr(400); m.Gust = "wind_gust" }).Plan()
	if err != nil || len(p.Channels) != 3 || p.Channels[1].Max != 400 || p.Channels[2] != (drivers.Channel{Name: "wind_gust", Max: 400, Resolution: 0.72}) {
		t.Errorf("the plan is %+v, %v", p, err)
	}
}

func TestWithin(t *testing.T) {
	for v, ok := range map[float64]bool{0.1: true, 5: true, 0.3: true, 0.09: false, 5.1: false, math.NaN(): false, math.Inf(1): false, -1: false} {
		if err := Within("size", v, yamldoc.Within(0.1, 5, "m"), "the size"); (err == nil) != ok {
			t.Errorf("Within(%v) = %v", v, err)
		}
	}
	if err := Within("size", 7, yamldoc.Within(0.1, 5, "m"), "the size"); err == nil || err.Error() != "size: 7 m cannot be; write 0.1 to 5 m, the size" {
		t.Errorf("Within gives %v", err)
	}
}

func BenchmarkSample(b *testing.B) {
	d, _ := open(b, bucket(func(m *Meter) { m.Gust = "wind_gust" }), at(10*second, 5, 10*second, 20*second), at(20*second, 15, 20*second, 20*second))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Sample(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func ptr(v float64) *float64 { return &v }
