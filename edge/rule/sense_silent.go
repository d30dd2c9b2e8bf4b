package rule

import (
	"fmt"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// outcome is whether a condition is true, and whether it is false, at some moment.
type outcome struct{ yes, no bool }

// mood is how a stream is while a condition is judged: silent for longer than its last
// value counts, or heard within that time. The zero value says nothing of any stream.
type mood struct {
	of     obs.Stream
	silent bool
}

// about says whether m is about a stream.
func (m mood) about(st obs.Stream) bool { return m.of == st && m.of != obs.Stream{} }

// silence is how many seconds a stream read as in is silent, as m has it.
func (m mood) silence(in read) span {
	stale := float64(in.stale) / 1000
	switch {
	case !m.about(in.stream):
		return atLeast(0)
	case m.silent:
		return atLeast(stale)
	default:
		return between(0, stale)
	}
}

// drowned refuses a condition that needs a value and that it is not known any more: a
// stream is not judged by its last value while it is silent.
func (c *compiler) drowned(root *node) {
	var seen []obs.Stream
	for _, in := range c.reads {
		if slices.Contains(seen, in.stream) {
			continue
		}
		seen = append(seen, in.stream)
		silent, heard := *c, *c
		silent.mood, heard.mood = mood{in.stream, true}, mood{in.stream, false}
		if silent.comes(root).yes || heard.comes(root).yes {
			continue
		}
		c.fail(0, len(c.text), "E3115", fmt.Sprintf("%s is not known any more when it has been silent for %s: this can never be true", in.name(), brief(time.Duration(in.stale)*time.Millisecond)),
			fmt.Sprintf("write max(%s, 1h) for what it was before, or make two rules", in.name()))
		return
	}
}

// comes says what a condition can be in c's mood.
func (c *compiler) comes(n *node) outcome {
	switch n.op {
	case opNot:
		a := c.comes(n.a)
		return outcome{a.no, a.yes}
	case opAnd:
		a, b := c.comes(n.a), c.comes(n.b)
		return outcome{a.yes && b.yes, a.no || b.no}
	case opOr:
		a, b := c.comes(n.a), c.comes(n.b)
		return outcome{a.yes || b.yes, a.no && b.no}
	case opSame:
		a, b := c.comes(n.a), c.comes(n.b)
		return outcome{a.yes && b.yes || a.no && b.no, a.yes && b.no || a.no && b.yes}
	case opChoose:
		is, a, b := c.comes(n.a), c.comes(n.b), c.comes(n.c)
		return outcome{is.yes && a.yes || is.no && b.yes, is.yes && a.no || is.no && b.no}
	}
	if c.unheard(n) {
		return outcome{}
	}
	if c.sober {
		if out, rests := c.rests(n); rests {
			return out
		}
	}
	t := c.anything().truth(n)
	return outcome{t != isFalse, t != isTrue}
}

// rests says what the comparison n can be found to be while an alert stands, if it is about
// for how long a value has stood still: then that it has is no reason for anything, and
// only that it has not is known.
func (c *compiler) rests(n *node) (out outcome, is bool) {
	for i := range c.compared {
		k := &c.compared[i]
		if k.node != n || k.value.op != opStuck {
			continue
		}
		if k.kind == opLess || k.kind == opLessEq {
			return outcome{yes: true}, true
		}
		return outcome{no: true, yes: k.kind == opNotEq}, true
	}
	return outcome{}, false
}

// unheard says whether n, a comparison or a number, needs a stream that is silent. The
// greatest and the least of a window are known on one side for as long as they are in it.
func (c *compiler) unheard(n *node) bool {
	switch {
	case n == nil || !c.mood.silent:
		return false
	case n.op == opPick:
		return c.unheard(n.b) && c.unheard(n.c)
	case n.op == opLast, n.op == opAvg, n.op == opLeq, n.op == opRise, n.op == opRate, n.op == opRises, n.op == opFalls:
		return c.mood.about(c.reads[n.read].stream)
	}
	return c.unheard(n.a) || c.unheard(n.b)
}
