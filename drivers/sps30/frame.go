package sps30

import (
	"bytes"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/frame"
)

// SHDLC, the maker's framing. Between two delimiters stand
//
//	to the part     address command length data… sum
//	from the part   address command state length data… sum
//
// with the bytes 7E, 7D, 11 and 13 replaced by 7D and themselves with bit 5 turned over,
// in lengths and sums too. sum is the complement of the low 8 bits of the sum of all
// bytes before it, taken before the replacement.
const (
	delimiter = 0x7E
	escape    = 0x7D
	turned    = 0x20

	address  = 0x00
	headLen  = 4   // address, command, state, length
	maxData  = 255 // bytes of data in one answer
	maxFrame = 2 + 2*(headLen+maxData+1)
)

// special are the bytes that are replaced.
func special(c byte) bool { return c == delimiter || c == escape || c == 0x11 || c == 0x13 }

// answer is what the part says to a command.
type answer struct {
	command, state byte
	data           []byte
}

var format = frame.Format[answer]{Head: []byte{delimiter}, Max: maxFrame, Size: size, Decode: decode}

// size looks for the delimiter that ends a frame. Two in a row are the end of one and
// the beginning of the next.
func size(b []byte) int {
	i := bytes.IndexByte(b[1:], delimiter)
	switch {
	case i < 0:
		return len(b) + 1
	case i < headLen+1: // too short to be one
		return 0
	}
	return i + 2
}

// awaited is what the answer to a command looks like: with nothing replaced, and with
// everything. How long the text is that it says of itself, nobody knows.
func awaited(command byte) frame.Awaited {
	n := headLen + 1
	switch command {
	case cmdStart:
		return frame.Awaited{Least: 2 + n, Most: 2 + n, Sum: fits}
	case cmdRead:
		n += valueLen * len(channels)
		return frame.Awaited{Least: 2 + n, Most: 2 + 2*n, Sum: fits}
	}
	return frame.Awaited{}
}

// fits says whether b is a frame.
func fits(b []byte) bool {
	_, ok := decode(b)
	return ok
}

// decode reads the frame that fills b, in one pass.
func decode(b []byte) (a answer, ok bool) {
	if len(b) < headLen+3 || b[0] != delimiter || b[len(b)-1] != delimiter {
		return answer{}, false
	}
	body := make([]byte, 0, len(b))
	for i := 1; i < len(b)-1; i++ {
		c := b[i]
		switch {
		case c == escape:
			if i++; i == len(b)-1 || !special(b[i]^turned) {
				return answer{}, false
			}
			c = b[i] ^ turned
		case special(c):
			return answer{}, false // the part replaces it always
		}
		body = append(body, c)
	}
	last := len(body) - 1
	if last < headLen || body[0] != address || int(body[3]) != last-headLen || body[last] != sum(body[:last]) {
		return answer{}, false
	}
	return answer{command: body[1], state: body[2], data: body[headLen:last]}, true
}

// append writes the frame as the part sends it.
func (a answer) append(b []byte) []byte {
	return stuffed(b, append([]byte{address, a.command, a.state, byte(len(a.data))}, a.data...))
}

// request is a command with its data.
func request(command byte, data ...byte) []byte {
	return stuffed(nil, append([]byte{address, command, byte(len(data))}, data...))
}

// stuffed appends body with its sum as a frame.
func stuffed(b, body []byte) []byte {
	b = append(b, delimiter)
	for _, c := range append(body, sum(body)) {
		if special(c) {
			b = append(b, escape)
			c ^= turned
		}
		b = append(b, c)
	}
	return append(b, delimiter)
}

func sum(b []byte) (s byte) {
	for _, c := range b {
		s += c
	}
	return ^s
}

// deviceError is the bit of the state that says that the part has a fault of its own.
const deviceError = 0x80

// busy is the state of a command that is not allowed now: start while it measures, read
// while it does not.
const busy = 0x43

// states are the other reasons for which the part refuses a command.
var states = map[byte]string{
	0x01: "wrong data length", 0x02: "unknown command", 0x03: "no access", 0x04: "illegal parameter",
	0x28: "internal argument out of range", busy: "not allowed in this state",
}

// refusal is the error of a command that was not carried out; nil: it was.
func (a answer) refusal() error {
	code := a.state &^ deviceError
	if code == 0 {
		return nil
	}
	why, ok := states[code]
	if !ok {
		why = "no reason that is known"
	}
	return fmt.Errorf("%w: command %02X, state %02X: %s", drivers.ErrException, a.command, code, why)
}
