package rule

import (
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// An alert speaks of what is measured where that is true, and of how well it is measured
// where nothing else is.
func TestSpeaksOfTheMeasured(t *testing.T) {
	for _, c := range []struct {
		when  string
		want  Quantity
		mixed bool
	}{
		{"count(river.level, 10m) > 3 and river.level > 3", Same, true},
		{"stale(tank.temp.inlet) < 5m and avg(river.level, 10m) > 3", Mean, true},
		{"river.level > 3", Same, false},
		{"river.level > 9 or count(river.level, 10m) > 3 and river.level > 3.5", Same, true},
		{"river.level > 9 or stuck(river.level) > 10m", Unmoved, true},
		{"rate(river.level, 10m) > -1 and river.level > 3", PerHour, true},
		{"stuck(river.level) > 10m", Unmoved, false},
		{"max(river.level, 10m) - min(river.level, 10m) < 3 and river.level > 3", Computed, false},
	} {
		r := mustCompile(t, Spec{When: c.when})
		if r.Mixed() != c.mixed {
			t.Errorf("%s: mixed %t", c.when, r.Mixed())
		}
		e := New([]*Rule{r})
		var last Transition
		for s := int64(0); s < 1800; s += 10 {
			v := 4.0
			if s == 10 {
				v = 3.9
			}
			e.Observe(level, s*1000, obs.Of(v))
			e.Observe(temp, s*1000, obs.Of(20))
			for _, x := range e.Tick(s * 1000) {
				if x.Raised() {
					last = x
				}
			}
		}
		if last.Quantity != c.want || !last.Raised() {
			t.Errorf("%s: %q of %+v, want %q", c.when, last.Quantity, last, c.want)
		}
	}
}
