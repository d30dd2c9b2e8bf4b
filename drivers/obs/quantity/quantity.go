// Package quantity says what becomes of what is measured when people compute with it:
// which numbers go together, in what unit a result is, and what has no meaning at all. The
// conditions of rules and the formulas of derived streams are judged by it alike.
//
// Every part of an expression is a [Value]; [Apply] makes one of others, or says what is
// wrong ([Fault]). It is pure and knows nothing of texts and places: who reads the
// expression says where.
//
// # Units
//
// A number that is written out goes with each unit, and a product with one may be in any:
// the factor may have changed it (0.001 * x, 1.84 * x^1.5). Without one the unit of a product,
// a quotient, a root and a power follows from its parts, and sums, comparisons and results
// must be of one unit, in size too: V·A is W, mV·A is not, and m^0.5 goes with no m. What
// ln, exp and log10 make is open: formulas of practice take them of anything.
//
// # Directions
//
// Behind 360 comes 0. A direction may be turned by degrees and put into sin, cos and tan;
// it cannot be scaled, and two of them have no sum and no mean. Of what lies between two only
// sin, cos and tan can be taken, and 180 - abs(abs(a - b) - 180), which is how far they are
// apart.
//
// # Levels
//
// A level in decibels is a logarithm. Decibels can be added to it, and two levels have a
// difference; they have no sum and no mean but that of their energies,
// 10*log10((10^(a/10) + 10^(b/10)) / 2). A level that was scaled is good as an exponent only.
//
// # What is certain
//
// What is always the same whatever is measured (x - x, x / x, 0 * x, also where other terms
// stand between) is no result, and nothing is divided by what is always nought.
package quantity

import (
	"slices"
)

// Kind says what a measured number is.
type Kind uint8

// The kinds of what is measured.
const (
	Amount    Kind = iota // it adds up, or has a mean at least
	Direction             // degrees of a full circle
	Level                 // decibels
)

// sort is a Kind, or what became of one.
type sort uint8

const (
	amount    sort = iota
	direction      // of a full circle
	swing          // one direction less another: jumps by 360 where one passes north
	apart          // that without its sign, 0 to 360
	folded         // that less 180: its size is 180 less how far the two are apart
	level          // decibels
	scaled         // of a level, good as an exponent
)

// extent says how much is known of a value's unit.
type extent uint8

const (
	number extent = iota // written out, or a constant: goes with each
	open                 // nobody knows
	known                // units
)

// Value is what is known of one part of an expression before anything was measured. The
// zero value is no part of any.
type Value struct {
	sort   sort
	extent extent
	units  units
	form   form
	reads  bool // something that is measured
}

// Number is a number that is written out.
func Number(v float64) Value { return Value{form: form{"": v}} }

// Constant is a number that has a name, whose value is not looked at.
func Constant(name string) Value { return Value{form: atom(name)} }

// Measured is what a stream, or a window of one, gives. Two of one name are the same at
// each moment. unit is a UCUM code or what people write for one; empty: it is not known, "1":
// there is none.
func Measured(name, unit string, k Kind) Value {
	v := Value{sort: [...]sort{Amount: amount, Direction: direction, Level: level}[k], extent: known, units: units{unit: 1}, form: atom(name), reads: true}
	if unit == "" {
		v.extent, v.units = open, nil
	}
	return v
}

// In is v in a unit, for a number of which that is known; empty: it is not.
func (v Value) In(unit string) Value {
	if unit != "" {
		v.extent, v.units = known, units{unit: 1}
	}
	return v
}

// Per is v for each of another unit, like the change of a level in an hour.
func (v Value) Per(unit string) Value {
	if v.sort = amount; v.extent == known {
		v.units = v.units.times(units{unit: 1}, -1)
	}
	return v
}

// Difference is what v changed by, which adds up even where v does not.
func (v Value) Difference() Value {
	v.sort = amount
	return v
}

// As is v under another name, for what depends on more than its parts show.
func (v Value) As(name string) Value {
	v.form = atom(name)
	return v
}

// Unit is the unit for people; empty where it is not known or there is none.
func (v Value) Unit() string {
	if v.extent != known {
		return ""
	}
	return v.units.String()
}

// Fits says whether a value can be in a unit, as it is.
func (v Value) Fits(unit string) bool {
	return v.extent != known || alike(v, Value{extent: known, units: units{unit: 1}})
}

// Always is the number that a value is whatever is measured.
func (v Value) Always() (is float64, certain bool) { return v.form.constant() }

// Operations beside the operators + - * / % ^ and the functions abs, min, max, sqrt, exp,
// ln, log10, sin, cos and tan.
const (
	Minus   = "neg"     // of one value
	Compare = "compare" // of two: their difference is what counts
	Choice  = "choice"  // one of two
	Result  = "result"  // of one: what comes out in the end
)

