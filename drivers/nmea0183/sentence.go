package nmea0183

import (
	"bytes"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/frame"
)

// maxSentence is the longest sentence that is read. The standard allows 82 characters;
// weather transmitters write longer ones.
const maxSentence = 256

// usual is the length of most.
const usual = 82

// tail is the end of a sentence: '*', two hexadecimal digits, CR, LF.
const tail = 5

// sentence is one sentence whose checksum is right.
type sentence struct {
	talker string   // "GP", "WI"; "P" for a maker's own
	kind   string   // "GGA"
	fields []string // behind the kind; an empty one is not available
}

// field returns field n, the first is 0; empty where the sentence is too short.
func (s sentence) field(n int) string {
	if n >= len(s.fields) {
		return ""
	}
	return s.fields[n]
}

var format = frame.Format[sentence]{Head: []byte("$"), Max: maxSentence, Cut: usual, Size: size, Decode: decode}

// size finds the end of the line. Another $ before it is the begin of a sentence that
// came after a torn one.
func size(b []byte) int {
	for i, c := range b {
		switch {
		case c == '\n':
			return i + 1
		case i > 0 && c == '$', c < ' ' && c != '\r', c > '~':
			return 0
		}
	}
	return len(b) + 1
}

// decode takes a line apart, from $ to LF. A sentence without a checksum is not taken.
func decode(b []byte) (sentence, bool) {
	n := len(b) - tail
	if n < 1 || b[0] != '$' || size(b) != len(b) || b[n] != '*' || b[n+3] != '\r' {
		return sentence{}, false
	}
	hi, lo := digit(b[n+1]), digit(b[n+2])
	if hi < 0 || lo < 0 || byte(hi<<4|lo) != xor(b[1:n]) || bytes.ContainsAny(b[1:n], "*\r") {
		return sentence{}, false
	}
	address, rest, _ := strings.Cut(string(b[1:n]), ",")
	s := sentence{talker: "P", kind: strings.TrimPrefix(address, "P")}
	if !strings.HasPrefix(address, "P") {
		if len(address) != 5 {
			return sentence{}, false
		}
		s.talker, s.kind = address[:2], address[2:]
	}
	if len(address)+1 <= n-1 { // there is a comma
		s.fields = strings.Split(rest, ",")
	}
	return s, true
}

// append writes the sentence, its checksum in capitals.
func (s sentence) append(dst []byte) []byte {
	from := len(dst)
	dst = append(append(append(dst, '$'), s.talker...), s.kind...)
	for _, f := range s.fields {
		dst = append(append(dst, ','), f...)
	}
	const hex = "0123456789ABCDEF"
	sum := xor(dst[from+1:])
	return append(dst, '*', hex[sum>>4], hex[sum&15], '\r', '\n')
}

// xor is the checksum: of all characters between $ and *.
func xor(b []byte) (sum byte) {
	for _, c := range b {
		sum ^= c
	}
	return sum
}

// digit returns the value of a hexadecimal digit, also of a small one, or -1.
func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
