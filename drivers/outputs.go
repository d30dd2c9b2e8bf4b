package drivers

import (
	"context"
	"time"
)

// Output is something that can be switched: a relay, a coil, a program. Its owner
// carries out one call at a time. Errors wrap one of the Err… values wherever one
// fits, as those of a Driver do.
type Output interface {
	// Set switches, and returns when the hardware has taken it: nil only if the hardware
	// has said so. After an error nobody knows, unless the error says that the hardware
	// has refused; the owner sets again. A call that ctx has ended sends nothing any more,
	// so that an on that was given up cannot come after the off that follows it.
	Set(ctx context.Context, on bool) error
	// Get asks the hardware for its state, and switches nothing. ok is false where it
	// cannot tell; what was set last is no answer.
	Get(ctx context.Context) (on, ok bool, err error)
	// Close leaves the output as it is and gives the line up. A second call does nothing.
	Close() error
}

// The wires of outputs, beside ModbusUnit.
const (
	OutputLine Wire = "output"  // one GPIO line that is driven: bus, line
	ProgramRun Wire = "program" // a program that is run for each switching: command
)

// OutputKind is one driver of outputs. Its folder holds what a Kind's does; the sample
// is an outputs: block.
type OutputKind struct {
	Name   string
	Readme string
	Sample string
	// Plan checks what an output's configuration says of the hardware, and touches none.
	// decode and the error are those of Kind.Plan.
	Plan func(decode func(options any) error) (*OutputPlan, error)
}

// OutputPlan is an output that is configured but not opened. Exactly one Open… is set,
// the one that Wire names. Opening switches nothing and does not wait for the hardware.
type OutputPlan struct {
	Wire    Wire          // OutputLine, ModbusUnit or ProgramRun
	Timeout time.Duration // what one call of Set or Get needs at most, unless the configuration says otherwise
	MaxOn   time.Duration // the longest time on, unless the configuration says otherwise
	Tells   bool          // the hardware can be asked for its state

	Line      string      // the line, by name or number (OutputLine)
	ActiveLow bool        // it is low while the output is on (OutputLine)
	Process   ProcessSpec // what to run (ProgramRun)

	// OpenLine is lent a line of its own: Set drives it, Get reads the pin back.
	OpenLine    func(Output) (Output, error)
	OpenModbus  func(ModbusOutput) (Output, error)
	OpenProgram func(Program) (Output, error)
}

// Opens returns the wires for which p has an Open function: in a good plan exactly
// one, its Wire.
func (p *OutputPlan) Opens() (ws []Wire) {
	if p.OpenLine != nil {
		ws = append(ws, OutputLine)
	}
	if p.OpenModbus != nil {
		ws = append(ws, ModbusUnit)
	}
	if p.OpenProgram != nil {
		ws = append(ws, ProgramRun)
	}
	return ws
}

// ModbusOutput is one unit as it is lent to an output. A coil, a register or bits of one
// that were written and not confirmed are written once more if ctx leaves room: an
// output's two states may be told any number of times.
type ModbusOutput interface {
	Modbus
	ModbusWriter
}

// Program is a program that is run anew for each switching.
type Program interface {
	// Run runs it with these arguments added to its own, until it ends: nil if it said 0.
	// When ctx ends it is killed with all that it started, and the error is ErrTimeout or
	// ctx's. One that cannot be started is ErrUnplugged, one that fails ErrDevice.
	Run(ctx context.Context, args ...string) error
}
