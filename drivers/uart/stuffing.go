package uart

import (
	"bytes"

	"github.com/lamppost-city/lamppost/drivers/codec/modbus"
)

var noBits modbus.Bits

// stuffing is how a frame is told from what is around it: a byte that stands before and
// behind it, and never in it, since an escape takes its place.
type stuffing struct {
	around, escape byte
	plain          func(escaped byte) (b byte, ok bool)
}

// stuffings are by the name that profiles have for them. SHDLC escapes by inverting bit
// 5 (7E 7D 11 13), SLIP by two codes (RFC 1055).
var stuffings = map[string]stuffing{
	"shdlc": {0x7E, 0x7D, func(b byte) (byte, bool) { return b ^ 0x20, true }},
	"slip": {0xC0, 0xDB, func(b byte) (byte, bool) {
		switch b {
		case 0xDC:
			return 0xC0, true
		case 0xDD:
			return 0xDB, true
		}
		return 0, false
	}},
}

// size is what frame.Format wants. A frame with nothing inside is none: its second byte
// may be the first of the next.
func (s stuffing) size(b []byte) int {
	i := bytes.IndexByte(b[1:], s.around)
	switch {
	case i == 0:
		return 0
	case i < 0:
		return len(b) + 1
	}
	return i + 2
}

// strip appends what is inside a frame to dst; false: it is no frame.
func (s stuffing) strip(dst, b []byte) ([]byte, bool) {
	escaped := false
	for _, c := range b[1 : len(b)-1] {
		switch {
		case escaped:
			p, ok := s.plain(c)
			if !ok {
				return dst, false
			}
			dst, escaped = append(dst, p), false
		case c == s.escape:
			escaped = true
		default:
			dst = append(dst, c)
		}
	}
	return dst, !escaped
}
