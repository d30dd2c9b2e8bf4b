//go:build linux

package gpio

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestGust(t *testing.T) {
	var g gust
	pulses := func(from, to, every time.Duration) {
		for at := from; at < to; at += every {
			g.add(at)
		}
	}
	pulses(time.Hour, time.Hour+10*time.Second, 500*time.Millisecond)
	if got := g.take(); got != 2 {
		t.Errorf("two a second: %v", got)
	}
	pulses(time.Hour+10*time.Second, time.Hour+13*time.Second, 100*time.Millisecond) // a gust of three seconds
	pulses(time.Hour+13*time.Second, time.Hour+30*time.Second, time.Second)
	if got := g.take(); got != 10 {
		t.Errorf("a gust of ten a second for three seconds: %v", got)
	}
	if got := g.take(); got != 0 {
		t.Errorf("no pulse came: %v", got)
	}
	g.add(2 * time.Hour) // after a long calm nothing of before counts
	if got := g.take(); math.Abs(got-1.0/3) > 1e-9 {
		t.Errorf("one pulse: %v", got)
	}
}

// Whenever pulses come, the gust is that of some three seconds, never of more, and at
// least that of the best window that ends with a quarter.
func TestGustIsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var g gust
		var all []time.Duration
		at := time.Hour
		for range rapid.IntRange(1, 60).Draw(t, "pulses") {
			at += time.Duration(rapid.Int64Range(int64(time.Millisecond), int64(2*time.Second)).Draw(t, "gap"))
			all = append(all, at)
			g.add(at)
		}
		most := 0
		for _, end := range all {
			n := 0
			for _, p := range all {
				if p/quarter <= end/quarter && p/quarter > end/quarter-12 {
					n++
				}
			}
			most = max(most, n)
		}
		if got := g.take(); math.Abs(got-float64(most)/3) > 1e-9 {
			t.Fatalf("%v, want %d in three seconds", got, most)
		}
	})
}
