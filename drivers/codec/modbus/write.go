package modbus

import "encoding/binary"

// WriteCoil returns the request that switches one coil, function 5.
func WriteCoil(address uint16, on bool) Request {
	r := Request{Function: 5, Start: address, Count: 1, Data: []byte{0, 0}}
	if on {
		r.Data[0] = 0xFF
	}
	return r
}

// WriteRegister returns the request that sets one register, function 6.
func WriteRegister(address, value uint16) Request {
	return Request{Function: 6, Start: address, Count: 1, Data: binary.BigEndian.AppendUint16(nil, value)}
}

// WriteCoils returns the request that switches coils from start on, function 15.
func WriteCoils(start uint16, on []bool) Request {
	r := Request{Function: 15, Start: start, Count: count(len(on)), Data: make([]byte, (len(on)+7)/8)}
	for i, set := range on {
		if set {
			r.Data[i/8] |= 1 << (i % 8)
		}
	}
	return r
}

// WriteRegisters returns the request that sets registers from start on, function 16.
func WriteRegisters(start uint16, words []uint16) Request {
	return Request{Function: 16, Start: start, Count: count(len(words)), Data: appendWords(nil, words)}
}

// MaskWrite returns the request, function 22, after which the register holds
// (what it held AND and) OR (or AND NOT and): bits that are set in and stay, the
// others become those of or.
func MaskWrite(address, and, or uint16) Request {
	return Request{Function: 22, Start: address, Count: 1, Data: appendWords(nil, []uint16{and, or})}
}

// ReadWrite returns the request that sets the registers from writeStart on to words,
// then reads n from start, in one go, function 23.
func ReadWrite(start, n, writeStart uint16, words []uint16) Request {
	return Request{Function: 23, Start: start, Count: n, WriteStart: writeStart, Data: appendWords(nil, words)}
}

func appendWords(dst []byte, words []uint16) []byte {
	for _, w := range words {
		dst = binary.BigEndian.AppendUint16(dst, w)
	}
	return dst
}

// count is n as a request can state it; what is too many stays too many.
func count(n int) uint16 { return uint16(min(n, 1<<16-1)) }

// Writes says whether r changes something in the unit.
func (r Request) Writes() bool {
	switch r.Function {
	case 5, 6, 15, 16, 22, 23:
		return true
	}
	return false
}
