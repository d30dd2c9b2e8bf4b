package modbusslave

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Source is where a unit's values, and its mishaps, come from. It is called from
// one goroutine at a time.
type Source interface {
	Value(channel string) float64 // in the metric's unit, now; NaN: it is missing
	Mishap() scenario.Mishap      // what befalls the next answer
}

// Recorder takes truth lines.
type Recorder interface{ Add(...truth.Line) }

// Unit is one slave.
type Unit struct {
	Address    uint8
	Device     string            // the gateway's name for it, for the truth log
	Turnaround time.Duration     // from the last byte of a request to the first of its answer
	Limit      int               // registers that one request may ask for; 0: 125
	Also       []uint8           // other addresses that it answers to, with the one that it was asked by
	Gaps       Manner            // what it does when it is asked for a register that it does not have
	Start      *Start            // the request without which it does not measure; nil: it needs none
	Wakes      bool              // a byte 00 before a request is not part of it
	Fault      bool              // it reports a fault of its own, in the registers that tell
	Settings   map[uint16]uint16 // holding registers that keep what they are told with function 6; nil: none
	registers  []Register
	Stuck      bool   // a board of relays confirms what it is told, and no relay moves
	Words      bool   // its registers take 256 for on and 512 for off, and answer 1 and 0
	coils      []bool // of a board of relays, see NewRelays; nil: it has registers
	source     Source
}

// Manner is what a part does when it is asked for registers that it does not have.
type Manner string

// The manners.
const (
	Zeros  Manner = ""       // between its lowest and its highest one it says 0, outside exception 2
	Refuse Manner = "refuse" // exception 2 for each of them
	Silent Manner = "silent" // no answer at all
)

// Start is a request that makes a part measure: function 3 or 16 at Register, for no
// register or one. Before it every value is missing.
type Start struct {
	Function uint8
	Register uint16
	done     atomic.Bool
}

