package modbus

import (
	"encoding/binary"
	"fmt"
)

// Answer is what a unit says to a request. Exception is 0 unless it refuses.
type Answer struct {
	Function  uint8
	Exception Exception
	// Data is what follows the function code: for functions 1, 2, 3, 4 and 23 the
	// bits or registers without the byte count before them, for the writing
	// functions the four (function 22: six) bytes they repeat.
	Data []byte
}

// Exception is a unit's refusal.
type Exception uint8

// The exceptions a master acts upon.
const (
	IllegalAddress Exception = 2    // a register in the range does not exist: split the block
	Busy           Exception = 6    // ask again later
	TargetSilent   Exception = 0x0B // the gateway's slave did not answer: a timeout, told by another
)

// Error says what the refusal means.
func (e Exception) Error() string {
	if text, ok := exceptionText[e]; ok {
		return fmt.Sprintf("exception %02X: %s", uint8(e), text)
	}
	return fmt.Sprintf("exception %02X", uint8(e))
}

var exceptionText = map[Exception]string{
	1: "the part does not know this function", IllegalAddress: "the part has no such register",
	3: "the part does not take this count or value", 4: "the part has failed",
	5: "accepted, the part is still working on it", Busy: "the part is busy",
	8: "the part's memory has a parity error", 0x0A: "the gateway has no path to the unit",
	TargetSilent: "the unit behind the gateway is silent",
}

// ParseAnswer takes an answer PDU apart without knowing the request. Its errors
// wrap ErrFormat or ErrShort.
func ParseAnswer(pdu []byte) (Answer, error) {
	if len(pdu) < 2 {
		return Answer{}, fmt.Errorf("%w: answer of %d bytes", ErrShort, len(pdu))
	}
	if len(pdu) > MaxPDU {
		return Answer{}, fmt.Errorf("%w: answer of %d bytes", ErrLong, len(pdu))
	}
	a := Answer{Function: pdu[0], Data: pdu[1:]}
	switch fn := pdu[0]; {
	case fn == 0 || fn == 0x80:
		return Answer{}, fmt.Errorf("%w: function 0", ErrFormat)
	case fn > 0x80:
		if len(pdu) != 2 || pdu[1] == 0 {
			return Answer{}, fmt.Errorf("%w: an exception is one byte that is not 0, this one % x", ErrFormat, pdu[1:])
		}
		return Answer{Function: fn &^ 0x80, Exception: Exception(pdu[1])}, nil
	case counted(fn):
		a.Data = pdu[2:]
		if int(pdu[1]) != len(a.Data) || fn > 2 && len(a.Data)%2 != 0 {
			return Answer{}, fmt.Errorf("%w: answer announces %d bytes and has %d", ErrFormat, pdu[1], len(a.Data))
		}
	case confirmLen(fn) > 0 && len(pdu) != confirmLen(fn):
		return Answer{}, fmt.Errorf("%w: function %d answered with %d bytes instead of %d", ErrFormat, fn, len(pdu), confirmLen(fn))
	}
	return a, nil
}

// counted says whether answers to fn begin with a byte count.
func counted(fn uint8) bool { return fn >= 1 && fn <= 4 || fn == 23 }

// confirmLen is the length of the PDU with which a write by fn is confirmed, 0 for
// any other function.
func confirmLen(fn uint8) int {
	switch fn {
	case 5, 6, 15, 16:
		return 5
	case 22:
		return 7
	}
	return 0
}

// Append appends the PDU of a to dst.
func (a Answer) Append(dst []byte) []byte {
	if a.Exception != 0 {
		return append(dst, a.Function|0x80, byte(a.Exception))
	}
	dst = append(dst, a.Function)
	if counted(a.Function) {
		dst = append(dst, byte(len(a.Data)))
	}
	return append(dst, a.Data...)
}

// Registers appends the registers in a to dst; an odd last byte is ignored.
func (a Answer) Registers(dst []uint16) []uint16 {
	for d := a.Data; len(d) >= 2; d = d[2:] {
		dst = append(dst, binary.BigEndian.Uint16(d))
	}
	return dst
}

// Bits appends the first n bits in a to dst, or as many as there are.
func (a Answer) Bits(dst []bool, n int) []bool {
	for i := range min(n, 8*len(a.Data)) {
		dst = append(dst, a.Data[i/8]>>(i%8)&1 != 0)
	}
	return dst
}
