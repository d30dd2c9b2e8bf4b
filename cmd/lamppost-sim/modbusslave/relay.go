package modbusslave

import (
	"encoding/binary"
	"fmt"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// NewRelays makes a slave of n relays, coils 0 to n-1, that are switched with functions
// 5 and 15 and read with 1, and as holding registers 0 to n-1 with functions 6 and 16 and
// read with 3: 1 is on, 0 off, and nothing else is taken (but see Unit.Words). Each switching is a mark in the truth log: event "switch",
// detail "coil 0 on". Relays keep their state, as real ones do, until they are told
// something else.
func NewRelays(address uint8, device string, n int, source Source) *Unit {
	return &Unit{Address: address, Device: device, coils: make([]bool, n), source: source}
}

// badValue is the exception for a coil that is to be neither on nor off.
const badValue = 3

// relays answers a request to a board of relays.
func (u *Unit) relays(pdu []byte) (answer []byte, lines []truth.Line) {
	refuse := func(code byte) ([]byte, []truth.Line) { return []byte{pdu[0] | 0x80, code}, nil }
	switch pdu[0] {
	case 1, 3, 5, 6, 15, 16:
	default:
		return refuse(badFunction)
	}
	if len(pdu) < 5 {
		return refuse(badCount)
	}
	start, value := int(binary.BigEndian.Uint16(pdu[1:])), int(binary.BigEndian.Uint16(pdu[3:]))
	count := value
	if pdu[0] == 5 || pdu[0] == 6 {
		count = 1
	}
	switch {
	case count < 1 || count > 2000 || pdu[0] == 3 && count > maxCount:
		return refuse(badCount)
	case start+count > len(u.coils):
		return refuse(badAddress)
	}
	switch pdu[0] {
	case 1:
		return u.readCoils(start, count), nil
	case 3:
		return u.readStates(start, count), nil
	case 6:
		on, ok := u.stateOf(value)
		if len(pdu) != 5 || !ok {
			return refuse(badValue)
		}
		return pdu, u.switchTo(start, on, nil)
	case 16:
		return u.writeStates(pdu, start, count)
	case 5:
		if len(pdu) != 5 || value != 0 && value != 0xff00 {
			return refuse(badValue)
		}
		return pdu, u.switchTo(start, value != 0, nil)
	}
	if len(pdu) != 6+(count+7)/8 || int(pdu[5]) != (count+7)/8 {
		return refuse(badCount)
	}
	for i := range count {
		lines = u.switchTo(start+i, pdu[6+i/8]>>(i%8)&1 == 1, lines)
	}
	return pdu[:5], lines
}

func (u *Unit) readCoils(start, count int) []byte {
	answer := append([]byte{1, byte((count + 7) / 8)}, make([]byte, (count+7)/8)...)
	for i := range count {
		if u.coils[start+i] {
			answer[2+i/8] |= 1 << (i % 8)
		}
	}
	return answer
}

// readStates answers function 3: a register for each relay.
func (u *Unit) readStates(start, count int) []byte {
	answer := append([]byte{3, byte(2 * count)}, make([]byte, 2*count)...)
	for i := range count {
		if u.coils[start+i] {
			answer[3+2*i] = 1
		}
	}
	return answer
}

// writeStates carries function 16 out, or none of it.
func (u *Unit) writeStates(pdu []byte, start, count int) (answer []byte, lines []truth.Line) {
	if len(pdu) != 6+2*count || int(pdu[5]) != 2*count {
		return []byte{pdu[0] | 0x80, badCount}, nil
	}
	words := pdu[6:]
	for i := range count {
		if _, ok := u.stateOf(int(binary.BigEndian.Uint16(words[2*i:]))); !ok {
			return []byte{pdu[0] | 0x80, badValue}, nil
		}
	}
	for i := range count {
		on, _ := u.stateOf(int(binary.BigEndian.Uint16(words[2*i:])))
		lines = u.switchTo(start+i, on, lines)
	}
	return pdu[:5], lines
}

// stateOf is what a register is told with a value.
func (u *Unit) stateOf(value int) (on, ok bool) {
	if u.Words {
		return value == 256, value == 256 || value == 512
	}
	return value == 1, value == 0 || value == 1
}

// Weld closes the contacts of all relays for good: they confirm, and stay on.
func (u *Unit) Weld() {
	for i := range u.coils {
		u.coils[i] = true
	}
	u.Stuck = true
}

// switchTo sets a coil and appends its mark if that changed it.
func (u *Unit) switchTo(coil int, on bool, lines []truth.Line) []truth.Line {
	if u.coils[coil] == on || u.Stuck {
		return lines
	}
	u.coils[coil] = on
	word := "off"
	if on {
		word = "on"
	}
	return append(lines, truth.Line{Event: "switch", Device: u.Device, Detail: fmt.Sprintf("coil %d %s", coil, word)})
}
