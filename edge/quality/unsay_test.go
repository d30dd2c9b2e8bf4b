package quality

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

// A lone spike is no movement: what stood still before it does so with the next value.
func TestSpikeIsNoMovement(t *testing.T) {
	still := obs.Quality{Flag: obs.Fail, Why: obs.Flat}
	quiet := obs.Quality{Flag: obs.Fail, Why: obs.Attenuated}
	for name, c := range map[string]struct {
		checks obs.Checks
		bad    obs.Quality
	}{
		"flat":                {obs.Checks{Flat: &obs.FlatCheck{Fail: 5 * time.Minute}}, still},
		"flat, ioos":          {obs.Checks{Flat: &obs.FlatCheck{Fail: 5 * time.Minute, Compat: IOOS}}, still},
		"attenuated":          {obs.Checks{Attenuated: &obs.AttenuatedCheck{Window: 5 * time.Minute, Fail: num(0.1)}}, quiet},
		"attenuated by range": {obs.Checks{Attenuated: &obs.AttenuatedCheck{Window: 5 * time.Minute, Method: Span, Fail: num(0.1)}}, quiet},
	} {
		c.checks.Spike = &obs.SpikeCheck{Suspect: num(0.5), Fail: num(1)}
		s := New(&Limits{Part: Range{-100, 100}, Every: time.Minute, Tests: NewTests(c.checks, Env{Every: time.Minute, Step: 0.01})}, 0)
		ms := int64(0)
		see := func(v float64) obs.Quality {
			ms += 60_000
			return s.Judge(ms, obs.Of(v)).Quality
		}
		for range 10 {
			see(2.5)
		}
		for _, spike := range []float64{4.5, 3.2} { // it fails, it is suspect
			if q := see(spike); q.Flag != obs.Pass {
				t.Errorf("%s: the newest value moves and is %v, want pass: nobody knows better yet", name, q)
			}
			for range 3 {
				if q := see(2.5); q != c.bad {
					t.Errorf("%s: behind the spike %v it is %v, want %v", name, spike, q, c.bad)
				}
			}
		}
		see(4.5)
		if q := see(4.5); q.Flag != obs.Pass {
			t.Errorf("%s: behind a step that is borne out it is %v", name, q)
		}
	}
}

// What was found beside a neighbour that is dead now does not end with a spike.
func TestSpikeIsNoMoveFromANeighbour(t *testing.T) {
	var p Peer
	s := New(&Limits{Every: time.Second, Tests: NewTests(obs.Checks{Spike: &obs.SpikeCheck{Fail: num(1)}, Neighbour: &obs.NeighbourCheck{With: "a.b", Fail: num(1), Within: 5 * time.Second}},
		Env{Every: time.Second, Peer: func(obs.Stream) *Peer { return &p }})}, 0)
	p.Note(0, obs.Reading{Value: 1, Quality: obs.Quality{Flag: obs.Pass}})
	s.Judge(0, obs.Of(3))
	p = Peer{}
	for i, v := range []float64{3, 9, 3, 3} {
		if r := s.Judge(int64(i+1)*1000, obs.Of(v)); (r.Quality.Flag == obs.Fail) != (v == 3) {
			t.Errorf("value %d, %v, is %v", i, v, r.Quality)
		}
	}
}

// unsaid is a series with the spikes in it that the test finds.
type unsaid struct {
	limits, plain *Limits // with and without the spike test
	missing       bool    // a spike is a missing value, and not just none
	test          string
	values        []float64
	spikes        []bool
}

