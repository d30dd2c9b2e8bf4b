package rule

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Engine evaluates rules on the readings it is given. It holds no goroutine and
// needs no closing. It is for one goroutine at a time.
type Engine struct {
	rules   []*bound
	byID    map[string]*bound
	series  map[obs.Stream]*series
	touched []int // rules with new readings
	started bool
	start   int64 // the first time that was seen
	now     int64 // the latest
	next    int64 // no rule is due before
	out     []Transition
}

// bound is a rule with the data it reads.
type bound struct {
	*Rule
	state
	when, clear []input
	touched     bool
	recheck     int64
}

// New returns an engine with all rules in phase Normal.
func New(rules []*Rule) *Engine {
	e := &Engine{byID: map[string]*bound{}, series: map[obs.Stream]*series{}, next: math.MinInt64}
	for i, r := range rules {
		b := &bound{Rule: r, recheck: math.MinInt64}
		b.when = e.bind(r.when, i)
		if r.clear != nil {
			b.clear = e.bind(r.clear, i)
		}
		e.rules = append(e.rules, b)
		e.byID[r.spec.ID] = b
	}
	return e
}

// bind finds or makes the data that p reads, for rule i.
func (e *Engine) bind(p *program, i int) (ins []input) {
	for _, x := range p.reads {
		s := e.series[x.stream]
		if s == nil {
			s = &series{stale: x.stale}
			e.series[x.stream] = s
		}
		if n := len(s.rules); n == 0 || s.rules[n-1] != i {
			s.rules = append(s.rules, i)
		}
		in := input{series: s, min: x.min}
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
	if e.now < e.next {
		return e.out
	}
	e.next = never
	for _, b := range e.rules {
		if b.wake() <= e.now {
			e.evaluate(b)
		}
		e.next = min(e.next, b.wake())
	}
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
func (b *bound) wake() int64 { return min(b.due(b.Rule), b.recheck) }

// evaluate brings one rule up to the present.
func (e *Engine) evaluate(b *bound) {
	from, ran := b.phase, b.running
	at, out := b.advance(b.Rule, e.now)
	switch {
	case out:
		e.report(b, from, at)
	case ran && !b.running:
		e.report(b, from, b.paused)
	}
	r := reader{now: e.now, start: e.start, until: never, recheck: never, inputs: b.when}
	when := r.truth(b.Rule.when.root)
	clear := -when
	if b.Rule.clear != nil {
		r.inputs = b.clear
		clear = r.truth(b.Rule.clear.root)
	}
	if when == isTrue && (b.phase == Normal || b.phase == Clearing) {
		b.subject = e.decisive(b)
	}
	b.recheck = r.recheck
	b.meet(b.Rule, e.now, r.until, when, clear, func(from Phase) { e.report(b, from, e.now) })
}

// decisive finds the comparison to speak of: the first one that is true.
func (e *Engine) decisive(b *bound) int {
	r := e.quiet(b)
	for i, c := range b.Rule.when.compared {
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

func (e *Engine) report(b *bound, from Phase, at int64) {
	t := Transition{Rule: b.spec.ID, Stage: StageActual, From: from, To: b.phase, At: at, Since: b.since, Value: math.NaN(), Limit: math.NaN()}
	if cmp := b.Rule.when.compared; len(cmp) > 0 {
		c := &cmp[min(b.subject, len(cmp)-1)]
		t.Stream, t.Quantity, t.Limit, t.Value = c.stream, c.quantity, c.limit, e.quiet(b).number(c.value).best()
	} else {
		t.Stream = b.Rule.when.reads[0].stream
	}
	e.out = append(e.out, t)
}

// Phase returns where a rule stands, and false for one that does not exist.
func (e *Engine) Phase(id string) (Phase, bool) {
	b := e.byID[id]
	if b == nil {
		return Normal, false
	}
	return b.phase, true
}
