package modbusslave

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Source is where a unit's values, and its mishaps, come from. It is called from
// one goroutine at a time.
type Source interface {
	Value(channel string) float64 // in the metric's unit, now
	Mishap() scenario.Mishap      // what befalls the next answer
}

// Recorder takes truth lines.
type Recorder interface{ Add(...truth.Line) }

// Unit is one slave.
type Unit struct {
	Address    uint8
	Device     string        // the gateway's name for it, for the truth log
	Turnaround time.Duration // from the last byte of a request to the first of its answer
	Limit      int           // registers that one request may ask for; 0: 125
	registers  []Register
	coils      []bool // of a board of relays, see NewRelays; nil: it has registers
	source     Source
}

// NewUnit makes a slave of registers. Two that overlap, and a register that
// cannot be, are errors.
func NewUnit(address uint8, device string, registers []Register, source Source) (*Unit, error) {
	for i, r := range registers {
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("unit %s: %w", device, err)
		}
		for _, o := range registers[:i] {
			if o.Function == r.Function && int(o.Address) < int(r.Address)+r.Type.words() && int(r.Address) < int(o.Address)+o.Type.words() {
				return nil, fmt.Errorf("unit %s: %s and %s overlap at register %d", device, o.Channel, r.Channel, r.Address)
			}
		}
	}
	return &Unit{Address: address, Device: device, registers: registers, source: source}, nil
}

// The exceptions that a unit answers with.
const (
	badFunction = 1
	badAddress  = 2
	badCount    = 3
)

// maxCount is how many registers one answer can hold.
const maxCount = 125

// answer returns the answer to a request's PDU (function and data), and the lines
// of the values that are in it, whole, still without a time.
func (u *Unit) answer(pdu []byte) (answer []byte, lines []truth.Line) {
	if u.coils != nil {
		return u.relays(pdu)
	}
	function := pdu[0]
	refuse := func(code byte) ([]byte, []truth.Line) { return []byte{function | 0x80, code}, nil }
	lo, hi, ok := u.span(function)
	if !ok {
		return refuse(badFunction)
	}
	if len(pdu) != 5 {
		return refuse(badCount)
	}
	start, count := int(binary.BigEndian.Uint16(pdu[1:])), int(binary.BigEndian.Uint16(pdu[3:]))
	if count < 1 || count > maxCount || u.Limit > 0 && count > u.Limit {
		return refuse(badCount)
	}
	if start < lo || start+count > hi {
		return refuse(badAddress)
	}
	words := make([]uint16, count)
	for _, r := range u.registers {
		at, n := int(r.Address)-start, r.Type.words()
		if r.Function != function || at+n <= 0 || at >= count {
			continue
		}
		w, held := r.Encode(u.source.Value(r.Channel))
		for i := range n {
			if at+i >= 0 && at+i < count {
				words[at+i] = w[i]
			}
		}
		if at >= 0 && at+n <= count {
			lines = append(lines, truth.Line{Device: u.Device, Channel: r.Channel, V: held, Resolution: r.step(), Via: truth.Answer})
		}
	}
	answer = []byte{function, byte(2 * count)}
	for _, w := range words {
		answer = binary.BigEndian.AppendUint16(answer, w)
	}
	return answer, lines
}

// span returns the addresses from lo to before hi that a function can read.
func (u *Unit) span(function uint8) (lo, hi int, ok bool) {
	for _, r := range u.registers {
		if r.Function != function {
			continue
		}
		if !ok {
			lo, hi, ok = int(r.Address), 0, true
		}
		lo, hi = min(lo, int(r.Address)), max(hi, int(r.Address)+r.Type.words())
	}
	return lo, hi, ok
}

// silence files a request that is left without an answer.
func (u *Unit) silence(to Recorder) {
	to.Add(truth.Line{T: time.Now().UnixMilli(), Device: u.Device, Via: truth.Silence})
}
