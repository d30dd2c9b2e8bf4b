package uart

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// SPS30 is a Sensirion dust sensor on its serial line, which speaks SHDLC. Sources:
// SPS30 datasheet; the exchanges of Sensirion's library for this interface.
//
//	7E address command length data sum 7E           to the sensor
//	7E address command state length data sum 7E     from it
//
// The sum is the complement of the low 8 bits of the sum of what stands between the
// two 7E; then 7E, 7D, 11 and 13 become 7D and the byte with its bit 5 turned.
type SPS30 struct {
	Channels []string // ten, in the order of the answer
	Serial   string
	Faulty   bool // the sensor says in each state byte that it has a fault of its own
	Warming  bool // it starts to measure and never has a value

	mode  spsMode
	since time.Time // the measurement runs since then
	read  int64     // the second of the value that was read last
	awake time.Time // the interface of a sleeping sensor hears until then
	clean uint32    // interval of the automatic cleaning, s
}

type spsMode uint8

const (
	spsIdle spsMode = iota
	spsMeasures
	spsSleeps
)

const (
	spsFlag   = 0x7E
	spsEscape = 0x7D
	spsThinks = 10 * time.Millisecond  // answers come within 20 ms
	spsWakes  = 100 * time.Millisecond // for so long a byte wakes the interface
	spsFault  = 0x80                   // bit of the state byte

	spsWrongLength = 0x01
	spsUnknown     = 0x02
	spsIllegal     = 0x04
	spsNotNow      = 0x43
)

// Start gives the sensor power: it is idle until it is told to measure.
func (p *SPS30) Start() []Saying {
	p.mode, p.clean = spsIdle, 604800
	return nil
}

// Hear takes a frame between two flags. In sleep the first byte only wakes the
// interface for a moment, in which the wake command is heard.
func (p *SPS30) Hear(heard []byte, s Source) (used int, says []Saying) {
	now := time.Now()
	if heard[0] != spsFlag {
		p.rouse(now)
		return 1, nil
	}
	end := bytes.IndexByte(heard[1:], spsFlag)
	if end < 0 {
		return 0, nil
	}
	if end == 0 {
		return 1, nil // the end of one frame and the begin of another
	}
	used = end + 2
	deaf := p.mode == spsSleeps && now.After(p.awake)
	p.rouse(now)
	body, ok := unstuff(heard[1 : used-1])
	if deaf || !ok || len(body) < 4 || body[0] != 0 || body[len(body)-1] != ^sum8(body[:len(body)-1]) {
		return used, nil
	}
	if int(body[2]) != len(body)-4 {
		return used, p.say(body[1], spsWrongLength, nil, nil)
	}
	return used, p.obey(body[1], body[3:len(body)-1], s)
}

func (p *SPS30) rouse(now time.Time) {
	if p.mode == spsSleeps {
		p.awake = now.Add(spsWakes)
	}
}

// obey carries out a command.
func (p *SPS30) obey(command byte, data []byte, s Source) []Saying {
	idle, measures := p.mode == spsIdle, p.mode == spsMeasures
	switch {
	case command == 0x11: // wake
		if p.mode == spsSleeps {
			p.mode = spsIdle
		}
	case p.mode == spsSleeps:
		return nil
	case command == 0x00 && len(data) != 2:
		return p.say(command, spsWrongLength, nil, nil)
	case command == 0x00 && (data[0] != 1 || data[1] != 3):
		return p.say(command, spsIllegal, nil, nil) // whole numbers are not played
	case command == 0x00 && idle:
		p.mode, p.since, p.read = spsMeasures, time.Now(), 0
	case command == 0x01 && measures:
		p.mode = spsIdle
	case command == 0x03 && measures:
		values, lines := p.values(s)
		return p.say(command, 0, values, lines)
	case command == 0x10 && idle:
		p.mode = spsSleeps
	case command == 0x56 && measures: // the fan cleans itself
	case command == 0xD3:
		p.mode = spsIdle
	default:
		return p.inform(command, data)
	}
	return p.say(command, 0, nil, nil)
}

// inform answers what is asked of the sensor itself, and refuses the rest.
func (p *SPS30) inform(command byte, data []byte) []Saying {
	switch {
	case command == 0x80 && len(data) == 1:
		return p.say(command, 0, binary.BigEndian.AppendUint32(nil, p.clean), nil)
	case command == 0x80 && len(data) == 5:
		p.clean = binary.BigEndian.Uint32(data[1:])
		return p.say(command, 0, nil, nil)
	case command == 0xD0 && len(data) == 1 && data[0] == 0:
		return p.say(command, 0, []byte("00080000\x00"), nil)
	case command == 0xD0 && len(data) == 1 && data[0] == 3:
		return p.say(command, 0, append([]byte(p.Serial), 0), nil)
	case command == 0xD1 && len(data) == 0:
		return p.say(command, 0, []byte{2, 2, 0, 7, 0, 2, 0}, nil)
	case slices.Contains([]byte{0x00, 0x01, 0x03, 0x10, 0x56}, command):
		return p.say(command, spsNotNow, nil, nil)
	}
	return p.say(command, spsUnknown, nil, nil)
}

// values are ten numbers, once a second; nothing when there is no new one.
func (p *SPS30) values(s Source) (b []byte, lines []truth.Line) {
	second := int64(time.Since(p.since) / time.Second)
	if p.Warming || second == p.read {
		return nil, nil
	}
	p.read = second
	for _, channel := range p.Channels {
		v := float32(s.Value(channel))
		b = binary.BigEndian.AppendUint32(b, math.Float32bits(v))
		lines = append(lines, truth.Line{Channel: channel, V: float64(v), Resolution: 0.01})
	}
	return b, lines
}

// say makes an answer.
func (p *SPS30) say(command, state byte, data []byte, lines []truth.Line) []Saying {
	if p.Faulty {
		state |= spsFault
	}
	b := append([]byte{0, command, state, byte(len(data))}, data...)
	return []Saying{{After: spsThinks, Bytes: stuff(append(b, ^sum8(b))), Lines: lines}}
}

// stuff puts a frame between flags.
func stuff(body []byte) []byte {
	b := []byte{spsFlag}
	for _, c := range body {
		if c == spsFlag || c == spsEscape || c == 0x11 || c == 0x13 {
			b = append(b, spsEscape, c^0x20)
			continue
		}
		b = append(b, c)
	}
	return append(b, spsFlag)
}

// unstuff takes back what stuff did.
func unstuff(b []byte) (body []byte, ok bool) {
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == spsEscape {
			if i++; i == len(b) {
				return nil, false
			}
			c = b[i] ^ 0x20
		}
		body = append(body, c)
	}
	return body, true
}
