package winsen

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/winsen"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// switches are the commands that no module confirms.
var switches = []drivertest.Exchange{{Request: codec.Request(codec.Mode, 0x41)}}

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   drivertest.Load(t, "testdata/ze07-co.frame"),
		Beyond: drivertest.Load(t, "testdata/beyond.frame"),
		Knows:  switches,
	})
}

// The same promises hold when the module is asked.
func TestConformanceAsked(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   drivertest.Load(t, "testdata/ze07-co-asked.frame"),
		Beyond: drivertest.Load(t, "testdata/beyond-asked.frame"),
		Knows:  switches,
	})
}

func TestOptions(t *testing.T) {
	drivertest.Refuses(t, Kind(), []drivertest.Refusal{
		{Options: "model: mh-z19b", Key: "model", Says: "write one of ze03, ze07-ch2o"},
		{Options: "model: ze12a", Key: "gas", Says: "write co, h2s, no2, o3, so2"},
		{Options: "{model: ze03, gas: o2}", Key: "gas", Says: "write cl2, co"},
		{Options: "{model: ze07-co, gas: ch2o}", Key: "gas", Says: "write co"},
		{Options: "{model: ze07-co, mode: qa}", Key: "mode", Says: "write active or ask"},
		{Options: "{model: ze15-co, mode: ask}", Key: "mode", Says: "write active"},
		{Options: "{model: ze07-co, settle: 10s}", Key: "settle", Says: "10s is shorter than the part takes; write 3m0s at least"},
		{Options: "{model: ze07-co, settle: 31d}", Says: "settle cannot be 31d; write 1s to 30d"},
	})
	if _, err := drivertest.Plan(Kind(), "{}"); err == nil || !strings.Contains(err.Error(), "model") {
		t.Errorf("without a model: %v", err)
	}
	for yaml, want := range map[string]time.Duration{
		"model: ze07-co": 3 * time.Minute, "model: ze15-co": 30 * time.Second, "{model: ze15-co, settle: 1d}": 24 * time.Hour,
	} {
		if p, err := drivertest.Plan(Kind(), yaml); err != nil || p.WarmUp != want {
			t.Errorf("%s: %+v, %v, want a warm-up of %v", yaml, p, err, want)
		}
	}
}

// Every model with every of its gases makes a plan, and its page says so.
func TestModels(t *testing.T) {
	metrics := drivertest.Metrics(t)
	for name, m := range models {
		for _, g := range m.gases {
			p, err := drivertest.Plan(Kind(), fmt.Sprintf("{model: %s, gas: %s}", name, g))
			if err != nil {
				t.Errorf("%s for %s: %v", name, g, err)
				continue
			}
			c := p.Channels[0]
			if metric, ok := metrics.Lookup(c.Name); !ok || strings.HasSuffix(c.Name, "_ppb") != (metric.Unit == "[ppb]") || c.Max > metric.Max {
				t.Errorf("%s for %s: channel %+v, metric %+v", name, g, c, metric)
			}
			if !strings.Contains(readme, "`"+name+"`") || !strings.Contains(readme, "| "+g+" |") {
				t.Errorf("README.md does not name `%s` and %s", name, g)
			}
		}
	}
}

// A module that is asked is switched once, and again when it may have lost its power.
func TestSwitching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		talks := false
		p := drivertest.NewPort()
		p.Answer = func(request []byte) []drivertest.Chunk {
			switch {
			case request[2] == codec.Mode:
				return nil
			case talks:
				return []drivertest.Chunk{{At: 300 * time.Millisecond, Bytes: codec.Frame{4, 3, 1, 0, 0x25, 0x13, 0x88}.Append(nil)}}
			}
			return []drivertest.Chunk{{At: 20 * time.Millisecond, Bytes: codec.Frame{codec.Read, 0, 0x25}.Append(nil)}}
		}
		d := drivertest.Open(t, Kind(), "{model: ze07-co, mode: ask}", p)
		for i, want := range []string{"switch ask", "ask", "ask", "switch ask", "switch ask", "ask"} {
			talks = i == 2 || i == 3
			p.Written = nil
			rs, err := d.Once(t.Context())
			if err != nil || rs[0].Value != 3.7 {
				t.Fatalf("sample %d: %v, %v", i, rs, err)
			}
			var sent []string
			for _, w := range p.Written {
				sent = append(sent, map[byte]string{codec.Mode: "switch", codec.Read: "ask"}[w[2]])
			}
			if got := strings.Join(sent, " "); got != want {
				t.Errorf("sample %d: sent %q, want %q", i, got, want)
			}
		}
	})
}

// FuzzUpload holds that whatever a line brings, each frame that is found stood in it,
// and a value is never above 65.535 ppm times a thousand, below 0, or not a number.
func FuzzUpload(f *testing.F) {
	for _, name := range []string{"ze07-co", "ze12a-co", "ze25-o3", "unknown-unit", "five-decimals", "start-bytes"} {
		f.Add(drivertest.Load(f, "testdata/"+name+".frame").Frame)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		for _, v := range drivertest.Frames(t, format, line, func(v codec.Frame) []byte { return v.Append(nil) }) {
			for _, g := range gases {
				x, full, err := upload{v}.value(g)
				if err == nil && !(x >= 0 && x <= 65535000 && full >= 0 && full <= 65535000) {
					t.Fatalf("frame % x has the value %v of %v", v, x, full)
				}
			}
		}
	})
}

func BenchmarkSample(b *testing.B) {
	good := drivertest.Load(b, "testdata/ze07-co.frame").Frame
	d := driver{gas: gases["co"], channel: gases["co"].channel}
	b.SetBytes(codec.Size)
	b.ReportAllocs()
	for b.Loop() {
		f, _, _, ok := format.Next(good)
		if r, err := d.uploaded(upload{f}); !ok || err != nil || r.Value != 3.7 {
			b.Fatal(r, err)
		}
	}
}
