package rule

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// The worked examples: 21 states, of which each change weighs 0.8 (oldest) to 1.2
// (newest).
func TestChatterWeights(t *testing.T) {
	for _, c := range []struct {
		states string
		plain  int
		weight float64
		on     bool
	}{
		{"001000111000010000000", 6, 0.283, false},
		{strings.Repeat("0", 10) + "10101010101", 11, 0.602, true}, // ten quiet, then eleven that alternate
		{strings.Repeat("0", 21), 0, 0, false},
		{"010101010101010101010", 20, 1, true},
	} {
		f := chatter{slot: 1}
		changes := 0
		for i := 1; i < len(c.states); i++ {
			f.roll(int64(i))
			if c.states[i] != c.states[i-1] {
				f.change(int64(i), c.states[i] == '1')
				changes++
			}
		}
		if math.Abs(f.weight()-c.weight) > 0.0005 || changes != c.plain || f.on != c.on {
			t.Errorf("%s: weight %.4f, %d changes, chatters %v, want %.3f, %d, %v", c.states, f.weight(), changes, f.on, c.weight, c.plain, c.on)
		}
	}
}

// story tells what an alert's document would say, minute by minute: what was told as
// severity or -, ! for news, and how many changes it chatters with.
func story(e *Engine, values []float64, from int) string {
	var b strings.Builder
	for i, v := range values {
		at := int64(from+i) * minute
		e.Observe(level, at, reading(v))
		for _, x := range e.Tick(at) {
			if x.Was == x.Is && !x.News {
				continue
			}
			fmt.Fprintf(&b, "%d:%s%s", from+i, (x.Is.Severity + "-")[:1], map[bool]string{true: "!"}[x.News])
			if x.Chatter.Changes > 0 {
				fmt.Fprintf(&b, "%d", x.Chatter.Changes)
			}
			b.WriteByte(' ')
		}
	}
	return strings.TrimSpace(b.String())
}

func repeat(n int, vs ...float64) (out []float64) {
	for range n {
		out = append(out, vs...)
	}
	return out
}

