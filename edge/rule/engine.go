package rule

import (
	"math"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Engine evaluates rules on the readings it is given. It holds no goroutine and
// needs no closing. It is for one goroutine at a time.
type Engine struct {
	rules   []*bound // the stages of all rules, each rule's in order
	groups  []*group // the rules
	byID    map[string]*group
	fit     fitter
	series  map[obs.Stream]*series
	touched []int // stages with new readings, or released
	done    int   // so many of them in this round
	started bool
	start   int64 // the first time that was seen
	now     int64 // the latest
	next    int64 // no rule is due before
	out     []Transition
	unsaid  []*group // whose alert is not as the last transition said
	moved   []*group // with a stage that changed in this Tick
	restive []*group // that chatter
	linked  bool     // some rule depends on another: parents are evaluated first
	civil   func(bootMS int64) (time.Time, bool)
	stopped []Stopped
}

// group is a rule with its stages.
type group struct {
	*Rule
	stages []*bound
	said   Standing // what the transitions so far have told
	raw    Standing // how it stood when chatter was looked at last
	last   int      // index of its last transition in out
	listed bool     // in unsaid
	stirs  bool     // in moved
	news   bool     // it has calmed down, and that is not said yet
	chatter
	foretold          foretold
	parents, children []*group
	back              bool // a parent's alert stands: it is kept back
	aside             bool // under maintenance
	dead              bool // its evaluation panicked
	rests             bool // off its schedule, and without an alert
	unsaved           bool // what was found of its comparisons changed since the last Snapshot
}

// bound is a stage of a rule with the data it reads.
type bound struct {
	*stage
	state
	group       *group
	index       int // in the engine's rules
	when, clear []input
	touched     bool
	recheck     int64
}

// New returns an engine with all rules in phase Normal.
func New(rules []*Rule) *Engine {
	e := &Engine{byID: map[string]*group{}, series: map[obs.Stream]*series{}, next: math.MinInt64}
	for _, r := range e.inOrder(rules) {
		g := &group{Rule: r, chatter: chatter{slot: r.slot}}
		for _, st := range r.stages {
			i := len(e.rules)
			b := &bound{stage: st, group: g, index: i, recheck: math.MinInt64}
			b.when = e.bind(st.when, i)
			if st.clear != nil {
				b.clear = e.bind(st.clear, i)
			}
			e.rules, g.stages = append(e.rules, b), append(g.stages, b)
		}
		e.groups = append(e.groups, g)
		e.byID[r.spec.ID] = g
		for _, id := range r.spec.Depends {
			if p := e.byID[id]; p != nil && p != g {
				g.parents, p.children = append(g.parents, p), append(p.children, g)
			}
		}
	}
	return e
}

// bind finds or makes the data that p reads, for stage i.
func (e *Engine) bind(p *program, i int) (ins []input) {
	for _, x := range p.reads {
		s := e.series[x.stream]
		if s == nil {
			s = &series{from: math.MinInt64, refilled: math.MinInt64, every: x.every, stale: x.stale, sparse: x.sparse, still: still{step: x.step}, fit: &e.fit}
			e.series[x.stream] = s
		}
		if n := len(s.rules); n == 0 || s.rules[n-1] != i {
			s.rules = append(s.rules, i)
		}
		in := input{series: s, step: x.step}
		if x.window > 0 {
			in.window = s.windowOf(x)
		}
		ins = append(ins, in)
	}
	return ins
}

// windowOf returns the window of a length that keeps the same, which all rules share.
func (s *series) windowOf(x read) *window {
	for _, w := range s.windows {
		if w.length == x.window && w.keeps == x.keeps {
			return w
		}
	}
	if x.keeps == growth && s.meter == nil {
		s.meter = &meter{most: x.most}
	}
	w := &window{length: x.window, keeps: x.keeps}
	w.pace(s.every, s.stale)
	s.windows = append(s.windows, w)
	return w
}

// Observe takes one reading. A stream that no rule reads and a reading that is not newer
// than the last are passed over; one that is not usable only keeps what was known before
// it from ending anything. Nothing is
// evaluated before the next Tick, which belongs behind each sample: of two readings
// of a stream before one Tick only the later is seen, save by windows. A reading that is
// sparse is a bound or says nothing, as [Stream] has it, and no window takes it.
func (e *Engine) Observe(st obs.Stream, bootMS int64, r obs.Reading) {
	s := e.series[st]
	if s != nil && excused(r.Quality.Why) {
		e.begin(bootMS)
		s.heard, s.excused = max(bootMS, s.heard), true
	}
	if s != nil && (r.Quality.Usable() || r.Quality.Why == obs.Flat) {
		s.still.add(bootMS, r.Value, s.stale)
	}
	if s == nil || s.has && bootMS <= s.at {
		return
	}
	if !r.Quality.Usable() || math.IsNaN(r.Value) || math.IsInf(r.Value, 0) {
		e.fail(s)
		return
	}
	e.begin(bootMS)
	s.take(bootMS, r)
	if !s.vague {
		s.keep(bootMS, r.Value)
	}
	for _, i := range s.rules {
		e.touch(i)
	}
}

// fail notes that a reading of s came to nothing: what was read before still raises until
// it is stale, but it ends nothing.
func (e *Engine) fail(s *series) {
	if s.failed || !s.has {
		return
	}
	s.failed = true
	for _, i := range s.rules {
		e.touch(i)
	}
}

// Await says that a later reading will show whether the one that was observed last, at
// bootMS, is to be believed; [Engine.Retract] tells if it is not. Until then it raises
// an alert and ends none. Call it behind Observe, before Tick.
func (e *Engine) Await(st obs.Stream, bootMS int64) {
	if s := e.series[st]; s != nil && s.has && s.at == bootMS {
		s.open = true
	}
}

// excused are the reasons for which a part is heard although it gives no usable
// value, all of them known and intended: it is not silent, so stale counts from then.
func excused(why obs.Reason) bool {
	switch why {
	case obs.WarmUp, obs.Calibration, obs.Maintenance, obs.SwitchedOff:
		return true
	}
	return false
}

func (e *Engine) begin(t int64) {
	if !e.started {
		e.started, e.start, e.now = true, t, t
	}
}

// Tick lets the time be bootMS and returns what changed since the last Tick, in the
// order in which it happened per rule. Only rules with new readings and rules whose
// time has come are evaluated. Time never goes back: an earlier bootMS counts as
// the latest one seen. The slice is good until the next Tick.
func (e *Engine) Tick(bootMS int64) []Transition {
	e.begin(bootMS)
	e.now = max(e.now, bootMS)
	e.out = e.out[:0]
	if e.now >= e.next {
		e.calm()
		for i, b := range e.rules {
			if b.wake() <= e.now {
				e.touch(i)
			}
		}
	}
	if e.linked {
		slices.Sort(e.touched)
	}
	for { // once, and again for what is released by an alert that ends
		e.round()
		e.settle()
		if len(e.touched) == 0 {
			break
		}
	}
	if e.now >= e.next {
		e.next = e.soonest()
	}
	return e.out
}

// round evaluates what is touched, which may grow meanwhile.
func (e *Engine) round() {
	for e.done = 0; e.done < len(e.touched); {
		b := e.rules[e.touched[e.done]]
		e.done++
		b.touched = false
		e.evaluate(b)
		e.next = min(e.next, b.wake())
	}
	e.touched, e.done = e.touched[:0], 0
}

// soonest is when any rule has to be looked at without a new reading.
func (e *Engine) soonest() int64 {
	next := int64(never)
	for _, b := range e.rules {
		next = min(next, b.wake())
	}
	for _, g := range e.restive {
		next = min(next, g.chatter.next())
	}
	return next
}

// touch marks stage i to be evaluated at the next Tick, or in this one.
func (e *Engine) touch(i int) {
	if b := e.rules[i]; !b.touched {
		b.touched = true
		e.touched = append(e.touched, i)
	}
}

// Next returns when Tick should be called although nothing was observed; ok is
// false while nothing waits for time to pass.
func (e *Engine) Next() (bootMS int64, ok bool) {
	if e.next == math.MinInt64 {
		return e.now, len(e.rules) > 0
	}
	return e.next, e.next < never
}

// wake is when b has to be looked at without a new reading.
func (b *bound) wake() int64 {
	if b.group.dead {
		return never
	}
	return min(b.due(b.stage), b.recheck)
}
