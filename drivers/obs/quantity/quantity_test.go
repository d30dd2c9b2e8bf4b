package quantity

import (
	"fmt"
	"testing"
)

var (
	x     = Measured("x", "m", Amount)
	y     = Measured("y", "m", Amount)
	warm  = Measured("t", "℃", Amount)
	speed = Measured("v", "m/s", Amount)
	volt  = Measured("u", "V", Amount)
	amp   = Measured("i", "A", Amount)
	milli = Measured("j", "mA", Amount)
	watt  = Measured("p", "W", Amount)
	a     = Measured("a", "dB(A)", Level)
	b     = Measured("b", "dB(A)", Level)
	north = Measured("d", "°", Direction)
	east  = Measured("e", "°", Direction)
	k     = Constant("k")
	what  = Measured("w", "", Amount)
)

// of applies an operation, and prints what comes of it: the fault, or the unit.
func of(op string, in ...Value) (out Value, text string) {
	for _, v := range in {
		if v.form == nil {
			return Value{}, "?"
		}
	}
	out, wrong := Apply(op, in...)
	switch {
	case wrong != nil && wrong.Msg == "":
		return Value{}, fmt.Sprintf("%s and %s", wrong.Units[0], wrong.Units[1])
	case wrong != nil:
		return Value{}, wrong.Msg
	case out.extent == open:
		return out, "open"
	}
	return out, out.Unit()
}

func do(op string, in ...Value) Value {
	out, _ := of(op, in...)
	return out
}

func TestUnits(t *testing.T) {
	for _, c := range []struct {
		what string
		op   string
		in   []Value
		want string
	}{
		{"x + y", "+", []Value{x, y}, "m"},
		{"x + 1", "+", []Value{x, Number(1)}, "m"},
		{"k - x", "-", []Value{k, x}, "m"},
		{"1 + k", "+", []Value{Number(1), k}, ""},
		{"x + t", "+", []Value{x, warm}, "m and ℃"},
		{"x + w", "+", []Value{x, what}, "open"},
		{"2 * x", "*", []Value{Number(2), x}, "open"},
		{"x / k", "/", []Value{x, k}, "open"},
		{"2 * x + t", "+", []Value{do("*", Number(2), x), warm}, "open"},
		{"x * y", "*", []Value{x, y}, "m^2"},
		{"x / y", "/", []Value{x, y}, "no unit"},
		{"x / y + t", "+", []Value{do("/", x, y), warm}, "no unit and ℃"},
		{"x / y + 1", "+", []Value{do("/", x, y), Number(1)}, "no unit"},
		{"x ^ 0.5", "^", []Value{x, Number(0.5)}, "m^0.5"},
		{"x ^ 0.5 + y", "+", []Value{do("^", x, Number(0.5)), y}, "m^0.5 and m"},
		{"sqrt(x) + y", "+", []Value{do("sqrt", x), y}, "m^0.5 and m"},
		{"sqrt(x * y) + y", "+", []Value{do("sqrt", do("*", x, y)), y}, "m"},
		{"2 * x ^ 0.5 + y", "+", []Value{do("*", Number(2), do("^", x, Number(0.5))), y}, "open"},
		{"x ^ k", "^", []Value{x, k}, "open"},
		{"1.07 ^ t", "^", []Value{Number(1.07), warm}, "open"},
		{"2 ^ 3", "^", []Value{Number(2), Number(3)}, ""},
		{"ln(x)", "ln", []Value{x}, "open"},
		{"log10(k)", "log10", []Value{k}, ""},
		{"u * i compared with p", Compare, []Value{do("*", volt, amp), watt}, "A·V"},
		{"u * j compared with p", Compare, []Value{do("*", volt, milli), watt}, "V·mA and W"},
		{"v * sin(d)", "*", []Value{speed, do("sin", north)}, "m/s"},
		{"cos(x)", "cos", []Value{x}, "cos is of an angle in degrees, this is in m"},
		{"sin(a)", "sin", []Value{a}, "sin is of an angle in degrees, this is in dB(A)"},
		{"rate(x) compared with mm/h", Compare, []Value{x.Per("h"), Measured("r", "mm/h", Amount)}, "m/h and mm/h"},
		{"rate(x) compared with m/h", Compare, []Value{x.Per("h"), Number(3).In("m/h")}, "m/h"},
		{"x % y", "%", []Value{x, y}, "m"},
		{"x % t", "%", []Value{x, warm}, "m and ℃"},
		{"x or y", Choice, []Value{x, y}, "m"},
		{"x or t", Choice, []Value{x, warm}, "m and ℃"},
		{"min(x, 1, y)", "min", []Value{x, Number(1), y}, "m"},
		{"min(x, 1, t)", "min", []Value{x, Number(1), warm}, "m and ℃"},
		{"5m and x", Compare, []Value{Number(300).In("s"), x}, "s and m"},
		{"something unheard of", "gamma", []Value{x}, "open"},
	} {
		if _, got := of(c.op, c.in...); got != c.want {
			t.Errorf("%s is %q, want %q", c.what, got, c.want)
		}
	}
	for unit, fits := range map[string]bool{"W": true, "kW": false, "m": false, "V.A{reactive}": true, "VA": true} {
		if v := do("*", volt, amp); v.Fits(unit) != fits {
			t.Errorf("V·A fits %s: %v", unit, !fits)
		}
	}
	if v := do("/", Measured("q", "m³/h", Amount), Measured("s", "m2", Amount)); !v.Fits("m/h") || v.Fits("m/s") || v.Fits("mm/h") {
		t.Error("m³/h over m2 is m/h")
	}
	if v := do("*", Measured("c", "mg/L", Amount), Measured("q", "L", Amount)); !v.Fits("mg") || v.Fits("g") {
		t.Error("mg/L times L is mg")
	}
	for _, unit := range []string{"% LEL", "/0.1 L", "dBm", "{NTU}", "[pH]", "", "//", "m..", "7", "µ", "m-1"} {
		if v := Measured("z", unit, Amount); !v.Fits(unit) || unit != "" && v.Fits("m") {
			t.Errorf("%q fits %v, m %v", unit, v.Fits(unit), v.Fits("m"))
		}
	}
}