// Apply is what an operation makes of its operands. An operation that it does not know makes
// something of which nothing is known.
func Apply(op string, of ...Value) (Value, *Fault) {
	out, wrong := judged(op, of)
	if wrong != nil {
		return Value{}, wrong
	}
	out.reads = slices.ContainsFunc(of, func(v Value) bool { return v.reads })
	if out.form == nil {
		out.form = formOf(op, of)
	}
	switch is, certain := out.form.constant(); {
	case out.form.overflows():
		return Value{}, &Fault{Why: Nothing, Msg: "this has no finite result", Hint: "write the number that is meant"}
	case op == Result || op == Minus:
	case certain && out.reads:
		return Value{}, always(op, is)
	}
	return out, nil
}

func judged(op string, of []Value) (Value, *Fault) {
	switch op {
	case "+", "-":
		return sum(op, of[0], of[1])
	case "*", "/":
		return product(op, of[0], of[1])
	case "%":
		return remainder(of[0], of[1])
	case "^":
		return power(of[0], of[1])
	case "sqrt", "exp", "ln", "log10":
		return function(op, of[0])
	case "sin", "cos", "tan":
		return circular(op, of[0])
	case "abs", Minus:
		return signed(op, of[0])
	case "min", "max", Compare, Choice, Result:
		return among(op, of)
	}
	return Value{extent: open}, nil
}

// together is the unit of values that are added, compared or chosen from.
func together(of ...Value) (Value, *Fault) {
	out := of[0]
	for _, v := range of[1:] {
		switch {
		case out.extent == known && v.extent == known && !alike(out, v):
			return out, &Fault{Why: Units, Units: [2]string{out.units.String(), v.units.String()}}
		case out.extent == number, v.extent == open:
			out.extent, out.units = v.extent, v.units
		}
	}
	return Value{extent: out.extent, units: out.units}, nil
}

func sum(op string, a, b Value) (Value, *Fault) {
	out, wrong := together(a, b)
	if wrong != nil {
		return out, wrong
	}
	x, y, less := a.sort, b.sort, op == "-"
	half, _ := b.form.constant()
	if y == apart {
		half, _ = a.form.constant()
	}
	switch pair := [2]sort{min(x, y), max(x, y)}; {
	case pair == [2]sort{amount, amount}:
	case pair == [2]sort{amount, direction}, pair == [2]sort{amount, swing}:
		out.sort = pair[1]
	case pair == [2]sort{amount, apart} && less && half == 180:
		out.sort = folded
	case pair == [2]sort{direction, direction} && less:
		out.sort = swing
	case pair == [2]sort{direction, direction}:
		return out, &Fault{Why: Circle, Msg: "two directions have no sum and no mean: of 350 and 10 that would be 180, which is south", Hint: vectorMean}
	case pair[1] <= folded:
		return out, jumps()
	case pair == [2]sort{amount, level}:
		if out.sort = level; less && y == level {
			out.sort = amount // how much less than so many decibels
		}
	case pair == [2]sort{level, level} && less:
	case pair == [2]sort{amount, scaled}:
		out.sort = scaled
	case pair == [2]sort{scaled, scaled} && less:
		out.extent, out.units = open, nil
	default:
		return out, &Fault{Why: Logarithm, Msg: "two levels in decibels have no sum and no plain mean: of 40 and 80 that would be 60, and is 77", Hint: energyMean}
	}
	return out, nil
}

func product(op string, a, b Value) (Value, *Fault) {
	if v, certain := b.form.constant(); op == "/" && certain && v == 0 {
		return Value{}, &Fault{Why: Nothing, Operand: 2, Msg: "nothing can be divided by 0", Hint: "write what to divide by"}
	}
	x, y := a.sort, b.sort
	switch {
	case between(x) || between(y):
		return Value{}, jumps()
	case x == direction || y == direction:
		return Value{}, &Fault{Why: Circle, Msg: "a direction cannot be multiplied or divided: 360 is 0 again", Hint: turn}
	case (x >= level) && !b.reads && y == amount, y >= level && !a.reads && op == "*" && x == amount:
		return Value{sort: scaled, extent: open}, nil
	case x >= level || y >= level:
		return Value{}, &Fault{Why: Logarithm, Msg: "a level in decibels cannot be multiplied or divided: half of the energy is 3 dB less", Hint: decibels}
	case a.extent == number && b.extent == number:
		return Value{}, nil
	case a.extent != known || b.extent != known:
		return Value{extent: open}, nil
	}
	sign := 1.0
	if op == "/" {
		sign = -1
	}
	return Value{extent: known, units: a.units.times(b.units, sign)}, nil
}

