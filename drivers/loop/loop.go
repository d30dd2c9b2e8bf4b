// Package loop reads transmitters with a 4-20 mA output through the analogue inputs of
// a Modbus module. The module is read by whichever driver knows its profile; what is
// added here is what its currents mean.
//
// Promised: between 3.8 and 20.5 mA a value, low + (mA - 4) / 16 × (high - low), the
// float64 nearest to it; down to 3.6 and up to 21 mA that value, suspect; beyond,
// where a wire is broken or shorted, never a number. These limits are those of the
// NAMUR recommendation NE 43, "Standardization of the signal level for the failure
// information of digital transmitters" (2003). What the module itself flags stays
// flagged.
//
// Not promised: which fault it is. A current of nought is a broken wire, a supply that
// is missing, or an input that is shorted to ground; Facts tells the current beside each
// input, so that whoever stands before it with a meter knows where to begin.
//
// Quirk: a module whose input is set to begin at 4 mA cannot tell a broken wire from an
// empty tank. Whether it can is a matter of the module, and said in its profile.
package loop

import (
	_ "embed"

	"github.com/lamppost-city/lamppost/drivers"
)

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue. Its modules are those among the profiles
// of inner, the driver for Modbus parts, that measure loop_current.
func Kind(inner drivers.Kind) drivers.Kind {
	return drivers.Kind{Name: "loop", Wire: inner.Wire, Readme: readme, Sample: sample, Plan: modules{inner}.plan}
}
