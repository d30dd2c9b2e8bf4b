package rule

import (
	"math"
	"time"
)

// series is what is known of one stream.
type series struct {
	stale   int64 // ms
	has     bool
	void    bool  // the last value was taken back
	at      int64 // of the last usable value
	value   float64
	heard   int64 // when it had a good reason to give no value, if excused
	excused bool
	windows []*window
	still   still
	rules   []int   // of the engine, those that read it
	fit     *fitter // shared by all
}

// input is a read of a program, bound to an engine's data.
type input struct {
	*series
	window *window // nil: the last value only
	min    float64
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
		return r.number(n.a).compare(n.op, r.number(n.b))
	}
}

// last is a stream's last usable value, while it is not stale.
func (r *reader) last(in *input) span {
	if !in.has || in.void || r.now > in.at+in.stale {
		return nothing()
	}
	r.until = min(r.until, in.at+in.stale)
	return exactly(in.value)
}

func (r *reader) silence(in *input) span {
	from := r.start
	if in.has {
		from = in.at
	}
	if in.excused {
		from = max(from, in.heard)
	}
	r.again(time.Second.Milliseconds())
	return exactly(float64(max(0, r.now-from)) / 1000)
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
	w := in.window
	r.again(min(max(w.length/20, 1000), 60_000))
	if in.has && r.now <= in.at+in.stale {
		r.until = min(r.until, in.at+in.stale)
	} else {
		r.until = min(r.until, r.recheck)
	}
	s := w.at(r.now)
	if o == opCount {
		if r.now-r.start >= w.length {
			return exactly(float64(s.n))
		}
		return atLeast(float64(s.n))
	}
	if s.n == 0 {
		return nothing()
	}
	if s.covered >= enough {
		return exactly(s.value(o))
	}
	switch {
	case o == opMax || o == opRise || o == opSum && in.min >= 0:
		return atLeast(s.value(o))
	case o == opMin:
		return atMost(s.min)
	default:
		return nothing()
	}
}

// ahead is how many seconds there are until a trend reaches its limit, and between
// which bounds. While no trend surely leads there it is only known to be at least as far as
// the steepest possible leads; while there are too few readings for one it is not known.
func (r *reader) ahead(n *node) (span, outlook) {
	in := &r.inputs[n.read]
	w := in.window
	r.again(max(w.length/maxTrend, 1000))
	if !in.has || r.now > in.at+in.stale {
		return nothing(), outlook{}
	}
	r.until = min(r.until, in.at+in.stale)
	tr := w.trendAt(r.now, n.method, in.fit)
	if !tr.ok {
		return nothing(), outlook{}
	}
	o, ok := tr.until(n.num, n.op == opRises, r.now, w.length, in.step)
	if !ok {
		return atLeast(o.early), outlook{}
	}
	return span{o.best, o.slow}, o
}

// value is what o makes of the readings of a window; NaN if it cannot.
func (s summary) value(o op) float64 {
	switch o {
	case opAvg:
		return s.sum / float64(s.n)
	case opMin:
		return s.min
	case opMax:
		return s.max
	case opSum:
		return s.sum
	case opRise:
		return s.last - s.min
	default: // opRate
		if s.endAt == s.firstAt {
			return math.NaN()
		}
		return (s.last - s.first) / (float64(s.endAt-s.firstAt) / float64(time.Hour.Milliseconds()))
	}
}
