package rule

import (
	"math"
	"slices"

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
	touched []int // rules with new readings
	started bool
	start   int64 // the first time that was seen
	now     int64 // the latest
	next    int64 // no rule is due before
	out     []Transition
	unsaid  []*group // whose alert is not as the last transition said
}

// group is a rule with its stages.
type group struct {
	*Rule
	stages []*bound
	said   Standing // what the transitions so far have told
	last   int      // index of its last transition in out
	listed bool     // in unsaid
}

// bound is a stage of a rule with the data it reads.
type bound struct {
	*stage
	state
	group       *group
	when, clear []input
	touched     bool
	recheck     int64
}

// New returns an engine with all rules in phase Normal.
func New(rules []*Rule) *Engine {
	e := &Engine{byID: map[string]*group{}, series: map[obs.Stream]*series{}, next: math.MinInt64}
	for _, r := range rules {
		g := &group{Rule: r}
		for _, st := range r.stages {
			i := len(e.rules)
			b := &bound{stage: st, group: g, recheck: math.MinInt64}
			b.when = e.bind(st.when, i)
			if st.clear != nil {
				b.clear = e.bind(st.clear, i)
			}
			e.rules, g.stages = append(e.rules, b), append(g.stages, b)
		}
		e.groups = append(e.groups, g)
		e.byID[r.spec.ID] = g
	}
	return e
}

// bind finds or makes the data that p reads, for stage i.
func (e *Engine) bind(p *program, i int) (ins []input) {
	for _, x := range p.reads {
		s := e.series[x.stream]
		if s == nil {
			s = &series{stale: x.stale, fit: &e.fit}
			e.series[x.stream] = s
		}
		if n := len(s.rules); n == 0 || s.rules[n-1] != i {
			s.rules = append(s.rules, i)
		}
		in := input{series: s, min: x.min, step: x.step}
		if x.window > 0 {
			in.window = s.windowOf(x.window)
		}
		ins = append(ins, in)
	}
	return ins
}

// windowOf returns the window of a length, which all rules share.
func (s *series) windowOf(length int64) *window {
	for _, w := range s.windows {
		if w.length == length {
			return w
		}
	}
	w := &window{length: length, stale: s.stale}
	s.windows = append(s.windows, w)
	return w
}

// Observe takes one reading. A stream that no rule reads, a reading that is not
// usable and one that is not newer than the last are passed over. Nothing is
// evaluated before the next Tick, which belongs behind each sample: of two readings
// of a stream before one Tick only the later is seen, save by windows.
func (e *Engine) Observe(st obs.Stream, bootMS int64, r obs.Reading) {
	s := e.series[st]
	if s != nil && excused(r.Quality.Why) {
		e.begin(bootMS)
		s.heard, s.excused = max(bootMS, s.heard), true
	}
	if s == nil || !r.Quality.Usable() || math.IsNaN(r.Value) || math.IsInf(r.Value, 0) || s.has && bootMS <= s.at {
		return
	}
	e.begin(bootMS)
	s.has, s.at, s.value = true, bootMS, r.Value
	for _, w := range s.windows {
		w.add(bootMS, r.Value)
	}
	for _, i := range s.rules {
		if b := e.rules[i]; !b.touched {
			b.touched = true
			e.touched = append(e.touched, i)
		}
	}
}

