package rule

import "slices"

// raised is the most severe stage that is raised, or nil.
func (g *group) raised() *bound {
	for _, b := range g.stages {
		if b.phase == Active || b.phase == Clearing {
			return b
		}
	}
	return nil
}

// standing is how g's alert would stand if nothing kept it as it was.
func (g *group) standing() Standing {
	if b := g.raised(); b != nil {
		return b.Standing
	}
	return Standing{}
}

// tells is what g's alert says: while it chatters, the worst that it said meanwhile.
func (g *group) tells() Standing {
	is := g.standing()
	if g.chatter.on && !g.above(is, g.said) {
		return g.said
	}
	return is
}

// above says whether a is more severe than b. What the rule does not have any more
// counts as less than all it has.
func (g *group) above(a, b Standing) bool {
	rank := func(s Standing) int {
		i := slices.IndexFunc(g.stages, func(x *bound) bool { return x.Standing == s })
		switch {
		case i >= 0:
			return i
		case s == Standing{}:
			return len(g.stages) + 1
		default:
			return len(g.stages)
		}
	}
	return rank(a) < rank(b)
}

// Phase returns where a rule stands: of several stages the most severe that is not
// normal. It returns false for one that does not exist.
func (e *Engine) Phase(id string) (Phase, bool) {
	g := e.byID[id]
	if g == nil {
		return Normal, false
	}
	if b := g.raised(); b != nil {
		return b.phase, true
	}
	for _, b := range g.stages {
		if b.phase != Normal {
			return b.phase, true
		}
	}
	return Normal, true
}

// Standing returns what a rule's alert says, the zero value while it has none.
func (e *Engine) Standing(id string) Standing {
	if g := e.byID[id]; g != nil {
		return g.tells()
	}
	return Standing{}
}

// spend ends the forecast together with what it forecast: behind a crest that falls
// fast the trend still rises. A new one needs a new cause.
func (g *group) spend() {
	f := g.stages[len(g.stages)-1]
	if up := g.raised(); up == f && f.Stage == StageForecast {
		f.state = state{spent: true, last: f.last, paused: f.last}
	}
}

// list remembers that g's alert is not as was said. Its last transition of this Tick
// will say it; if there is none, one that says nothing else.
func (e *Engine) list(g *group) {
	if !g.listed {
		g.listed, g.last = true, -1
		e.unsaid = append(e.unsaid, g)
	}
}

// settle says how the alerts stand that fell, that chatter or have calmed down.
func (e *Engine) settle() {
	e.stir()
	for _, g := range e.unsaid {
		g.listed = false
		is, news := g.tells(), g.news
		g.news = false
		if g.dead || is == g.said && (!news || is == Standing{}) {
			continue
		}
		e.told(g, is, news)
	}
	e.unsaid = e.unsaid[:0]
}

// told lets g's last transition of this Tick, or one of its own, say how it stands.
func (e *Engine) told(g *group, is Standing, news bool) {
	b := g.raised()
	if g.last < 0 {
		g.last = len(e.out)
		of := g.stages[len(g.stages)-1]
		if b != nil {
			of = b
		}
		t := Transition{Rule: g.spec.ID, Standing: of.Standing, From: of.phase, To: of.phase, At: e.now, Since: of.since, Was: g.said}
		e.speak(&t, of)
		e.out = append(e.out, t)
	}
	t := &e.out[g.last]
	if t.Is, g.said = is, is; b != nil {
		e.speak(t, b)
	}
	t.News, t.Chatter = t.News || news && t.Was == t.Is, g.chatter.says()
	g.announced(t)
	e.release(g, e.now)
}
