package derive

import (
	"math"
	"strings"
	"testing"
)

func TestFormula(t *testing.T) {
	for text, want := range map[string]float64{
		"12.40 - x": 9.9, "x*2+y": 8, "-x^2": -6.25, "2^3^2": 512, "2 - 3 - 4": -5, "8/4/2": 1, "(x+y)*2": 11, "max(x, y, 1)": 3,
		"min(x,y)": 2.5, "abs(-3)": 3, "sqrt(9)": 3, "sin(30)": 0.5, "ln(exp(1))": 1, "log10(1e3)": 3, "1e-3*x": 0.0025, "--x": 2.5, "2^-1": 0.5,
		"1.84*2*x^1.5": 1.84 * 2 * math.Pow(2.5, 1.5), "tan(45)+cos(60)": 1.5, "1.5E+2": 150,
	} {
		f, err := ParseFormula(text, []string{"x", "y"})
		if err != nil {
			t.Errorf("ParseFormula(%q): %v", text, err)
			continue
		}
		if got := f.At([]float64{2.5, 3}); math.Abs(got-want) > 1e-12 {
			t.Errorf("%s = %v, want %v", f, got, want)
		}
	}
	for _, text := range []string{"1/(x-2.5)", "sqrt(-1)", "1/(1/(x-2.5))", "10^400", "0^-1", "min(1, 1/0)"} {
		f, err := ParseFormula(text, []string{"x"})
		if err != nil {
			t.Fatal(err)
		}
		if got := f.At([]float64{2.5}); !math.IsNaN(got) {
			t.Errorf("%s = %v, want no number", text, got)
		}
	}
}

func TestWrongFormula(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "byte 0: the formula ends too early; write a number or one of x",
		"x +":                     "byte 3: the formula ends too early",
		"x y":                     `byte 2: 'y' is not expected`,
		"12.4 - z":                `byte 7: nothing is called "z"; here there are x`,
		"(x":                      "byte 2: a bracket is not closed; add )",
		"1.2.3":                   `byte 0: "1.2.3" is no number`,
		"sqrt x":                  "byte 5: sqrt is a function",
		"sqrt(x, 2)":              "byte 0: sqrt takes 1 to 1 numbers",
		"abs()":                   `byte 4: ')' is not expected`,
		"x $ 2":                   `byte 2: '$' is not expected`,
		strings.Repeat("(", 100):  "nested too deeply",
		strings.Repeat("x+", 100): "too long a chain",
		strings.Repeat("1", 501):  "501 bytes",
		"max(1,2,3,4,5,6,7,8,9)":  "max takes 1 to 8 numbers, not 9",
		"x - 水":                   "is not expected",
	} {
		_, err := ParseFormula(text, []string{"x"})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseFormula(%q) gives %v, want %s", text, err, want)
		}
	}
}

// FuzzFormula holds that what is accepted reads back from what it prints as the same, and
// computes the same without panic.
func FuzzFormula(f *testing.F) {
	for _, s := range []string{"12.40 - x", "1.84*2*x^1.5", "max(x, -y)/0", "((x))", "2^-1e3", "min(x,y"} {
		f.Add(s, 1.5, -2.0)
	}
	f.Fuzz(func(t *testing.T, text string, x, y float64) {
		names := []string{"x", "y"}
		a, err := ParseFormula(text, names)
		if err != nil {
			if e := asFormulaError(err); e.Offset < 0 || e.Offset > len(text) {
				t.Fatalf("%q: error at byte %d", text, e.Offset)
			}
			return
		}
		printed := a.String()
		b, err := ParseFormula(printed, names)
		if err != nil {
			if len(printed) > maxFormula || strings.Contains(err.Error(), "nested") {
				return // the brackets that it prints count too
			}
			t.Fatalf("%q prints %q: %v", text, printed, err)
		}
		v, w := a.At([]float64{x, y}), b.At([]float64{x, y})
		if v != w && !(math.IsNaN(v) && math.IsNaN(w)) {
			t.Fatalf("%q is %v, %q is %v", text, v, printed, w)
		}
		if math.IsInf(v, 0) {
			t.Fatalf("%q is infinite", text)
		}
	})
}
