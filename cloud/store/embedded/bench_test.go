package embedded

import (
	"fmt"
	"math"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// BenchmarkWrite writes batches of 500 readings, as packs bring them: each pack
// is of one gateway with 20 streams. The metric is processor time of the whole
// process, which includes the log, its compression, checkpoints and compactions.
func BenchmarkWrite(b *testing.B) {
	for _, streams := range []int{2000, 200_000} {
		b.Run(fmt.Sprint(streams), func(b *testing.B) { writeBench(b, streams) })
	}
}

func writeBench(b *testing.B, streams int) {
	const pack, perGateway = 500, 20
	s := open(b, b.TempDir(), Options{})
	names := make([]store.Stream, streams)
	for i := range names {
		names[i] = store.Stream{Gateway: fmt.Sprintf("hz-gongshu-%05d", i/perGateway),
			Stream: obs.Stream{Device: fmt.Sprintf("part-%d", i%perGateway/10), Channel: [...]string{"temp", "rh", "pm1", "pm2_5", "pm10", "noise", "pressure", "wind_speed", "wind_dir", "level"}[i%10]}}
	}
	ps := make([]store.Point, pack)
	start := time.Now().Add(-24 * time.Hour).UnixMilli()
	total := 0
	cpu := cpuTime()
	for b.Loop() {
		for range 200 {
			n := total / pack
			gateway := n % (streams / perGateway)
			round := n / (streams / perGateway)
			for i := range ps {
				st := i / (pack / perGateway) // grouped by stream, as packs are
				t := start + int64(round*(pack/perGateway)+i%(pack/perGateway))*1000
				ps[i] = store.Point{Stream: names[gateway*perGateway+st], Time: t, Quality: obs.Quality{Flag: obs.Pass},
					V: math.Round(100*(20+5*math.Sin(float64(t)/1e5+float64(st)))) / 100}
			}
			write(b, s, ps...)
			total += pack
		}
	}
	b.StopTimer()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(total), "readings")
	b.ReportMetric(float64((cpuTime()-cpu).Nanoseconds())/1000/float64(total), "cpu-µs/reading")
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "readings/s")
	b.ReportMetric(float64(m.HeapSys-m.HeapReleased)/(1<<20), "MB-heap")
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	again := open(b, s.dir, Options{})
	b.ReportMetric(float64(again.Stats().Disk)/float64(total), "bytes-index/reading")
	_ = again.Close()
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkQuery reads an hour of a reading per second, one stream of many.
func BenchmarkQuery(b *testing.B) {
	s := open(b, b.TempDir(), Options{})
	ps := make([]store.Point, 3600)
	for i := range ps {
		ps[i] = pointOf(1, base+int64(i)*1000, float64(i))
	}
	write(b, s, ps...)
	if err := s.checkpoint(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if n := len(all(b, s, 1)); n != len(ps) {
			b.Fatal(n)
		}
	}
	_ = s.Close()
}
