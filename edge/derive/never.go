package derive

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// never finds the first part of a formula that is no number whatever the streams say: a
// division by nought, the root of what is negative, a number that is too great. values
// are those of the names; NaN is a stream, whose value nobody knows.
func (f *Formula) never(values []float64) *FormulaError {
	t := f.root.never(values)
	if t == nil {
		return nil
	}
	e := &FormulaError{Offset: t.from, Length: t.to - t.from, Msg: "this is never a number", Hint: "write what can be computed"}
	if t.op == "/" && t.args[1].at(values) == 0 {
		d := t.args[1]
		e = &FormulaError{Offset: d.from, Length: d.to - d.from, Msg: "nothing can be divided by 0", Hint: "write what to divide by"}
	}
	return e
}

// never returns the innermost term that is wrong for certain.
func (t *term) never(values []float64) *term {
	for _, a := range t.args {
		if wrong := a.never(values); wrong != nil {
			return wrong
		}
	}
	if t.op == "/" && !t.args[1].open(values) && t.args[1].at(values) == 0 {
		return t
	}
	if v := t.at(values); !t.open(values) && (math.IsNaN(v) || math.IsInf(v, 0)) {
		return t
	}
	return nil
}

// open says whether a term depends on a value that nobody knows.
func (t *term) open(values []float64) bool {
	return t.op == "x" && math.IsNaN(values[t.name]) || slices.ContainsFunc(t.args, func(a *term) bool { return a.open(values) })
}

// computable reports a formula that has no result, with any of the values that its
// constants have had, and says whether it has one.
func (c *compiler) computable(f *Formula, inputs int) bool {
	values := make([]float64, inputs, inputs+len(c.s.Constants))
	for i := range values {
		values[i] = math.NaN()
	}
	rounds := 1
	for _, k := range c.s.Constants {
		if len(k.Values) == 0 {
			return true // which was said
		}
		rounds = max(rounds, len(k.Values))
	}
	for n := range rounds {
		now := values
		for _, k := range c.s.Constants {
			now = append(now, k.Values[min(n, len(k.Values)-1)].Is)
		}
		if e := f.never(now); e != nil {
			c.wrong = append(c.wrong, Error{ID: c.s.ID, Key: "is", Offset: e.Offset, Length: e.Length, Code: "E2909", Msg: e.Msg, Hint: e.Hint})
			return false
		}
	}
	return true
}

// airUnits are those of what is in the air.
var airUnits = []string{"[ppm]", "[ppb]", "ug/m3", "mg/m3"}

// extents are the kinds of quantity, see scales, that nothing in the air can be computed
// into. What is a signal, an index or another amount may be.
var extents = []string{"length", "speed", "flow", "pressure", "temperature"}

// sensible refuses a formula that makes, of nothing but what is in the air, something
// that it cannot be: a stream or a metric was mixed up. Other changes of kind are made
// every day: a depth of a pressure, anything of a current.
func (c *compiler) sensible(p *Plan, ins []Known) {
	if len(p.Metrics) == 0 || !slices.Contains(extents, scales[p.Metrics[0].Unit].what) ||
		slices.ContainsFunc(ins, func(k Known) bool { return !slices.Contains(airUnits, k.Metric.Unit) }) {
		return
	}
	c.say(cmp.Or(map[bool]string{true: "metric"}[c.s.Metric != ""], "is"), "E2906",
		fmt.Sprintf("%s is in %s: of that no %s in %s can be computed", ins[0].Metric.Name, ins[0].Metric.Unit, p.Channels[0], p.Metrics[0].Unit),
		"name another stream, or another metric")
}

// convertHint says what to write where no factor is known.
func convertHint(from, to string) string {
	a, b := scales[from].what, scales[to].what
	if a != "" && b != "" && a != b {
		return "name a metric of the same kind, or another stream"
	}
	return "write a formula instead: is: \"x * 0.001\""
}

// edition reports an edition that is not there, or was not written.
func (c *compiler) edition(of string, known []string) {
	if c.s.Edition == "" {
		c.say("edition", "E2907", "nothing says by which edition of "+of, "add edition: "+strings.Join(known, " or "))
		return
	}
	c.say("edition", "E2907", fmt.Sprintf("there is no edition %q of %s", c.s.Edition, of), "write "+strings.Join(known, " or "))
}
