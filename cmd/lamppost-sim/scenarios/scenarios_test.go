package scenarios_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenarios"
)

func load(t *testing.T, name string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Load(name, scenarios.Read)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNames(t *testing.T) {
	if got := scenarios.Names(); !slices.Equal(got, []string{"calm", "cloudburst", "faults", "haze"}) {
		t.Errorf("Names() = %v", got)
	}
	if _, err := scenarios.Read("sunny"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "cloudburst") {
		t.Errorf("Read of an unknown name: %v; want it to name the known ones", err)
	}
	path := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(path, []byte("base: calm"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := scenarios.Read(path); err != nil || string(b) != "base: calm" {
		t.Errorf("Read of a path: %q, %v", b, err)
	}
}

// A cycle ends where it began, or every loop would show a jump that no street has.
func TestCyclesClose(t *testing.T) {
	for _, name := range scenarios.Names() {
		s := load(t, name)
		for q, c := range s.Quantities {
			if c.Keys == nil {
				continue
			}
			if first, last := c.Keys[0].Is, c.Keys[len(c.Keys)-1].Is; first != last {
				t.Errorf("%s: %s begins at %v and ends at %v", name, q, first, last)
			}
		}
	}
}

// What anybody would call impossible in Hangzhou.
func TestValuesArePlausible(t *testing.T) {
	bounds := map[string][2]float64{
		"river.level": {2.2, 3.05}, "river.water_temp": {5, 32}, "weather.wind_speed": {0, 15}, "weather.wind_dir": {0, 360},
		"weather.temp": {0, 38}, "weather.rh": {30, 100}, "weather.noise": {35, 85}, "weather.pressure": {990, 1035}, "rain_rate": {0, 180},
		"weather.rain": {0, 6000}, "weather.illuminance": {1000, 60000}, "weather.pm2_5": {3, 300}, "weather.pm10": {5, 400}, "air.pm1": {1, 200}, "air.pm2_5": {3, 260},
		"air.pm10": {5, 330}, "underpass.level": {0, 0.6}, "pump.voltage": {215, 240}, "pump.current": {0, 30}, "pump.power": {10, 5000},
		"pump.power_factor": {0.3, 1}, "pump.frequency": {49.8, 50.2}, "pump.energy": {1500, 1600}, "cabinet.temp": {5, 50}, "cabinet.rh": {20, 80},
		"air.particles_0_3": {0, 65534}, "weather.radiation": {0, 1000},
	}
	for _, name := range scenarios.Names() {
		s := load(t, name)
		c := s.Course(3, true)
		for now := time.Duration(0); now < 2*time.Duration(s.Cycle); now += 370 * time.Millisecond {
			for q, b := range bounds {
				if v, ok := c.At(q, now); !ok || v < b[0] || v > b[1] {
					t.Fatalf("%s: %s is %v at %v, want %v to %v", name, q, v, now, b[0], b[1])
				}
			}
			pm1, pm2, pm10 := at(c, "air.pm1", now), at(c, "air.pm2_5", now), at(c, "air.pm10", now)
			if pm1 > pm2+2 || pm2 > pm10+2 { // noise apart
				t.Fatalf("%s: PM1 %.0f, PM2.5 %.0f, PM10 %.0f at %v", name, pm1, pm2, pm10, now)
			}
		}
	}
}

func at(c *scenario.Course, q string, t time.Duration) float64 {
	v, _ := c.At(q, t)
	return v
}

// since returns when a condition has held for hold, looking each second; 0: never.
func since(from, until, hold time.Duration, holds func(time.Duration) bool) time.Duration {
	held := time.Duration(0)
	for now := from; now <= until; now += time.Second {
		if held += time.Second; !holds(now) {
			held = 0
		}
		if held > hold {
			return now
		}
	}
	return 0
}

// The story of the cloudburst as the written rules tell it, on a second run as on
// the first.
func TestCloudburstTellsItsStory(t *testing.T) {
	s := load(t, "cloudburst")
	c := s.Course(1, true)
	if s.Cycle != scenario.Duration(9*time.Minute) {
		t.Errorf("the cycle takes %v", time.Duration(s.Cycle))
	}
	rise := func(now time.Duration) float64 {
		return math.Floor(at(c, "weather.rain", now)*10)/10 - math.Floor(at(c, "weather.rain", max(0, now-time.Minute))*10)/10
	}
	level := func(q string) func(time.Duration) float64 {
		return func(now time.Duration) float64 { return at(c, q, now) }
	}
	for _, k := range []struct {
		what              string
		of                func(time.Duration) float64
		raise, clear      float64
		hold, clearHold   time.Duration
		earliest, latest  time.Duration
		clearedAt, before time.Duration
	}{
		{"rain (blue)", rise, 0.5, 0.2, 0, 0, 12 * time.Second, 30 * time.Second, 5 * time.Minute, 7 * time.Minute},
		{"rain (yellow)", rise, 1.5, 1.0, 0, 0, 35 * time.Second, 70 * time.Second, 4 * time.Minute, 6 * time.Minute},
		{"underpass (orange)", level("underpass.level"), 0.27, 0.22, 0, 10 * time.Second, 3 * time.Minute, 4 * time.Minute, 410 * time.Second, 440 * time.Second},
		{"underpass (red)", level("underpass.level"), 0.40, 0.36, 0, 5 * time.Second, 270 * time.Second, 310 * time.Second, 365 * time.Second, 395 * time.Second},
		{"river (yellow)", level("river.level"), 2.80, 2.70, 10 * time.Second, 15 * time.Second, 280 * time.Second, 330 * time.Second, 420 * time.Second, 470 * time.Second},
	} {
		for cycle := range time.Duration(2) {
			begin := cycle * time.Duration(s.Cycle)
			raised := since(begin, begin+time.Duration(s.Cycle), k.hold, func(now time.Duration) bool { return k.of(now) >= k.raise })
			cleared := since(raised, begin+time.Duration(s.Cycle), k.clearHold, func(now time.Duration) bool { return k.of(now) < k.clear })
			if raised < begin+k.earliest || raised > begin+k.latest {
				t.Errorf("cycle %d: %s is raised at %v, want %v to %v", cycle, k.what, raised-begin, k.earliest, k.latest)
			}
			if cleared < begin+k.clearedAt || cleared > begin+k.before {
				t.Errorf("cycle %d: %s is cleared at %v, want %v to %v", cycle, k.what, cleared-begin, k.clearedAt, k.before)
			}
		}
	}
	peak, when := 0.0, time.Duration(0)
	for now := time.Duration(0); now < 9*time.Minute; now += time.Second {
		if v := at(c, "river.level", now); v > peak {
			peak, when = v, now
		}
	}
	if when < 330*time.Second || when > 370*time.Second {
		t.Errorf("the river's peak, %.2f m, is at %v, want about 5m50s", peak, when)
	}
}

// The haze passes its rule's limit and falls below the clearing one.
func TestHazeComesAndGoes(t *testing.T) {
	s := load(t, "haze")
	c := s.Course(1, true)
	mean := func(now time.Duration) float64 {
		sum := 0.0
		for i := range time.Duration(30) {
			sum += at(c, "air.pm2_5", now-2*i*time.Second)
		}
		return sum / 30
	}
	if v := since(time.Minute, 3*time.Minute, 0, func(now time.Duration) bool { return mean(now) > 115 }); v == 0 {
		t.Error("the mean of a minute never passes 115 in three minutes")
	}
	if v := since(4*time.Minute, 6*time.Minute, 0, func(now time.Duration) bool { return mean(now) < 90 }); v == 0 {
		t.Error("the mean of a minute never falls below 90 again")
	}
}

// The faults come one after the other, each kind once or more.
func TestFaultsTakeTurns(t *testing.T) {
	s := load(t, "faults")
	seen := map[scenario.Kind]bool{}
	last := scenario.Duration(0)
	for _, f := range s.Faults {
		if f.From <= last {
			t.Errorf("%s on %s begins at %v, before the one before is over", f.Kind, f.On, time.Duration(f.From))
		}
		seen[f.Kind], last = true, f.To
	}
	if len(seen) != 6 {
		t.Errorf("%d kinds of faults, want all six", len(seen))
	}
}
