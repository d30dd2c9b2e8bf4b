package uart

import (
	"math/bits"

	"github.com/lamppost-city/lamppost/drivers/codec/modbus"
)

// sums are the kinds of checksum, with how many bytes each takes.
//
// sum8 is the sum of the bytes, neg8 its negative, inv8 its complement (SHDLC), xor8
// their exclusive or, sum16 the sum in two bytes. crc8 has its polynomial in the
// profile; the three of 16 bits are those of Modbus (polynomial 8005 reflected, from
// FFFF), ARC (the same from 0), and CCITT-FALSE (1021 from FFFF).
var sums = map[string]int{"sum8": 1, "neg8": 1, "inv8": 1, "xor8": 1, "crc8": 1, "sum16": 2, "crc16-modbus": 2, "crc16-arc": 2, "crc16-ccitt": 2}

// of is the checksum of b, right-aligned.
func (c *Checksum) of(b []byte) uint16 {
	switch c.Kind {
	case "crc8":
		return uint16(c.crc8(b))
	case "crc16-modbus":
		return modbus.CRC(b)
	case "crc16-arc":
		return mirrored16(b)
	case "crc16-ccitt":
		return ccitt(b)
	}
	var sum uint16
	var xor byte
	for _, v := range b {
		sum += uint16(v)
		xor ^= v
	}
	switch c.Kind {
	case "sum8":
		return sum & 0xFF
	case "neg8":
		return -sum & 0xFF
	case "inv8":
		return ^sum & 0xFF
	case "xor8":
		return uint16(xor)
	}
	return sum
}

func (c *Checksum) crc8(b []byte) byte {
	poly, crc := *c.Poly, c.Init
	if c.Mirror {
		poly = bits.Reverse8(poly)
	}
	for _, v := range b {
		crc ^= v
		for range 8 {
			switch {
			case c.Mirror && crc&1 != 0:
				crc = crc>>1 ^ poly
			case c.Mirror:
				crc >>= 1
			case crc&0x80 != 0:
				crc = crc<<1 ^ poly
			default:
				crc <<= 1
			}
		}
	}
	return crc ^ c.Xor
}

func mirrored16(b []byte) (crc uint16) {
	for _, v := range b {
		crc ^= uint16(v)
		for range 8 {
			if crc&1 != 0 {
				crc = crc>>1 ^ 0xA001
			} else {
				crc >>= 1
			}
		}
	}
	return crc
}

func ccitt(b []byte) uint16 {
	crc := uint16(0xFFFF)
	for _, v := range b {
		crc ^= uint16(v) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

// holds says whether a frame is what its checksum says. One too short for it is not.
func (c *Checksum) holds(b []byte) bool {
	if c.Kind == "" {
		return true
	}
	at := fromEnd(*c.At, len(b))
	from, to := fromEnd(c.From, len(b)), fromEnd(*c.To, len(b))
	n := sums[c.Kind]
	if at < 0 || at+n > len(b) || from < 0 || from > to || to > len(b) {
		return false
	}
	said := uint16(b[at])
	switch {
	case n == 2 && c.Order == "le":
		said |= uint16(b[at+1]) << 8
	case n == 2:
		said = said<<8 | uint16(b[at+1])
	}
	return c.of(b[from:to]) == said
}

// fromEnd makes an offset from the beginning of one that may count from the end.
func fromEnd(at, n int) int {
	if at < 0 {
		return n + at
	}
	return at
}
