package jsnsr04t

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/range8"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

func TestConformance(t *testing.T) {
	for _, c := range []struct{ name, good, other string }{
		{"streams", "good", "too-far"}, {"asked", "asked", "asked-blind"}, {"level of an AJ-SR04M", "aj-level", "aj-blind"},
	} {
		t.Run(c.name, func(t *testing.T) {
			drivertest.Run(t, drivertest.Config{
				Kind:        Kind(),
				Good:        drivertest.Load(t, "testdata/"+c.good+".frame"),
				Beyond:      drivertest.Load(t, "testdata/"+c.other+".frame"),
				NeverBeyond: "a number that is no distance says that no echo came",
			})
		})
	}
}

func TestOptions(t *testing.T) {
	drivertest.Refuses(t, Kind(), []drivertest.Refusal{
		{Options: "model: hc-sr04", Says: "model: \"hc-sr04\" is not in this family; write jsn-sr04t or aj-sr04m"},
		{Options: "mode: 1", Says: "mode: 1 is no serial mode; write 2"},
		{Options: "mode: 4", Says: "mode: 4 is no serial mode; write 2"},
		{Options: "blind: 0.19", Says: "blind cannot be 0.19 m; write 0.2 to 1 m"},
		{Options: "blind: 25", Says: "blind cannot be 25 m; write 0.2 to 1 m"},
		{Options: "height: 3000", Says: "height cannot be 3000 m; write 0.05 to 100 m"},
	})
	for src, want := range map[string]drivers.Channel{
		"":                         {Name: "distance", Min: 0.251, Max: 6, Resolution: 0.001},
		"blind: 0.2":               {Name: "distance", Min: 0.201, Max: 6, Resolution: 0.001},
		"{mode: 3, height: 4.123}": {Name: "level", Min: -1.877, Max: 3.872, Resolution: 0.001},
	} {
		p, err := drivertest.Plan(Kind(), src)
		if err != nil || p.Channels[0] != want {
			t.Errorf("%q plans %+v, %v; want %+v", src, p, err, want)
		}
	}
}

// What the part is asked is one byte 55 a sample in mode 3, and nothing in mode 2: a
// byte that arrives there could hold its receive pin, which chooses raw values on
// relatives of this part.
func TestAsksOnlyInMode3(t *testing.T) {
	for mode, want := range map[string]string{"mode: 2": "", "mode: 3": "U"} {
		synctest.Test(t, func(t *testing.T) {
			port := drivertest.NewPort(drivertest.Chunk{At: 20 * time.Millisecond, Bytes: range8.WithHead.Append(nil, 1234)})
			d := drivertest.Open(t, Kind(), mode, port)
			if rs, err := d.Sample(t.Context()); err != nil || rs[0].Value != 1.234 {
				t.Errorf("%s: %v, %v", mode, rs, err)
			}
			if got := string(bytes.Join(port.Written, nil)); got != want {
				t.Errorf("%s: %q was written, want %q", mode, got, want)
			}
		})
	}
}

// FuzzStream holds for both sums that whatever a line brings, each frame that is found
// is one that the part could have sent, made of bytes of the line alone.
func FuzzStream(f *testing.F) {
	f.Add([]byte{0xFF, 0x04, 0xD2, 0xD5}, false)
	f.Add([]byte{0xFF, 0x04, 0xD2, 0xD6, 0xFF, 0x00, 0x1E, 0x1E}, true)
	f.Add([]byte{0xFF, 0xFF, 0x04, 0xFF, 0x04, 0xFC, 0xFF, 0xFF, 0x04}, false)
	f.Fuzz(func(t *testing.T, line []byte, aj bool) {
		sum := range8.WithHead
		if aj {
			sum = range8.WithoutHead
		}
		drivertest.Frames(t, formatOf(sum), line, func(mm int) []byte { return sum.Append(nil, mm) })
	})
}

func BenchmarkDecode(b *testing.B) {
	format, line := formatOf(range8.WithHead), range8.WithHead.Append(nil, 1234)
	gauge, err := (options{Model: "jsn-sr04t", Mode: streams, Blind: 0.25}).gauge()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(range8.Len)
	b.ReportAllocs()
	for b.Loop() {
		distance, _, _, ok := format.Next(line)
		if !ok || gauge.Reading(distance).Value != 1.234 {
			b.Fatal("not decoded")
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "readings/s")
}
