package rule

import (
	"fmt"
	"math"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Truth is what is known of a condition, by Kleene's logic.
type Truth int8

// The answers of a condition. Unknown is the zero value: nothing is known of one
// whose streams have not spoken yet.
const (
	False   Truth = -1
	Unknown Truth = 0
	True    Truth = 1
)

// String returns false, unknown or true.
func (t Truth) String() string { return [...]string{"false", "unknown", "true"}[t+1] }

// Answer is a condition that has become something else.
type Answer struct {
	ID string // of the rule that it is the when of
	Is Truth
}

// Watch follows conditions as they are at each moment: without hold times, and with
// unknown as an answer of its own, as an interlock needs it. A value whose verdict is still
// to come counts as much as the one before: where they answer differently nothing is known.
// Like an [Engine] it is pure and for one goroutine.
type Watch struct {
	data *Engine // keeps the readings; its rules are never ticked
	is   []Truth
	wake []int64 // when each condition has to be looked at without a new reading
	out  []Answer
}

// NewWatch returns a watch on the conditions when of rules, all of them unknown.
func NewWatch(conditions []*Rule) *Watch {
	w := &Watch{data: New(conditions), is: make([]Truth, len(conditions)), wake: make([]int64, len(conditions))}
	for i := range w.wake {
		w.wake[i] = math.MinInt64
	}
	return w
}

// Observe takes one reading, see [Engine.Observe].
func (w *Watch) Observe(st obs.Stream, bootMS int64, r obs.Reading) { w.data.Observe(st, bootMS, r) }

// Await says that a later reading will show whether the newest one is to be believed, see
// [Engine.Await]. Until then an answer is known only where the one before has it, too.
func (w *Watch) Await(st obs.Stream, bootMS int64) { w.data.Await(st, bootMS) }

// Retract takes back a reading that was wrong, see [Engine.Retract].
func (w *Watch) Retract(st obs.Stream, bootMS int64) { w.data.Retract(st, bootMS) }

// Unmoved says that a reading was a spike, and no movement, see [Engine.Unmoved].
func (w *Watch) Unmoved(st obs.Stream, bootMS int64) { w.data.Unmoved(st, bootMS) }

// Tick lets the time be bootMS and returns the conditions that are something else
// than after the last Tick. The slice is good until the next one.
func (w *Watch) Tick(bootMS int64) []Answer {
	e := w.data
	e.begin(bootMS)
	e.now = max(e.now, bootMS)
	w.out = w.out[:0]
	for _, i := range e.touched {
		e.rules[i].touched = false
		w.wake[i] = math.MinInt64
	}
	e.touched = e.touched[:0]
	for i, at := range w.wake {
		if at <= e.now {
			w.look(i)
		}
	}
	return w.out
}

func (w *Watch) look(i int) {
	e := w.data
	b := e.rules[i]
	r := reader{now: e.now, start: e.start, until: never, recheck: never, firm: true, inputs: b.when}
	is := w.answer(b, &r)
	w.wake[i] = min(r.recheck, r.until+1) // a value that turns stale makes it unknown
	if is != w.is[i] {
		w.is[i] = is
		w.out = append(w.out, Answer{b.group.spec.ID, is})
	}
}

// answer evaluates a condition. One whose evaluation panics is unknown from then on.
func (w *Watch) answer(b *bound, r *reader) (is Truth) {
	g := b.group
	if g.dead {
		return Unknown
	}
	defer func() {
		if p := recover(); p != nil {
			is, g.dead = Unknown, true
			w.data.stopped = append(w.data.stopped, Stopped{Rule: g.spec.ID, At: w.data.now, Why: fmt.Sprint(p)})
		}
	}()
	return Truth(r.truth(b.stage.when.root))
}

// Without is what a condition will be when nothing more is known of some streams, and how
// long their last readings count for yet, at most, after they were read.
func (w *Watch) Without(id string, gone func(obs.Stream) bool) (is Truth, within time.Duration) {
	g := w.data.byID[id]
	if g == nil {
		return Unknown, 0
	}
	b := g.stages[0]
	r := reader{now: w.data.now, start: w.data.start, until: never, recheck: never, firm: true}
	for i, in := range b.when {
		if gone(b.stage.when.reads[i].stream) {
			s := *in.series
			s.has, s.excused = false, false
			in.series, within = &s, max(within, ms(s.stale))
		}
		r.inputs = append(r.inputs, in)
	}
	return w.answer(b, &r), within
}

// Stopped returns the conditions that stay unknown since their evaluation panicked, those
// since it was last asked.
func (w *Watch) Stopped() []Stopped { return w.data.Stopped() }

// Next returns when Tick should be called although nothing was observed; ok is
// false while nothing waits for time to pass.
func (w *Watch) Next() (bootMS int64, ok bool) {
	next := int64(never)
	for _, at := range w.wake {
		next = min(next, at)
	}
	if next == math.MinInt64 {
		return w.data.now, true
	}
	return next, next < never
}

// Adopt takes over the readings and windows that an older watch knows of the streams
// that both have. Old must not be used afterwards. Its answers are not taken over:
// the next Tick finds them.
func (w *Watch) Adopt(old *Watch) { w.data.Adopt(old.data) }
