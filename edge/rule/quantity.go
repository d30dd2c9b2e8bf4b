package rule

import "github.com/lamppost-city/lamppost/drivers/obs"

// Quantity says what the number of a comparison is, beside the stream's metric:
// a level and how fast it rises have different units.
type Quantity string

// The quantities.
const (
	Same    Quantity = ""         // as the stream is measured
	PerHour Quantity = "per-hour" // its change in an hour
	Seconds Quantity = "seconds"  // a time without data
	Unmoved Quantity = "unmoved"  // a time without movement, in seconds
	Until   Quantity = "until"    // a time ahead, in seconds
	Number  Quantity = "number"   // so many readings
	Other   Quantity = "other"    // something computed, whose unit nobody stated
)

// measure is a quantity of a metric.
type measure struct {
	quantity Quantity
	metric   string
}

// measureOf finds what a number of p is. Numbers that are written in the rule
// take the measure of what they stand with.
func (p *program) measureOf(n *node) measure {
	other := measure{Other, ""}
	switch n.op {
	case opConst:
		return measure{}
	case opNeg, opAbs:
		return p.measureOf(n.a)
	case opAdd, opSub:
		return p.alike(n.a, n.b)
	case opPick:
		return p.alike(n.b, n.c)
	case opMul, opDiv, opMod, opPow:
		return other
	}
	m := measure{Same, obs.MetricName(p.reads[n.read].stream.Channel)}
	switch n.op {
	case opRate:
		m.quantity = PerHour
	case opRises, opFalls:
		return measure{Until, ""}
	case opStale:
		return measure{Seconds, ""}
	case opStuck:
		return measure{Unmoved, ""}
	case opCount:
		return measure{Number, ""}
	}
	return m
}

// alike is the measure of two numbers that are added or chosen from.
func (p *program) alike(a, b *node) measure {
	x, y := p.measureOf(a), p.measureOf(b)
	switch {
	case a.op == opConst:
		return y
	case b.op == opConst || x == y:
		return x
	default:
		return measure{Other, ""}
	}
}
