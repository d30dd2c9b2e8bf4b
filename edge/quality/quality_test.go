package quality

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

// The gross range vector of the reference implementation (ioos_qc, fail span
// -0.5…10, user span -0.2…5).
func TestGrossRange(t *testing.T) {
	s := New(&Limits{Part: Range{-0.5, 10}, Metric: Range{-0.2, 5}}, 0)
	values := []float64{-0.6, -0.5, -0.2, 0, 1.2, 4.99, 5, 5.01, 9.99, 10, 10.01, math.NaN()}
	want := []int{4, 3, 1, 1, 1, 1, 1, 3, 3, 3, 4, 9}
	for i, v := range values {
		t.Run(fmt.Sprintf("gross, %v", v), func(t *testing.T) {
			if got := s.Judge(int64(i), obs.Of(v)); got.Quality.Flag.Code() != want[i] {
				t.Errorf("Judge(%v) = %v, want %d", v, got.Quality, want[i])
			}
		})
	}
	for _, v := range []float64{math.Inf(1), math.Inf(-1)} { // ioos_qc fails them; here no reading has such a value
		if got := s.Judge(99, obs.Of(v)); got.Quality.Flag != obs.Missing {
			t.Errorf("Judge(%v) = %v, want missing", v, got.Quality)
		}
	}
}

func TestJudge(t *testing.T) {
	part, metric := Range{0, 10}, Range{0, 5}
	q := func(f obs.Flag, why obs.Reason) obs.Quality { return obs.Quality{Flag: f, Why: why} }
	for name, c := range map[string]struct {
		limits Limits
		atMS   int64
		in     obs.Reading
		want   obs.Quality
	}{
		"nothing known":                {Limits{}, 0, obs.Of(3), q(obs.NotEvaluated, "")},
		"only the metric is known":     {Limits{Metric: metric}, 0, obs.Of(3), q(obs.Pass, "")},
		"warming up":                   {Limits{Part: part, WarmUp: 30 * time.Second}, 29_999, obs.Of(3), q(obs.Fail, obs.WarmUp)},
		"warm":                         {Limits{Part: part, WarmUp: 30 * time.Second}, 30_000, obs.Of(3), q(obs.Pass, "")},
		"warming up and out of range":  {Limits{Part: part, WarmUp: 30 * time.Second}, 0, obs.Of(30), q(obs.Fail, obs.WarmUp)},
		"the driver knows better":      {Limits{Part: part}, 0, obs.Reading{Value: 3, Quality: q(obs.Fail, obs.Instrument)}, q(obs.Fail, obs.Instrument)},
		"the driver suspects":          {Limits{Part: part, Metric: metric}, 0, obs.Reading{Value: 3, Quality: q(obs.Suspect, obs.Flat)}, q(obs.Suspect, obs.Flat)},
		"worse than the driver says":   {Limits{Part: part}, 0, obs.Reading{Value: 30, Quality: q(obs.Suspect, obs.Flat)}, q(obs.Fail, obs.Range)},
		"missing keeps its reason":     {Limits{Part: part}, 0, obs.None(obs.NoEcho), q(obs.Missing, obs.NoEcho)},
		"an infinity is no value":      {Limits{Part: part}, 0, obs.Reading{Value: math.Inf(1)}, q(obs.Missing, obs.NotANumber)},
		"missing with a number inside": {Limits{Part: part}, 0, obs.Reading{Value: 3, Quality: q(obs.Missing, obs.Maintenance)}, q(obs.Missing, obs.Maintenance)},
	} {
		got := New(&c.limits, 0).Judge(c.atMS, c.in)
		if got.Quality != c.want {
			t.Errorf("%s: Judge = %v, want %v", name, got.Quality, c.want)
		}
		if math.IsNaN(got.Value) != (got.Quality.Flag == obs.Missing) {
			t.Errorf("%s: value %v with flag %v", name, got.Value, got.Quality.Flag)
		}
	}
}

