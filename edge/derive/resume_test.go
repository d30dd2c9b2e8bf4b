package derive

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

// again is s after the program has ended and begun again in the same boot, at the time of
// the last reading. What a start reads of the journal from before it kept the state is
// shown once more.
func (lib Library) again(t *testing.T, s *street, specs []Spec, old func(*street)) *street {
	t.Helper()
	state, _, err := s.Snapshot(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	b := lib.engine(t, specs...)
	if err := b.Restore(state); err != nil {
		t.Fatalf("its own state is refused: %v", err)
	}
	b.got, b.ms, b.lastAt = s.got, s.ms, s.lastAt
	if old != nil {
		old(b)
	}
	b.Resume(b.ms, b.ms)
	return b
}

// A restart between any reading and the one that decides it equals none: what is taken
// back is, under its own time, and no window is another.
func TestRestartKeepsWhatIsOpen(t *testing.T) {
	streams := []string{"gauge/rain", "river/level", "canal/level", "mast/wind_speed", "mast/wind_dir", "air/pm2_5"}
	lib := library(t)
	specs := append(allKinds(), Spec{ID: "twice", Is: "x * 2", Of: from("head/level"), Metric: "level"})
	rapid.Check(t, func(rt *rapid.T) {
		a, b := lib.engine(t, specs...), lib.engine(t, specs...)
		at := rapid.Int64Range(0, 86_400_000).Draw(rt, "start")
		bad := map[string]*obs.Quality{}
		for range rapid.IntRange(2, 120).Draw(rt, "readings") {
			if rapid.IntRange(0, 4).Draw(rt, "restart") == 0 {
				b = lib.again(t, b, specs, func(s *street) {
					for stream, ms := range s.lastAt { // it is known already, and decides nothing
						st, _ := obs.ParseStream(stream)
						s.Await(st, At{BootMS: ms, UnixMS: s.unix + ms, Dated: true}, obs.Of(1))
					}
				})
			}
			at += rapid.Int64Range(1, 90_000).Draw(rt, "later")
			stream := rapid.SampledFrom(streams).Draw(rt, "stream")
			v := rapid.Float64Range(0, 50).Draw(rt, "v")
			a.await(time.Duration(at)*time.Millisecond, stream, v, bad[stream])
			b.await(time.Duration(at)*time.Millisecond, stream, v, bad[stream])
			bad[stream] = rapid.SampledFrom([]*obs.Quality{nil, nil, nil, &spiked, {Flag: obs.Suspect, Why: obs.Spike}}).Draw(rt, "verdict")
		}
		if x, y := told(a), told(b); x != y {
			rt.Fatalf("without restart\n%s\nwith\n%s", x, y)
		}
	})
}

// told is what was told, line by line.
func told(s *street) string {
	var all strings.Builder
	for _, o := range s.got {
		fmt.Fprintln(&all, o)
	}
	return all.String()
}

// What awaits its verdict when its interval becomes another has it all the same; only a
// window whose step is another begins anew.
func TestAnotherIntervalKeepsWhatIsOpen(t *testing.T) {
	specs := []Spec{
		{ID: "depth", Is: "12 - x", Of: from("river/level"), Metric: "level"},
		{ID: "most", Is: "max", Of: from("river/level"), Over: 10 * time.Minute, Every: 2 * time.Minute}}
	was, is := library(t), library(t)
	st := obs.Stream{Device: "river", Channel: "level"}
	k := is.Known[st]
	k.Every = time.Minute
	is.Known[st] = k
	s := was.engine(t, specs...)
	for i, v := range []float64{2, 2, 9} {
		s.await(time.Duration(i)*10*time.Second, "river/level", v, nil)
	}
	s = is.again(t, s, specs, nil)
	for i := 1; i < 12; i++ {
		before := &spiked
		if i > 1 {
			before = nil
		}
		s.await(20*time.Second+time.Duration(i)*time.Minute, "river/level", 2, before)
	}
	late := 0
	for _, o := range s.got {
		if o.Late != nil {
			late++
			if o.ID != "depth" || o.BootMS != 20_000 || o.Late[0] != spiked {
				t.Errorf("told late: %+v", o)
			}
		}
		if v := o.Readings[0].Value; o.ID == "most" && v != 2 {
			t.Errorf("the most is %v", o)
		}
	}
	if late != 1 {
		t.Errorf("%d results were taken back, want 1", late)
	}
	if o := s.last("depth"); o.BootMS != 680_000 || o.Readings[0].Value != 10 {
		t.Errorf("depth is %+v at the end", o)
	}
}

// Another boot decides nothing of the one before: what was awaited counts.
func TestAnotherBootBelieves(t *testing.T) {
	specs := []Spec{{ID: "most", Is: "max", Of: from("river/level"), Over: 10 * time.Minute, Every: 20 * time.Second}}
	lib := library(t)
	s := lib.engine(t, specs...)
	for i, v := range []float64{2, 2, 9} {
		s.await(time.Duration(i)*10*time.Second, "river/level", v, nil)
	}
	state, _, err := s.Snapshot(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	b := lib.engine(t, specs...)
	if err := b.Restore(state); err != nil {
		t.Fatal(err)
	}
	b.Continue(20_000, 5000, 30_000, true)
	b.lastAt = s.lastAt
	b.await(10*time.Second, "river/level", 2, &spiked)
	if r := b.last("most").Readings[0]; r.Value != 9 {
		t.Errorf("the most is %v, want what nobody took back", r)
	}
}
