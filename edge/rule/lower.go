package rule

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs/quantity"
)

// kind is the type of an expression.
type kind uint8

const (
	wrong   kind = iota // reported already
	aNumber             //
	aTruth              // a condition
)

// compiler lowers expr's syntax tree to a program and checks it on the way.
type compiler struct {
	*source
	*program
	values map[*node]quantity.Value // what numbers are
	named  map[*node]bool           // numbers that names stand for
	well   bool                     // each stream gives its readings in time
	mood   mood
	sober  bool    // an alert stands
	fixed  []place // comparisons of what never changes
}

// place is a stretch of the text.
type place struct{ at, length int }

// functions says what each function computes and whether it takes a window.
var functions = map[string]struct {
	op     op
	window bool
}{
	"avg": {opAvg, true}, "leq": {opLeq, true}, "min": {opMin, true}, "max": {opMax, true}, "count": {opCount, true},
	"rise": {opRise, true}, "rate": {opRate, true}, "stale": {opStale, false}, "stuck": {opStuck, false}, "abs": {opAbs, false},
	"rises_to": {opRises, true}, "falls_to": {opFalls, true},
}

var binary = map[string]op{
	"+": opAdd, "-": opSub, "*": opMul, "/": opDiv, "%": opMod, "^": opPow, "**": opPow,
	"<": opLess, "<=": opLessEq, ">": opMore, ">=": opMoreEq, "==": opEqual, "!=": opNotEq,
	"and": opAnd, "&&": opAnd, "or": opOr, "||": opOr,
}

func (c *compiler) lower(n ast.Node) (*node, kind) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return &node{op: opConst, num: float64(n.Value)}, aNumber
	case *ast.FloatNode:
		return c.float(n)
	case *ast.BoolNode:
		v := 0.0
		if n.Value {
			v = 1
		}
		return &node{op: opTruth, num: v}, aTruth
	case *ast.IdentifierNode:
		return c.identifier(n)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ConditionalNode:
		return c.conditional(n)
	case *ast.CallNode:
		return c.call(n)
	default:
		return c.refuse(n, n)
	}
}

// refuse reports what expr-lang has and a rule has not.
func (c *compiler) refuse(n, at ast.Node) (*node, kind) {
	hint := "numbers, comparisons, and or not, and functions of streams can be used"
	what := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%T", n), "*ast."), "Node"))
	switch n := n.(type) {
	case *ast.StringNode:
		what = "text"
		if v, err := strconv.ParseFloat(strings.TrimSpace(n.Value), 64); err == nil {
			hint = fmt.Sprintf("write %s, without quotes", short(v))
		}
	case *ast.MemberNode:
		if head, ok := n.Node.(*ast.IdentifierNode); ok && c.words[head.Value].unknown {
			return nil, wrong // reported already
		} else if ok && c.words[head.Value].length == 0 {
			at, size := c.extent(head)
			c.fail(at, size, "E3102", fmt.Sprintf("no device is called %q", head.Value), deviceHint(head.Value, c.known.devices()))
			return nil, wrong
		}
		what, hint = "part of a value", "write device.channel alone"
	case *ast.BinaryNode:
		what = n.Operator
	case *ast.ArrayNode, *ast.MapNode:
		what, hint = "lists", "write round brackets ( ), and or between conditions"
	case *ast.SequenceNode:
		c.fail(strings.IndexByte(c.text, ';'), 1, "E3108", "rules have no ; here", "write and or or between two conditions, or make two rules")
		return nil, wrong
	}
	from, size := c.extent(at)
	c.fail(from, size, "E3108", fmt.Sprintf("rules have no %s here", what), hint)
	return nil, wrong
}

func (c *compiler) float(n *ast.FloatNode) (*node, kind) {
	if math.IsInf(n.Value, 0) || math.IsNaN(n.Value) {
		at, size := c.extent(n)
		c.fail(at, size, "E3101", "this number is too large", "nothing that is measured comes near it")
		return nil, wrong
	}
	return &node{op: opConst, num: n.Value}, aNumber
}

