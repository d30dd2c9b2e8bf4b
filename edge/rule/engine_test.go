package rule

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

var (
	level  = obs.Stream{Device: "river", Channel: "level"}
	temp   = obs.Stream{Device: "tank", Channel: "temp.inlet"}
	dust   = obs.Stream{Device: "pm-north", Channel: "pm2_5"}
	street = Streams{level: {Every: time.Minute, Min: -20}, temp: {Every: time.Minute, Min: -60}, dust: {Every: time.Minute},
		{Device: "rain", Channel: "rain"}: {Every: time.Minute}, {Device: "pm", Channel: "pm10"}: {Every: time.Minute}, {Device: "2nd", Channel: "level"}: {Every: time.Minute}}
)

const minute = int64(60_000)

var no = math.NaN() // in a picture: the sensor gives no usable value

func mustCompile(t testing.TB, s Spec) *Rule {
	t.Helper()
	if s.ID == "" {
		s.ID = "r"
	}
	r, errs := Compile(s, street)
	for _, err := range errs {
		t.Fatal(err)
	}
	return r
}

func reading(v float64) obs.Reading {
	if math.IsNaN(v) {
		return obs.Reading{Value: 99, Quality: obs.Quality{Flag: obs.Fail, Why: obs.Range}}
	}
	return obs.Of(v)
}

// picture gives river.level a value a minute and draws the phase after each:
// normal, pending, Active, clearing.
func picture(e *Engine, values []float64) string {
	var b strings.Builder
	for i, v := range values {
		at := int64(i) * minute
		e.Observe(level, at, reading(v))
		e.Tick(at)
		p, _ := e.Phase("r")
		b.WriteByte("npAc"[p])
	}
	return b.String()
}

func TestPictures(t *testing.T) {
	band := Spec{When: "river.level > 75", Clear: "river.level < 71", For: time.Minute, ClearFor: time.Minute}
	plain := Spec{When: "river.level > 3", For: 3 * time.Minute, ClearFor: 2 * time.Minute}
	for _, c := range []struct {
		name   string
		spec   Spec
		values []float64
		want   string
	}{
		{"spike shorter than for", band, []float64{70, 80, 70, 70}, "npnn"},
		{"raises after for", band, []float64{70, 80, 80, 80}, "npAA"},
		{"inside the band stays active", band, []float64{80, 80, 80, 72, 71}, "pAAAA"},
		{"clears after clear_for", band, []float64{80, 80, 60, 60, 60}, "pAcnn"},
		{"over again while clearing", band, []float64{80, 80, 60, 80, 60, 60}, "pAcAcn"},
		{"equal is not above", band, []float64{75, 75, 75}, "nnn"},
		{"no for, no clear_for", Spec{When: "river.level > 3"}, []float64{2, 4, 2, 4}, "nAnA"},

		// The worked traces of the reference: a threshold with hysteresis (raise 3.00,
		// clear 2.90, for 180 s, keep 120 s), where between the limits the condition
		// stays what it was, and Prometheus (for 3m, keep_firing_for 2m).
		{"worked trace", Spec{When: "river.level >= 3.00", Clear: "river.level < 2.90", For: 3 * time.Minute, ClearFor: 2 * time.Minute},
			[]float64{2.80, 3.01, 3.02, 2.99, 2.95, 3.05, 2.95, 2.89, 2.95, 2.88}, "npppAAAccn"},
		{"prometheus", plain, []float64{2, 4, 4, 4, 4, 2, 4, 2, 2, 2, 2, 2}, "npppAcAccnnn"},

		// Unknown neither raises nor clears: the timers stand still. A value counts for
		// three intervals; here a minute each, so silence begins in the fourth.
		{"bad data is passed over", plain, []float64{2, 4, no, 4, 4, 4}, "npppAA"},
		{"a drowned sensor does not end a flood", plain, []float64{4, 4, 4, 4, no, no, no, no, no, no, no, no}, "pppAAAAAAAAA"},
		{"a timer stands still in the dark", Spec{When: "river.level > 3", For: 5 * time.Minute}, []float64{4, no, no, no, no, no, no, no, 4, 4, 4}, "ppppppppppA"},
		{"clearing stands still too", Spec{When: "river.level > 3", ClearFor: 5 * time.Minute}, []float64{4, 2, no, no, no, no, no, no, 2, 2, 2, 2}, "Acccccccccnn"},
		{"first value ever", plain, []float64{no, no, 4, 4, 4, 4}, "nnpppA"},
	} {
		e := New([]*Rule{mustCompile(t, c.spec)})
		if got := picture(e, c.values); got != c.want {
			t.Errorf("%s: %v\n got %s\nwant %s", c.name, c.values, got, c.want)
		}
	}
}

