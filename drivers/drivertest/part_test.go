package drivertest

import (
	"math"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

func TestParsePart(t *testing.T) {
	p, err := parsePart("# a comment\nsource: captured: here\noptions: {model: x}\nwant: temp=1\n\n42 4D\n# more\n00 1c\n")
	if err != nil || p.Source != "captured: here" || p.Options != "{model: x}" || p.Want != "temp=1" || string(p.Frame) != "BM\x00\x1c" {
		t.Errorf("parsePart gives %+v, %v", p, err)
	}
	for src, want := range map[string]string{
		"want: a=1\n\n00": "does not say its source",
		"source: x\n\n00": "either want or want-fault",
		"source: x\nwant: a=1\nwant-fault: y\n\n00": "either want or want-fault",
		"source: x\nwant: a=1\n":                    "holds no bytes",
		"source: x\nwant: a=1\n\n0g":                "line 4: encoding/hex",
		"sauce: x\n":                                `line 1: "sauce" is none of`,
	} {
		if _, err := parsePart(src); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("parsePart(%q) gives %v, want %q", src, err, want)
		}
	}
}

func TestCompare(t *testing.T) {
	channels := []drivers.Channel{{Name: "temp"}, {Name: "rh"}}
	pair := func(a, b obs.Reading) []obs.Reading { return []obs.Reading{a, b} }
	flagged := obs.Reading{Value: 50, Quality: obs.Quality{Flag: obs.Suspect, Why: obs.Flat}}
	tenth := 0.1
	for _, c := range []struct {
		name string
		got  []obs.Reading
		want string
		err  string // empty: equal
	}{
		{"equal", pair(obs.Of(21.2), obs.Of(50)), "temp=21.2 rh=50", ""},
		{"flags", pair(obs.None(obs.WarmUp), flagged), "temp=none/warm-up rh=50/suspect/flat", ""},
		{"almost", pair(obs.Of(212*tenth), obs.Of(50)), "temp=21.2 rh=50", "temp is 21.200000000000003, want 21.2"},
		{"too few", []obs.Reading{obs.Of(1)}, "temp=1 rh=50", "1 readings for 2 channels"},
		{"too few wanted", pair(obs.Of(1), obs.Of(2)), "temp=1", "2 readings, want 1"},
		{"other order", pair(obs.Of(50), obs.Of(21.2)), "rh=50 temp=21.2", "channel 0 is temp, want rh"},
		{"no flag", pair(obs.Of(1), obs.Of(50)), "temp=1 rh=50/suspect/flat", `rh is judged "not evaluated"`},
		{"a number that is missing", pair(obs.Reading{Value: 0, Quality: obs.Quality{Flag: obs.Missing}}, obs.Of(50)), "temp=none/ rh=50", "no value goes with missing"},
		{"no number that is not missing", pair(obs.Reading{Value: math.NaN()}, obs.Of(50)), "temp=1 rh=50", "no value goes with missing"},
		{"a want without =", pair(obs.Of(1), obs.Of(2)), "temp", "has no '='"},
		{"a want without a number", pair(obs.Of(1), obs.Of(2)), "temp=warm", "invalid syntax"},
	} {
		err := compare(channels, c.got, c.want)
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: compare gives %v, want %q", c.name, err, c.err)
		}
	}
}
