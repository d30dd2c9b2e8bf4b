package lab

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// crc8 is Sensirion's check byte of two bytes: polynomial 0x31, from 0xFF on, bit for
// bit as the data sheets draw it.
func crc8(p []byte) byte {
	crc := byte(0xff)
	for _, b := range p {
		crc ^= b
		for range 8 {
			over := crc&0x80 != 0
			if crc <<= 1; over {
				crc ^= 0x31
			}
		}
	}
	return crc
}

// words are 16-bit words as they go over the wire, each with its check byte.
func words(ws ...uint16) (out []byte) {
	for _, w := range ws {
		p := binary.BigEndian.AppendUint16(nil, w)
		out = append(append(out, p...), crc8(p))
	}
	return out
}

// Temperature and humidity in ticks, and back: -45 to 130 °C and 0 to 100 % over 16 bits.
func tempTicks(c float64) uint16 { return ticks((c + 45) / 175) }
func tempOf(w uint16) float64    { return -45 + 175*float64(w)/65535 }
func humTicks(rh float64) uint16 { return ticks(rh / 100) }
func humOf(w uint16) float64     { return 100 * float64(w) / 65535 }
func ticks(share float64) uint16 { return uint16(math.Round(min(max(share, 0), 1) * 65535)) }

// hundredth is what a driver may round a value to, and a little more.
const hundredth = 0.0101

// climate measures the air and says what a reader of the two words must make of them.
func climate(from Source) (t, rh uint16, lines []truth.Line) {
	t, rh = tempTicks(from.Value("temp")), humTicks(from.Value("rh"))
	return t, rh, []truth.Line{{Channel: "temp", V: tempOf(t), Resolution: hundredth}, {Channel: "rh", V: humOf(rh), Resolution: hundredth}}
}

// SHT3x is a Sensirion SHT30, SHT31 or SHT35: single shots with and without clock
// stretching, status, heater, soft reset, serial number. It does not acknowledge a read
// before a measurement has ended, nor a command that it does not know (its periodic mode
// and its alert limits are not played). Source: SHT3x-DIS data sheet, version 6.
type SHT3x struct {
	status uint16
	answer []byte // to the next read; nil: none
	lines  []truth.Line
	ready  time.Time
	idle   time.Time // when the part listens again
}

// Bits of the status.
const (
	shtAlert    = 1 << 15
	shtHeater   = 1 << 13
	shtReset    = 1 << 4 // a reset was detected
	shtRefused  = 1 << 1 // the last command was not carried out
	shtCleared  = shtAlert | shtReset | 1<<11 | 1<<10
	shtSerial   = 0x2A3F71C9
	shtRebooted = 1500 * time.Microsecond
)

// shots are the single shots and what they take at most, high, medium and low
// repeatability; true: the clock is stretched meanwhile.
var shots = map[uint16]struct {
	takes   time.Duration
	stretch bool
}{
	0x2400: {15500 * time.Microsecond, false}, 0x240B: {6500 * time.Microsecond, false}, 0x2416: {4500 * time.Microsecond, false},
	0x2C06: {15500 * time.Microsecond, true}, 0x2C0D: {6500 * time.Microsecond, true}, 0x2C10: {4500 * time.Microsecond, true},
}

// PowerUp implements Chip.
func (s *SHT3x) PowerUp(now time.Time) {
	*s = SHT3x{status: shtAlert | shtReset, idle: now.Add(shtRebooted)}
}

// Tx implements Chip.
func (s *SHT3x) Tx(now time.Time, from Source, w []byte, n int) Reply {
	if now.Before(s.idle) {
		return Reply{Nack: true}
	}
	var hold time.Duration
	switch {
	case len(w) == 2:
		var ok bool
		if hold, ok = s.command(now, from, binary.BigEndian.Uint16(w)); !ok {
			s.status |= shtRefused
			return Reply{Nack: true}
		}
	case len(w) != 0:
		return Reply{Nack: true}
	}
	if n == 0 {
		return Reply{}
	}
	return s.read(now.Add(hold), n, hold)
}

// read gives what was asked for before, once.
func (s *SHT3x) read(now time.Time, n int, hold time.Duration) Reply {
	if s.answer == nil || now.Before(s.ready) {
		return Reply{Nack: true}
	}
	r := Reply{Data: s.answer[:min(n, len(s.answer))], Hold: hold}
	if n >= 6 {
		r.Lines = s.lines
	}
	s.answer, s.lines = nil, nil
	return r
}

func (s *SHT3x) command(now time.Time, from Source, c uint16) (hold time.Duration, ok bool) {
	s.status &^= shtRefused
	if shot, is := shots[c]; is {
		t, rh, lines := climate(from)
		s.answer, s.lines, s.ready = words(t, rh), lines, now.Add(shot.takes)
		if shot.stretch {
			hold = shot.takes
		}
		return hold, true
	}
	switch c {
	case 0xF32D:
		s.answer, s.lines, s.ready = words(s.status), nil, now
	case 0x3041:
		s.status &^= shtCleared
	case 0x306D:
		s.status |= shtHeater
	case 0x3066:
		s.status &^= shtHeater
	case 0x30A2:
		s.PowerUp(now)
	case 0x3780, 0x3682:
		s.answer, s.lines, s.ready = words(shtSerial>>16, shtSerial&0xffff), nil, now
	default:
		return 0, false
	}
	return 0, true
}
