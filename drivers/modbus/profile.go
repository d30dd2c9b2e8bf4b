package modbus

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Profiles is a set of profiles by id. It may be used from several goroutines, and
// what is in it never changes.
type Profiles struct {
	byID   map[string]*Profile
	ids    []string
	broken map[string]bool // ids of files with mistakes, which were told
	digest []byte
	plans  sync.Map // id → *drivers.Plan of a device without options of its own
}

// IDs returns the ids in order.
func (p *Profiles) IDs() []string { return slices.Clone(p.ids) }

// names are the ids, those of files with mistakes among them.
func (p *Profiles) names() []string {
	all := append(slices.Collect(maps.Keys(p.broken)), p.ids...)
	slices.Sort(all)
	return slices.Compact(all)
}

// Get returns the profile called id. It must not be changed.
func (p *Profiles) Get(id string) (*Profile, bool) {
	f, ok := p.byID[id]
	return f, ok
}

// Profile is what the register map and the datasheet of one part say. The file
// format is described in this package's README.md.
type Profile struct {
	// File is where the profile was read from. Own says that this was a folder with a
	// name of its own, Replaces that it took the place of one from an earlier folder.
	File     string `yaml:"-"`
	Own      bool   `yaml:"-"`
	Replaces bool   `yaml:"-"`

	ID     string    `yaml:"id,required"`
	Name   obs.Label `yaml:"name,required"`
	Maker  string    `yaml:"maker,required"`
	Source Source    `yaml:"source,required"`
	// Sure is false while something in the profile is not settled; Doubts says what,
	// one sentence each. Notes are for whoever installs the part.
	Sure   bool     `yaml:"sure,required"`
	Doubts []string `yaml:"doubts"`
	Notes  []string `yaml:"notes"`

	Line    Line  `yaml:"line"`
	Address uint8 `yaml:"address"` // as delivered; 0: not stated

	Answer     time.Duration `yaml:"timeout"`    // how long the part may take before it answers
	Turnaround time.Duration `yaml:"turnaround"` // the silence it needs between two requests
	Every      time.Duration `yaml:"every"`      // shortest interval
	WarmUp     time.Duration `yaml:"warm_up"`

	MaxRegisters int `yaml:"max_registers"` // in one request, 1 to 125
	MaxBits      int `yaml:"max_bits"`      // coils or inputs in one request, 1 to 2000
	Gap          int `yaml:"gap"`           // so many unused registers or bits may be read between two used ones

	Identify *Identify  `yaml:"identify"` // how to tell that it is this part
	Facts    []Fact     `yaml:"facts"`    // what the part says of itself
	Channels []Register `yaml:"channels,required"`
	Fixtures []Fixture  `yaml:"fixtures,required"`
}

// Source says where a profile was taken from.
type Source struct {
	Document string `yaml:"document,required"`
	Section  string `yaml:"section"`
}

// Line is the part's default line; what is 0 or empty is not stated.
type Line struct {
	Baud   int    `yaml:"baud"`
	Parity string `yaml:"parity"`
	Stop   int    `yaml:"stop"`
}

// Settings returns l in the words of the driver contract.
func (l Line) Settings() drivers.LineSettings {
	return drivers.LineSettings{Baud: l.Baud, Parity: l.Parity, StopBits: l.Stop}
}

// Register is a channel and what it is read from: registers, a field of bits in them,
// or one coil or discrete input, which is 0 or 1. The value is raw × Scale + Offset,
// in the metric's unit.
type Register struct {
	Channel  string      `yaml:"name,required"`
	Function uint8       `yaml:"function,required"` // 1 coil, 2 discrete input, 3 holding, 4 input registers
	Address  uint16      `yaml:"register,required"` // of the first one, zero-based, as on the wire
	Type     codec.Type  `yaml:"type"`              // 0: a coil or input
	Order    codec.Order `yaml:"order"`
	Bits     codec.Bits  `yaml:"bits"` // zero: the whole number
	Scale    Scale       `yaml:"scale"`
	Offset   Decimal     `yaml:"offset"`
	// What the part can measure, and the step it measures in. For whole numbers the
	// step is the scale, if it is not stated. Values that are not whole numbers times
	// a decimal scale are rounded to it: the digits below are arithmetic, not
	// measurement. A single bit is 0 to 1, if nothing else is stated.
	Min        Decimal `yaml:"min"`
	Max        Decimal `yaml:"max"`
	Resolution Decimal `yaml:"resolution"`
	// Missing are register contents (in abcd order) that say there is no value.
	Missing []uint64 `yaml:"missing"`
}

// Coils says whether r is a coil or discrete input, and no register.
func (r Register) Coils() bool { return r.Function == 1 || r.Function == 2 }

// words is the number of registers, or bits, that r takes.
func (r Register) words() int {
	if r.Coils() {
		return 1
	}
	return r.Type.Words()
}

// last is the address of the last register or bit.
func (r Register) last() int { return int(r.Address) + r.words() - 1 }

// single says whether r is one bit.
func (r Register) single() bool { return r.Coils() || r.Bits.Width == 1 }

// Fact is something the part says of itself and that is no measurement: its serial
// number, its firmware. It is shown to people and never stored as a value. Either
// Type or Text is set.
type Fact struct {
	Name     string      `yaml:"name,required"`
	Function uint8       `yaml:"function,required"` // 3 or 4
	Address  uint16      `yaml:"register,required"`
	Type     codec.Type  `yaml:"type"`
	Text     int         `yaml:"text"` // so many registers of text
	Order    codec.Order `yaml:"order"`
}

// words is the number of registers that f takes.
func (f Fact) words() int {
	if f.Text > 0 {
		return f.Text
	}
	return f.Type.Words()
}

// Identify is what only this part answers: a number in registers (Type and Equals), a
// text in registers (Text and Begins), or, to function 43/14, a Vendor or Product that
// begins so.
type Identify struct {
	Function uint8       `yaml:"function"`
	Address  uint16      `yaml:"register"`
	Type     codec.Type  `yaml:"type"`
	Text     int         `yaml:"text"` // so many registers of text
	Order    codec.Order `yaml:"order"`
	Equals   *uint64     `yaml:"equals"` // the registers' content in abcd order
	Begins   string      `yaml:"begins"`
	Vendor   string      `yaml:"vendor"`
	Product  string      `yaml:"product"`
}

// asks says whether the part is asked by function 43/14.
func (id *Identify) asks() bool { return id.Vendor != "" || id.Product != "" }

// words is the number of registers that are read.
func (id *Identify) words() int { return Fact{Type: id.Type, Text: id.Text}.words() }

// Fixture is one exchange on the wire, as RTU frames in hex, and the values it
// must give: numbers, or "none" for a channel without a value; and the facts.
type Fixture struct {
	Source   string            `yaml:"source,required"` // published, captured or constructed, and where
	Request  string            `yaml:"request,required"`
	Response string            `yaml:"response,required"`
	Values   map[string]string `yaml:"values"`
	Facts    map[string]string `yaml:"facts"`
}
