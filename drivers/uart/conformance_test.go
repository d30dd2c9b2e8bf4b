package uart

import (
	"testing"

	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// TestConformance runs the kit over each form: lines of a part that is asked and set up,
// fields of one that talks by itself, frames of both kinds, and stuffed ones.
func TestConformance(t *testing.T) {
	set := known(t)
	load := func(name string) drivertest.Part { return drivertest.Load(t, "testdata/"+name+".frame") }
	for name, c := range map[string]drivertest.Config{
		"lines":        {Good: load("rain"), Beyond: load("rain-beyond"), Unguarded: "text without a checksum"},
		"fields":       {Good: load("wind"), Beyond: load("wind-beyond")},
		"frame":        {Good: load("range"), Beyond: load("range-near")},
		"frame, asked": {Good: load("gas"), Beyond: load("gas-beyond")},
		"stuffed":      {Good: load("dust-shdlc"), Beyond: load("dust-shdlc-beyond")},
	} {
		c.Kind = Kind(set)
		for _, b := range get(t, "rg-15").Start {
			c.Knows = append(c.Knows, drivertest.Exchange{Request: b})
		}
		t.Run(name, func(t *testing.T) { drivertest.Run(t, c) })
	}
}
