package quality

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Peer is what the tests of other streams know of one: its newest value, and how it
// moved. Whoever judges that stream notes its values; a zero Peer has none.
type Peer struct {
	ms    int64
	v     float64
	has   bool
	jumps []*jump // one for each threshold that somebody has

	before *Peer // as it was before Propose
}

// jump is the newest move of a stream by more than a threshold.
type jump struct {
	over float64
	ms   int64
	has  bool
}

// watch returns the jump by more than over, kept from now on. Those who ask for the
// same share it.
func (p *Peer) watch(over float64) *jump {
	for _, j := range p.jumps {
		if j.over == over {
			return j
		}
	}
	j := &jump{over: over}
	p.jumps = append(p.jumps, j)
	return j
}

// Note tells the newest value. One that no rule may use is passed over.
func (p *Peer) Note(ms int64, r obs.Reading) {
	if !r.Quality.Usable() || math.IsNaN(r.Value) {
		return
	}
	for _, j := range p.jumps {
		if p.has && math.Abs(r.Value-p.v) > j.over {
			j.ms, j.has = ms, true
		}
	}
	p.ms, p.v, p.has = ms, r.Value, true
}

// Propose tells a value that is not judged yet, so that tests of streams that are
// sampled together with this one compare values of one moment. [Peer.Settle] follows when
// it has been judged.
func (p *Peer) Propose(ms int64, r obs.Reading) {
	was := Peer{ms: p.ms, v: p.v, has: p.has, jumps: make([]*jump, len(p.jumps))}
	for i, j := range p.jumps {
		kept := *j
		was.jumps[i] = &kept
	}
	p.before = &was
	p.Note(ms, r)
}

// Settle takes the proposed value back if no rule may use it as it was judged.
func (p *Peer) Settle(r obs.Reading) {
	was := p.before
	p.before = nil
	if was == nil || r.Quality.Usable() {
		return
	}
	p.ms, p.v, p.has = was.ms, was.v, was.has
	for i := range was.jumps { // their addresses are known to the tests
		*p.jumps[i] = *was.jumps[i]
	}
}

// at returns the newest value if it is no older than within.
func (p *Peer) at(ms, withinMS int64) (v float64, ok bool) {
	return p.v, p.has && p.ms >= ms-withinMS
}

// multivariate is QARTOD's multi-variate test: a jump is believed if another stream,
// which would see its cause, moved as well. It never fails a value: this may be the
// flood.
type multivariate struct {
	suspect  float64
	withinMS int64
	peer     *Peer
	moved    *jump // of the peer
	seen
	before seen // without the newest value
}

func newMultivariate(k *obs.MultivariateCheck, e Env) *multivariate {
	m := &multivariate{suspect: above(k.Suspect), withinMS: k.Within.Milliseconds(), peer: e.peer(k.With)}
	over := 0.0
	if k.Moves != nil {
		over = *k.Moves
	}
	m.moved = m.peer.watch(over)
	return m
}

func (e Env) peer(with string) *Peer {
	if s, err := obs.ParseDotted(with); err == nil {
		if p := e.Peer(s); p != nil {
			return p
		}
	}
	return &Peer{}
}

func (m *multivariate) judge(ms int64, v float64) (now, late obs.Flag) {
	m.before = m.seen
	last, first := m.last, !m.begun
	m.seen = seen{ms, v, true}
	switch {
	case v != v:
		return obs.Missing, 0
	case first || last != last:
		return obs.NotEvaluated, 0
	case math.Abs(v-last) <= m.suspect:
		return obs.Pass, 0
	}
	if _, ok := m.peer.at(ms, m.withinMS); !ok {
		return obs.NotEvaluated, 0
	}
	if m.moved.has && m.moved.ms >= ms-m.withinMS {
		return obs.Pass, 0
	}
	return obs.Suspect, 0
}

// takeBack lets the next value be judged by the one before a spike.
func (m *multivariate) takeBack(ms int64) {
	if m.begun && m.lastMS == ms {
		m.seen = m.before
	}
}

