// Package parts is the list of everything that the simulator can play alone: one part
// on a pseudo terminal, a TCP socket or a bus of the lab. A part's id is the word that
// the gateway's configuration has for it: a driver's name or a profile's id.
//
// The list is written down in [All], one function for each family of wires. Whoever
// adds a part adds an entry there; nothing registers itself. What a part says is made
// in the package that plays it, from the maker's documents and apart from the
// gateway's decoders.
package parts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/lab"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Wire is what a part hangs on, in the words of the gateway's drivers.
type Wire string

// The wires.
const (
	Serial Wire = "serial" // a UART of its own: --link makes a pseudo terminal
	Modbus Wire = "modbus" // --link: RTU on a pseudo terminal; --listen: Modbus TCP
	SDI12  Wire = "sdi12"  // --link makes a pseudo terminal
	HTTP   Wire = "http"   // --listen
	I2C    Wire = "i2c"    // --link makes a socket of the lab
	GPIO   Wire = "gpio"   // --link makes a socket of the lab
	W1     Wire = "w1"     // --link fills a directory as the kernel does
)

// Part is one part that can be played. Exactly one of Serial, Unit, Chip, Pin, Slave and
// Own is set.
type Part struct {
	ID       string
	Title    scenario.Text // what it is
	Wire     Wire
	Line     Line      // as the maker delivers it
	Channels []Channel // what can be set on the command line
	// Missing names the channels for which the part has a way to say that it has no
	// value. NewValues refuses to let another be missing.
	Missing []string
	// States are those that the part itself can be in, beside what befalls any wire:
	// "warm-up", "device". See Stage.State.
	States []string

	// Serial plays on a serial port: it returns when ctx has ended and the port is
	// closed.
	Serial func(Stage) (func(ctx context.Context, port Port), error)
	// Unit is a Modbus slave.
	Unit func(Stage) (*modbusslave.Unit, error)
	// Chip is a part on an I2C bus.
	Chip func(Stage) lab.Chip
	// Pin is what hangs on a GPIO line, with the line's name.
	Pin func(Stage) lab.Pin
	// Slave is a slave on 1-Wire.
	Slave func(Stage) lab.Slave
	// Own plays on a wire that the part makes itself at a place: a path, or an address
	// to listen on (port 0: any free one). It calls ready with where it is when
	// somebody can read it, and returns when ctx has ended.
	Own func(Stage) (func(ctx context.Context, place string, ready func(at string)) error, error)

	// Calibration is the line of a gateway's configuration without which the part cannot be
	// read as it stands here; nil or "": there is none.
	Calibration func(Stage) string
}

// Line is how a line is set. The zero value of a field means that the maker does not
// say.
type Line struct {
	Baud    int
	Format  string // 8N1, 8E1, 7E1
	Address int
}

func (l Line) String() string {
	var words []string
	if l.Baud > 0 {
		words = append(words, strings.TrimSpace(fmt.Sprintf("%d %s", l.Baud, l.Format)))
	}
	if l.Address > 0 {
		words = append(words, fmt.Sprintf("address %d", l.Address))
	}
	return strings.Join(words, ", ")
}

// Channel is a quantity of a part: what it is unless it is set, in the metric's unit,
// and the limits that it keeps to when it moves.
type Channel struct {
	Name     string
	Is       float64
	Min, Max float64 // both 0: none
}

// Port is the part's end of a serial port. Write never blocks and returns how many
// bytes somebody will get; Read ends with an error when the port is closed.
type Port interface {
	Read([]byte) (int, error)
	Write([]byte) int
}

// Source is where a part's values, and its mishaps, come from. Value is NaN for what
// the part is to report as missing.
type Source interface {
	Value(channel string) float64 // in the metric's unit, now
	Mishap() scenario.Mishap      // what befalls the next frame
}

// Recorder takes truth lines.
type Recorder interface{ Add(...truth.Line) }

// Stage is what a part is played with.
type Stage struct {
	Device  string // its name in the truth log
	Baud    int
	Address int
	State   string // one of Part.States, or "" for none of them
	Seed    uint64 // of what is random in the part itself
	Source  Source
	Record  Recorder
}

// All returns the parts, by id.
func All() []Part {
	all := slices.Concat(uartParts(), rainParts(), modemParts(), airParts(), waterParts(), sdi12Parts(), modbusParts(), relayParts(), cameraParts(), labParts())
	slices.SortFunc(all, func(a, b Part) int { return strings.Compare(a.ID, b.ID) })
	return all
}

// ErrUnknown says that there is no such part.
var ErrUnknown = errors.New("there is no such part")

// Find returns the part with an id. The error names those whose id resembles it.
func Find(id string) (Part, error) {
	var near []string
	for _, p := range All() {
		if p.ID == id {
			return p, nil
		}
		if len(id) > 1 && (strings.Contains(p.ID, id) || strings.HasPrefix(p.ID, id[:2])) {
			near = append(near, p.ID)
		}
	}
	hint := "lamppost-sim list names them"
	if near != nil {
		hint = "there are " + strings.Join(near, ", ")
	}
	return Part{}, fmt.Errorf("%w: %q; %s", ErrUnknown, id, hint)
}

// Channel returns a channel of p.
func (p Part) Channel(name string) (Channel, bool) {
	i := slices.IndexFunc(p.Channels, func(c Channel) bool { return c.Name == name })
	if i < 0 {
		return Channel{}, false
	}
	return p.Channels[i], true
}

// names returns the names of the channels.
func (p Part) names() []string {
	var out []string
	for _, c := range p.Channels {
		out = append(out, c.Name)
	}
	return out
}