func (c *compiler) identifier(n *ast.IdentifierNode) (*node, kind) {
	w, ok := c.words[n.Value]
	switch {
	case ok && w.unknown:
		return nil, wrong
	case ok && w.isStream:
		return c.reading(opLast, w, 0), aNumber
	case ok && w.figure != nil:
		out := &node{op: opConst, num: w.figure.Value}
		c.named[out], c.values[out] = true, quantity.Constant(c.text[w.at:w.at+w.length]).In(w.figure.Unit)
		return out, aNumber
	case ok:
		return &node{op: opConst, num: w.duration.Seconds(), timed: true}, aNumber
	}
	at, size := c.extent(n)
	hint := "a value is written device.channel"
	if all := c.known.named(n.Value); len(all) > 0 {
		hint = "write " + strings.Join(all, ", ")
		c.fail(at, size, "E3102", fmt.Sprintf("%q is a channel, not a value", n.Value), hint)
		return nil, wrong
	}
	if near, found := yamldoc.Nearest(n.Value, append(c.known.devices(), "and", "or", "not", "true", "false")); found {
		hint = fmt.Sprintf("did you mean %q?", near)
	} else if f, found := yamldoc.Nearest(n.Value, functionNames()); found {
		hint = fmt.Sprintf("a function is written %s(…)", f)
	}
	c.fail(at, size, "E3102", fmt.Sprintf("%q is nothing that is known here", n.Value), hint)
	return nil, wrong
}

// otherNames are what functions are called elsewhere.
var otherNames = map[string]string{"average": "avg", "mean": "avg", "maximum": "max", "minimum": "min", "slope": "rate", "derivative": "rate",
	"silent": "stale", "nodata": "stale", "age": "stale", "flat": "stuck", "frozen": "stuck", "forecast": "rises_to", "timeleft": "rises_to", "increase": "rise", "laeq": "leq"}

// meant is what to write instead of a function that does not exist.
func meant(name string) string {
	if slices.Contains([]string{"sum", "total", "integral"}, name) { // of readings, which may be one more or less, no sum is meant
		return "what adds up is a derived stream, is: sum over a time; rules read that"
	}
	if near, ok := yamldoc.Nearest(name, functionNames()); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if near, ok := yamldoc.Nearest(name, slices.Sorted(maps.Keys(otherNames))); ok {
		return fmt.Sprintf("did you mean %q?", otherNames[near])
	}
	return yamldoc.Hint(name, functionNames())
}

