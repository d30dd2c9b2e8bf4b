package a02yyuw

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
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

func planYAML(src string) (*drivers.Plan, error) {
	return plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(src))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
}

func TestHeight(t *testing.T) {
	for src, want := range map[string]string{
		"height: 9001":    "9001 m is no height",
		"height: -151":    "-151 m is no height",
		"height: 4.30001": "write whole millimetres",
	} {
		_, err := planYAML(src)
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != "height" || !strings.Contains(o.Msg, want) {
			t.Errorf("%s gives %v, want %q", src, err, want)
		}
	}
	for src, want := range map[string]drivers.Channel{
		"":            {Name: "distance", Min: 0.031, Max: 4.5, Resolution: 0.001},
		"height: 0":   {Name: "level", Min: -4.5, Max: -0.031, Resolution: 0.001},
		"height: 4.3": {Name: "level", Min: -0.2, Max: 4.269, Resolution: 0.001},
	} {
		p, err := planYAML(src)
		if err != nil || p.Channels[0] != want {
			t.Errorf("%q plans %+v, %v; want %+v", src, p, err, want)
		}
	}
}

// Every distance that the part can send reads as itself, or as no echo; a level
// has at most three decimals.
func TestEveryDistance(t *testing.T) {
	height := 8123
	d := driver{channel: drivers.Channel{Name: "level", Min: mm(height - far), Max: mm(height - blind - 1)}, height: &height}
	for distance := range 0xFF00 {
		got, ok := decode(encode(nil, distance))
		if !ok || got != distance {
			t.Fatalf("%d mm is decoded to %d, %v", distance, got, ok)
		}
		r := d.reading(distance)
		if echo := distance > 30 && distance <= 4500; echo != (r.Quality == obs.Quality{}) || echo && r.Value != float64(height-distance)/1000 {
			t.Fatalf("%d mm reads %+v", distance, r)
		}
	}
}

// A steady stream of the frame whose sum is 0xFF, entered at any byte.
func TestStepIsFoundBetweenTwoFF(t *testing.T) {
	f := encode(nil, 1276)
	for offset := range f {
		synctest.Test(t, func(t *testing.T) {
			line := append(f[offset:len(f):len(f)], f...)
			port := drivertest.NewPort(drivertest.Chunk{At: time.Millisecond, Bytes: line})
			p, err := planYAML("")
			if err != nil {
				t.Fatal(err)
			}
			d, err := p.OpenSerial(port)
			if err != nil {
				t.Fatal(err)
			}
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

// FuzzDecode holds that what is accepted is reproduced byte for byte.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{0xFF, 0x07, 0xA1, 0xA7})
	f.Add([]byte{0xFF, 0x07, 0xA1, 0xA8})
	f.Add([]byte{0xFF, 0xFF, 0xFF, 0xFD})
	f.Fuzz(func(t *testing.T, b []byte) {
		distance, ok := decode(b)
		if ok && string(encode(nil, distance)) != string(b) {
			t.Errorf("decode(% x) then encode gives % x", b, encode(nil, distance))
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	line := encode(nil, 1953)
	d := driver{channel: drivers.Channel{Name: "distance", Min: mm(31), Max: mm(far)}}
	b.SetBytes(frameLen)
	b.ReportAllocs()
	for b.Loop() {
		distance, _, _, ok := format.Next(line)
		if !ok || d.reading(distance).Value != 1.953 {
			b.Fatal("not decoded")
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "readings/s")
}
