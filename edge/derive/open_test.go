package derive

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

var spiked = obs.Quality{Flag: obs.Fail, Why: obs.Spike}

// await gives the engine a reading whose verdict is to come; where not nil, the verdict on
// the one before first.
func (s *street) await(at time.Duration, stream string, v float64, before *obs.Quality) {
	s.Helper()
	st, err := obs.ParseStream(stream)
	if err != nil {
		s.Fatal(err)
	}
	if before != nil {
		s.Judge(st, s.lastAt[stream], *before)
	}
	if s.lastAt == nil {
		s.lastAt = map[string]int64{}
	}
	s.ms = at.Milliseconds()
	s.lastAt[stream] = s.ms
	s.Await(st, s.at(), obs.Reading{Value: v, Quality: obs.Quality{Flag: obs.Pass}})
	s.until(at)
}

// A spike of 9.9 m among levels of 2 m never gets into the most of ten minutes, and what
// was computed of it is taken back when the reading behind it has come.
func TestSpikeIsTakenBack(t *testing.T) {
	s := engine(t,
		Spec{ID: "depth", Is: "12 - x", Of: from("river/level"), Metric: "level"},
		Spec{ID: "most", Is: "max", Of: from("river/level"), Over: 10 * time.Minute, Every: 20 * time.Second},
		Spec{ID: "least", Is: "min", Of: from("depth/level"), Over: 10 * time.Minute, Every: 20 * time.Second})
	for i, v := range []float64{2, 2, 2, 9.9, 2, 2, 2} {
		var before *obs.Quality
		if i == 4 {
			before = &spiked
		}
		s.await(time.Duration(i)*10*time.Second, "river/level", v, before)
	}
	s.until(70 * time.Second)
	for _, o := range s.got {
		if v := o.Readings[0].Value; o.ID == "most" && v != 2 || o.ID == "least" && v != 10 {
			t.Errorf("%s at %d is %v", o.ID, o.BootMS, o.Readings)
		}
		if o.ID == "depth" && o.Late == nil && !o.Open {
			t.Errorf("depth at %d is told as decided", o.BootMS)
		}
	}
	late := slices.IndexFunc(s.got, func(o Output) bool { return o.Late != nil })
	if late < 0 || s.got[late].BootMS != 30_000 || s.got[late].Late[0] != spiked || s.got[late].ID != "depth" {
		t.Fatalf("nothing was taken back: %+v", s.got)
	}
	if next := slices.IndexFunc(s.got, func(o Output) bool { return o.ID == "depth" && o.BootMS == 40_000 }); next < late || s.got[next].Readings[0].Value != 10 {
		t.Errorf("behind it comes %+v", s.got[late:])
	}
}

// What is suspect after all makes results suspect, and counts.
func TestLateSuspicion(t *testing.T) {
	odd := obs.Quality{Flag: obs.Suspect, Why: obs.Spike}
	s := engine(t,
		Spec{ID: "depth", Is: "12 - x", Of: from("river/level"), Metric: "level"},
		Spec{ID: "most", Is: "max", Of: from("river/level"), Over: 40 * time.Second, Every: 20 * time.Second})
	for i, v := range []float64{2, 2, 2, 4, 2, 2} {
		var before *obs.Quality
		if i == 4 {
			before = &odd
		}
		s.await(time.Duration(i)*10*time.Second, "river/level", v, before)
	}
	s.wants("most", 4, obs.Suspect, obs.Spike)
	i := slices.IndexFunc(s.got, func(o Output) bool { return o.Late != nil })
	if i < 0 || s.got[i].BootMS != 30_000 || s.got[i].Late[0] != odd {
		t.Errorf("depth is not judged: %+v", s.got)
	}
}

