package quality

import (
	"runtime"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// benchChecks are what the benchmarks ask for. usual is what a water level would have.
func benchChecks() (names []string, checks map[string]obs.Checks) {
	usual := obs.Checks{Spike: &obs.SpikeCheck{Suspect: num(0.1), Fail: num(0.5)}, Rate: &obs.RateCheck{Suspect: num(0.2)}, Flat: &obs.FlatCheck{Suspect: 6 * time.Hour}}
	all := usual
	all.Gap = &obs.GapCheck{Fail: time.Minute}
	all.Climatology = []obs.Season{{Months: []int{1, 4}, Suspect: []float64{0, 4}}, {Months: []int{5, 12}, Suspect: []float64{0, 4}}}
	all.Attenuated = &obs.AttenuatedCheck{Window: 10 * time.Minute, Suspect: num(0.0001)}
	all.Multivariate = &obs.MultivariateCheck{With: "a.b", Suspect: num(1), Moves: num(1), Within: time.Minute}
	all.Neighbour = &obs.NeighbourCheck{With: "a.b", Suspect: num(5), Within: time.Minute}
	return []string{"none", "usual", "all"}, map[string]obs.Checks{"usual": usual, "all": all}
}

func benchLimits(c obs.Checks) *Limits {
	var p Peer
	day := time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC)
	return &Limits{Part: Range{0, 10}, Metric: Range{0, 5}, WarmUp: time.Second, Every: time.Second,
		Tests: NewTests(c, Env{Every: time.Second, Step: 0.001, Peer: func(obs.Stream) *Peer { return &p }, Civil: func(int64) (time.Time, bool) { return day, true }})}
}

// What judging one reading takes, and what a stream holds in memory (B/stream) when its
// windows are full.
func BenchmarkJudge(b *testing.B) {
	names, checks := benchChecks()
	for _, name := range names {
		b.Run(name, func(b *testing.B) {
			l := benchLimits(checks[name])
			per := bytesPerStream(l)
			s := New(l, 0)
			b.ReportAllocs()
			var at int64
			for b.Loop() {
				at++
				s.Judge(at*1000, obs.Of(3+float64(at&7)/1000))
			}
			b.ReportMetric(per, "B/stream")
		})
	}
}

func bytesPerStream(l *Limits) float64 {
	const n = 1000
	var before, after runtime.MemStats
	streams := make([]Stream, n)
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range streams {
		streams[i] = *New(l, 0)
		for at := range int64(700) {
			streams[i].Judge(at*1000, obs.Of(3+float64(at&7)/1000))
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(streams)
	return float64(after.HeapAlloc)/n - float64(before.HeapAlloc)/n
}
