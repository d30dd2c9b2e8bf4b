package rule

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// world is a rule with everything that keeps an alert from following its condition, and
// what river.level gives minute by minute.
type world struct {
	specs  []Spec
	values []float64
	aside  []bool // under maintenance in this minute
	clock  []int  // minutes by which the wall clock is off, from this minute on
	parent []float64
}

func drawMinutes(t *rapid.T, most int, name string) time.Duration {
	return time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Minute
}

func draw(t *rapid.T, missing bool) world {
	s := Spec{ID: "r", When: "river.level > 3", For: drawMinutes(t, 3, "for"), ClearFor: drawMinutes(t, 3, "clear_for"), Hold: drawMinutes(t, 6, "hold"),
		Flapping: time.Duration(rapid.SampledFrom([]int{-1, 0, 5, 10}).Draw(t, "flapping")) * time.Minute}
	if rapid.Bool().Draw(t, "band") {
		s.Clear = "river.level < 2"
	}
	if rapid.Bool().Draw(t, "ladder") {
		red := Level{Severity: "red", When: "river.level > 4", For: s.For, ClearFor: s.ClearFor, Hold: drawMinutes(t, 3, "hold of red")}
		s.Levels = [MaxLevels]Level{red, {Severity: "orange", When: s.When, Clear: s.Clear, For: s.For, ClearFor: s.ClearFor, Hold: s.Hold}}
		s.When, s.Clear, s.For, s.ClearFor, s.Hold = "", "", 0, 0, 0
	}
	if rapid.IntRange(0, 2).Draw(t, "scheduled") == 0 {
		from := rapid.IntRange(0, 60).Draw(t, "from")
		s.Schedule = Schedule{Set: true, From: from, To: from + rapid.IntRange(1, 40).Draw(t, "long"), Dismiss: rapid.Bool().Draw(t, "dismiss")}
	}
	d := world{specs: []Spec{s}}
	if rapid.IntRange(0, 2).Draw(t, "depends") == 0 {
		d.specs[0].Depends = [MaxDepends]string{"p"}
		d.specs = append(d.specs, Spec{ID: "p", When: "tank.temp.inlet > 50", Flapping: -1})
	}
	levels := []float64{1.5, 2.5, 3.5, 4.5}
	if missing {
		levels = append(levels, no, no)
	}
	off := 0
	for n := rapid.IntRange(5, 60).Draw(t, "minutes"); len(d.values) < n; {
		v := rapid.SampledFrom(levels).Draw(t, "level")
		for range rapid.IntRange(1, 4).Draw(t, "times") {
			d.values = append(d.values, v)
			d.aside = append(d.aside, rapid.IntRange(0, 9).Draw(t, "aside") == 0)
			d.parent = append(d.parent, rapid.SampledFrom([]float64{20, 20, 20, 60}).Draw(t, "parent"))
			if rapid.IntRange(0, 14).Draw(t, "set") == 0 {
				off = rapid.IntRange(-5000, 5000).Draw(t, "off")
			}
			d.clock = append(d.clock, off)
		}
	}
	return d
}

// engine makes the world rules, with a wall clock that is set to anything now and then.
func (d world) engine(t *rapid.T) *Engine {
	var rules []*Rule
	for _, s := range d.specs {
		r, errs := Compile(s, street)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		rules = append(rules, r)
	}
	e := New(rules)
	e.Civil(func(ms int64) (time.Time, bool) {
		off := d.clock[min(int(max(ms, 0)/minute), len(d.clock)-1)]
		return at(1, 0, 0).Add(time.Duration(ms)*time.Millisecond + time.Duration(off)*time.Minute), true
	})
	return e
}

// feed shows one minute to e and returns what it told, timers in between included.
func (d world) feed(e *Engine, i int) (told []string, ts []Transition) {
	now := int64(i) * minute
	ts = d.wait(e, i)
	e.Maintain("r", d.aside[i])
	e.Observe(temp, now, reading(d.parent[i]))
	e.Observe(level, now, reading(d.values[i]))
	ts = append(ts, e.Tick(now)...)
	for _, x := range ts {
		if x.Was != x.Is || x.News {
			told = append(told, fmt.Sprintf("%s at %d: %v → %v news %v chatter %+v", x.Rule, x.At, x.Was, x.Is, x.News, x.Chatter))
		}
	}
	return told, ts
}

// wait lets the time pass up to minute i, which itself is to come.
func (d world) wait(e *Engine, i int) (ts []Transition) {
	for {
		due, ok := e.Next()
		if !ok || due >= int64(i)*minute {
			return ts
		}
		ts = append(ts, e.Tick(due)...)
	}
}

