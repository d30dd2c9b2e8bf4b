package aggregator_test

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/store/embedded"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const weekSeconds = 7 * 24 * 3600

// aWeek fills a store with a reading per second of one stream, up to a time.
func aWeek(b *testing.B, dir string, end int64) {
	b.Helper()
	s, err := embedded.Open(filepath.Join(dir, "store"), embedded.Options{})
	if err != nil {
		b.Fatal(err)
	}
	ps := make([]store.Point, 0, 5000)
	for i := int64(weekSeconds); i > 0; i-- {
		v := math.Round(1000*(2+math.Sin(float64(i)/9000)+0.01*math.Sin(float64(i*i%7919)))) / 1000
		ps = append(ps, store.Point{Stream: store.Stream{Gateway: "gw", Stream: obs.Stream{Device: "river", Channel: "level"}}, Time: end - i*1000, V: v, Quality: obs.Quality{Flag: obs.Pass}})
		if len(ps) < cap(ps) && i > 1 {
			continue
		}
		if refused, err := s.Write(b.Context(), ps); err != nil || len(refused) > 0 {
			b.Fatal(refused, err)
		}
		ps = ps[:0]
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkExport is a week of one stream at a reading per second, 604 800 rows, from the
// embedded store through HTTP to a reader. peak-MB is the largest heap of the whole process in
// use meanwhile, reader included; idle-MB the one before.
func BenchmarkExport(b *testing.B) {
	dir, end := b.TempDir(), time.Now().Add(-time.Minute).Truncate(time.Second).UnixMilli()
	aWeek(b, dir, end)
	c := start(b, at(dir))
	send, acks := c.gateway()
	send("live", pack(b, 1, time.Now().UnixMilli(), 3.1)) // from now on the stream is known
	<-acks
	for _, format := range []string{"csv", "parquet"} {
		b.Run(format, func(b *testing.B) {
			runtime.GC()
			idle := heap()
			var bytes int64
			peak := idle
			for b.Loop() {
				r, err := c.client.Get(fmt.Sprintf("%s/api/v1/export?s=gw/river/level&from=%d&to=%d&format=%s", c.console, end-weekSeconds*1000, end, format))
				if err != nil {
					b.Fatal(err)
				}
				bytes = 0
				for {
					n, err := io.CopyN(io.Discard, r.Body, 64<<10)
					bytes += n
					peak = max(peak, heap())
					if err == io.EOF {
						break
					}
					if err != nil {
						b.Fatal(err)
					}
				}
				r.Body.Close()
			}
			b.ReportMetric(float64(bytes), "bytes")
			b.ReportMetric(idle, "idle-MB")
			b.ReportMetric(peak, "peak-MB")
		})
	}
}

// heap is what the process holds, in MB.
func heap() float64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse+m.StackInuse) / 1e6
}
