package area

import (
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// Thing is something that stands somewhere and counts: a gateway with its devices, a
// case, the alerts of a site.
type Thing struct {
	Area   Code // as Tree.Nearest understands it; empty: nowhere
	Counts view.AreaCounts
}

// Sums is what stands in each area of a tree, those below it included.
type Sums struct {
	tree     *Tree
	by       []view.AreaCounts // as the tree's nodes
	unplaced view.AreaCounts
}

// RollUp counts things for every area at once.
func (t *Tree) RollUp(things []Thing) *Sums {
	s := &Sums{tree: t, by: make([]view.AreaCounts, len(t.nodes))}
	for i := range things {
		c, ok := t.Nearest(things[i].Area)
		if !ok {
			add(&s.unplaced, &things[i].Counts)
			continue
		}
		add(&s.by[t.at[c]], &things[i].Counts)
	}
	for i := len(t.nodes) - 1; i > 0; i-- { // each after those below it
		if up := t.nodes[i].parent; up >= 0 {
			add(&s.by[up], &s.by[i])
		}
	}
	return s
}

// Of returns what stands in an area of the tree.
func (s *Sums) Of(c Code) view.AreaCounts {
	if i, ok := s.tree.at[c]; ok {
		return s.by[i]
	}
	return view.AreaCounts{}
}

// Unplaced returns what stands in no area of the tree.
func (s *Sums) Unplaced() view.AreaCounts { return s.unplaced }

func add(sum, c *view.AreaCounts) {
	sum.Gateways += c.Gateways
	sum.Devices += c.Devices
	sum.Online += c.Online
	sum.Silent += c.Silent
	sum.Faulty += c.Faulty
	sum.Waiting += c.Waiting
	sum.Alerts += c.Alerts
	sum.Cases += c.Cases
	if rank(c.Worst) > rank(sum.Worst) {
		sum.Worst = c.Worst
	}
}

// rank orders severities; what is none is 0.
func rank(s wire.Severity) int {
	switch s {
	case wire.Red:
		return 4
	case wire.Orange:
		return 3
	case wire.Yellow:
		return 2
	case wire.Blue:
		return 1
	}
	return 0
}
