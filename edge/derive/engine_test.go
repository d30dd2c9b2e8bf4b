package derive

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

func library(t testing.TB) Library {
	t.Helper()
	metrics, err := obs.ParseCatalog(firmwareconfigs.MetricsFile, firmwareconfigs.Metrics())
	if err != nil {
		t.Fatal(err)
	}
	lib := Library{Known: map[obs.Stream]Known{}, Metrics: metrics, Tables: tables(t)}
	for stream, every := range map[string]time.Duration{
		"gauge/rain": 10 * time.Second, "gauge/rain_rate": 10 * time.Second, "river/level": 10 * time.Second, "radar/distance": 10 * time.Second,
		"canal/level": time.Minute, "mast/wind_speed": time.Second, "mast/wind_dir": time.Second, "mic/noise": time.Second, "gas/o3_ppb": time.Minute, "gas/co_ppm": time.Minute,
		"air/pm2_5": time.Minute, "air/pm10": time.Minute, "air/so2": time.Minute, "air/no2": time.Minute, "air/co": time.Minute, "air/o3": time.Minute,
		"probe/do": time.Minute, "probe/codmn": time.Minute, "probe/total_n": time.Minute, "meter/energy": time.Minute, "slow/pm2_5": time.Hour,
	} {
		st, _ := obs.ParseStream(stream)
		m, ok := metrics.Lookup(st.Channel)
		if !ok {
			t.Fatalf("no metric %s", st.Channel)
		}
		lib.Known[st] = Known{every, m}
	}
	return lib
}

func from(streams ...string) (of []Source) {
	for _, s := range streams {
		st, _ := obs.ParseStream(s)
		of = append(of, Source{st.Channel, st})
	}
	if len(of) == 1 {
		of[0].Name = "x"
	}
	return of
}

// street is an engine with the time it has come to. Its wall clock is right.
type street struct {
	testing.TB
	*Engine
	ms     int64
	unix   int64 // of boot; -1: not known
	passed int64 // Unix ms of what has surely passed, while unix is not known
	got    []Output
	lastAt map[string]int64
}

func engine(t testing.TB, specs ...Spec) *street {
	t.Helper()
	return library(t).engine(t, specs...)
}

func (lib Library) engine(t testing.TB, specs ...Spec) *street {
	t.Helper()
	plans, wrong := Compile(specs, lib)
	for _, e := range wrong {
		t.Fatalf("%+v", e)
	}
	midnight := time.Date(2026, 6, 1, 0, 0, 0, 0, time.FixedZone("", 8*3600)).UnixMilli()
	return &street{TB: t, Engine: New(plans), unix: midnight}
}

func (s *street) at() At {
	if s.unix < 0 {
		return At{BootMS: s.ms, UnixMS: s.passed}
	}
	return At{BootMS: s.ms, UnixMS: s.unix + s.ms, Dated: true}
}

// see gives the engine a reading, and lets time come to it.
func (s *street) see(at time.Duration, stream string, v float64, q ...obs.Quality) {
	st, err := obs.ParseStream(stream)
	if err != nil {
		s.Fatal(err)
	}
	r := obs.Reading{Value: v, Quality: obs.Quality{Flag: obs.Pass}}
	if len(q) > 0 {
		r.Quality = q[0]
	}
	s.ms = at.Milliseconds()
	s.Observe(st, s.at(), r)
	s.until(at)
}

func (s *street) until(at time.Duration) {
	s.ms = at.Milliseconds()
	s.got = append(s.got, s.Tick(s.at())...)
}

// last returns the newest result.
func (s *street) last(id string) Output {
	for _, o := range slices.Backward(s.got) {
		if o.ID == id {
			return o
		}
	}
	s.Helper()
	s.Fatalf("%s has told nothing", id)
	return Output{}
}

func (s *street) wants(id string, v float64, flag obs.Flag, why obs.Reason) {
	s.Helper()
	r := s.last(id).Readings[0]
	if math.Abs(r.Value-v) > 1e-9 || math.IsNaN(v) != math.IsNaN(r.Value) || r.Quality != (obs.Quality{Flag: flag, Why: why}) {
		s.Errorf("%s is %v %v, want %v %v %s", id, r.Value, r.Quality, v, flag, why)
	}
}