func drawUnsaid(t *rapid.T) *unsaid {
	u := &unsaid{test: "flat"}
	c := obs.Checks{}
	var beside Peer
	beside.Note(0, obs.Of(1)) // it never moves
	switch rapid.IntRange(0, 5).Draw(t, "test") {
	case 0:
		c.Flat = &obs.FlatCheck{Suspect: 3 * time.Second, Fail: 6 * time.Second}
	case 1:
		c.Flat, u.missing = &obs.FlatCheck{Suspect: 3 * time.Second, Fail: 6 * time.Second, Compat: IOOS}, true
	case 2:
		c.Attenuated, u.test = &obs.AttenuatedCheck{Window: 5 * time.Second, Suspect: num(0.2), Fail: num(0.1)}, "attenuated"
	case 3:
		c.Rate, u.test = &obs.RateCheck{Suspect: num(0.3 * 60), Fail: num(0.9 * 60)}, "rate"
	case 4:
		c.Multivariate, u.test = &obs.MultivariateCheck{With: "a.b", Suspect: num(0.3), Within: time.Hour}, "multivariate"
	default:
		c.Attenuated, u.test = &obs.AttenuatedCheck{Window: 5 * time.Second, Suspect: num(0.2), Fail: num(0.1), Method: Span}, "attenuated"
	}
	limits := func() *Limits {
		return &Limits{Part: Range{-100, 100}, Every: time.Second, Tests: NewTests(c, Env{Every: time.Second, Step: 0.01, Peer: func(obs.Stream) *Peer { return &beside }})}
	}
	u.plain = limits()
	c.Spike = &obs.SpikeCheck{Suspect: num(0.4), Fail: num(1)}
	u.limits = limits()
	u.values = rapid.SliceOfN(rapid.SampledFrom([]float64{2.5, 2.5, 2.5, 2.5, 2.5, 2.51, 3, 4.5, math.NaN()}), 1, 50).Draw(t, "values")
	u.spikes = make([]bool, len(u.values)+1)
	s := New(ranged(obs.Checks{Spike: c.Spike}), 0)
	for i, v := range u.values {
		s.Judge(int64(i)*1000, read(v))
		l, ok := s.Late()
		u.spikes[max(i-1, 0)] = ok && l.Final.Why == obs.Spike
	}
	return u
}

func read(v float64) obs.Reading {
	if v != v {
		return obs.None(obs.NoEcho)
	}
	return obs.Of(v)
}

func (u *unsaid) verdict(s *Stream) (q obs.Quality) {
	s.Verdicts(func(test string, is obs.Quality) {
		if test == u.test {
			q = is
		}
	})
	return q
}

// To the tests that remember, a value that was a spike has not been: what they say of each
// value is what they say in a series without the spikes before it, over restarts, too,
// wherever they are and however old what was kept is.
func TestSpikeHasNotBeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := drawUnsaid(t)
		n := len(u.values)
		restarts := make([]int, n) // so many values before it the memory was kept; -1: none
		for i := range restarts {
			restarts[i] = -1
			if i > 0 && rapid.IntRange(0, 4).Draw(t, "restart") == 0 {
				restarts[i] = rapid.IntRange(0, 3).Draw(t, "kept before")
			}
		}
		a := runs{u: u, s: New(u.limits, 0), kept: make([]Memory, n), shown: make([]obs.Reading, n)}
		for i, v := range u.values {
			a.restart(i, restarts[i])
			a.shown[i] = a.s.Judge(int64(i)*1000, read(v))
			a.kept[i], _ = a.s.Memory()
			if got, want := u.verdict(a.s), u.without(restarts, i); got != want {
				t.Fatalf("%s of value %d is %v, without the spikes before it %v\nvalues %v\nspikes %v\nrestarts %v", u.test, i, got, want, u.values, u.spikes, restarts)
			}
		}
	})
}

// without is what the test says of value i where those before it that were spikes are left
// out, with the same restarts.
func (u *unsaid) without(restarts []int, i int) obs.Quality {
	b := runs{u: u, s: New(u.plain, 0), kept: make([]Memory, i+1), shown: make([]obs.Reading, i+1)}
	for j := range i + 1 {
		b.restart(j, restarts[j])
		v := u.values[j]
		if spike := j < i && u.spikes[j]; !spike {
			b.shown[j] = b.s.Judge(int64(j)*1000, read(v))
		} else if b.shown[j] = obs.None(obs.NoEcho); u.missing {
			b.s.Judge(int64(j)*1000, b.shown[j])
		}
		b.kept[j], _ = b.s.Memory()
	}
	return u.verdict(b.s)
}

