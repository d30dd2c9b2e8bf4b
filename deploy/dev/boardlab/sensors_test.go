package boardlab

import (
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// fitSensors puts the sensors on the board.
func (l *lab) fitSensors() {
	l.t.Helper()
	l.fitBME280()
	l.board.w1("add "+pipe, "add "+soil, "raw "+pipe+" 401", "raw "+soil+" -162")
	eventually(l.t, "the kernel to find both thermometers", func() bool { return len(l.board.list("/sys/bus/w1/devices/28-*")) == 2 })
}

// Raw values and calibration of the data sheet's example (BMP280 data sheet
// BST-BMP280-DS001, section 3.12: 25.08 °C, 100653.27 Pa), and a calibration of
// humidity as parts have it.
var (
	calibration = chip{t1: 27504, t2: 26435, t3: -1000,
		p: [9]float64{36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000},
		h: [6]float64{75, 370, 0, 313, 50, 30}}
	example = raw{pressure: 415148, temp: 519888, humidity: 28000}
	winter  = raw{pressure: 329000, temp: 402000, humidity: 24000}
)

// fitBME280 puts a part on the bus as it comes out of the factory.
func (l *lab) fitBME280() {
	l.t.Helper()
	low, high := calibration.image()
	l.board.i2c("add 0x76 bme280", "set 0x76 0xd0 60", "set 0x76 0x88 "+hex.EncodeToString(low), "set 0x76 0xe1 "+hex.EncodeToString(high),
		"sense 0x76 "+example.hex())
}

// The part's values arrive exactly, and each way in which it can fail is named, on the
// page and at the broker, and is over when it is over.
func (l *lab) bme280(t *testing.T) {
	t.Parallel()
	l = l.in(t)
	temp, pressure, humidity := calibration.compensate(example)
	if got := []float64{temp, pressure}; math.Round(temp*100) != 2508 || math.Abs(pressure-1006.5327) > 1e-4 {
		t.Fatalf("the lab's own arithmetic gives %v for the data sheet's example", got)
	}
	mark := l.heard.mark()
	l.heard.next(t, mark, "box", "temp", is(25.08))
	l.heard.next(t, mark, "box", "pressure", near(pressure, 0.001)) // hPa
	l.heard.next(t, mark, "box", "rh", near(humidity, 0.01))

	temp, pressure, humidity = calibration.compensate(winter)
	mark = l.heard.mark()
	l.board.i2c("sense 0x76 " + winter.hex())
	l.heard.next(t, mark, "box", "temp", near(temp, 0.01))
	l.heard.next(t, mark, "box", "pressure", near(pressure, 0.001))
	l.heard.next(t, mark, "box", "rh", near(humidity, 0.01))

	// One lost acknowledgement is made up for on the bus.
	mark = l.heard.mark()
	l.board.i2c("fail 0x76 1 6", "sense 0x76 "+example.hex())
	l.heard.next(t, mark, "box", "temp", is(25.08))
	if faults, _ := l.heard.of("box", "fault", mark); len(faults) > 0 {
		t.Errorf("one NAK became a fault: %v", faults)
	}

	for _, c := range []struct {
		name, word, note string
		fault, remedy    []string
	}{
		{"nobody acknowledges", "timeout", "", []string{"fail 0x76 -1 6"}, []string{"fail 0x76 0 0"}},
		{"the bus hangs", "timeout", "", []string{"fail 0x76 -1 110"}, []string{"fail 0x76 0 0"}},
		{"the measurement never ends", "timeout", "", []string{"stall 0x76 1"}, []string{"stall 0x76 0"}},
		{"pulled off the bus", "timeout", "", []string{"del 0x76"}, nil},
		{"another part in its place", "wrong-part", "", []string{"add 0x76 bme280", "set 0x76 0xd0 58"}, []string{"del 0x76"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := l.in(t)
			mark := l.heard.mark()
			l.board.i2c(c.fault...)
			l.heard.next(t, mark, "box", "fault", fault(c.word))
			l.device(t, "box", "to be shown as faulty", func(state, fault, note string) bool {
				return state != "ok" && strings.HasPrefix(fault, c.word) && note != ""
			})
			if c.remedy != nil {
				l.board.i2c(c.remedy...)
			}
			if c.name == "pulled off the bus" {
				return // the next one fits another part
			}
			if c.name == "another part in its place" {
				l.fitBME280()
			}
			l.recovers(t, "box", 25.08)
		})
	}
}

// recovers waits until a device gives v again and the page calls it in order.
func (l *lab) recovers(t *testing.T, device string, v float64) {
	t.Helper()
	mark := l.heard.mark()
	l.heard.next(t, mark, device, "temp", is(v))
	l.device(t, device, "to be in order", func(state, _, _ string) bool { return state == "ok" })
}

// fault takes a failed sample with this word.
func fault(word string) func(heard) bool { return func(h heard) bool { return string(h.Why) == word } }

// near takes a good value within half a step of v and what rounding adds.
func near(v, step float64) func(heard) bool {
	return func(h heard) bool { return h.Flag.Usable() && math.Abs(h.V-v) <= step*0.75 }
}

// The thermometers of the lab, by the serial number in the kernel's name of them.
const pipe, soil = "0316a2794eff", "00000b0a4d21"

// Both thermometers' values arrive exactly through the kernel's 1-Wire driver. What
// befalls one of them is named, and does not touch the other.
func (l *lab) ds18b20(t *testing.T) {
	t.Parallel()
	l = l.in(t)
	mark := l.heard.mark()
	l.heard.next(t, mark, "pipe", "temp", is(25.0625)) // 0x0191, data sheet 19-7487, table 1
	l.heard.next(t, mark, "soil", "temp", is(-10.125)) // 0xFF5E
	mark = l.heard.mark()
	l.board.w1("raw "+pipe+" 8", "raw "+soil+" 2000")
	l.heard.next(t, mark, "pipe", "temp", is(0.5))
	l.heard.next(t, mark, "soil", "temp", is(125))
	l.board.w1("raw "+pipe+" 401", "raw "+soil+" -162")
	l.recovers(t, "soil", -10.125)

	mark = l.heard.mark()
	l.board.w1("crc "+pipe+" 1", "raw "+pipe+" 480") // the kernel reads once more
	l.heard.next(t, mark, "pipe", "temp", is(30))
	if faults, _ := l.heard.of("pipe", "fault", mark); len(faults) > 0 {
		t.Errorf("one wrong checksum became a fault: %v", faults)
	}
	l.board.w1("raw " + pipe + " 401")
	l.recovers(t, "pipe", 25.0625)

	t.Run("checksums stay wrong", func(t *testing.T) { // the kernel gives an empty file
		l := l.in(t)
		mark := l.heard.mark()
		l.board.w1("crc " + pipe + " -1")
		l.heard.next(t, mark, "pipe", "fault", fault("timeout"))
		l.heard.next(t, mark, "soil", "temp", is(-10.125))
		l.board.w1("crc " + pipe + " 0")
		l.recovers(t, "pipe", 25.0625)
	})
	t.Run("loses its supply in the conversion", func(t *testing.T) { // 85 °C with a good checksum
		l := l.in(t)
		mark := l.heard.mark()
		l.board.w1("brownout " + pipe + " 1")
		l.heard.next(t, mark, "pipe", "temp", func(h heard) bool { return h.V == 85 && h.Flag == obs.Suspect && h.Why == obs.Instrument })
		if vs, _ := l.heard.of("pipe", "temp", mark); len(vs) > 0 {
			for _, v := range vs {
				if v.V == 85 && v.Flag == obs.Pass {
					t.Errorf("85 °C of a part without supply passed as a value: %v", v)
				}
			}
		}
		l.board.w1("brownout " + pipe + " 0")
		l.recovers(t, "pipe", 25.0625)
	})
	t.Run("pulled", func(t *testing.T) { // an empty file, until the kernel forgets the slave
		l := l.in(t)
		mark := l.heard.mark()
		l.board.w1("pull " + pipe + " 1")
		l.heard.next(t, mark, "pipe", "fault", fault("timeout"))
		l.heard.next(t, mark, "pipe", "fault", fault("unplugged"))
		l.heard.next(t, mark, "soil", "temp", is(-10.125))
		l.board.w1("pull " + pipe + " 0")
		l.recovers(t, "pipe", 25.0625)
	})
	t.Run("wire shorted", func(t *testing.T) { // zeros, whose checksum is right
		l := l.in(t)
		mark := l.heard.mark()
		l.board.w1("short 1")
		l.heard.next(t, mark, "pipe", "fault", func(heard) bool { return true })
		l.board.w1("short 0")
		l.recovers(t, "pipe", 25.0625)
		if vs, _ := l.heard.of("pipe", "temp", mark); len(vs) > 0 {
			for _, v := range vs {
				if v.V == 0 {
					t.Errorf("a shorted wire became 0 °C: %v", v)
				}
			}
		}
	})
}

// raw is what the part's converters give.
type raw struct{ pressure, temp, humidity uint32 }

// hex is the block from register 0xF7 on: 20 bits, 20 bits, 16 bits.
func (r raw) hex() string {
	return fmt.Sprintf("%06x%06x%04x", r.pressure<<4, r.temp<<4, r.humidity)
}

// chip is a part's calibration.
type chip struct {
	t1, t2, t3 float64
	p          [9]float64
	h          [6]float64
}

// image is the calibration as the registers from 0x88 and from 0xE1 hold it; BME280
// data sheet, table 16.
func (c chip) image() (low, high []byte) {
	word := func(v float64) []byte { n := int(v); return []byte{byte(n), byte(n >> 8)} }
	for _, v := range append([]float64{c.t1, c.t2, c.t3}, c.p[:]...) {
		low = append(low, word(v)...)
	}
	low = append(low, 0, byte(int(c.h[0]))) // 0xA0 is reserved, 0xA1 is H1
	h4, h5 := int(c.h[3]), int(c.h[4])
	high = append(word(c.h[1]), byte(int(c.h[2])), byte(h4>>4), byte(h4&15|h5&15<<4), byte(h5>>4), byte(int(c.h[5])))
	return low, high
}

// compensate is the data sheet's arithmetic in its floating form (appendix 8.1), while
// the gateway uses the integer one: °C, hPa, %.
func (c chip) compensate(r raw) (temp, pressure, humidity float64) {
	t := float64(r.temp)
	v1 := (t/16384 - c.t1/1024) * c.t2
	v2 := (t/131072 - c.t1/8192) * (t/131072 - c.t1/8192) * c.t3
	fine := v1 + v2
	temp = fine / 5120

	v1 = fine/2 - 64000
	v2 = v1 * v1 * c.p[5] / 32768
	v2 += v1 * c.p[4] * 2
	v2 = v2/4 + c.p[3]*65536
	v1 = (c.p[2]*v1*v1/524288 + c.p[1]*v1) / 524288
	v1 = (1 + v1/32768) * c.p[0]
	p := (1048576 - float64(r.pressure) - v2/4096) * 6250 / v1
	p += (c.p[8]*p*p/2147483648 + p*c.p[7]/32768 + c.p[6]) / 16
	pressure = p / 100

	h := fine - 76800
	h = (float64(r.humidity) - (c.h[3]*64 + c.h[4]/16384*h)) *
		(c.h[1] / 65536 * (1 + c.h[5]/67108864*h*(1+c.h[2]/67108864*h)))
	humidity = h * (1 - c.h[0]*h/524288)
	return temp, pressure, min(100, max(0, humidity))
}
