package quality

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

var nan = math.NaN()

// series runs a test over values and returns the final flags: those that came late
// stand where they belong.
func series(one test, ms []int64, x []float64) []int {
	flags := make([]int, len(x))
	for i, v := range x {
		now, late := one.judge(ms[i], v)
		flags[i] = now.Code()
		if late != obs.NotEvaluated {
			flags[i-1] = late.Code()
		}
	}
	return flags
}

// grid is n times, every so many seconds.
func grid(n int, seconds int64) []int64 {
	ms := make([]int64, n)
	for i := range ms {
		ms[i] = int64(i) * seconds * 1000
	}
	return ms
}

func num(v float64) *float64 { return &v }

// The vectors of the reference implementation (ioos_qc 9c1853a) and of the manual.
func TestVectors(t *testing.T) {
	level := []float64{1.20, 1.21, 1.22, 1.45, 1.23, 1.24, 1.31, 1.25, 1.26, nan, 1.27, 1.60, 1.28}
	step, two := []float64{0, 0, 0, 10, 10, 10}, []float64{0, 0, 10, 10, 0, 0}
	spiked := func(method string, suspect, fail float64) test {
		return newSpike(&obs.SpikeCheck{Method: method, Suspect: &suspect, Fail: &fail})
	}
	stuck := []float64{2.010, 2.014, 2.011, 2.012, 2.013, 2.011, 2.300, 2.301, 2.300, nan, 2.301, 2.300, 2.299}
	flatly := func(compat string, every, suspect, fail time.Duration, tolerance float64) test {
		return newFlat(&obs.FlatCheck{Suspect: suspect, Fail: fail, Tolerance: &tolerance, Compat: compat}, Env{Every: every})
	}
	quiet, holed := []float64{10, 10.5, 11, 11, 11, 11.02, 11.01, 12}, []float64{10, nan, 10.2, 10.9}
	window := func(byRange bool, suspect, fail float64, samples int) test {
		return makeAttenuated(byRange, 1800*time.Second, suspect, fail, samples)
	}
	outage := []float64{5, nan, nan, nan, nan, 5}
	const s = time.Second
	for _, c := range []struct {
		name string
		test test
		ms   []int64
		x    []float64
		want []int
	}{
		{"spike, average", spiked(Average, 0.05, 0.2), grid(13, 60), level, []int{2, 1, 3, 4, 3, 1, 3, 1, 2, 9, 2, 4, 2}},
		{"spike, differential", spiked(Differential, 0.05, 0.2), grid(13, 60), level, []int{2, 1, 1, 4, 1, 1, 3, 1, 2, 9, 2, 4, 2}},
		{"spike, average, step", spiked(Average, 2, 4), grid(6, 60), step, []int{2, 1, 4, 4, 1, 2}},
		{"spike, differential, step", spiked(Differential, 2, 4), grid(6, 60), step, []int{2, 1, 1, 1, 1, 2}},
		{"spike, average, two", spiked(Average, 2, 4), grid(6, 60), two, []int{2, 4, 4, 4, 4, 2}},
		{"spike, differential, two", spiked(Differential, 2, 4), grid(6, 60), two, []int{2, 1, 1, 1, 1, 2}},
		{"spike, a threshold of nought is none", spiked(Average, 0, 0), grid(6, 60), two, []int{2, 1, 1, 1, 1, 2}},
		{"rate", &rate{limits: limits{0.001, 0.0015}}, []int64{0, 60e3, 120e3, 180e3, 480e3, 540e3, 600e3, 660e3},
			[]float64{1, 1.02, 1.10, 1.10, 1.60, nan, 1.62, 1.50}, []int{1, 1, 3, 1, 4, 9, 1, 4}},
		{"rate, time that stands still or goes back", &rate{limits: limits{1, 2}}, []int64{0, 0, 1000, 500}, []float64{1, 9, 9, 9}, []int{1, 2, 1, 2}},
		{"rate, time that goes back behind a missing value", &rate{limits: limits{1, 2}}, []int64{0, 1000, 500}, []float64{1, nan, 9}, []int{1, 9, 2}},
		{"rate, below a second", &rate{limits: limits{1, 2}}, []int64{0, 500, 1000}, []float64{1, 1.4, 2.2}, []int{1, 1, 3}},
		{"flat, streaming", flatly("", 300*s, 900*s, 1500*s, 0.005), grid(13, 300), stuck, []int{1, 1, 1, 3, 3, 4, 1, 1, 1, 9, 3, 4, 4}},
		{"flat, ioos", flatly(IOOS, 300*s, 900*s, 1500*s, 0.005), grid(13, 300), stuck, []int{1, 1, 1, 3, 3, 4, 1, 1, 1, 9, 3, 4, 4}},
		{"flat, ioos, outage", flatly(IOOS, 60*s, 120*s, 180*s, 0.005), grid(6, 60), outage, []int{1, 9, 9, 9, 9, 4}},
		{"flat, streaming, outage", flatly("", 60*s, 120*s, 180*s, 0.005), grid(6, 60), outage, []int{1, 9, 9, 9, 9, 1}},
		{"flat, ioos, 170 s at 60 s is three values", flatly(IOOS, 60*s, 170*s, 0, 0.005), grid(4, 60), []float64{5, 5, 5, 5}, []int{1, 1, 3, 3}},
		{"flat, ioos, a tolerance of nought flags nothing", newFlatWindow(120*s, 180*s, 60*s, 0), grid(5, 60), []float64{5, 5, 5, 5, 5}, []int{1, 1, 1, 1, 1}},
		{"flat, ioos, a duration below the interval is each value alone", flatly(IOOS, 60*s, 30*s, 0, 0.005), grid(3, 60), []float64{5, 6, 7}, []int{3, 3, 3}}, // configurations refuse it
		{"attenuated, std", window(false, 0.3, 0.05, 0), grid(8, 600), quiet, []int{4, 3, 1, 3, 4, 4, 4, 1}},
		{"attenuated, std, three", window(false, 0.3, 0.05, 3), grid(8, 600), quiet, []int{2, 2, 1, 3, 4, 4, 4, 1}},
		{"attenuated, range", window(true, 0.3, 0.05, 0), grid(8, 600), quiet, []int{4, 1, 1, 1, 4, 4, 4, 1}},
		{"attenuated, std, missing", window(false, 0.5, 0.15, 0), grid(4, 600), holed, []int{4, 9, 4, 3}},
		{"attenuated, range, missing", window(true, 0.5, 0.15, 0), grid(4, 600), holed, []int{4, 9, 2, 2}},
		{"attenuated, std, behind a value far off", makeAttenuated(false, 30*s, 0.2, 0.1, 3), grid(5, 10), []float64{0, 1e8, 0.3, 0.1, 0.7}, []int{2, 2, 1, 1, 1}},
		{"attenuated, std, still behind a value far off", makeAttenuated(false, 30*s, 0.2, 0.1, 3), grid(5, 10), []float64{0.7, 1e8, 0.7, 0.7, 0.7}, []int{2, 2, 1, 1, 4}},
		{"gap", &gap{limitMS: 7200e3}, []int64{0, 3600e3, 10800e3, 18001e3, 19800e3}, make([]float64, 5), []int{1, 1, 1, 4, 1}},
		{"gap, the first is as the second", &gap{limitMS: 7200e3}, []int64{0, 10800e3, 11400e3}, make([]float64, 3), []int{4, 4, 1}},
		{"gap, a missing value has its time", &gap{limitMS: 7200e3}, []int64{0, 600e3, 1200e3, 1800e3}, []float64{0, 0, nan, 0}, []int{1, 1, 9, 1}}, // ioos_qc: a missing time, [1 1 9 2]
		{"gap, backwards", &gap{limitMS: 7200e3}, []int64{10800e3, 0, 600e3}, make([]float64, 3), []int{1, 1, 1}},
		{"gap, the first is missing", &gap{limitMS: 7200e3}, []int64{0, 10800e3, 11400e3}, []float64{nan, 1, nan}, []int{9, 4, 9}},
		{"order", &order{}, []int64{10800e3, 0, 600e3, 600e3, 600e3, 700e3}, make([]float64, 6), []int{1, 3, 3, 3, 3, 1}},
		{"order, missing", &order{}, []int64{0, 0, 0, 5e3, 4e3}, []float64{nan, 1, nan, 1, nan}, []int{9, 3, 9, 1, 9}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := series(c.test, c.ms, c.x); !slices.Equal(got, c.want) {
				t.Errorf("flags %v, want %v", got, c.want)
			}
		})
	}
}

