package relay

import (
	"testing"

	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

const spec = "MODBUS Application Protocol V1.1b3 "

func coils(at uint16, on bool) drivertest.OutputUnit {
	return drivertest.OutputUnit{Coils: map[uint16]bool{at: on}}
}

func holds(at, v uint16) drivertest.OutputUnit {
	return drivertest.OutputUnit{Registers: map[uint16]uint16{at: v}}
}

func TestConformance(t *testing.T) {
	drivertest.RunOutput(t, drivertest.OutputConfig{
		Kind: Kind(),
		Parts: []drivertest.OutputPart{
			{Name: "line", Source: "published, linux/gpio.h: GPIO_V2_LINE_SET_VALUES_IOCTL", Options: "line: GPIO27"},
			{Name: "line without read-back", Source: "published, linux/gpio.h", Options: "{line: GPIO27, active: low, read_back: false}"},
			{Name: "coil", Source: "published, " + spec + "6.1 and 6.5", Options: "coil: 172", On: coils(172, true), Off: coils(172, false)},
			{Name: "first coil without read-back", Source: "published, " + spec + "6.5", Options: "{coil: 0, read_back: false}", On: coils(0, true), Off: coils(0, false)},
			{Name: "register", Source: "published, " + spec + "6.3 and 6.6", Options: "{register: 1, on: 3, off: 0}", On: holds(1, 3), Off: holds(1, 0), Wrong: holds(1, 7)},
			{Name: "register that is on with 0", Source: "constructed: the energized state is the safe one", Options: "{register: 65535, on: 0, off: 65535}",
				On: holds(65535, 0), Off: holds(65535, 65535), Wrong: holds(65535, 1)},
			{Name: "program", Source: "published, README.md", Options: "command: [/etc/lamppost/lamp.sh, '3']"},
		},
	})
}