// runs is a stream over restarts.
type runs struct {
	u     *unsaid
	s     *Stream
	kept  []Memory
	shown []obs.Reading
}

// restart goes on in another run before value i, with what was kept so many values before
// the last, and the rest from what was written down.
func (r *runs) restart(i, old int) {
	if old < 0 {
		return
	}
	at := max(0, i-1-old)
	limits := r.s.limits
	s := New(limits, 0)
	s.Recall(r.kept[at])
	for j := at + 1; j < i; j++ {
		if limits == r.u.limits && r.u.spikes[j-1] {
			s.Unsay(int64(j-1) * 1000)
		}
		if limits == r.u.limits || r.u.missing || !r.u.spikes[j] {
			s.Remember(int64(j)*1000, r.shown[j])
		}
	}
	s.Resume()
	for j := max(0, i-2); j < i; j++ {
		s.Precede(int64(j)*1000, r.shown[j])
	}
	r.s = s
}

// What is kept of a spike is little, and nothing where nobody asks for spikes.
func TestBeforeIsKept(t *testing.T) {
	flat := obs.Checks{Flat: &obs.FlatCheck{Fail: 5 * time.Second}}
	spiked := flat
	spiked.Spike = &obs.SpikeCheck{Fail: num(1)}
	for _, c := range []obs.Checks{flat, spiked} {
		s := New(ranged(c), 0)
		for i, v := range slices.Concat(slices.Repeat([]float64{2.5}, 9), []float64{4.5}) {
			s.Judge(int64(i)*1000, obs.Of(v))
		}
		m, _ := s.Memory()
		before := m.Tests["flat"].Before
		if (before != nil) != (c.Spike != nil) {
			t.Errorf("with %+v: kept is %+v", c, m)
		}
		if before != nil && (before.Low != 2.5 || before.End != 8000 || before.Before != nil) {
			t.Errorf("what was before is %+v", before)
		}
	}
}

// The value behind a spike is judged by the last one that stands, in the time since that.
func TestRateBehindASpike(t *testing.T) {
	checks := obs.Checks{Rate: &obs.RateCheck{Fail: num(60)}} // 1 a second
	for name, c := range map[string]struct {
		spike  *obs.SpikeCheck
		values []float64
		want   []obs.Flag
	}{
		"a spike that fails":       {&obs.SpikeCheck{Fail: num(4)}, []float64{2, 9, 2, 2.5}, []obs.Flag{obs.Pass, obs.Fail, obs.Pass, obs.Pass}},
		"a suspect one":            {&obs.SpikeCheck{Suspect: num(4)}, []float64{2, 9, 2, 2.5}, []obs.Flag{obs.Pass, obs.Fail, obs.Pass, obs.Pass}},
		"two with one between":     {&obs.SpikeCheck{Fail: num(4)}, []float64{2, 9, 2, 9, 2}, []obs.Flag{obs.Pass, obs.Fail, obs.Pass, obs.Fail, obs.Pass}},
		"by the time since then":   {&obs.SpikeCheck{Fail: num(4)}, []float64{2, 9, 3.5, 6}, []obs.Flag{obs.Pass, obs.Fail, obs.Pass, obs.Fail}},
		"a step is none":           {&obs.SpikeCheck{Fail: num(4)}, []float64{2, 9, 9, 9}, []obs.Flag{obs.Pass, obs.Fail, obs.Pass, obs.Pass}},
		"without a spike test":     {nil, []float64{2, 9, 2, 2}, []obs.Flag{obs.Pass, obs.Fail, obs.Fail, obs.Pass}},
		"behind a missing one too": {&obs.SpikeCheck{Fail: num(4)}, []float64{2, math.NaN(), 9, 2}, []obs.Flag{obs.Pass, obs.Missing, obs.Pass, obs.Fail}},
	} {
		checks.Spike = c.spike
		s := New(ranged(checks), 0)
		for i, v := range c.values {
			if got := s.Judge(int64(i)*1000, read(v)).Quality.Flag; got != c.want[i] {
				t.Errorf("%s: value %d, %v, is %v, want %v", name, i, v, got, c.want[i])
			}
		}
	}
}
