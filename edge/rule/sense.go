package rule

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
)

// sense refuses a condition that is the same whatever is read, and notes parts of it
// that are.
func (c *compiler) sense(root *node) {
	r := c.anything()
	is := r.truth(root)
	if is == unknown {
		is = c.together(root)
	}
	switch {
	case len(c.fixed) > 0:
		c.fail(c.fixed[0].at, c.fixed[0].length, "E3119", "this compares two numbers, which never change", "compare a stream: device.channel > 3")
	case is == isFalse:
		c.fail(0, len(c.text), "E3115", c.because("this can never be true"), c.between(c.north(root, "compare with what the metric can be, and let the limits of an and overlap")))
	case is == isTrue:
		c.fail(0, len(c.text), "E3116", c.because("this is always true"), c.between("compare with a number that it can be above and below"))
	default:
		c.drowned(root)
		c.idle(r)
		c.times()
		c.totals()
		c.calm = c.calmly(root)
		standing := *c
		standing.sober = true
		c.alert = standing.comes(root)
	}
}

// anything is a reader of streams that may give whatever they can.
func (c *compiler) anything() *reader {
	return &reader{until: never, recheck: never, bounds: c, inputs: make([]input, len(c.reads))}
}

// because says in front of a verdict why it is so, where one comparison alone decides.
func (c *compiler) because(verdict string) string {
	k := c.limitOf()
	if k == nil || !k.value.reading() {
		return verdict
	}
	in := c.reads[k.value.read]
	name, s := in.stream.Device+"."+in.stream.Channel, c.known[in.stream]
	switch k.value.op {
	case opCount:
		return fmt.Sprintf("%s of one every %s are %s readings at most: %s", brief(time.Duration(in.window)*time.Millisecond), brief(s.often()), short(c.possible(opCount, in).hi), verdict)
	case opRate:
		if s.bounded() {
			return fmt.Sprintf("%s changes by %s an hour at most: %s", name, with(s.steepest(in), s.Unit), verdict)
		}
	case opLast, opAvg, opLeq, opMin, opMax:
		if s.bounded() {
			return fmt.Sprintf("%s is from %s to %s: %s", name, short(micro(s.Min)), with(micro(s.Max), s.Unit), verdict)
		}
	}
	return verdict
}

// between says which numbers make sense where one comparison alone decides.
func (c *compiler) between(hint string) string {
	k := c.limitOf()
	if k == nil || !k.value.reading() {
		return hint
	}
	if p := c.possible(k.value.op, c.reads[k.value.read]); !math.IsInf(p.lo, 0) && !math.IsInf(p.hi, 0) {
		return fmt.Sprintf("compare with a number between %s and %s", short(micro(p.lo)), short(micro(p.hi)))
	}
	return hint
}

