package h264

import "errors"

// bits reads a unit's bits, without the emulation prevention bytes (H.264, 7.3.1: the 3 in
// 00 00 03). A read beyond the end gives 0 and is remembered.
type bits struct {
	b     []byte
	at    int // the next bit
	short bool
}

var errShort = errors.New("it is cut short")

// newBits reads at most the first n bytes of a unit, behind its head of one byte.
func newBits(unit []byte, n int) *bits {
	out := make([]byte, 0, min(len(unit), n))
	zeros := 0
	for _, c := range unit[1:] {
		if len(out) == n {
			break
		}
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if out = append(out, c); c == 0 {
			zeros++
		} else {
			zeros = 0
		}
	}
	return &bits{b: out}
}

func (r *bits) bit() uint32 {
	if r.at >= 8*len(r.b) {
		r.short = true
		return 0
	}
	v := r.b[r.at/8] >> (7 - r.at%8) & 1
	r.at++
	return uint32(v)
}

func (r *bits) flag() bool { return r.bit() == 1 }

// u reads n bits, at most 32.
func (r *bits) u(n int) (v uint32) {
	for range n {
		v = v<<1 | r.bit()
	}
	return v
}

// ue reads an unsigned Exp-Golomb number (9.1), at most 2³²-2; a longer one counts as cut
// short.
func (r *bits) ue() uint32 {
	n := 0
	for !r.short && r.bit() == 0 {
		if n++; n == 32 {
			r.short = true
		}
	}
	if r.short {
		return 0
	}
	return 1<<n - 1 + r.u(n)
}

// se reads a signed one (9.1.1).
func (r *bits) se() int32 {
	v := r.ue()
	if v%2 == 1 {
		return int32(v/2) + 1
	}
	return -int32(v / 2)
}
