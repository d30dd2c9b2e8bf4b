package quality

import (
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

// A run of the program that ends between any two values says late of a value what one that
// goes on says, and awaits the same.
func TestPrecedeIsNoRestart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := &obs.SpikeCheck{Suspect: num(1), Fail: num(3), Method: rapid.SampledFrom([]string{"", Average}).Draw(t, "method")}
		l := &Limits{Part: Range{-9, 9}, Metric: Range{-7, 7}, Every: time.Minute, Tests: NewTests(obs.Checks{Spike: k}, Env{Every: time.Minute})}
		a, b := New(l, 0), New(l, 0)
		type said struct {
			ms int64
			r  obs.Reading
		}
		var past []said
		for i := range rapid.IntRange(3, 40).Draw(t, "values") {
			ms := int64(i) * 60_000
			if rapid.IntRange(0, 2).Draw(t, "restart") == 0 {
				b = New(l, ms)
				for _, p := range past[max(0, len(past)-rapid.IntRange(2, 4).Draw(t, "known")):] {
					b.Precede(p.ms, p.r)
				}
				if len(past) > 0 && a.Awaits() != b.Awaits() {
					t.Fatalf("the value at %d is awaited: %t, after a restart %t", past[len(past)-1].ms, a.Awaits(), b.Awaits())
				}
			}
			in := obs.Of(float64(rapid.IntRange(-10, 10).Draw(t, "value")))
			if rapid.IntRange(0, 6).Draw(t, "missing") == 0 {
				in = obs.None(obs.NoEcho)
			}
			x, y := a.Judge(ms, in), b.Judge(ms, in)
			if x.Quality != y.Quality {
				t.Fatalf("%v is %v, after a restart %v", in, x.Quality, y.Quality)
			}
			late, told := a.Late()
			again, toldAgain := b.Late()
			if told != toldAgain || late != again {
				t.Fatalf("with the value at %d: %+v %t, after a restart %+v %t", ms, late, told, again, toldAgain)
			}
			past = append(past, said{ms, x})
		}
	})
}

// What an earlier run has told already is not told again, and what it has found suspect may
// turn out worse.
func TestDecided(t *testing.T) {
	l := ranged(obs.Checks{Spike: &obs.SpikeCheck{Suspect: num(1), Fail: num(3)}})
	for _, c := range []struct {
		told obs.Quality
		next float64
		want obs.Flag
	}{
		{obs.Quality{Flag: obs.Fail, Why: obs.Spike}, 2, obs.NotEvaluated},
		{obs.Quality{Flag: obs.Suspect, Why: obs.Spike}, 2, obs.Fail},
		{obs.Quality{Flag: obs.Suspect, Why: obs.Spike}, 7.5, obs.NotEvaluated},
	} {
		s := New(l, 0)
		s.Precede(0, obs.Reading{Value: 2, Quality: obs.Quality{Flag: obs.Pass}})
		s.Precede(60_000, obs.Reading{Value: 9, Quality: obs.Quality{Flag: obs.Pass}})
		s.Decided(0, obs.Quality{Flag: obs.Fail, Why: obs.Spike}) // it is not the last one
		s.Decided(60_000, c.told)
		s.Judge(120_000, obs.Of(c.next))
		if l, ok := s.Late(); l.Final.Flag != c.want || ok != (c.want != obs.NotEvaluated) {
			t.Errorf("told %v, then %v: %+v, %t", c.told, c.next, l, ok)
		}
	}
	none := New(ranged(obs.Checks{}), 0) // nothing to be shown to
	none.Precede(0, obs.Of(1))
	none.Decided(0, obs.Quality{})
}

// A value that awaits its verdict when the tests are asked for otherwise has it by what is
// asked for now; if that is no spike test it stays what it was.
func TestLimitKeepsTheSpike(t *testing.T) {
	was := obs.Checks{Spike: &obs.SpikeCheck{Fail: num(1)}}
	for name, c := range map[string]struct {
		next   obs.Checks
		every  time.Duration
		behind float64
		want   obs.Flag
	}{
		"as before":                  {was, time.Minute, 2, obs.Fail},
		"at another interval":        {was, time.Hour, 2, obs.Fail},
		"with another test":          {obs.Checks{Spike: was.Spike, Rate: &obs.RateCheck{Fail: num(99)}}, time.Minute, 2, obs.Fail},
		"with another threshold":     {obs.Checks{Spike: &obs.SpikeCheck{Suspect: num(2), Fail: num(5)}}, time.Minute, 2, obs.Suspect},
		"with one that is not met":   {obs.Checks{Spike: &obs.SpikeCheck{Fail: num(5)}}, time.Minute, 2, obs.NotEvaluated},
		"by the old method":          {was, time.Minute, 8, obs.NotEvaluated},
		"by another":                 {obs.Checks{Spike: &obs.SpikeCheck{Fail: num(1), Method: Average}}, time.Minute, 5, obs.Fail},
		"without the test":           {obs.Checks{Rate: &obs.RateCheck{Fail: num(99)}}, time.Minute, 2, obs.NotEvaluated},
		"without any test":           {obs.Checks{}, time.Minute, 2, obs.NotEvaluated},
		"with the test switched off": {obs.Checks{Spike: &obs.SpikeCheck{Fail: num(1), Off: true}, Rate: &obs.RateCheck{Fail: num(99)}}, time.Minute, 2, obs.NotEvaluated},
	} {
		s := New(ranged(was), 0)
		s.Judge(0, obs.Of(2))
		s.Judge(60_000, obs.Of(5))
		s.Limit(&Limits{Part: Range{-100, 100}, Every: c.every, Tests: NewTests(c.next, Env{Every: c.every})})
		s.Judge(120_000, obs.Of(c.behind))
		if l, _ := s.Late(); l.Final.Flag != c.want || c.want != obs.NotEvaluated && (l.MS != 60_000 || l.Value != 5) {
			t.Errorf("%s: %+v, want %v", name, l, c.want)
		}
	}
	s := New(ranged(obs.Checks{Rate: &obs.RateCheck{Fail: num(99)}}), 0)
	s.Judge(0, obs.Of(2))
	s.Judge(60_000, obs.Of(5))
	s.Limit(ranged(was)) // nobody waited for a verdict on what came before
	s.Judge(120_000, obs.Of(2))
	if l, ok := s.Late(); ok {
		t.Errorf("a test that is new judges a value that was told as decided: %+v", l)
	}
}
