package rule

import "slices"

// MaxDepends is how many rules one may depend on.
const MaxDepends = 4

// inOrder puts rules behind those that they depend on, else as they were. What is part
// of a circle keeps its place; the configuration refuses that.
func (e *Engine) inOrder(rules []*Rule) []*Rule {
	byID := map[string]*Rule{}
	for _, r := range rules {
		byID[r.spec.ID] = r
		e.linked = e.linked || r.spec.Depends != [MaxDepends]string{}
	}
	if !e.linked {
		return rules
	}
	out, seen := make([]*Rule, 0, len(rules)), map[*Rule]bool{}
	var put func(r *Rule)
	put = func(r *Rule) {
		if seen[r] {
			return
		}
		seen[r] = true
		for _, id := range r.spec.Depends {
			if p := byID[id]; p != nil {
				put(p)
			}
		}
		out = append(out, r)
	}
	for _, r := range rules {
		put(r)
	}
	return out
}

// kept says whether a rule that g depends on has its alert, or is itself kept back by
// one that has.
func (g *group) kept() bool {
	return slices.ContainsFunc(g.parents, func(p *group) bool { return p.back || p.said.Stage == StageActual })
}

// release keeps back or lets go what depends on g, whose alert may have changed at.
func (e *Engine) release(g *group, at int64) {
	for _, c := range g.children {
		if back := c.kept(); back != c.back {
			c.back = back
			e.interrupt(c, at)
			e.release(c, at)
		}
	}
}

// interrupt lets g be evaluated at the next occasion, and its timers run no longer than
// to at: what would run out at that very moment does not.
func (e *Engine) interrupt(g *group, at int64) {
	for _, b := range g.stages {
		if at <= b.until {
			b.until, b.cut = at, true
		}
		e.insert(b)
	}
	e.next = min(e.next, e.now)
}

// insert is touch within a Tick, too: parents stay before children.
func (e *Engine) insert(b *bound) {
	if b.touched {
		return
	}
	b.touched = true
	at, _ := slices.BinarySearch(e.touched[e.done:], b.index)
	e.touched = slices.Insert(e.touched, e.done+at, b.index)
}

// relink finds what is kept back when all states have been set from outside.
func (e *Engine) relink() {
	for _, g := range e.groups { // parents come first
		g.back = g.kept()
	}
}

// Maintain puts a rule under maintenance or back to work: meanwhile it neither raises
// nor clears, its alert stays as it is, its timers stand still. It counts from the next
// Tick on and is not part of a snapshot. It returns false if there is no such rule.
func (e *Engine) Maintain(id string, aside bool) bool {
	g := e.byID[id]
	if g == nil {
		return false
	}
	if g.aside != aside {
		g.aside = aside
		e.interrupt(g, never)
	}
	return true
}

// Idle says why a rule does not judge at present, and false if it does.
func (e *Engine) Idle(id string) (why Idleness, ok bool) {
	g := e.byID[id]
	switch {
	case g == nil:
		return "", false
	case g.dead:
		return Broken, true
	case g.aside:
		return Maintained, true
	case g.back:
		return KeptBack, true
	case g.rests:
		return OffSchedule, true
	}
	return "", false
}

// KeptBy returns the rules that keep one back: those that it depends on which have an alert,
// or are kept back themselves.
func (e *Engine) KeptBy(id string) (by []string) {
	g := e.byID[id]
	if g == nil || !g.back {
		return nil
	}
	for _, p := range g.parents {
		if p.back || p.said.Stage == StageActual {
			by = append(by, p.spec.ID)
		}
	}
	return by
}

// Idleness is why a rule does not judge.
type Idleness string

// What keeps a rule from judging.
const (
	Broken      Idleness = "broken"      // its evaluation panicked, see [Engine.Stopped]
	Maintained  Idleness = "maintenance" // see [Engine.Maintain]
	KeptBack    Idleness = "depends"     // a rule that it depends on has an alert
	OffSchedule Idleness = "schedule"    // outside its schedule, and without an alert
)
