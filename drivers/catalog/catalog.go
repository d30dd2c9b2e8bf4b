// Package catalog lists the built-in drivers. The list is written down, not
// registered: what a program can drive is read here, and does not depend on what
// else it imports.
package catalog

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/a02yyuw"
	"github.com/lamppost-city/lamppost/drivers/anemometer"
	"github.com/lamppost-city/lamppost/drivers/bme280"
	"github.com/lamppost-city/lamppost/drivers/board"
	"github.com/lamppost-city/lamppost/drivers/camera"
	"github.com/lamppost-city/lamppost/drivers/digital"
	"github.com/lamppost-city/lamppost/drivers/ds18b20"
	"github.com/lamppost-city/lamppost/drivers/ezo"
	"github.com/lamppost-city/lamppost/drivers/flowmeter"
	"github.com/lamppost-city/lamppost/drivers/jsnsr04t"
	"github.com/lamppost-city/lamppost/drivers/loop"
	"github.com/lamppost-city/lamppost/drivers/maxbotix"
	"github.com/lamppost-city/lamppost/drivers/mhz19"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	"github.com/lamppost-city/lamppost/drivers/modem"
	"github.com/lamppost-city/lamppost/drivers/nmea0183"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/pms5003"
	"github.com/lamppost-city/lamppost/drivers/process"
	"github.com/lamppost-city/lamppost/drivers/profile"
	"github.com/lamppost-city/lamppost/drivers/pulse"
	"github.com/lamppost-city/lamppost/drivers/raingauge"
	"github.com/lamppost-city/lamppost/drivers/relay"
	"github.com/lamppost-city/lamppost/drivers/scd4x"
	"github.com/lamppost-city/lamppost/drivers/sdi12"
	"github.com/lamppost-city/lamppost/drivers/sds011"
	"github.com/lamppost-city/lamppost/drivers/senseair"
	"github.com/lamppost-city/lamppost/drivers/sht3x"
	"github.com/lamppost-city/lamppost/drivers/sps30"
	"github.com/lamppost-city/lamppost/drivers/uart"
	"github.com/lamppost-city/lamppost/drivers/winsen"
	"github.com/lamppost-city/lamppost/drivers/zphs01"
)

// Formats are the protocols of which a part can be described by a file.
func Formats() profile.Formats { return profile.Formats{modbus.Format(), uart.Format()} }

// Profiles reads the profiles in folders; see profile.Formats.Read.
func Profiles(folders ...fs.FS) (*profile.Set, error) { return Formats().Read(folders...) }

// Builtin returns the drivers in the order of their names, which are unique. Those for
// parts that are described by a file know the parts in profiles, which may be nil. The
// slice is the caller's.
func Builtin(profiles *profile.Set) []drivers.Kind {
	registers := modbus.Kind(modbus.Of(profiles))
	return []drivers.Kind{
		a02yyuw.Kind(),
		anemometer.Kind(),
		bme280.Kind(),
		board.Kind(),
		camera.Kind(),
		digital.Kind(),
		ds18b20.Kind(),
		ezo.Kind(),
		flowmeter.Kind(),
		jsnsr04t.Kind(),
		loop.Kind(registers),
		maxbotix.Kind(),
		mhz19.Kind(),
		registers,
		modem.Kind(),
		nmea0183.Kind(),
		pms5003.Kind(),
		process.Kind(),
		pulse.Kind(),
		raingauge.Kind(),
		scd4x.Kind(),
		sdi12.Kind(),
		sds011.Kind(),
		senseair.Kind(),
		sht3x.Kind(),
		sps30.Kind(),
		uart.Kind(profiles),
		winsen.Kind(),
		zphs01.Kind(),
	}
}

// Outputs returns the drivers of what is switched, in the order of their names.
func Outputs() []drivers.OutputKind { return []drivers.OutputKind{relay.Kind()} }

// Add returns builtin and own in the order of their names. A name that is taken, or
// a kind without name, wire or plan, is an error. Neither slice is changed.
func Add(builtin []drivers.Kind, own ...drivers.Kind) ([]drivers.Kind, error) {
	all := slices.Clone(builtin)
	for _, k := range own {
		switch taken := func(other drivers.Kind) bool { return other.Name == k.Name }; {
		case obs.CheckID(k.Name) != nil:
			return nil, fmt.Errorf("driver %q: its name: %w", k.Name, obs.CheckID(k.Name))
		case !slices.Contains(drivers.Wires(), k.Wire):
			return nil, fmt.Errorf("driver %s: there is no wire %q", k.Name, k.Wire)
		case k.Plan == nil:
			return nil, fmt.Errorf("driver %s has no Plan", k.Name)
		case slices.ContainsFunc(all, taken):
			return nil, fmt.Errorf("driver %s: the name is taken; give yours another", k.Name)
		}
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b drivers.Kind) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}
