package rule

import (
	"math"
	"math/bits"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// findings are which comparisons of a program were true, and which were not, as bits by
// their index; those of a rule are fewer than the 200 parts of it by far.
type findings struct{ yes, no uint64 }

// note notes what the comparison of 1 + index i is, and gives it back.
func (f *findings) note(i int, is truth) truth {
	switch {
	case i == 0:
	case is == isTrue:
		f.yes |= 1 << (i - 1)
	case is == isFalse:
		f.no |= 1 << (i - 1)
	}
	return is
}

// since is what is otherwise than before.
func (f findings) since(before findings) uint64 { return f.yes&^before.yes | f.no&^before.no }

// with is f where nothing newer is found.
func (f findings) with(newer findings) findings {
	return findings{f.yes&^newer.no | newer.yes, f.no&^newer.yes | newer.no}
}

// choose finds the comparison that b's alert is about when its condition is met, and the
// one that it is over by when it ends; is is what was found of the comparisons. What is
// otherwise than when the condition was known last came to it since: what was not known
// meanwhile, as behind a restart, is no news when it is as it was.
func (e *Engine) choose(b *bound, is findings, when, clear truth) {
	is = b.found.with(is)
	news := is.since(b.found)
	if (when != unknown || clear == isTrue) && is != b.found {
		b.found = is
		b.group.unsaved = b.group.unsaved || len(b.stage.when.compared) > 1
	}
	switch {
	case len(b.stage.when.compared) < 2:
	case when == isTrue && (b.phase == Normal || b.phase == Clearing):
		b.subject, b.over = b.stage.when.decisive(e.quiet(b).backing(b.stage.when.root, isTrue), news), 0
	case when == isFalse && clear == isTrue && b.phase == Active && b.stage.clear == nil:
		all := e.quiet(b).backing(b.stage.when.root, isFalse)
		if b.over = 0; all != 0 && all>>b.subject&1 == 0 {
			b.over = 1 + b.stage.when.decisive(all, news)
		}
	}
}

// backing is which comparisons make n what it is, as bits by their index; what only chooses
// between two conditions is none of them.
func (r *reader) backing(n *node, is truth) uint64 {
	switch n.op {
	case opTruth:
		return 0
	case opNot:
		return r.backing(n.a, -is)
	case opSame:
		return r.backing(n.a, r.truth(n.a)) | r.backing(n.b, r.truth(n.b))
	case opChoose:
		if r.truth(n.a) == isTrue {
			return r.backing(n.b, is)
		}
		return r.backing(n.c, is)
	case opAnd, opOr:
		var all uint64
		for _, side := range [...]*node{n.a, n.b} {
			if r.truth(side) == is {
				all |= r.backing(side, is)
			}
		}
		return all
	}
	if n.compared == 0 || r.truth(n) != is {
		return 0
	}
	return 1 << (n.compared - 1)
}

// decisive is the comparison to speak of, of all that made the condition what it is: the
// first one that came to it last, and rather one about what is measured than about how
// well it is.
func (p *program) decisive(all, news uint64) int {
	var aside uint64
	for i := range p.compared {
		if p.compared[i].quantity.aside() {
			aside |= 1 << i
		}
	}
	for _, of := range [...]uint64{all & news &^ aside, all &^ aside, all & news, all} {
		if of != 0 {
			return bits.TrailingZeros64(of)
		}
	}
	return p.first()
}

// first is the first comparison that does more than choose; 0 if there is none.
func (p *program) first() int {
	for i := range p.compared {
		if !p.compared[i].inner {
			return i
		}
	}
	return 0
}

// spoken is the comparison that is spoken of; there must be one.
func (b *bound) spoken() *comparison {
	i := b.subject
	if b.over > 0 && (b.phase == Clearing || b.phase == Normal) {
		i = b.over - 1
	}
	all := b.stage.when.compared
	return &all[min(i, len(all)-1)]
}

// side is what c compares: of a choice what is chosen, if that is of a stream.
func (r *reader) side(c *comparison) *node {
	n := c.value
	for n.op == opPick {
		chosen := n.b
		if r.truth(n.a) != isTrue {
			chosen = n.c
		}
		if r.truth(n.a) == unknown || !chosen.measures() {
			return n
		}
		n = chosen
	}
	return n
}

// limit is what c compares with; NaN where that is not known.
func (r *reader) limit(c *comparison) float64 {
	if c.against == nil || !math.IsNaN(c.limit) {
		return c.limit
	}
	if s := r.number(c.against); s.exact() {
		return s.lo
	}
	return math.NaN()
}

// rests says whether the comparison that decided b's condition looks at st.
func (b *bound) rests(st obs.Stream) bool {
	when := b.stage.when
	if len(when.compared) == 0 {
		return b.about() == st
	}
	return when.uses(when.compared[min(b.subject, len(when.compared)-1)].node, st)
}
