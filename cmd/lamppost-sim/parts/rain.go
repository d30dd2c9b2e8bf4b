package parts

import (
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/uart"
)

// rainParts are optical rain sensors, which a gateway reads by a profile.
func rainParts() []Part {
	faults := map[string]string{"device": "LensBad", "saturated": "EmSat", "too-cold": "TooCold"}
	hydreon := func(rg9 bool) func(Stage) uart.Hearer {
		return func(s Stage) uart.Hearer { return &uart.Hydreon{RG9: rg9, Fault: faults[s.State]} }
	}
	states := []string{"device", "saturated", "too-cold"}
	return []Part{
		{ID: "rg-15", Title: scenario.Text{ZH: "Hydreon RG-15 光学雨量计", EN: "Hydreon RG-15 optical rain gauge"}, Wire: Serial, Line: Line{Baud: 9600, Format: "8N1"},
			Channels: []Channel{{"rain", 48.16, 0, 1e6}, {"rain.event", 2.07, 0, 1e4}, {"rain_rate", 12.7, 0, 500}}, States: states, Serial: hears(hydreon(false))},
		{ID: "rg-9", Title: scenario.Text{ZH: "Hydreon RG-9 光学雨量传感器", EN: "Hydreon RG-9 optical rain sensor"}, Wire: Serial, Line: Line{Baud: 9600, Format: "8N1"},
			Channels: []Channel{{"rain_level", 3, 0, 7}}, States: states, Serial: hears(hydreon(true))},
	}
}
