package rule

import (
	"fmt"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// city makes one rule for each of n streams, and the streams.
func city(b *testing.B, n int, when string) (*Engine, []obs.Stream) {
	known, streams := Streams{}, make([]obs.Stream, n)
	for i := range streams {
		streams[i] = obs.Stream{Device: fmt.Sprintf("d%d", i), Channel: "level"}
		known[streams[i]] = Stream{Every: time.Second}
	}
	var rules []*Rule
	for i := range streams {
		r, errs := Compile(Spec{ID: fmt.Sprintf("r%d", i), When: fmt.Sprintf(when, streams[i].Device+".level"), For: time.Minute}, known)
		if len(errs) > 0 {
			b.Fatal(errs)
		}
		rules = append(rules, r)
	}
	return New(rules), streams
}

// Each observed value touches one of a thousand rules.
func BenchmarkObserve(b *testing.B) {
	for name, when := range map[string]string{
		"last":   "%[1]s > 3.00",
		"avg5m":  "avg(%[1]s, 5m) > 3.00",
		"three":  "%[1]s > 3.00 and rate(%[1]s, 10m) > 0.2 or max(%[1]s, 1m) > 5",
		"silent": "stale(%[1]s) > 300",
	} {
		b.Run(name, func(b *testing.B) {
			e, streams := city(b, 1000, when)
			var at int64
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				at++ // a thousand values a second
				e.Observe(streams[i%len(streams)], at, obs.Of(float64(i%5)))
				e.Tick(at)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "values/s")
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, errs := Compile(Spec{When: "avg(pm-north.pm2_5, 5m) > 75 and stale(tank.temp.inlet) < 1h"}, street); len(errs) > 0 {
			b.Fatal(errs)
		}
	}
}

func BenchmarkSnapshot(b *testing.B) {
	e, _ := city(b, 1, "%s > 3")
	b.ReportAllocs()
	for b.Loop() {
		if e.Snapshot("r0") == nil {
			b.Fatal("no snapshot")
		}
	}
}