// The rain of an hour in buckets of five minutes: 23.8 mm, of which 22.2 in half an hour.
func TestRainSums(t *testing.T) {
	s := engine(t,
		Spec{ID: "hour", Is: "sum", Of: from("gauge/rain"), Over: time.Hour, Every: 5 * time.Minute},
		Spec{ID: "half", Is: "sum", Of: from("gauge/rain"), Over: 30 * time.Minute, Every: 5 * time.Minute},
		Spec{ID: "most", Is: "max", Of: from("half/rain_sum"), Over: 2 * time.Hour},
		Spec{ID: "now", Is: "intensity", Of: from("gauge/rain"), Over: 5 * time.Minute})
	total, most, end := 100.0, 0.0, time.Hour
	for i, mm := range []float64{0, 0.2, 1.4, 3.0, 4.6, 5.2, 4.8, 3.2, 1.0, 0.4, 0, 0} {
		for k := range 30 {
			total += mm / 30
			s.see(time.Duration(i)*5*time.Minute+time.Duration(k)*10*time.Second, "gauge/rain", total)
		}
		s.until(time.Duration(i+1) * 5 * time.Minute)
		most = max(most, s.last("half").Readings[0].Value)
		if got := s.last("now").Readings[0].Value; math.Abs(got-mm*12) > 1e-9 {
			t.Errorf("intensity after %v mm in 5 minutes is %v mm/h, want %v", mm, got, mm*12)
		}
	}
	s.until(end)
	s.wants("hour", 23.8, obs.Pass, "")
	if math.Abs(most-22.2) > 1e-9 {
		t.Errorf("the largest half hour has %v mm, want 22.2", most)
	}
}

// A counter that begins anew, one that was misread, and a gap.
func TestRunningTotal(t *testing.T) {
	sum := Spec{ID: "sum", Is: "sum", Of: from("gauge/rain"), Over: 10 * time.Minute, Every: time.Minute}
	ten := 10 * time.Second
	run := func(t *testing.T, values func(i int) (float64, bool)) *street {
		s := engine(t, sum)
		for i := range 60 {
			if v, ok := values(i); ok {
				s.see(time.Duration(i)*ten, "gauge/rain", v)
			}
		}
		s.until(10 * time.Minute)
		return s
	}
	t.Run("begins anew", func(t *testing.T) {
		s := run(t, func(i int) (float64, bool) {
			if i >= 30 {
				return float64(i-30) * 0.2, true // 0 at the reset, then 0.2 each
			}
			return 500 + float64(i)*0.2, true
		})
		s.wants("sum", 29*0.2+29*0.2, obs.Suspect, obs.Lost)
	})
	t.Run("misread once", func(t *testing.T) {
		s := run(t, func(i int) (float64, bool) {
			if i == 30 {
				return 0, true
			}
			return 500, true
		})
		s.wants("sum", 0, obs.Suspect, obs.Lost) // not 500 mm
	})
	t.Run("a gap inside the window", func(t *testing.T) {
		s := run(t, func(i int) (float64, bool) { return float64(i) * 0.2, i < 10 || i > 40 })
		s.wants("sum", 59*0.2, obs.Pass, "")
	})
	t.Run("a gap that began before the window", func(t *testing.T) {
		s := engine(t, sum)
		s.see(0, "gauge/rain", 10)
		for i := range 54 {
			s.see(11*time.Minute+time.Duration(i)*ten, "gauge/rain", 14)
		}
		s.until(20 * time.Minute)
		s.wants("sum", 4, obs.Suspect, obs.Time)
		s.until(22 * time.Minute) // what came over the gap is out again, and what fell since is not known
		s.wants("sum", 0, obs.NotEvaluated, obs.Sparse)
	})
	t.Run("failed readings do not count", func(t *testing.T) {
		s := engine(t, sum)
		for i := range 60 {
			q := obs.Quality{Flag: obs.Pass}
			if i%2 == 1 {
				q = obs.Quality{Flag: obs.Fail, Why: obs.Range}
			}
			s.see(time.Duration(i)*ten, "gauge/rain", float64(i*(i%2)), q)
		}
		s.until(10 * time.Minute)
		s.wants("sum", 0, obs.Pass, "")
	})
}

func TestRainRateIntegrates(t *testing.T) {
	s := engine(t, Spec{ID: "sum", Is: "sum", Of: from("gauge/rain_rate"), Over: time.Hour})
	for i := range 360 {
		s.see(time.Duration(i)*10*time.Second, "gauge/rain_rate", 12)
	}
	s.until(time.Hour)
	s.wants("sum", 12, obs.Pass, "")
}

