// Package lab plays the parts that hang on a board's own wires, for a machine that has
// none: an I2C bus and a GPIO chip on Unix sockets, in the language of package labbus,
// and the kernel's folder of 1-Wire slaves.
//
// The parts are made here from their data sheets, apart from the gateway's drivers:
// registers, commands, check bytes, how long a measurement takes, what they forget when
// they lose their supply. A bus that is pulled out takes its socket along; its parts
// are without supply until it is back.
package lab

import (
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Source is where a part's values, and its mishaps, come from. It may be called from
// any goroutine.
type Source interface {
	Value(channel string) float64 // in the metric's unit, now
	Mishap() scenario.Mishap      // what befalls the next exchange
}

// Recorder takes truth lines.
type Recorder interface{ Add(...truth.Line) }

// say stamps lines of a device that were answered, and records them.
func say(to Recorder, device string, via truth.Via, m scenario.Mishap, lines []truth.Line) {
	for i := range lines {
		lines[i].Device, lines[i].Via = device, via
	}
	truth.Stamp(lines, !m.Wrong(), m.Fault())
	to.Add(lines...)
}

// silence records a question that was left without an answer.
func silence(to Recorder, device string) {
	to.Add(truth.Line{T: time.Now().UnixMilli(), Device: device, Via: truth.Silence})
}