func TestFlatLineEdges(t *testing.T) {
	always := func(int) float64 { return 2.7 }
	for _, c := range []struct {
		name  string
		check obs.FlatCheck
		step  float64
		value func(int) float64
		at    []int64 // seconds
		want  int     // verdict on the last
	}{
		{"not asked for", obs.FlatCheck{}, 0, always, []int64{0, 1, 2, 1000}, 2},
		{"switched off", obs.FlatCheck{Suspect: 10 * time.Second, Off: true}, 0, always, []int64{0, 5, 10}, 2},
		{"as long as the limit", obs.FlatCheck{Suspect: 10 * time.Second}, 0, always, []int64{0, 5, 10}, 3},
		{"only fail", obs.FlatCheck{Fail: 10 * time.Second}, 0, always, []int64{0, 5, 10}, 4},
		{"a moment less", obs.FlatCheck{Suspect: 10 * time.Second}, 0, always, []int64{0, 5, 9}, 1},
		{"of two values nothing is known", obs.FlatCheck{Suspect: 10 * time.Second}, 0, always, []int64{0, 10}, 1},
		{"nothing is known of a long pause", obs.FlatCheck{Suspect: 10 * time.Second}, 0, always, []int64{0, 5, 10, 15, 26, 27}, 1},
		{"one step is movement", obs.FlatCheck{Suspect: 10 * time.Second}, 0.01, func(i int) float64 { return 2.70 + 0.01*float64(i%2) }, []int64{0, 5, 10, 15, 20}, 1},
		{"rounding is not", obs.FlatCheck{Suspect: 10 * time.Second}, 0.01, func(i int) float64 { return 2.70 + 1e-12*float64(i%2) }, []int64{0, 5, 10, 15, 20}, 3},
		{"creeping by less than a step is movement in the end", obs.FlatCheck{Suspect: 10 * time.Second}, 0.01,
			func(i int) float64 { return 2.70 + 0.002*float64(i) }, []int64{0, 4, 8, 12, 16, 20, 24, 28}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := New(&Limits{Tests: NewTests(obs.Checks{Flat: &c.check}, Env{Step: c.step})}, 0)
			var got obs.Reading
			for i, at := range c.at {
				got = s.Judge(at*1000, obs.Of(c.value(i)))
			}
			if code := got.Quality.Flag.Code(); code != c.want {
				t.Errorf("the last is %v, want %d", got.Quality, c.want)
			}
		})
	}
}

func TestOtherLimitsKeepWhatIsKnown(t *testing.T) {
	s := New(&Limits{WarmUp: 10 * time.Second, Part: Range{0, 9}}, 0)
	s.Limit(&Limits{WarmUp: 10 * time.Second, Part: Range{0, 5}})
	for _, c := range []struct {
		atMS int64
		v    float64
		want obs.Reason
	}{{5_000, 1, obs.WarmUp}, {20_000, 7, obs.Range}, {21_000, 4, ""}} {
		if got := s.Judge(c.atMS, obs.Of(c.v)); got.Quality.Why != c.want {
			t.Errorf("%v at %d: %v, want %q", c.v, c.atMS, got.Quality, c.want)
		}
	}
}

func TestReopenedWarmsUpAgain(t *testing.T) {
	s := New(&Limits{WarmUp: 10 * time.Second, Part: Range{0, 9}}, 0)
	for _, c := range []struct {
		atMS int64
		want obs.Flag
	}{{5_000, obs.Fail}, {20_000, obs.Pass}} {
		if got := s.Judge(c.atMS, obs.Of(1)); got.Quality.Flag != c.want {
			t.Errorf("at %d: %v, want %v", c.atMS, got.Quality, c.want)
		}
	}
	s.Reopened(21_000)
	if got := s.Judge(30_999, obs.Of(1)); got.Quality.Why != obs.WarmUp {
		t.Errorf("after reopening: %v, want warm-up", got.Quality)
	}
}

func TestStale(t *testing.T) {
	s := New(&Limits{Part: Range{0, 9}, Every: 20 * time.Second}, 1_000)
	ask := func(atMS int64, wantAge time.Duration, want bool) {
		t.Helper()
		if age, stale := s.Stale(atMS); age != wantAge || stale != want {
			t.Errorf("Stale(%d) = %v, %v, want %v, %v", atMS, age, stale, wantAge, want)
		}
	}
	ask(500, 0, false)
	ask(61_000, time.Minute, false)
	ask(61_001, time.Minute+time.Millisecond, true)
	s.Judge(100_000, obs.Of(5))
	ask(160_000, time.Minute, false)
	s.Judge(150_000, obs.Of(50)) // fails: not a good value
	s.Judge(155_000, obs.None(obs.NoEcho))
	ask(160_001, time.Minute+time.Millisecond, true)
	s.Judge(90_000, obs.Of(5)) // late: does not turn time back
	ask(160_001, time.Minute+time.Millisecond, true)
}

// A verdict is never better than the driver's, and a value is never changed.
func TestNeverSoftened(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := func(name string) Range {
			return Range{rapid.Float64Range(-5, 5).Draw(t, name+" min"), rapid.Float64Range(-5, 5).Draw(t, name+" max")}
		}
		s := New(&Limits{Part: span("part"), Metric: span("metric"), WarmUp: time.Duration(rapid.IntRange(0, 10).Draw(t, "warm")) * time.Second}, 0)
		in := obs.Reading{Value: rapid.Float64Range(-9, 9).Draw(t, "value"), Quality: obs.Quality{Flag: obs.Flag(rapid.IntRange(0, 3).Draw(t, "flag")), Why: obs.Flat}}
		got := s.Judge(int64(rapid.IntRange(0, 20_000).Draw(t, "at")), in)
		if got.Value != in.Value {
			t.Fatalf("value %v became %v", in.Value, got.Value)
		}
		if in.Quality.Worst(got.Quality).Flag != got.Quality.Flag {
			t.Fatalf("%v became %v", in.Quality, got.Quality)
		}
	})
}