func TestClimatology(t *testing.T) {
	year := []obs.Season{
		{Months: []int{5, 9}, Suspect: []float64{0.5, 4}, Fail: []float64{8, -0.5}},
		{Months: []int{10, 12}, Suspect: []float64{0.2, 2.5}}, {Months: []int{1, 4}, Suspect: []float64{0.2, 2}}}
	overlap := []obs.Season{{Months: []int{1, 6}, Suspect: []float64{0, 1}}, {Months: []int{6, 12}, Suspect: []float64{5, 9}}}
	winter := []obs.Season{{Months: []int{11, 2}, Suspect: []float64{0, 1}}}
	one := func(s obs.Season) []obs.Season { s.Suspect = []float64{0, 1}; return []obs.Season{s} }
	for _, c := range []struct {
		seasons []obs.Season
		at      string
		v       float64
		want    int
	}{
		{year, "2026-06-15", 3, 1}, {year, "2026-06-15", 4.5, 3}, {year, "2026-06-15", 9, 4}, {year, "2026-01-10", 2.5, 3},
		{year, "2026-10-01", 2.6, 3}, {year, "2026-12-31", 0.1, 3}, {year, "2026-06-15", nan, 9}, {year, "2026-06-15", 4, 1},
		{year, "2026-09-30", -0.5, 3},
		{overlap, "2026-06-15", 0.5, 3}, {overlap, "2026-06-15", 6, 1},
		{winter, "2026-12-31", 0.5, 1}, {winter, "2027-02-28", 2, 3}, {winter, "2026-06-01", 2, 2},
		{one(obs.Season{Weeks: []int{53, 53}}), "2027-01-01", 2, 3}, // ISO week 53 of 2026
		{one(obs.Season{Weeks: []int{1, 1}}), "2027-01-01", 2, 2},
		{one(obs.Season{Weekdays: []int{7, 7}}), "2026-11-22", 2, 3},
		{one(obs.Season{Weekdays: []int{1, 5}}), "2026-11-22", 2, 2},
		{one(obs.Season{Days: []int{366, 366}}), "2028-12-31", 2, 3},
		{one(obs.Season{Quarters: []int{4, 4}}), "2026-10-01", 2, 3},
		{one(obs.Season{Hours: []int{22, 5}}), "2026-10-01", 2, 3},
		{one(obs.Season{}), "2026-10-01", 1, 1},
	} {
		day, err := time.Parse(time.DateOnly, c.at)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(fmt.Sprintf("%v on %s", c.v, c.at), func(t *testing.T) {
			one := &climatology{members: membersOf(c.seasons), civil: func(int64) (time.Time, bool) { return day, true }}
			if got, _ := one.judge(0, c.v); got.Code() != c.want {
				t.Errorf("%v on %s: %d, want %d", c.v, c.at, got.Code(), c.want)
			}
			one.civil = func(int64) (time.Time, bool) { return day, false }
			if got, _ := one.judge(0, c.v); got.Code() != 2 && c.v == c.v {
				t.Errorf("%v while nobody knows the time: %d, want 2", c.v, got.Code())
			}
		})
	}
}

