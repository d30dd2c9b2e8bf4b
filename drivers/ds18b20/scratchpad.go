package ds18b20

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
)

// scratchpad is a part's memory as it is on the wire, DS18B20 data sheet, figure 9:
// temperature (2 bytes, low first), two alarm bytes, settings, three reserved bytes,
// CRC.
type scratchpad [9]byte

// slaveFile is what the kernel's w1_slave holds: the scratchpad, and the temperature
// that the kernel makes of it, in thousandths of a degree.
type slaveFile struct {
	pad   scratchpad
	milli int
}

// parse reads the two lines of w1_slave:
//
//	91 01 4b 46 7f ff 0f 10 25 : crc=25 YES
//	91 01 4b 46 7f ff 0f 10 25 t=25062
//
// The bytes of the second line are those of the last good reading, whatever the first
// line says; they are not used.
func parse(text []byte) (slaveFile, error) {
	first, second, two := strings.Cut(strings.TrimRight(string(text), "\n"), "\n")
	pad, verdict, ok := strings.Cut(first, " : crc=")
	if !two || !ok {
		return slaveFile{}, fmt.Errorf("%w: w1_slave holds %.60q", drivers.ErrProtocol, text)
	}
	var f slaveFile
	raw, err := hex.DecodeString(strings.ReplaceAll(pad, " ", ""))
	if err != nil || copy(f.pad[:], raw) != len(f.pad) || len(raw) != len(f.pad) {
		return slaveFile{}, fmt.Errorf("%w: %.40q are no nine bytes", drivers.ErrProtocol, pad)
	}
	switch sum, word, _ := strings.Cut(verdict, " "); {
	case word != "YES" || f.pad.crc() != f.pad[8]:
		return slaveFile{}, fmt.Errorf("%w: the bytes are % x, their checksum is %02x and the kernel's verdict %q", drivers.ErrChecksum, f.pad[:], f.pad.crc(), word)
	case sum != fmt.Sprintf("%02x", f.pad[8]):
		return slaveFile{}, fmt.Errorf("%w: crc=%.8s, the ninth byte is %02x", drivers.ErrProtocol, sum, f.pad[8])
	}
	_, t, ok := strings.Cut(second, " t=")
	if f.milli, err = strconv.Atoi(t); !ok || err != nil {
		return slaveFile{}, fmt.Errorf("%w: no temperature in %.60q", drivers.ErrProtocol, second)
	}
	return f, nil
}

// format writes f as the kernel does.
func (f slaveFile) format() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "% x : crc=%02x YES\n% x t=%d\n", f.pad[:], f.pad[8], f.pad[:], f.milli)
	return b.Bytes()
}

// crc is the 1-Wire checksum of the first eight bytes: polynomial 0x31, reflected.
func (p scratchpad) crc() (sum byte) {
	for _, b := range p[:8] {
		sum ^= b
		for range 8 {
			if sum&1 != 0 {
				sum = sum>>1 ^ 0x8c
			} else {
				sum >>= 1
			}
		}
	}
	return sum
}

// blank says that the scratchpad is all zeros: its checksum is right, and it is what a
// data wire shorted to ground reads as.
func (p scratchpad) blank() bool { return p == scratchpad{} }

// bits is the resolution that the part is set to, 9 to 12; 0 if the settings are not
// those of a DS18B20.
func (p scratchpad) bits() int {
	if p[4]&0x9f != 0x1f {
		return 0
	}
	return 9 + int(p[4]>>5)
}

// raw is the temperature in sixteenths of a degree. Below 12 bits the lowest bits are
// not defined.
func (p scratchpad) raw() int {
	r := int(int16(uint16(p[1])<<8 | uint16(p[0])))
	if n := p.bits(); n != 0 {
		r &^= 1<<(12-n) - 1
	}
	return r
}

// Powered on, the temperature register reads 85 °C until something is measured.
const poweredOn = 85 * 16
