package obs

import (
	"math"
	"strings"
	"testing"
)

func TestFlagCodes(t *testing.T) {
	for f, code := range map[Flag]int{Pass: 1, NotEvaluated: 2, Suspect: 3, Fail: 4, Missing: 9} {
		if f.Code() != code {
			t.Errorf("%v.Code() = %d, want %d", f, f.Code(), code)
		}
		if got, ok := FlagOf(code); !ok || got != f {
			t.Errorf("FlagOf(%d) = %v, %v; want %v", code, got, ok, f)
		}
	}
	for _, code := range []int{0, 5, 8, 10, -1} {
		if _, ok := FlagOf(code); ok {
			t.Errorf("FlagOf(%d) is accepted", code)
		}
	}
}

// The vector of ioos_qc's roll-up: the highest of 9 < 2 < 1 < 3 < 4.
func TestWorst(t *testing.T) {
	order := []Flag{Missing, NotEvaluated, Pass, Suspect, Fail}
	for i, a := range order {
		for j, b := range order {
			want := order[max(i, j)]
			got := Quality{a, "a"}.Worst(Quality{b, "b"})
			if got.Flag != want {
				t.Errorf("%v.Worst(%v) = %v, want %v", a, b, got.Flag, want)
			}
			if i < j && got.Why != "b" || i >= j && got.Why != "a" {
				t.Errorf("%v.Worst(%v) has reason %q", a, b, got.Why)
			}
		}
	}
}

func TestUsable(t *testing.T) {
	for f, want := range map[Flag]bool{NotEvaluated: true, Pass: true, Suspect: true, Fail: false, Missing: false} {
		if got := (Quality{Flag: f}).Usable(); got != want {
			t.Errorf("%v is usable: %v, want %v", f, got, want)
		}
	}
}

func TestOf(t *testing.T) {
	if r := Of(2.5); r.Value != 2.5 || r.Quality != (Quality{}) {
		t.Errorf("Of(2.5) = %+v", r)
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if r := Of(v); !math.IsNaN(r.Value) || r.Quality != (Quality{Missing, NotANumber}) {
			t.Errorf("Of(%v) = %+v, want a missing reading", v, r)
		}
	}
}

func TestStream(t *testing.T) {
	for _, s := range []string{"river/level", "pm-north/pm2_5", "tank/temp.inlet", "7/x"} {
		got, err := ParseStream(s)
		if err != nil || got.String() != s {
			t.Errorf("ParseStream(%q) = %v, %v", s, got, err)
		}
	}
	for s, want := range map[string]string{
		"river":                        "no '/'",
		"/level":                       "device: an id is empty",
		"river/":                       "has 1 to 32 characters",
		"River/level":                  `'R' is not allowed at position 1`,
		"-a/level":                     `'-' is not allowed at position 1`,
		"river/level.":                 "qualifier",
		"river/level.in.let":           `'.' is not allowed at position 3`,
		"river/2_5":                    `'2' is not allowed at position 1`,
		"a/" + strings.Repeat("x", 33): "this one has 33",
		strings.Repeat("a", 49) + "/x": "at most 48",
		"river/level/more":             `'/' is not allowed`,
		"r\xffiver/level":              "is not allowed at position 2",
		"river/" + "level\n":           "is not allowed at position 6",
		"水位/level":                     "is not allowed at position 1",
	} {
		if _, err := ParseStream(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseStream(%q) gives %v, want %q", s, err, want)
		}
	}
}

func FuzzParseStream(f *testing.F) {
	f.Add("river/level")
	f.Add("tank/temp.inlet")
	f.Add("a/b/c")
	f.Fuzz(func(t *testing.T, in string) {
		s, err := ParseStream(in)
		if err == nil && s.String() != in {
			t.Errorf("ParseStream(%q) then String gives %q", in, s)
		}
	})
}
