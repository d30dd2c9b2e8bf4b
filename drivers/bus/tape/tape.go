package tape

import (
	"errors"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// Limits of a tape.
const (
	MaxBytes = 16 << 20 // of the whole text
	maxLine  = 512 << 10
	maxTime  = 100 * 24 * time.Hour
)

// ErrTape is wrapped by every error that says that a tape cannot be read, or that a
// replay departed from it.
var ErrTape = errors.New("tape")

// Tape is a recording, complete in memory.
type Tape struct {
	Name string // for messages: the file
	Header
	Entries []Entry
}

// Header says what was recorded.
type Header struct {
	Driver   string // the driver's name
	Wire     drivers.Wire
	Framing  string // of the wire modbus: rtu or tcp
	Options  string // the device's own configuration, one line of YAML; may be empty
	Part     string // what stands on the part's label
	Firmware string
	By       string    // who recorded it, and where
	At       time.Time // when, to the second
	Software string    // what recorded it
	Notes    []string
}

// Kind is the mark of an entry.
type Kind byte

// The marks.
const (
	Sent     Kind = '>'
	Received Kind = '<'
	Fault    Kind = '!'
	Begin    Kind = '?'
	Outcome  Kind = '='
)

// Entry is one line of a tape.
type Entry struct {
	Line  int           // in the file, from 1; 0 for an entry that was not read
	At    time.Duration // since the recording began, in whole microseconds
	Kind  Kind
	Bytes []byte // of Sent and Received
	Text  string // of Fault and Outcome; of Begin what an output was asked for, see Switch
}

// wires are those whose traffic can be kept.
var wires = []drivers.Wire{drivers.SerialLine, drivers.ModbusUnit, drivers.I2CDevice, drivers.InputLine,
	drivers.PulseLine, drivers.OneWireDevice, drivers.SDI12Sensor, drivers.ChildProcess, drivers.BoardHost, drivers.OutputLine, drivers.ProgramRun}

// Keeps says whether the traffic of a wire can be kept on a tape.
func Keeps(w drivers.Wire) bool { return slices.Contains(wires, w) }

// paired says whether each operation on a wire is one > and one < or !.
func paired(w drivers.Wire) bool {
	switch w {
	case drivers.I2CDevice, drivers.InputLine, drivers.PulseLine, drivers.OneWireDevice, drivers.ChildProcess, drivers.BoardHost,
		drivers.OutputLine, drivers.ProgramRun:
		return true
	}
	return false
}

// textual says whether people read the bytes of a wire as text.
func textual(w drivers.Wire) bool {
	switch w {
	case drivers.PulseLine, drivers.OneWireDevice, drivers.SDI12Sensor, drivers.ChildProcess, drivers.BoardHost, drivers.ProgramRun:
		return true
	}
	return false
}

// Samples returns how many whole samples are on t.
func (t *Tape) Samples() (n int) {
	for _, e := range t.Entries {
		if e.Kind == Outcome {
			n++
		}
	}
	return n
}
