package drivertest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/tape"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// ownersKeys are the keys of an output that belong to the configuration, not to its
// driver.
var ownersKeys = []string{
	"bus", "address", "timeout", "max_on", "min_off", "per_hour", "interlock", "feedback", "feedback_within", "resume", "name",
}

// describeOutput tests what a driver of outputs says about itself: that every output in
// its sample can be planned, that its page names every option, and that it is tested with
// a part on each wire that it knows.
func describeOutput(c OutputConfig) (wrong []error) {
	k := c.Kind
	fail := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(k.Name+": "+format, args...)) }
	if err := obs.CheckID(k.Name); err != nil {
		fail("its name: %w", err)
	}
	doc, err := yamldoc.Parse(k.Name+"/sample.yaml", []byte(k.Sample))
	if err != nil {
		return append(wrong, err)
	}
	outputs := doc.Node("outputs")
	if outputs.Len() == 0 {
		fail("sample.yaml has no outputs")
	}
	for _, id := range outputs.Keys() {
		wire, err := describeOne(k, outputs.Node(id))
		if err != nil {
			fail("sample.yaml: %s: %w", id, err)
			continue
		}
		if !slices.Contains(c.wires(), wire) {
			fail("sample.yaml: %s is on the wire %s, on which it is tested with no part", id, wire)
		}
	}
	return wrong
}

func describeOne(k drivers.OutputKind, n *yamldoc.Node) (drivers.Wire, error) {
	var options any
	p, err := k.Plan(func(out any) error { options = out; return n.DecodeBeside(out, ownersKeys...) })
	if err != nil {
		return "", fmt.Errorf("plan: %w", err)
	}
	if opens := p.Opens(); !slices.Equal(opens, []drivers.Wire{p.Wire}) {
		return "", fmt.Errorf("an output on wire %q, and the plan's Open functions are for %q", p.Wire, opens)
	}
	if p.Timeout <= 0 || p.MaxOn <= 0 {
		return "", fmt.Errorf("timeout %v, longest time on %v", p.Timeout, p.MaxOn)
	}
	for _, key := range keysOf(reflect.TypeOf(options)) {
		if !strings.Contains(k.Readme, "`"+key+"`") {
			return "", fmt.Errorf("README.md does not name `%s`", key)
		}
	}
	return p.Wire, nil
}

// outputConformance is conformance for a driver of outputs, which has to show tapes of
// each of its wires.
func (e evidence) outputConformance(k drivers.OutputKind, wires []drivers.Wire, answers int) (level, why string) {
	level, why = gold, ""
	for _, w := range wires {
		mine := e
		mine.tapes = e.of(w)
		l, y := mine.conformance(drivers.Kind{Name: k.Name, Readme: k.Readme, Wire: w}, answers)
		if worse(l, level) || why == "" {
			level, why = l, fmt.Sprintf("%s: %s", w, y)
		}
	}
	return level, why
}

func worse(a, b string) bool {
	order := []string{bronze, silver, gold}
	return slices.Index(order, a) < slices.Index(order, b)
}

// of returns the tapes of a wire.
func (e evidence) of(w drivers.Wire) (tapes []*tape.Tape) {
	for _, t := range e.tapes {
		if t.Wire == w {
			tapes = append(tapes, t)
		}
	}
	return tapes
}

// outputReal is realPart for a driver of outputs: the least that is known on any of its
// wires.
func (e evidence) outputReal(wires []drivers.Wire) (known, why string) {
	for _, w := range wires {
		mine := e
		mine.tapes = e.of(w)
		if known, why = mine.realPart(w); known == notYet {
			return known, fmt.Sprintf("%s: %s", w, why)
		}
	}
	return known, why
}