func functionNames() (all []string) {
	for name := range functions {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// reading adds what a node reads, once for all nodes that read the same.
func (c *compiler) reading(o op, w word, window time.Duration) *node {
	s := c.known[w.stream]
	r := read{stream: w.stream, window: window.Milliseconds(), step: s.Step, every: s.Every.Milliseconds(), stale: max(3*s.Every, 30*time.Second).Milliseconds(), sparse: s.Sparse}
	if r.keeps = keptFor(o, s); r.keeps == growth {
		r.most = s.Most
	}
	i := slices.Index(c.reads, r)
	if i < 0 {
		i = len(c.reads)
		c.reads = append(c.reads, r)
	}
	return &node{op: o, read: i}
}

// want lowers n and reports it if it is of another kind.
func (c *compiler) want(n ast.Node, k kind) *node {
	out, got := c.lower(n)
	if got == k || got == wrong {
		return out
	}
	at, size := c.extent(n)
	if k == aNumber {
		c.fail(at, size, "E3105", "this is a condition, here belongs a number", "perhaps brackets are missing")
	} else {
		c.fail(at, size, "E3105", "this is a number, here belongs a condition", "compare it, like … > 3")
	}
	return nil
}

func (c *compiler) unary(n *ast.UnaryNode) (*node, kind) {
	o, k := opNeg, aNumber
	if n.Operator != "+" && n.Operator != "-" {
		o, k = opNot, aTruth
	}
	a := c.want(n.Node, k)
	switch {
	case a == nil:
		return nil, wrong
	case n.Operator == "+":
		return a, k
	}
	out := &node{op: o, a: a}
	if k == aNumber && !c.judge(out, n, n.Node) {
		return nil, wrong
	}
	return out, k
}

func (c *compiler) binary(n *ast.BinaryNode) (*node, kind) {
	o, ok := binary[n.Operator]
	switch {
	case !ok:
		return c.refuse(n, n)
	case o == opAnd || o == opOr:
		return c.both(o, n, aTruth)
	case o < opLess:
		out, k := c.both(o, n, aNumber)
		if out == nil {
			return nil, k
		}
		if !c.arithmetic(out, n) {
			return nil, wrong
		}
		return out, aNumber
	case (o == opEqual || o == opNotEq) && c.isTruth(n.Left):
		same, k := c.both(opSame, n, aTruth)
		if same != nil && o == opNotEq {
			same = &node{op: opNot, a: same}
		}
		return same, k
	}
	out, k := c.both(o, n, aNumber)
	if out == nil {
		return nil, k
	}
	if !c.arithmetic(out, n) {
		return nil, wrong
	}
	c.noteComparison(out, n)
	return out, aTruth
}

// both lowers two sides of one kind. What is wrong with one of them was reported, and
// nothing follows from it.
func (c *compiler) both(o op, n *ast.BinaryNode, k kind) (*node, kind) {
	a, b := c.want(n.Left, k), c.want(n.Right, k)
	if a == nil || b == nil {
		return nil, wrong
	}
	return &node{op: o, a: a, b: b}, k
}

// isTruth looks at a node's kind without lowering it.
func (c *compiler) isTruth(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BoolNode:
		return true
	case *ast.UnaryNode:
		return n.Operator == "not" || n.Operator == "!"
	case *ast.BinaryNode:
		return binary[n.Operator] >= opLess
	case *ast.ConditionalNode:
		return c.isTruth(n.Exp1)
	}
	return false
}

// noteComparison remembers what is compared with which number, so that an alert
// can say so.
func (c *compiler) noteComparison(out *node, n *ast.BinaryNode) {
	turned := map[op]op{opLess: opMore, opLessEq: opMoreEq, opMore: opLess, opMoreEq: opLessEq, opEqual: opEqual, opNotEq: opNotEq}
	cmp := comparison{node: out, value: out.a, against: out.b, limit: math.NaN(), kind: out.op}
	if v, ok := out.b.constant(); ok {
		cmp.limit = v
	} else if v, ok := out.a.constant(); ok {
		cmp.value, cmp.against, cmp.limit, cmp.kind = out.b, out.a, v, turned[out.op]
	} else if !out.a.measures() && out.b.measures() {
		cmp.value, cmp.against, cmp.kind = out.b, out.a, turned[out.op]
	}
	i := cmp.value.firstRead()
	if i < 0 {
		at, size := c.extent(n)
		c.fixed = append(c.fixed, place{at, size})
		return
	}
	cmp.stream = c.reads[i].stream
	cmp.quantity, cmp.over = c.spokenOf(cmp.value)
	cmp.at, cmp.length = c.extent(n)
	c.compared = append(c.compared, cmp)
	out.compared = len(c.compared)
}

func (c *compiler) conditional(n *ast.ConditionalNode) (*node, kind) {
	outer := len(c.compared)
	cond := c.want(n.Cond, aTruth)
	for i := range c.compared[outer:] {
		c.compared[outer+i].inner = true
	}
	a, k := c.lower(n.Exp1)
	if k == wrong {
		c.lower(n.Exp2)
		return nil, wrong
	}
	o := opPick
	if k == aTruth {
		o = opChoose
	}
	b := c.want(n.Exp2, k)
	if cond == nil || b == nil {
		return nil, wrong
	}
	out := &node{op: o, a: cond, b: a, c: b}
	if o == opPick && !c.judge(out, n, n.Exp1, n.Exp2) {
		return nil, wrong
	}
	return out, k
}

// extent finds the stretch of the original text that a node stands for.
func (c *compiler) extent(n ast.Node) (at, size int) {
	from, to := len(c.text), 0
	c.widen(n, &from, &to)
	if from >= to {
		return 0, max(1, len(c.text))
	}
	from, to = c.closed(from, to)
	return from, to - from
}

// closed widens a stretch of the text until each bracket in it has its other half.
func (c *compiler) closed(from, to int) (int, int) {
	open, missing := 0, 0
	for _, b := range []byte(c.text[from:to]) {
		switch {
		case b == '(':
			open++
		case b == ')' && open > 0:
			open--
		case b == ')':
			missing++
		}
	}
	i, j := from, to
	for ; open > 0 && j < len(c.text); j++ {
		open += map[byte]int{'(': 1, ')': -1}[c.text[j]]
	}
	for ; missing > 0 && i > 0; i-- {
		missing += map[byte]int{')': 1, '(': -1}[c.text[i-1]]
	}
	if open > 0 || missing > 0 {
		return from, to
	}
	return i, j
}

func (c *compiler) widen(n ast.Node, from, to *int) {
	if n == nil {
		return
	}
	loc := n.Location()
	last := len(c.offs) - 1
	f, t := c.offs[min(max(loc.From, 0), last)], c.offs[min(max(loc.To, 0), last)]
	if id, ok := n.(*ast.IdentifierNode); ok {
		if w, known := c.words[id.Value]; known {
			f, t = w.at, w.at+w.length
		}
	}
	if t <= f {
		_, w := utf8.DecodeRuneInString(c.text[f:])
		t = f + max(1, w)
	}
	*from, *to = min(*from, f), max(*to, min(t, len(c.text)))
	for _, m := range children(n) {
		c.widen(m, from, to)
	}
}

func children(n ast.Node) []ast.Node {
	switch n := n.(type) {
	case *ast.UnaryNode:
		return []ast.Node{n.Node}
	case *ast.BinaryNode:
		return []ast.Node{n.Left, n.Right}
	case *ast.ConditionalNode:
		return []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.CallNode:
		return append([]ast.Node{n.Callee}, n.Arguments...)
	case *ast.MemberNode:
		return []ast.Node{n.Node, n.Property}
	default:
		return nil
	}
}
