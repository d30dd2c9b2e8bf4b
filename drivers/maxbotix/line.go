package maxbotix

import "github.com/lamppost-city/lamppost/drivers/frame"

// lines is how a part of the family writes a distance: R, so many digits, CR.
type lines struct {
	digits int
	step   int // mm that one of its steps is
}

const (
	head = 'R'
	end  = '\r'
)

func (l lines) format() frame.Format[int] {
	return frame.Format[int]{Head: []byte{head}, Max: l.len(), Size: l.size, Decode: l.decode}
}

func (l lines) len() int { return 1 + l.digits + 1 }

// size finds the line's end. A letter R in the text that a part sends at power-on, and
// a line with another number of digits, begin none.
func (l lines) size(b []byte) int {
	for i, c := range b[:min(len(b), l.len())] {
		digit := c >= '0' && c <= '9'
		if i > 0 && i <= l.digits && !digit || i == l.digits+1 && c != end {
			return 0
		}
	}
	return l.len()
}

// decode returns the distance in millimetres.
func (l lines) decode(b []byte) (distance int, ok bool) {
	if len(b) != l.len() || b[0] != head || l.size(b) != len(b) {
		return 0, false
	}
	for _, c := range b[1 : 1+l.digits] {
		distance = 10*distance + int(c-'0')
	}
	return distance * l.step, true
}

// append writes a distance as the part does.
func (l lines) append(dst []byte, distance int) []byte {
	dst = append(dst, head)
	from := len(dst)
	n := distance / l.step
	for range l.digits {
		dst, n = append(dst, byte('0'+n%10)), n/10
	}
	for i, j := from, len(dst)-1; i < j; i, j = i+1, j-1 {
		dst[i], dst[j] = dst[j], dst[i]
	}
	return append(dst, end)
}
