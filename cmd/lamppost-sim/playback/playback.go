// Package playback says on a serial line what was written down, and nothing else: a
// part of the bench for whoever has frames and no part. It knows no sensor and makes
// no bytes.
package playback

import (
	"bytes"
	"context"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/pace"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Frame is what the part says, unasked or to a request.
type Frame struct {
	Asks  []byte // nil: unasked
	Bytes []byte
}

// Talk plays frames until ctx ends: those without a request one after another, every
// so often, and again from the first; the others as the answer to their request. Bytes
// leave at the speed of the line.
func Talk(ctx context.Context, port modbusslave.Port, baud int, every time.Duration, frames []Frame) {
	var unasked, asked []Frame
	for _, f := range frames {
		if f.Asks == nil {
			unasked = append(unasked, f)
		} else {
			asked = append(asked, f)
		}
	}
	requests := make(chan []byte)
	go read(ctx, port, requests)
	tick := time.NewTicker(every)
	defer tick.Stop()
	next := 0
	for {
		select {
		case <-ctx.Done():
			for range requests { // until the port is closed
			}
			return
		case request := <-requests:
			for _, f := range asked {
				if bytes.HasSuffix(request, f.Asks) { // noise may stand before it
					pace.Send(port.Write, baud, f.Bytes)
				}
			}
		case <-tick.C:
			if len(unasked) > 0 {
				pace.Send(port.Write, baud, unasked[next%len(unasked)].Bytes)
				next++
			}
		}
	}
}

// read passes on what arrives, each piece with the one before it if that came shortly
// before: a request may come in two.
func read(ctx context.Context, port modbusslave.Port, out chan<- []byte) {
	defer close(out)
	var held []byte
	var last time.Time
	buf := make([]byte, 512)
	for {
		n, err := port.Read(buf)
		if err != nil {
			return
		}
		if time.Since(last) > 100*time.Millisecond {
			held = nil
		}
		held, last = append(held, buf[:n]...), time.Now()
		select {
		case out <- bytes.Clone(held):
		case <-ctx.Done():
		}
	}
}

// Registers are those of a Modbus unit: by function, by address, their contents.
type Registers map[uint8]map[uint16]uint16

// Unit is a slave at address that holds these registers and never changes them. One
// that cannot be is an error.
func Unit(address uint8, held Registers) (*modbusslave.Unit, error) {
	var all []modbusslave.Register
	values := constant{}
	for function, at := range held {
		for register, content := range at {
			name := string([]byte{function, byte(register >> 8), byte(register)})
			values[name] = float64(content)
			all = append(all, modbusslave.Register{Channel: name, Function: function, Address: register, Type: modbusslave.Uint16, Scale: 1})
		}
	}
	return modbusslave.NewUnit(address, "played", all, values)
}

// constant is a source of values that stay as they are.
type constant map[string]float64

func (c constant) Value(channel string) float64 { return c[channel] }
func (constant) Mishap() scenario.Mishap        { return scenario.Mishap{} }

// Nobody takes truth lines and drops them: what is played stands in its file.
type Nobody struct{}

// Add drops the lines.
func (Nobody) Add(...truth.Line) {}