// P = 0, 12, 30, 0, 0, 5 with k 0.9: 0, 12, 40.8, 36.72, 33.048, 34.743.
func TestWetness(t *testing.T) {
	s := engine(t, Spec{ID: "wet", Is: "wetness", Of: from("gauge/rain"), Keep: 0.9})
	total := 0.0
	for day, c := range []struct{ mm, want float64 }{{0, 0}, {12, 12}, {30, 40.8}, {0, 36.72}, {0, 33.048}, {5, 34.7432}} {
		begin := time.Duration(day) * 24 * time.Hour
		for k := range 24 * 60 {
			total += c.mm / (24 * 60)
			s.see(begin+time.Duration(k)*time.Minute, "gauge/rain", total)
		}
		s.until(begin + 24*time.Hour)
		r := s.last("wet").Readings[0]
		if math.Abs(r.Value-c.want) > 1e-6 || r.Quality.Why != obs.Sparse {
			t.Errorf("day %d: index %v %v, want %v, not evaluated yet", day, r.Value, r.Quality, c.want)
		}
	}
}

// A clock that was wrong and is set forward or back neither panics nor counts twice.
func TestClockSteps(t *testing.T) {
	s := engine(t, Spec{ID: "mean", Is: "mean", Of: from("river/level"), Over: time.Hour, Aligned: true})
	for i := range 180 {
		s.see(time.Duration(i)*10*time.Second, "river/level", 1)
	}
	for _, step := range []time.Duration{-3 * time.Hour, 40 * 365 * 24 * time.Hour, -time.Second, 26 * time.Hour} {
		s.unix += step.Milliseconds()
		s.see(time.Duration(s.ms)*time.Millisecond+10*time.Second, "river/level", 2)
	}
	for _, o := range s.got {
		if r := o.Readings[0]; r.Quality.Flag == obs.Pass {
			t.Errorf("half an hour of readings makes an hour that passes: %v", o)
		}
	}
	if len(s.got) > 2*maxLate {
		t.Errorf("%d results", len(s.got))
	}
}

