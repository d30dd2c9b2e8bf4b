package sdi12

import (
	"errors"
	"fmt"
)

// What is wrong with an answer.
var (
	ErrFormat = errors.New("not an SDI-12 answer")
	ErrCRC    = errors.New("SDI-12 checksum is wrong")
)

const (
	maxValues = 75 // characters of values in one answer: 35 after aM!, 75 after aC! and aR0!
	maxDigits = 7
	crcLen    = 3
)

// ParseValues reads the answer to a data command or a continuous reading, address first,
// without CR LF: the values in order, as the sensor wrote them, each with its sign. An
// answer without values is good, and means that there are none.
func ParseValues(line []byte, crc bool) ([]string, error) {
	if crc {
		n := len(line) - crcLen
		if n < 1 {
			return nil, fmt.Errorf("%w: %q has no checksum", ErrFormat, line)
		}
		if sum := appendCRC(nil, line[:n]); string(sum) != string(line[n:]) {
			return nil, fmt.Errorf("%w: %q, computed %q", ErrCRC, line, sum)
		}
		line = line[:n]
	}
	if len(line) == 0 || len(line)-1 > maxValues {
		return nil, fmt.Errorf("%w: %d characters", ErrFormat, len(line))
	}
	var values []string
	for rest := line[1:]; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n] != '+' && rest[n] != '-' {
			n++
		}
		if err := checkValue(rest[:n]); err != nil {
			return nil, fmt.Errorf("%w in %q", err, line)
		}
		values, rest = append(values, string(rest[:n])), rest[n:]
	}
	return values, nil
}

// checkValue accepts a sign, up to seven digits and at most one point among them.
func checkValue(v []byte) error {
	n, points := 0, 0
	for _, c := range v[1:] {
		switch {
		case c >= '0' && c <= '9':
			n++
		case c == '.':
			points++
		default:
			return fmt.Errorf("%w: %q is no value", ErrFormat, v)
		}
	}
	if v[0] != '+' && v[0] != '-' || n == 0 || n > maxDigits || points > 1 {
		return fmt.Errorf("%w: %q is no value", ErrFormat, v)
	}
	return nil
}

// AppendValues writes the answer to a data command.
func AppendValues(dst []byte, address byte, values []string, crc bool) []byte {
	from := len(dst)
	dst = append(dst, address)
	for _, v := range values {
		dst = append(dst, v...)
	}
	if crc {
		dst = appendCRC(dst, dst[from:])
	}
	return dst
}

// CRC is the checksum of an answer from its address to its last value: CRC-16 with the
// reflected polynomial 0xA001 and initial value 0.
func CRC(b []byte) uint16 {
	var crc uint16
	for _, c := range b {
		crc ^= uint16(c)
		for range 8 {
			odd := crc & 1
			crc >>= 1
			if odd != 0 {
				crc ^= 0xA001
			}
		}
	}
	return crc
}

// appendCRC writes the checksum of b as three characters of six bits. They lie between
// 0x40 and 0x7F: letters, but a DEL as well.
func appendCRC(dst, b []byte) []byte {
	c := CRC(b)
	return append(dst, 0x40|byte(c>>12), 0x40|byte(c>>6&0x3F), 0x40|byte(c&0x3F))
}
