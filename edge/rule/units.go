package rule

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/lamppost-city/lamppost/drivers/obs/quantity"
)

// operations are what quantity calls what a node does with numbers.
var operations = map[op]string{
	opNeg: quantity.Minus, opAbs: "abs", opAdd: "+", opSub: "-", opMul: "*", opDiv: "/", opMod: "%", opPow: "^", opPick: quantity.Choice,
	opLess: quantity.Compare, opLessEq: quantity.Compare, opMore: quantity.Compare, opMoreEq: quantity.Compare, opEqual: quantity.Compare, opNotEq: quantity.Compare,
}

// meaning is what is known of a number: its unit, and what it can be used for.
func (c *compiler) meaning(n *node) quantity.Value {
	if v, known := c.values[n]; known {
		return v
	}
	v := c.understood(n)
	c.values[n] = v
	return v
}

func (c *compiler) understood(n *node) quantity.Value {
	switch n.op {
	case opConst:
		if n.timed {
			return quantity.Number(n.num).In("s")
		}
		return quantity.Number(n.num)
	case opNeg, opAbs, opAdd, opSub, opMul, opDiv, opMod, opPow:
		v, _ := quantity.Apply(operations[n.op], c.operands(n)...) // which was said where it stands
		return v
	}
	in := c.reads[n.read]
	s := c.known[in.stream]
	name := fmt.Sprint(n.op, n.read, n.num)
	if n.op == opStale || n.op == opStuck || n.op == opRises || n.op == opFalls {
		return quantity.Measured(name, "s", quantity.Amount)
	}
	unit, kind := s.Unit, quantity.Amount
	switch {
	case n.op == opCount:
		unit = ""
	case s.Bare && unit == "":
		unit = "1"
	}
	switch {
	case n.op == opCount:
	case s.Turns:
		kind = quantity.Direction
	case s.Level:
		kind = quantity.Level
	}
	v := quantity.Measured(name, unit, kind)
	switch n.op {
	case opRate:
		v = v.Per("h")
	case opRise:
		v = v.Difference()
	}
	return v
}

// operands are the meanings of what a node computes with.
func (c *compiler) operands(n *node) (all []quantity.Value) {
	parts := [...]*node{n.a, n.b}
	if n.op == opPick {
		parts = [...]*node{n.b, n.c}
	}
	for _, m := range parts {
		if m != nil {
			all = append(all, c.meaning(m))
		}
	}
	return all
}

// judge refuses an operation that means nothing, and says whether it is good. of are its
// operands in the text.
func (c *compiler) judge(out *node, n ast.Node, of ...ast.Node) bool {
	v, wrong := quantity.Apply(operations[out.op], c.operands(out)...)
	at, size := c.extent(n)
	if wrong == nil {
		if out.op == opPick {
			v = v.As(c.text[at : at+size])
		}
		c.values[out] = v
		return true
	}
	if wrong.Operand > 0 {
		at, size = c.extent(of[wrong.Operand-1])
	}
	switch wrong.Why {
	case quantity.Units:
		c.unlike(out, wrong, n, of)
	case quantity.Nothing:
		c.fail(at, size, "E3119", wrong.Msg, wrong.Hint)
	case quantity.Circle:
		c.fail(at, size, "E3118", wrong.Msg, "how far two are apart is 180 - abs(abs(a - b) - 180); for a mean make a stream under derived: with is: vector-mean, and compare that")
	case quantity.Logarithm:
		c.fail(at, size, "E3118", wrong.Msg, c.louder(out))
	}
	return false
}

// louder is what to write instead of arithmetic with decibels.
func (c *compiler) louder(out *node) string {
	if i := out.firstRead(); i >= 0 && out.b != nil && out.a.equal(out.b, c.program, c.program) {
		return fmt.Sprintf("write leq(%s, 10m), the energy mean", c.reads[i].name())
	}
	return "write leq(device.channel, 10m) for the energy mean of one over a time; of two make a stream under derived: with is: \"10*log10((10^(a/10) + 10^(b/10)) / 2)\""
}

// unlike reports two sides of different units, of which one is then surely meant
// otherwise: a level and a time, metres and centimetres.
func (c *compiler) unlike(out *node, wrong *quantity.Fault, n ast.Node, of []ast.Node) {
	x, y := wrong.Units[0], wrong.Units[1]
	hint := "multiply one of them, like 100 * …, or compare what has one unit"
	switch {
	case len(of) < 2 || out.b == nil:
	case out.b.op == opConst && out.b.timed:
		hint = c.noTime(of[1], x)
	case out.a.op == opConst && out.a.timed:
		hint = c.noTime(of[0], y)
	}
	at, size := c.extent(n)
	c.fail(at, size, "E3114", fmt.Sprintf("%s and %s do not go together", x, y), hint)
}

// noTime says what to write for a duration that stands with numbers of a unit: perhaps
// its m were metres.
func (c *compiler) noTime(n ast.Node, unit string) string {
	at, size := c.extent(n)
	written := c.text[at : at+size]
	if number, ok := strings.CutSuffix(written, unit); ok && number != "" {
		return fmt.Sprintf("write %s: the number is in %s, and %s is a time", number, unit, written)
	}
	return fmt.Sprintf("write a number of %s, or how long something lasts, like stale(device.channel) > 5m", unit)
}
