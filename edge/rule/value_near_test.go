package rule

import (
	"fmt"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// What is on the limit is on it, wherever it was computed from: readings and limits are
// decimals, and what is computed of them in binary hardly ever is.
func TestOnTheLimit(t *testing.T) {
	streams := Streams{level: {Every: time.Minute}}
	for when, want := range map[string]bool{
		"rise(river.level, 10m) >= 0.3": true, "rise(river.level, 10m) > 0.3": false,
		"max(river.level, 10m) - min(river.level, 10m) >= 0.3": true, "max(river.level, 10m) - min(river.level, 10m) < 0.3": false,
		"rise(river.level, 10m) == 0.3": true, "rise(river.level, 10m) != 0.3": false,
		"rise(river.level, 10m) > 0.299": true, "rise(river.level, 10m) >= 0.301": false,
	} {
		r, errs := Compile(Spec{ID: "r", When: when}, streams)
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		for i := range 500 {
			start := float64(i) / 100
			var top float64
			if _, err := fmt.Sscan(fmt.Sprintf("%.2f", start+0.3), &top); err != nil {
				t.Fatal(err)
			}
			e := New([]*Rule{r})
			for k := range int64(12) {
				v := start
				if k == 11 {
					v = top
				}
				e.Observe(level, k*minute, obs.Of(v))
				e.Tick(k * minute)
			}
			if p, _ := e.Phase("r"); (p == Active) != want {
				t.Fatalf("%s: from %v to %v it is %v, want %v", when, start, top, p, want)
			}
		}
	}
	for when, want := range map[string]bool{"avg(river.level, 10m) > 0.01": false, "avg(river.level, 10m) >= 0.01": true, "avg(river.level, 10m) < 0.01": false} {
		e := New([]*Rule{mustCompile(t, Spec{ID: "r", When: when})})
		for k := range int64(30) {
			e.Observe(level, k*minute, obs.Of(0.01))
			e.Tick(k * minute)
		}
		if p, _ := e.Phase("r"); (p == Active) != want {
			t.Errorf("%s of what stays at 0.01 is %v, want %v", when, p, want)
		}
	}
}
