package anemometer

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// turned is a count of n turns in a minute, the last two so far apart, and the most turns
// a second that were reached over three seconds.
func turned(n uint64, period time.Duration, peak float64) []drivers.PulseCount {
	return []drivers.PulseCount{{Total: n, Last: time.Minute, Period: period, At: time.Minute, Peak: peak}}
}

func TestConformance(t *testing.T) {
	missed := turned(90, 500*time.Millisecond, 9)
	missed[0].Missed = true
	drivertest.Run(t, drivertest.Config{
		Kind: Kind(),
		Good: drivertest.Part{Name: "SEN-15901 with a gust", Source: "published: one closure a second is 2.4 km/h", Options: "{model: sen-15901}",
			Counts: turned(90, 500*time.Millisecond, 9), Want: "pulses=90 wind_speed=1.3333333333333333 wind_gust=6"},
		Beyond: drivertest.Part{Name: "a gale that cannot be", Source: "constructed: 90 Hz are 60 m/s, and these are 99", Options: "{model: sen-15901}",
			Counts: turned(900, 500*time.Millisecond, 99), Want: "pulses=900 wind_speed=1.3333333333333333 wind_gust=66/fail/range"},
		More: []drivertest.Part{
			{Name: "Davis 6410: ten pulses in 2.25 s are ten miles an hour", Source: "published: V = 2.25 P/T, mile/h", Options: "{model: davis-6410}",
				Counts: turned(10, 225*time.Millisecond, 0), Want: "pulses=10 wind_speed=4.470400000000001 wind_gust=4.470400000000001"},
			{Name: "by its certificate", Source: "constructed: v = 0.765 f + 0.35 at 4 and 8 Hz", Options: "{per_hertz: 0.765, offset: 0.35}",
				Counts: turned(240, 250*time.Millisecond, 8), Want: "pulses=240 wind_speed=3.41 wind_gust=6.47"},
			{Name: "calm after the start", Source: "constructed: no turn yet", Options: "{model: sen-15901}",
				Counts: []drivers.PulseCount{{Total: 7, At: time.Minute}}, Want: "pulses=7 wind_speed=none/warm-up wind_gust=none/warm-up"},
			{Name: "nobody watched", Source: "constructed: after a restart", Options: "{model: sen-15901}",
				Counts: missed, Want: "pulses=90/suspect/lost wind_speed=1.3333333333333333/suspect/lost wind_gust=6/suspect/lost"},
			{Name: "a contact that chatters", Source: "constructed: 400 Hz", Options: "{model: sen-15901}",
				Counts: turned(900, 2500*time.Microsecond, 400), Want: "pulses=900 wind_speed=266.66666666666663/fail/range wind_gust=266.66666666666663/fail/range"},
		},
	})
}

// A breeze that ebbs: the speed falls while the wheel stands, and is nought after idle;
// the gust of a minute is told though the wheel stands again.
func TestBreeze(t *testing.T) {
	p, err := planYAML("{per_hertz: 1}")
	if err != nil {
		t.Fatal(err)
	}
	last := 100 * time.Second
	d, err := p.OpenPulses(&drivertest.Pulses{Counts: []drivers.PulseCount{
		{Total: 50, Last: last, Period: time.Second, At: last, Peak: 3},
		{Total: 50, Last: last, Period: time.Second, At: last + 4*time.Second},
		{Total: 50, Last: last, Period: time.Second, At: last + 5*time.Second},
		{Total: 110, Last: last + 40*time.Second, Period: time.Second, At: last + 60*time.Second, Peak: 5},
		{Total: 110, Last: last + 40*time.Second, Period: time.Second, At: last + 61*time.Second},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][3]float64{{50, 1, 3}, {50, 0.25, 0.25}, {50, 0, 0}, {110, 1.5, 5}, {110, 0, 0}} {
		rs, err := d.Sample(t.Context())
		if err != nil || rs[0].Value != want[0] || math.Abs(rs[1].Value-want[1]) > 1e-12 || math.Abs(rs[2].Value-want[2]) > 1e-12 {
			t.Errorf("sample %d is %v, %v; want turns, speed and gust %v", i, rs, err, want)
		}
	}
}

// No model's greatest wind is swallowed by what takes out the bounce.
func TestPins(t *testing.T) {
	for name, m := range models {
		p, err := planYAML("{model: " + name + "}")
		if err != nil {
			t.Fatal(err)
		}
		shortest := time.Duration(m.perHertz / m.most * float64(time.Second))
		if p.Pin.Debounce+p.Pin.Spacing > shortest/2 || p.Pin.Spacing < time.Millisecond || p.Channels[1].Max != m.most || p.Channels[2].Max != m.most {
			t.Errorf("%s: %+v, up to %v m/s; its turns are %v apart", name, p.Pin, p.Channels[1].Max, shortest)
		}
	}
}

func FuzzCounts(f *testing.F) { drivertest.FuzzCounts(f, Kind(), "{model: sen-15901}", idle) }

func FuzzCertificate(f *testing.F) {
	drivertest.FuzzCounts(f, Kind(), "{per_hertz: 0.0462, offset: 0.21, idle: 2s}", 2*time.Second)
}

func TestOptionsThatAreRefused(t *testing.T) {
	for _, c := range []struct{ yaml, key, msg string }{
		{"", "per_hertz", "0.6667 is 2.4 km/h"},
		{"model: davis", "model", "write one of davis-6410, sen-15901, or per_hertz"},
		{"per_hertz: -1", "per_hertz", "per_hertz cannot be -1 m/s; write 0.001 to 10 m/s"},
		{"{per_hertz: 11}", "per_hertz", "per_hertz cannot be 11 m/s"},
		{"{per_hertz: 0}", "per_hertz", "per_hertz cannot be 0 m/s"},
		{"{model: sen-15901, per_hertz: 0.5}", "per_hertz", "model says already how fast the wheel turns"},
		{"{model: sen-15901, max_rate: 0}", "max_rate", "0 is no greatest rate"},
		{"{per_hertz: 0.7, offset: -0.1}", "offset", "offset cannot be -0.1 m/s; write 0 to 5 m/s"},
		{"{model: sen-15901, max_rate: 91}", "max_rate", "up to 90"},
		{"{per_hertz: 0.7, offset: 2, max_rate: 1}", "max_rate", "needs to move at all"},
		{"{model: sen-15901, idle: 0s}", "idle", "like 1m"},
	} {
		_, err := planYAML(c.yaml)
		if err == nil || !strings.Contains(err.Error(), c.key) || !strings.Contains(err.Error(), c.msg) {
			t.Errorf("options %s give %v, want %s: %s", c.yaml, err, c.key, c.msg)
		}
	}
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
