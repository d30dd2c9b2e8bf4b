package api

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// answer is a series as a client reads it.
type answer struct {
	Points  [][4]any
	Gaps    []view.Gap
	Reduced bool
}

func ask(t testing.TB, f *fakes, query string) (a answer) {
	t.Helper()
	r := request(newAPI(t, f), "GET", "/api/v1/series?gateway=gw&device=river&channel=level&"+query, "")
	if err := json.NewDecoder(r.Body).Decode(&a); err != nil || r.StatusCode != 200 {
		t.Fatalf("series?%s: %d %v", query, r.StatusCode, err)
	}
	return a
}

func fault(ms int64) store.Point {
	p := at(ms, math.NaN())
	p.Channel = wire.FaultChannel
	p.Why = "crc"
	return p
}

func TestFaultsArePointsWithoutAValue(t *testing.T) {
	late := at(5000, 7)
	late.Late = obs.Suspect
	f := &fakes{points: []store.Point{at(1000, 1), fault(2000), at(3000, 3), fault(3000), fault(4000), late}}
	got := fmt.Sprint(ask(t, f, "from=0&to=9000").Points)
	if want := "[[1000 1 1 ] [2000 <nil> 9 crc] [3000 3 1 ] [4000 <nil> 9 crc] [5000 7 3 ]]"; got != want {
		t.Errorf("points %s, want %s", got, want)
	}
}

func TestBothEndsOfTheSpanCount(t *testing.T) {
	f := &fakes{points: []store.Point{at(999, 0), at(1000, 1), at(2000, 2), at(2001, 3)}}
	if got := fmt.Sprint(ask(t, f, "from=1000&to=2000").Points); got != "[[1000 1 1 ] [2000 2 1 ]]" {
		t.Errorf("points %s", got)
	}
}

func TestSilenceIsAGap(t *testing.T) {
	every := func(from, to int64) (ps []store.Point) {
		for t := from; t < to; t += 1000 {
			ps = append(ps, at(t, 1))
		}
		return ps
	}
	declared := view.Gap{Gateway: "gw", From: 9_500, To: 59_500, Why: "power"}
	for name, c := range map[string]struct {
		points   []store.Point
		declared []view.Gap
		to       int64
		everyMS  int64
		want     string
	}{
		"none":                    {every(0, 60_000), nil, 60_000, 1000, "[]"},
		"in the middle":           {append(every(0, 10_000), every(60_000, 90_000)...), nil, 90_000, 1000, "[{gw 9000 60000 no-data }]"},
		"explained by a declared": {append(every(0, 10_000), every(60_000, 90_000)...), []view.Gap{declared}, 90_000, 1000, "[{gw 9500 59500 power }]"},
		"at the end":              {every(0, 10_000), nil, 60_000, 1000, "[{gw 9000 60000 no-data }]"},
		"a slow stream":           {[]store.Point{at(0, 1), at(60_000, 1)}, nil, 60_000, 60_000, "[]"},
		"an unknown interval":     {[]store.Point{at(0, 1), at(60_000, 1)}, nil, 60_000, 0, "[]"},
		"no point at all":         {nil, nil, 60_000, 1000, "[]"},
		"faults are not silence":  {[]store.Point{at(0, 1), fault(4000), fault(8000), at(12_000, 1)}, nil, 12_000, 1000, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakes{points: c.points, gapsAt: c.declared, every: c.everyMS}
			if got := fmt.Sprint(ask(t, f, fmt.Sprintf("from=0&to=%d", c.to)).Gaps); got != c.want {
				t.Errorf("gaps %s, want %s", got, c.want)
			}
		})
	}
}

func TestLongSeriesComeInPages(t *testing.T) {
	f := &fakes{}
	for i := range int64(page*2 + 5) {
		f.points = append(f.points, at(i, float64(i%100)))
	}
	a := ask(t, f, fmt.Sprintf("from=0&to=%d&max=400", len(f.points)))
	if !a.Reduced || len(a.Points) > 400 || len(a.Points) < 150 || f.pages != 3 {
		t.Errorf("%d points from %d pages, reduced %v", len(a.Points), f.pages, a.Reduced)
	}
}

// The reducer's law: rising in time, at most limit, nothing invented, and neither
// the peak, the trough, the worst doubt nor a failure is lost.
func TestReducerLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(4, 40).Draw(t, "limit")
		n := rapid.IntRange(0, 300).Draw(t, "n")
		from := int64(1000)
		var in []view.Point
		for now := from; len(in) < n; now += rapid.Int64Range(1, 50).Draw(t, "step") {
			p := view.Point{T: now, V: rapid.Float64Range(-10, 10).Draw(t, "v"), Quality: obs.Quality{Flag: obs.Pass}}
			switch rapid.IntRange(0, 20).Draw(t, "kind") {
			case 0:
				p.V, p.Flag = math.NaN(), obs.Missing
			case 1:
				p.Flag = obs.Suspect
			}
			in = append(in, p)
		}
		to := from
		if n > 0 {
			to = in[n-1].T
		}
		r := newReducer(from, to, limit)
		for _, p := range in {
			r.add(p)
		}
		out, reduced := r.result()
		if reduced != (n > limit) || len(out) > limit || !reduced && len(out) != n {
			t.Fatalf("%d of %d points, limit %d, reduced %v", len(out), n, limit, reduced)
		}
		byTime := map[int64]view.Point{}
		for _, p := range in {
			byTime[p.T] = p
		}
		for i, p := range out {
			if i > 0 && out[i-1].T >= p.T {
				t.Fatalf("time does not rise: %d, %d", out[i-1].T, p.T)
			}
			if q, ok := byTime[p.T]; !ok || q.V != p.V && !(math.IsNaN(q.V) && math.IsNaN(p.V)) || q.Flag != p.Flag {
				t.Fatalf("invented %+v", p)
			}
		}
		if a, b := extremes(in), extremes(out); a != b {
			t.Fatalf("extremes %+v became %+v", a, b)
		}
	})
}

type extreme struct {
	low, high       float64
	suspect, failed bool
}

func extremes(ps []view.Point) extreme {
	e := extreme{low: math.Inf(1), high: math.Inf(-1)}
	for _, p := range ps {
		if math.IsNaN(p.V) {
			e.failed = true
			continue
		}
		e.low, e.high = min(e.low, p.V), max(e.high, p.V)
		e.suspect = e.suspect || p.Flag == obs.Suspect
	}
	return e
}

func BenchmarkSeries(b *testing.B) {
	f := &fakes{every: 5000}
	now := time.Now().UnixMilli()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range int64(17_280) { // a day at one per 5 s
		f.points = append(f.points, at(now-86_400_000+i*5000, r.Float64()))
	}
	h := newAPI(b, f)
	target := fmt.Sprintf("/api/v1/series?gateway=gw&device=river&channel=level&from=%d&to=%d&max=1000", now-86_400_000, now)
	b.ReportAllocs()
	for b.Loop() {
		if res := request(h, "GET", target, ""); res.StatusCode != 200 {
			b.Fatal(res.StatusCode)
		}
	}
	b.ReportMetric(17_280*float64(b.N)/b.Elapsed().Seconds(), "points/s")
}
