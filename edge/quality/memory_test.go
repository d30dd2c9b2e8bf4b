package quality

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

// A stream that does not move is never judged better after a restart than without one:
// whenever it comes, in another boot too, and however old what was kept is, if the rest
// is shown again.
func TestRestartIsNoMovement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &Limits{Metric: Range{0, 5}, Every: time.Second, Tests: NewTests(obs.Checks{Flat: &obs.FlatCheck{
			Suspect: 20 * time.Second, Fail: 40 * time.Second, Compat: rapid.SampledFrom([]string{"", IOOS}).Draw(t, "compat")}}, Env{Every: time.Second, Step: 0.01})}
		ioos := l.Tests.checks.Flat.Compat == IOOS
		least := 3
		if ioos { // its window is not kept: only what stands goes on
			least = 41
		}
		kept := rapid.IntRange(0, 80).Draw(t, "kept")
		end := kept + rapid.IntRange(least, 80).Draw(t, "seconds more")
		down := rapid.IntRange(1, 19).Draw(t, "seconds down")
		other := rapid.Bool().Draw(t, "another boot")
		whole, first := New(l, 0), New(l, 0)
		at := func(s *Stream, ms int64) obs.Reading { return s.Judge(ms, obs.Of(0.5)) }
		var m Memory
		var shown []obs.Reading
		for i := range end {
			at(whole, int64(i)*1000)
			if r := at(first, int64(i)*1000); i > kept {
				shown = append(shown, r)
			}
			if i == kept {
				m, _ = first.Memory()
			}
		}
		second := recalled(t, l, m)
		for i, r := range shown {
			second.Remember(int64(kept+1+i)*1000, r)
		}
		second.Resume()
		by := int64(0)
		if other {
			by = -int64(end) * 1000
		}
		second.Shift(by)
		for i := end; i < end+120; i++ {
			want := at(whole, int64(i)*1000)
			if i < end+down {
				continue
			}
			got := at(second, int64(i)*1000+by)
			if want.Quality.Worst(got.Quality) != got.Quality && got.Quality.Flag != want.Quality.Flag {
				t.Fatalf("at %d s, restarted at %d: %v, without a restart %v", i, end, got.Quality, want.Quality)
			}
		}
		if r := second.Judge(1e9, obs.Of(0.6)); r.Quality.Flag != obs.Pass {
			if !ioos || r.Quality.Flag == obs.Missing {
				t.Fatalf("it moves and is %v", r.Quality)
			}
		}
	})
}

// recalled is a stream that has taken up what another run wrote down.
func recalled(t interface{ Fatal(...any) }, l *Limits, m Memory) *Stream {
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var read Memory
	if err := json.Unmarshal(b, &read); err != nil {
		t.Fatal(err)
	}
	s := New(l, 0)
	s.Recall(read)
	return s
}

// What is quiet stays so until the window can be judged again.
func TestHeldUntilJudged(t *testing.T) {
	quiet := &Limits{Every: time.Second, Tests: NewTests(obs.Checks{Attenuated: &obs.AttenuatedCheck{Window: 10 * time.Second, Fail: num(0.1)}}, Env{Every: time.Second})}
	s := New(quiet, 0)
	for i := range int64(12) {
		s.Judge(i*1000, obs.Of(0.5))
	}
	m, ok := s.Memory()
	if s = recalled(t, quiet, m); !ok {
		t.Fatal("nothing is kept of what failed")
	}
	s.Resume()
	for i := range int64(6) {
		if r := s.Judge(i*1000, obs.Of(float64(i))); i < 5 != (r.Quality.Flag == obs.Fail) {
			t.Errorf("value %d after a restart is %v", i, r.Quality)
		}
	}
}

// What failed beside its neighbour is not good because that fell silent, nor because
// the program began anew, once or twice, nor because its configuration was read again:
// only when the two agree again, or when it has moved on.
func TestBesideTheDead(t *testing.T) {
	var p Peer
	limits := func() *Limits {
		return &Limits{Every: time.Second, Tests: NewTests(obs.Checks{Neighbour: &obs.NeighbourCheck{With: "a.b", Fail: num(1), Within: 5 * time.Second}},
			Env{Every: time.Second, Peer: func(obs.Stream) *Peer { return &p }})}
	}
	restart := func(s *Stream) *Stream {
		m, _ := s.Memory()
		s = recalled(t, limits(), m)
		s.Resume()
		return s
	}
	s := New(limits(), 0)
	p.Note(0, obs.Reading{Value: 1, Quality: obs.Quality{Flag: obs.Pass}})
	for i, step := range []struct {
		value float64
		do    func()
		want  obs.Flag
	}{
		{3, nil, obs.Fail},
		{3.2, func() { p = Peer{} }, obs.Fail}, // the other is dead
		{3, func() { s = restart(s) }, obs.Fail},
		{3, func() { s = restart(restart(s)) }, obs.Fail},
		{2.8, func() { s.Limit(limits()) }, obs.Fail},
		{4.5, nil, obs.Pass}, // this may be the flood
		{3, nil, obs.Pass},
		{3, func() { p.Note(7000, obs.Reading{Value: 1, Quality: obs.Quality{Flag: obs.Pass}}) }, obs.Fail},
		{1.5, nil, obs.Pass},
		{1.5, func() { p = Peer{} }, obs.Pass},
	} {
		if step.do != nil {
			step.do()
		}
		if r := s.Judge(int64(i)*1000, obs.Of(step.value)); r.Quality.Flag != step.want {
			t.Errorf("step %d, %v: %v, want %v", i, step.value, r.Quality, step.want)
		}
	}
	s = New(limits(), 0) // what was written down tells it too
	s.Remember(0, obs.Reading{Value: 3, Quality: obs.Quality{Flag: obs.Fail, Why: obs.Neighbour}})
	if r := s.Judge(1000, obs.Of(3)); r.Quality != (obs.Quality{Flag: obs.Fail, Why: obs.Neighbour}) {
		t.Errorf("after it was written down: %v", r.Quality)
	}
}

