package mypart

import (
	"testing"

	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// unit is the part with these input registers.
func unit(temp, rh uint16) drivertest.Modbus {
	return drivertest.Modbus{Registers: map[uint8]map[uint16]uint16{readInput: {0: temp, 1: rh}}}
}

const source = "constructed for this made-up part; say where your registers come from"

// What every driver promises, and what this part answers.
func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   drivertest.Part{Name: "room", Source: source, Unit: unit(215, 480), Want: "temp=21.5 rh=48"},
		Beyond: drivertest.Part{Name: "too hot", Source: source, Unit: unit(851, 0), Want: "temp=85.1/fail/range rh=0"},
		More: []drivertest.Part{
			{Name: "frost", Source: source, Unit: unit(0x10000-123, 915), Want: "temp=-12.3 rh=91.5"},
			{Name: "offset", Source: source, Unit: unit(215, 480), Options: "offset: -1.5", Want: "temp=20 rh=48"},
			{Name: "no probe", Source: source, Unit: unit(noTemp, noRH), Want: "temp=none/instrument rh=none/instrument"},
		},
	})
}
