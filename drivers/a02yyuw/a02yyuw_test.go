package a02yyuw

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/range8"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

func TestConformance(t *testing.T) {
	for _, c := range []struct{ name, good, other string }{{"distance", "wiki", "too-far"}, {"level", "level", "zero"}} {
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
		{Options: "model: a03", Says: "model: \"a03\" is not in this family; write one of a01nyub, a02yyuw, me007ys"},
		{Options: "height: 3000", Says: "height cannot be 3000 m; write 0.05 to 100 m, from the zero of the level"},
		{Options: "height: -3", Says: "height cannot be -3 m; write 0.05 to 100 m"},
	})
	for src, want := range map[string]drivers.Channel{
		"":                             {Name: "distance", Min: 0.031, Max: 4.5, Resolution: 0.001},
		"height: 4.3":                  {Name: "level", Min: -0.2, Max: 4.269, Resolution: 0.001},
		"model: a01nyub":               {Name: "distance", Min: 0.281, Max: 7.5, Resolution: 0.001},
		"{model: me007ys, height: 10}": {Name: "level", Min: 5.5, Max: 9.719, Resolution: 0.001},
	} {
		p, err := drivertest.Plan(Kind(), src)
		if err != nil || p.Channels[0] != want {
			t.Errorf("%q plans %+v, %v; want %+v", src, p, err, want)
		}
	}
}

// A steady stream of the frame whose sum is 0xFF, entered at any byte.
func TestStepIsFoundBetweenTwoFF(t *testing.T) {
	f := range8.WithHead.Append(nil, 1276)
	for offset := range f {
		synctest.Test(t, func(t *testing.T) {
			line := append(f[offset:len(f):len(f)], f...)
			port := drivertest.NewPort(drivertest.Chunk{At: time.Millisecond, Bytes: line})
			d := drivertest.Open(t, Kind(), "", port)
			rs, err := d.Sample(t.Context())
			if err != nil || rs[0].Value != 1.276 {
				t.Errorf("entered at byte %d: %v, %v", offset, rs, err)
			}
			if port.NoiseSum != 0 {
				t.Errorf("entered at byte %d: the tail of a frame counts as %d bytes of noise", offset, port.NoiseSum)
			}
		})
	}
}

// FuzzStream holds that whatever a line brings, each frame that is found is one that
// the part could have sent, made of bytes of the line alone.
func FuzzStream(f *testing.F) {
	f.Add([]byte{0xFF, 0x07, 0xA1, 0xA7})
	f.Add([]byte{0xFF, 0x07, 0xA1, 0xA8, 0xFF, 0x07, 0xA1, 0xA7})
	f.Add([]byte{0xFF, 0xFF, 0xFF, 0xFD, 0x04, 0xFC, 0xFF, 0xFF, 0x04, 0xFC, 0xFF})
	f.Fuzz(func(t *testing.T, line []byte) {
		drivertest.Frames(t, format, line, func(mm int) []byte { return range8.WithHead.Append(nil, mm) })
	})
}

func BenchmarkDecode(b *testing.B) {
	line := range8.WithHead.Append(nil, 1953)
	gauge, err := models[name].Gauge(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(range8.Len)
	b.ReportAllocs()
	for b.Loop() {
		distance, _, _, ok := format.Next(line)
		if !ok || gauge.Reading(distance).Value != 1.953 {
			b.Fatal("not decoded")
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "readings/s")
}