func TestLocationVector(t *testing.T) {
	var l Location
	lon, lat := []float64{121.5, 181, nan, nan, 121.5}, []float64{31.2, 31.2, 31.2, nan, 91}
	want := []int{1, 4, 4, 9, 4}
	for i := range lon {
		if got := l.Judge(lat[i], lon[i]); got.Flag.Code() != want[i] {
			t.Errorf("%v, %v: %v, want %d", lat[i], lon[i], got, want[i])
		}
	}
	site := Location{Lat: 30.319, Lon: 120.142, Away: 200, Step: 50}
	for _, c := range []struct {
		lat, lon float64
		want     int
	}{{30.319, 120.142, 1}, {30.3192, 120.142, 1}, {30.3182, 120.142, 3}, {30.3182, 120.142, 1}, {30.3215, 120.142, 3}} {
		if got := site.Judge(c.lat, c.lon); got.Flag.Code() != c.want {
			t.Errorf("%v, %v: %v, want %d", c.lat, c.lon, got, c.want)
		}
	}
	if d := metres(0, 0, 0, 1); math.Abs(d-111194.9) > 0.1 {
		t.Errorf("a degree of the equator is %v m", d)
	}
}

func TestNeighbour(t *testing.T) {
	for _, c := range []struct {
		x, y float64
		want int
	}{{2.00, 2.01, 1}, {2.02, 2.05, 1}, {2.10, 2.06, 3}, {2.20, 2.12, 4}, {nan, 2.13, 9}, {2.13, nan, 2}} {
		p := &Peer{}
		p.Note(0, obs.Of(c.y))
		n := newNeighbour(&obs.NeighbourCheck{With: "twin.level", Suspect: num(0.03), Fail: num(0.05), Within: 10 * time.Second},
			Env{Step: 0.01, Peer: func(obs.Stream) *Peer { return p }})
		if got, _ := n.judge(10_000, c.x); got.Code() != c.want {
			t.Errorf("%v beside %v: %d, want %d", c.x, c.y, got.Code(), c.want)
		}
		if got, _ := n.judge(10_001, c.x); got != obs.NotEvaluated && c.x == c.x {
			t.Errorf("%v beside a neighbour of long ago: %v", c.x, got)
		}
	}
}

