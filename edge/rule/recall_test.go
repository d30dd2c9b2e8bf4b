package rule

import (
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

// again is e as another run of the program has it, in the same boot: with the states that
// were written down, and the time of the newest reading of level, but without readings.
func again(t testing.TB, e *Engine, specs []Spec, newest int64) *Engine {
	t.Helper()
	var rules []*Rule
	for _, s := range specs {
		rules = append(rules, mustCompile(t, s))
	}
	b := New(rules)
	for _, s := range specs {
		if s.ID == "" {
			s.ID = "r"
		}
		if err := b.Restore(s.ID, e.Snapshot(s.ID), Resume{Now: e.now, SameBoot: true, LastSeen: e.now}); err != nil {
			t.Fatal(err)
		}
	}
	b.Recall(level, newest)
	return b
}

// A reading is taken back by the first one behind a restart as it is without: | is a
// restart before the minute, ^ the minute in which the value before is taken back.
func TestRetractOverARestart(t *testing.T) {
	held := Spec{When: "river.level > 3", ClearFor: time.Hour, Hold: time.Hour}
	for _, c := range []struct {
		name    string
		spec    Spec
		values  []float64
		restart string
		late    string
		want    string
	}{
		{"it ends", held, []float64{2, 9, 2, 2}, "--|-", "--^-", "nAnn"},
		{"without the verdict it does not", held, []float64{2, 9, 2, 2}, "--|-", "----", "nAcc"},
		{"what is still met stays", held, []float64{2, 9, 4}, "--|", "--^", "nAA"},
		{"what was met before stays", held, []float64{4, 9, 2}, "--|", "--^", "AAc"},
		{"also after a restart before", held, []float64{4, 9, 2}, "-||", "--^", "AAc"},
		{"two restarts are as one", held, []float64{2, 9, 2}, "-||", "--^", "nAn"},
		{"a pending one ends", Spec{When: "river.level > 3", For: time.Hour}, []float64{2, 9, 2}, "--|", "--^", "npn"},
		{"in the band, too", Spec{When: "river.level > 3", Clear: "river.level < 2"}, []float64{2.5, 9, 2.5}, "--|", "--^", "nAn"},
		{"a window", Spec{When: "max(river.level, 10m) > 3", Hold: time.Hour}, []float64{2, 2, 9, 2}, "---|", "---^", "nnAn"},
		{"a later verdict is about a later value", held, []float64{9, 9, 2, 2}, "--|-", "---^", "AAcc"},
	} {
		specs := []Spec{c.spec}
		e := New([]*Rule{mustCompile(t, c.spec)})
		got := ""
		for i, v := range c.values {
			now := int64(i) * minute
			if c.restart[i] == '|' {
				e = again(t, e, specs, now-minute)
			}
			if c.late[i] == '^' {
				e.Retract(level, now-minute)
			}
			e.Observe(level, now, reading(v))
			ts := e.Tick(now)
			p, _ := e.Phase("r")
			got += string("npAc"[p])
			if c.late[i] == '^' && p == Normal && (len(ts) == 0 || !ts[len(ts)-1].Withdrawn) {
				t.Errorf("%s: it does not say why: %+v", c.name, ts)
			}
		}
		if got != c.want {
			t.Errorf("%s: %v\n got %s\nwant %s", c.name, c.values, got, c.want)
		}
	}
}

// What was read last before a restart bounds what a verdict is about.
func TestRecall(t *testing.T) {
	spec := Spec{When: "river.level > 3", Hold: time.Hour}
	raised := New([]*Rule{mustCompile(t, spec)})
	picture(raised, []float64{2, 2, 9}) // since minute 2
	for name, c := range map[string]struct {
		do   func(e *Engine)
		want Phase
	}{
		"a verdict on the newest":       {func(e *Engine) { e.Recall(level, 2*minute); e.Retract(level, 2*minute) }, Normal},
		"on one of which none is known": {func(e *Engine) { e.Retract(level, 2*minute) }, Clearing},
		"on an older one":               {func(e *Engine) { e.Recall(level, 2*minute); e.Retract(level, minute) }, Clearing},
		"told before the newest came":   {func(e *Engine) { e.Recall(level, minute); e.Retract(level, minute); e.Recall(level, 2*minute) }, Clearing},
		"and what came then is wrong":   {func(e *Engine) { e.Recall(level, 2*minute); e.Retract(level, 2*minute); e.Recall(level, 3*minute) }, Normal},
		"known twice":                   {func(e *Engine) { e.Recall(level, 2*minute); e.Retract(level, 2*minute); e.Recall(level, 2*minute) }, Normal},
		"of another stream":             {func(e *Engine) { e.Recall(dust, 2*minute); e.Retract(dust, 2*minute) }, Clearing},
	} {
		e := New([]*Rule{mustCompile(t, spec)})
		if err := e.Restore("r", raised.Snapshot("r"), Resume{Now: 2*minute + 1, SameBoot: true, LastSeen: 2 * minute}); err != nil {
			t.Fatal(err)
		}
		c.do(e)
		if ts := e.Tick(2*minute + 1); len(ts) > 0 && ts[0].Was != ts[0].Is {
			t.Errorf("%s: told before anything is read: %+v", name, ts)
		}
		e.Observe(level, 4*minute, reading(2))
		e.Recall(level, 4*minute) // too late
		e.Tick(4 * minute)
		if p, _ := e.Phase("r"); p != c.want {
			t.Errorf("%s: the rule is %v, want %v", name, p, c.want)
		}
	}
}

// An alert that may stand on another stream, of which nothing has been read since the
// restart, waits for it: as long as a reading of it would count, over further restarts,
// and no longer.
func TestRetractWaitsForOthers(t *testing.T) {
	for name, c := range map[string]struct {
		when    string
		temp    float64
		at      int64 // minutes, from the restart on, when temp is read; 0: never
		want    int64 // minutes until it ends; -1: it does not
		restart bool
	}{
		"it bears the alert out":  {"river.level > 3 or tank.temp.inlet > 50", 60, 2, -1, false},
		"it does not":             {"river.level > 3 or tank.temp.inlet > 50", 20, 2, 2, false},
		"nor behind a restart":    {"river.level > 3 or tank.temp.inlet > 50", 20, 2, 2, true},
		"bears it out behind one": {"river.level > 3 or tank.temp.inlet > 50", 60, 2, -1, true},
		"it is silent":            {"river.level > 3 or tank.temp.inlet > 50", 0, 0, 4, false},
		"a window has to fill":    {"river.level > 3 or avg(tank.temp.inlet, 10m) > 50", 20, 1, 8, false},
		"the doubt alone decides": {"river.level > 3 and tank.temp.inlet > 10", 20, 2, 0, false},
	} {
		spec := Spec{ID: "r", When: c.when, Hold: time.Hour, ClearFor: time.Hour}
		e := New([]*Rule{mustCompile(t, spec)})
		e.Observe(temp, 0, reading(20))
		e.Observe(level, 0, reading(2))
		e.Tick(0)
		e.Observe(temp, minute, reading(20))
		e.Observe(level, minute, reading(9))
		e.Tick(minute)
		e = again(t, e, []Spec{spec}, minute)
		ended := int64(-1)
		for i := range int64(20) {
			now := (2 + i) * minute
			if i == 1 && c.restart {
				e = again(t, e, []Spec{spec}, now-minute)
			}
			if i == 0 {
				e.Retract(level, minute)
			}
			e.Observe(level, now, reading(2))
			if c.at > 0 && i >= c.at {
				e.Observe(temp, now, reading(c.temp))
			}
			for _, x := range e.Tick(now) {
				if x.Cleared() && ended < 0 {
					ended = i
				}
			}
		}
		if ended != c.want {
			t.Errorf("%s: it ended after %d minutes, want %d", name, ended, c.want)
		}
	}
}

// With spikes that are told one reading late, and restarts wherever they may be, a rule
// stands minute by minute as it does without, chatter included, and says the same.
func TestSpikesOverRestarts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, false)
		high := rapid.SampledFrom([]float64{3.5, 4.5}).Draw(t, "spike")
		spikes := make([]bool, len(d.values))
		for i := range d.values {
			d.parent[i], d.aside[i] = 20, false
			d.values[i] = 1.5
			if spikes[i] = i > 0 && !spikes[i-1] && rapid.IntRange(0, 3).Draw(t, "a spike") == 0; spikes[i] {
				d.values[i] = high
			}
		}
		a, b := d.engine(t), d.engine(t)
		for i := range d.values {
			if now := int64(i) * minute; i > 0 && rapid.IntRange(0, 2).Draw(t, "restart") == 0 {
				f := d.engine(t)
				for _, s := range d.specs {
					if err := f.Restore(s.ID, b.Snapshot(s.ID), Resume{Now: b.now, SameBoot: true, LastSeen: b.now}); err != nil {
						t.Fatal(err)
					}
				}
				f.Recall(level, now-minute)
				f.now = b.now
				b = f
			}
			var told [2][]string
			for k, e := range []*Engine{a, b} {
				d.wait(e, i) // timers run out before the verdict comes
				if i > 0 && spikes[i-1] {
					e.Retract(level, int64(i-1)*minute)
				}
				told[k], _ = d.feed(e, i)
			}
			if !slices.Equal(told[0], told[1]) {
				t.Fatalf("minute %d: without a restart\n%q\nwith restarts\n%q\n%+v", i, told[0], told[1], d)
			}
			if x, y := a.Standing("r"), b.Standing("r"); x != y {
				t.Fatalf("minute %d: without a restart %+v, with restarts %+v: %+v", i, x, y, d)
			}
		}
	})
}

