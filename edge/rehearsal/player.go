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

	judge   Judge   // nil: nothing is judged anew
	deriver Deriver // nil: nothing is derived
	derived func(Derived)
	base    int64 // Unix ms of the time 0
}

func newPlayer(rules []*rule.Rule, out func(rule.Transition)) *player {
	return &player{engine: rule.New(rules), out: out, now: math.MinInt64}
}

// observe shows one reading. One of an earlier time than the last counts as of then.
func (p *player) observe(st obs.Stream, ms int64, r obs.Reading) {
	if !p.begun || ms > p.now {
		p.pass(ms)
	}
	var late Verdict
	awaits := false
	if p.judge != nil {
		r, late, awaits = p.judge.Judge(st, ms, r)
	}
	p.show(st, ms, r, late, awaits)
	if p.deriver != nil {
		if late.some() {
			p.deriver.Judge(st, late)
		}
		p.deriver.Observe(st, ms, p.base+ms, r, awaits)
	}
	p.open = true
}

// next is when something may happen by time alone.
func (p *player) next() (ms int64, ok bool) {
	ms, ok = p.engine.Next()
	if p.deriver != nil {
		if due, waits := p.deriver.Next(); waits && (!ok || due < ms) {
			return due, true
		}
	}
	return ms, ok
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
		next, ok := p.next()
		if next = max(next, p.now+1); !ok || next >= ms {
			break
		}
		p.tick(next)
	}
	p.now = ms
}

func (p *player) tick(ms int64) {
	p.open, p.now = false, ms
	if p.deriver != nil {
		for _, x := range p.deriver.Tick(ms, p.base+ms) {
			p.derived(x)
		}
	}
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