// The newest value awaits its verdict where the spike test asks for one.
func TestAwaits(t *testing.T) {
	plain := New(&Limits{Every: time.Second}, 0)
	spiked := New(ranged(obs.Checks{Spike: &obs.SpikeCheck{Fail: num(1)}}), 0)
	for i, v := range []float64{1, 1, nan, 1} {
		plain.Judge(int64(i)*1000, obs.Of(v))
		spiked.Judge(int64(i)*1000, obs.Of(v))
		if plain.Awaits() || spiked.Awaits() != (v == v) {
			t.Errorf("value %d, %v: awaits %v, %v", i, v, plain.Awaits(), spiked.Awaits())
		}
	}
}

// keeps is the memory of a flat line test.
func keeps(l *Limits, k Kept) Memory {
	k.Asked = l.Tests.asked("flat")
	return Memory{map[string]Kept{"flat": k}}
}

// Tests that are asked for otherwise judge anew how long a value stood still; nonsense is
// none.
func TestMemoryOfOtherTests(t *testing.T) {
	limits := func(fail time.Duration) *Limits {
		return &Limits{Every: time.Second, Tests: NewTests(obs.Checks{Flat: &obs.FlatCheck{Fail: fail}}, Env{Every: time.Second, Step: 0.01})}
	}
	l := limits(time.Minute)
	kept := Kept{QC: 4, Low: 1, High: 1, From: 0, End: 60_000, N: 60}
	for name, c := range map[string]struct {
		m    Memory
		want obs.Flag
	}{
		"as it was":        {keeps(l, kept), obs.Fail},
		"asked otherwise":  {keeps(limits(time.Hour), kept), obs.Fail}, // it has stood for a minute
		"not long enough":  {keeps(limits(time.Hour), Kept{QC: 4, Low: 1, High: 1, From: 50_000, End: 60_000, N: 10}), obs.Pass},
		"ends before":      {keeps(l, Kept{QC: 4, Low: 1, High: 1, From: 9, End: 1, N: 3}), obs.Pass},
		"too wide":         {keeps(l, Kept{QC: 4, Low: 0, High: 2, N: 3}), obs.Pass},
		"no such flag":     {keeps(l, Kept{QC: 7, Low: 1, High: 1, End: 1, N: 3}), obs.Pass},
		"of another value": {keeps(l, Kept{QC: 4, Low: 2, High: 2, End: 60_000, N: 60}), obs.Pass},
	} {
		s := New(l, 0)
		s.Recall(c.m)
		s.Resume()
		if r := s.Judge(61_000, obs.Of(1)); r.Quality.Flag != c.want {
			t.Errorf("%s: %v, want %v", name, r.Quality, c.want)
		}
	}
}

// A part that was unplugged for a while is as frozen as it was, until it moves; where only
// another test is asked for otherwise it is so, too.
func TestUnpluggedIsNoMovement(t *testing.T) {
	flat := &obs.FlatCheck{Suspect: 6 * time.Second, Fail: 12 * time.Second}
	limits := func(c obs.Checks) *Limits {
		c.Flat = flat
		return &Limits{Every: time.Second, WarmUp: time.Second, Tests: NewTests(c, Env{Every: time.Second, Step: 0.01})}
	}
	s := New(limits(obs.Checks{}), 0)
	see := func(fromS, n int64, v float64) (q obs.Quality) {
		for i := range n {
			q = s.Judge((fromS+i)*1000, obs.Of(v)).Quality
		}
		return q
	}
	fail := obs.Quality{Flag: obs.Fail, Why: obs.Flat}
	if q := see(0, 20, 2.5); q != fail {
		t.Fatalf("frozen it is %v", q)
	}
	s = func() *Stream { again := s.Reconnected(); return &again }()
	s.Reopened(60_000)
	if q := see(60, 1, 2.5); q.Why != obs.WarmUp {
		t.Errorf("back it is %v, want that it warms up", q)
	}
	if q := see(62, 1, 2.5); q != fail {
		t.Errorf("warm and unmoved it is %v", q)
	}
	s.Limit(limits(obs.Checks{Rate: &obs.RateCheck{Suspect: num(1)}}))
	if q := see(63, 1, 2.5); q != fail {
		t.Errorf("with another test beside it is %v", q)
	}
	if q := see(64, 3, 2.7); q.Flag == obs.Fail {
		t.Errorf("it moves and is %v", q)
	}
}