// A state that says that it is in doubt is read back as that, in another boot, too.
func TestDoubtIsKept(t *testing.T) {
	spec := Spec{When: "river.level > 3 or tank.temp.inlet > 50", Hold: time.Hour}
	e := New([]*Rule{mustCompile(t, spec)})
	if err := e.Restore("r", []byte(`{"v":1,"phase":"active","since":5,"at":9,"doubted":true}`), Resume{Now: 100}); err != nil {
		t.Fatal(err)
	}
	e.Observe(level, 100, obs.Of(2))
	if ts := e.Tick(100); len(ts) > 0 && ts[0].Cleared() {
		t.Errorf("before the other stream is read: %+v", ts)
	}
	e.Observe(temp, 200, obs.Of(20))
	if ts := e.Tick(200); len(ts) != 1 || !ts[0].Withdrawn {
		t.Errorf("then: %+v, want it withdrawn", ts)
	}
}

// A verdict that comes while a rule is under maintenance counts when that is over.
func TestDoubtOutlivesMaintenance(t *testing.T) {
	e := New([]*Rule{mustCompile(t, Spec{When: "river.level > 3", Hold: time.Hour})})
	picture(e, []float64{2, 9})
	e.Maintain("r", true)
	e.Retract(level, minute)
	for i := int64(2); i < 5; i++ {
		e.Observe(level, i*minute, reading(2))
		if ts := e.Tick(i * minute); len(ts) > 0 && ts[0].Cleared() {
			t.Errorf("under maintenance: %+v", ts)
		}
	}
	e.Maintain("r", false)
	if ts := e.Tick(5 * minute); len(ts) == 0 || !ts[len(ts)-1].Withdrawn {
		t.Errorf("behind it: %+v, want it withdrawn", ts)
	}
}
