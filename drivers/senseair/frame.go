package senseair

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/frame"
)

// anyUnit is the address to which any such part answers, and that it answers with.
const anyUnit = 0xFE

// What is asked, and how many bytes of registers come back.
var (
	question    = modbus.Request{Function: 4, Start: 0, Count: 4}    // IR1 to IR4
	askIdentity = modbus.Request{Function: 4, Start: 0x19, Count: 6} // IR26 to IR31
	askPeriod   = modbus.Request{Function: 3, Start: 0x1F, Count: 1} // HR32
)

const (
	valueBytes    = 8
	identityBytes = 12
	periodBytes   = 2
)

// writePeriod sets the period of the baseline correction, hours; 0 switches it off.
func writePeriod(hours uint16) modbus.Request {
	return modbus.Request{Function: 6, Start: askPeriod.Start, Count: 1, Data: binary.BigEndian.AppendUint16(nil, hours)}
}

// awaited is what the frame looks like that answers a request.
func awaited(r modbus.Request) frame.Awaited {
	n := 2 + 2*int(r.Count) + around
	if r.Function == 6 {
		n = 5 + around
	}
	return frame.Awaited{Least: n, Most: n, Sum: func(b []byte) bool { // of whichever unit
		_, _, err := modbus.ParseRTU(b)
		return err == nil
	}}
}

// answer is the PDU of a frame of the part.
type answer struct {
	n    int
	data [maxPDU]byte
}

const (
	maxPDU = 2 + identityBytes
	around = 3 // bytes of a frame around its PDU: the address, and two of CRC
)

func (a *answer) pdu() []byte { return a.data[:a.n] }

var format = frame.Format[answer]{Head: []byte{anyUnit}, Max: maxPDU + around, Size: size, Decode: decode}

// size tells the frames that a part sends from requests, ours among them, by the third
// byte: the high byte of a register's number is 0 in all of them.
func size(b []byte) int {
	if len(b) < 3 {
		return maxPDU + around
	}
	switch fn, count := b[1], int(b[2]); {
	case fn == 0x83, fn == 0x84, fn == 0x86:
		return 2 + around
	case fn == 4 && (count == valueBytes || count == identityBytes), fn == 3 && count == periodBytes:
		return 2 + count + around
	case fn == 6:
		return 5 + around
	}
	return 0
}

func decode(b []byte) (a answer, ok bool) {
	unit, pdu, err := modbus.ParseRTU(b)
	if err != nil || unit != anyUnit || len(pdu) > maxPDU || size(b) != len(b) {
		return answer{}, false
	}
	a.n = copy(a.data[:], pdu)
	return a, true
}

// append writes the frame as the part sends it.
func (a answer) append(b []byte) []byte { return modbus.AppendRTU(b, anyUnit, a.pdu()) }

// status is the meter status, register IR1: 0 while all is well.
type status uint16

// outOfRange is the one bit that says something of the value and not of the part.
const outOfRange status = 1 << 5

// faults are the other bits that the maker names, and what to do about each.
var faults = map[int]string{
	0: "fatal error: switch it off and on; if it stays, replace the part",
	1: "offset regulation error: switch it off and on; if it stays, replace the part",
	2: "algorithm error: its settings are damaged; replace the part",
	3: "output error: look at what hangs on its alarm and PWM pins",
	4: "self-diagnostics error: it wants a calibration in fresh air, or it is worn out",
	6: "memory error: switch it off and on; if it stays, replace the part",
}

// fault names every bit that stands for a fault of the part; nil: there is none.
func (s status) fault() error {
	bad := s &^ outOfRange
	if bad == 0 {
		return nil
	}
	var words []string
	for bit := range 16 {
		if bad>>bit&1 == 0 {
			continue
		}
		word, named := faults[bit]
		if !named {
			word = fmt.Sprintf("bit %d, which the maker does not name", bit)
		}
		words = append(words, word)
	}
	return fmt.Errorf("%w: meter status %04X: %s", drivers.ErrDevice, uint16(s), strings.Join(words, "; "))
}