const (
	noCircleSum  = "two directions have no sum and no mean: of 350 and 10 that would be 180, which is south"
	noScale      = "a direction cannot be multiplied or divided: 360 is 0 again"
	jumping      = "the difference of two directions jumps at north: 350 and 10 are 20 apart, not 340"
	noExtreme    = "of directions there is no least and no greatest: 360 is 0 again"
	noDecibelSum = "two levels in decibels have no sum and no plain mean: of 40 and 80 that would be 60, and is 77"
	noShare      = "a level in decibels cannot be multiplied or divided: half of the energy is 3 dB less"
)

func TestDirections(t *testing.T) {
	apart := do("abs", do("-", north, east))
	folded := do("-", apart, Number(180))
	for _, c := range []struct {
		what string
		op   string
		in   []Value
		want string
	}{
		{"d + 15", "+", []Value{north, Number(15)}, "°"},
		{"360 - d", "-", []Value{Number(360), north}, "°"},
		{"d + e", "+", []Value{north, east}, noCircleSum},
		{"(d + 15) + e", "+", []Value{do("+", north, Number(15)), east}, noCircleSum},
		{"d / 2", "/", []Value{north, Number(2)}, noScale},
		{"2 * d", "*", []Value{Number(2), north}, noScale},
		{"d * x", "*", []Value{north, x}, noScale},
		{"x / d", "/", []Value{x, north}, noScale},
		{"d ^ 2", "^", []Value{north, Number(2)}, "a direction is no number to compute with: 360 is 0 again"},
		{"sqrt(d)", "sqrt", []Value{north}, "a direction is no number to compute with: 360 is 0 again"},
		{"min(d, e)", "min", []Value{north, east}, noExtreme},
		{"max(d, 10)", "max", []Value{north, Number(10)}, noExtreme},
		{"d compared", Compare, []Value{north, Number(90)}, "°"},
		{"d - e compared", Compare, []Value{do("-", north, east), Number(90)}, jumping},
		{"(d - e) / 2", "/", []Value{do("-", north, east), Number(2)}, jumping},
		{"cos(d - e)", "cos", []Value{do("-", north, east)}, "no unit"},
		{"cos(d - e - 10)", "cos", []Value{do("-", do("-", north, east), Number(10))}, "no unit"},
		{"abs(d - e) compared", Compare, []Value{apart, Number(30)}, jumping},
		{"abs(d - e) - 90", "-", []Value{apart, Number(90)}, jumping},
		{"-abs(d - e)", Minus, []Value{apart}, jumping},
		{"abs(d - e) - 180 compared", Compare, []Value{folded, Number(30)}, jumping},
		{"180 - abs(abs(d - e) - 180)", "-", []Value{Number(180), do("abs", folded)}, "°"},
		{"180 - abs(180 - abs(d - e))", "-", []Value{Number(180), do("abs", do("-", Number(180), apart))}, "°"},
		{"d - e as a result", Result, []Value{do("-", north, east)}, jumping},
		{"(d + 15) % 360 + e", "+", []Value{do("%", do("+", north, Number(15)), Number(360)), east}, noCircleSum},
		{"d % 180 + d % 180", "+", []Value{do("%", north, Number(180)), do("%", east, Number(180))}, "°"},
	} {
		if _, got := of(c.op, c.in...); got != c.want {
			t.Errorf("%s is %q, want %q", c.what, got, c.want)
		}
	}
}

