package rule

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

// A window pooled or not, its summary is that of the readings themselves; pooled,
// its old edge may be off by one step.
func TestWindowAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := int64(rapid.IntRange(1_000, 3_600_000).Draw(t, "length"))
		every := max(1, length/int64(rapid.IntRange(1, 3000).Draw(t, "readings per window")))
		w := &window{length: length, speaks: max(3*every, 30_000)}
		var at []int64
		var now int64
		n := rapid.IntRange(1, 4000).Draw(t, "readings")
		for i := range n {
			now += every
			if i%97 == 96 {
				now += rapid.Int64Range(0, length).Draw(t, "gap")
			}
			w.add(now, float64(i%13))
			at = append(at, now)
		}
		now += rapid.Int64Range(0, length).Draw(t, "later")
		got := w.at(now)
		if used := len(w.ring) - w.head; used > maxPoints || cap(w.ring) > 4*maxPoints {
			t.Fatalf("%d points in use, room for %d", used, cap(w.ring))
		}
		edge := func(reach int64) (n int, sum float64) {
			for i, a := range at {
				if a > now-reach {
					n, sum = n+1, sum+float64(i%13)
				}
			}
			return n, sum
		}
		n1, _ := edge(length)
		n2, _ := edge(length + w.step)
		if got.n < n1 || got.n > n2 {
			t.Fatalf("%d readings, want %d to %d (step %d)", got.n, n1, n2, w.step)
		}
		if w.step == 0 {
			if _, sum := edge(length); got.sum != sum {
				t.Fatalf("sum %v, want %v", got.sum, sum)
			}
		}
		if got.covered < 0 || got.covered > 1 {
			t.Fatalf("covered %v", got.covered)
		}
	})
}

func TestCoverage(t *testing.T) {
	for name, c := range map[string]struct {
		at   []int64 // seconds
		now  int64
		want float64
	}{
		"full":                     {[]int64{0, 20, 40, 60, 80, 100, 120}, 120, 1},
		"just begun":               {[]int64{60, 80, 100}, 110, 0.5},
		"a hole":                   {[]int64{0, 20, 100, 110}, 110, 0.6},
		"silent for a while":       {[]int64{0, 20, 40, 60}, 120, 0.8},
		"all but gone":             {[]int64{0, 20, 40}, 120, 0.8},
		"nothing in it, but spoke": {[]int64{0, 20}, 120, 0.6},
		"long silent":              {[]int64{0}, 10_000, 0},
	} {
		w := &window{length: 100_000, speaks: 60_000}
		if name == "a hole" || name == "silent for a while" {
			w.speaks = 40_000
		}
		for _, s := range c.at {
			w.add(s*1000, 1)
		}
		if got := w.at(c.now * 1000).covered; math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: covered %v, want %v", name, got, c.want)
		}
	}
}

func TestWindowFunctions(t *testing.T) {
	// The river of the reference: every 5 min, rising 0.32 m in 55 min.
	values := []float64{2.40, 2.43, 2.45, 2.49, 2.52, 2.54, 2.58, 2.61, 2.63, 2.67, 2.70, 2.72}
	streams := Streams{level: {Every: 5 * time.Minute}}
	for expr, want := range map[string]float64{
		"avg(river.level, 1h)":   30.74 / 12,
		"min(river.level, 1h)":   2.40,
		"max(river.level, 1h)":   2.72,
		"count(river.level, 1h)": 12,
		"rise(river.level, 1h)":  0.32,
		"rate(river.level, 1h)":  0.32 / 55 * 60,
		"rate(river.level, 10m)": 0.02 / 5 * 60,
		"count(river.level, 5m)": 1,
	} {
		for _, side := range []struct {
			sign  string
			limit float64
		}{{">", want - 1e-6}, {"<", want + 1e-6}} {
			r, errs := Compile(Spec{ID: "r", When: fmt.Sprintf("%s %s %.9f", expr, side.sign, side.limit)}, streams)
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			e := New([]*Rule{r})
			for i, v := range values {
				e.Observe(level, int64(i)*5*minute, obs.Of(v))
			}
			now := 55 * minute
			if expr == "count(river.level, 1h)" {
				e.begin(-10 * minute)
				e.start = -10 * minute
			}
			e.Tick(now)
			if p, _ := e.Phase("r"); p != Active {
				t.Errorf("%s is %v", r.Spec().When, p)
			}
		}
	}
}

// What was seen in part of a window may raise; only a whole window may clear.
func TestHalfKnownWindow(t *testing.T) {
	r := mustCompile(t, Spec{When: "max(river.level, 10m) > 3"})
	e := New([]*Rule{r})
	got := picture(e, []float64{2, 4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2})
	if want := "nAAAAAAAAAAn"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// After a restart the window is empty, and the alert stays until it is full again.
	e2 := New([]*Rule{r})
	if err := e2.Restore("r", []byte(`{"v":1,"phase":"active","since":60000,"at":120000}`), Resume{Now: 0}); err != nil {
		t.Fatal(err)
	}
	if got, want := picture(e2, []float64{2, 2, 2, 2, 2, 2, 2, 2, 2, 2}), "AAAAAAAnnn"; got != want {
		t.Errorf("after a restart: got %s, want %s", got, want)
	}
}

// The past may be observed again before the first Tick, in this boot's time.
func TestPastBeforeBoot(t *testing.T) {
	r := mustCompile(t, Spec{When: "rise(river.level, 10m) > 1"})
	e := New([]*Rule{r})
	for i := range 10 {
		e.Observe(level, int64(i-10)*minute, obs.Of(2+float64(i)/5))
	}
	if ts := e.Tick(0); len(ts) != 1 || !ts[0].Raised() {
		t.Errorf("Tick = %v, want raised", ts)
	}
}
