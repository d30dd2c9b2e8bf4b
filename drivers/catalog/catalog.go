// Package catalog lists the built-in drivers. The list is written down, not
// registered: what a program can drive is read here, and does not depend on what
// else it imports.
package catalog

import (
	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/a02yyuw"
	"github.com/lamppost-city/lamppost/drivers/camera"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	"github.com/lamppost-city/lamppost/drivers/pms5003"
)

// Builtin returns the drivers in the order of their names, which are unique. The
// Modbus driver knows the parts in profiles. The slice is the caller's.
func Builtin(profiles *modbus.Profiles) []drivers.Kind {
	return []drivers.Kind{
		a02yyuw.Kind(),
		camera.Kind(),
		modbus.Kind(profiles),
		pms5003.Kind(),
	}
}
