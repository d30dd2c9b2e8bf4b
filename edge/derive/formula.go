package derive

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Bounds of a formula.
const (
	maxFormula = 500 // bytes
	maxDepth   = 40  // of brackets and operators within each other
)

// Formula is arithmetic on named numbers: + - * / ^, brackets, and the functions abs, min,
// max, sqrt, exp, ln, log10, sin, cos, tan (of degrees). ^ binds to the right and stronger
// than a sign. It has no loops, so it costs what its length costs. The zero value is
// not a formula.
type Formula struct {
	root  *term
	names []string
}

// FormulaError is something wrong with a formula's text.
type FormulaError struct {
	Offset, Length int // bytes
	Msg, Hint      string
}

func (e *FormulaError) Error() string {
	s := fmt.Sprintf("byte %d: %s", e.Offset, e.Msg)
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// term is a node: a number, a name, or an operation on others.
type term struct {
	op   string // "" for a number, "x" for a name, + - * / ^ neg, or a function
	v    float64
	name int // index into Formula.names
	args []*term
	from int // bytes of the text: where it begins and ends
	to   int
}

// function is what a formula may call.
type function struct {
	least, most int // arguments
	of          func([]float64) float64
}

func one(f func(float64) float64) function {
	return function{1, 1, func(v []float64) float64 { return f(v[0]) }}
}

func ofDegrees(f func(float64) float64) function {
	return one(func(v float64) float64 { return f(v * math.Pi / 180) })
}

// functions are those of a formula, by name.
var functions = map[string]function{
	"abs": one(math.Abs), "sqrt": one(math.Sqrt), "exp": one(math.Exp), "ln": one(math.Log), "log10": one(math.Log10),
	"sin": ofDegrees(math.Sin), "cos": ofDegrees(math.Cos), "tan": ofDegrees(math.Tan),
	"min": {1, 8, slices.Min[[]float64]}, "max": {1, 8, slices.Max[[]float64]},
}

// ParseFormula reads a formula in which the given names stand for numbers.
func ParseFormula(text string, names []string) (*Formula, error) {
	if len(text) > maxFormula {
		return nil, &FormulaError{Msg: fmt.Sprintf("the formula has %d bytes", len(text)), Hint: fmt.Sprintf("at most %d; split it into two derived streams", maxFormula)}
	}
	p := &formulaParser{text: text, names: names}
	root, err := p.sum(0)
	if err == nil && p.peek() != 0 {
		err = p.fail(p.at, 1, fmt.Sprintf("%q is not expected here", p.peek()), "write an operator + - * / ^ between two numbers")
	}
	if err != nil {
		return nil, err
	}
	return &Formula{root, names}, nil
}

// At computes the formula; values stand in the order of the names. What cannot be
// computed is NaN: a division by zero, a root of what is negative, an overflow.
func (f *Formula) At(values []float64) float64 {
	v := f.root.at(values)
	if math.IsInf(v, 0) {
		return math.NaN()
	}
	return v
}

// Uses says whether the formula speaks of the name at index i.
func (f *Formula) Uses(i int) bool { return f.root.uses(i) }

// String writes the formula with every bracket, so that it reads back as the same.
func (f *Formula) String() string { return f.root.text(f.names) }

func (t *term) at(values []float64) float64 {
	switch t.op {
	case "":
		return t.v
	case "x":
		return values[t.name]
	case "neg":
		return -t.args[0].at(values)
	}
	var buf [8]float64
	in := buf[:len(t.args)]
	for i, a := range t.args {
		if in[i] = a.at(values); math.IsNaN(in[i]) || math.IsInf(in[i], 0) {
			return math.NaN() // else 1/(1/0) would be a number
		}
	}
	switch t.op {
	case "+":
		return in[0] + in[1]
	case "-":
		return in[0] - in[1]
	case "*":
		return in[0] * in[1]
	case "/":
		return in[0] / in[1]
	case "^":
		return math.Pow(in[0], in[1])
	}
	return functions[t.op].of(in)
}

func (t *term) uses(i int) bool {
	return t.op == "x" && t.name == i || slices.ContainsFunc(t.args, func(a *term) bool { return a.uses(i) })
}

func (t *term) text(names []string) string {
	switch t.op {
	case "":
		return strconv.FormatFloat(t.v, 'g', -1, 64)
	case "x":
		return names[t.name]
	case "neg":
		return "(-" + t.args[0].text(names) + ")"
	}
	var args []string
	for _, a := range t.args {
		args = append(args, a.text(names))
	}
	if _, ok := functions[t.op]; ok {
		return t.op + "(" + strings.Join(args, ", ") + ")"
	}
	return "(" + args[0] + " " + t.op + " " + args[1] + ")"
}

// formulaParser reads by recursive descent; at is the next byte.
type formulaParser struct {
	text  string
	names []string
	at    int
}

func (p *formulaParser) fail(at, length int, msg, hint string) error {
	return &FormulaError{Offset: min(at, len(p.text)), Length: length, Msg: msg, Hint: hint}
}

// peek returns the next byte that is no blank, 0 at the end.
func (p *formulaParser) peek() byte {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// end is where what was read ends, without the blanks behind it.
func (p *formulaParser) end() int { return len(strings.TrimRight(p.text[:p.at], " \t")) }

// sum and product read operators that bind to the left.
func (p *formulaParser) sum(depth int) (*term, error) { return p.chain(depth, "+-", p.product) }

func (p *formulaParser) product(depth int) (*term, error) { return p.chain(depth, "*/", p.signed) }

func (p *formulaParser) chain(depth int, ops string, operand func(int) (*term, error)) (*term, error) {
	p.peek()
	from := p.at
	left, err := operand(depth + 1)
	for n := 0; err == nil && p.peek() != 0 && strings.IndexByte(ops, p.peek()) >= 0; n++ {
		if depth+n > maxDepth {
			return nil, p.fail(p.at, 1, "the formula is too long a chain", "split it into two derived streams")
		}
		op := p.text[p.at]
		p.at++
		var right *term
		right, err = operand(depth + 1)
		left = &term{op: string(op), args: []*term{left, right}, from: from, to: p.end()}
	}
	return left, err
}

func (p *formulaParser) signed(depth int) (*term, error) {
	if depth > maxDepth {
		return nil, p.fail(p.at, 1, "the formula is nested too deeply", "split it into two derived streams")
	}
	if p.peek() == '-' {
		from := p.at
		p.at++
		t, err := p.signed(depth + 1)
		return &term{op: "neg", args: []*term{t}, from: from, to: p.end()}, err
	}
	from := p.at
	base, err := p.single(depth + 1)
	if err != nil || p.peek() != '^' {
		return base, err
	}
	p.at++
	to, err := p.signed(depth + 1)
	return &term{op: "^", args: []*term{base, to}, from: from, to: p.end()}, err
}

// single reads a number, a name, a call or a bracket.
func (p *formulaParser) single(depth int) (*term, error) {
	switch c := p.peek(); {
	case c == '(':
		p.at++
		t, err := p.sum(depth)
		return t, p.close(err)
	case c >= '0' && c <= '9' || c == '.':
		return p.number()
	case wordStart(c):
		return p.word(depth)
	case c == 0:
		return nil, p.fail(p.at, 0, "the formula ends too early", "write a number or one of "+strings.Join(p.names, ", "))
	default:
		return nil, p.fail(p.at, 1, fmt.Sprintf("%q is not expected here", c), "write a number or one of "+strings.Join(p.names, ", "))
	}
}

func (p *formulaParser) close(err error) error {
	if err != nil {
		return err
	}
	if p.peek() != ')' {
		return p.fail(p.at, 1, "a bracket is not closed", "add )")
	}
	p.at++
	return nil
}

func (p *formulaParser) number() (*term, error) {
	from := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		signed := (c == '-' || c == '+') && (p.text[p.at-1] == 'e' || p.text[p.at-1] == 'E') && p.at > from
		if !(c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || signed) {
			break
		}
		p.at++
	}
	v, err := strconv.ParseFloat(p.text[from:p.at], 64)
	if err != nil {
		return nil, p.fail(from, p.at-from, fmt.Sprintf("%q is no number", p.text[from:p.at]), "write 12.40 or 1e-3")
	}
	return &term{v: v, from: from, to: p.end()}, nil
}

func (p *formulaParser) word(depth int) (*term, error) {
	from := p.at
	for p.at < len(p.text) && (wordStart(p.text[p.at]) || p.text[p.at] >= '0' && p.text[p.at] <= '9') {
		p.at++
	}
	w := p.text[from:p.at]
	if i := slices.Index(p.names, w); i >= 0 {
		return &term{op: "x", name: i, from: from, to: p.end()}, nil
	}
	f, ok := functions[w]
	if !ok {
		return nil, p.fail(from, len(w), fmt.Sprintf("nothing is called %q", w), "here there are "+strings.Join(p.names, ", "))
	}
	t := &term{op: w, from: from}
	if p.peek() != '(' {
		return nil, p.fail(p.at, 1, w+" is a function", "write "+w+"( … )")
	}
	for sep := byte('('); p.peek() == sep; sep = ',' {
		p.at++
		a, err := p.sum(depth + 1)
		if err != nil {
			return nil, err
		}
		t.args = append(t.args, a)
		if len(t.args) > f.most {
			break
		}
	}
	if err := p.close(nil); err != nil {
		return nil, err
	}
	if len(t.args) < f.least || len(t.args) > f.most {
		return nil, p.fail(from, len(w), fmt.Sprintf("%s takes %d to %d numbers, not %d", w, f.least, f.most, len(t.args)), "")
	}
	t.to = p.end()
	return t, nil
}

func wordStart(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// asFormulaError returns the error of ParseFormula as what it is.
func asFormulaError(err error) *FormulaError {
	var e *FormulaError
	if errors.As(err, &e) {
		return e
	}
	return &FormulaError{Msg: err.Error()}
}
