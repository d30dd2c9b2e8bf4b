package rule

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"pgregory.net/rapid"
)

// mirrored is a row of values upside down about 2.
func mirrored(values []float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = 4 - v
	}
	return out
}

// A pump empties the road: while the old rise is still in the window, nothing is foreseen of
// it. What was foreseen before is withdrawn. Both ways, by both methods.
func TestNothingIsForeseenOfWaterThatIsGone(t *testing.T) {
	flat := func(v float64, n int) []float64 { return ramp(v, v+1e-12, n) }
	rise := ramp(2, 3.2, 13)
	for _, c := range []struct {
		name   string
		values []float64
		want   string
		holt   string // if that is otherwise by it, it may be
	}{
		{"at once", series3(rise, flat(2, 15)), "-----ffffffaa" + strings.Repeat("-", 15), ""},
		{"in three minutes", series3(rise, []float64{2.8, 2.4}, flat(2, 15)), "-----ffffffaa" + strings.Repeat("-", 17), ""},
		{"as fast as it came", series3(rise, ramp(3.1, 2, 12), flat(2, 12)), "-----ffffffaaa" + strings.Repeat("-", 23), ""},
		{"before the limit", series3(ramp(2, 2.8, 9), flat(2, 15)), "-----fffffffff" + strings.Repeat("-", 10), ""},
		{"and rises anew", series3(rise, flat(2, 3), ramp(2.1, 3.2, 12)), "-----ffffffaa------fffffffaa", "-----ffffffaa-------ffffffaa"},
	} {
		for _, m := range []Method{TheilSen, Holt} {
			f := Forecast{Within: 10 * time.Minute, Window: 10 * time.Minute, Method: m}
			for when, values := range map[string][]float64{"river.level > 3": c.values, "river.level < 1": mirrored(c.values)} {
				if got := standings(New([]*Rule{mustCompile(t, Spec{When: when, Forecast: f})}), values); got != c.want && got != c.holt {
					t.Errorf("%s, %s, %s\n got %s\nwant %s", c.name, m, when, got, c.want)
				}
			}
		}
	}
}

// emptied draws levels of a road with steps of a centimetre, every ten seconds: they rise, stand
// and are pumped away, and a reading is wrong at times.
func emptied(t *rapid.T) (values []float64, wrong []bool) {
	v := 0
	for range rapid.IntRange(2, 9).Draw(t, "parts") {
		by := 0
		switch rapid.IntRange(0, 3).Draw(t, "part") {
		case 0, 1:
			by = rapid.IntRange(1, 6).Draw(t, "rise")
		case 2:
			v = min(v, rapid.IntRange(0, 100).Draw(t, "left")) // at once
		default:
			by = -rapid.IntRange(1, 20).Draw(t, "fall")
		}
		for range rapid.IntRange(1, 40).Draw(t, "readings") {
			v = min(max(v+by, 0), 400)
			is, bad := v, rapid.IntRange(0, 29).Draw(t, "wrong") == 0
			if bad {
				is = rapid.IntRange(0, 400).Draw(t, "spike")
			}
			values, wrong = append(values, float64(is)/100), append(wrong, bad)
		}
	}
	return values, wrong
}

// Whatever the water does: when a forecast begins the value is on the near side of the limit,
// the newest readings do not fall away from it, and the range is not empty and lies ahead.
func TestAForecastBeginsWithACause(t *testing.T) {
	begun := 0
	rapid.Check(t, func(t *rapid.T) {
		values, wrong := emptied(t)
		when, down := "river.level > 2", rapid.Bool().Draw(t, "down")
		if down {
			when, values = "river.level < 2", mirrored(values)
		}
		f := Forecast{Within: 5 * time.Minute, Window: time.Duration(rapid.IntRange(3, 10).Draw(t, "window")) * time.Minute, Method: rapid.SampledFrom([]Method{TheilSen, Holt}).Draw(t, "method")}
		known := Streams{level: {Every: 10 * time.Second, Min: -20, Max: 20, Step: 0.01}}
		r, errs := Compile(Spec{ID: "r", When: when, Forecast: f}, known)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		e := New([]*Rule{r})
		for i, v := range values {
			at := int64(i) * 10_000
			e.Observe(level, at, obs.Of(v))
			for _, x := range e.Tick(at) {
				if x.Is.Stage != StageForecast || x.Was == x.Is {
					continue
				}
				begun++
				if why := uncaused(values[:i+1], wrong[:i+1], x, down); why != "" {
					t.Fatalf("at %d: %s: %+v of %v", i, why, x, values[:i+1])
				}
			}
		}
	})
	if begun < 20 {
		t.Errorf("only %d forecasts began", begun)
	}
}

// uncaused says what is wrong with a forecast that begins behind values; empty: nothing.
func uncaused(values []float64, wrong []bool, x Transition, down bool) string {
	if down {
		values = mirrored(values)
	}
	n := len(values)
	newest := values[n-1]
	switch {
	case newest > 2.0001:
		return fmt.Sprintf("%.2f is beyond the limit", newest)
	case !(0 <= x.Early && x.Early < x.Late):
		return fmt.Sprintf("a range of %g…%g s", x.Early, x.Late)
	}
	var sound []float64 // the newest that are not wrong, the newest first
	for i := n - 1; i >= 0 && len(sound) < 6; i-- {
		if !wrong[i] {
			sound = append(sound, values[i])
		}
	}
	if len(sound) == 6 && !slices.Contains(wrong[max(0, n-8):], true) && slices.IsSorted(sound) && sound[0] < sound[5]-0.05 {
		return fmt.Sprintf("the water falls: %v", sound)
	}
	return ""
}
