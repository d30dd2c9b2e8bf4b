package scenario

import "time"

// curve returns the value of the key frames, or the constant, at a time in the
// cycle.
func (q Quantity) curve(at time.Duration) float64 {
	if q.Is != nil {
		return *q.Is
	}
	k := q.Keys
	if at <= k[0].At {
		return k[0].Is
	}
	for i := range len(k) - 1 {
		if at < k[i+1].At {
			return q.segment(i).value(float64(at-k[i].At) / float64(k[i+1].At-k[i].At))
		}
	}
	return k[len(k)-1].Is
}

// area returns the integral of curve from 0 to at, in value seconds, exactly.
func (q Quantity) area(at time.Duration) float64 {
	if q.Is != nil {
		return *q.Is * at.Seconds()
	}
	k := q.Keys
	sum := k[0].Is * min(at, k[0].At).Seconds()
	for i := 0; i < len(k)-1 && at > k[i].At; i++ {
		long := k[i+1].At - k[i].At
		u := float64(min(at, k[i+1].At)-k[i].At) / float64(long)
		sum += long.Seconds() * q.segment(i).area(u)
	}
	last := k[len(k)-1]
	return sum + last.Is*max(0, at-last.At).Seconds()
}

// segment is the way from one key frame to the next: a cubic with values a and b
// at its ends and slopes ma and mb there, over u from 0 to 1.
type segment struct{ a, b, ma, mb float64 }

// segment returns the way from key frame i to the next.
func (q Quantity) segment(i int) segment {
	a, b := q.Keys[i], q.Keys[i+1]
	switch q.Shape {
	case Step:
		return segment{a.Is, a.Is, 0, 0}
	case Linear:
		return segment{a.Is, b.Is, b.Is - a.Is, b.Is - a.Is}
	}
	long := (b.At - a.At).Seconds()
	return segment{a.Is, b.Is, q.slope(i) * long, q.slope(i+1) * long}
}

// slope is the slope of a smooth curve at a key frame, per second, after Fritsch
// and Carlson: the curve never swings beyond its key frames, and between rising
// ones it does not halt.
func (q Quantity) slope(i int) float64 {
	k := q.Keys
	if i == 0 || i == len(k)-1 {
		return 0
	}
	before, after := (k[i].At - k[i-1].At).Seconds(), (k[i+1].At - k[i].At).Seconds()
	d0, d1 := (k[i].Is-k[i-1].Is)/before, (k[i+1].Is-k[i].Is)/after
	if d0*d1 <= 0 {
		return 0
	}
	w0, w1 := 2*after+before, after+2*before
	return (w0 + w1) / (w0/d0 + w1/d1)
}

// value returns the segment's value at u, area its integral from 0 to u.
func (s segment) value(u float64) float64 {
	u2, u3 := u*u, u*u*u
	return s.a*(2*u3-3*u2+1) + s.ma*(u3-2*u2+u) + s.b*(3*u2-2*u3) + s.mb*(u3-u2)
}

func (s segment) area(u float64) float64 {
	u2, u3, u4 := u*u, u*u*u, u*u*u*u
	return s.a*(u4/2-u3+u) + s.ma*(u4/4-2*u3/3+u2/2) + s.b*(u3-u4/2) + s.mb*(u4/4-u3/3)
}