// A power cut of unknown length: the rain before it still counts, and is suspect for as
// long as the window holds it.
func TestPauseOfUnknownLength(t *testing.T) {
	spec := Spec{ID: "sum", Is: "sum", Of: from("gauge/rain"), Over: 10 * time.Minute, Every: time.Minute}
	s := engine(t, spec)
	for i := range 60 {
		s.see(time.Hour+time.Duration(i)*10*time.Second, "gauge/rain", float64(i)*0.2)
	}
	state, _, err := s.Snapshot(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	b := engine(t, spec)
	if err := b.Restore(state); err != nil {
		t.Fatal(err)
	}
	b.Continue(s.ms, 5000, 0, false)
	for i := range 120 {
		b.see(5*time.Second+time.Duration(i)*10*time.Second, "gauge/rain", 59*0.2)
		if i == 12 {
			if r := b.last("sum").Readings[0]; r.Value < 9 || r.Quality != (obs.Quality{Flag: obs.Suspect, Why: obs.Time}) {
				t.Errorf("two minutes after the power cut the sum is %v %v", r.Value, r.Quality)
			}
		}
	}
	b.wants("sum", 0, obs.Pass, "")
	for _, o := range b.got {
		if o.BootMS < 5000 {
			t.Errorf("a result of before the boot: %v", o)
		}
	}
}

// A state of another spec, or a damaged one, is refused and nothing breaks.
func TestRestoreRefuses(t *testing.T) {
	lib := library(t)
	spec := Spec{ID: "mean", Is: "mean", Of: from("river/level"), Over: time.Hour}
	s := lib.engine(t, spec)
	s.see(0, "river/level", 1)
	state, _, err := s.Snapshot(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	other := spec
	other.Over = 2 * time.Hour
	if err := lib.engine(t, other).Restore(state); err == nil {
		t.Error("the state of a window of one hour is taken for one of two")
	}
	for i := range state {
		damaged := slices.Clone(state)
		damaged[i] ^= 0x15
		d := lib.engine(t, spec)
		if d.Restore(damaged) == nil && json.Valid(damaged) {
			d.see(time.Minute, "river/level", 2)
			d.until(2 * time.Hour)
		}
	}
	if _, out, _ := s.Snapshot(10); len(out) != 1 || out[0] != "mean" {
		t.Errorf("what does not fit is %q", out)
	}
}

func TestStepJSON(t *testing.T) {
	s := step{N: 3, Covered: 1, Sum: 2, Other: 3, Min: -1, Max: 4, Flag: obs.Suspect, Why: obs.Flat, From: 9, Loose: true, Values: []float64{1}}
	b, err := json.Marshal(s)
	var back step
	if err != nil || json.Unmarshal(b, &back) != nil || !reflect.DeepEqual(s, back) {
		t.Errorf("%+v becomes %+v by %s", s, back, b)
	}
}

func BenchmarkObserve(b *testing.B) {
	for name, spec := range map[string]Spec{
		"sum": {ID: "a", Is: "sum", Of: from("gauge/rain"), Over: time.Hour}, "mean": {ID: "a", Is: "mean", Of: from("river/level"), Over: time.Hour},
		"formula": {ID: "a", Is: "12.4 - x", Of: from("river/level")}, "aqi": {ID: "a", Is: "aqi", Edition: "hj633-2026", Of: []Source{{"pm2_5", obs.Stream{Device: "air", Channel: "pm2_5"}}}},
	} {
		b.Run(name, func(b *testing.B) {
			s := engine(b, spec)
			st, every := spec.Of[0].Stream, int64(10_000)
			b.ReportAllocs()
			for i := int64(0); b.Loop(); i++ {
				at := At{BootMS: i * every, UnixMS: s.unix + i*every, Dated: true}
				s.Observe(st, at, obs.Reading{Value: float64(i % 50), Quality: obs.Quality{Flag: obs.Pass}})
				s.Tick(at)
			}
		})
	}
}

// What slides over a silent stream goes on to change by what it forgets: that is marked,
// whatever else is wrong with it. What is over for a calendar hour is not.
func TestSilentWindows(t *testing.T) {
	s := engine(t,
		Spec{ID: "mean", Is: "mean", Of: from("mast/wind_speed"), Over: 5 * time.Minute},
		Spec{ID: "most", Is: "max", Of: from("mast/wind_speed"), Over: 5 * time.Minute},
		Spec{ID: "hour", Is: "mean", Of: from("mast/wind_speed"), Over: time.Hour, Aligned: true})
	for i := range 3570 {
		q := obs.Quality{Flag: obs.Pass}
		if i%7 == 0 {
			q = obs.Quality{Flag: obs.Suspect, Why: obs.Flat}
		}
		s.see(time.Duration(i)*time.Second, "mast/wind_speed", 5, q)
	}
	s.until(3595 * time.Second)
	s.wants("mean", 5, obs.Suspect, obs.Flat)
	s.until(3605 * time.Second)
	for _, id := range []string{"mean", "most"} {
		s.wants(id, 5, obs.Suspect, obs.Sparse)
	}
	s.wants("hour", 5, obs.Suspect, obs.Flat)
	for id, want := range map[string]obs.Bound{"mean": obs.Unbound, "most": obs.AtLeast} {
		for _, p := range s.Plans() {
			if p.ID == id && p.Sparse[0] != want {
				t.Errorf("a sparse %s is %d, want %d", id, p.Sparse[0], want)
			}
		}
	}
}

// A sum over few intervals is as good as one over many, whenever in the interval its readings
// come, also when one is a little late; and is sparse when one is missing.
func TestSumOfFewIntervals(t *testing.T) {
	const ten = 10 * time.Second
	for _, over := range []time.Duration{2 * ten, 3 * ten, 4 * ten, 6 * ten} {
		for phase := time.Duration(0); phase < ten; phase += time.Second {
			s := engine(t, Spec{ID: "sum", Is: "sum", Of: from("gauge/rain"), Over: over})
			at := func(i int) time.Duration {
				return time.Duration(i)*ten + phase + time.Duration(i%3)*50*time.Millisecond
			}
			for i := range 40 {
				s.see(at(i), "gauge/rain", float64(i)*0.2)
			}
			for _, o := range s.got {
				r := o.Readings[0]
				if o.BootMS >= (at(1)+over).Milliseconds() && (r.Quality.Flag != obs.Pass || math.Abs(r.Value-0.2*float64(over/ten)) > 0.2001) {
					t.Fatalf("over %v, %v behind the tick, at %d ms: %v %v", over, phase, o.BootMS, r.Value, r.Quality)
				}
			}
			if s.until(at(39) + 5*ten/2); over <= 3*ten { // more than one and a half at the last tick
				if q := s.last("sum").Readings[0].Quality; q.Flag == obs.Pass {
					t.Errorf("over %v, one reading missing: %v", over, q)
				}
			}
		}
	}
}
