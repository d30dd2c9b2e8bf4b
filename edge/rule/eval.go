package rule

import (
	"math"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// series is what is known of one stream.
type series struct {
	every    int64 // ms
	stale    int64 // ms
	sparse   obs.Bound
	from     int64 // nothing was heard of it before, if the engine began earlier
	has      bool
	void     bool  // the last value was taken back
	before   int64 // of the last usable value before the engine began, if recalled
	recalled bool
	refilled int64 // of the newest reading that only windows have
	at       int64 // of the last usable value
	value    float64
	vague    bool  // value is sparse
	open     bool  // whether value is to be believed, a later reading says
	failed   bool  // a reading came since that is not usable
	believed       // the value before, if that was
	heard    int64 // when it had a good reason to give no value, if excused
	excused  bool
	windows  []*window
	meter    *meter // of a running total whose growth a window keeps; nil: none does
	still    still
	rules    []int   // of the engine, those that read it
	fit      *fitter // shared by all
}

// believed is a value that nothing was said against; vague as in series.
type believed struct {
	sure      bool // there is one
	sureValue float64
	sureVague bool
}

// take takes the newest value.
func (s *series) take(bootMS int64, r obs.Reading) {
	if s.has && !s.void {
		s.believed = believed{true, s.value, s.vague}
	}
	s.has, s.void, s.open, s.failed = true, false, false, false
	s.at, s.value, s.vague = bootMS, r.Value, r.Quality.Why == obs.Sparse
}

// input is a read of a program, bound to an engine's data.
type input struct {
	*series
	window *window // nil: the last value only
	step   float64
}

// reader evaluates one program at one moment and notes for how long its answer
// will stand if nothing new is observed.
type reader struct {
	now     int64
	start   int64 // since when the engine observes
	inputs  []input
	until   int64     // the last moment for which the values used are valid
	recheck int64     // when time alone may have changed the answer
	bounds  *compiler // not nil: streams may give whatever they can
	// sober: how long a stream has been silent or has stood still, and how few readings
	// came meanwhile, is known only as far as it has nothing of a fault. For the end of
	// an alert, which a part that is silent, frozen or rarely heard is no reason for.
	sober bool
	// firm: a value whose verdict is still to come counts as much as the one before. For
	// all that ends something.
	firm bool
	// whole: a stream whose newest reading failed is not known.
	whole bool
	found findings // what truth found of the comparisons that it looked at
}

// number computes n on what is known.
func (r *reader) number(n *node) span {
	if r.bounds != nil && n.op >= opLast && n.op <= opStale {
		return r.bounds.possible(n.op, r.bounds.reads[n.read])
	}
	switch n.op {
	case opConst:
		return exactly(n.num)
	case opNeg:
		return r.number(n.a).neg()
	case opAbs:
		return r.number(n.a).abs()
	case opAdd, opSub, opMul, opDiv, opMod, opPow:
		return r.number(n.a).arith(n.op, r.number(n.b))
	case opPick:
		switch r.truth(n.a) {
		case isTrue:
			return r.number(n.b)
		case isFalse:
			return r.number(n.c)
		default:
			return nothing()
		}
	case opLast:
		return r.last(&r.inputs[n.read])
	case opStale:
		return r.silence(&r.inputs[n.read])
	case opStuck:
		return r.stuck(&r.inputs[n.read])
	case opRises, opFalls:
		s, _ := r.ahead(n)
		return s
	default:
		return r.windowed(n.op, &r.inputs[n.read])
	}
}

// truth computes the condition n by Kleene's logic.
func (r *reader) truth(n *node) truth {
	switch n.op {
	case opTruth:
		return truthOf(n.num != 0)
	case opNot:
		return -r.truth(n.a)
	case opAnd:
		return min(r.truth(n.a), r.truth(n.b))
	case opOr:
		return max(r.truth(n.a), r.truth(n.b))
	case opSame:
		return r.truth(n.a) * r.truth(n.b)
	case opChoose:
		switch r.truth(n.a) {
		case isTrue:
			return r.truth(n.b)
		case isFalse:
			return r.truth(n.c)
		default:
			return unknown
		}
	default:
		return r.found.note(n.compared, r.number(n.a).compare(n.op, r.number(n.b)))
	}
}

// fresh says whether a stream has spoken lately enough to be believed, and for how long.
func (r *reader) fresh(in *input) bool {
	if !in.has || r.now > in.at+in.stale {
		return false
	}
	r.until = min(r.until, in.at+in.stale)
	return true
}

// last is a stream's last usable value, while it is not stale.
func (r *reader) last(in *input) span {
	if in.void || !r.fresh(in) || r.whole && in.failed {
		return nothing()
	}
	is := in.says(in.value, in.vague)
	switch {
	case !r.firm || !in.open:
		return is
	case !in.sure:
		return nothing()
	default:
		return is.or(in.says(in.sureValue, in.sureVague))
	}
}

// says is what a value of the stream says.
func (s *series) says(v float64, vague bool) span {
	switch {
	case !vague:
		return exactly(v)
	case s.sparse == obs.AtLeast:
		return atLeast(v)
	case s.sparse == obs.AtMost:
		return atMost(v)
	default:
		return nothing()
	}
}

// silence is for how long a stream has said nothing. Of one that has not spoken since the
// start nobody knows how long it was silent before.
func (r *reader) silence(in *input) span {
	from := max(r.start, in.from)
	if in.has {
		from = in.at
	}
	if in.excused {
		from = max(from, in.heard)
	}
	r.again(time.Second.Milliseconds())
	long := float64(max(0, r.now-from)) / 1000
	if r.sober && r.now-from > in.quiet() {
		return nothing()
	}
	if !in.has && !in.excused {
		return atLeast(long)
	}
	return exactly(long)
}

// quiet is after how many ms without a reading a stream is silent, and not just between two.
func (in *input) quiet() int64 {
	if in.every > 0 {
		return min(2*in.every, in.stale)
	}
	return in.stale
}

// again asks for another evaluation in about ms, on a whole second: so that the
// rules of a gateway that wait for time come due together, once a second.
func (r *reader) again(ms int64) {
	at := r.now + ms
	r.recheck = min(r.recheck, max(at-mod(at, 1000), r.now-mod(r.now, 1000)+1000))
}

// mod is the remainder of a by b, never negative.
func mod(a, b int64) int64 { return (a%b + b) % b }

// enough is the share of a window that must be covered by readings.
const enough = 0.75

func (r *reader) windowed(o op, in *input) span {
	if o == opCount {
		return r.count(in)
	}
	fresh := r.fresh(in)
	if !fresh { // by and by it forgets
		r.again(in.window.ageing())
		r.until = min(r.until, r.recheck)
	}
	fresh = fresh && !(r.whole && in.failed)
	is := in.window.at(in.end(r.now)).says(o, fresh)
	if r.firm && in.open && !in.vague {
		return is.or(in.window.before(in.end(r.now)).says(o, fresh))
	}
	return is
}

// says is what o makes of the readings of a window.
func (s summary) says(o op, fresh bool) span {
	switch {
	case s.n == 0:
		return nothing()
	case fresh && s.covered >= enough:
		return exactly(s.value(o))
	case o == opMax, o == opRise && fresh:
		return atLeast(s.value(o))
	case o == opMin:
		return atMost(s.min)
	default:
		return nothing()
	}
}

// count is the one function that silence itself changes.
func (r *reader) count(in *input) span {
	w := in.window
	if r.again(w.ageing()); !r.fresh(in) {
		r.until = min(r.until, r.recheck)
	}
	n := float64(w.at(r.now).n)
	if r.sober && (!in.has || r.now-in.at > in.quiet()) {
		return nothing()
	}
	if r.now-max(r.start, in.from) < w.length || r.sober && n < enough*in.due() {
		return atLeast(n)
	}
	return exactly(n)
}

// due is how many readings a window should hold; 0: nobody knows.
func (in *input) due() float64 {
	if in.every <= 0 {
		return 0
	}
	return float64(in.window.length / in.every)
}

// ageing is after how many ms time alone may have changed what w holds.
func (w *window) ageing() int64 { return min(max(w.length/20, 1000), 60_000) }

// end is where the window of in ends at now: half an interval behind the newest reading as
// long as that is believed, so that a pause takes nothing from it, and that a reading which
// comes a little early or late does not change how many there are.
func (in *input) end(now int64) int64 {
	if !in.has || now > in.at+in.stale {
		return now
	}
	return in.at + in.window.half
}

// ahead is how many seconds there are until a trend reaches its limit, and between
// which bounds. While no trend surely leads there it is only known to be at least as far as
// the steepest possible leads; while there are too few readings for one, or the newest alone
// went the other way, it is not known.
func (r *reader) ahead(n *node) (span, outlook) {
	in := &r.inputs[n.read]
	w := in.window
	if r.again(max(w.length/maxTrend, 1000)); !r.fresh(in) {
		return nothing(), outlook{}
	}
	up := n.op == opRises
	tr := w.trendAt(r.now, n.method, up, in.step, in.fit)
	if !tr.ok {
		return nothing(), outlook{}
	}
	o, ok := tr.until(n.num, up, r.now, w.length, in.step)
	switch {
	case !in.vague && tr.left(in.value, up):
		return atLeast(0), outlook{}
	case !ok:
		return atLeast(o.early), outlook{}
	}
	return span{o.best, o.slow}, o
}

// value is what o makes of the readings of a window; NaN if it cannot.
func (s summary) value(o op) float64 {
	switch o {
	case opAvg:
		return s.sum / float64(s.n)
	case opLeq:
		return 10 * math.Log10(s.sum/float64(s.n))
	case opMin:
		return s.min
	case opMax:
		return s.max
	case opRise:
		return s.last - s.min
	default: // opRate
		if s.endAt == s.firstAt {
			return math.NaN()
		}
		return (s.last - s.first) / (float64(s.endAt-s.firstAt) / float64(time.Hour.Milliseconds()))
	}
}
