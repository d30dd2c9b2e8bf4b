package rule

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"

	"github.com/lamppost-city/lamppost/drivers/obs/quantity"
)

// Limits of a rule's text.
const (
	maxText  = 2000 // bytes
	maxNodes = 200  // parts of an expression
	maxReads = 16   // streams and windows of an expression
	minSpan  = time.Second
	maxSpan  = 48 * time.Hour
)

// compile turns one text into a program that is a condition.
func compile(text string, known Streams, names map[string]Name) (*program, []*Error) {
	if len(text) > maxText {
		return nil, []*Error{{ID: "E3107", Msg: fmt.Sprintf("the expression has %d bytes", len(text)), Hint: fmt.Sprintf("at most %d; make two rules of it", maxText)}}
	}
	if strings.TrimSpace(text) == "" {
		return nil, []*Error{{ID: "E3101", Msg: "the expression is empty", Hint: "write a condition like river.level > 3.00"}}
	}
	if !utf8.ValidString(text) {
		return nil, []*Error{{ID: "E3101", Msg: "the expression is not UTF-8", Hint: "save the file as UTF-8"}}
	}
	written := plainOf(text)
	p, errs := compilePlain(written.text, known, names)
	if errs = append(written.wrong(), written.back(errs)...); len(errs) > 0 {
		return nil, errs
	}
	return p, nil
}

// compilePlain turns a text in ASCII into a program.
func compilePlain(text string, known Streams, names map[string]Name) (*program, []*Error) {
	src := newSource(text, known, names)
	tree, err := parse(src.out.String())
	switch {
	case src.lost:
		return nil, src.errs
	case err != nil:
		return nil, append(src.errs, src.syntax(err))
	}
	c := &compiler{source: src, program: &program{}, values: map[*node]quantity.Value{}, named: map[*node]bool{}}
	root, k := c.lower(tree.Node)
	c.root = root
	switch {
	case len(src.errs) > 0:
	case k != aTruth:
		at, n := c.extent(tree.Node)
		src.fail(at, n, "E3105", "this is a number, a rule needs a condition", "compare it, like … > 3")
	case len(c.reads) == 0:
		src.fail(0, len(text), "E3106", "the expression reads no stream, so it never changes", "compare a stream: device.channel > 3")
	case len(c.reads) > maxReads:
		src.fail(0, len(text), "E3107", fmt.Sprintf("the expression reads %d streams and windows", len(c.reads)), fmt.Sprintf("at most %d; make two rules of it", maxReads))
	default:
		c.sense(root)
	}
	if len(src.errs) > 0 {
		return nil, src.errs
	}
	return c.program, nil
}

// parse runs expr's parser with nothing of its library: each of its functions is
// either replaced by ours or unknown.
func parse(text string) (tree *parser.Tree, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the parser gave up: %v", r)
		}
	}()
	c := &conf.Config{MaxNodes: maxNodes, DisableIfOperator: true, Disabled: map[string]bool{}, Functions: conf.FunctionsTable{}}
	for _, b := range builtin.Builtins {
		c.Disabled[b.Name] = true
	}
	for name := range builtin.Index {
		c.Functions[name] = nil // also the ones with a syntax of their own
	}
	for _, name := range [...]string{"all", "none", "any", "one", "filter", "map", "count", "sum", "find", "findIndex", "findLast", "findLastIndex", "groupBy", "sortBy", "reduce"} {
		c.Functions[name] = nil
	}
	return parser.ParseWithConfig(text, c)
}

// crossed finds a clear that is at odds with when, where both are one comparison
// of the same thing with a number.
func crossed(when, clear *program, text string) []*Error {
	a, b := when.limitOf(), clear.limitOf()
	if a == nil || b == nil || !a.value.equal(b.value, when, clear) {
		return nil
	}
	up := a.kind == opMore || a.kind == opMoreEq
	if up == (b.kind == opMore || b.kind == opMoreEq) {
		return []*Error{{Offset: b.at, Length: b.length, ID: "E3110", Msg: "clear goes the same way as when (" + strings.TrimSpace(text) + ")", Hint: "turn the comparison round"}}
	}
	if up && b.limit > a.limit || !up && b.limit < a.limit {
		side, than := "above", "lower"
		if !up {
			side, than = "below", "higher"
		}
		return []*Error{{Offset: b.at, Length: b.length, ID: "E3109",
			Msg:  fmt.Sprintf("clear %s is %s raise %s", short(b.limit), side, short(a.limit)),
			Hint: fmt.Sprintf("clear must be %s than %s", than, short(a.limit))}}
	}
	return nil
}
