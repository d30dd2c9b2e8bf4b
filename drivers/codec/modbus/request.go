package modbus

import (
	"encoding/binary"
	"fmt"
)

// Request is what a master asks of a unit.
//
// Functions 1, 2, 3, 4 read Count coils, inputs or registers from Start.
// Functions 5 and 6 write one; Data is its two bytes. Functions 15 and 16 write
// Count of them; Data is the packed coils, first in the lowest bit, or the
// registers, high byte first. Function 22 changes some bits of the register Start;
// Data is the two masks of [MaskWrite]. Function 23 reads Count from Start after
// writing Data at WriteStart. Function 43 with Data 14, level and object asks what
// the unit is, see [IdentityRequest]. Any other function carries Data as it is.
type Request struct {
	Function   uint8
	Start      uint16
	Count      uint16 // 1 for functions 5, 6 and 22
	WriteStart uint16 // only function 23
	Data       []byte
}

const (
	maxWriteBits      = 1968
	maxWriteRegisters = 123
	maxReadWrite      = 121
)

// Check says whether the protocol allows r: known counts, data of the right
// length, an address range that does not run past 65 536. The error wraps
// ErrFormat.
func (r Request) Check() error {
	switch r.Function {
	case 1, 2:
		return r.check(MaxBits, 0)
	case 3, 4:
		return r.check(MaxRegisters, 0)
	case 5:
		if len(r.Data) == 2 && (r.Data[0] != 0 && r.Data[0] != 0xFF || r.Data[1] != 0) {
			return fmt.Errorf("%w: a coil is written as ff 00 or 00 00, not % x", ErrFormat, r.Data)
		}
		return r.check(1, 2)
	case 6:
		return r.check(1, 2)
	case 22:
		return r.check(1, 4)
	case 15:
		return r.check(maxWriteBits, (int(r.Count)+7)/8)
	case 16:
		return r.check(maxWriteRegisters, 2*int(r.Count))
	case 23:
		return r.checkReadWrite()
	}
	if r.Function == 0 || r.Function >= 0x80 || len(r.Data) >= MaxPDU {
		return fmt.Errorf("%w: function %d with %d bytes", ErrFormat, r.Function, len(r.Data))
	}
	if r.identifies() {
		return r.checkIdentity()
	}
	return nil
}

func (r Request) check(maxCount, dataLen int) error {
	switch {
	case r.Count < 1 || int(r.Count) > maxCount:
		return fmt.Errorf("%w: function %d asks for %d, 1 to %d are allowed", ErrFormat, r.Function, r.Count, maxCount)
	case int(r.Start)+int(r.Count) > 1<<16:
		return fmt.Errorf("%w: %d from address %d runs past 65535", ErrFormat, r.Count, r.Start)
	case len(r.Data) != dataLen:
		return fmt.Errorf("%w: function %d with %d bytes of data instead of %d", ErrFormat, r.Function, len(r.Data), dataLen)
	}
	return nil
}

func (r Request) checkReadWrite() error {
	words := len(r.Data) / 2
	if len(r.Data)%2 != 0 || words < 1 || words > maxReadWrite || int(r.WriteStart)+words > 1<<16 {
		return fmt.Errorf("%w: function 23 writes %d bytes at %d", ErrFormat, len(r.Data), r.WriteStart)
	}
	read := r
	read.Data = nil
	return read.check(MaxRegisters, 0)
}

// Append appends the PDU of r to dst. What Check refuses is not to be sent.
func (r Request) Append(dst []byte) []byte {
	be := binary.BigEndian
	dst = append(dst, r.Function)
	switch r.Function {
	case 1, 2, 3, 4:
		dst = be.AppendUint16(dst, r.Start)
		return be.AppendUint16(dst, r.Count)
	case 5, 6, 22:
		dst = be.AppendUint16(dst, r.Start)
	case 15, 16:
		dst = be.AppendUint16(dst, r.Start)
		dst = be.AppendUint16(dst, r.Count)
		dst = append(dst, byte(len(r.Data)))
	case 23:
		dst = be.AppendUint16(dst, r.Start)
		dst = be.AppendUint16(dst, r.Count)
		dst = be.AppendUint16(dst, r.WriteStart)
		dst = be.AppendUint16(dst, uint16(len(r.Data)/2))
		dst = append(dst, byte(len(r.Data)))
	}
	return append(dst, r.Data...)
}

// ParseRequest takes a request PDU apart. It accepts exactly what Check allows;
// its errors wrap ErrFormat or ErrShort.
func ParseRequest(pdu []byte) (Request, error) {
	head, ok := requestHead[first(pdu)]
	if !ok {
		head = 1
	}
	if len(pdu) < head {
		return Request{}, fmt.Errorf("%w: request of %d bytes", ErrShort, len(pdu))
	}
	be := binary.BigEndian
	r := Request{Function: pdu[0], Count: 1, Data: pdu[head:]}
	var counted, written int // what the request itself says about its data
	switch r.Function {
	case 1, 2, 3, 4:
		r.Start, r.Count = be.Uint16(pdu[1:]), be.Uint16(pdu[3:])
	case 5, 6, 22:
		r.Start = be.Uint16(pdu[1:])
	case 15, 16:
		r.Start, r.Count, counted = be.Uint16(pdu[1:]), be.Uint16(pdu[3:]), int(pdu[5])
	case 23:
		r.Start, r.Count, r.WriteStart = be.Uint16(pdu[1:]), be.Uint16(pdu[3:]), be.Uint16(pdu[5:])
		written, counted = 2*int(be.Uint16(pdu[7:])), int(pdu[9])
	default:
		r.Count = 0
	}
	if r.Function == 15 || r.Function == 16 || r.Function == 23 {
		if counted != len(r.Data) || r.Function == 23 && written != counted {
			return Request{}, fmt.Errorf("%w: request announces %d bytes and has %d", ErrFormat, counted, len(r.Data))
		}
	}
	return r, r.Check()
}

// requestHead is the length of a request PDU before its data.
var requestHead = map[uint8]int{1: 5, 2: 5, 3: 5, 4: 5, 5: 3, 6: 3, 15: 6, 16: 6, 22: 3, 23: 10}

func first(b []byte) uint8 {
	if len(b) == 0 {
		return 0
	}
	return b[0]
}
