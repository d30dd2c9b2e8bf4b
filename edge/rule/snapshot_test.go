package rule

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

func TestRestore(t *testing.T) {
	spec := Spec{When: "river.level > 3", For: 10 * time.Minute}
	before := New([]*Rule{mustCompile(t, spec)})
	picture(before, []float64{2, 4, 4, 4}) // pending since minute 1, held two minutes
	data := before.Snapshot("r")
	if want := `{"v":1,"phase":"pending","since":60000,"held":120000,"running":true,"at":180000}`; string(data) != want {
		t.Errorf("Snapshot = %s, want %s", data, want)
	}
	for name, c := range map[string]struct {
		how    Resume
		raises int64 // minutes after Now, given true from the first on
		since  int64
	}{
		"the process restarted":              {Resume{Now: 4 * minute, SameBoot: true, LastSeen: 3 * minute}, 8, minute},
		"it ran on after the snapshot":       {Resume{Now: 9 * minute, SameBoot: true, LastSeen: 8 * minute}, 3, minute},
		"the board rebooted":                 {Resume{Now: minute / 2, LastSeen: 3 * minute}, 8, 0},
		"all of for was over before the cut": {Resume{Now: 0, LastSeen: 60 * minute}, 0, 0},
	} {
		e := New([]*Rule{mustCompile(t, spec)})
		if err := e.Restore("r", data, c.how); err != nil {
			t.Fatal(err)
		}
		if ts := e.Tick(c.how.Now); len(ts) > 0 {
			t.Errorf("%s: %v before any reading: unknown never raises", name, ts)
		}
		raised, since := int64(-1), int64(0)
		for i := int64(0); i < 12 && raised < 0; i++ {
			e.Observe(level, c.how.Now+i*minute, obs.Of(4))
			for _, x := range e.Tick(c.how.Now + i*minute) {
				if x.Raised() {
					raised, since = i, x.Since
				}
			}
		}
		if raised != c.raises || since != c.since {
			t.Errorf("%s: raised %d min after, since %d; want %d, %d", name, raised, since, c.raises, c.since)
		}
	}
}

func TestRestoreActive(t *testing.T) {
	e := New([]*Rule{mustCompile(t, Spec{When: "river.level > 3", Clear: "river.level < 2.9"})})
	if err := e.Restore("r", []byte(`{"v":1,"phase":"active","since":5,"at":9}`), Resume{Now: 100}); err != nil {
		t.Fatal(err)
	}
	if got, want := picture(e, []float64{no, 4, 2.95, no, 2.8}), "AAAAn"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRestoreRefuses(t *testing.T) {
	e := New([]*Rule{mustCompile(t, Spec{When: "river.level > 3"})})
	for name, data := range map[string]string{
		"nothing":         "",
		"another version": `{"v":2,"phase":"active"}`,
		"another phase":   `{"v":1,"phase":"burning"}`,
		"negative time":   `{"v":1,"phase":"pending","held":-1}`,
		"subject":         `{"v":1,"phase":"pending","subject":-1}`,
	} {
		if err := e.Restore("r", []byte(data), Resume{}); !errors.Is(err, ErrSnapshot) {
			t.Errorf("%s: %v, want ErrSnapshot", name, err)
		}
	}
	if err := e.Restore("q", []byte(`{"v":1,"phase":"active"}`), Resume{}); !errors.Is(err, ErrSnapshot) {
		t.Errorf("a rule that does not exist: %v", err)
	}
	if e.Snapshot("q") != nil {
		t.Error("a rule that does not exist has a state")
	}
	if p, _ := e.Phase("r"); p != Normal {
		t.Errorf("after refusals the rule is %v", p)
	}
}

// drawn is a random rule on one stream and what it is fed.
func drawn(t *rapid.T) (*Rule, []obs.Reading) {
	spec := Spec{
		ID:       "r",
		When:     rapid.SampledFrom([]string{"river.level > 3", "river.level > 3 or stale(river.level) > 200", "max(river.level, 3m) > 3", "rate(river.level, 5m) > 30"}).Draw(t, "when"),
		Clear:    rapid.SampledFrom([]string{"", "river.level < 2"}).Draw(t, "clear"),
		For:      time.Duration(rapid.IntRange(0, 4).Draw(t, "for")) * 50 * time.Second,
		ClearFor: time.Duration(rapid.IntRange(0, 4).Draw(t, "clear_for")) * 50 * time.Second,
	}
	r, errs := Compile(spec, street)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	var values []obs.Reading
	for range rapid.IntRange(5, 60).Draw(t, "values") {
		values = append(values, reading(rapid.SampledFrom([]float64{1, 2.5, 4, 5, no}).Draw(t, "value")))
	}
	return r, values
}

// An engine that is saved, thrown away and restored at any moment, and sees the
// last readings again, goes on as if nothing had happened: for rules on last
// values, whose state this is all there is.
func TestRestartIsNoRestart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, values := drawn(t)
		if r.Spec().When != "river.level > 3" {
			return
		}
		cut := rapid.IntRange(0, len(values)-1).Draw(t, "cut")
		run := func(restart bool) (log string) {
			e := New([]*Rule{r})
			last, lastAt := obs.None(obs.Stale), int64(0)
			for i, v := range values {
				at := int64(i) * minute
				if restart && i == cut {
					e2 := New([]*Rule{r})
					if err := e2.Restore("r", e.Snapshot("r"), Resume{Now: e.now, SameBoot: true, LastSeen: e.now}); err != nil {
						t.Fatal(err)
					}
					e = e2
					e.Observe(level, lastAt, last)
					if i > 0 && !values[i-1].Quality.Usable() {
						e.Observe(level, at-minute, values[i-1])
					}
					e.Tick(at - minute)
				}
				e.Observe(level, at, v)
				if v.Quality.Usable() {
					last, lastAt = v, at
				}
				for _, x := range e.Tick(at) {
					if x.From != x.To {
						log += fmt.Sprintf("%v→%v at %d since %d\n", x.From, x.To, x.At, x.Since)
					}
				}
			}
			return log
		}
		if plain, cutShort := run(false), run(true); plain != cutShort {
			t.Fatalf("%+v cut at %d:\n%s\nwithout restart:\n%s", r.Spec(), cut, cutShort, plain)
		}
	})
}