// neighbour is QARTOD's neighbour test: two gauges that should agree. Differences are
// rounded to what the part resolves, since 2.02 − 2.05 is not −0.03 in a computer.
type neighbour struct {
	limits
	offset, step float64
	withinMS     int64
	peer         *Peer
}

func newNeighbour(k *obs.NeighbourCheck, e Env) *neighbour {
	n := &neighbour{limits: limits{above(k.Suspect), above(k.Fail)}, step: e.Step, withinMS: k.Within.Milliseconds(), peer: e.peer(k.With)}
	if k.Offset != nil {
		n.offset = *k.Offset
	}
	return n
}

func (n *neighbour) judge(ms int64, v float64) (now, late obs.Flag) {
	if v != v {
		return obs.Missing, 0
	}
	other, ok := n.peer.at(ms, n.withinMS)
	if !ok {
		return obs.NotEvaluated, 0
	}
	return n.differ(math.Abs(v - other - n.offset)), 0
}

// differ judges a difference.
func (n *neighbour) differ(d float64) obs.Flag {
	if n.step <= 0 {
		return n.of(d)
	}
	const slack = 1e-6 // of a step: a threshold is a whole number of them only in decimals
	return limits{n.suspect/n.step + slack, n.fail/n.step + slack}.of(math.Floor(d/n.step + 0.5))
}

// twin is the neighbour test whose verdict outlives the neighbour, and the program: a
// gauge that disagreed with the other is not good because that fell silent. What was found
// stands until the two can be compared again, or the value has moved on by a threshold.
type twin struct {
	*neighbour
	found          // with the newest value
	before   found // without it
	newestMS int64
}

// found is what stands of a value beside its neighbour.
type found struct {
	bad   obs.Flag // NotEvaluated: nothing stands
	value float64  // that was found so
}

func (w *twin) judge(ms int64, v float64) (now, late obs.Flag) {
	now, late = w.neighbour.judge(ms, v)
	if now != obs.Missing {
		w.before, w.newestMS = w.found, ms
	}
	switch {
	case now == obs.Missing:
		return now, late
	case now != obs.NotEvaluated:
		w.bad, w.value = standing(now), v
	case w.bad != obs.NotEvaluated && !w.moved(v):
		return w.bad, late
	default:
		w.bad = obs.NotEvaluated
	}
	return now, late
}

// moved says whether v is another value than the one that was found bad.
func (w *twin) moved(v float64) bool {
	return w.differ(math.Abs(v-w.value)) != obs.Pass
}

// remember takes up how an earlier run has judged a value.
func (w *twin) remember(ms int64, r obs.Reading) {
	if r.Quality.Flag != obs.Missing {
		w.before, w.newestMS = w.found, ms
	}
	switch {
	case r.Quality.Flag == obs.Missing:
	case r.Quality.Why == obs.Neighbour:
		w.bad, w.value = standing(r.Quality.Flag), r.Value
	case r.Quality.Usable(): // else what this test said is covered by something worse
		w.bad = obs.NotEvaluated
	}
}

func (w *twin) keep() Kept {
	k := w.found.kept()
	if w.before != w.found {
		before := w.before.kept()
		k.End, k.Before = w.newestMS, &before
	}
	return k
}

func (f found) kept() Kept {
	if f.bad == obs.NotEvaluated {
		return Kept{}
	}
	return Kept{QC: f.bad.Code(), Low: f.value, High: f.value, N: 1}
}

func (w *twin) recall(k Kept) {
	before := k.before()
	w.found, w.before, w.newestMS = found{k.bad(), k.Low}, found{before.bad(), before.Low}, k.End
}

func (w *twin) takeBack(ms int64) {
	if w.newestMS == ms {
		w.found = w.before
	}
}

func (w *twin) resume()          {}
func (w *twin) shift(byMS int64) { w.newestMS += byMS }
