package rule

import (
	"math"
	"strconv"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// op is what a node does.
type op uint8

const (
	opConst op = iota // a number
	opLast            // what a stream or window says
	opAvg
	opLeq // the energy mean of a level in decibels
	opMin
	opMax
	opCount
	opRise
	opRate
	opRises // seconds until the trend reaches num from below
	opFalls // … from above
	opStuck
	opStale
	opNeg
	opAbs
	opAdd
	opSub
	opMul
	opDiv
	opMod
	opPow
	opPick  // condition ? number : number
	opTruth // true, false
	opLess
	opLessEq
	opMore
	opMoreEq
	opEqual
	opNotEq
	opSame // two conditions that agree
	opNot
	opAnd
	opOr
	opChoose // condition ? condition : condition
)

// node is one part of a program.
type node struct {
	op       op
	read     int     // index into program.reads, for opLast … opStale
	num      float64 // opConst; opTruth: 0 or 1; opRises, opFalls: the limit
	timed    bool    // opConst: it was written as a duration
	method   Method  // opRises, opFalls
	compared int     // comparisons: 1 + its index in program.compared; 0: it is not there
	a, b, c  *node
}

// read is a stream that a program needs, with the length of the window in ms, or
// without one.
type read struct {
	stream obs.Stream
	window int64
	keeps  keeps   // what the window keeps of a reading
	most   float64 // of a total that it keeps the growth of: its Stream's Most
	step   float64 // the least change that shows
	every  int64   // ms, between two readings
	stale  int64   // ms, for how long one speaks for the stream
	sparse obs.Bound
}

// comparison is a place in a program where something is compared with a number.
type comparison struct {
	node       *node
	value      *node   // the side that is spoken of: a stream, or what is computed of some
	against    *node   // the other side
	limit      float64 // what against always is; NaN: it is not always the same
	inner      bool    // it only chooses, before a ?
	kind       op      // the comparison with the limit on the right
	stream     obs.Stream
	quantity   Quantity
	over       time.Duration // the window of quantity; 0: it has none
	at, length int           // in the text
}

// program is an expression that is a condition.
type program struct {
	root     *node
	reads    []read
	compared []comparison
	doubts   []*Error // what is probably not meant so
	calm     truth    // what it is while each stream gives its readings in time
	alert    outcome  // what it can be found to be while an alert stands: no standstill counts
}

// short writes a number without superfluous digits, and not with hundreds of them.
func short(v float64) string {
	if size := math.Abs(v); size >= 1e15 || size > 0 && size < 1e-9 {
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// limitOf returns the program's comparison if it is nothing else.
func (p *program) limitOf() *comparison {
	if len(p.compared) != 1 || p.compared[0].node != p.root || math.IsNaN(p.compared[0].limit) {
		return nil
	}
	if k := p.compared[0].kind; k == opEqual || k == opNotEq {
		return nil
	}
	return &p.compared[0]
}

// equal says whether a of program p and b of program q compute the same.
func (a *node) equal(b *node, p, q *program) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.op != b.op || a.num != b.num || a.method != b.method {
		return false
	}
	if a.op >= opLast && a.op <= opStale && p.reads[a.read] != q.reads[b.read] {
		return false
	}
	return a.a.equal(b.a, p, q) && a.b.equal(b.b, p, q) && a.c.equal(b.c, p, q)
}

// constant returns what a node computes if it reads no stream.
func (n *node) constant() (float64, bool) {
	if n.reads() {
		return math.NaN(), false
	}
	v := (&reader{}).number(n)
	return v.lo, v.exact()
}

func (n *node) reads() bool {
	if n == nil {
		return false
	}
	return n.op >= opLast && n.op <= opStale || n.a.reads() || n.b.reads() || n.c.reads()
}

// firstRead returns the index of the first read in n, or -1.
func (n *node) firstRead() int {
	if n == nil {
		return -1
	}
	if n.op >= opLast && n.op <= opStale {
		return n.read
	}
	parts := [...]*node{n.a, n.b, n.c}
	if n.op == opPick { // what chooses is the last that it is about
		parts = [...]*node{n.b, n.c, n.a}
	}
	for _, m := range parts {
		if i := m.firstRead(); i >= 0 {
			return i
		}
	}
	return -1
}

// measures says whether n reads a stream other than to choose between two numbers.
func (n *node) measures() bool {
	switch {
	case n == nil:
		return false
	case n.op == opPick:
		return n.b.measures() || n.c.measures()
	}
	return n.reading() || n.a.measures() || n.b.measures() || n.c.measures()
}

// uses says whether n reads st for anything.
func (p *program) uses(n *node, st obs.Stream) bool {
	if n == nil {
		return false
	}
	return n.reading() && p.reads[n.read].stream == st || p.uses(n.a, st) || p.uses(n.b, st) || p.uses(n.c, st)
}
