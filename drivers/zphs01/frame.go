package zphs01

import (
	"github.com/lamppost-city/lamppost/drivers/codec/winsen"
	"github.com/lamppost-city/lamppost/drivers/frame"
)

// answer is what stands between the head of an answer and its sum: 23 bytes of a
// ZPHS01B, 10 of a ZPHS01C; or what a ZPHS01C confirms a command with.
type answer struct {
	confirms byte // the command; 0: data are values
	n        int
	data     [maxBody]byte
}

const maxBody = 23

// word returns the two bytes from i on, the high one first.
func (a answer) word(i int) int { return int(a.data[i])<<8 | int(a.data[i+1]) }

// protocol is how a model is asked and what it answers.
type protocol struct {
	question []byte
	head     []byte // what its answer with values begins with
	size     int    // of that answer
	summed   int    // the byte from which on the sum counts
	same     int    // bytes of head that all of its answers begin with
}

// Heads of a ZPHS01C's frames: of the host's, and of the module's. The byte behind them
// counts what follows up to the sum.
const (
	asks    = 0x11
	answers = 0x16
)

// Commands of a ZPHS01C.
const (
	cmdRead = 0x01
	cmdZero = 0x03 // CO2 is so many ppm now; never sent
	cmdDust = 0x0C // 1: stops measuring dust, 2: starts

	dustOff = 1
	dustOn  = 2
	dustEnd = 0x1E // what follows either
)

var (
	// FF 86, 23 bytes, and the two's complement of the sum of bytes 1 to 24.
	protocolB = protocol{question: winsen.Request(winsen.Read), head: []byte{winsen.Start, winsen.Read}, size: 26, summed: 1, same: 2}
	// 16, the length of the rest without the sum, command 01, 10 bytes, and the two's
	// complement of the sum of all before it.
	protocolC = protocol{question: command(cmdRead, 0), head: []byte{answers, 0x0B, cmdRead}, size: 14, summed: 0, same: 1}
)

// command is a frame to a ZPHS01C.
func command(body ...byte) []byte {
	b := append([]byte{asks, byte(len(body))}, body...)
	return append(b, winsen.Sum(b))
}

// format is the framing of a model's answers.
func (p protocol) format() frame.Format[answer] {
	return frame.Format[answer]{Head: p.head[:p.same], Max: p.size, Size: p.sizeOf, Decode: p.decode}
}

// sizeOf returns the size of the answer that b begins.
func (p protocol) sizeOf(b []byte) int {
	switch head := b[:min(len(b), len(p.head))]; {
	case string(head) == string(p.head[:len(head)]):
		return p.size
	case p.same < len(p.head) && b[1] >= 1 && b[1] <= 2: // of a ZPHS01C, a confirmation
		return int(b[1]) + 3
	}
	return 0
}

// decode reads the answer that fills b.
func (p protocol) decode(b []byte) (a answer, ok bool) {
	last := len(b) - 1
	if len(b) < 4 || string(b[:p.same]) != string(p.head[:p.same]) || p.sizeOf(b) != len(b) || winsen.Sum(b[p.summed:last]) != b[last] {
		return answer{}, false
	}
	begin := len(p.head)
	if len(b) != p.size {
		a.confirms, begin = b[2], 3
	}
	a.n = copy(a.data[:], b[begin:last])
	return a, a.confirms != 0 || len(b) == p.size
}

// append writes an answer as the part sends it.
func (p protocol) append(b []byte, a answer) []byte {
	start := len(b)
	if a.confirms != 0 {
		b = append(b, answers, byte(a.n+1), a.confirms)
	} else {
		b = append(b, p.head...)
	}
	b = append(b, a.data[:a.n]...)
	return append(b, winsen.Sum(b[start+p.summed:]))
}
