package yamldoc

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

type ranged struct {
	Height *float64           `yaml:"height" range:"0.05..100 m" means:"from the zero up"`
	Count  uint8              `yaml:"count" range:"1..99"`
	Idle   time.Duration      `yaml:"idle" range:"1s..24h"`
	Room   Size               `yaml:"room" range:"4MB..4GB"`
	Points map[string]float64 `yaml:"points" range:"-1..1 V"`
	Free   float64            `yaml:"free" range:"-"`
}

// What is not within a field's range is told where it stands, with the range, its unit
// and what it is; everything else is taken.
func TestRanges(t *testing.T) {
	for src, want := range map[string]string{
		"height: 3000":                  "r:1:9: E1111 height cannot be 3000 m; write 0.05 to 100 m, from the zero up",
		"height: 0.04":                  "height cannot be 0.04 m",
		"height: -3":                    "height cannot be -3 m",
		"height: 1e300":                 "height cannot be 1e300 m",
		"count: 0":                      "count cannot be 0; write 1 to 99",
		"count: 0x64":                   "count cannot be 0x64; write 1 to 99",
		"idle: 25h":                     "idle cannot be 25h; write 1s to 24h",
		"idle: 0":                       "idle cannot be 0; write 1s to 24h",
		"room: 1kB":                     "room cannot be 1kB; write 4MB to 4GB",
		"points: {a: 0.5, b: 2}":        "r:1:21: E1111 b cannot be 2 V; write -1 to 1 V",
		"{height: 5000, idle: 3}":       "E1111 height cannot be 5000 m",
		"{height: 0,2}":                 "write height: 0.2",
		"height: high":                  "E1106",
		"{height: 0.05, count: 99}":     "",
		"{height: 100, idle: 1d}":       "",
		"{points: {a: -1}, free: -1e9}": "",
		"{height: , room: 4GB}":         "",
	} {
		doc, err := Parse("r", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		switch err = doc.Decode(&ranged{}); {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v; want %q", src, err, want)
		case want != "" && strings.Contains(src, "0,2") && strings.Contains(err.Error(), "E1111"):
			t.Errorf("%s: a number that a comma has torn was weighed: %v", src, err)
		}
	}
}

func TestRangeInSchema(t *testing.T) {
	got, err := json.Marshal(SchemaOf(ranged{}, func(string) Note { return Note{} })["properties"])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"height":{"maximum":100,"minimum":0.05,"type":"number"}`, `"count":{"maximum":99,"minimum":1,"type":"integer"}`, `"free":{"type":"number"}`} {
		if !strings.Contains(string(got), want) {
			t.Errorf("%s\nis without %s", got, want)
		}
	}
}

func TestParseRange(t *testing.T) {
	for _, s := range []string{"", "5", "5 m", "5..x m", "x..5", "5..5 m", "9..1", "1s..", ".."} {
		if r, err := ParseRange(s); err == nil {
			t.Errorf("%q is %v", s, r)
		}
	}
	doc, err := Parse("r", []byte("a: 1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Decode(&struct {
		A int `yaml:"a" range:"low"`
	}{}); err == nil || !strings.Contains(err.Error(), `"low" is no range`) {
		t.Errorf("a tag that is none: %v", err)
	}
}

// A range has its ends, and nothing beyond them; it is written as it was read.
func FuzzRange(f *testing.F) {
	f.Add(0.05, 100.0)
	f.Add(-1e-6, 1e6)
	f.Fuzz(func(t *testing.T, a, b float64) {
		if !(a < b) || math.IsInf(a, 0) || math.IsInf(b, 0) {
			return
		}
		r := Within(a, b, "m")
		low, high, _ := strings.Cut(strings.TrimSuffix(r.String(), " m"), " to ")
		again, err := ParseRange(low + ".." + high + " m")
		if err != nil || again.Least != a || again.Most != b || !again.Has(a) || !again.Has(b) || again.Has(math.Nextafter(b, math.Inf(1))) || again.Has(math.NaN()) {
			t.Errorf("%v to %v is written %v and read %+v, %v", a, b, r, again, err)
		}
	})
}
