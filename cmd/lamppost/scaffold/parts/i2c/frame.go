package mypart

import "encoding/binary"

// A frame, big-endian:
//
//	byte 0  temperature, signed, in 0.1 °C
//	     2  checksum of bytes 0 and 1
//	     3  relative humidity, in 0.1 %
//	     5  checksum of bytes 3 and 4
//
// The checksum is CRC-8 with the polynomial 0x31, beginning with 0xFF.

// state is what one frame says.
type state struct {
	temp int16  // 0.1 °C
	rh   uint16 // 0.1 %
}

// decode reads the frame that fills b; false: it is damaged.
func decode(b []byte) (state, bool) {
	if len(b) != frameLen || crc(b[:2]) != b[2] || crc(b[3:5]) != b[5] {
		return state{}, false
	}
	return state{temp: int16(binary.BigEndian.Uint16(b)), rh: binary.BigEndian.Uint16(b[3:])}, true
}

// append writes the frame as the part sends it, for the tests.
func (s state) append(b []byte) []byte {
	for _, word := range []uint16{uint16(s.temp), s.rh} {
		b = binary.BigEndian.AppendUint16(b, word)
		b = append(b, crc(b[len(b)-2:]))
	}
	return b
}

func crc(b []byte) byte {
	sum := byte(0xFF)
	for _, c := range b {
		sum ^= c
		for range 8 {
			high := sum & 0x80
			sum <<= 1
			if high != 0 {
				sum ^= 0x31
			}
		}
	}
	return sum
}
