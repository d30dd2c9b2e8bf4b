package mypart

import (
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// What the registers hold when the probe is not there.
const (
	noTemp = 0x7FFF
	noRH   = 0xFFFF
)

// readings turns registers into readings: pure, so that it can be tested and fuzzed
// without a line.
func readings(regs []uint16, offset float64) ([]obs.Reading, error) {
	if len(regs) != registers {
		return nil, fmt.Errorf("%s: %w: %d registers, want %d", name, drivers.ErrProtocol, len(regs), registers)
	}
	temp, rh := obs.None(obs.Instrument), obs.None(obs.Instrument)
	if regs[0] != noTemp {
		temp = channels[0].Read(float64(int16(regs[0]))/10 + offset)
	}
	if regs[1] != noRH {
		rh = channels[1].Read(float64(regs[1]) / 10)
	}
	return []obs.Reading{temp, rh}, nil
}
