package rule

import (
	"fmt"
	"math"

	"github.com/expr-lang/expr/ast"
)

// unitOf is the unit of a number of p, as people write it; empty where it has none that
// is known: what is written in the rule, or computed.
func (c *compiler) unitOf(n *node) string {
	if n == nil { // reported already
		return ""
	}
	switch n.op {
	case opConst:
		if n.timed {
			return "s"
		}
		return ""
	case opNeg, opAbs:
		return c.unitOf(n.a)
	case opAdd, opSub:
		return firstOf(c.unitOf(n.a), c.unitOf(n.b))
	case opPick:
		return firstOf(c.unitOf(n.b), c.unitOf(n.c))
	case opMul, opDiv, opMod, opPow, opCount:
		return ""
	case opStale, opStuck, opRises, opFalls:
		return "s"
	}
	unit := c.known[c.reads[n.read].stream].Unit
	if n.op == opRate && unit != "" {
		unit += "/h"
	}
	return unit
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// alikeUnits refuses two sides of different units, of which one is then surely meant
// otherwise: a level and a time, metres and centimetres.
func (c *compiler) alikeUnits(a, b *node, n *ast.BinaryNode) {
	x, y := c.unitOf(a), c.unitOf(b)
	if x == y || x == "" || y == "" {
		return
	}
	hint := "multiply one of them, like 100 * …, or compare what has one unit"
	switch {
	case b.op == opConst && b.timed:
		hint = fmt.Sprintf("write a number of %s, or how long something lasts, like stale(device.channel) > 5m", x)
	case a.op == opConst && a.timed:
		hint = fmt.Sprintf("write a number of %s, or how long something lasts, like stale(device.channel) > 5m", y)
	}
	at, size := c.extent(n)
	c.fail(at, size, "E3114", fmt.Sprintf("%s and %s do not go together", x, y), hint)
}

// never finds a condition that no reading can meet: beyond what the metric can be, or
// of two that exclude one another.
func (c *compiler) never(root *node) bool {
	r := reader{until: never, recheck: never, bounds: c}
	for _, in := range c.reads {
		r.inputs = append(r.inputs, input{min: in.min})
	}
	return r.truth(root) == isFalse || c.empty(root)
}

// empty says whether conditions that must all hold leave no number for one of their
// values.
func (c *compiler) empty(root *node) bool {
	var all []*comparison
	for i := range c.compared {
		if k := &c.compared[i]; !math.IsNaN(k.limit) && conjunct(root, k.node) {
			all = append(all, k)
		}
	}
	for i, a := range all {
		for _, b := range all[:i] {
			if a.value.equal(b.value, c.program, c.program) && apartSides(a, b) {
				return true
			}
		}
	}
	return false
}

// conjunct says whether n is one of the conditions of root that must all hold.
func conjunct(root, n *node) bool {
	return root == n || root != nil && root.op == opAnd && (conjunct(root.a, n) || conjunct(root.b, n))
}

// apartSides says whether no number is on the right side of both limits.
func apartSides(a, b *comparison) bool {
	up := func(k *comparison) bool { return k.kind == opMore || k.kind == opMoreEq }
	down := func(k *comparison) bool { return k.kind == opLess || k.kind == opLessEq }
	if down(a) {
		a, b = b, a
	}
	if !up(a) || !down(b) {
		return false
	}
	return a.limit > b.limit || a.limit == b.limit && (a.kind == opMore || b.kind == opLess)
}

// possible is what a read can give at all: within the metric's range, or a time.
func (c *compiler) possible(o op, in read) span {
	s := c.known[in.stream]
	values := between(math.Inf(-1), math.Inf(1))
	if s.Max != 0 {
		values = between(s.Min, s.Max)
	}
	switch o {
	case opLast, opAvg, opMin, opMax:
		return values
	case opCount, opStale, opStuck, opRises, opFalls:
		return atLeast(0)
	case opRise:
		if s.Max != 0 {
			return between(0, s.Max-s.Min)
		}
		return atLeast(0)
	}
	return nothing()
}
