package rule

import (
	"testing"
	"time"
)

// A rule that panics is stopped and said; its alert stays; the others do not notice.
// The seam is what the engine calls during an evaluation: the local time.
func TestPanicStopsOneRule(t *testing.T) {
	sick := mustCompile(t, Spec{ID: "sick", When: "river.level > 3", Schedule: Schedule{Set: true}})
	sound := mustCompile(t, Spec{ID: "sound", When: "river.level > 3"})
	e := New([]*Rule{sick, sound})
	broken := false
	e.Civil(func(int64) (time.Time, bool) {
		if broken {
			panic("no such time zone")
		}
		return at(1, 12, 0), true
	})
	picture(e, []float64{4})
	broken = true
	e.Observe(level, minute, reading(2))
	ts := e.Tick(minute)
	if len(ts) != 1 || ts[0].Rule != "sound" || !ts[0].Cleared() {
		t.Errorf("%+v, want the sound rule cleared", ts)
	}
	stopped := e.Stopped()
	if len(stopped) != 1 || stopped[0] != (Stopped{"sick", minute, "no such time zone"}) {
		t.Errorf("Stopped() = %+v", stopped)
	}
	if e.Stopped() != nil {
		t.Error("it is told twice")
	}
	broken = false
	e.Observe(level, 2*minute, reading(2))
	e.Tick(2 * minute)
	if p, _ := e.Phase("sick"); p != Active {
		t.Errorf("the stopped rule went on: %v", p)
	}
	if why, ok := e.Idle("sick"); !ok || why != Broken {
		t.Errorf("Idle = %q, %v", why, ok)
	}
	for range 10 {
		if next, ok := e.Next(); ok {
			e.Tick(next)
		}
	}
	// A new configuration gives it another chance.
	f := New([]*Rule{sick, sound})
	f.Adopt(e)
	f.Observe(level, 3*minute, reading(2))
	f.Tick(3 * minute)
	if p, _ := f.Phase("sick"); p != Normal {
		t.Errorf("after Adopt: %v", p)
	}
}

// A program that is no program: what a bug in the compiler would make.
func TestPanicInTheProgram(t *testing.T) {
	bad := mustCompile(t, Spec{ID: "bad", When: "river.level > 3"})
	bad.stages[0].when = &program{root: &node{op: opMore, a: nil, b: nil}, reads: bad.stages[0].when.reads}
	e := New([]*Rule{bad, mustCompile(t, Spec{ID: "good", When: "river.level > 3"})})
	e.Observe(level, 0, reading(4))
	if ts := e.Tick(0); len(ts) != 1 || ts[0].Rule != "good" {
		t.Errorf("%+v", ts)
	}
	if s := e.Stopped(); len(s) != 1 || s[0].Rule != "bad" || s[0].Why == "" {
		t.Errorf("Stopped() = %+v", s)
	}
}

// An interlock that panics is unknown from then on, which switches off; the others go on.
func TestPanicInAWatch(t *testing.T) {
	bad := mustCompile(t, Spec{ID: "bad", When: "river.level > 3"})
	w := NewWatch([]*Rule{bad, mustCompile(t, Spec{ID: "good", When: "river.level > 3"})})
	is := map[string]Truth{}
	look := func(ms int64, level4 float64) {
		w.Observe(level, ms, reading(level4))
		for _, a := range w.Tick(ms) {
			is[a.ID] = a.Is
		}
	}
	look(0, 4)
	bad.stages[0].when = &program{root: &node{op: opMore}, reads: bad.stages[0].when.reads}
	look(minute, 4)
	if s := w.Stopped(); len(s) != 1 || s[0].Rule != "bad" || s[0].At != minute || s[0].Why == "" {
		t.Errorf("Stopped() = %+v", s)
	}
	look(2*minute, 2)
	if is["bad"] != Unknown || is["good"] != False || w.Stopped() != nil {
		t.Errorf("answers %v", is)
	}
}
