package quality

import (
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

func ranged(c obs.Checks) *Limits {
	return &Limits{Part: Range{-100, 100}, Every: time.Minute, Tests: NewTests(c, Env{Every: time.Minute})}
}

// A spike goes out as pass, and is taken back when the next value shows it.
func TestLateSpike(t *testing.T) {
	s := New(ranged(obs.Checks{Spike: &obs.SpikeCheck{Suspect: num(0.05), Fail: num(0.2)}}), 0)
	values := []float64{1.20, 1.21, 1.22, 1.45, 1.23, 1.24, 1.31, 1.25, nan, 1.25, 1.60}
	wantLate := map[int]obs.Flag{4: obs.Fail, 7: obs.Suspect} // told with the value behind
	for i, v := range values {
		got := s.Judge(int64(i)*60_000, obs.Of(v)).Quality
		if want := (obs.Quality{Flag: obs.Pass}); v == v && got != want {
			t.Errorf("value %d is %v when it comes, want %v", i, got, want)
		}
		l, ok := s.Late()
		if ok != (wantLate[i] != 0) || l.Final.Flag != wantLate[i] {
			t.Errorf("with value %d: %+v, %v, want %v", i, l, ok, wantLate[i])
		}
		if ok && (l.MS != int64(i-1)*60_000 || l.Value != values[i-1] || l.Final.Why != obs.Spike || l.Sent.Flag != obs.Pass) {
			t.Errorf("with value %d: %+v", i, l)
		}
	}
}

// A value that failed at once is no neighbour: what comes behind is not flagged for it.
func TestFailedIsNoNeighbour(t *testing.T) {
	c := obs.Checks{Spike: &obs.SpikeCheck{Suspect: num(1)}, Rate: &obs.RateCheck{Suspect: num(1)}}
	s := New(ranged(c), 0)
	for i, v := range []float64{1, 1, 6553.5, 1, 1} {
		want := obs.Quality{Flag: obs.Pass}
		if v > 100 {
			want = obs.Quality{Flag: obs.Fail, Why: obs.Range}
		}
		if got := s.Judge(int64(i)*60_000, obs.Of(v)).Quality; got != want {
			t.Errorf("value %d: %v, want %v", i, got, want)
		}
		if l, ok := s.Late(); ok {
			t.Errorf("with value %d: %+v", i, l)
		}
	}
}

func TestStrict(t *testing.T) {
	summer := []obs.Season{{Months: []int{6, 8}, Suspect: []float64{0, 1}}}
	for rollup, want := range map[string]obs.Flag{"": obs.Pass, Strict: obs.NotEvaluated} {
		s := New(ranged(obs.Checks{Climatology: summer, Rollup: rollup}), 0)
		if got := s.Judge(0, obs.Of(1)).Quality.Flag; got != want {
			t.Errorf("rollup %q: %v, want %v", rollup, got, want)
		}
	}
}

func TestVerdictsByTest(t *testing.T) {
	s := New(ranged(obs.Checks{Rate: &obs.RateCheck{Suspect: num(1)}, Spike: &obs.SpikeCheck{Suspect: num(1)}}), 0)
	s.Judge(0, obs.Of(1))
	s.Judge(60_000, obs.Of(3))
	got := map[string]obs.Quality{}
	s.Verdicts(func(test string, q obs.Quality) { got[test] = q })
	want := map[string]obs.Quality{"spike": {}, "rate": {Flag: obs.Suspect, Why: obs.Rate}, "order": {Flag: obs.Pass}}
	for name, q := range want {
		if got[name] != q {
			t.Errorf("%s says %v, want %v", name, got[name], q)
		}
	}
}

// Tests that are asked for as before go on; others begin anew.
func TestLimitKeepsTests(t *testing.T) {
	c := obs.Checks{Rate: &obs.RateCheck{Suspect: num(1)}}
	for _, k := range []struct {
		next obs.Checks
		want obs.Flag
	}{{obs.Checks{Rate: &obs.RateCheck{Suspect: num(1)}}, obs.Suspect}, {obs.Checks{Rate: &obs.RateCheck{Suspect: num(2)}}, obs.Pass}, {obs.Checks{}, obs.Pass}} {
		s := New(ranged(c), 0)
		s.Judge(0, obs.Of(1))
		s.Limit(ranged(k.next))
		if got := s.Judge(60_000, obs.Of(9)).Quality.Flag; got != k.want {
			t.Errorf("with %+v: %v, want %v", k.next, got, k.want)
		}
	}
}

// Whatever tests run, a verdict is never better than the driver's, a value is never
// changed, a missing one stays missing, and a late verdict only ever makes worse.
func TestTestsNeverSoften(t *testing.T) {
	all := obs.Checks{Gap: &obs.GapCheck{Fail: 2 * time.Minute}, Spike: &obs.SpikeCheck{Suspect: num(1), Fail: num(2)}, Rate: &obs.RateCheck{Suspect: num(1)},
		Flat: &obs.FlatCheck{Suspect: 3 * time.Minute}, Attenuated: &obs.AttenuatedCheck{Window: 5 * time.Minute, Suspect: num(0.1)}}
	rapid.Check(t, func(t *rapid.T) {
		s := New(ranged(all), 0)
		at := int64(0)
		for range rapid.IntRange(1, 40).Draw(t, "values") {
			at += rapid.Int64Range(1, 200_000).Draw(t, "pause")
			in := obs.Reading{Value: rapid.Float64Range(-150, 150).Draw(t, "value"), Quality: obs.Quality{Flag: obs.Flag(rapid.IntRange(0, 3).Draw(t, "flag"))}}
			if rapid.IntRange(0, 5).Draw(t, "missing") == 0 {
				in = obs.None(obs.NoEcho)
			}
			got := s.Judge(at, in)
			if in.Quality.Flag == obs.Missing {
				if got.Quality != in.Quality {
					t.Fatalf("%v became %v", in, got)
				}
			} else if got.Value != in.Value || in.Quality.Worst(got.Quality).Flag != got.Quality.Flag {
				t.Fatalf("%v became %v", in, got)
			}
			if l, ok := s.Late(); ok && (l.Sent.Worst(l.Final) != l.Final || l.Sent.Flag == obs.Missing) {
				t.Fatalf("a late verdict %+v", l)
			}
		}
	})
}
