package raingauge

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// tips are counts of a gauge: so many tips, the newest after so long, and the time
// between the last two.
func tips(n uint64, last, period time.Duration) []drivers.PulseCount {
	return []drivers.PulseCount{{Total: n, Last: last, Period: period, At: last}}
}

func TestConformance(t *testing.T) {
	missed := tips(10, time.Minute, 6*time.Second)
	missed[0].Missed = true
	drivertest.Run(t, drivertest.Config{
		Kind: Kind(),
		Good: drivertest.Part{Name: "ten tips", Source: "published: SEN-15901, 0.2794 mm a tip; ten tips are 2.794 mm", Options: "{per_pulse: 0.2794}",
			Counts: tips(10, time.Minute, 6*time.Second), Want: "rain=2.794 rain_rate=167.64"},
		Beyond: drivertest.Part{Name: "a bucket that is knocked", Source: "constructed: tips of 0.2794 mm a tenth of a second apart are 10 058 mm/h", Options: "{per_pulse: 0.2794}",
			Counts: tips(10, time.Second, 100*time.Millisecond), Want: "rain=2.794 rain_rate=10058.4/fail/range"},
		More: []drivertest.Part{
			{Name: "600 mm/h at 0.2 mm is a tip in 1.2 s", Source: "published: the arithmetic of a tipping bucket", Options: "{per_pulse: 0.2, max_rate: 600}",
				Counts: tips(3, time.Minute, 1200*time.Millisecond), Want: "rain=0.6 rain_rate=600"},
			{Name: "above what was set", Source: "constructed: 720 mm/h", Options: "{per_pulse: 0.2}",
				Counts: tips(3, time.Minute, time.Second), Want: "rain=0.6 rain_rate=720/fail/range"},
			{Name: "dry after the start", Source: "constructed: no tip yet", Options: "{per_pulse: 0.5}",
				Counts: []drivers.PulseCount{{Total: 7, At: time.Minute}}, Want: "rain=3.5 rain_rate=none/warm-up"},
			{Name: "one tip after the start", Source: "constructed: one tip has no rate", Options: "{per_pulse: 0.254}",
				Counts: tips(1, time.Minute, 0), Want: "rain=0.254 rain_rate=none/warm-up"},
			{Name: "nobody watched", Source: "constructed: after a restart", Options: "{per_pulse: 0.25}",
				Counts: missed, Want: "rain=2.5/suspect/lost rain_rate=150/suspect/lost"},
			{Name: "the total is beyond the metric", Source: "constructed: 100 000.5 mm", Options: "{per_pulse: 0.5}",
				Counts: tips(200_001, time.Minute, time.Minute), Want: "rain=100000.5/fail/range rain_rate=30"},
		},
	})
}

// Rain, a pause, and rain again: the rate is that of the time between tips, falls while
// none comes, and is nought after idle.
func TestShower(t *testing.T) {
	d := opened(t, "{per_pulse: 0.2}", []drivers.PulseCount{
		{Total: 5, Last: 300 * time.Second, Period: 72 * time.Second, At: 310 * time.Second},
		{Total: 6, Last: 372 * time.Second, Period: 72 * time.Second, At: 380 * time.Second},
		{Total: 6, Last: 372 * time.Second, Period: 72 * time.Second, At: 1092 * time.Second},
		{Total: 6, Last: 372 * time.Second, Period: 72 * time.Second, At: 1572 * time.Second},
		{Total: 7, Last: 3972 * time.Second, Period: time.Hour, At: 3980 * time.Second},
	})
	for i, want := range [][2]float64{{1, 10}, {1.2, 10}, {1.2, 1}, {1.2, 0}, {1.4, 0.2}} {
		rs, err := d.Sample(t.Context())
		if err != nil || rs[0].Value != want[0] || math.Abs(rs[1].Value-want[1]) > 1e-12 {
			t.Errorf("sample %d is %v, %v; want %v mm and %v mm/h", i, rs, err, want[0], want[1])
		}
	}
}

// A gauge of small tips is not slowed by what suits one of large tips.
func TestFineGauge(t *testing.T) {
	for options, want := range map[string][2]time.Duration{
		"{per_pulse: 0.2}":                  {10 * time.Millisecond, 150 * time.Millisecond},
		"{per_pulse: 0.05, max_rate: 1000}": {10 * time.Millisecond, 90 * time.Millisecond},
		"{per_pulse: 0.05, max_rate: 750}":  {10 * time.Millisecond, 120 * time.Millisecond},
	} {
		p, err := planYAML(options)
		if err != nil || p.Pin.Debounce != want[0] || p.Pin.Spacing != want[1] || p.Pin.Active != "low" || p.Pin.Pull != "up" {
			t.Errorf("%s: %+v, %v; want a debounce of %v and a spacing of %v", options, p, err, want[0], want[1])
		}
	}
}

func FuzzCounts(f *testing.F) {
	drivertest.FuzzCounts(f, Kind(), "{per_pulse: 0.2794}", 20*time.Minute)
}

func TestOptionsThatAreRefused(t *testing.T) {
	for _, c := range []struct{ yaml, key, msg string }{
		{"", "per_pulse", "how much rain one tip stands for is not known; write the millimetres of one tip, as printed on the gauge: 0.2, 0.2794"},
		{"{per_pulse: 0.2, max_rate: 0}", "max_rate", "0 is no greatest rate"},
		{"per_pulse: 0", "per_pulse", "per_pulse cannot be 0 mm; write 0.05 to 2 mm"},
		{"per_pulse: 2794", "per_pulse", "write 0.05 to 2 mm, as printed on the gauge"},
		{"per_pulse: 0.02", "per_pulse", "per_pulse cannot be 0.02 mm"},
		{"per_pulse: -0.2", "per_pulse", "per_pulse cannot be -0.2 mm"},
		{"{per_pulse: 0.2, max_rate: 1001}", "max_rate", "rain_rate can be at most where the part is, above 0, up to 1000 mm/h"},
		{"{per_pulse: 0.2, idle: 0s}", "idle", "like 1m"},
	} {
		_, err := planYAML(c.yaml)
		if err == nil || !strings.Contains(err.Error(), c.key) || !strings.Contains(err.Error(), c.msg) {
			t.Errorf("options %s give %v, want %s: %s", c.yaml, err, c.key, c.msg)
		}
	}
}

func opened(t *testing.T, options string, counts []drivers.PulseCount) drivers.Driver {
	t.Helper()
	p, err := planYAML(options)
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.OpenPulses(&drivertest.Pulses{Counts: counts})
	if err != nil {
		t.Fatal(err)
	}
	return d
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
