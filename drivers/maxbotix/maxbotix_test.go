package maxbotix

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

func TestConformance(t *testing.T) {
	for _, c := range []struct{ name, good, other string }{{"millimetres", "good", "no-target"}, {"level in centimetres", "xl-level", "xl-no-target"}} {
		t.Run(c.name, func(t *testing.T) {
			drivertest.Run(t, drivertest.Config{
				Kind:        Kind(),
				Good:        drivertest.Load(t, "testdata/"+c.good+".frame"),
				Beyond:      drivertest.Load(t, "testdata/"+c.other+".frame"),
				NeverBeyond: "a number that is no distance says that no echo came",
				Unguarded:   "a line is text without a checksum",
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

func TestOptions(t *testing.T) {
	for src, want := range map[string]string{
		"model: mb7389":                  "model: \"mb7389\" is not in this family; write one of hrxl-wr, hrxl-wrl, xl-wr, xl-wrl",
		"{model: xl-wr, height: 0.0001}": "height: 0.0001 m is finer",
	} {
		_, err := planYAML(src)
		var o *drivers.OptionError
		if !errors.As(err, &o) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gives %v, want %q", src, err, want)
		}
	}
	if _, err := planYAML("height: 3"); err == nil || !strings.Contains(err.Error(), "model") {
		t.Errorf("without a model: %v", err)
	}
	for src, want := range map[string]drivers.Channel{
		"model: hrxl-wr":              {Name: "distance", Min: 0.301, Max: 4.999, Resolution: 0.001},
		"{model: xl-wrl, height: 12}": {Name: "level", Min: 1.33, Max: 11.79, Resolution: 0.01},
	} {
		p, err := planYAML(src)
		if err != nil || p.Channels[0] != want {
			t.Errorf("%q plans %+v, %v; want %+v", src, p, err, want)
		}
	}
}

// One nought is a line that suffered; three in a row are wires that do.
func TestNoughts(t *testing.T) {
	for _, c := range []struct {
		line string
		want float64 // 0: a fault
	}{
		{"R0000\rR1342\r", 1.342}, {"R0000\rR0000\rR1342\r", 1.342}, {"R0000\rR0000\rR0000\rR1342\r", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, err := planYAML("model: hrxl-wr")
			if err != nil {
				t.Fatal(err)
			}
			d, err := p.OpenSerial(drivertest.NewPort(drivertest.Chunk{At: time.Millisecond, Bytes: []byte(c.line)}))
			if err != nil {
				t.Fatal(err)
			}
			rs, err := d.Sample(t.Context())
			if c.want == 0 && !errors.Is(err, drivers.ErrDevice) || c.want != 0 && (err != nil || rs[0].Value != c.want) {
				t.Errorf("%q: %v, %v", c.line, rs, err)
			}
		})
	}
}

// FuzzStream holds for every model that whatever a line brings, each distance that is
// found is written so, in bytes of the line alone.
func FuzzStream(f *testing.F) {
	f.Add([]byte("R1342\rR9999\r"))
	f.Add([]byte("HRXL-MaxSonar-WR\rPN:MB7389\rR13R1342\rR765\r"))
	f.Fuzz(func(t *testing.T, line []byte) {
		for name, m := range models {
			format := m.format()
			for rest := line; ; {
				distance, left, d, ok := format.Next(rest)
				if !ok {
					break
				}
				if got := m.append(nil, distance); !bytes.Equal(got, rest[d.Bytes:len(rest)-len(left)]) {
					t.Fatalf("%s: %d mm is not what stood in %q", name, distance, rest)
				}
				rest = left
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	format, line := models["hrxl-wr"].format(), []byte("R1342\r")
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if distance, _, _, ok := format.Next(line); !ok || distance != 1342 {
			b.Fatal("not decoded")
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "readings/s")
}
