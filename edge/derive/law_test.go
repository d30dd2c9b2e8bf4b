package derive

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

func allKinds() []Spec {
	return []Spec{
		{ID: "rain-1h", Is: "sum", Of: from("gauge/rain"), Over: 10 * time.Minute, Every: time.Minute},
		{ID: "most", Is: "max", Of: from("rain-1h/rain_sum"), Over: 20 * time.Minute, Every: 5 * time.Minute},
		{ID: "wet", Is: "wetness", Of: from("gauge/rain")},
		{ID: "p", Is: "percentile", Percent: 30, Of: from("river/level"), Over: 5 * time.Minute, Every: 30 * time.Second},
		{ID: "hour", Is: "mean", Of: from("river/level"), Over: 10 * time.Minute, Aligned: true},
		{ID: "head", Is: "a - b", Of: []Source{{"a", obs.Stream{Device: "river", Channel: "level"}}, {"b", obs.Stream{Device: "canal", Channel: "level"}}}, Metric: "level"},
		{ID: "wind", Is: "vector-mean", Of: []Source{{"speed", obs.Stream{Device: "mast", Channel: "wind_speed"}}, {"dir", obs.Stream{Device: "mast", Channel: "wind_dir"}}}, Over: time.Minute},
		{ID: "aq", Is: "aqi", Edition: "hj633-2026", Of: []Source{{"pm2_5", obs.Stream{Device: "air", Channel: "pm2_5"}}}},
		{ID: "cast", Is: "nowcast", Of: from("air/pm2_5")},
	}
}

// A restart at any instant equals none: what comes after is the same, to the bit.
func TestRestartEqualsNone(t *testing.T) {
	streams := []string{"gauge/rain", "river/level", "canal/level", "mast/wind_speed", "mast/wind_dir", "air/pm2_5"}
	lib := library(t)
	rapid.Check(t, func(rt *rapid.T) {
		a := lib.engine(t, allKinds()...)
		b := lib.engine(t, allKinds()...)
		at := rapid.Int64Range(0, 86_400_000).Draw(rt, "start")
		n := rapid.IntRange(2, 120).Draw(rt, "readings")
		cut := rapid.IntRange(0, n-1).Draw(rt, "cut")
		for i := range n {
			if i == cut {
				state, _, err := b.Snapshot(1 << 20)
				if err != nil {
					rt.Fatal(err)
				}
				got := b.got
				if b = lib.engine(t, allKinds()...); b.Restore(state) != nil {
					rt.Fatal("its own state is refused")
				}
				b.got = got
			}
			at += rapid.Int64Range(0, 400_000).Draw(rt, "later")
			stream := rapid.SampledFrom(streams).Draw(rt, "stream")
			v := rapid.Float64Range(0, 50).Draw(rt, "v")
			q := rapid.SampledFrom([]obs.Quality{{Flag: obs.Pass}, {Flag: obs.Pass}, {Flag: obs.Suspect, Why: obs.Rate}, {Flag: obs.Fail, Why: obs.Range}, {}}).Draw(rt, "q")
			for _, s := range []*street{a, b} {
				s.see(time.Duration(at)*time.Millisecond, stream, v, q)
			}
		}
		if x, y := fmt.Sprint(a.got), fmt.Sprint(b.got); x != y {
			rt.Fatalf("without restart %s\nwith %s", x, y)
		}
	})
}

// The sliding sum, mean, least and most equal what brute force makes of end-over ≤ t < end,
// and no result is worth more than the weakest reading in it.
func TestSlidingEqualsBruteForce(t *testing.T) {
	type point struct {
		t int64
		v float64
		q obs.Quality
	}
	lib := library(t)
	rapid.Check(t, func(rt *rapid.T) {
		step := rapid.SampledFrom([]time.Duration{10 * time.Second, 30 * time.Second, time.Minute}).Draw(rt, "step")
		over := step * time.Duration(rapid.IntRange(2, 12).Draw(rt, "steps"))
		var specs []Spec
		for _, is := range []string{"mean", "min", "max"} {
			specs = append(specs, Spec{ID: is, Is: is, Of: from("river/level"), Over: over, Every: step})
		}
		specs = append(specs, Spec{ID: "sum", Is: "sum", Of: from("gauge/rain"), Over: over, Every: step})
		s := lib.engine(t, specs...)
		var all []point
		at, total := int64(0), 0.0
		grown := map[int64]float64{}
		for range rapid.IntRange(1, 80).Draw(rt, "readings") {
			at += rapid.Int64Range(1, 60_000).Draw(rt, "later")
			p := point{at, float64(rapid.IntRange(-40, 40).Draw(rt, "v")) / 4, rapid.SampledFrom([]obs.Quality{{Flag: obs.Pass}, {Flag: obs.Suspect, Why: obs.Flat}, {Flag: obs.Fail, Why: obs.Range}, {}}).Draw(rt, "q")}
			all = append(all, p)
			s.see(time.Duration(at)*time.Millisecond, "river/level", p.v, p.q)
			if len(all) > 1 {
				grown[at] = 0.25
				total += 0.25
			}
			s.see(time.Duration(at)*time.Millisecond, "gauge/rain", total)
		}
		s.until(time.Duration(at)*time.Millisecond + 3*over)
		for _, o := range s.got {
			begin := o.BootMS - over.Milliseconds()
			sum, n, low, high, weak, rain := 0.0, 0, math.Inf(1), math.Inf(-1), obs.Quality{Flag: obs.Pass}, 0.0
			for _, p := range all {
				if p.t < begin || p.t >= o.BootMS {
					continue
				}
				rain += grown[p.t]
				if p.q.Usable() {
					n, sum, low, high, weak = n+1, sum+p.v, min(low, p.v), max(high, p.v), weakest(weak, p.q)
				}
			}
			want := map[string]float64{"mean": sum / float64(n), "min": low, "max": high, "sum": rain}[o.ID]
			got := o.Readings[0]
			if got.Quality.Flag == obs.Missing {
				if n > 0 && o.ID != "sum" {
					rt.Fatalf("%s at %d is missing, of %d readings", o.ID, o.BootMS, n)
				}
				continue
			}
			if got.Value != want {
				rt.Fatalf("%s at %d is %v, want %v", o.ID, o.BootMS, got.Value, want)
			}
			if o.ID != "sum" && weakness(got.Quality.Flag) < weakness(weak.Flag) {
				rt.Fatalf("%s at %d is %v of readings worth %v", o.ID, o.BootMS, got.Quality, weak)
			}
		}
	})
}

func TestWeakest(t *testing.T) {
	order := []obs.Flag{obs.Pass, obs.NotEvaluated, obs.Suspect, obs.Fail, obs.Missing}
	for i, a := range order {
		for j, b := range order {
			if got := weakest(obs.Quality{Flag: a}, obs.Quality{Flag: b}).Flag; got != order[max(i, j)] {
				t.Errorf("weakest(%v, %v) = %v", a, b, got)
			}
		}
	}
}
