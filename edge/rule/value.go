package rule

import "math"

// truth is Kleene's: false, unknown, true.
type truth int8

const (
	isFalse truth = -1
	unknown truth = 0
	isTrue  truth = 1
)

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

// span is what is known of a number: it lies in lo…hi. An exact number has both
// ends equal; of an unknown one they are infinite.
type span struct{ lo, hi float64 }

func exactly(v float64) span { return between(v, v) }

func nothing() span { return span{math.Inf(-1), math.Inf(1)} }

func atLeast(v float64) span { return between(v, math.Inf(1)) }

func atMost(v float64) span { return between(math.Inf(-1), v) }

// between keeps out what arithmetic on infinities makes: a NaN, or a number that
// is exactly infinite, says nothing.
func between(lo, hi float64) span {
	if !(lo <= hi) || math.IsInf(lo, 1) || math.IsInf(hi, -1) {
		return nothing()
	}
	return span{lo, hi}
}

func (s span) exact() bool { return s.lo == s.hi }

// best is the number to show a person: the exact one, or the bound that is known.
func (s span) best() float64 {
	switch {
	case !math.IsInf(s.lo, 0):
		return s.lo
	case !math.IsInf(s.hi, 0):
		return s.hi
	default:
		return math.NaN()
	}
}

// or is what is known of a number that is either s or t.
func (s span) or(t span) span { return span{min(s.lo, t.lo), max(s.hi, t.hi)} }

func (s span) neg() span { return span{-s.hi, -s.lo} }

func (s span) abs() span {
	switch {
	case s.lo >= 0:
		return s
	case s.hi <= 0:
		return s.neg()
	case s == nothing():
		return s // it may be no number at all, like 0/0, and then it is not above -1 either
	default:
		return between(0, max(-s.lo, s.hi))
	}
}

// arith computes s op t on what is known.
func (s span) arith(o op, t span) span {
	switch o {
	case opAdd:
		return between(s.lo+t.lo, s.hi+t.hi)
	case opSub:
		return between(s.lo-t.hi, s.hi-t.lo)
	case opMul:
		return corners(s, t, func(a, b float64) float64 { return a * b })
	case opDiv:
		if t.lo <= 0 && t.hi >= 0 {
			return nothing()
		}
		return corners(s, t, func(a, b float64) float64 { return a / b })
	}
	if !s.exact() || !t.exact() {
		return nothing()
	}
	if o == opMod {
		return exactly(math.Mod(s.lo, t.lo))
	}
	return exactly(math.Pow(s.lo, t.lo))
}

// corners takes the extremes of f over the corners of s and t, which are the
// extremes of a function monotone in each argument.
func corners(s, t span, f func(a, b float64) float64) span {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range [...]float64{f(s.lo, t.lo), f(s.lo, t.hi), f(s.hi, t.lo), f(s.hi, t.hi)} {
		if math.IsNaN(v) {
			return nothing()
		}
		lo, hi = min(lo, v), max(hi, v)
	}
	return between(lo, hi)
}

// compare answers s op t where every number in s and t gives the same answer.
func (s span) compare(o op, t span) truth {
	switch o {
	case opLess:
		return t.above(s)
	case opMore:
		return s.above(t)
	case opLessEq:
		return -s.above(t)
	case opMoreEq:
		return -t.above(s)
	}
	same := unknown
	switch {
	case beyond(s.lo, t.hi) || beyond(t.lo, s.hi):
		same = isFalse
	case s.exact() && t.exact():
		same = isTrue
	}
	if o == opNotEq {
		return -same
	}
	return same
}

// above says whether s > t.
func (s span) above(t span) truth {
	switch {
	case beyond(s.lo, t.hi):
		return isTrue
	case !beyond(s.hi, t.lo):
		return isFalse
	default:
		return unknown
	}
}

// alike is by how much two numbers differ that are the same, as a share of the greater one, of
// 1 at least. Readings and limits are decimals; what is computed of them in binary is off by
// less than that, however large a running total is: 34.8 - 14.8 is 19.999999999999996. No part
// tells so little apart.
const alike = 1e-8

// beyond says whether a > b.
func beyond(a, b float64) bool {
	if math.IsInf(a, 0) || math.IsInf(b, 0) {
		return a > b
	}
	return a-b > alike*max(1, math.Abs(a), math.Abs(b))
}