func TestLevels(t *testing.T) {
	energy := func(v Value) Value { return do("^", Number(10), do("/", v, Number(10))) }
	for _, c := range []struct {
		what string
		op   string
		in   []Value
		want string
	}{
		{"a + 3", "+", []Value{a, Number(3)}, "dB(A)"},
		{"a + b", "+", []Value{a, b}, noDecibelSum},
		{"a / 2 + b / 2", "+", []Value{do("/", a, Number(2)), do("/", b, Number(2))}, noDecibelSum},
		{"a - b / 2", "-", []Value{a, do("/", b, Number(2))}, noDecibelSum},
		{"a - b", "-", []Value{a, b}, "dB(A)"},
		{"(a - b) / 2", "/", []Value{do("-", a, b), Number(2)}, "open"},
		{"b + (a - 0)", "+", []Value{b, do("-", a, Number(0))}, noDecibelSum},
		{"a + (a - b)", "+", []Value{a, do("-", a, b)}, "dB(A)"},
		{"94 - a", "-", []Value{Number(94), a}, "dB(A)"},
		{"(94 - a) * 2", "*", []Value{do("-", Number(94), a), Number(2)}, "open"},
		{"a / 2 compared", Compare, []Value{do("/", a, Number(2)), Number(35)}, noShare},
		{"a / 2 as a result", Result, []Value{do("/", a, Number(2))}, noShare},
		{"-a as a result", Result, []Value{do(Minus, a)}, noShare},
		{"a * x", "*", []Value{a, x}, noShare},
		{"1 / a", "/", []Value{Number(1), a}, noShare},
		{"a % 10", "%", []Value{a, Number(10)}, noShare},
		{"a ^ 2", "^", []Value{a, Number(2)}, "a level in decibels is a logarithm already"},
		{"log10(a)", "log10", []Value{a}, "a level in decibels is a logarithm already"},
		{"10 * log10((10^(a/10) + 10^(b/10)) / 2)", "*", []Value{Number(10), do("log10", do("/", do("+", energy(a), energy(b)), Number(2)))}, "open"},
		{"exp(0.23 * a)", "exp", []Value{do("*", Number(0.23), a)}, "open"},
		{"max(a, b, 30)", "max", []Value{a, b, Number(30)}, "dB(A)"},
		{"max(a, b) + a", "+", []Value{do("max", a, b), a}, noDecibelSum},
		{"a or b, + a", "+", []Value{do(Choice, a, b), a}, noDecibelSum},
		{"rise(a) / 2", "/", []Value{a.Difference(), Number(2)}, "open"},
		{"rate(a)", Compare, []Value{a.Per("h"), Number(2)}, "dB(A)/h"},
	} {
		if _, got := of(c.op, c.in...); got != c.want {
			t.Errorf("%s is %q, want %q", c.what, got, c.want)
		}
	}
}