// A restart at any instant is as no restart: with the readings of the past shown again
// exactly, without them up to one interval, in which nothing is known of the stream.
func TestRestartAtAnyInstant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, true)
		a, b := d.engine(t), d.engine(t)
		for i := range d.values {
			want, _ := d.feed(a, i)
			if rapid.IntRange(0, 3).Draw(t, "restart") == 0 && i > 0 {
				b = d.restarted(t, b, i)
			}
			got, _ := d.feed(b, i)
			if !slices.Equal(got, want) {
				t.Fatalf("minute %d: after a restart\n%q\nwithout\n%q\n%+v", i, got, want, d)
			}
		}
	})
}

// restarted makes an engine anew from the snapshots of e, somewhere in the minute before
// i, and shows it the past.
func (d world) restarted(t *rapid.T, e *Engine, i int) *Engine {
	now := int64(i)*minute - rapid.Int64Range(1, minute-1).Draw(t, "before")
	for {
		due, ok := e.Next()
		if !ok || due > now {
			break
		}
		if due <= e.now { // nothing is left to do at this moment
			break
		}
		if len(e.Tick(due)) > 0 {
			return e // what it told would be missing: restart another time
		}
	}
	f := d.engine(t)
	for _, s := range d.specs {
		if err := f.Restore(s.ID, e.Snapshot(s.ID), Resume{Now: e.now, SameBoot: true, LastSeen: e.now}); err != nil {
			t.Fatal(err)
		}
	}
	for k := range i {
		f.Observe(temp, int64(k)*minute, reading(d.parent[k]))
		f.Observe(level, int64(k)*minute, reading(d.values[k]))
	}
	f.now = e.now
	f.Maintain("r", d.aside[i-1])
	if ts := f.Tick(e.now); len(ts) > 0 && ts[0].Was != ts[0].Is {
		t.Fatalf("the restart itself told %+v", ts)
	}
	return f
}

// Without the past a restart costs at most the time to the next reading: where the
// values stay as they are both come to stand the same, and what is raised then is raised
// at most one reading later. (It may not have cleared before, where a clear was due.)
func TestRestartWithoutThePast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, false)
		last := d.values[len(d.values)-1]
		for range 60 { // room for timers, hold and chatter to end
			d.values, d.aside, d.clock, d.parent = append(d.values, last), append(d.aside, false), append(d.clock, 0), append(d.parent, 20)
		}
		at := rapid.IntRange(1, len(d.values)-60).Draw(t, "restart at")
		boot := rapid.Bool().Draw(t, "another boot")
		a, b := d.engine(t), d.engine(t)
		raised := -1
		tail := len(d.values) - 1 // from here on the values stay as they are
		for tail > 0 && d.values[tail-1] == last && !d.aside[tail-1] && d.parent[tail-1] == 20 {
			tail--
		}
		for i := range d.values {
			if i == at {
				f := d.engine(t)
				for _, s := range d.specs {
					if err := f.Restore(s.ID, b.Snapshot(s.ID), Resume{Now: b.now, SameBoot: !boot, LastSeen: b.now}); err != nil {
						t.Fatal(err)
					}
				}
				b = f
			}
			for k, e := range []*Engine{a, b} {
				_, ts := d.feed(e, i)
				for _, x := range ts {
					if k == 0 && x.Raised() && x.Rule == "r" && i >= max(at, tail) && raised < 0 {
						raised = i
					}
				}
			}
			if raised >= 0 && i == raised+1 && last > 3 && d.settled() && b.Standing("r").Stage != StageActual {
				t.Fatalf("raised at %d, and with a restart at %d not at %d: %+v", raised, at, i, d)
			}
		}
		if x, y := a.Standing("r"), b.Standing("r"); x != y && d.settled() {
			t.Fatalf("without a restart %+v, with one at %d %+v: %+v", x, at, y, d)
		}
	})
}

// settled says whether the last value decides how the alert stands: within the band the
// past does.
func (d world) settled() bool {
	v := d.values[len(d.values)-1]
	return v == 1.5 || d.specs[0].Schedule == Schedule{} && v > 3
}

