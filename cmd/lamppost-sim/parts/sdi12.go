package parts

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/sdi12line"
)

// sdi12Parts is a sensor on an SDI-12 line. Its values stand as they were when it was
// started: a part whose values move is played by the street.
func sdi12Parts() []Part {
	return []Part{{
		ID: "sdi12", Title: scenario.Text{ZH: "SDI-12 土壤传感器：含水率、温度", EN: "SDI-12 soil sensor: moisture, temperature"},
		Wire: SDI12, Line: Line{Baud: 1200, Format: "7E1"},
		Channels: []Channel{{"soil_moisture", 25.4, 0, 100}, {"soil_temp", 18.3, -40, 60}},
		Missing:  []string{"soil_moisture", "soil_temp"},
		States:   []string{"device"},
		Serial:   soil,
	}}
}

func soil(s Stage) (func(context.Context, Port), error) {
	if s.Address > 9 {
		return nil, fmt.Errorf("--address %d: write 0 to 9", s.Address)
	}
	m := s.Source.Mishap()
	sensor := &sdi12line.Sensor{Address: byte('0' + s.Address), ID: "13LAMPPOSTSIM12 001", Takes: time.Second,
		Silent: m.Silent || m.Unplug, Damaged: m.Wrong(), Aborts: s.State == "device"}
	for _, channel := range []string{"soil_moisture", "soil_temp"} {
		v := s.Source.Value(channel)
		if math.IsNaN(v) {
			v = -9999 // what many makers send for a probe that is not there
		}
		sensor.Values = append(sensor.Values, signed(v))
	}
	return func(_ context.Context, port Port) {
		(&sdi12line.Line{Port: port, Sensors: []*sdi12line.Sensor{sensor}}).Serve()
	}, nil
}

// signed writes a value as SDI-12 has it: the sign first, at most seven digits.
func signed(v float64) string {
	text := strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
	if text[0] != '-' {
		text = "+" + text
	}
	return text
}