// Replacing the engine by one with the same rules changes nothing, and neither
// does asking it more often than needed.
func TestAdoptAndExtraTicks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, values := drawn(t)
		run := func(adopt bool) (log string) {
			e := New([]*Rule{r})
			show := func(ts []Transition) {
				for _, x := range ts {
					if x.From != x.To {
						log += fmt.Sprintf("%v→%v at %d\n", x.From, x.To, x.At/1000)
					}
				}
			}
			for i, v := range values {
				for at, ok := e.Next(); ok && at < int64(i)*minute; at, ok = e.Next() {
					show(e.Tick(at))
					if again, ok := e.Next(); ok && again <= at {
						t.Fatalf("Tick(%d) leaves the engine due at %d", at, again)
					}
				}
				if adopt {
					e2 := New([]*Rule{r})
					e2.Adopt(e)
					e = e2
					show(e.Tick(e.now))
				}
				e.Observe(level, int64(i)*minute, v)
				show(e.Tick(int64(i) * minute))
			}
			return log
		}
		if plain, adopted := run(false), run(true); plain != adopted {
			t.Fatalf("%+v:\n%s\nreplaced:\n%s", r.Spec(), plain, adopted)
		}
	})
}

func TestAdoptChangedText(t *testing.T) {
	old := New([]*Rule{mustCompile(t, Spec{ID: "a", When: "river.level > 3", ClearFor: time.Hour}), mustCompile(t, Spec{ID: "b", When: "river.level > 3", For: time.Hour})})
	old.Observe(level, 0, obs.Of(4))
	old.Tick(0)
	e := New([]*Rule{mustCompile(t, Spec{ID: "a", When: "river.level > 5"}), mustCompile(t, Spec{ID: "b", When: "river.level > 5", For: time.Hour}), mustCompile(t, Spec{ID: "c", When: "river.level > 3"})})
	e.Adopt(old)
	for id, want := range map[string]Phase{"a": Active, "b": Normal, "c": Normal} {
		if p, _ := e.Phase(id); p != want {
			t.Errorf("%s is %v after the change, want %v", id, p, want)
		}
	}
	e.Tick(1000)
	for id, want := range map[string]Phase{"a": Normal, "b": Normal, "c": Active} {
		if p, _ := e.Phase(id); p != want {
			t.Errorf("%s is %v after a tick, want %v: the last value is still known", id, p, want)
		}
	}
}

// A stream that nobody read before a reload has been silent since then and not since the
// engine began; one whose newest value awaits its verdict goes on to do so.
func TestAdoptListensFromNow(t *testing.T) {
	high := Spec{ID: "high", When: "river.level > 3"}
	a := New([]*Rule{mustCompile(t, high)})
	for i, v := range []float64{3.5, 3.5, 1} {
		a.Observe(level, int64(i)*minute, reading(v))
		a.Await(level, int64(i)*minute)
		a.Tick(int64(i) * minute)
	}
	b := New([]*Rule{mustCompile(t, high), mustCompile(t, Spec{ID: "silent", When: "stale(tank.temp.inlet) > 5m"})})
	b.Adopt(a)
	for s := 2 * minute; s < 7*minute; s += 1000 {
		if ts := b.Tick(s); len(ts) > 0 {
			t.Fatalf("%d s: %+v", s/1000, ts)
		}
	}
	if ts := b.Tick(7*minute + 1000); len(ts) != 1 || !ts[0].Raised() || ts[0].Rule != "silent" {
		t.Errorf("after five minutes: %+v", ts)
	}
}
