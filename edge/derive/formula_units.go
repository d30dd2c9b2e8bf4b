package derive

import "fmt"

// openUnit is the unit of what is multiplied, divided or put into a function: a factor may
// have changed it, and nobody knows into what. The empty unit is that of a number, which
// goes with each.
const openUnit = "?"

// unit finds the unit of a formula's result, with those of its names; a constant has
// none. A sum of different units is an error.
func (f *Formula) unit(units []string) (string, *FormulaError) { return f.root.unit(units) }

func (t *term) unit(units []string) (string, *FormulaError) {
	switch t.op {
	case "":
		return "", nil
	case "x":
		return units[t.name], nil
	}
	all := ""
	for _, a := range t.args {
		u, err := a.unit(units)
		switch {
		case err != nil:
			return "", err
		case all == "" || u == openUnit:
			all = u
		case u != "" && u != all && all != openUnit && t.alike():
			return "", &FormulaError{Offset: t.from, Length: t.to - t.from, Msg: fmt.Sprintf("%s and %s do not go together", orNone(all), orNone(u)),
				Hint: "multiply one of them, like 0.001 * x"}
		}
	}
	if !t.alike() {
		return openUnit, nil
	}
	return all, nil
}

// alike says whether a term's result has the unit of its parts.
func (t *term) alike() bool {
	switch t.op {
	case "+", "-", "neg", "abs", "min", "max":
		return true
	}
	return false
}

// alikeUnits refuses a formula that adds what does not go together, or whose result is
// not in the unit of its metric, and says whether it did.
func (c *compiler) alikeUnits(p *Plan, f *Formula, ins []Known) (wrong bool) {
	before := len(c.wrong)
	units := make([]string, len(ins), len(ins)+len(c.s.Constants))
	for i, k := range ins {
		units[i] = k.Metric.Unit
	}
	units = append(units, make([]string, len(c.s.Constants))...)
	unit, err := f.unit(units)
	switch {
	case err != nil:
		c.wrong = append(c.wrong, Error{ID: c.s.ID, Key: "is", Offset: err.Offset, Length: err.Length, Code: "E2906", Msg: err.Msg, Hint: err.Hint})
	case unit != "" && unit != openUnit:
		c.same(p, unit, ins[0].Metric.Name)
	}
	return len(c.wrong) > before
}
