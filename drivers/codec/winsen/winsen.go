// Package winsen is the framing that the gas modules of Winsen share: MH-Z19 and its
// relatives for CO2, and the electrochemical ZE series. It knows frames, not gases.
//
//	host to module   FF 01 command b3 b4 b5 b6 b7 sum
//	module to host   FF d1 d2 d3 d4 d5 d6 d7 sum
//
// sum is the two's complement of the low 8 bits of the sum of bytes 1 to 7: added to
// them it gives 0. Where that sum is a multiple of 256 it is 00, which some programs
// get wrong. Eight bits of sum let one in 256 of the frames pass that noise makes up.
//
// Sources: Winsen MH-Z19B manual V1.6, ZE07-CO and ZE07-CH2O manuals.
package winsen

const (
	// Start begins every frame of 9 bytes; it may occur inside one, too.
	Start = 0xFF
	// Size of a frame in bytes.
	Size = 9
)

// Commands of a host, and with them the first byte of what answers.
const (
	Mode     = 0x78 // whether the module talks unasked
	Baseline = 0x79 // automatic baseline correction of a CO2 module
	Read     = 0x86
)

// Frame is what stands between the start and the sum, bytes 1 to 7.
type Frame [Size - 2]byte

// Sum returns the check byte of what stands between the start byte and itself.
func Sum(body []byte) byte {
	sum := byte(0)
	for _, c := range body {
		sum += c
	}
	return -sum
}

// Decode reads the frame that fills b; false: b is no frame, or its sum is wrong.
func Decode(b []byte) (f Frame, ok bool) {
	if len(b) != Size || b[0] != Start || Sum(b[1:Size-1]) != b[Size-1] {
		return Frame{}, false
	}
	return Frame(b[1 : Size-1]), true
}

// Sealed says whether b is a frame with the right sum, whatever it says.
func Sealed(b []byte) bool {
	_, ok := Decode(b)
	return ok
}

// Append writes the frame as it stands on the wire.
func (f Frame) Append(b []byte) []byte {
	return append(append(append(b, Start), f[:]...), Sum(f[:]))
}

// Word returns the two bytes of f from the i-th byte of the frame on, the high one
// first; i counts as the manuals do, from the start byte, and is 1 to 6.
func (f Frame) Word(i int) int { return int(f[i-1])<<8 | int(f[i]) }

// Request returns the frame of a command with its arguments, at most five.
func Request(command byte, args ...byte) []byte {
	f := Frame{1, command}
	copy(f[2:], args)
	return f.Append(make([]byte, 0, Size))
}
