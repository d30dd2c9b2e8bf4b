package profile

import (
	"math/big"
	"testing"
)

func TestParseDecimal(t *testing.T) {
	for s, want := range map[string]Decimal{
		"0": {}, "1": {1, 0}, "-40": {-40, 0}, "0.01": {1, 2}, "-0.5": {-5, 1}, "1.20": {12, 1}, "100000": {100000, 0},
		"9806.65": {980665, 2}, "0.000000000000001": {1, 15}, "999999999999999": {999999999999999, 0}, "-.5": {},
	} {
		got, err := ParseDecimal(s)
		if s == "-.5" {
			if err == nil {
				t.Errorf("%s is accepted as %v", s, got)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("ParseDecimal(%s) = %v, %v; want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "-", ".", "1.", ".5", "1e3", "0x10", "+1", "1_000", "1 000", "--1", "1.-5", "1.+5", "1/2", "NaN", "1000000000000000", "0.0000000000000001", "９"} {
		if d, err := ParseDecimal(s); err == nil {
			t.Errorf("ParseDecimal(%q) accepts it as %v", s, d)
		}
	}
}

func TestScale(t *testing.T) {
	for s, want := range map[string]float64{"0.1": 0.1, "100000/9806.65": 10.197162129779283, "-2": -2, "1 / 3": 1.0 / 3} {
		var got Scale
		if err := got.UnmarshalText([]byte(s)); err != nil || got.Float() != want {
			t.Errorf("%s = %v, %v; want %v", s, got.Float(), err, want)
		}
	}
	for _, s := range []string{"0", "1/0", "1/2/3", "", "ten", "1/"} {
		var got Scale
		if err := got.UnmarshalText([]byte(s)); err == nil {
			t.Errorf("%q is accepted as %v", s, got)
		}
	}
}

// FuzzDecimal: what is accepted is the number that strconv would read.
func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0.01", "-40", "1.20", "9806.65", "1e3", "-.5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDecimal(s)
		if err != nil {
			return
		}
		exact, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("%q is accepted", s)
		}
		if want, _ := exact.Float64(); d.Float() != want {
			t.Errorf("%q reads as %v, want %v", s, d.Float(), want)
		}
	})
}