// An alert that comes and goes each minute: after half of the twenty minutes one
// revision says that it chatters, then one in ten minutes at most, and it is over when
// it has calmed down. A rise is told at once, always.
func TestChatterIsOneAlert(t *testing.T) {
	ladder := [MaxLevels]Level{{Severity: "red", When: "river.level > 4"}, {Severity: "orange", When: "river.level > 3"}}
	for _, c := range []struct {
		name     string
		values   []float64
		flapping time.Duration
		want     string
	}{
		{"few changes are told each", []float64{3.5, 2, 3.5, 2}, 0, "0:o 1:- 2:o 3:-"},
		{"chatter begins, goes on, calms down raised", append(repeat(16, 3.5, 2), repeat(20, 3.5)...), 0,
			"0:o 1:- 2:o 3:- 4:o 5:- 6:o 7:- 8:o!9 18:o!19 28:o!29 47:o!"},
		{"calms down clear", append(repeat(6, 3.5, 2), repeat(20, 2)...), 0, "0:o 1:- 2:o 3:- 4:o 5:- 6:o 7:- 8:o!9 26:-"},
		{"a rise in the chatter is told at once", append(repeat(6, 3.5, 2), 4.5, 2, 3.5, 2), 0, "0:o 1:- 2:o 3:- 4:o 5:- 6:o 7:- 8:o!9 12:r13"},
		{"floods that go through all levels are no chatter", repeat(3, 3.5, 4.5, 4.5, 3.5, 2, 2), 0, "0:o 1:r 3:o 4:- 6:o 7:r 9:o 10:- 12:o 13:r 15:o 16:-"},
		{"to and fro between two levels is", repeat(8, 3.5, 4.5), 0, "0:o 1:r 2:o 3:r 4:o 5:r 6:o 7:r 8:o 9:r!9"},
		{"switched off", repeat(8, 3.5, 2), -1, "0:o 1:- 2:o 3:- 4:o 5:- 6:o 7:- 8:o 9:- 10:o 11:- 12:o 13:- 14:o 15:-"},
		{"over a time of its own", append(repeat(6, 3.5, 2), 2, 2, 2), 5 * time.Minute, "0:o 1:- 2:o 3:- 4:o 5:- 6:o 7:- 8:o 9:- 10:o 11:-"},
	} {
		e := New([]*Rule{mustCompile(t, Spec{Levels: ladder, Flapping: c.flapping})})
		if got := story(e, c.values, 0); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// What changes is weighed over ten of the shortest cycles that the rule's own times
// allow: a rule that takes its time can chatter too.
func TestChatterOfASlowRule(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want time.Duration
	}{
		{Spec{}, 20 * time.Minute},
		{Spec{For: 2 * time.Minute, ClearFor: 3 * time.Minute}, 50 * time.Minute},
		{Spec{For: 2 * time.Minute, ClearFor: 3 * time.Minute, Hold: 10 * time.Minute}, 2 * time.Hour},
		{Spec{For: 48 * time.Hour}, 24 * time.Hour},
		{Spec{Flapping: time.Hour}, time.Hour},
		{Spec{Flapping: -1}, 0},
	} {
		c.spec.When = "river.level > 3"
		if got := mustCompile(t, c.spec).weighed(); got != c.want {
			t.Errorf("%+v: %v, want %v", c.spec, got, c.want)
		}
	}
	e := New([]*Rule{mustCompile(t, Spec{When: "river.level > 3", For: 2 * time.Minute, ClearFor: 2 * time.Minute})})
	told := story(e, repeat(20, 4, 4, 4, 2, 2, 2), 0)
	if n := strings.Count(told, " ") + 1; !strings.Contains(told, "!") || n > 20 {
		t.Errorf("forty changes in two hours were told %d times: %s", n, told)
	}
}

// Chatter ends by time alone where it is known how things are, and in the dark when they
// are known again; its saved state goes on where it was, also in another boot.
func TestChatterSurvives(t *testing.T) {
	spec := Spec{When: "river.level > 3"}
	e := New([]*Rule{mustCompile(t, spec)})
	story(e, repeat(6, 4, 2), 0)
	now := int64(11) * minute
	for _, how := range []Resume{{Now: now, SameBoot: true, LastSeen: now}, {Now: 5000, LastSeen: now}} {
		f := New([]*Rule{mustCompile(t, spec)})
		if err := f.Restore("r", e.Snapshot("r"), how); err != nil {
			t.Fatal(err)
		}
		if got := f.Standing("r"); got.Stage != StageActual {
			t.Fatalf("%+v: the alert that was kept is gone: %+v", how, got)
		}
		var cleared int64
		dark := how.Now + 30*minute
		for range 80 {
			at, ok := f.Next()
			if !ok {
				break
			}
			if at >= dark {
				f.Observe(level, at, reading(2))
			}
			for _, x := range f.Tick(at) {
				if x.Raised() {
					t.Errorf("%+v: raised again at %d", how, at)
				}
				if x.Cleared() {
					cleared = at - how.Now
				}
			}
		}
		if cleared < 30*minute || cleared > 31*minute+minute {
			t.Errorf("%+v: cleared after %d ms, want when the half hour in the dark is over", how, cleared)
		}
	}
}

// Without the dark it ends when the weight of its changes has gone.
func TestChatterEndsByTime(t *testing.T) {
	e := New([]*Rule{mustCompile(t, Spec{When: "river.level > 3"})})
	story(e, repeat(6, 4, 2), 0)
	told := story(e, repeat(20, 2, 2), 12)
	if at, _, _ := strings.Cut(told, ":"); !strings.HasSuffix(told, "-") || len(at) != 2 || at < "21" || at > "31" {
		t.Errorf("told %q, want that it is over ten to twenty minutes later", told)
	}
}

// An alert that comes and goes does not end in the dark, whatever it says of silence.
func TestChatterInTheDark(t *testing.T) {
	for _, spec := range []Spec{
		{When: "river.level > 3"},
		{When: "river.level > 3 and stale(river.level) < 90"},
		{When: "river.level > 3 and stale(river.level) < 90", Clear: "river.level < 2.5"},
		{When: "river.level > 3 and count(river.level, 5m) > 2"},
	} {
		e := New([]*Rule{mustCompile(t, spec)})
		story(e, repeat(8, 4, 2), 0)
		if e.Standing("r").Stage != StageActual {
			t.Fatalf("%+v: no alert that is kept", spec)
		}
		for s := 16 * minute; s < 200*minute; s += 1000 {
			for _, x := range e.Tick(s) {
				if x.Cleared() {
					t.Fatalf("%+v: ended in the dark, at %d s", spec, s/1000)
				}
			}
		}
		if told := story(e, repeat(30, 2, 2), 200); !strings.Contains(told, "-") {
			t.Errorf("%+v: it goes on when it is known to be over: %q", spec, told)
		}
	}
}