func TestCertain(t *testing.T) {
	const nought = "nothing can be divided by 0"
	for _, c := range []struct {
		what string
		op   string
		in   []Value
		want string
	}{
		{"x - x", "-", []Value{x, x}, "this is always 0"},
		{"x - y", "-", []Value{x, y}, "m"},
		{"x + y - x", "-", []Value{do("+", x, y), x}, "m"},
		{"(x + y) - (y + x)", "-", []Value{do("+", x, y), do("+", y, x)}, "this is always 0"},
		{"(x + 2) - x", "-", []Value{do("+", x, Number(2)), x}, "this is always the same, whatever is read"},
		{"(0.1 x + 0.2 x) - 0.3 x", "-", []Value{do("+", do("*", Number(.1), x), do("*", Number(.2), x)), do("*", Number(.3), x)}, "this is always 0"},
		{"x y - y x", "-", []Value{do("*", x, y), do("*", y, x)}, "this is always 0"},
		{"x / y - y / x", "-", []Value{do("/", x, y), do("/", y, x)}, "no unit"},
		{"x / x", "/", []Value{x, x}, "this is always 1"},
		{"2 x / x", "/", []Value{do("*", Number(2), x), x}, "this is always the same, whatever is read"},
		{"0 * x", "*", []Value{Number(0), x}, "this is always 0"},
		{"0 / x", "/", []Value{Number(0), x}, "this is always 0"},
		{"x % x", "%", []Value{x, x}, "this is always 0"},
		{"x ^ 0", "^", []Value{x, Number(0)}, "this is always 1"},
		{"k - k", "-", []Value{k, k}, ""},
		{"x / (k - k)", "/", []Value{x, do("-", k, k)}, nought},
		{"x / (2 - 2)", "/", []Value{x, do("-", Number(2), Number(2))}, nought},
		{"x % 0", "%", []Value{x, Number(0)}, nought},
		{"x / (k + 1 - k - 1)", "/", []Value{x, do("-", do("-", do("+", k, Number(1)), k), Number(1))}, nought},
		{"x / (1e-30)", "/", []Value{x, Number(1e-30)}, "open"},
		{"x compared with x", Compare, []Value{x, x}, "both sides are the same"},
		{"x + 1 compared with x", Compare, []Value{do("+", x, Number(1)), x}, "this is always the same, whatever is read"},
		{"1e200 * 1e200", "*", []Value{Number(1e200), Number(1e200)}, "this has no finite result"},
		{"x * 1e200 * 1e200", "*", []Value{do("*", x, Number(1e200)), Number(1e200)}, "this has no finite result"},
		{"0 ^ -1", "^", []Value{Number(0), Number(-1)}, "this has no finite result"},
		{"min(x, y) - min(y, x)", "-", []Value{do("min", x, y), do("min", y, x)}, "this is always 0"},
		{"one choice less another", "-", []Value{do(Choice, x, y).As("1"), do(Choice, x, y).As("2")}, "m"},
		{"-x + x", "+", []Value{do(Minus, x), x}, "this is always 0"},
	} {
		if _, got := of(c.op, c.in...); got != c.want {
			t.Errorf("%s is %q, want %q", c.what, got, c.want)
		}
	}
}
