package pulse

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
	"pgregory.net/rapid"
)

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind: Kind(),
		Good: drivertest.Part{Name: "ten tips", Source: "constructed: ten tips of 0.2794 mm, one every six seconds", Options: "{channel: rain, per_pulse: 0.2794}",
			Counts: []drivers.PulseCount{{Total: 10, Last: 60 * time.Second, Period: 6 * time.Second, At: 60 * time.Second}},
			Want:   "rain=2.794 rain_rate=167.64"},
		Beyond: drivertest.Part{Name: "a cloudburst that cannot be", Source: "constructed", Options: "{channel: rain, per_pulse: 0.2794}",
			Counts: []drivers.PulseCount{{Total: 10, Last: time.Second, Period: 100 * time.Millisecond, At: time.Second}},
			Want:   "rain=2.794 rain_rate=10058.4/fail/range"},
		More: []drivertest.Part{
			{Name: "rain gauge", Source: "constructed: 10 tips of 0.2794 mm are 2.794 mm", Options: "{part: rain-gauge, per_pulse: 0.2794}",
				Counts: []drivers.PulseCount{{Total: 10, Last: 60 * time.Second, Period: 6 * time.Second, At: 60 * time.Second}}, Want: "rain=2.794 rain_rate=167.64"},
			{Name: "a bucket that is knocked", Source: "constructed: above 500 mm/h", Options: "{part: rain-gauge, per_pulse: 0.2}",
				Counts: []drivers.PulseCount{{Total: 3, Last: 60 * time.Second, Period: time.Second, At: 60 * time.Second}}, Want: "rain=0.6 rain_rate=720/fail/range"},
			{Name: "YF-S201 at 26.7 L/min", Source: "published: F = 7.5 Q, 450 pulses a litre", Options: "{part: yf-s201}",
				Counts: []drivers.PulseCount{{Total: 450, Last: 60 * time.Second, Period: 5 * time.Millisecond, At: 60 * time.Second}}, Want: "volume=0.001 flow=1.6"},
			{Name: "YF-S401 at 50 Hz", Source: "published: F = 98 Q", Options: "{part: yf-s401}",
				Counts: []drivers.PulseCount{{Total: 5880, Last: 60 * time.Second, Period: 20 * time.Millisecond, At: 60 * time.Second}}, Want: "volume=0.001 flow=0.030612244897959183"},
			{Name: "anemometer with a gust", Source: "published: one closure a second is 2.4 km/h", Options: "{part: anemometer}",
				Counts: []drivers.PulseCount{{Total: 90, Last: 60 * time.Second, Period: 500 * time.Millisecond, At: 60 * time.Second, Peak: 9}}, Want: "pulses=90 wind_speed=1.3333333333333333 wind_gust=6"},
			{Name: "a gale that cannot be", Source: "constructed: 90 Hz are 60 m/s", Options: "{part: anemometer}",
				Counts: []drivers.PulseCount{{Total: 900, Last: 60 * time.Second, Period: 500 * time.Millisecond, At: 60 * time.Second, Peak: 99}}, Want: "pulses=900 wind_speed=1.3333333333333333 wind_gust=66/fail/range"},
		},
	})
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

const second = time.Second

// at is a count with a newest pulse.
func at(now time.Duration, total uint64, last, period time.Duration) drivers.PulseCount {
	return drivers.PulseCount{At: now, Total: total, Last: last, Period: period}
}

func missed(c drivers.PulseCount) drivers.PulseCount {
	c.Missed = true
	return c
}

