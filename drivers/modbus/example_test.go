package modbus_test

import (
	"fmt"
	"os"

	"github.com/lamppost-city/lamppost/drivers/modbus"
)

// What a simulator, or a wiring plan, needs to know of a part.
func ExampleParseProfiles() {
	profiles, err := modbus.ParseProfiles(os.DirFS("../../firmware-configs/devices"))
	if err != nil {
		fmt.Println(err)
		return
	}
	part, _ := profiles.Get("xy-md02")
	fmt.Println(part.Name.EN, part.Line.Baud, part.Line.Parity, part.Line.Stop)
	for _, r := range part.Channels {
		fmt.Println(r.Channel, r.Function, r.Address, r.Type, r.Order, r.Scale.Float(), r.Resolution.Float())
	}
	// Output:
	// XY-MD02 temperature and humidity transmitter 9600 none 1
	// temp 4 1 int16 abcd 0.1 0.1
	// rh 4 2 uint16 abcd 0.1 0.1
}
