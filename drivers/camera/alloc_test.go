//go:build !race

package camera

import (
	"bytes"
	"image/jpeg"
	"runtime"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
)

// Beside what the decoder takes, a picture of a camera at the board that gives JPEG, with
// everything measured, takes its copy, which the still is, and a handful of small pieces:
// the answer, a reader, what the question is made of. (The race detector allocates, too.)
func TestSampleAllocatesLittle(t *testing.T) {
	all := pressed(t, 320, 240)
	var shown []drivers.VideoFrame
	for _, b := range all {
		shown = append(shown, drivers.VideoFrame{JPEG: true, Width: 320, Height: 240, Data: b})
	}
	d, n := benched(t, 320, 240, shown), 0
	sample := func() {
		if _, err := d.Sample(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	decode := func() {
		n++
		if _, err := jpeg.Decode(bytes.NewReader(all[n%len(all)])); err != nil {
			t.Fatal(err)
		}
	}
	for range 80 { // baselines are warm, buffers have their size
		sample()
	}
	const most = 8
	whole, decoder := testing.AllocsPerRun(16, sample), testing.AllocsPerRun(16, decode)
	if whole > decoder+most {
		t.Errorf("a picture takes %v allocations, the decoder alone %v; at most %d more are right", whole, decoder, most)
	}
	bytesOf := func(do func()) float64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 16 {
			do()
		}
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc-before.TotalAlloc) / 16
	}
	if whole, decoder, still := bytesOf(sample), bytesOf(decode), float64(len(all[0])); whole > decoder+1.3*still+4096 {
		t.Errorf("a picture takes %.0f bytes, the decoder alone %.0f and its copy %.0f", whole, decoder, still)
	}
}
