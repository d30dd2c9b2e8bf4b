package rule

import (
	"fmt"
	"strings"

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
		return c.units[n]
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
		hint = c.noTime(n.Right, x)
	case a.op == opConst && a.timed:
		hint = c.noTime(n.Left, y)
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
