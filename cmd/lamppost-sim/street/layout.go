package street

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
)

// The wires of the street, by the names that the gateway's configuration and the
// faults of a scenario use.
const (
	line      = "rs485-1"   // RS-485, a pty
	pump      = "pump"      // Modbus TCP
	air       = "air"       // UART, a pty
	underpass = "underpass" // UART, a pty
	gauge     = "gauge"     // HTTP
)

// lineBaud is the speed of every serial wire in the street.
const lineBaud = 9600

// underpassHeight is how high the range finder hangs above the carriageway,
// metres.
const underpassHeight = 3.2

// slave is a Modbus device as the layout has it.
type slave struct {
	device, profile, wire string
	address               uint8
	channels              []string           // those of its maker's table that the scenario has a course for
	offsets               map[string]float64 // what the gateway is told to add, by channel
}

// relays is a board of relays on the line: coil 0 sounds the siren of the underpass,
// coil 1 lights the beacon that closes it.
const (
	relays       = "relays"
	relayAddress = 9
	relayCount   = 4
)

// riverDatum is the elevation of the level probe above the staff's zero, metres.
const riverDatum = 1.20

// slaves are the Modbus devices of the street.
func slaves() []slave {
	return []slave{
		{device: "river", profile: "keller-36xw", wire: line, address: 3,
			channels: []string{"level", "water_temp"}, offsets: map[string]float64{"level": riverDatum}},
		{device: "weather", profile: "weather-01f4", wire: line, address: 1,
			channels: []string{"wind_speed", "wind_dir", "rh", "temp", "noise", "pm2_5", "pm10", "pressure", "illuminance", "rain", "radiation"}},
		{device: "cabinet", profile: "xy-md02", wire: line, address: 5, channels: []string{"temp", "rh"}},
		{device: "pump", profile: "sdm120", wire: pump, address: 1,
			channels: []string{"voltage", "current", "power", "power_factor", "frequency", "energy"}},
	}
}

// wires returns the names that faults may use, each with the devices on it.
func wires() map[string][]string {
	w := map[string][]string{air: {air}, underpass: {underpass}, gauge: {gauge}, line: {relays}}
	for _, s := range slaves() {
		w[s.wire] = append(w[s.wire], s.device)
	}
	return w
}

// namesOf returns what a device answers to in faults: its own name, then that of
// its wire.
func namesOf(device string) []string {
	for wire, devices := range wires() {
		if slices.Contains(devices, device) && wire != device {
			return []string{device, wire}
		}
	}
	return []string{device}
}

// checkFaults refuses faults that the street has no place for.
func checkFaults(faults []scenario.Fault) error {
	all := wires()
	var known []string
	for wire, devices := range all {
		known = append(append(known, wire), devices...)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for i, f := range faults {
		_, isWire := all[f.On]
		switch {
		case !slices.Contains(known, f.On):
			return fmt.Errorf("faults[%d]: the street has no %q; write one of %s", i, f.On, strings.Join(known, ", "))
		case f.Kind == scenario.Unplug && !isWire:
			return fmt.Errorf("faults[%d]: %s hangs on %s with others; unplug that, or make it silent", i, f.On, namesOf(f.On)[1])
		case (f.Kind == scenario.Noise || f.Kind == scenario.Digit || f.Kind == scenario.Garbage) && (f.On == pump || f.On == gauge):
			return fmt.Errorf("faults[%d]: %s speaks TCP, which delivers what was sent; use silent, slow, frozen or unplug", i, f.On)
		}
	}
	return nil
}
