package rule

import (
	"fmt"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

// tide is a stream that is read once a second; pulse is another one, which never stops.
var tide, pulse = obs.Stream{Device: "tide", Channel: "level"}, obs.Stream{Device: "pulse", Channel: "level"}

// Silence alone never raises and never clears, however short the window: a drowned sensor
// does not end a flood.
func TestSilenceChangesNothing(t *testing.T) {
	raised := 0
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.SampledFrom([]string{"tide.level", "avg(tide.level, %s)", "min(tide.level, %s)", "max(tide.level, %s)", "rise(tide.level, %s)", "abs(rate(tide.level, %s))", "max(tide.level, %s) - min(tide.level, %s)"}).Draw(t, "of")
		window := rapid.SampledFrom([]string{"2s", "3s", "10s", "40s", "2m", "10m"}).Draw(t, "window")
		if of != "tide.level" {
			args := []any{window, window}
			of = fmt.Sprintf(of, args[:1+len(of)/30]...)
		}
		limit := rapid.SampledFrom([]string{"0.5", "1", "2", "3"}).Draw(t, "limit")
		r, errs := Compile(Spec{ID: "r", When: of + rapid.SampledFrom([]string{" > ", " < "}).Draw(t, "side") + limit + " and pulse.level > 0"}, Streams{tide: {Every: time.Second}, pulse: {Every: time.Second}})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		e := New([]*Rule{r})
		var now int64
		for range rapid.IntRange(1, 300).Draw(t, "readings") {
			now += rapid.Int64Range(600, 1400).Draw(t, "pause")
			if rapid.IntRange(0, 30).Draw(t, "hole") == 0 {
				now += rapid.Int64Range(0, 60_000).Draw(t, "long")
			}
			e.Observe(pulse, now, obs.Of(1))
			e.Observe(tide, now, obs.Of(rapid.Float64Range(0, 4).Draw(t, "level")))
			for _, x := range e.Tick(now) {
				if x.Raised() {
					raised++
				}
			}
		}
		for range 600 {
			now += 500
			e.Observe(pulse, now, obs.Of(1))
			if ts := e.Tick(now); len(ts) > 0 {
				t.Fatalf("%s: %d ms after the last reading: %+v", r.Spec().When, now, ts)
			}
		}
	})
	if raised < 20 {
		t.Errorf("only %d alerts were raised: nothing was shown", raised)
	}
}

// A hole in a short window is a hole: what it lets be forgotten ends no alert either.
func TestHoleInAShortWindow(t *testing.T) {
	r, errs := Compile(Spec{ID: "r", When: "rise(tide.level, 10s) > 0.5"}, Streams{tide: {Every: time.Second}})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	e := New([]*Rule{r})
	see := func(s int64, v float64) (p Phase) {
		e.Observe(tide, s*1000, obs.Of(v))
		e.Tick(s * 1000)
		p, _ = e.Phase("r")
		return p
	}
	for s := range int64(20) {
		see(s, float64(s)/10)
	}
	if p := see(40, 3.9); p != Active {
		t.Errorf("after a hole of 20 s it is %v", p)
	}
	var last Phase
	for s := int64(41); s < 60; s++ {
		last = see(s, 3.9)
	}
	if last != Normal {
		t.Errorf("when the window is full again it is %v", last)
	}
}