func TestMultivariate(t *testing.T) {
	var p Peer
	m := newMultivariate(&obs.MultivariateCheck{With: "sky.rain", Suspect: num(0.1), Moves: num(1), Within: time.Minute},
		Env{Peer: func(obs.Stream) *Peer { return &p }})
	for i, c := range []struct {
		at      int64 // s
		rain, x float64
		want    int
	}{
		{0, nan, 1, 2}, {10, nan, 1.05, 1}, {20, nan, 2, 2}, // a jump without a witness
		{30, 0, 3, 3}, {40, 0, 3, 1}, {50, 5, 4, 1}, {100, 5, 5, 1}, {111, 5, 6, 3}, {120, nan, nan, 9}, {130, 5, 9, 2},
	} {
		if c.rain == c.rain {
			p.Note(c.at*1000, obs.Of(c.rain))
		}
		if got, _ := m.judge(c.at*1000, c.x); got.Code() != c.want {
			t.Errorf("value %d, %v at %d s: %d, want %d", i, c.x, c.at, got.Code(), c.want)
		}
	}
}

// Two tests that look at one stream have each their own threshold for it.
func TestTwoLookAtOne(t *testing.T) {
	p := &Peer{}
	with := func(moves float64) test {
		return newMultivariate(&obs.MultivariateCheck{With: "sky.rain", Suspect: num(0.1), Moves: &moves, Within: time.Minute},
			Env{Peer: func(obs.Stream) *Peer { return p }})
	}
	little, much := with(1), with(10)
	for i, rain := range []float64{0, 5} {
		at, level := int64(i)*10_000, float64(i)
		p.Note(at, obs.Of(rain))
		a, _ := little.judge(at, level)
		b, _ := much.judge(at, level)
		if want := [][2]obs.Flag{{obs.NotEvaluated, obs.NotEvaluated}, {obs.Pass, obs.Suspect}}[i]; a != want[0] || b != want[1] {
			t.Errorf("value %d: %v for who asks for a little, %v for who asks for much, want %v", i, a, b, want)
		}
	}
}

// The roll-up vector of the reference implementation, as the battery rolls up.
func TestRollup(t *testing.T) {
	tests := [][]int{{1, 1, 1, 2, 9, 9, 1, 2}, {2, 3, 1, 2, 9, 2, 1, 9}, {1, 1, 4, 2, 9, 9, 3, 1}}
	want := []int{1, 3, 4, 2, 9, 2, 3, 1}
	for i := range want {
		q := obs.Quality{Flag: obs.Missing}
		for _, flags := range tests {
			f, _ := obs.FlagOf(flags[i])
			q = q.Worst(verdict(f, "x"))
		}
		if q.Flag.Code() != want[i] {
			t.Errorf("sample %d: %v, want %d", i, q, want[i])
		}
	}
}
