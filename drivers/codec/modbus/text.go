package modbus

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text reads words as text, two characters to a register, as parts keep their serial
// numbers. It ends at the first NUL; blanks, control characters, and the FF of memory
// that was never written, are taken off at both ends. Of an order only the swapped bytes count. What
// is not printable is ErrNumber: it is no text.
func Text(words []uint16, o Order) (string, error) {
	b := make([]byte, 0, 2*len(words))
	for _, w := range words {
		if swaps[o%Order(len(swaps))].bytes {
			w = w<<8 | w>>8
		}
		b = binary.BigEndian.AppendUint16(b, w)
	}
	for len(b) > 0 && filler(b[0]) {
		b = b[1:]
	}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	for len(b) > 0 && filler(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	s := string(b)
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", fmt.Errorf("%w: % x is no text", ErrNumber, b)
	}
	return s, nil
}

func filler(c byte) bool { return c <= ' ' || c == 0xFF }
