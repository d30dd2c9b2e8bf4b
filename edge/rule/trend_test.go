package rule

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

// rising is a river every five minutes, on its way to 3.50.
var rising = []float64{2.40, 2.43, 2.45, 2.49, 2.52, 2.54, 2.58, 2.61, 2.63, 2.67, 2.70, 2.72}

// spiked is the same with its ninth value hit by a spike.
func spiked() []float64 {
	s := slices.Clone(rising)
	s[8] = 3.60
	return s
}

// windowOf makes a window of the values, one every step seconds, and the last time.
func windowOf(values []float64, step int64, length time.Duration) (*window, int64) {
	w := &window{length: length.Milliseconds(), speaks: 3 * step * 1000}
	at := int64(0)
	for i, v := range values {
		at = int64(i) * step * 1000
		if !math.IsNaN(v) {
			w.add(at, v)
		}
	}
	return w, at
}

func near(a, b, eps float64) bool { return math.Abs(a-b) <= eps }

// The worked vectors: level now, slope, minutes to 3.50.
func TestTrendVectors(t *testing.T) {
	for name, c := range map[string]struct {
		values                []float64
		method                Method
		level, slope, minutes float64
		eps                   float64
	}{
		"Theil-Sen":              {rising, TheilSen, 2.73, 0.36, 128.33, 1e-9},
		"Theil-Sen with a spike": {spiked(), TheilSen, 2.73, 0.36, 128.33, 1e-9},
		"Holt":                   {rising, Holt, 2.724512, 0.029246 * 12, 132.58, 1e-5},
	} {
		w, now := windowOf(c.values, 300, time.Hour)
		var f fitter
		tr := f.fit(w, c.method, true, 0.01)
		o, ok := tr.until(3.50, true, now, w.length, 0.01)
		if !tr.ok || !near(tr.level, c.level, max(c.eps, 5e-7)) || !near(tr.slope*3600, c.slope, max(c.eps, 1e-5)) || !ok || !near(o.best/60, c.minutes, 0.01) {
			t.Errorf("%s: level %.6f, slope %.6f/h, %.3f min, %v; want %.6f, %.6f, %.2f", name, tr.level, tr.slope*3600, o.best/60, ok, c.level, c.slope, c.minutes)
		}
		if !(o.early <= o.best && o.best <= o.late) || o.early < 0.29*o.best*boolTo(c.method == TheilSen) || o.late > 3*3600 {
			t.Errorf("%s: range %.1f … %.1f min about %.1f", name, o.early/60, o.late/60, o.best/60)
		}
	}
}

func boolTo(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// When there is no forecast, and what is said then.
func TestTrendRefusals(t *testing.T) {
	flat := make([]float64, 12)
	noisy := []float64{2.40, 2.48, 2.38, 2.46, 2.41, 2.47, 2.39, 2.45, 2.42, 2.44, 2.40, 2.46}
	crawl := make([]float64, 12)
	for i := range crawl {
		crawl[i] = 2.4 + 0.0005*float64(i)
	}
	fall := slices.Clone(rising)
	slices.Reverse(fall)
	for name, c := range map[string]struct {
		values []float64
		limit  float64
		up     bool
		fits   bool
		ok     bool
		want   float64 // minutes
	}{
		"above already":         {rising, 2.70, true, true, true, 0},
		"further than believed": {rising, 4.00, true, true, false, 0}, // 212 min, 165 are believed
		"the other way":         {rising, 2.00, false, true, false, 0},
		"falls":                 {fall, 2.00, false, true, true, 66.7},
		"flat":                  {flat, 1, true, true, false, 0},
		"noise":                 {noisy, 2.6, true, true, false, 0},
		"less than a step":      {crawl, 2.41, true, true, false, 0},
		"five values":           {rising[:5], 2.6, true, false, false, 0},
		"only the newest third": {append([]float64{no, no, no, no, no, no, no}, rising[:5]...), 2.6, true, false, false, 0},
	} {
		w, now := windowOf(c.values, 300, 55*time.Minute)
		var f fitter
		tr := f.fit(w, TheilSen, c.up, 0.01)
		o, ok := tr.until(c.limit, c.up, now, w.length, 0.01)
		if tr.ok != c.fits || tr.ok && (ok != c.ok || ok && !near(o.best/60, c.want, 1)) {
			t.Errorf("%s: fits %v, ok %v, %.1f min; want %v, %v, %.1f", name, tr.ok, ok, o.best/60, c.fits, c.ok, c.want)
		}
	}
}

// Three in ten points may be anything: the slope stays between those of the others.
func TestTheilSenWithstands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(10, maxTrend).Draw(t, "n")
		slope := rapid.Float64Range(-1e-3, 1e-3).Draw(t, "slope")
		values := make([]float64, n)
		for i := range values {
			values[i] = 2 + slope*float64(i)*60
		}
		for range n / 4 {
			values[rapid.IntRange(0, n-1).Draw(t, "place")] = rapid.Float64Range(-1e3, 1e3).Draw(t, "wrong")
		}
		w, _ := windowOf(values, 60, 2*time.Hour)
		var f fitter
		f.take(w)
		if tr := f.theilSen(0); !near(tr.slope, slope, 1e-9) || !(tr.lo <= tr.slope && tr.slope <= tr.hi) {
			t.Fatalf("slope %g in %g … %g, want %g", tr.slope, tr.lo, tr.hi, slope)
		}
	})
}

