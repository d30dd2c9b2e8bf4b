// Package range8 reads and writes the frame of four bytes in which a family of
// ultrasonic range finders reports a distance: DFRobot's A02YYUW, A01NYUB and ME007YS,
// the JSN-SR04T and the AJ-SR04M.
//
//	FF high low sum
//
// The distance is in millimetres. The sum is the low 8 bits of the bytes before it;
// the AJ-SR04M leaves the FF out of it. Promised: what Decode accepts, Append
// reproduces byte for byte. The sum is weak: of the frames that a bad line makes up,
// one in 256 passes.
//
// Sources: DFRobot wiki, SEN0311, SEN0312 and SEN0313; public guides to the JSN-SR04T
// and the AJ-SR04M.
package range8

const (
	Head = 0xFF // what a frame begins with
	Len  = 4    // bytes in a frame
)

// MaxDistance is the largest distance that a frame can carry, in millimetres: its high
// byte is never FF.
const MaxDistance = 0xFEFF

// Sum says which bytes a part adds up. The zero value is the usual one.
type Sum uint8

// The two sums.
const (
	WithHead    Sum = iota // the FF and both bytes of the distance
	WithoutHead            // both bytes of the distance: AJ-SR04M
)

// Size returns the size of the frame that b begins, 0 if none begins like that. It
// tells a head from an FF that ends the frame before: a distance does not begin with
// FF, that would be above 65 m.
func Size(b []byte) int {
	if len(b) > 1 && b[1] == Head {
		return 0
	}
	return Len
}

// Decode returns the distance in millimetres; false if b is not one whole frame with
// the right sum.
func (s Sum) Decode(b []byte) (distance int, ok bool) {
	if len(b) != Len || b[0] != Head || b[1] == Head || s.of(b[1], b[2]) != b[3] {
		return 0, false
	}
	return int(b[1])<<8 | int(b[2]), true
}

// Append writes the frame as a part sends it; distance is 0 to MaxDistance.
func (s Sum) Append(dst []byte, distance int) []byte {
	hi, lo := byte(distance>>8), byte(distance)
	return append(dst, Head, hi, lo, s.of(hi, lo))
}

func (s Sum) of(hi, lo byte) byte {
	if s == WithoutHead {
		return hi + lo
	}
	return Head + hi + lo
}