// No alert begins or ends without a cause: it begins when the condition is met and the
// rule is at work, and ends when it is over, its schedule says so, or it has calmed down
// behind that; nothing happens in the dark. The wall clock is set to anything meanwhile.
func TestNoAlertWithoutCause(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t, true)
		e := d.engine(t)
		seen, age := no, 0 // what is known of the level
		high, low := -2, -1
		sureHigh, sureLow := -1, -1 // those that the rule surely judged
		floor := 3.0
		if d.specs[0].Clear != "" || d.specs[0].Levels[1].Clear != "" {
			floor = 2
		}
		for i, v := range d.values {
			was, before := seen, [4]int{high, low, sureHigh, sureLow}
			if v == v {
				seen, age = v, 0
			} else if age++; age > 3 {
				seen = no
			}
			judged := !d.aside[i] && d.parent[i] == 20 && !d.specs[0].Schedule.Set
			note(seen > 3, judged, i, &high, &sureHigh)
			ladder := d.specs[0].When == ""
			note(seen < floor || floor == 3 && seen <= 3, judged, i, &low, &sureLow)
			note(ladder && seen <= 4, false, i, &low, &sureLow) // red ends by itself, orange may be pending then
			_, ts := d.feed(e, i)
			for _, x := range ts {
				now := [4]int{high, low, sureHigh, sureLow}
				if x.At < int64(i)*minute {
					now = before
				}
				quiet := x.From == x.To || d.specs[0].Schedule.Dismiss // it chattered and is calm, or its time is over
				switch {
				case !legal(x):
					t.Fatalf("minute %d: no such step: %+v", i, x)
				case x.Rule != "r":
				case x.Raised() && now[0] <= now[3]:
					t.Fatalf("minute %d: raised, but the level was high last at %d and low at %d: %+v\n%+v", i, now[0], now[3], x, d)
				case x.Cleared() && now[1] <= now[2] && !quiet:
					t.Fatalf("minute %d: cleared, but the level was low last at %d and high at %d: %+v\n%+v", i, now[1], now[2], x, d)
				case x.Was != x.Is && seen != seen && was != was && !quiet:
					t.Fatalf("minute %d: told something in the dark: %+v", i, x)
				}
			}
		}
	})
}

// note remembers the minute of what is, and of what is and was judged.
func note(is, judged bool, minute int, last, sure *int) {
	if is {
		*last = minute
		if judged {
			*sure = minute
		}
	}
}

// legal says whether a stage may go this way.
func legal(x Transition) bool {
	ways := map[Phase][]Phase{Normal: {Normal, Pending, Active}, Pending: {Pending, Normal, Active}, Active: {Active, Clearing, Normal}, Clearing: {Clearing, Active, Normal}}
	return slices.Contains(ways[x.From], x.To)
}

// The state machine against a second one, written from the description: minute by
// minute, with every value known.
func TestAgainstAPlainMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := plainMachine{raise: rapid.IntRange(0, 4).Draw(t, "for"), clear: rapid.IntRange(0, 4).Draw(t, "clear_for"), hold: rapid.IntRange(0, 8).Draw(t, "hold")}
		e := New([]*Rule{mustCompileRapid(t, Spec{ID: "r", When: "river.level > 3", Clear: "river.level < 2", Flapping: -1,
			For: time.Duration(m.raise) * time.Minute, ClearFor: time.Duration(m.clear) * time.Minute, Hold: time.Duration(m.hold) * time.Minute})})
		values := rapid.SliceOfN(rapid.SampledFrom([]float64{1, 2.5, 4}), 1, 60).Draw(t, "values")
		for i, v := range values {
			e.Observe(level, int64(i)*minute, reading(v))
			e.Tick(int64(i) * minute)
			if got, want := e.Standing("r") != (Standing{}), m.step(i, v); got != want {
				t.Fatalf("%+v, %v: at %d the alert is %v, want %v", m, values[:i+1], i, got, want)
			}
		}
	})
}

// plainMachine is the definition: the condition holds its last answer between the
// limits; an alert begins when it has been met for so long, and ends when it has been
// over for so long and the alert has stood for so long.
type plainMachine struct {
	raise, clear, hold int // minutes
	met, alert         bool
	turned, raised     int
}

func (m *plainMachine) step(now int, v float64) bool {
	if now == 0 {
		m.turned = -1000
	}
	if is := v > 3 || v >= 2 && m.met; is != m.met {
		m.met, m.turned = is, now
	}
	switch {
	case !m.alert && m.met && now-m.turned >= m.raise:
		m.alert, m.raised = true, now
	case m.alert && !m.met && now-m.turned >= m.clear && now-m.raised >= m.hold:
		m.alert = false
	}
	return m.alert
}

func mustCompileRapid(t *rapid.T, s Spec) *Rule {
	r, errs := Compile(s, street)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return r
}