func TestRates(t *testing.T) {
	none := math.NaN()
	for _, c := range []struct {
		name   string
		counts []drivers.PulseCount
		want   []float64 // Hz
	}{
		{"steady, sampled beside the pulses", []drivers.PulseCount{
			at(100*second, 0, 0, 0), at(110*second, 4, 108*second, 2*second), at(120*second, 9, 118*second, 2*second), at(130*second, 14, 128*second, 2*second)},
			[]float64{none, .5, .5, .5}},
		{"speeds up between two samples", []drivers.PulseCount{at(10*second, 5, 10*second, second), at(20*second, 105, 20*second, 50*time.Millisecond)},
			[]float64{1, 10}},
		{"ebbs away", []drivers.PulseCount{at(10*second, 5, 10*second, second), at(20*second, 5, 10*second, second), at(40*second, 5, 10*second, second), at(70*second, 5, 10*second, second)},
			[]float64{1, .1, 1.0 / 30, 0}},
		{"slower than the samples", []drivers.PulseCount{at(10*second, 2, 9*second, 20*second), at(20*second, 2, 9*second, 20*second), at(30*second, 3, 29*second, 20*second), at(40*second, 3, 29*second, 20*second)},
			[]float64{.05, .05, .05, .05}},
		{"the first pulse says nothing yet", []drivers.PulseCount{at(10*second, 7, 0, 0), at(20*second, 8, 19*second, 0), at(30*second, 9, 29*second, 10*second)},
			[]float64{none, none, .1}},
		{"dry: nought only after idle", []drivers.PulseCount{at(1000*second, 7, 0, 0), at(1012*second, 7, 0, 0), at(1059*second, 7, 0, 0), at(1060*second, 7, 0, 0)},
			[]float64{none, none, none, 0}},
		{"a fresh start in the rain", []drivers.PulseCount{
			at(10*second, 0, 0, 0), at(20*second, 0, 0, 0), at(30*second, 1, 25*second, 0), at(40*second, 1, 25*second, 0), at(50*second, 2, 45*second, 20*second)},
			[]float64{none, none, none, none, .05}},
		{"one pulse, and idle after it", []drivers.PulseCount{at(10*second, 0, 0, 0), at(20*second, 1, 15*second, 0), at(74*second, 1, 15*second, 0), at(75*second, 1, 15*second, 0), at(117*second, 2, 115*second, 100*second)},
			[]float64{none, none, none, 0, .01}},
		{"the first pulse after idle", []drivers.PulseCount{at(10*second, 7, 0, 0), at(70*second, 7, 0, 0), at(115*second, 8, 110*second, 0), at(120*second, 8, 110*second, 0), at(310*second, 8, 110*second, 0)},
			[]float64{none, 0, .01, .01, 0}},
		{"lost, and then quiet", []drivers.PulseCount{at(10*second, 5, 10*second, second), missed(at(20*second, 9, 20*second, 0)), at(30*second, 9, 20*second, 0), at(80*second, 9, 20*second, 0)},
			[]float64{1, none, none, 0}},
		{"pulses were lost", []drivers.PulseCount{at(10*second, 5, 10*second, second), missed(at(20*second, 9, 20*second, 0)), at(30*second, 19, 30*second, second)},
			[]float64{1, none, 1}},
	} {
		m := meter{perHertz: 1, idle: time.Minute}
		for i, count := range c.counts {
			v, ok := m.rate(count)
			if !ok {
				v = none
			}
			if math.Abs(v-c.want[i]) > 1e-9 || math.IsNaN(v) != math.IsNaN(c.want[i]) {
				t.Errorf("%s: sample %d is %v Hz, want %v", c.name, i, v, c.want[i])
			}
		}
	}
}

// Whatever pulses come, a rate is never negative, never infinite, and never more than
// the pulses of the shortest time between two of them, the first count standing for a
// pulse before the first one.
func TestRatesAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := meter{perHertz: 1, idle: time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "idle"))}
		var c drivers.PulseCount
		shortest := time.Duration(math.MaxInt64)
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "pulse") {
				gap := time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(time.Minute)).Draw(t, "gap"))
				c.At += gap
				if c.Last > 0 {
					c.Period = c.At - c.Last
				}
				if c.Last > 0 || m.known {
					shortest = min(shortest, c.At-max(c.Last, m.first))
				}
				c.Total, c.Last = c.Total+1, c.At
				continue
			}
			c.At += time.Duration(rapid.Int64Range(1, int64(time.Minute)).Draw(t, "pause"))
			if v, ok := m.rate(c); ok && (v < 0 || v > 1.000001/shortest.Seconds() || math.IsNaN(v)) {
				t.Fatalf("%+v gives %v Hz, the shortest time was %v", c, v, shortest)
			}
		}
	})
}

