package config

import (
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
)

// lastUnit is the last address that a Modbus unit may have as its own (Modbus over
// serial line V1.02, 2.2). Makers use those after it, 0xFE and 0xFF above all, for
// "whoever hears this", and deliver parts that way which are meant to be alone on
// their line.
const lastUnit = 247

// reserved warns of a part that is asked by such an address and is not alone: others
// may answer to it as well, all at once.
func (l *loader) reserved(b Bus, on []Device) {
	for _, d := range on {
		if d.Wire == drivers.ModbusUnit && d.Address > lastUnit && len(on) > 1 {
			l.say("W2601", fmt.Sprintf("to address %d any part may answer; give %s one of 1 to %d, or a line of its own", d.Address, d.ID, lastUnit), "devices", d.ID, "address")
		}
	}
}