// A pending rule whose sensor went away is forgotten after an hour.
func TestPatience(t *testing.T) {
	for _, c := range []struct {
		spec  Spec
		first []float64
		want  string
	}{
		{Spec{When: "river.level > 3", For: 10 * time.Minute}, []float64{4}, "pn"},
		{Spec{When: "river.level > 3", ClearFor: 10 * time.Minute}, []float64{4, 2}, "AcA"},
	} {
		e := New([]*Rule{mustCompile(t, c.spec)})
		got := picture(e, c.first)
		silent := int64(len(c.first)-1)*minute + 3*minute
		e.Tick(silent + 59*minute)
		if p, _ := e.Phase("r"); p == Normal || p == Active {
			t.Errorf("%q is %v too early", c.spec.When, p)
		}
		e.Tick(silent + 60*minute)
		p, _ := e.Phase("r")
		if got += string("npAc"[p]); got != c.want {
			t.Errorf("%q: %s, want %s", c.spec.When, got, c.want)
		}
	}
}

func TestTransitions(t *testing.T) {
	e := New([]*Rule{mustCompile(t, Spec{ID: "river-high", When: "tank.temp.inlet > 50 or river.level > 3.00", Clear: "river.level < 2.90", For: 2 * time.Minute, ClearFor: time.Minute})})
	feed := func(at int64, v float64) []Transition {
		e.Observe(level, at, reading(v))
		return e.Tick(at)
	}
	e.Observe(temp, 0, reading(20))
	feed(0, 2)
	show := func(ts []Transition) (s string) {
		for _, x := range ts {
			s += fmt.Sprintf("%s %v→%v at %d since %d: %v %g of %g %v%v\n", x.Rule, x.From, x.To, x.At, x.Since, x.Stream, x.Value, x.Limit, x.Raised(), x.Cleared())
		}
		return s
	}
	got := show(feed(minute, 3.5))
	// Nothing arrives; the timer runs out by itself and is late by no more than the
	// caller was.
	if at, ok := e.Next(); !ok || at != 3*minute {
		t.Errorf("Next() = %d, %v, want %d", at, ok, 3*minute)
	}
	got += show(e.Tick(3*minute + 7))
	e.Observe(temp, 4*minute, reading(20))
	got += show(feed(4*minute, 2.5))
	e.Observe(temp, 5*minute, reading(20))
	got += show(feed(5*minute, 2.4))
	want := `river-high normal→pending at 60000 since 60000: river/level 3.5 of 3 falsefalse
river-high pending→active at 180000 since 60000: river/level 3.5 of 3 truefalse
river-high active→clearing at 240000 since 60000: river/level 2.5 of 3 falsefalse
river-high clearing→normal at 300000 since 60000: river/level 2.4 of 3 falsetrue
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestStaleRaisesWithoutInput(t *testing.T) {
	e := New([]*Rule{mustCompile(t, Spec{When: "stale(river.level) > 5m", For: time.Minute})})
	e.Observe(level, 0, reading(2))
	e.Tick(0)
	ticks, raised := 0, int64(-1)
	for {
		at, ok := e.Next()
		if !ok || at > 20*minute {
			break
		}
		ticks++
		for _, x := range e.Tick(at) {
			if x.Raised() {
				raised = at
			}
		}
	}
	if raised < 6*minute || raised > 6*minute+1000 {
		t.Errorf("raised at %d, want %d within a second", raised, 6*minute)
	}
	if ticks > 25*60 {
		t.Errorf("%d wake-ups in 20 minutes", ticks)
	}
	if ts := picture(e, nil); ts != "" {
		t.Error("no values, no picture")
	}
	e.Observe(level, 30*minute, reading(2))
	if ts := e.Tick(30 * minute); len(ts) == 0 || !ts[len(ts)-1].Cleared() {
		t.Errorf("a value came back: %v, want the alert cleared", ts)
	}
}

// A part that has no usable value for a reason that is known and intended is not silent;
// one that only says that it has none is.
func TestExcusedIsNotSilence(t *testing.T) {
	for why, silent := range map[obs.Reason]bool{obs.WarmUp: false, obs.Calibration: false, obs.Maintenance: false, obs.SwitchedOff: false, obs.Instrument: true, obs.NoEcho: true, obs.Absent: true, obs.Range: true} {
		e := New([]*Rule{mustCompile(t, Spec{When: "stale(river.level) > 2m"})})
		e.Tick(0)
		raised := false
		for i := range int64(5) {
			e.Observe(level, i*minute, obs.Reading{Value: 1, Quality: obs.Quality{Flag: obs.Fail, Why: why}})
			raised = raised || len(e.Tick(i*minute)) > 0
		}
		if raised != silent {
			t.Errorf("%s: raised %v, want %v", why, raised, silent)
		}
		e.Tick(6 * minute)
		e.Tick(6*minute + 1000)
		if p, _ := e.Phase("r"); p != Active {
			t.Errorf("%s, and silent since minute 4: %v", why, p)
		}
	}
}

func TestTimeJumps(t *testing.T) {
	spec := Spec{When: "river.level > 3", For: 10 * time.Minute}
	// Suspended for a day while pending: only the three minutes count that a value is
	// good for, and then it is forgotten.
	e := New([]*Rule{mustCompile(t, spec)})
	picture(e, []float64{4})
	if ts := e.Tick(24 * 60 * minute); len(ts) == 0 || ts[len(ts)-1].To != Normal {
		t.Errorf("after a day: %v", ts)
	}
	// Time that goes back is ignored.
	e = New([]*Rule{mustCompile(t, spec)})
	picture(e, []float64{4, 4, 4, 4, 4})
	if ts := e.Tick(-1000); len(ts) != 0 {
		t.Errorf("time went back: %v", ts)
	}
	e.Observe(level, 2*minute, reading(0))
	if ts := e.Tick(5 * minute); len(ts) != 0 {
		t.Errorf("an old reading changed something: %v", ts)
	}
}

func TestKleene(t *testing.T) {
	for _, c := range []struct {
		when  string
		level float64
		want  Phase
	}{
		{"river.level > 3 and tank.temp.inlet > 50", 4, Normal},
		{"river.level > 3 or tank.temp.inlet > 50", 4, Active},
		{"not (river.level < 3 and tank.temp.inlet > 50)", 4, Active},
		{"river.level > 3 ? tank.temp.inlet > 50 : true", 2, Active},
		{"(tank.temp.inlet > 50 ? 1 : 2) > 0 or river.level > 9", 4, Normal},
		{"river.level / (river.level - 4) > 1 or river.level > 9", 4, Normal},
		{"(river.level - 4) * abs(tank.temp.inlet) == 0", 4, Normal},
		{"(river.level > 3) == (tank.temp.inlet > 50)", 4, Normal},
		{"(river.level > 3) == (river.level > 2)", 4, Active},
		{"(river.level > 3) != true", 4, Normal},
		{"-river.level < -3 and 1 < river.level < 5 and river.level % 3 == 1 and river.level ** 2 == 16", 4, Active},
		{"max(river.level, 1h) > 3", 4, Active},
		{"min(river.level, 1h) < 5", 4, Active},
		{"min(river.level, 1h) > 3", 4, Normal},
		{"avg(river.level, 1h) > 3", 4, Normal},
		{"count(river.level, 1h) > 0 and river.level > 3", 4, Active},
		{"count(river.level, 1h) < 3", 4, Normal},
		{"river.level != 3", 4, Active},
		{"river.level > 3 and stale(river.level) < 2m and stale(tank.temp.inlet) > -1s", 4, Active},
	} {
		e := New([]*Rule{mustCompile(t, Spec{When: c.when})})
		e.Observe(level, 0, reading(c.level))
		e.Observe(dust, 0, reading(c.level))
		e.Tick(0)
		if got, _ := e.Phase("r"); got != c.want {
			t.Errorf("%s with level %v: %v, want %v", c.when, c.level, got, c.want)
		}
	}
}

func TestPhaseOfNobody(t *testing.T) {
	e := New(nil)
	if _, ok := e.Phase("r"); ok {
		t.Error("a rule that does not exist has a phase")
	}
	if ts := e.Tick(0); len(ts) != 0 {
		t.Errorf("no rules, but %v", ts)
	}
	if at, ok := e.Next(); ok {
		t.Errorf("no rules, but due at %d", at)
	}
}