func TestMissedPulsesAreFlagged(t *testing.T) {
	pl, err := planYAML("{channel: volume.inlet, per_pulse: 0.01}")
	if err != nil {
		t.Fatal(err)
	}
	wire := &drivertest.Pulses{Counts: []drivers.PulseCount{at(10*second, 5, 10*second, second), missed(at(20*second, 15, 20*second, second)), at(30*second, 25, 30*second, second)}}
	d, err := pl.OpenPulses(wire)
	if err != nil {
		t.Fatal(err)
	}
	lost := obs.Quality{Flag: obs.Suspect, Why: obs.Lost}
	for i, want := range []obs.Quality{{}, lost, {}} {
		rs, err := d.Sample(t.Context())
		if err != nil || rs[0].Quality != want || rs[1].Quality != want || rs[0].Value != float64(5+10*i)*.01 || rs[1].Value != 36 {
			t.Errorf("sample %d: %v, %v", i, rs, err)
		}
	}
	s := d.(drivers.Stateful)
	if err := s.Restore([]byte("kept")); err != nil || string(wire.Restored) != "kept" || string(s.State()) != "\x03" {
		t.Errorf("state %q, restored %q, %v", s.State(), wire.Restored, err)
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct{ yaml, key, msg string }{
		{"part: yf-s202", "part", "yf-s201, yf-s401"},
		{"part: rain-gauge", "per_pulse", "0.2 is a rain gauge"},
		{"channel: level", "channel", "energy, pulses, rain, volume"},
		{"channel: rain.", "channel", "qualifier"},
		{"per_pulse: 0", "per_pulse", "0.2 for a rain gauge"},
		{"per_pulse: -1", "per_pulse", "no amount"},
		{"rate: temp", "rate", "wind_speed"},
		{"rate: wind_speed", "rate", "add per_hertz"},
		{"{rate: wind_speed, per_hertz: -1}", "per_hertz", "no rate"},
		{"{channel: rain, max_rate: 1001}", "max_rate", "up to 1000"},
		{"{channel: rain, max_rate: -1}", "max_rate", "up to 1000"},
		{"idle: 0s", "idle", "like 1m"},
	} {
		_, err := planYAML(c.yaml)
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != c.key || !strings.Contains(o.Msg, c.msg) {
			t.Errorf("options %s give %v, want %s: %s", c.yaml, err, c.key, c.msg)
		}
	}
	for yaml, want := range map[string]struct {
		total, rate string
		hertz, max  float64
	}{
		"":                                     {"pulses", "pulse_rate", 1, 1e5},
		"{channel: rain, per_pulse: 0.2}":      {"rain", "rain_rate", 720, 1000},
		"{channel: volume.hot, per_pulse: 1}":  {"volume.hot", "flow.hot", 3600, 1e6},
		"{channel: energy, per_pulse: 0.001}":  {"energy", "power", 3600, 1e9},
		"{rate: wind_speed, per_hertz: 0.667}": {"pulses", "wind_speed", 0.667, 90},
		"{channel: rain, max_rate: 500}":       {"rain", "rain_rate", 3600, 500},
	} {
		pl, err := planYAML(yaml)
		if err != nil {
			t.Errorf("%s: %v", yaml, err)
			continue
		}
		d, err := pl.OpenPulses(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.(*driver); pl.Channels[0].Name != want.total || pl.Channels[1].Name != want.rate || got.meter.perHertz != want.hertz || pl.Channels[1].Max != want.max {
			t.Errorf("%s: %+v, %v at one pulse a second", yaml, pl.Channels, got.meter.perHertz)
		}
	}
}
