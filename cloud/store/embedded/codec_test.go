package embedded

import (
	"math"
	"slices"
	"testing"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

func samePoint(a, b store.Point) bool {
	if math.IsNaN(a.V) && math.IsNaN(b.V) {
		a.V, b.V = 0, 0
	}
	return a == b
}

// FuzzLog: what is taken from a log record can be stored, and written again
// gives the same points.
func FuzzLog(f *testing.F) {
	p := pointOf(1, 1795291200123, 2.71)
	q := p
	q.Time, q.V, q.Quality, q.Late = q.Time-5, -1e300, obs.Quality{Flag: obs.Suspect, Why: obs.Rate}, obs.Fail
	m := pointOf(101, 5, math.NaN())
	m.Quality = obs.Quality{Flag: obs.Missing, Why: obs.NoEcho}
	f.Add(appendPoints(nil, []store.Point{p, q, m, p}))
	f.Add(appendPoints(nil, nil))
	f.Add([]byte{1, 3, 8, 0})
	f.Fuzz(func(t *testing.T, body []byte) {
		points, err := parsePoints(nil, body)
		if err != nil {
			return
		}
		for i := range points {
			if why := check(&points[i]); why != "" {
				t.Errorf("a point that cannot be stored came out of the log: %s", why)
			}
		}
		again, err := parsePoints(nil, appendPoints(nil, points))
		if err != nil || !slices.EqualFunc(points, again, samePoint) {
			t.Errorf("%v, written and read again %v, %v", points, again, err)
		}
	})
}

func TestLogRecordCutShort(t *testing.T) {
	body := appendPoints(nil, []store.Point{pointOf(1, 1795291200123, 2.71), pointOf(2, 1795291200124, 2)})
	for n := range body {
		if _, err := parsePoints(nil, body[:n]); err == nil {
			t.Errorf("cut at %d of %d: no error", n, len(body))
		}
	}
	if _, err := parsePoints(nil, append(body, 0)); err == nil {
		t.Error("one byte more: no error")
	}
}

func TestShardNames(t *testing.T) {
	for _, ms := range []int64{0, 1795291200123, shardMS, shardMS - 1, maxTime} {
		from := shardStart(ms)
		if from > ms || ms-from >= shardMS {
			t.Errorf("shardStart(%d) = %d", ms, from)
		}
		if got, ok := parseShardName(shardName(from)); !ok || got != from {
			t.Errorf("parseShardName(%q) = %d, %v, want %d", shardName(from), got, ok, from)
		}
	}
	for _, name := range []string{"", "x", "2026-11-05", "2026-13-01"} {
		if from, ok := parseShardName(name); ok {
			t.Errorf("parseShardName(%q) = %d", name, from)
		}
	}
}