// A step waits for the verdict on its last reading for two intervals, not for ever, and
// counts what is never decided as not come.
func TestStepWaits(t *testing.T) {
	s := engine(t, Spec{ID: "most", Is: "max", Of: from("river/level"), Over: time.Minute, Every: 20 * time.Second},
		Spec{ID: "top", Is: "max", Of: from("most/level"), Over: time.Minute, Every: 20 * time.Second})
	for i := range 6 {
		s.await(time.Duration(i)*10*time.Second, "river/level", 2, nil)
	}
	s.await(58*time.Second, "river/level", 9, nil)
	if s.until(60 * time.Second); s.last("most").BootMS != 40_000 {
		t.Errorf("a step ended at %d before its last reading is decided", s.last("most").BootMS)
	}
	if next, ok := s.Next(); !ok || next != 78_000 {
		t.Errorf("Next = %d, %v, want 78000", next, ok)
	}
	s.until(77_999 * time.Millisecond)
	if s.last("most").BootMS != 40_000 {
		t.Error("it was not waited for")
	}
	s.until(78 * time.Second)
	if s.wants("most", 2, obs.Pass, ""); s.last("most").BootMS != 60_000 {
		t.Errorf("the step that waited ended at %d", s.last("most").BootMS)
	}
	if s.last("top").BootMS != 60_000 {
		t.Errorf("what is made of it ended at %d", s.last("top").BootMS)
	}
}

// Of an input that is silent and undecided no second result is made.
func TestOpenValueCountsOnce(t *testing.T) {
	s := engine(t, Spec{ID: "head", Is: "a - b", Of: []Source{{"a", obs.Stream{Device: "river", Channel: "level"}}, {"b", obs.Stream{Device: "radar", Channel: "distance"}}}, Metric: "level"})
	s.await(0, "river/level", 9, nil)
	s.see(time.Second, "radar/distance", 1)
	if o := s.last("head"); !o.Open || o.Readings[0].Value != 8 {
		t.Fatalf("head is %+v", o)
	}
	for i := range 4 {
		s.see(time.Duration(11+10*i)*time.Second, "radar/distance", 1)
	}
	for _, o := range s.got[1:] {
		if o.Readings[0].Quality != (obs.Quality{Flag: obs.Missing, Why: obs.Stale}) {
			t.Errorf("at %d it is %v", o.BootMS, o.Readings)
		}
	}
}

// A spike that is told by what follows leaves no more of a trace than one that is told at
// once.
func TestSpikesLeaveNoTrace(t *testing.T) {
	lib := library(t)
	streams := []string{"gauge/rain", "river/level", "canal/level", "mast/wind_speed", "mast/wind_dir", "air/pm2_5"}
	rapid.Check(t, func(rt *rapid.T) {
		a, b := lib.engine(t, allKinds()...), lib.engine(t, allKinds()...)
		at := rapid.Int64Range(0, 86_400_000).Draw(rt, "start")
		bad := map[string]bool{}
		for range rapid.IntRange(2, 150).Draw(rt, "rounds") {
			at += rapid.Int64Range(1000, 30_000).Draw(rt, "later")
			for _, stream := range streams {
				v := rapid.Float64Range(0, 50).Draw(rt, "v")
				var before *obs.Quality
				if bad[stream] {
					before = &spiked
				}
				a.await(time.Duration(at)*time.Millisecond, stream, v, before)
				bad[stream] = rapid.IntRange(0, 9).Draw(rt, "spike") == 0
				if !bad[stream] {
					b.await(time.Duration(at)*time.Millisecond, stream, v, nil)
				} else {
					b.see(time.Duration(at)*time.Millisecond, stream, v, spiked)
				}
			}
		}
		at += 10 * 60_000
		a.until(time.Duration(at) * time.Millisecond)
		b.until(time.Duration(at) * time.Millisecond)
		same(rt, a, b)
	})
}

// same compares what has a window: what is computed at once differs by when inputs come.
func same(rt *rapid.T, a, b *street) {
	for _, id := range []string{"rain-1h", "most", "wet", "p", "hour", "wind", "aq", "cast"} {
		x, y := results(a, id), results(b, id)
		if x != y {
			rt.Fatalf("%s with spikes told late %s\nat once %s", id, x, y)
		}
	}
}

func results(s *street, id string) (all string) {
	for _, o := range s.got {
		if o.ID == id {
			all += fmt.Sprintln(o)
		}
	}
	return all
}