// nth and median agree with sorting.
func TestNth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SliceOfN(rapid.Float64Range(-3, 3), 1, 80).Draw(t, "s")
		if rapid.Bool().Draw(t, "coarse") {
			for i := range s {
				s[i] = math.Round(s[i])
			}
		}
		sorted := slices.Sorted(slices.Values(s))
		k := rapid.IntRange(0, len(s)-1).Draw(t, "k")
		if got := nth(slices.Clone(s), k); got != sorted[k] {
			t.Fatalf("nth(%v, %d) = %g, want %g", s, k, got, sorted[k])
		}
		want := (sorted[(len(s)-1)/2] + sorted[len(s)/2]) / 2
		if got := median(slices.Clone(s)); got != want {
			t.Fatalf("median(%v) = %g, want %g", s, got, want)
		}
	})
}

// Many readings are thinned to points that lie on the same line.
func TestTrendThins(t *testing.T) {
	values := make([]float64, 900)
	for i := range values {
		values[i] = 1 + float64(i)*0.001
		if i%10 == 3 {
			values[i] = 9
		}
	}
	w, _ := windowOf(values, 1, 15*time.Minute)
	var f fitter
	tr := f.fit(w, TheilSen, true, 0.01)
	if f.n > maxTrend || !near(tr.slope, 0.001, 1e-4) || !near(tr.level, 1.899, 0.02) {
		t.Errorf("%d points, level %.4f, slope %.6f", f.n, tr.level, tr.slope)
	}
}

// A forecast is unknown before there are six readings and when the sensor is gone,
// and far away while nothing rises.
func TestRisesTo(t *testing.T) {
	for _, c := range []struct {
		when   string
		values []float64
		want   string
	}{
		{"rises_to(river.level, 3.00, 10m) < 10m", []float64{2, 2, 2, 2, 2, 2, 2, 2}, "nnnnnnnn"},
		{"rises_to(river.level, 3.00, 10m) >= 20m", []float64{2, 2, 2, 2, 2, 2, 2, 2}, "nnnnnAAA"},
		{"rises_to(river.level, 3.00, 10m) < 10m", []float64{2, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6, 2.6}, "nnnnnAAA"},
		{"falls_to(river.level, 2.00, 10m) < 10m", []float64{2.9, 2.8, 2.7, 2.6, 2.5, 2.4, 2.3}, "nnnnnAA"},
		{"rises_to(river.level, 3.00, 10m) == 0", []float64{3.1, 3.2, 3.1, 3.2, 3.1, 3.2, 3.1}, "nnnnnAA"},
		{"rises_to(river.level, 3.00, 10m) < 10m", []float64{2, 2.1, 2.2, 2.3, 2.4, 2.5, no, no, no, no, no, no}, "nnnnnAAAAAAA"},
	} {
		if got := picture(New([]*Rule{mustCompile(t, Spec{When: c.when})}), c.values); got != c.want {
			t.Errorf("%s of %v: %s, want %s", c.when, c.values, got, c.want)
		}
	}
}

// What is asked of a trend costs the same at any rate of readings: at most one fit
// in a fortieth of the window.
func BenchmarkTrend(b *testing.B) {
	for name, m := range map[string]Method{"theil-sen": TheilSen, "holt": Holt} {
		b.Run(name, func(b *testing.B) {
			values := make([]float64, 60)
			for i := range values {
				values[i] = 2 + 0.01*float64(i) + 0.003*float64(i*i%7)
			}
			w, _ := windowOf(values, 15, 15*time.Minute)
			var f fitter
			b.ReportAllocs()
			for b.Loop() {
				f.fit(w, m, true, 0.01)
			}
		})
	}
}

func BenchmarkForecastRule(b *testing.B) {
	r, errs := Compile(Spec{ID: "r", When: "river.level > 3", Forecast: Forecast{Within: 20 * time.Minute, Window: 10 * time.Minute}},
		Streams{level: {Every: time.Second, Min: -20, Step: 0.01}})
	if len(errs) > 0 {
		b.Fatal(errs)
	}
	e := New([]*Rule{r})
	at := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		at += 1000
		e.Observe(level, at, obs.Of(2+float64(at/1000%300)/1000))
		e.Tick(at)
	}
}
