package pms5003

import (
	"encoding/binary"

	"github.com/lamppost-city/lamppost/drivers/frame"
)

const (
	head     = "BM"
	headLen  = 4  // 'B' 'M' and the length of the rest
	sumLen   = 2  // 16-bit sum of everything before it
	maxWords = 17 // in a frame of the PMS5003ST
	ackWords = 1  // in an acknowledgement: command and argument
)

// words are the payload of one frame, of whatever model: big-endian 16-bit
// numbers between length and checksum.
type words struct {
	n    int
	data [maxWords]uint16
}

// format is the framing of the whole family. Only the lengths that some model
// sends begin a frame, so that "BM" inside the data is rarely taken for a head.
var format = frame.Format[words]{
	Head:   []byte(head),
	Max:    frameLen(maxWords),
	Size:   size,
	Decode: decode,
}

func frameLen(n int) int { return headLen + 2*n + sumLen }

func size(b []byte) int {
	if len(b) < headLen {
		return headLen
	}
	switch n := int(binary.BigEndian.Uint16(b[2:])); n {
	case 4, 20, 28, 36: // acknowledgement, PMS3003, most models, PMS5003ST
		return headLen + n
	default:
		return 0
	}
}

// decode reads the frame that fills b.
func decode(b []byte) (w words, ok bool) {
	if len(b) < headLen+sumLen || string(b[:len(head)]) != head || size(b) != len(b) {
		return words{}, false
	}
	body, sum := b[:len(b)-sumLen], uint16(0)
	for _, c := range body {
		sum += uint16(c)
	}
	if sum != binary.BigEndian.Uint16(b[len(body):]) {
		return words{}, false
	}
	for i := headLen; i < len(body); i += 2 {
		w.data[w.n] = binary.BigEndian.Uint16(body[i:])
		w.n++
	}
	return w, true
}

// append writes the frame as the part sends it.
func (w words) append(b []byte) []byte {
	start := len(b)
	b = append(b, head...)
	b = binary.BigEndian.AppendUint16(b, uint16(2*w.n+sumLen))
	for _, v := range w.data[:w.n] {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	sum := uint16(0)
	for _, c := range b[start:] {
		sum += uint16(c)
	}
	return binary.BigEndian.AppendUint16(b, sum)
}

// cmdRest switches fan and laser: 0 off, 1 on, which no frame confirms.
const cmdRest = 0xE4

// command is a frame to the part: head, command, two bytes of argument, and the 16-bit
// sum of these five.
func command(cmd, argument byte) []byte {
	b := append([]byte(head), cmd, 0, argument)
	sum := uint16(0)
	for _, c := range b {
		sum += uint16(c)
	}
	return binary.BigEndian.AppendUint16(b, sum)
}

// blank says whether every word is zero: the fan is starting. Such a frame passes
// its checksum and means nothing.
func (w words) blank() bool { return w.data == [maxWords]uint16{} }
