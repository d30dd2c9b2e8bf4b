package lab

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// SCD4x is a Sensirion SCD41, or with SCD40 the part without single shots. While it
// measures it takes few commands; while it is busy it acknowledges nothing; settings
// that were not persisted are forgotten without supply, and measuring does not go on by
// itself. Source: SCD4x data sheet, version 1.4.
type SCD4x struct {
	SCD40 bool

	settings, kept settings
	every          time.Duration // of the measurement that is under way; 0: none
	next           time.Time     // when it has a value
	fresh          bool          // a value that nobody has read
	shot           bool          // fresh comes from a single shot
	busy           time.Time
	asleep         bool
	answer         []byte       // to the next read; nil: none
	told           []truth.Line // the values in it
	data           []byte       // of the newest measurement
	lines          []truth.Line // the values in that
}

// settings are what can be persisted, and the pressure, which cannot.
type settings struct{ offset, altitude, selfCal, pressure uint16 }

// factory are the settings as delivered: 4 °C, sea level, self-calibration on.
var factory = settings{offset: 0x05DA, selfCal: 1}

const (
	scdBoot    = time.Second
	scdSerial1 = 0x3C5A
	scdSerial2 = 0xB17E
	scdSerial3 = 0x9D04
)

// PowerUp implements Chip.
func (s *SCD4x) PowerUp(now time.Time) {
	if s.kept == (settings{}) {
		s.kept = factory
	}
	*s = SCD4x{SCD40: s.SCD40, kept: s.kept, settings: s.kept, busy: now.Add(scdBoot)}
}

// Tx implements Chip.
func (s *SCD4x) Tx(now time.Time, from Source, w []byte, n int) Reply {
	if now.Before(s.busy) {
		return Reply{Nack: true}
	}
	s.measure(now, from)
	if len(w) > 0 && !s.command(now, w) {
		return Reply{Nack: true}
	}
	if n == 0 {
		return Reply{}
	}
	// A read in the transaction of its command, without the pause that it needs, is
	// answered too: the pause is a millisecond.
	if s.answer == nil || now.Before(s.busy) {
		return Reply{Nack: true}
	}
	r := Reply{Data: s.answer[:min(n, len(s.answer))]}
	if n >= 9 {
		r.Lines = s.told
	}
	s.answer, s.told = nil, nil
	return r
}

// measure takes a value when one is due.
func (s *SCD4x) measure(now time.Time, from Source) {
	if s.every == 0 || now.Before(s.next) {
		return
	}
	t, rh, lines := climate(from)
	co2 := uint16(math.Round(min(max(from.Value("co2"), 0), 40000)))
	s.data, s.fresh = words(co2, t, rh), true
	s.lines = append([]truth.Line{{Channel: "co2", V: float64(co2), Resolution: 1}}, lines...)
	if s.shot {
		s.every, s.shot = 0, false
		return
	}
	s.next = s.next.Add(now.Sub(s.next).Truncate(s.every) + s.every)
}

// duringMeasurement are the commands that are taken while it measures.
var duringMeasurement = map[uint16]bool{0xEC05: true, 0xE4B8: true, 0x3F86: true, 0xE000: true}

// command carries out a command, with its word if it has one.
func (s *SCD4x) command(now time.Time, w []byte) bool {
	if len(w) != 2 && (len(w) != 5 || crc8(w[2:4]) != w[4]) {
		return false
	}
	c := binary.BigEndian.Uint16(w)
	s.answer, s.told = nil, nil
	switch {
	case s.asleep:
		if c == 0x36F6 {
			s.asleep, s.busy = false, now.Add(30*time.Millisecond)
		}
		return false // also waking up is not acknowledged
	case s.every > 0 && !duringMeasurement[c]:
		return false
	case len(w) == 5:
		return s.set(now, c, binary.BigEndian.Uint16(w[2:]))
	}
	return s.start(now, c) || s.tell(c) || s.keep(now, c)
}

// start carries out what begins or ends a measurement.
func (s *SCD4x) start(now time.Time, c uint16) bool {
	switch {
	case c == 0x21B1:
		s.every = 5 * time.Second
	case c == 0x21AC:
		s.every = 30 * time.Second
	case c == 0x219D && !s.SCD40:
		s.every, s.shot, s.busy = 5*time.Second, true, now.Add(5*time.Second)
	case c == 0x3F86:
		s.every, s.fresh, s.busy = 0, false, now.Add(500*time.Millisecond)
		return true
	case c == 0x36E0 && !s.SCD40:
		s.asleep = true
		return true
	default:
		return false
	}
	s.next, s.fresh = now.Add(s.every), false
	return true
}

// tell carries out what is answered.
func (s *SCD4x) tell(c uint16) bool {
	switch c {
	case 0xEC05:
		if !s.fresh {
			return false
		}
		s.answer, s.told, s.fresh = s.data, s.lines, false
	case 0xE4B8:
		ready := uint16(0x8000)
		if s.fresh {
			ready = 0x8006
		}
		s.answer = words(ready)
	case 0x2318:
		s.answer = words(s.settings.offset)
	case 0x2322:
		s.answer = words(s.settings.altitude)
	case 0x2313:
		s.answer = words(s.settings.selfCal)
	case 0xE000:
		s.answer = words(s.settings.pressure)
	case 0x3682:
		s.answer = words(scdSerial1, scdSerial2, scdSerial3)
	case 0x202F:
		if s.answer = words(0x1440); s.SCD40 {
			s.answer = words(0x0440)
		}
	default:
		return false
	}
	return true
}

// keep carries out what concerns the settings as a whole.
func (s *SCD4x) keep(now time.Time, c uint16) bool {
	switch c {
	case 0x3615:
		s.kept, s.busy = s.settings, now.Add(800*time.Millisecond)
		s.kept.pressure = 0
	case 0x3632:
		s.kept, s.settings, s.busy = factory, factory, now.Add(1200*time.Millisecond)
	case 0x3646:
		s.settings, s.busy = s.kept, now.Add(30*time.Millisecond)
	default:
		return false
	}
	return true
}

func (s *SCD4x) set(now time.Time, c, v uint16) bool {
	switch c {
	case 0x241D:
		s.settings.offset = v
	case 0x2427:
		s.settings.altitude = v
	case 0x2416:
		s.settings.selfCal = v
	case 0xE000:
		s.settings.pressure = v
	case 0x362F:
		// The correction is the difference to what it measured last, 0x8000 is none; it
		// fails without a measurement before.
		s.answer, s.busy = words(0xFFFF), now.Add(400*time.Millisecond)
		if s.data != nil {
			s.answer = words(v - binary.BigEndian.Uint16(s.data) + 0x8000)
		}
	default:
		return false
	}
	return true
}
