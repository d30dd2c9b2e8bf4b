package flowmeter

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// counted is a count of n pulses in a minute, the last two so far apart.
func counted(n uint64, period time.Duration) []drivers.PulseCount {
	return []drivers.PulseCount{{Total: n, Last: time.Minute, Period: period, At: time.Minute}}
}

func TestConformance(t *testing.T) {
	missed := counted(100, 36*time.Second)
	missed[0].Missed = true
	drivertest.Run(t, drivertest.Config{
		Kind: Kind(),
		Good: drivertest.Part{Name: "YF-S201 at 26.7 L/min", Source: "published: F = 7.5 Q, 450 pulses a litre; 200 Hz", Options: "{model: yf-s201}",
			Counts: counted(450, 5*time.Millisecond), Want: "volume=0.001 flow=1.6"},
		Beyond: drivertest.Part{Name: "YF-S201 at 66.7 L/min", Source: "constructed: 500 Hz, above the 30 L/min of its data sheet", Options: "{model: yf-s201}",
			Counts: counted(450, 2*time.Millisecond), Want: "volume=0.001 flow=4/fail/range"},
		More: []drivertest.Part{
			{Name: "YF-S401 at 2.04 L/min", Source: "published: F = 98 Q, 5880 pulses a litre; 200 Hz", Options: "{model: yf-s401}",
				Counts: counted(5880, 5*time.Millisecond), Want: "volume=0.001 flow=0.12244897959183675"},
			{Name: "YF-S201 as it was counted", Source: "constructed: 462 pulses filled a bucket of one litre", Options: "{model: yf-s201, k_factor: 462}",
				Counts: counted(462, 10*time.Millisecond), Want: "volume=0.001 flow=0.7792207792207793"},
			{Name: "a sensor by its K-factor", Source: "constructed: 500 pulses a litre, 1 kHz", Options: "{k_factor: 500}",
				Counts: counted(1500, time.Millisecond), Want: "volume=0.003 flow=7.2"},
			{Name: "a water meter of 10 litres a pulse", Source: "constructed: a pulse in 36 s is 1 m3/h", Options: "{per_pulse: 0.01}",
				Counts: counted(123456, 36*time.Second), Want: "volume=1234.56 flow=1"},
			{Name: "a water meter after a restart", Source: "constructed: nobody watched", Options: "{per_pulse: 0.01}",
				Counts: missed, Want: "volume=1/suspect/lost flow=1/suspect/lost"},
			{Name: "the tap is closed", Source: "constructed: no pulse since the start", Options: "{model: yf-s401}",
				Counts: []drivers.PulseCount{{Total: 5880, At: time.Minute}}, Want: "volume=0.001 flow=none/warm-up"},
			{Name: "above what was set", Source: "constructed: 60 m3/h in a pipe for 50", Options: "{per_pulse: 0.1, max_rate: 50}",
				Counts: counted(10, 6*time.Second), Want: "volume=1 flow=60/fail/range"},
		},
	})
}

// The two ways in which a volume a pulse is printed say the same.
func TestWaysToSayTheVolume(t *testing.T) {
	for options, want := range map[string]float64{
		"{k_factor: 100}": 1e-5, "{per_pulse: 0.00001}": 1e-5, "{model: yf-s201}": 1e-3 / 450, "{model: yf-s401}": 1e-3 / 5880,
		"{model: yf-s201, k_factor: 500}": 2e-6, "{k_factor: 0.1}": 0.01,
	} {
		p, err := planYAML(options)
		if err != nil || math.Abs(p.Channels[0].Resolution-want) > want*1e-15 {
			t.Errorf("%s: %+v, %v; want %v m3 a pulse", options, p, err, want)
		}
	}
}

// No model's greatest flow is swallowed by what takes out the noise, and what is taken
// for a contact is slow as contacts are.
func TestPins(t *testing.T) {
	for name, m := range models {
		p, err := planYAML("{model: " + name + "}")
		if err != nil {
			t.Fatal(err)
		}
		shortest := time.Duration(3600 / (m.most * 1000 * m.kFactor) * float64(time.Second))
		if p.Pin.Debounce+p.Pin.Spacing > shortest/2 || p.Channels[1].Max != m.most {
			t.Errorf("%s: %+v at up to %v m3/h; its pulses are %v apart", name, p.Pin, p.Channels[1].Max, shortest)
		}
	}
	for options, want := range map[string][2]time.Duration{
		"{per_pulse: 0.01}": {20 * time.Millisecond, 100 * time.Millisecond}, "{k_factor: 100}": {0, 500 * time.Microsecond},
	} {
		if p, err := planYAML(options); err != nil || p.Pin.Debounce != want[0] || p.Pin.Spacing != want[1] {
			t.Errorf("%s: %+v, %v; want a debounce of %v and a spacing of %v", options, p, err, want[0], want[1])
		}
	}
}

func FuzzCounts(f *testing.F) { drivertest.FuzzCounts(f, Kind(), "{model: yf-s201}", 5*time.Second) }

func TestOptionsThatAreRefused(t *testing.T) {
	for _, c := range []struct{ yaml, key, msg string }{
		{"", "per_pulse", "0.01 is 10 litres"},
		{"model: yf-s202", "model", "write one of yf-s201, yf-s401, or k_factor"},
		{"{k_factor: 450, per_pulse: 0.01}", "k_factor", "delete one of the two"},
		{"{model: yf-s201, per_pulse: 0.001}", "per_pulse", "model says already what one pulse stands for"},
		{"{model: yf-s201, k_factor: 0}", "k_factor", "k_factor cannot be 0 pulses/l; write 0.001 to 100000 pulses/l"},
		{"per_pulse: 0", "per_pulse", "per_pulse cannot be 0 m³; write 0.000001 to 10 m³"},
		{"{model: yf-s201, max_rate: 0}", "max_rate", "0 is no greatest rate"},
		{"{per_pulse: 0.01, max_rate: 0}", "max_rate", "0 is no greatest rate"},
		{"k_factor: -450", "k_factor", "k_factor cannot be -450 pulses/l"},
		{"k_factor: 1e300", "k_factor", "pulses a litre in the part's data sheet"},
		{"per_pulse: -1", "per_pulse", "as printed on the meter"},
		{"per_pulse: 1001", "per_pulse", "write 0.000001 to 10 m³"},
		{"per_pulse: 10", "per_pulse", "10 m³ is 10000 litres a pulse, as only bulk meters have; write at most 1 m³ (0.01 is 10 litres), or beside it what the meter is made for, max_rate, from 100 m³/h on"},
		{"{per_pulse: 10, max_rate: 2.5}", "per_pulse", "as only bulk meters have"},
		{"{model: yf-s201, max_rate: -1}", "max_rate", "flow can be at most"},
		{"{per_pulse: 0.01, idle: 0s}", "idle", "like 1m"},
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
