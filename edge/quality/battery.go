package quality

import (
	"encoding/json"
	"hash/fnv"
	"math"
	"reflect"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// test is one QARTOD test of one stream, with what it remembers of it. judge is given
// every value in order, NaN for a missing one, and returns its flag, Missing for that.
// late is the final flag of the value before, where only this one decides it;
// NotEvaluated: there is nothing to add.
type test interface {
	judge(ms int64, v float64) (now, late obs.Flag)
}

// Env is what tests need to know beside their thresholds.
type Env struct {
	Every time.Duration // the interval at which values are expected
	Step  float64       // what the part resolves; 0: unknown
	// Peer returns the stream that a test looks at beside its own. Nil: there are none.
	Peer func(obs.Stream) *Peer
	// Civil tells the local time at ms since boot, and whether the clock is trusted. Nil:
	// never.
	Civil func(ms int64) (time.Time, bool)
}

// Tests are the tests of streams alike beside the gross range. They hold no state and
// never change.
type Tests struct {
	checks obs.Checks
	env    Env
}

// NewTests prepares what c asks for, which obs has found good. It is nil where c asks
// for nothing that remembers: such a stream pays nothing.
func NewTests(c obs.Checks, e Env) *Tests {
	if t := (&Tests{checks: c, env: e}); len(t.entries()) > 0 {
		return t
	}
	return nil
}

// Doubts says whether there is a spike test: a usable value is decided by the next one.
func (t *Tests) Doubts() bool { return t != nil && t.checks.Spike != nil && !t.checks.Spike.Off }

// asked is a fingerprint of what a test is asked for, the same in every run; 0 where that
// does not matter to what it keeps.
func (t *Tests) asked(test string) uint64 {
	if test != "flat" {
		return 0
	}
	h := fnv.New64a()
	err := json.NewEncoder(h).Encode([]any{t.checks.Flat, t.env.Step})
	if err != nil { // a number that JSON cannot say: two such are alike
		_, _ = h.Write([]byte(err.Error()))
	}
	return h.Sum64()
}

// entry is one test of a stream in its place.
type entry struct {
	test
	name     string // as in the configuration
	why      obs.Reason
	required bool // by the manual: a strict roll-up waits for it
	flag     obs.Flag
}

// entries makes the tests, in the order of the manual, with nothing remembered.
func (t *Tests) entries() (all []entry) {
	add := func(name string, why obs.Reason, required bool, one test) {
		all = append(all, entry{test: one, name: name, why: why, required: required})
	}
	c, e := t.checks, t.env
	if k := c.Gap; k != nil && !k.Off && k.Fail > 0 {
		add("gap", obs.Gap, true, &gap{limitMS: k.Fail.Milliseconds()})
	}
	if len(c.Climatology) > 0 {
		add("climatology", obs.Climatology, true, &climatology{members: membersOf(c.Climatology), civil: e.Civil})
	}
	if t.Doubts() {
		add("spike", obs.Spike, false, newSpike(c.Spike))
	}
	if k := c.Rate; k != nil && !k.Off {
		add("rate", obs.Rate, false, &rate{limits: limits{suspect: above(k.Suspect) / 60, fail: above(k.Fail) / 60}})
	}
	if k := c.Flat; k != nil && !k.Off && k.Suspect+k.Fail > 0 {
		add("flat", obs.Flat, false, newFlat(k, e))
	}
	if k := c.Attenuated; k != nil && !k.Off && k.Window > 0 {
		add("attenuated", obs.Attenuated, false, newAttenuated(k, e))
	}
	if e.Peer != nil {
		all = append(all, t.besides()...)
	}
	if len(all) > 0 {
		add("order", obs.Time, true, &order{})
	}
	return all
}

// besides are the tests that look at another stream.
func (t *Tests) besides() (all []entry) {
	if k := t.checks.Multivariate; k != nil && !k.Off && k.With != "" {
		all = append(all, entry{test: newMultivariate(k, t.env), name: "multivariate", why: obs.Alone})
	}
	if k := t.checks.Neighbour; k != nil && !k.Off && k.With != "" {
		all = append(all, entry{test: &twin{neighbour: newNeighbour(k, t.env)}, name: "neighbour", why: obs.Neighbour})
	}
	return all
}

// battery is the tests of one stream at work.
type battery struct {
	from    *Tests
	entries []entry
	sent    Late // the value before, as it was judged at first
	late    Late // what the newest value decided about it

	spiked   bool // the newest value showed that it was a spike
	spikedMS int64
}

func newBattery(t *Tests) *battery {
	if t == nil {
		return nil
	}
	return &battery{from: t, entries: t.entries()}
}

// same says whether two sets of tests ask for the same, so that what one remembers
// fits the other.
func (t *Tests) same(o *Tests) bool {
	if t != nil && (t.checks.Multivariate != nil || t.checks.Neighbour != nil) {
		return t == o // the stream beside it is known anew
	}
	return t == o || t != nil && o != nil && reflect.DeepEqual(t.checks, o.checks) && t.env.Every == o.env.Every && t.env.Step == o.env.Step
}

// judge returns q rolled up with the verdicts on the value. What the spike test, which is
// in front of those that remember, says of the value before is to them as if that had not
// been. counts is false for a
// value that is not one of the thing measured: while the part warms up, or out of
// range. The tests see it as missing, so that it makes no neighbour a spike.
func (b *battery) judge(ms int64, v float64, q obs.Quality, counts bool) obs.Quality {
	seen := v
	if !counts {
		seen = math.NaN()
	}
	final, strict := b.sent.Sent, false
	b.spiked, b.spikedMS = false, b.sent.MS
	for i := range b.entries {
		e := &b.entries[i]
		if u, is := e.test.(undoing); is && b.spiked {
			u.takeBack(b.sent.MS)
		}
		flag, late := e.judge(ms, seen)
		b.spiked = b.spiked || e.why == obs.Spike && standing(late) != obs.NotEvaluated
		e.flag = flag
		strict = strict || e.required && flag == obs.NotEvaluated
		if v == v && flag != obs.Missing { // else it has no value, or was judged already
			q = q.Worst(verdict(flag, e.why))
		}
		if late != obs.NotEvaluated {
			final = final.Worst(verdict(late, e.why))
		}
	}
	if strict && b.from.checks.Rollup == Strict && q.Flag == obs.Pass {
		q = obs.Quality{}
	}
	b.late = Late{}
	if final.Flag != b.sent.Sent.Flag && final.Flag != obs.Pass && b.sent.Sent.Flag != obs.Missing {
		b.late = b.sent
		b.late.Final = final
	}
	b.sent = Late{MS: ms, Value: v, Sent: q}
	return q
}

// Strict is the word for a roll-up in which what a required test could not judge is
// not evaluated, whatever the others say.
const Strict = "strict"

// verdict gives a flag its reason: pass and not evaluated have none.
func verdict(f obs.Flag, why obs.Reason) obs.Quality {
	if f == obs.Suspect || f == obs.Fail {
		return obs.Quality{Flag: f, Why: why}
	}
	return obs.Quality{Flag: f}
}

// Late is a verdict on a value that was judged before.
type Late struct {
	MS    int64       // when the value was taken, since boot
	Value float64     // as it was then
	Sent  obs.Quality // what was said of it then
	Final obs.Quality // what holds
}

// Late returns what the value judged last has decided about the one before it. ok is
// false if there is nothing to tell: most of the time, and whenever the flag stays or
// turns out to be pass.
func (s *Stream) Late() (l Late, ok bool) {
	if s.battery == nil || s.battery.late.Final.Flag == obs.NotEvaluated {
		return Late{}, false
	}
	return s.battery.late, true
}

// Spiked returns when the value before was taken, if the value judged last has shown that
// it was a spike, suspect or fail: it was no movement of what is measured, whatever else
// holds of it. There may be nothing that is told late of one that was judged as bad at first.
func (s *Stream) Spiked() (bootMS int64, ok bool) {
	if s.battery == nil {
		return 0, false
	}
	return s.battery.spikedMS, s.battery.spiked
}

// Remembers says whether the stream has tests that look at more than one value: without,
// there is never a late verdict.
func (s *Stream) Remembers() bool { return s.battery != nil }

// Awaits says whether the next value decides if the one judged last is to be believed: it
// may turn out to be a spike.
func (s *Stream) Awaits() bool {
	e := s.spike()
	return e != nil && e.flag == obs.NotEvaluated && e.test.(*spike).begun
}

// Verdicts calls fn with what each test said of the value judged last, by the name it
// has in the configuration. The gross range is not among them.
func (s *Stream) Verdicts(fn func(test string, q obs.Quality)) {
	if s.battery == nil {
		return
	}
	for _, e := range s.battery.entries {
		fn(e.name, verdict(e.flag, e.why))
	}
}

// limits are two thresholds of which a value may not be above; +Inf: there is none.
type limits struct{ suspect, fail float64 }

// above returns a threshold that only a greater value exceeds.
func above(v *float64) float64 {
	if v == nil {
		return math.Inf(1)
	}
	return *v
}

func (l limits) of(v float64) obs.Flag {
	switch {
	case v > l.fail:
		return obs.Fail
	case v > l.suspect:
		return obs.Suspect
	default:
		return obs.Pass
	}
}
