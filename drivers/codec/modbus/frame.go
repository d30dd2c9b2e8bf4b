package modbus

import (
	"encoding/binary"
	"fmt"
)

// crcTable holds the CRC of each single byte: polynomial 0x8005 reflected.
var crcTable = makeCRCTable()

func makeCRCTable() (t [256]uint16) {
	for i := range t {
		crc := uint16(i)
		for range 8 {
			if crc&1 != 0 {
				crc = crc>>1 ^ 0xA001
			} else {
				crc >>= 1
			}
		}
		t[i] = crc
	}
	return t
}

// CRC returns the CRC-16 of b as Modbus RTU uses it. Its low byte is sent first;
// over a whole good frame, CRC included, it is 0.
func CRC(b []byte) uint16 {
	crc := uint16(0xFFFF)
	for _, c := range b {
		crc = crc>>8 ^ crcTable[byte(crc)^c]
	}
	return crc
}

// AppendRTU appends the serial frame that carries pdu to or from unit.
func AppendRTU(dst []byte, unit uint8, pdu []byte) []byte {
	start := len(dst)
	dst = append(dst, unit)
	dst = append(dst, pdu...)
	return binary.LittleEndian.AppendUint16(dst, CRC(dst[start:]))
}

// ParseRTU takes a serial frame apart. The frame must be exactly b. The errors
// are ErrShort, ErrLong and ErrChecksum.
func ParseRTU(b []byte) (unit uint8, pdu []byte, err error) {
	switch {
	case len(b) < 4:
		return 0, nil, ErrShort
	case len(b) > MaxPDU+3:
		return 0, nil, ErrLong
	}
	body := b[:len(b)-2]
	if got, want := binary.LittleEndian.Uint16(b[len(body):]), CRC(body); got != want {
		return 0, nil, fmt.Errorf("%w: frame says %04x, its bytes give %04x", ErrChecksum, got, want)
	}
	return b[0], body[1:], nil
}

// TCPFrame is one PDU as it travels over TCP.
type TCPFrame struct {
	Transaction uint16 // chosen by the master, repeated in the answer
	Unit        uint8
	PDU         []byte
}

const mbapLen = 7

// Append appends f with its MBAP header.
func (f TCPFrame) Append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, f.Transaction)
	dst = append(dst, 0, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(f.PDU)+1))
	dst = append(dst, f.Unit)
	return append(dst, f.PDU...)
}

// ParseTCP takes the first frame from a stream that was read up to b. n is the
// number of bytes it used, 0 while the frame is not complete. An error, always
// ErrFormat, means that the stream is out of step and must be opened anew.
func ParseTCP(b []byte) (f TCPFrame, n int, err error) {
	if len(b) < mbapLen {
		return TCPFrame{}, 0, nil
	}
	if proto := binary.BigEndian.Uint16(b[2:]); proto != 0 {
		return TCPFrame{}, 0, fmt.Errorf("%w: protocol number %d instead of 0", ErrFormat, proto)
	}
	length := int(binary.BigEndian.Uint16(b[4:]))
	if length < 2 || length > MaxPDU+1 {
		return TCPFrame{}, 0, fmt.Errorf("%w: length field %d, it can be 2 to %d", ErrFormat, length, MaxPDU+1)
	}
	n = mbapLen - 1 + length
	if len(b) < n {
		return TCPFrame{}, 0, nil
	}
	return TCPFrame{binary.BigEndian.Uint16(b), b[6], b[mbapLen:n]}, n, nil
}
