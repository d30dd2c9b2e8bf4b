package uart

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// SDS011 is a Nova dust sensor. Source: Nova laser dust sensor control protocol V1.3.
// The zero value is ready: active reporting, continuous. Reporting mode and working
// period survive a power cut; sleep does not.
type SDS011 struct {
	ID      uint16 // as it stands in frames; 0 is one as well
	Warming bool   // it never gets up to speed

	query  bool
	asleep bool
	period time.Duration // 0: continuous
	woke   time.Time     // power-on, waking, or the setting of a working period
}

const (
	sdsEvery  = time.Second      // between frames in continuous mode
	sdsWorks  = 30 * time.Second // at the start of each working period
	sdsThinks = 20 * time.Millisecond
	sdsZeros  = 2 * time.Second // of power-on frames without values; the sheet gives no time
	sdsLen    = 19              // bytes in a command
	sdsTail   = 0xAB
)

// Commands.
const (
	sdsMode     = 2
	sdsQuery    = 4
	sdsSetID    = 5
	sdsSleep    = 6
	sdsFirmware = 7
	sdsPeriod   = 8
)

// Start gives the sensor power.
func (p *SDS011) Start() []Saying {
	p.asleep, p.woke = false, time.Now()
	return nil
}

// off says whether the fan stands still: in sleep, or in the idle part of a working
// period. next is the time until that part ends.
func (p *SDS011) off() (off bool, next time.Duration) {
	if p.asleep || p.period == 0 {
		return p.asleep, 0
	}
	into := time.Since(p.woke) % p.period
	return into >= sdsWorks, p.period - into
}

// Pause is a second while the sensor works and reports by itself.
func (p *SDS011) Pause() time.Duration {
	off, next := p.off()
	switch {
	case p.query || p.asleep:
		return 0
	case off:
		return next
	}
	return sdsEvery
}

// Frame sends both concentrations in tenths of a microgram, low byte first.
func (p *SDS011) Frame(s Source) ([]byte, []truth.Line) {
	var tenths [2]uint16
	var lines []truth.Line
	if !p.Warming && (p.woke.IsZero() || time.Since(p.woke) >= sdsZeros) {
		for i, channel := range []string{"pm2_5", "pm10"} {
			t := min(max(math.Round(s.Value(channel)*10), 0), 9999)
			tenths[i] = uint16(t)
			lines = append(lines, truth.Line{Channel: channel, V: t / 10, Resolution: 0.1})
		}
	}
	b := binary.LittleEndian.AppendUint16([]byte{0xAA, 0xC0}, tenths[0])
	return p.finish(binary.LittleEndian.AppendUint16(b, tenths[1])), lines
}

// finish adds the sensor's id, the sum of the six bytes after the head, and the tail.
func (p *SDS011) finish(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, p.ID)
	return append(b, sum8(b[2:]), sdsTail)
}

func sum8(b []byte) (sum byte) {
	for _, c := range b {
		sum += c
	}
	return sum
}

// Hear carries out a command that is for this sensor, or for any.
func (p *SDS011) Hear(heard []byte, s Source) (used int, says []Saying) {
	for i, want := range []byte{0xAA, 0xB4} {
		if i < len(heard) && heard[i] != want {
			return 1, nil
		}
	}
	if len(heard) < sdsLen {
		return 0, nil
	}
	if heard[17] != sum8(heard[2:17]) || heard[18] != sdsTail {
		return 1, nil
	}
	if to := binary.BigEndian.Uint16(heard[15:]); to != 0xFFFF && to != p.ID {
		return sdsLen, nil
	}
	return sdsLen, p.obey(heard[2:15], s)
}

// obey carries out a command of thirteen data bytes. In sleep most firmwares hear
// nothing but waking, and so does this one; the protocol's own text says that any
// command wakes it.
func (p *SDS011) obey(data []byte, s Source) []Saying {
	command, set, value := data[0], data[1] == 1, data[2]
	if off, _ := p.off(); off && !(command == sdsSleep && set && value == 1) {
		return nil
	}
	answer := [3]byte{data[1], value}
	switch command {
	case sdsMode:
		if set {
			p.query = value == 1
		}
		answer[1] = flag(p.query)
	case sdsQuery:
		frame, lines := p.Frame(s)
		return []Saying{{After: sdsThinks, Bytes: frame, Lines: lines}}
	case sdsSetID:
		p.ID, answer = binary.BigEndian.Uint16(data[11:]), [3]byte{}
	case sdsSleep:
		if set && value == 1 && p.asleep {
			p.Start()
		}
		if set {
			p.asleep = value == 0
		}
		answer[1] = flag(!p.asleep)
	case sdsFirmware:
		answer = [3]byte{15, 7, 10} // year, month, day
	case sdsPeriod:
		if set && value <= 30 {
			p.period, p.woke = time.Duration(value)*time.Minute, time.Now()
		}
		answer[1] = byte(p.period / time.Minute)
	default:
		return nil
	}
	return []Saying{{After: sdsThinks, Bytes: p.finish(append([]byte{0xAA, 0xC5, command}, answer[:]...))}}
}

func flag(on bool) byte {
	if on {
		return 1
	}
	return 0
}