// micro rounds what arithmetic has made of round numbers.
func micro(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// with writes a number with its unit.
func with(v float64, unit string) string { return strings.TrimSpace(short(v) + " " + unit) }

// reading says whether n is one stream or window, alone.
func (n *node) reading() bool { return n.op >= opLast && n.op <= opStale }

// together says what several conditions on one value are: of those that must all hold two
// may exclude one another, of those of which one is enough two may leave nothing out.
func (c *compiler) together(root *node) truth {
	switch a, _ := c.pair(root, root.op, map[op]func(*comparison) *comparison{opAnd: itself, opOr: opposite}[root.op]); {
	case a == nil:
		return unknown
	case root.op == opAnd:
		return isFalse
	}
	return isTrue
}

// north is the hint where an and asks for a direction on both sides of north, which is 0
// and 360: an or was meant.
func (c *compiler) north(root *node, hint string) string {
	a, b := c.pair(root, opAnd, itself)
	if a == nil || a.value.op != opLast || !c.known[c.reads[a.value.read].stream].Turns {
		return hint
	}
	if a.kind == opLess || a.kind == opLessEq {
		a, b = b, a
	}
	if (a.kind != opMore && a.kind != opMoreEq) || (b.kind != opLess && b.kind != opLessEq) || a.limit <= b.limit {
		return hint
	}
	name := c.reads[a.value.read].stream
	dotted := name.Device + "." + name.Channel
	above := map[op]string{opMore: ">", opMoreEq: ">="}[a.kind]
	below := map[op]string{opLess: "<", opLessEq: "<="}[b.kind]
	return fmt.Sprintf("for a direction on both sides of north write (%s %s %s or %s %s %s)", dotted, above, short(a.limit), dotted, below, short(b.limit))
}

func itself(k *comparison) *comparison { return k }

// opposite is true where k is false.
func opposite(k *comparison) *comparison {
	o := *k
	o.kind = map[op]op{opLess: opMoreEq, opLessEq: opMore, opMore: opLessEq, opMoreEq: opLess, opEqual: opNotEq, opNotEq: opEqual}[k.kind]
	return &o
}

// pair finds two parts of root, joined by o, that speak of one value and, seen as of
// does, leave no number for it; nil: there are none.
func (c *compiler) pair(root *node, o op, of func(*comparison) *comparison) (a, b *comparison) {
	if root.op != o || of == nil {
		return nil, nil
	}
	var all []*comparison
	for i := range c.compared {
		k := &c.compared[i]
		if math.IsNaN(k.limit) || !part(root, k.node, o) {
			continue
		}
		for _, other := range all {
			if k.value.equal(other.value, c.program, c.program) && apart(of(k), of(other)) {
				return other, k
			}
		}
		all = append(all, k)
	}
	return nil, nil
}

// part says whether n is one of the conditions that o joins to root.
func part(root, n *node, o op) bool {
	return root == n || root != nil && root.op == o && (part(root.a, n, o) || part(root.b, n, o))
}

// apart says whether no number is on the right side of both limits.
func apart(a, b *comparison) bool {
	if a.kind == opNotEq || b.kind == opNotEq {
		return a.limit == b.limit && (a.kind == opEqual || b.kind == opEqual)
	}
	lo, hi, open := math.Inf(-1), math.Inf(1), false
	for _, k := range []*comparison{a, b} {
		if k.kind != opLess && k.kind != opLessEq && k.limit >= lo {
			open = open && k.limit == lo || k.kind == opMore
			lo = k.limit
		}
	}
	for _, k := range []*comparison{a, b} {
		if k.kind != opMore && k.kind != opMoreEq {
			if k.limit < lo || k.limit == lo && (open || k.kind == opLess) {
				return true
			}
			hi = min(hi, k.limit)
		}
	}
	return hi < lo
}

// idle notes comparisons that are always the same, where the rest of the condition is
// not: it works, but hardly as it was meant. A limit that is the end of what can be says
// nothing, and does no harm.
func (c *compiler) idle(r *reader) {
	for i := range c.compared {
		k := &c.compared[i]
		is := r.truth(k.node)
		if is == unknown || math.IsNaN(k.limit) {
			continue
		}
		if p := r.number(k.value); k.limit == p.lo || k.limit == p.hi {
			continue
		}
		says := map[truth]string{isTrue: "always", isFalse: "never"}[is]
		hint := "delete this part, or mend its number"
		if p := r.number(k.value); !math.IsInf(p.lo, 0) && !math.IsInf(p.hi, 0) {
			hint = fmt.Sprintf("delete this part, or compare with a number between %s and %s", short(p.lo), short(p.hi))
		}
		c.doubts = append(c.doubts, &Error{Offset: k.at, Length: k.length, ID: "W3101", Msg: fmt.Sprintf("this part is %s true, whatever is read", says), Hint: hint})
	}
}

// possible is what a read can give at all: what the part measures, or a time.
func (c *compiler) possible(o op, in read) span {
	s := c.known[in.stream]
	values := nothing()
	if s.bounded() {
		values = between(s.Min, s.Max)
	}
	switch o {
	case opLast, opAvg, opLeq, opMin, opMax:
		return values
	case opCount:
		least := c.fewest(in)
		if every := s.often(); every > 0 {
			return between(least, float64(in.window/max(every.Milliseconds(), 1)+1))
		}
		return atLeast(least)
	case opStale:
		if c.well && in.every > 0 {
			return between(0, float64(in.every)/1000)
		}
		return c.mood.silence(in)
	case opStuck, opRises, opFalls:
		return atLeast(0)
	case opRate:
		if s.bounded() {
			return between(-s.steepest(in), s.steepest(in))
		}
	case opRise:
		if s.bounded() {
			return between(0, s.Max-s.Min)
		}
		return atLeast(0)
	}
	return nothing()
}

// fewest is how many readings a window holds at least: all but one of them while all is
// well, and the newest while the stream is known.
func (c *compiler) fewest(in read) float64 {
	switch {
	case c.well && in.every > 0:
		return float64(max(in.window/in.every-1, 0))
	case c.mood.about(in.stream) && !c.mood.silent && in.window > in.stale:
		return 1
	default:
		return 0
	}
}

// often is how much time there is at least between two readings; 0: not known.
func (s Stream) often() time.Duration {
	if s.Fastest > 0 && s.Fastest < s.Every {
		return s.Fastest
	}
	return s.Every
}

// bounded says whether it is known what its values can be.
func (s Stream) bounded() bool { return s.Max != 0 && s.Min < s.Max }

// maxPower is the greatest exponent. Formulas of weirs and of wind have 3 at most.
const maxPower = 10

// without says whether arithmetic on constants gives no number. Those that a site will say
// are not known yet.
func (c *compiler) without(n *node) bool {
	if n == nil || c.figured(n) {
		return false
	}
	_, exact := n.constant()
	return !exact
}

// figured says whether n holds a number that a name stands for.
func (c *compiler) figured(n *node) bool {
	if n == nil {
		return false
	}
	return c.named[n] || c.figured(n.a) || c.figured(n.b) || c.figured(n.c)
}

// arithmetic refuses what has one result whatever is read, or none, and says whether it is
// good.
func (c *compiler) arithmetic(out *node, n *ast.BinaryNode) bool {
	at, size := c.extent(n)
	say := func(msg, hint string) bool {
		c.fail(at, size, "E3119", msg, hint)
		return false
	}
	v, constant := out.b.constant()
	switch {
	case (out.op == opDiv || out.op == opMod) && constant && v == 0:
		at, size = c.extent(n.Right)
		return say("nothing can be divided by 0", "write what to divide by")
	case out.op == opPow && constant && math.Abs(v) > maxPower:
		at, size = c.extent(n.Right)
		return say(fmt.Sprintf("nothing that is measured has a power of %s", short(v)), fmt.Sprintf("write one from -%d to %d", maxPower, maxPower))
	case out.op < opLess && !out.reads() && c.without(out):
		return say("this has no finite result", "write the number that is meant")
	}
	return c.judge(out, n, n.Left, n.Right)
}

// fits refuses what a function cannot say of a stream: a mean of directions or decibels, the
// sum of a total, what a window is too short for.
func (c *compiler) fits(n *ast.CallNode, o op, w word, window time.Duration) bool {
	s, name := c.known[w.stream], c.text[w.at:w.at+w.length]
	at, size := c.extent(n)
	say := func(id, msg, hint string) bool {
		c.fail(at, size, id, msg, hint)
		return false
	}
	function := c.text[at : at+strings.IndexByte(c.text[at:], '(')]
	if s.Turns && o != opCount && o != opStale && o != opStuck {
		return say("E3118", fmt.Sprintf("%s is a direction, of which there is no %s: 350 and 10 are near one another", name, function),
			"make a mean under derived: (is: vector-mean, of: {speed: …, dir: "+name+"}) and compare that")
	}
	switch {
	case s.Level && o == opAvg:
		return say("E3118", fmt.Sprintf("%s is a level in decibels, whose plain mean is wrong: of 40 and 80 it is 77, not 60", name), fmt.Sprintf("write leq(%s, %s), the energy mean", name, brief(window)))
	case !s.Level && o == opLeq:
		return say("E3118", fmt.Sprintf("%s is no sound level, of which there is an energy mean", name), fmt.Sprintf("write avg(%s, %s)", name, brief(window)))
	}
	came := fmt.Sprintf("write rise(%s, %s), which is what came in that time", name, brief(window))
	switch {
	case s.Total && o == opAvg:
		return say("E3118", fmt.Sprintf("%s is a running total, of which a mean says nothing", name), came)
	case s.Total && (o == opRises || o == opFalls):
		return say("E3118", fmt.Sprintf("%s is a running total, whose trend leads to every number in time", name), came)
	}
	least := s.Every
	if o == opRate || o == opRise {
		least *= 2 // they compare two readings
	}
	if window == 0 || o == opRises || o == opFalls || window >= least {
		return true
	}
	at, size = c.extent(n.Arguments[len(n.Arguments)-1])
	return say("E3117", fmt.Sprintf("%s gives a reading every %s, of which %s holds too few", name, brief(s.Every), brief(window)), "write at least "+brief(least))
}