// NewUnit makes a slave of registers. Two that overlap, and a register that
// cannot be, are errors.
func NewUnit(address uint8, device string, registers []Register, source Source) (*Unit, error) {
	for i, r := range registers {
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("unit %s: %w", device, err)
		}
		for _, o := range registers[:i] {
			same := o.Function == r.Function || o.Function == 0 || r.Function == 0
			if same && int(o.Address) < int(r.Address)+r.words() && int(r.Address) < int(o.Address)+o.words() {
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

// Answer is what the unit says to a request without its line: the PDU that answers a
// PDU, function and data; nil is silence. No truth is recorded. It must not be called
// while the unit is served.
func (u *Unit) Answer(pdu []byte) []byte {
	answer, _ := u.answer(pdu)
	return answer
}

// answer returns the answer to a request's PDU (function and data), and the lines
// of the values that are in it, whole, still without a time. nil is no answer.
func (u *Unit) answer(pdu []byte) (answer []byte, lines []truth.Line) {
	if u.coils != nil {
		return u.relays(pdu)
	}
	if answer = u.started(pdu); answer != nil {
		return answer, nil
	}
	if answer = u.setting(pdu); answer != nil {
		return answer, nil
	}
	function := pdu[0]
	lo, hi, ok := u.span(function)
	switch {
	case !ok:
		return u.refuse(function, badFunction), nil
	case len(pdu) != 5:
		return []byte{function | 0x80, badCount}, nil
	}
	start, count := int(binary.BigEndian.Uint16(pdu[1:])), int(binary.BigEndian.Uint16(pdu[3:]))
	if count < 1 || count > maxCount || u.Limit > 0 && count > u.Limit {
		return u.refuse(function, badCount), nil
	}
	words, found, lines := u.read(function, start, count)
	if start < lo || start+count > hi || u.Gaps != Zeros && found < count {
		return u.refuse(function, badAddress), nil
	}
	answer = []byte{function, byte(2 * count)}
	for _, w := range words {
		answer = binary.BigEndian.AppendUint16(answer, w)
	}
	return answer, lines
}

// refuse is an exception, or silence where that is the part's manner.
func (u *Unit) refuse(function, code byte) []byte {
	if u.Gaps == Silent {
		return nil
	}
	return []byte{function | 0x80, code}
}

// started carries out the request that makes the part measure, and returns its
// answer; nil: it is another request. One that asks for no register is answered with
// none.
func (u *Unit) started(pdu []byte) []byte {
	s := u.Start
	if s == nil || pdu[0] != s.Function || len(pdu) < 5 || binary.BigEndian.Uint16(pdu[1:]) != s.Register {
		return nil
	}
	s.done.Store(true)
	if s.Function == 16 {
		return pdu[:5]
	}
	count := min(int(pdu[4]), 1)
	return append([]byte{pdu[0], byte(2 * count)}, make([]byte, 2*count)...)
}

// setting writes or reads one of the registers that keep what they are told, and returns
// the answer; nil: it is another request.
func (u *Unit) setting(pdu []byte) []byte {
	if len(pdu) != 5 {
		return nil
	}
	at, value := binary.BigEndian.Uint16(pdu[1:]), binary.BigEndian.Uint16(pdu[3:])
	held, ok := u.Settings[at]
	switch {
	case ok && pdu[0] == 6:
		u.Settings[at] = value
		return pdu
	case ok && pdu[0] == 3 && value == 1:
		return binary.BigEndian.AppendUint16([]byte{3, 2}, held)
	}
	return nil
}

// read returns count words from start, how many of them stand in the table, and the
// lines of the values that are whole among them.
func (u *Unit) read(function uint8, start, count int) (words []uint16, found int, lines []truth.Line) {
	words = make([]uint16, count)
	for _, r := range u.registers {
		at, n := int(r.Address)-start, r.words()
		if !r.reads(function) || at+n <= 0 || at >= count {
			continue
		}
		w, held := u.content(r)
		for i := range n {
			if at+i >= 0 && at+i < count {
				words[at+i], found = w[i], found+1
			}
		}
		if r.Channel != "" && !r.Shadow && !math.IsNaN(held) && at >= 0 && at+n <= count {
			lines = append(lines, truth.Line{Device: u.Device, Channel: r.Channel, V: held, Resolution: r.step(), Via: truth.Answer})
		}
	}
	return words, found, lines
}

// content returns the words of a register, and the value that they stand for.
func (u *Unit) content(r Register) (words []uint16, held float64) {
	switch {
	case r.Fixed != nil:
		return r.Fixed, math.NaN()
	case r.Tells != "":
		if u.Fault || r.Tells != "*" && math.IsNaN(u.value(r.Tells)) {
			return []uint16{r.Fail}, math.NaN()
		}
		return []uint16{r.OK}, math.NaN()
	}
	return r.Encode(u.value(r.Channel))
}

// value is what a channel is now.
func (u *Unit) value(channel string) float64 {
	if u.Start != nil && !u.Start.done.Load() {
		return math.NaN()
	}
	return u.source.Value(channel)
}

// answers says whether a request to an address is for u.
func (u *Unit) answers(address uint8) bool {
	return u.Address == address || slices.Contains(u.Also, address)
}

// span returns the addresses from lo to before hi that a function can read.
func (u *Unit) span(function uint8) (lo, hi int, ok bool) {
	for _, r := range u.registers {
		if !r.reads(function) {
			continue
		}
		if !ok {
			lo, hi, ok = int(r.Address), 0, true
		}
		lo, hi = min(lo, int(r.Address)), max(hi, int(r.Address)+r.words())
	}
	return lo, hi, ok
}

// silence files a request that is left without an answer.
func (u *Unit) silence(to Recorder) {
	to.Add(truth.Line{T: time.Now().UnixMilli(), Device: u.Device, Via: truth.Silence})
}
