package derive

import (
	"cmp"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/obs/quantity"
)

// Turns says whether a metric is a direction: behind 360 comes 0.
func Turns(m obs.Metric) bool { return m.Turns() }

// meaning is what is known of a stream before it is measured.
func meaning(name string, m obs.Metric) quantity.Value {
	kind := quantity.Amount
	switch {
	case Turns(m):
		kind = quantity.Direction
	case Level(m):
		kind = quantity.Level
	}
	return quantity.Measured(name, m.Unit, kind)
}

// meaning finds what a term is, with what its names are, or the first part of it that means
// nothing.
func (t *term) meaning(names []quantity.Value) (quantity.Value, *formulaFault) {
	switch t.op {
	case "":
		return quantity.Number(t.v), nil
	case "x":
		return names[t.name], nil
	}
	of := make([]quantity.Value, len(t.args))
	for i, a := range t.args {
		var wrong *formulaFault
		if of[i], wrong = a.meaning(names); wrong != nil {
			return quantity.Value{}, wrong
		}
	}
	v, wrong := quantity.Apply(t.op, of...)
	if wrong == nil {
		return v, nil
	}
	at := t
	if wrong.Operand > 0 {
		at = t.args[wrong.Operand-1]
	}
	return v, &formulaFault{wrong, at}
}

// formulaFault is what is wrong with a part of a formula.
type formulaFault struct {
	*quantity.Fault
	at *term
}

// error is a fault as it is told.
func (f *formulaFault) error(id string) Error {
	e := Error{ID: id, Key: "is", Offset: f.at.from, Length: f.at.to - f.at.from, Code: "E2906", Msg: f.Msg, Hint: f.Hint}
	switch f.Why {
	case quantity.Nothing:
		e.Code = "E2909"
	case quantity.Units:
		if f.Msg == "" {
			e.Msg, e.Hint = fmt.Sprintf("%s and %s do not go together", orNone(f.Units[0]), orNone(f.Units[1])), "multiply one of them, like 0.001 * x"
		}
	}
	return e
}

// meant refuses a formula of which a part means nothing, or whose result is not in the unit of
// its metric, and says whether it is good.
func (c *compiler) meant(p *Plan, f *Formula, ins []Known) bool {
	names := make([]quantity.Value, len(f.names))
	for i, name := range f.names {
		if names[i] = quantity.Constant(name); i < len(ins) {
			names[i] = meaning(name, ins[i].Metric)
		}
	}
	v, wrong := f.root.meaning(names)
	if wrong == nil {
		var result *quantity.Fault
		if _, result = quantity.Apply(quantity.Result, v); result != nil {
			wrong = &formulaFault{result, f.root}
		}
	}
	if wrong != nil {
		c.wrong = append(c.wrong, wrong.error(c.s.ID))
		return false
	}
	if len(p.Metrics) == 0 || v.Fits(p.Metrics[0].Unit) {
		return true
	}
	hint := "name a metric with that unit, or multiply with what makes one of it, like 0.001 * x"
	if v.Unit() == ins[0].Metric.Unit {
		hint = "name a metric with the unit of " + ins[0].Metric.Name
	}
	c.say(cmp.Or(map[bool]string{true: "metric"}[c.s.Metric != ""], "is"), "E2906", fmt.Sprintf("%s is in %s, this is in %s", p.Channels[0], orNone(p.Metrics[0].Unit), orNone(v.Unit())), hint)
	return false
}
