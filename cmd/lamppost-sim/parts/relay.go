package parts

import (
	"fmt"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
)

// relayParts are boards of relays on Modbus. Like the relay on a GPIO line they have a
// contact that nobody sets but whoever switches them.
func relayParts() []Part {
	return []Part{{ID: "relay-board", Title: scenario.Text{ZH: "8 路 Modbus 继电器板，线圈或寄存器 0 至 7", EN: "Modbus board of 8 relays, coils or registers 0 to 7"},
		Wire: Modbus, Line: Line{Baud: 9600, Format: "8N1", Address: 1}, Channels: []Channel{{"contact", 0, 0, 1}}, States: []string{"stuck", "welded", "words"},
		Unit: func(s Stage) (*modbusslave.Unit, error) {
			if s.Address < 1 || s.Address > 255 {
				return nil, fmt.Errorf("--address %d: write 1 to 247", s.Address)
			}
			u := modbusslave.NewRelays(uint8(s.Address), s.Device, 8, s.Source)
			switch s.State {
			case "stuck": // it confirms what it is told, and nothing moves
				u.Stuck = true
			case "welded": // the same, and everything is on
				u.Weld()
			case "words": // its registers take other words than they answer
				u.Words = true
			}
			return u, nil
		}}}
}
