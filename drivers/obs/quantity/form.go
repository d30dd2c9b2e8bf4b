package quantity

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// form is a value as a sum of things that nobody can look into, each with its factor, and of
// a number, which is that of the empty name. It shows what cancels out.
type form map[string]float64

func atom(name string) form { return form{"x:" + name: 1} }

// constant is the number that a form is if nothing else is in it.
func (f form) constant() (float64, bool) {
	for name := range f {
		if name != "" {
			return 0, false
		}
	}
	return f[""], f != nil
}

// overflows says whether a factor is no finite number.
func (f form) overflows() bool {
	for _, v := range f {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return true
		}
	}
	return false
}

// plus is f and k times g. What is left of a rounding is nothing.
func (f form) plus(g form, k float64) form {
	out := maps.Clone(f)
	for name, v := range g {
		was := out[name]
		if sum := was + k*v; math.Abs(sum) > 1e-12*max(math.Abs(was), math.Abs(k*v)) || math.IsNaN(sum) || math.IsInf(sum, 0) {
			out[name] = sum
		} else {
			delete(out, name)
		}
	}
	switch {
	case len(out) == 0:
		return form{"": 0}
	case len(out) > 1 && out[""] == 0:
		delete(out, "")
	}
	return out
}

func (f form) scaled(k float64) form { return form{}.plus(f, k) }

// over says by how much f is a multiple of g, if it is one.
func (f form) over(g form) (k float64, is bool) {
	for name, v := range g {
		if k = f[name] / v; k == 0 || math.IsNaN(k) || math.IsInf(k, 0) {
			return 0, false
		}
		break
	}
	left, certain := f.plus(g, -k).constant()
	return k, certain && left == 0
}

// key is a form as a text, the same for the same sum.
func (f form) key() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(f)) {
		b.WriteString(strconv.FormatFloat(f[name], 'g', 12, 64))
		b.WriteString("*" + name + "+")
	}
	return b.String()
}

// formOf is what an operation makes of forms.
func formOf(op string, of []Value) form {
	a := of[0].form
	if len(of) == 2 {
		b := of[1].form
		x, left := a.constant()
		y, right := b.constant()
		switch {
		case op == "+":
			return a.plus(b, 1)
		case op == "-" || op == Compare:
			return a.plus(b, -1)
		case op == "*" && left:
			return b.scaled(x)
		case op == "*" && right:
			return a.scaled(y)
		case op == "/" && right:
			return a.scaled(1 / y)
		case op == "/":
			if k, is := a.over(b); is {
				return form{"": k}
			}
			if left && x == 0 {
				return form{"": 0}
			}
		case op == "%":
			if k, is := a.over(b); is && k == math.Trunc(k) {
				return form{"": 0}
			}
		case op == "^" && right && y == 0:
			return form{"": 1}
		case op == "^" && right && y == 1:
			return a
		case op == "^" && left && right:
			return form{"": math.Pow(x, y)}
		}
	}
	switch op {
	case Minus:
		return a.scaled(-1)
	case Result:
		return a
	}
	return opaque(op, of)
}

// opaque is what nobody looks into.
func opaque(op string, of []Value) form {
	var keys []string
	for _, v := range of {
		keys = append(keys, v.form.key())
	}
	if op == "*" || op == "min" || op == "max" {
		slices.Sort(keys)
	}
	return form{op + "(" + strings.Join(keys, ",") + ")": 1}
}
