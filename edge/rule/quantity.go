package rule

import (
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

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

	// These have the unit of the stream.
	Mean     Quantity = "mean"     // of a window
	Leq      Quantity = "leq"      // the energy mean of a window
	Least    Quantity = "least"    // of a window
	Greatest Quantity = "greatest" // of a window
	Rise     Quantity = "rise"     // above the least of a window
	Computed Quantity = "computed" // of several values, or of one and a number
)

// aside says whether q is about the readings and not about what is measured.
func (q Quantity) aside() bool { return q == Seconds || q == Unmoved || q == Number }

// own says whether q has the unit of the stream.
func (q Quantity) own() bool {
	return q == Same || q == Mean || q == Leq || q == Least || q == Greatest || q == Rise || q == Computed
}

// Mixed says whether a rule's conditions compare numbers of the stream's unit and others,
// so that its message cannot know the unit of the number that it is about.
func (r *Rule) Mixed() bool {
	var own, other bool
	for _, st := range r.stages {
		if st.Stage == StageForecast {
			continue
		}
		for i, c := range st.when.compared {
			if c.inner && i != st.when.first() {
				continue // no alert is about it
			}
			own, other = own || c.quantity.own(), other || !c.quantity.own()
		}
	}
	return own && other
}

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

// spokenOf says what a number of p is, for people: a mean of ten minutes is no level,
// though it has the unit of one. over is its window, 0 where it has none.
func (p *program) spokenOf(n *node) (q Quantity, over time.Duration) {
	q = p.measureOf(n).quantity
	for n.op == opNeg || n.op == opAbs {
		n = n.a
	}
	aggregate := map[op]Quantity{opAvg: Mean, opLeq: Leq, opMin: Least, opMax: Greatest, opRise: Rise}
	switch {
	case n.op > opLast && n.op <= opRate:
		over = ms(p.reads[n.read].window)
		if q == Same {
			q = aggregate[n.op]
		}
	case q == Same && (n.op == opAdd || n.op == opSub || n.op == opPick):
		q = Computed
	}
	return q, over
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
