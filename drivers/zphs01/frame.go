package zphs01

import (
	"github.com/lamppost-city/lamppost/drivers/codec/winsen"
	"github.com/lamppost-city/lamppost/drivers/frame"
)

// answer is what stands between the head of an answer and its sum: 23 bytes of a
// ZPHS01B, 10 of a ZPHS01C.
type answer struct {
	n    int
	data [maxBody]byte
}

const maxBody = 23

// word returns the two bytes from i on, the high one first.
func (a answer) word(i int) int { return int(a.data[i])<<8 | int(a.data[i+1]) }

// protocol is how a model is asked and what it answers.
type protocol struct {
	question []byte
	head     []byte // what its answer begins with
	size     int    // of the whole answer
	summed   int    // the byte from which on the sum counts
}

var (
	// FF 86, 23 bytes, and the two's complement of the sum of bytes 1 to 24.
	protocolB = protocol{question: winsen.Request(winsen.Read), head: []byte{winsen.Start, winsen.Read}, size: 26, summed: 1}
	// 16, the length of the rest without the sum, command 01, 10 bytes, and the two's
	// complement of the sum of all before it.
	protocolC = protocol{question: []byte{0x11, 0x02, 0x01, 0x00, 0xEC}, head: []byte{0x16, 0x0B, 0x01}, size: 14, summed: 0}
)

// format is the framing of a model's answers.
func (p protocol) format() frame.Format[answer] {
	return frame.Format[answer]{Head: p.head, Max: p.size, Size: func([]byte) int { return p.size }, Decode: p.decode}
}

// decode reads the answer that fills b.
func (p protocol) decode(b []byte) (a answer, ok bool) {
	last := p.size - 1
	if len(b) != p.size || string(b[:len(p.head)]) != string(p.head) || winsen.Sum(b[p.summed:last]) != b[last] {
		return answer{}, false
	}
	a.n = copy(a.data[:], b[len(p.head):last])
	return a, true
}

// append writes an answer as the part sends it.
func (p protocol) append(b []byte, a answer) []byte {
	start := len(b)
	b = append(append(b, p.head...), a.data[:a.n]...)
	return append(b, winsen.Sum(b[start+p.summed:]))
}
