package rule

import (
	"math/bits"
	"time"
)

// Chatter says that a rule's alert came, went or moved so often that it is kept as it
// was at its worst until it calms down.
type Chatter struct {
	Since   int64 // boot ms of the first change of the unrest
	Changes int   // so many since then
}

// chances is how many changes are weighed: one for each twentieth of the time. A change
// weighs 0.8 if it is the oldest, 1.2 if it is the newest, and evenly in between.
const (
	chances = 20
	oldest  = 0.8
	newest  = 1.2
)

// An alert chatters from more than startAt of the greatest weight on, until it has less
// than stopAt: the values usual in network monitoring.
const (
	startAt = 0.5
	stopAt  = 0.25
)

// pause is how long a chattering alert says nothing between two words that it chatters
// on. A rise is never kept back.
const pause = int64(10 * time.Minute / time.Millisecond)

// weighed is over which time changes count.
func (r *Rule) weighed() time.Duration {
	if over := r.spec.Flapping; over != 0 {
		return max(over, 0)
	}
	var cycle time.Duration
	for _, st := range r.stages {
		cycle = max(cycle, st.raise+max(st.settle, st.hold))
	}
	return min(max(20*time.Minute, 10*cycle), 24*time.Hour)
}

// chatter counts how often an alert changes: that it begins to rise after it fell, and the
// other way round. A flood that goes through all its levels and back has changed twice. It
// is plain data.
type chatter struct {
	slot    int64  // ms; changes within one count as one; 0: nothing is weighed
	recent  uint32 // the last slots, the newest at bit 0: whether it changed in them
	at      int64  // number of the newest slot
	on      bool
	since   int64 // boot ms of the first change of the unrest
	changes int
	up      bool  // the last change was a rise, if there were changes
	told    int64 // boot ms of the last word about it
}

// roll lets the time be now.
func (c *chatter) roll(now int64) {
	if c.slot <= 0 {
		return
	}
	n := floor(now, c.slot)
	if past := n - c.at; past >= chances {
		c.recent = 0
	} else if past > 0 {
		c.recent = c.recent << past & (1<<chances - 1)
	}
	c.at = max(c.at, n)
	if c.recent == 0 && !c.on {
		c.changes = 0
	}
}

// change counts one, if it is not a further step of the one before. started says that it
// is one too many.
func (c *chatter) change(now int64, up bool) (started bool) {
	if c.slot <= 0 {
		return false
	}
	c.roll(now)
	if c.changes > 0 && c.up == up {
		return false
	}
	if c.changes == 0 {
		c.since = now
	}
	c.up = up
	c.recent |= 1
	c.changes++
	if c.on || c.weight() <= startAt {
		return false
	}
	c.on, c.told = true, now
	return true
}

// weight is the share of the greatest possible weight that the recent changes have.
func (c *chatter) weight() float64 {
	sum := 0.0
	for left := c.recent; left != 0; left &= left - 1 {
		age := float64(bits.TrailingZeros32(left))
		sum += newest - (newest-oldest)*age/(chances-1)
	}
	return sum / chances
}

// calmed lets the time be now and says whether the unrest is over.
func (c *chatter) calmed(now int64) bool {
	c.roll(now)
	if !c.on || c.weight() >= stopAt {
		return false
	}
	c.on, c.changes = false, 0
	return true
}

// due says whether it is time for a word that it goes on, and that it is given.
func (c *chatter) due(now int64) bool {
	if !c.on || now-c.told < pause {
		return false
	}
	c.told = now
	return true
}

// next is when a slot ends.
func (c *chatter) next() int64 { return (c.at + 1) * c.slot }

// says is what a transition tells.
func (c *chatter) says() Chatter {
	if !c.on {
		return Chatter{}
	}
	return Chatter{Since: c.since, Changes: c.changes}
}

// stir counts the changes of the alerts of the rules that moved in this Tick. That one
// begins to chatter, and after a pause that it still does, is news.
func (e *Engine) stir() {
	for _, g := range e.moved {
		g.stirs = false
		is := g.standing()
		if g.dead || is == g.raw {
			continue
		}
		started := g.chatter.change(e.now, g.above(is, g.raw))
		g.raw = is
		if started {
			e.restive = append(e.restive, g)
			e.next = min(e.next, g.chatter.next())
		}
		e.out[g.last].News = started || g.chatter.due(e.now)
		if says := g.chatter.says(); g.chatter.on {
			for i := range e.out {
				if t := &e.out[i]; t.Rule == g.spec.ID {
					t.Chatter = says
				}
			}
		}
	}
	e.moved = e.moved[:0]
}

// calm ends the chatter of alerts that have been quiet: not of those that are quiet
// because nothing is known, which would end them in the dark.
func (e *Engine) calm() {
	left := e.restive[:0]
	for _, g := range e.restive {
		g.chatter.roll(e.now)
		if !e.dark(g) && g.chatter.calmed(e.now) {
			g.news = true
			e.list(g)
		} else {
			left = append(left, g)
		}
	}
	e.restive = left
}

// dark says whether g's alert says more than its stages do, and of one of those nobody
// knows how it is.
func (e *Engine) dark(g *group) bool {
	if g.dead || g.standing() == g.said {
		return false
	}
	for _, b := range g.stages {
		if b.phase != Active && b.phase != Clearing && e.blind(b) {
			return true
		}
		if b.Standing == g.said {
			break
		}
	}
	return false
}

// blind says whether nobody knows if b's condition is met, or over: what only the silence
// of a stream says is nothing known.
func (e *Engine) blind(b *bound) bool {
	r := e.quiet(b)
	r.sober, r.firm = true, true
	when := r.truth(b.stage.when.root)
	if b.stage.clear == nil || when == isTrue {
		return when == unknown
	}
	r.inputs = b.clear
	return when == unknown || r.truth(b.stage.clear.root) == unknown
}