// excused are the reasons for which a part is heard although it gives no usable
// value: it is not silent, so stale counts from then.
func excused(why obs.Reason) bool {
	return why == obs.WarmUp || why == obs.Calibration || why == obs.Maintenance
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
	for _, i := range e.touched {
		b := e.rules[i]
		b.touched = false
		e.evaluate(b)
		e.next = min(e.next, b.wake())
	}
	e.touched = e.touched[:0]
	if e.now >= e.next {
		e.next = never
		for _, b := range e.rules {
			if b.wake() <= e.now {
				e.evaluate(b)
			}
			e.next = min(e.next, b.wake())
		}
	}
	e.settle()
	return e.out
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
func (b *bound) wake() int64 { return min(b.due(b.stage), b.recheck) }

// evaluate brings one rule up to the present.
func (e *Engine) evaluate(b *bound) {
	from, ran := b.phase, b.running
	at, out := b.advance(b.stage, e.now)
	switch {
	case out:
		e.report(b, from, at)
	case ran && !b.running:
		e.report(b, from, b.paused)
	}
	r := reader{now: e.now, start: e.start, until: never, recheck: never, inputs: b.when}
	when := r.truth(b.stage.when.root)
	clear := -when
	if b.stage.clear != nil {
		r.inputs = b.clear
		clear = r.truth(b.stage.clear.root)
	}
	if b.spent = b.spent && when != isFalse; b.spent {
		when, clear = unknown, unknown
	}
	if when == isTrue && (b.phase == Normal || b.phase == Clearing) {
		b.subject = e.decisive(b)
	}
	b.recheck = r.recheck
	b.meet(b.stage, e.now, r.until, when, clear, func(from Phase) { e.report(b, from, e.now) })
}

// decisive finds the comparison to speak of: the first one that is true.
func (e *Engine) decisive(b *bound) int {
	r := e.quiet(b)
	for i, c := range b.stage.when.compared {
		if r.truth(c.node) == isTrue {
			return i
		}
	}
	return 0
}

// quiet is a reader whose notes nobody needs.
func (e *Engine) quiet(b *bound) *reader {
	return &reader{now: e.now, start: e.start, inputs: b.when}
}

// report tells what happened to a stage. That an alert rises is told at once, that it
// falls at the end of the Tick: where several levels end together, they end once.
func (e *Engine) report(b *bound, from Phase, at int64) {
	g := b.group
	if b.Stage == StageActual && b.phase == Normal && (from == Active || from == Clearing) {
		g.spend()
	}
	t := Transition{Rule: g.spec.ID, Standing: b.Standing, From: from, To: b.phase, At: at, Since: b.since, Was: g.said, Is: g.said}
	e.speak(&t, b)
	if is := g.standing(); is != g.said {
		if g.above(is, g.said) {
			t.Is, g.said = is, is
		} else {
			e.list(g)
		}
	}
	g.last = len(e.out)
	e.out = append(e.out, t)
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

// settle says how the alerts stand that fell.
func (e *Engine) settle() {
	for _, g := range e.unsaid {
		g.listed = false
		is := g.standing()
		if is == g.said {
			continue
		}
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
	}
	e.unsaid = e.unsaid[:0]
}

// raised is the most severe stage that is raised, or nil.
func (g *group) raised() *bound {
	for _, b := range g.stages {
		if b.phase == Active || b.phase == Clearing {
			return b
		}
	}
	return nil
}

func (g *group) standing() Standing {
	if b := g.raised(); b != nil {
		return b.Standing
	}
	return Standing{}
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

// speak fills in what a transition says of b's condition.
func (e *Engine) speak(t *Transition, b *bound) {
	t.Value, t.Limit, t.Quantity, t.Early, t.Late, t.Straight, t.Steady = math.NaN(), math.NaN(), Same, 0, 0, 0, 0
	when := b.stage.when
	if len(when.compared) == 0 {
		t.Stream = when.reads[0].stream
		return
	}
	r := e.quiet(b)
	c := &when.compared[min(b.subject, len(when.compared)-1)]
	t.Stream, t.Quantity, t.Limit = c.stream, c.quantity, c.limit
	if b.Stage == StageForecast {
		_, o := r.ahead(c.value)
		t.Early, t.Late, t.Straight, t.Steady = o.early, o.late, o.best, o.steady
		t.Value = r.last(&r.inputs[c.value.read]).best()
		return
	}
	t.Value = r.number(c.value).best()
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
		return g.standing()
	}
	return Standing{}
}
