package rehearsal

import (
	"maps"
	"math"
	"slices"

	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/rule"
)

// player lets an engine see readings in the order of time and wakes it in between
// whenever it asks for that, as the gateway's timer does.
type player struct {
	engine *rule.Engine
	out    func(rule.Transition)
	now    int64
	begun  bool
	open   bool // observed and not yet ticked
}

func newPlayer(rules []*rule.Rule, out func(rule.Transition)) *player {
	return &player{engine: rule.New(rules), out: out, now: math.MinInt64}
}

// observe shows one reading. One of an earlier time than the last counts as of then.
func (p *player) observe(st obs.Stream, ms int64, r obs.Reading) {
	if !p.begun || ms > p.now {
		p.pass(ms)
	}
	p.engine.Observe(st, ms, r)
	p.open = true
}

// pass lets time go on to ms, up to what happens at ms itself.
func (p *player) pass(ms int64) {
	if !p.begun {
		p.begun, p.now = true, ms
		return
	}
	if p.open {
		p.tick(p.now)
	}
	for {
		next, ok := p.engine.Next()
		if next = max(next, p.now+1); !ok || next >= ms {
			break
		}
		p.tick(next)
	}
	p.now = ms
}

func (p *player) tick(ms int64) {
	p.open, p.now = false, ms
	for _, t := range p.engine.Tick(ms) {
		p.out(t)
	}
}

// finish lets time go on to ms and what is due then happen.
func (p *player) finish(ms int64) {
	p.pass(ms)
	p.tick(max(ms, p.now))
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
