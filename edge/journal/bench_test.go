package journal_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/lamppost-city/lamppost/edge/journal"
)

// BenchmarkAppend is Append alone, with as much syncing as the writer does by
// itself; bodies look like samples.
func BenchmarkAppend(b *testing.B) {
	j, err := journal.Open(b.TempDir(), journal.Options{Size: 1 << 34})
	if err != nil {
		b.Fatal(err)
	}
	body := []byte("station-07 temp rh pm1 pm2_5 pm10 noise pressure wind_speed wind_dir level 0123456789abcdefghij")
	n := 0
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		body[len(body)-1-n%20] = byte(n)
		if _, err := j.Append(1, body); err != nil {
			b.Fatal(err)
		}
		if n++; n%20000 == 0 {
			if err := j.Sync(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(n*10)/b.Elapsed().Seconds(), "readings/s")
	_ = j.Close()
}

// BenchmarkSync is one record and one sync: what an alert waits for.
func BenchmarkSync(b *testing.B) {
	j, err := journal.Open(b.TempDir(), journal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := j.AppendState(1, []byte("alert revision"), "rule", []byte("state")); err != nil {
			b.Fatal(err)
		}
		if err := j.Sync(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	_ = j.Close()
}

// filled makes a journal of about 100 MB on disk.
func filled(b *testing.B) (dir string, epoch journal.Epoch, records int, bytes int64) {
	b.Helper()
	dir = b.TempDir()
	j, err := journal.Open(dir, journal.Options{Size: 1 << 34})
	if err != nil {
		b.Fatal(err)
	}
	noise := []byte(noise(1, 1<<20))
	for j.Stats().Bytes < 100<<20 {
		for i := range 1000 {
			off := (records + i) * 37 % (len(noise) - 128)
			if _, err := j.Append(1, noise[off:off+60]); err != nil {
				b.Fatal(err)
			}
		}
		records += 1000
		if err := j.Sync(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	bytes = j.Stats().Bytes
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	return dir, j.Epoch(), records, bytes
}

// BenchmarkOpen, BenchmarkVerify and BenchmarkRead work on 100 MB that the page
// cache holds: the cost is the processor's.
func BenchmarkOpen(b *testing.B) {
	dir, _, _, _ := filled(b)
	for b.Loop() {
		j, err := journal.Open(dir, journal.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		_ = j.Close()
		b.StartTimer()
	}
}

func BenchmarkVerify(b *testing.B) {
	dir, _, _, bytes := filled(b)
	r, err := journal.OpenReader(dir)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(bytes)
	for b.Loop() {
		if found, err := r.Verify(b.Context(), nil); err != nil || len(found) > 0 {
			b.Fatal(found, err)
		}
	}
	r.Close()
}

func BenchmarkRead(b *testing.B) {
	dir, epoch, records, bytes := filled(b)
	j, err := journal.Open(dir, journal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(bytes)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		err := j.Read(epoch, 1, 1<<62, func(journal.Record) error { n++; return nil })
		if err != nil || n != records {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(b.N*records)/b.Elapsed().Seconds(), "records/s")
	_ = j.Close()
}

// BenchmarkMemory reports the heap that an open journal holds after a day's work.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		before := heap()
		j, err := journal.Open(b.TempDir(), journal.Options{})
		if err != nil {
			b.Fatal(err)
		}
		for i := range 20000 {
			if _, err := j.Append(1, fmt.Appendf(nil, "sample %d of something that looks like many others", i)); err != nil {
				b.Fatal(err)
			}
			if i%200 == 0 {
				if err := j.Sync(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		}
		_ = j.Read(j.Epoch(), 1, 1<<62, func(journal.Record) error { return nil })
		b.ReportMetric(float64(heap()-before)/(1<<20), "MB-heap")
		_ = j.Close()
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
