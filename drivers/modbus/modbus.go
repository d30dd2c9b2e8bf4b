// Package modbus reads parts that speak Modbus and differ only in their register
// map. The map is a profile: a YAML file with the part's channels, its line
// settings and limits, where all that comes from, and recorded exchanges that the
// profile must decode (see README.md). There is no code per part.
//
// What the driver does with a profile: neighbouring registers, coils and inputs are
// read in one request, within the part's limits; a part that refuses the block (exception 2),
// or never answers it, is asked register by register from then on; a channel that
// the part refuses alone is missing, with reason instrument; register contents
// that mean "no value" are missing too, NaN and infinities with reason
// not-a-number; a value outside the part's range is flagged Fail.
//
// Where the profile says what only its part answers, that is asked before values
// count, and again after each failure; another part is drivers.ErrWrongPart.
//
// Numbers are exact: a register times a decimal scale comes out as the float64
// nearest to that decimal (271 × 0.01 is 2.71), and floating-point registers are
// rounded to the step that the part resolves.
//
// The unit it is lent may offer SetTiming(answer, turnaround time.Duration); it is
// told what the profile says. It may offer Identify, for function 43/14; a profile
// that asks by vendor or product needs it.
package modbus

import (
	_ "embed"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// name is the word in configuration, and the protocol in a profile.
const name = profile.Default

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue, with these profiles.
func Kind(profiles *Profiles) drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.ModbusUnit, Readme: readme, Sample: sample, Plan: profiles.plan, Profiles: profiles.names()}
}
