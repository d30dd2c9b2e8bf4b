package maxbotix

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
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

func TestOptions(t *testing.T) {
	drivertest.Refuses(t, Kind(), []drivertest.Refusal{
		{Options: "model: mb7389", Says: "model: \"mb7389\" is not in this family; write one of hrxl-wr, hrxl-wrl, xl-wr, xl-wrl"},
		{Options: "{model: xl-wr, height: 3.0001}", Says: "height: 3.0001 m is finer"},
		{Options: "{model: xl-wr, height: 3000}", Says: "height cannot be 3000 m; write 0.05 to 100 m"},
	})
	if _, err := drivertest.Plan(Kind(), "height: 3"); err == nil || !strings.Contains(err.Error(), "model") {
		t.Errorf("without a model: %v", err)
	}
	for src, want := range map[string]drivers.Channel{
		"model: hrxl-wr":              {Name: "distance", Min: 0.301, Max: 4.999, Resolution: 0.001},
		"{model: xl-wrl, height: 12}": {Name: "level", Min: 1.33, Max: 11.79, Resolution: 0.01},
	} {
		p, err := drivertest.Plan(Kind(), src)
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
			d := drivertest.Open(t, Kind(), "model: hrxl-wr", drivertest.NewPort(drivertest.Chunk{At: time.Millisecond, Bytes: []byte(c.line)}))
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
		for _, m := range models {
			drivertest.Frames(t, m.format(), line, func(distance int) []byte { return m.append(nil, distance) })
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
