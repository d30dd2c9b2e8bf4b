package rule

import (
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

// A lone spike neither ends what stands still nor makes its time run anew. One reading a
// minute, each of which awaits its verdict; ^ marks the minute in which the one before is
// taken back.
func TestStuckThroughSpikes(t *testing.T) {
	stuck := Spec{When: "stuck(river.level) >= 3m"}
	for _, c := range []struct {
		name   string
		spec   Spec
		values []float64
		late   string
		want   string
	}{
		{"a spike ends nothing", stuck, []float64{1, 2, 2, 2, 2, 4, 2, 2}, "------^-", "nnnnAAAA"},
		{"nor before the first movement", stuck, []float64{2, 2, 2, 2, 4, 2, 2}, "-----^-", "nnnAAAA"},
		{"nor do two with a true one between", stuck, []float64{1, 2, 2, 2, 2, 4, 2, 4, 2}, "------^-^", "nnnnAAAAA"},
		{"nor with clear_for", Spec{When: "stuck(river.level) >= 3m", ClearFor: 30 * time.Second}, []float64{1, 2, 2, 2, 2, 4, 2, 2}, "------^-", "nnnnAAAA"},
		{"nor one and then silence", stuck, []float64{1, 2, 2, 2, 2, 4, no, no}, "--------", "nnnnAAAA"},
		{"the time before it counts", stuck, []float64{1, 2, 2, 2, 4, 2, 2}, "-----^-", "nnnnnAA"},
		{"a step ends it with the second", stuck, []float64{1, 2, 2, 2, 2, 4, 4, 4, 4}, "---------", "nnnnAAnnA"},
		{"a clear of its own waits, too", Spec{When: "stuck(river.level) >= 3m", Clear: "river.level > 3"}, []float64{1, 2, 2, 2, 2, 4, 2}, "------^", "nnnnAAA"},
	} {
		e := New([]*Rule{mustCompile(t, c.spec)})
		got := ""
		for i, v := range c.values {
			now := int64(i) * minute
			if c.late[i] == '^' {
				e.Retract(level, now-minute)
			}
			e.Observe(level, now, reading(v))
			e.Await(level, now)
			e.Tick(now)
			p, _ := e.Phase("r")
			got += string("npAc"[p])
		}
		if got != c.want {
			t.Errorf("%s: %v\n got %s\nwant %s", c.name, c.values, got, c.want)
		}
	}
}

// Whatever stands still for however long: behind a spike a rule stands as it does where
// nothing was read instead of it, with a reload of the rules between them, too.
func TestSpikeIsNoMovement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := Spec{ID: "r", When: rapid.SampledFrom([]string{"stuck(river.level) >= 3m", "stuck(river.level) > 5m", "stuck(river.level) >= 2m and river.level < 3"}).Draw(t, "when")}
		engine := func() *Engine {
			r, errs := Compile(spec, Streams{level: {Every: time.Minute}})
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			return New([]*Rule{r})
		}
		with, without := engine(), engine()
		v, spike := 2.0, false
		for i := range rapid.IntRange(2, 40).Draw(t, "minutes") {
			now := int64(i) * minute
			if rapid.IntRange(0, 9).Draw(t, "reload") == 0 {
				next := engine()
				next.Adopt(with)
				with = next
			}
			if spike {
				with.Retract(level, now-minute)
			}
			if spike = i > 0 && !spike && rapid.IntRange(0, 3).Draw(t, "a spike") == 0; spike {
				with.Observe(level, now, reading(v+0.5))
				with.Await(level, now)
				without.Observe(level, now, reading(no))
			} else {
				if rapid.IntRange(0, 5).Draw(t, "it moves") == 0 {
					v = 4.1 - v
				}
				for _, e := range []*Engine{with, without} {
					e.Observe(level, now, reading(v))
				}
			}
			with.Tick(now)
			without.Tick(now)
			if a, b := with.Standing("r"), without.Standing("r"); a != b {
				t.Fatalf("minute %d of %q: with spikes %+v, without %+v", i, spec.When, a, b)
			}
		}
	})
}

// A suspect spike counts for rules and is no movement either, of whichever threshold it is:
// stuck goes by the law of the flat line test.
func TestStuckThroughSuspectSpikes(t *testing.T) {
	for _, when := range []string{"stuck(river.level) >= 3m", "stuck(river.level) >= 3m or river.level > 100"} {
		e := New([]*Rule{mustCompile(t, Spec{When: when})})
		got := ""
		for i, v := range []float64{1, 2, 2, 2, 2, 4, 2, 4, 2, 2} {
			now := int64(i) * minute
			if i == 6 || i == 8 {
				e.Unmoved(level, now-minute)
			}
			e.Unmoved(dust, now) // nobody reads it
			e.Observe(level, now, reading(v))
			e.Await(level, now)
			e.Tick(now)
			p, _ := e.Phase("r")
			got += string("npAc"[p])
		}
		if want := "nnnnAAAAAA"; got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	e := New([]*Rule{mustCompile(t, Spec{When: "max(river.level, 10m) > 3"})}) // it stays in windows
	for i, v := range []float64{2, 4, 2} {
		e.Observe(level, int64(i)*minute, reading(v))
		e.Unmoved(level, int64(i)*minute)
	}
	if e.Tick(2 * minute); e.Standing("r") == (Standing{}) {
		t.Error("a suspect spike does not count any more")
	}
}

// Of a spike that is the first reading behind a restart nothing is left either.
func TestStuckFromASpikeOn(t *testing.T) {
	e := New([]*Rule{mustCompile(t, Spec{When: "stuck(river.level) >= 3m"})})
	e.Observe(level, 0, obs.Of(4))
	e.Await(level, 0)
	e.Tick(0)
	e.Retract(level, 0)
	if s := e.series[level].still; s.has || s.begun {
		t.Errorf("it stands since %+v", s)
	}
}
