package lab

import (
	"encoding/binary"
	"sort"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// BME280 is a Bosch BME280, or with Dry a BMP280, at register level: calibration,
// oversampling, forced and normal mode, a measurement that takes its time. What it
// forgets without supply is what the real one forgets: all settings and the last
// values. Source: BST-BME280-DS002, sections 4.2.2 (calibration), 5 (registers), 8.1
// (compensation in floating point), 9.1 (measuring time); BST-BMP280-DS001.
type BME280 struct {
	Dry bool // a BMP280: the same without humidity

	reg   [256]byte
	hum   byte      // ctrl_hum, which counts from the next write of ctrl_meas on
	until time.Time // when the measurement that is under way ends
	air   Source    // whose air is measured
	said  bool      // the truth log has what was measured last: who reads it twice reads one value
}

// Registers.
const (
	regCalib  = 0x88
	regID     = 0xD0
	regReset  = 0xE0
	regCalibH = 0xE1
	regHum    = 0xF2
	regStatus = 0xF3
	regMeas   = 0xF4
	regConfig = 0xF5
	regData   = 0xF7
)

// resetWord is what a reset is asked for with; measuring is the bit of the status.
const (
	resetWord = 0xB6
	measuring = 1 << 3
)

// trimming is the calibration of a real part, the one whose readings periph's tests
// publish.
var (
	trimming  = [26]byte{0x10, 0x6E, 0x6C, 0x66, 0x32, 0x00, 0x5D, 0x95, 0xB8, 0xD5, 0xD0, 0x0B, 0x77, 0x1E, 0x9D, 0xFF, 0xF9, 0xFF, 0xAC, 0x26, 0x0A, 0xD8, 0xBD, 0x10, 0x00, 0x4B}
	trimmingH = [7]byte{0x6E, 0x01, 0x00, 0x13, 0x05, 0x00, 0x1E}
)

// PowerUp implements Chip.
func (b *BME280) PowerUp(time.Time) {
	b.reg, b.hum, b.until = [256]byte{}, 0, time.Time{}
	copy(b.reg[regCalib:], trimming[:])
	b.reg[regID] = 0x60
	if b.Dry {
		b.reg[regID] = 0x58
	} else {
		copy(b.reg[regCalibH:], trimmingH[:])
	}
	b.latch(1<<19, 1<<19, 1<<15)
}

// Tx implements Chip: a register's number, then pairs of value and number, or a read
// that goes on from register to register.
func (b *BME280) Tx(now time.Time, from Source, w []byte, n int) (r Reply) {
	b.air = from
	b.finish(now)
	for i := 0; i+1 < len(w); i += 2 {
		b.write(now, w[i], w[i+1])
	}
	if len(w)%2 == 0 {
		return Reply{Nack: n > 0}
	}
	at := int(w[len(w)-1])
	for i := range n {
		r.Data = append(r.Data, b.reg[(at+i)&0xff])
	}
	if at == regData && n >= 6 && !b.said {
		b.said, r.Lines = true, b.told(n >= 8)
	}
	return r
}

func (b *BME280) write(now time.Time, reg, v byte) {
	switch reg {
	case regReset:
		if v == resetWord {
			b.PowerUp(now)
		}
	case regHum:
		if !b.Dry {
			b.reg[regHum] = v & 7
		}
	case regConfig:
		b.reg[regConfig] = v &^ 2
	case regMeas:
		b.reg[regMeas], b.hum = v, b.reg[regHum]
		if v&3 != 0 {
			b.until = now.Add(b.takes())
			b.reg[regStatus] |= measuring
		}
	}
}

// samples is how often something is measured for one value: 0, 1, 2, 4, 8, 16.
func samples(code byte) int {
	if code &= 7; code > 5 {
		code = 5
	}
	return 1 << code >> 1
}

// takes is the typical time of one measurement with the settings that there are.
func (b *BME280) takes() time.Duration {
	t, p, h := samples(b.reg[regMeas]>>5), samples(b.reg[regMeas]>>2), samples(b.hum)
	d := time.Millisecond + time.Duration(2*(t+p+h))*time.Millisecond
	for _, n := range []int{p, h} {
		if n > 0 {
			d += 500 * time.Microsecond
		}
	}
	return d
}

// finish ends a measurement whose time has come. In normal mode the next one follows.
func (b *BME280) finish(now time.Time) {
	if b.reg[regStatus]&measuring == 0 || now.Before(b.until) {
		return
	}
	b.measure()
	if b.reg[regMeas]&3 == 3 {
		b.until = now.Add(b.takes())
		return
	}
	b.reg[regStatus] &^= measuring
	b.reg[regMeas] &^= 3
}

// measure puts the air of now into the data registers. What is not sampled reads as
// after a reset.
func (b *BME280) measure() {
	c := trim()
	t, p, h := 1<<19, 1<<19, 1<<15
	if samples(b.reg[regMeas]>>5) > 0 {
		v := b.air.Value("temp")
		t = sort.Search(1<<20-1, func(raw int) bool { return c.temp(raw) >= v })
	}
	if samples(b.reg[regMeas]>>2) > 0 {
		v := b.air.Value("pressure")
		p = sort.Search(1<<20-1, func(raw int) bool { return c.pressure(raw, t) <= v })
	}
	if samples(b.hum) > 0 && !b.Dry {
		v := b.air.Value("rh")
		h = sort.Search(1<<16-1, func(raw int) bool { return c.humidity(raw, t) >= v })
	}
	b.latch(t, p, h)
}

// latch writes the data registers: pressure and temperature of 20 bits, humidity of 16.
func (b *BME280) latch(t, p, h int) {
	b.said = false
	d := b.reg[regData:]
	d[0], d[1], d[2] = byte(p>>12), byte(p>>4), byte(p<<4)
	d[3], d[4], d[5] = byte(t>>12), byte(t>>4), byte(t<<4)
	d[6], d[7] = 0, 0
	if !b.Dry {
		binary.BigEndian.PutUint16(d[6:], uint16(h))
	}
}

// told is what the data registers say. The resolutions are what a driver that computes
// in integers, as the data sheet's other set of formulas does, may differ by, twice.
func (b *BME280) told(humidity bool) (lines []truth.Line) {
	d, c := b.reg[regData:], trim()
	word := func(i int) int { return int(d[i])<<12 | int(d[i+1])<<4 | int(d[i+2])>>4 }
	p, t, h := word(0), word(3), int(binary.BigEndian.Uint16(d[6:]))
	if t != 1<<19 {
		lines = append(lines, truth.Line{Channel: "temp", V: c.temp(t), Resolution: 0.03})
		if p != 1<<19 {
			lines = append(lines, truth.Line{Channel: "pressure", V: c.pressure(p, t), Resolution: 0.02})
		}
		if humidity && !b.Dry && h != 1<<15 {
			lines = append(lines, truth.Line{Channel: "rh", V: c.humidity(h, t), Resolution: 0.06})
		}
	}
	return lines
}
