package rule

import (
	"testing"
	"time"
)

// A value counts for three intervals, here a minute each. In a silence of that length a
// timer runs out on it; behind a reading that failed it ends nothing, though the timer goes on.
func TestFailedReadingsEndNothing(t *testing.T) {
	const quiet = -1
	clears := Spec{When: "river.level > 3", ClearFor: 2 * time.Minute}
	for _, c := range []struct {
		name   string
		spec   Spec
		values []float64
		want   string
	}{
		{"a timer runs out in a short silence", clears, []float64{4, 1, quiet, quiet, quiet}, "Accnn"},
		{"not on readings that fail", clears, []float64{4, 1, no, no, no, no, no}, "Acccccc"},
		{"one failed reading is enough for that", clears, []float64{4, 1, no, quiet, quiet}, "Acccc"},
		{"the time goes on meanwhile", clears, []float64{4, 1, no, no, 1, 1}, "Acccnn"},
		{"a high one behind them begins anew", clears, []float64{4, 1, no, no, 4, 1, 1, 1}, "AcccAccn"},
		{"what is raised by a timer is, as before", Spec{When: "river.level > 3", For: 2 * time.Minute}, []float64{4, no, no, no}, "ppAA"},
		{"a window neither", Spec{When: "max(river.level, 2m) > 3"}, []float64{4, 1, 1, no, no, no}, "AAnnnn"},
		{"nor while its newest readings fail", Spec{When: "avg(river.level, 2m) > 3", ClearFor: time.Minute}, []float64{4, 4, 1, no, no, no, no}, "nAccccc"},
	} {
		e := New([]*Rule{mustCompile(t, c.spec)})
		got := ""
		for i, v := range c.values {
			now := int64(i) * minute
			if v != quiet {
				e.Observe(level, now, reading(v))
			}
			e.Tick(now)
			p, _ := e.Phase("r")
			got += string("npAc"[p])
		}
		if got != c.want {
			t.Errorf("%s: %v\n got %s\nwant %s", c.name, c.values, got, c.want)
		}
	}
}
