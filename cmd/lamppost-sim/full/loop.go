package full

import (
	"fmt"
	"strings"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/parts"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// analogue is the street's module of analogue inputs.
const analogue = "waveshare-ai-8ch"

// transmitter is what hangs on an input: what it measures, and its value at 4 and at
// 20 mA.
type transmitter struct {
	input, channel string
	low, high      float64
}

// hung are the transmitters of the street.
var hung = []transmitter{{"loop_current.in1", "level", 0, 10}, {"loop_current.in2", "water_pressure", 0, 1600}}

// loops tells the gateway of them.
func loops() string {
	var b strings.Builder
	for _, t := range hung {
		fmt.Fprintf(&b, "\n  %s: {channel: %s, low: %g, high: %g}", t.input, t.channel, t.low, t.high)
	}
	return b.String()
}

// transmitters is the log, in which what the module says stands as what the transmitters
// measure: 4 mA is the low end, 20 mA the high one.
type transmitters struct{ parts.Recorder }

// Add writes lines down.
func (r transmitters) Add(lines ...truth.Line) {
	for i, l := range lines {
		for _, t := range hung {
			if l.Device == analogue && l.Channel == t.input {
				lines[i].Channel, lines[i].V = t.channel, t.low+(l.V-4)/16*(t.high-t.low)
				lines[i].Resolution = l.Resolution / 16 * (t.high - t.low)
			}
		}
	}
	r.Recorder.Add(lines...)
}
