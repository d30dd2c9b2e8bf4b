package a02yyuw

import "github.com/lamppost-city/lamppost/drivers/frame"

const (
	head     = 0xFF
	frameLen = 4 // head, distance in mm (high, low), low 8 bits of the sum of those three
)

var format = frame.Format[int]{Head: []byte{head}, Max: frameLen, Size: size, Decode: decode}

// size tells a head from the 0xFF that ends the frame before: a distance does not
// begin with 0xFF, that would be above 65 m.
func size(b []byte) int {
	if len(b) > 1 && b[1] == head {
		return 0
	}
	return frameLen
}

// decode returns the distance in millimetres.
func decode(b []byte) (distance int, ok bool) {
	if len(b) != frameLen || b[0] != head || b[1] == head || b[0]+b[1]+b[2] != b[3] {
		return 0, false
	}
	return int(b[1])<<8 | int(b[2]), true
}

// encode writes the frame as the part sends it; distance is 0 to 65279.
func encode(b []byte, distance int) []byte {
	hi, lo := byte(distance>>8), byte(distance)
	return append(b, head, hi, lo, head+hi+lo)
}