// A sparse result of a derived stream is a bound, or nothing.
func TestSparse(t *testing.T) {
	scant := func(v float64, f obs.Flag) obs.Reading {
		return obs.Reading{Value: v, Quality: obs.Quality{Flag: f, Why: obs.Sparse}}
	}
	few := func(v float64) obs.Reading { return scant(v, obs.NotEvaluated) }
	for _, c := range []struct {
		name  string
		bound obs.Bound
		when  string
		see   []obs.Reading
		want  string
	}{
		{"a sum raises early, and clears when it is whole", obs.AtLeast, "hour.rain_sum > 20", []obs.Reading{few(10), few(21), few(15), scant(15, obs.Suspect), obs.Of(15)}, "nAAAn"},
		{"a minimum", obs.AtMost, "hour.rain_sum < 20", []obs.Reading{few(30), few(19), few(30), obs.Of(30)}, "nAAn"},
		{"a mean says nothing", obs.Unbound, "hour.rain_sum > 20", []obs.Reading{few(30), obs.Of(30), few(10), scant(0, obs.Suspect), obs.Of(10)}, "nAAAn"},
		{"no window takes one", obs.AtLeast, "avg(hour.rain_sum, 3m) > 20", []obs.Reading{obs.Of(30), obs.Of(30), obs.Of(30), few(1), few(1), obs.Of(30)}, "nnAAAA"},
	} {
		r, errs := Compile(Spec{ID: "r", When: c.when}, Streams{{Device: "hour", Channel: "rain_sum"}: {Every: time.Minute, Sparse: c.bound}})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		e, got := New([]*Rule{r}), ""
		for i, x := range c.see {
			e.Observe(obs.Stream{Device: "hour", Channel: "rain_sum"}, int64(i)*minute, x)
			e.Tick(int64(i) * minute)
			p, _ := e.Phase("r")
			got += string("npAc"[p])
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

// A restart does not make a silent sensor speak: the alert goes on, what depends on it is
// kept back, and both end when it is heard.
func TestRestartWhileSilent(t *testing.T) {
	rules := func() []*Rule {
		return []*Rule{mustCompile(t, Spec{ID: "silent", When: "stale(river.level) > 5m"}),
			mustCompile(t, Spec{ID: "child", When: "tank.temp.inlet > 50", Depends: [MaxDepends]string{"silent"}})}
	}
	a := New(rules())
	a.Observe(level, 0, obs.Of(1))
	a.Tick(0)
	if ts := a.Tick(6 * minute); len(ts) != 1 || !ts[0].Raised() {
		t.Fatalf("%+v", ts)
	}
	b := New(rules())
	for _, id := range []string{"silent", "child"} {
		if err := b.Restore(id, a.Snapshot(id), Resume{Now: 0}); err != nil {
			t.Fatal(err)
		}
	}
	for s := range int64(1200) {
		b.Observe(temp, s*1000, obs.Of(60))
		if ts := b.Tick(s * 1000); len(ts) > 0 {
			t.Fatalf("%d s after the restart: %+v", s, ts)
		}
	}
	b.Observe(level, 20*minute, obs.Of(1))
	if ts := b.Tick(20 * minute); len(ts) != 2 || !ts[0].Cleared() || !ts[1].Raised() {
		t.Errorf("heard again: %+v", ts)
	}
	// Where it never was an alert one begins when the silence is surely long enough.
	c := New(rules()[:1])
	c.Tick(0)
	if ts := c.Tick(5 * minute); len(ts) != 0 {
		t.Errorf("after five minutes: %+v", ts)
	}
	if ts := c.Tick(5*minute + 1000); len(ts) != 1 || !ts[0].Raised() {
		t.Errorf("after more: %+v", ts)
	}
}

// What says how many readings came, or for how long none did, is no reason to end an alert
// either while the stream is silent: "only if there are enough readings" is said by careful
// people, and drowns with the gauge.
func TestSilenceIsNoReason(t *testing.T) {
	for _, spec := range []Spec{
		{When: "tide.level > 3 and count(tide.level, 1m) > 5"},
		{When: "tide.level > 3 and stale(tide.level) < 60"},
		{When: "tide.level > 3 and stale(tide.level) < 12"},
		{When: "tide.level > 3 and not (stale(tide.level) > 60)"},
		{When: "tide.level > 3 and stale(tide.level) < 60", ClearFor: 2 * time.Minute, Clear: "tide.level < 2 or count(tide.level, 2m) == 0"},
	} {
		spec.ID = "r"
		r, errs := Compile(spec, Streams{tide: {Every: 5 * time.Second}})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		e := New([]*Rule{r})
		var now int64
		see := func(v float64, n int) Phase {
			for range n {
				now += 5000
				e.Observe(tide, now, obs.Of(v))
				e.Tick(now)
			}
			p, _ := e.Phase("r")
			return p
		}
		if see(1, 12); see(4, 24) != Active {
			t.Errorf("%+v: not raised", spec)
		}
		for range 3600 {
			now += 1000
			e.Tick(now)
		}
		if p, _ := e.Phase("r"); p != Active {
			t.Errorf("%+v: after an hour of silence it is %v", spec, p)
		}
		if p := see(1, 60); p != Normal {
			t.Errorf("%+v: with readings that are low it is %v", spec, p)
		}
	}
}

// Nor is a reason that readings come rarely, or that the value stands still: the gauge may
// be half drowned, or frozen.
func TestRarityAndRestAreNoReason(t *testing.T) {
	for _, c := range []struct {
		when   string
		pause  int64 // ms between readings when something is wrong
		frozen bool
	}{
		{"tide.level > 3 and count(tide.level, 1m) > 7", 9000, false},
		{"tide.level > 3 and not (count(tide.level, 1m) < 8)", 9000, false},
		{"tide.level > 3 and not (stuck(tide.level) > 60)", 5000, true},
		{"tide.level > 3 and stuck(tide.level) < 60", 5000, true},
		{"stuck(tide.level) > 60", 5000, true},
	} {
		r, errs := Compile(Spec{ID: "r", When: c.when}, Streams{tide: {Every: 5 * time.Second}})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		e := New([]*Rule{r})
		var now int64
		see := func(base, by float64, pause int64, n int) (p Phase) {
			for i := range n {
				now += pause
				e.Observe(tide, now, obs.Of(base+float64(i%2)*by))
				e.Tick(now)
			}
			p, _ = e.Phase("r")
			return p
		}
		see(1, 0.1, 5000, 30)
		if p := see(4, 0.1, 5000, 30); (p == Active) == (c.when == "stuck(tide.level) > 60") {
			t.Errorf("%s: %v with readings that are high", c.when, p)
		}
		by := 0.1
		if c.frozen {
			by = 0
		}
		if p := see(4, by, c.pause, 100); p != Active {
			t.Errorf("%s: ended by what is no reason, %v", c.when, p)
		}
		if p := see(1, 0.1, 5000, 30); p != Normal {
			t.Errorf("%s: %v with readings that are low", c.when, p)
		}
	}
}