func remainder(a, b Value) (Value, *Fault) {
	v, certain := b.form.constant()
	switch {
	case certain && v == 0:
		return Value{}, &Fault{Why: Nothing, Operand: 2, Msg: "nothing can be divided by 0", Hint: "write what to divide by"}
	case a.sort == direction && certain && v == 360:
		return Value{sort: direction, extent: a.extent, units: a.units}, nil
	case between(a.sort) || between(b.sort):
		return Value{}, jumps()
	case a.sort >= level || b.sort >= level:
		return Value{}, &Fault{Why: Logarithm, Msg: "a level in decibels cannot be multiplied or divided: half of the energy is 3 dB less", Hint: decibels}
	}
	return together(a, b)
}

func power(a, b Value) (Value, *Fault) {
	if wrong := plain(a.sort); wrong != nil {
		return Value{}, wrong
	}
	if b.sort < level {
		if wrong := plain(b.sort); wrong != nil {
			return Value{}, wrong
		}
	}
	e, certain := b.form.constant()
	switch {
	case a.extent == number && !b.reads:
		return Value{}, nil
	case a.extent == known && certain:
		return Value{extent: known, units: units{}.times(a.units, e)}, nil
	}
	return Value{extent: open}, nil
}

func function(op string, a Value) (Value, *Fault) {
	if wrong := plain(a.sort); wrong != nil && (op != "exp" || a.sort < level) {
		return Value{}, wrong
	}
	switch {
	case a.extent == number:
		return Value{}, nil
	case op == "sqrt" && a.extent == known:
		return Value{extent: known, units: units{}.times(a.units, 0.5)}, nil
	}
	return Value{extent: open}, nil
}

func circular(op string, a Value) (Value, *Fault) {
	if a.sort >= level || a.extent == known && !alike(a, degrees) && !alike(a, one) {
		return Value{}, &Fault{Why: Units, Msg: op + " is of an angle in degrees, this is in " + a.units.String(), Hint: "name a direction or a tilt, or multiply with what makes degrees of it"}
	}
	if !a.reads {
		return Value{}, nil
	}
	return Value{extent: known, units: units{}}, nil
}

var (
	degrees = Value{extent: known, units: units{"deg": 1}}
	one     = Value{extent: known, units: units{}}
)

func signed(op string, a Value) (Value, *Fault) {
	out := Value{sort: a.sort, extent: a.extent, units: a.units}
	switch {
	case op == "abs" && a.sort == swing:
		out.sort = apart
	case op == "abs" && a.sort == folded:
		out.sort = amount
	case op == Minus && a.sort == apart:
		return out, jumps()
	case op == Minus && a.sort == level:
		out.sort = scaled
	}
	return out, nil
}

// among judges what stands side by side.
func among(op string, of []Value) (Value, *Fault) {
	out, wrong := together(of...)
	if wrong != nil {
		return out, wrong
	}
	for _, v := range of {
		switch {
		case between(v.sort):
			return out, jumps()
		case v.sort == direction && op != Compare && op != Choice && len(of) > 1:
			return out, &Fault{Why: Circle, Msg: "of directions there is no least and no greatest: 360 is 0 again", Hint: vectorMean}
		case v.sort == scaled && (op == Compare || op == Result):
			return out, &Fault{Why: Logarithm, Msg: "a level in decibels cannot be multiplied or divided: half of the energy is 3 dB less", Hint: decibels}
		}
		out.sort = max(out.sort, v.sort)
	}
	return out, nil
}

// between says whether a sort comes of two directions.
func between(s sort) bool { return s == swing || s == apart || s == folded }

// plain refuses what cannot be put into a function.
func plain(s sort) *Fault {
	switch {
	case between(s):
		return jumps()
	case s == direction:
		return &Fault{Why: Circle, Msg: "a direction is no number to compute with: 360 is 0 again", Hint: turn}
	case s >= level:
		return &Fault{Why: Logarithm, Msg: "a level in decibels is a logarithm already", Hint: decibels}
	}
	return nil
}

// always is the fault of what has one result whatever is measured.
func always(op string, is float64) *Fault {
	f := &Fault{Why: Nothing, Msg: "this is always the same, whatever is read", Hint: "name two different streams, or leave it out"}
	switch {
	case op == Compare && is == 0:
		f.Msg, f.Hint = "both sides are the same", "compare with a number, or with another stream"
	case op == Compare:
	case is == 0:
		f.Msg = "this is always 0"
	case is == 1:
		f.Msg = "this is always 1"
	}
	return f
}
