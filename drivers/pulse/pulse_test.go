package pulse

import (
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
	missed := counted(10, 3*time.Second)
	missed[0].Missed = true
	drivertest.Run(t, drivertest.Config{
		Kind: Kind(),
		Good: drivertest.Part{Name: "1200 W", Source: "published: IEC 62053-31, 1000 pulses a kWh; a pulse in 3 s", Options: "{channel: energy, per_pulse: 0.001, max_rate: 20000}",
			Counts: counted(1234, 3*time.Second), Want: "energy=1.234 power=1200"},
		Beyond: drivertest.Part{Name: "a wire that hums", Source: "constructed: 50 Hz are 180 kW", Options: "{channel: energy, per_pulse: 0.001, max_rate: 20000}",
			Counts: counted(1234, 20*time.Millisecond), Want: "energy=1.234 power=180000/fail/range"},
		More: []drivertest.Part{
			{Name: "pulses", Source: "constructed", Counts: counted(10, 500*time.Millisecond), Want: "pulses=10 pulse_rate=2"},
			{Name: "groups of ten", Source: "constructed: each pulse is ten", Options: "{channel: pulses.gate, per_pulse: 10}",
				Counts: counted(10, 500*time.Millisecond), Want: "pulses.gate=100 pulse_rate.gate=20"},
			{Name: "a propeller", Source: "constructed: v = 0.125 f + 0.0625 at 8 Hz", Options: "{rate: velocity, per_hertz: 0.125, offset: 0.0625}",
				Counts: counted(480, 125*time.Millisecond), Want: "pulses=480 velocity=1.0625"},
			{Name: "nobody watched", Source: "constructed: after a restart", Options: "{channel: energy, per_pulse: 0.001}",
				Counts: missed, Want: "energy=0.01/suspect/lost power=1200/suspect/lost"},
			{Name: "nothing since the start", Source: "constructed", Options: "{channel: energy, per_pulse: 0.001}",
				Counts: []drivers.PulseCount{{Total: 7, At: time.Minute}}, Want: "energy=0.007 power=none/warm-up"},
		},
	})
}

func FuzzCounts(f *testing.F) {
	drivertest.FuzzCounts(f, Kind(), "{channel: energy, per_pulse: 0.001, max_rate: 20000}", 10*time.Minute)
}

func FuzzPropeller(f *testing.F) {
	drivertest.FuzzCounts(f, Kind(), "{rate: velocity, per_hertz: 0.1293, offset: 0.012}", time.Minute)
}

func TestOptionsThatAreRefused(t *testing.T) {
	for _, c := range []struct{ yaml, key, msg string }{
		{"channel: level", "channel", "write one of energy, pulses, or one with a qualifier, like energy.east"},
		{"channel: rain", "channel", "write driver: rain-gauge"},
		{"channel: volume.inlet", "channel", "write driver: flow-meter"},
		{"{rate: wind_speed, per_hertz: 0.7}", "rate", "write driver: anemometer"},
		{"channel: energy.", "channel", "qualifier"},
		{"channel: energy", "per_pulse", "is not known; write what one pulse stands for: 0.001 for a meter of 1000 pulses a kWh"},
		{"{channel: energy, per_pulse: 1000}", "per_pulse", "1000 kWh cannot be; write 0.00001 to 10 kWh, what one pulse stands for: 0.001 for a meter of 1000 pulses a kWh (1000 imp/kWh)"},
		{"per_pulse: 0", "per_pulse", "0 cannot be; write 0.000001 to 1000000"},
		{"per_pulse: -1", "per_pulse", "how many one pulse stands for"},
		{"rate: temp", "rate", "discharge, power, pulse_rate, velocity"},
		{"rate: velocity", "rate", "add per_hertz"},
		{"{rate: velocity, per_hertz: -1}", "per_hertz", "what velocity is at one pulse a second"},
		{"{rate: velocity, per_hertz: 1, offset: 3}", "offset", "3 m/s cannot be; write 0 to 2 m/s, what the calibration adds"},
		{"max_rate: 100001", "max_rate", "up to 100000"},
		{"idle: 0s", "idle", "like 1m"},
	} {
		_, err := planYAML(c.yaml)
		if err == nil || !strings.Contains(err.Error(), c.key) || !strings.Contains(err.Error(), c.msg) {
			t.Errorf("options %s give %v, want %s: %s", c.yaml, err, c.key, c.msg)
		}
	}
}

func TestOptions(t *testing.T) {
	for yaml, want := range map[string]struct {
		total, rate   string
		step, max     float64
		idle, spacing time.Duration
	}{
		"":                                    {"pulses", "pulse_rate", 1, 1e5, time.Minute, 0},
		"{channel: energy, per_pulse: 0.001}": {"energy", "power", 0.001, 1e9, 10 * time.Minute, 5 * time.Millisecond},
		"{channel: energy.pump, per_pulse: 0.001, max_rate: 5000, idle: 30s}": {"energy.pump", "power.pump", 0.001, 5000, 30 * time.Second, 5 * time.Millisecond},
		"{channel: energy, per_pulse: 0.00001, max_rate: 7200}":               {"energy", "power", 0.00001, 7200, 10 * time.Minute, 2500 * time.Microsecond},
		"{rate: velocity, per_hertz: 0.125, max_rate: 4}":                     {"pulses", "velocity", 1, 4, time.Minute, 0},
	} {
		pl, err := planYAML(yaml)
		if err != nil {
			t.Errorf("%s: %v", yaml, err)
			continue
		}
		if got := pl.Channels; got[0].Name != want.total || got[0].Resolution != want.step || got[1].Name != want.rate || got[1].Max != want.max || pl.Pin.Spacing != want.spacing {
			t.Errorf("%s: %+v %+v", yaml, got, pl.Pin)
		}
		if !silentAfter(t, pl, want.idle) || silentAfter(t, pl, want.idle-time.Second) {
			t.Errorf("%s: the rate is not nought exactly from %v on", yaml, want.idle)
		}
	}
}

// silentAfter says whether the rate is nought so long after the start, without a pulse.
func silentAfter(t *testing.T, pl *drivers.Plan, long time.Duration) bool {
	t.Helper()
	d, err := pl.OpenPulses(&drivertest.Pulses{Counts: []drivers.PulseCount{{At: time.Hour}, {At: time.Hour + long}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Sample(t.Context()); err != nil {
		t.Fatal(err)
	}
	rs, err := d.Sample(t.Context())
	return err == nil && rs[1].Value == 0
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
