package mypart

import (
	"encoding/binary"

	"github.com/lamppost-city/lamppost/drivers/frame"
)

// A frame, big-endian:
//
//	byte 0  'M'
//	     1  'P'
//	     2  temperature, signed, in 0.1 °C
//	     4  relative humidity, in 0.1 %
//	     6  status, 0: good
//	     7  sum of bytes 0 to 6
const frameLen = 8

// state is what one frame says.
type state struct {
	temp   int16  // 0.1 °C
	rh     uint16 // 0.1 %
	status uint8
}

// format tells frame.Reader how to find frames on the line.
var format = frame.Format[state]{
	Head:   []byte("MP"),
	Max:    frameLen,
	Size:   func([]byte) int { return frameLen },
	Decode: decode,
}

// decode reads the frame that fills b; false: it is damaged.
func decode(b []byte) (state, bool) {
	if len(b) != frameLen || string(b[:2]) != "MP" || sum(b[:frameLen-1]) != b[frameLen-1] {
		return state{}, false
	}
	return state{
		temp:   int16(binary.BigEndian.Uint16(b[2:])),
		rh:     binary.BigEndian.Uint16(b[4:]),
		status: b[6],
	}, true
}

// append writes the frame as the part sends it, for the tests.
func (s state) append(b []byte) []byte {
	start := len(b)
	b = append(b, "MP"...)
	b = binary.BigEndian.AppendUint16(b, uint16(s.temp))
	b = binary.BigEndian.AppendUint16(b, s.rh)
	b = append(b, s.status)
	return append(b, sum(b[start:]))
}

func sum(b []byte) (n byte) {
	for _, c := range b {
		n += c
	}
	return n
}
