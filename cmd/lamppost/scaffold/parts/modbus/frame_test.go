package mypart

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// FuzzReadings holds that each reading is the register it came from, or has no
// value; and that what is out of range is never passed off as good.
func FuzzReadings(f *testing.F) {
	f.Add([]byte{0x00, 0xD7, 0x01, 0xE0})
	f.Add([]byte{0x7F, 0xFF, 0xFF, 0xFF})
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var regs []uint16
		for ; len(b) >= 2; b = b[2:] {
			regs = append(regs, binary.BigEndian.Uint16(b))
		}
		rs, err := readings(regs, 0)
		if err != nil {
			return
		}
		for i, back := range []func(float64) uint16{
			func(v float64) uint16 { return uint16(int16(math.Round(v * 10))) },
			func(v float64) uint16 { return uint16(math.Round(v * 10)) },
		} {
			r, c := rs[i], channels[i]
			switch {
			case r.Quality.Flag == obs.Missing:
			case back(r.Value) != regs[i]:
				t.Errorf("register 0x%04X became %v", regs[i], r.Value)
			case r.Quality.Usable() && (r.Value < c.Min || r.Value > c.Max):
				t.Errorf("%s is %v, out of range and not flagged", c.Name, r.Value)
			}
		}
	})
}
