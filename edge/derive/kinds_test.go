package derive

import (
	"math"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

func TestNoise(t *testing.T) {
	s := engine(t, Spec{ID: "leq", Is: "leq", Of: from("mic/noise"), Over: time.Minute, Every: time.Minute},
		Spec{ID: "l90", Is: "percentile", Percent: 10, Of: from("mic/noise"), Over: time.Minute, Every: time.Minute},
		Spec{ID: "top", Is: "max", Of: from("mic/noise"), Over: time.Minute, Every: time.Minute})
	for i := range 60 {
		s.see(time.Duration(i)*time.Second, "mic/noise", 60+float64(i%2)*20)
	}
	s.until(time.Minute)
	s.wants("leq", 10*math.Log10((1e6+1e8)/2), obs.Pass, "") // 77.03, not 70
	s.wants("top", 80, obs.Pass, "")
	s.wants("l90", 60, obs.Pass, "")
	if got := s.Plans()[1].Channels[0]; got != "noise_l90" {
		t.Errorf("the level exceeded nine tenths of the time is channel %s", got)
	}
}

func TestWind(t *testing.T) {
	spec := Spec{ID: "wind", Is: "vector-mean", Of: []Source{{"dir", obs.Stream{Device: "mast", Channel: "wind_dir"}}, {"speed", obs.Stream{Device: "mast", Channel: "wind_speed"}}}, Over: time.Minute, Every: time.Minute}
	for _, c := range []struct {
		dirs       [2]float64
		speed, dir float64
	}{{[2]float64{350, 10}, 5 * math.Cos(10*math.Pi/180), 0}, {[2]float64{80, 100}, 5 * math.Cos(10*math.Pi/180), 90}, {[2]float64{270, 270}, 5, 270}, {[2]float64{0, 180}, 0, math.NaN()}} {
		s := engine(t, spec)
		for i := range 60 {
			s.see(time.Duration(i)*time.Second, "mast/wind_speed", 5)
			s.see(time.Duration(i)*time.Second, "mast/wind_dir", c.dirs[i%2])
		}
		s.until(time.Minute)
		got := s.last("wind").Readings
		turn := math.Abs(math.Mod(got[1].Value-c.dir+540, 360) - 180)
		if math.Abs(got[0].Value-c.speed) > 1e-9 || turn > 1e-6 || math.IsNaN(got[1].Value) != math.IsNaN(c.dir) {
			t.Errorf("wind from %v: mean %v, want %v from %v", c.dirs, got, c.speed, c.dir)
		}
	}
}

// The level above a datum that was surveyed anew: which datum holds follows from when.
func TestDatumHistory(t *testing.T) {
	zone := time.FixedZone("", 8*3600)
	datum := Constant{"datum", []Since{{time.Date(2026, 6, 1, 0, 1, 0, 0, zone), 12.40}, {time.Date(2026, 6, 1, 1, 0, 0, 0, zone), 12.38}}}
	s := engine(t, Spec{ID: "level", Is: "datum - x", Of: from("radar/distance"), Metric: "level", Constants: []Constant{datum}})
	for _, c := range []struct {
		at     time.Duration
		known  bool
		passed time.Duration // behind midnight, where the time is not known
		want   float64
		flag   obs.Flag
		why    obs.Reason
	}{
		{30 * time.Second, true, 0, math.NaN(), obs.Missing, obs.Absent},
		{time.Minute, true, 0, 10.40, obs.Pass, ""},
		{time.Hour - 10*time.Second, true, 0, 10.40, obs.Pass, ""},
		{time.Hour, true, 0, 10.38, obs.Pass, ""},
		{time.Hour + 10*time.Second, false, -time.Hour, 10.40, obs.Suspect, obs.Time}, // the first, before which nothing is said
		{time.Hour + 20*time.Second, false, time.Hour / 2, 10.40, obs.Suspect, obs.Time},
		{time.Hour + 30*time.Second, false, 2 * time.Hour, 10.38, obs.Suspect, obs.Time},
	} {
		if !c.known {
			s.unix, s.passed = -1, time.Date(2026, 6, 1, 0, 0, 0, 0, zone).Add(c.passed).UnixMilli()
		}
		s.see(c.at, "radar/distance", 2)
		s.wants("level", c.want, c.flag, c.why)
	}
}

// Of several inputs the result comes when all are new, is worth what the weakest is worth,
// and says so when they fall silent.
func TestInstant(t *testing.T) {
	s := engine(t, Spec{ID: "head", Is: "a - b", Of: []Source{{"a", obs.Stream{Device: "river", Channel: "level"}}, {"b", obs.Stream{Device: "canal", Channel: "level"}}}, Metric: "level"})
	s.see(0, "river/level", 3)
	if len(s.got) != 0 {
		t.Fatalf("a result of one input alone: %v", s.got)
	}
	s.see(time.Second, "canal/level", 2, obs.Quality{Flag: obs.Suspect, Why: obs.Spike})
	s.wants("head", 1, obs.Suspect, obs.Spike)
	s.see(61*time.Second, "canal/level", 2)
	s.see(62*time.Second, "river/level", 4, obs.Quality{Flag: obs.Fail, Why: obs.Range})
	s.wants("head", 2, obs.Fail, obs.Range)
	s.see(122*time.Second, "canal/level", math.NaN(), obs.Quality{Flag: obs.Missing, Why: obs.NoEcho})
	s.see(123*time.Second, "river/level", 4)
	s.wants("head", math.NaN(), obs.Missing, obs.NoEcho)
	for i := range 60 { // the canal falls silent; the river goes on
		s.see(130*time.Second+time.Duration(i)*10*time.Second, "river/level", 4)
	}
	s.wants("head", math.NaN(), obs.Missing, obs.Stale)
	n := len(s.got)
	for i := range 60 {
		s.until(20*time.Minute + time.Duration(i)*time.Minute)
	}
	if len(s.got)-n > 2 {
		t.Errorf("an hour of silence is told %d times", len(s.got)-n)
	}
}

func TestConvert(t *testing.T) {
	s := engine(t, Spec{ID: "o3", Is: "convert", Of: from("gas/o3_ppb"), Metric: "o3"})
	s.see(0, "gas/o3_ppb", 100)
	if got := s.last("o3").Readings[0].Value; math.Abs(got-196.19) > 0.005 {
		t.Errorf("100 ppb of ozone are %v ug/m3, want 196.19", got)
	}
}

// An hour counts from 45 valid minutes on; a restart in the middle of the hour costs
// nothing; without a trusted clock there is no hour.
func TestAirHour(t *testing.T) {
	spec := Spec{ID: "air-index", Is: "aqi", Edition: "hj633-2026", Of: from("air/pm2_5", "air/pm10", "air/so2", "air/no2", "air/co", "air/o3")}
	values := map[string]float64{"pm2_5": 45, "pm10": 96, "so2": 8, "no2": 38, "co": 0.6, "o3": 201}
	run := func(minutes int) *street {
		s := engine(t, spec)
		for i := range minutes {
			for _, name := range six {
				s.see(time.Duration(i)*time.Minute, "air/"+name, values[name])
			}
		}
		s.until(time.Hour)
		return s
	}
	run(60).wants("air-index", 101, obs.Pass, "")
	run(45).wants("air-index", 101, obs.Pass, "")
	run(44).wants("air-index", math.NaN(), obs.Missing, obs.Sparse)

	s := engine(t, spec)
	s.unix = -1
	s.see(0, "air/pm2_5", 45)
	s.until(2 * time.Hour)
	if len(s.got) != 0 {
		t.Errorf("without a clock there is a result: %v", s.got)
	}
}

// A natural day: means of hours, the largest eight hours of ozone, at least twenty hours.
func TestAirDay(t *testing.T) {
	spec := Spec{ID: "day", Is: "aqi", Report: "daily", Edition: "hj633-2026", Of: from("air/pm2_5", "air/o3")}
	for _, c := range []struct {
		hours int
		pm    float64
	}{{24, 101}, {20, 101}, {19, math.NaN()}} {
		s := engine(t, spec)
		for h := range c.hours {
			for m := range 60 {
				at := time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
				s.see(at, "air/pm2_5", 61)
				o3 := 40.0
				if h >= 11 && h < 19 {
					o3 = 172
				}
				s.see(at, "air/o3", o3)
			}
		}
		if s.until(24 * time.Hour); len(s.got) != 1 {
			t.Fatalf("%d results of a day", len(s.got))
		}
		got := s.last("day").Readings
		if got[1].Value != c.pm && !math.IsNaN(c.pm) || math.IsNaN(c.pm) != math.IsNaN(got[1].Value) || got[2].Value != 111 {
			t.Errorf("a day with %d hours: %v, want PM2.5 %v and ozone 111", c.hours, got, c.pm)
		}
	}
}
