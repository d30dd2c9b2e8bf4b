package record_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/lamppost-city/lamppost/edge/journal"
	"github.com/lamppost-city/lamppost/edge/record"
)

// street returns samples as a street's gateway takes them: 20 devices with ten
// channels each, values that wander at the resolution of real parts.
func street(n int) []record.Sample {
	r := rand.New(rand.NewPCG(1, 2))
	names := []string{"temp", "rh", "pm1", "pm2_5", "pm10", "noise", "pressure", "wind_speed", "wind_dir", "level"}
	digits := []float64{10, 10, 1, 1, 1, 10, 10, 10, 1, 1000}
	value := []float64{21.4, 61.4, 12, 35, 41, 55.2, 1013.2, 2.4, 187, 2.713}
	step := []float64{0.1, 0.2, 1, 2, 2, 1.5, 0.1, 0.5, 8, 0.004}
	state := make([][]float64, 20)
	out := make([]record.Sample, n)
	for i := range out {
		d := i % 20
		if state[d] == nil {
			state[d] = append([]float64{}, value...)
		}
		s := record.Sample{Device: fmt.Sprintf("station-%02d", d), BootMS: 412507 + int64(i)*5 + int64(r.IntN(3)), Channels: names}
		for c := range names {
			state[d][c] = math.Abs(state[d][c] + r.NormFloat64()*step[c])
			s.Readings = append(s.Readings, pass(math.Round(state[d][c]*digits[c])/digits[c]))
		}
		out[i] = s
	}
	return out
}

func BenchmarkAppendSample(b *testing.B) {
	in := street(1000)
	var buf []byte
	bytes, n := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = in[n%len(in)].Append(buf[:0])
		bytes += len(buf)
		n++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*10), "ns/reading")
	b.ReportMetric(float64(bytes)/float64(n*10), "bytes/reading")
}

func BenchmarkDecodeSample(b *testing.B) {
	var bodies [][]byte
	for _, s := range street(1000) {
		body, err := s.Append(nil)
		if err != nil {
			b.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	var d record.Decoder
	var s record.Sample
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Sample(bodies[n%len(bodies)], &s); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*10), "ns/reading")
}

// BenchmarkJournal is the figure that counts: samples of ten readings through
// the encoder into a journal on the disk that holds the test directory.
func BenchmarkJournal(b *testing.B) {
	in := street(2000)
	j, err := journal.Open(b.TempDir(), journal.Options{Size: 1 << 34})
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		buf, _ = in[n%len(in)].Append(buf[:0])
		if _, err := j.Append(record.KindSample, buf); err != nil {
			b.Fatal(err)
		}
		if n++; n%20000 == 0 { // a writer that outruns the disk would only measure memory
			if err := j.Sync(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := j.Sync(b.Context()); err != nil {
		b.Fatal(err)
	}
	st := j.Stats()
	b.ReportMetric(float64(n*10)/b.Elapsed().Seconds(), "readings/s")
	b.ReportMetric(float64(st.Bytes)/float64(n*10), "bytes/reading")
	b.ReportMetric(float64(st.Lost), "lost")
	_ = j.Close()
}

// BenchmarkBytesOnDisk commits as often as a gateway does: 2 000 readings/s with
// a commit each second, and 2 readings/s with a commit each 10 s.
func BenchmarkBytesOnDisk(b *testing.B) {
	for _, tc := range []struct {
		name             string
		samples, commits int
	}{{"2000 readings per s, commit 1 s", 200, 30}, {"2 readings per s, commit 10 s", 2, 200}} {
		b.Run(tc.name, func(b *testing.B) {
			for b.Loop() {
				j, err := journal.Open(b.TempDir(), journal.Options{Stamp: func() journal.Stamp { return journal.Stamp{Boot: "x", BootMS: 1e6, UnixMS: 1795291200000} }})
				if err != nil {
					b.Fatal(err)
				}
				before := j.Stats()
				in := street(tc.samples * tc.commits)
				for i, s := range in {
					body, _ := s.Append(nil)
					if _, err := j.Append(record.KindSample, body); err != nil {
						b.Fatal(err)
					}
					if (i+1)%tc.samples == 0 {
						if err := j.Sync(b.Context()); err != nil {
							b.Fatal(err)
						}
					}
				}
				st := j.Stats()
				b.ReportMetric(float64(st.Written-before.Written)/float64(len(in)*10), "bytes/reading")
				_ = j.Close()
			}
		})
	}
}
