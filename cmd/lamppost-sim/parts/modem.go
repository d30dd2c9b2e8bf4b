package parts

import (
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/uart"
)

// modemParts is what carries the readings away, and is asked how well it hears.
func modemParts() []Part {
	return []Part{{
		ID: "modem", Title: scenario.Text{ZH: "蜂窝调制解调器的 AT 端口", EN: "AT port of a cellular modem"}, Wire: Serial, Line: Line{Baud: 115200, Format: "8N1"},
		Channels: []Channel{{"signal", -73, -113, -51}, {"signal.rsrp", -95, -141, -44}}, Missing: []string{"signal", "signal.rsrp"}, States: []string{"device"},
		Serial: hears(func(s Stage) uart.Hearer { return &uart.Modem{NoSIM: s.State == "device"} }),
	}}
}
