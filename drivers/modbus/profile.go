package modbus

import (
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Profiles is a set of profiles by id. It is never changed after ParseProfiles
// and may be read from several goroutines.
type Profiles struct {
	byID map[string]*Profile
	ids  []string
}

// IDs returns the ids in order.
func (p *Profiles) IDs() []string { return slices.Clone(p.ids) }

// Get returns the profile called id. It must not be changed.
func (p *Profiles) Get(id string) (*Profile, bool) {
	f, ok := p.byID[id]
	return f, ok
}

// Profile is what the register map and the datasheet of one part say. The file
// format is described in this package's README.md.
type Profile struct {
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
	Gap          int `yaml:"gap"`           // so many unused registers may be read between two used ones

	Identify *Identify  `yaml:"identify"` // how to tell that it is this part
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

// Register is a channel and the registers it is read from. The value is
// raw × Scale + Offset, in the metric's unit.
type Register struct {
	Channel  string      `yaml:"name,required"`
	Function uint8       `yaml:"function,required"` // 3 holding, 4 input registers
	Address  uint16      `yaml:"register,required"` // of the first one, zero-based, as on the wire
	Type     codec.Type  `yaml:"type,required"`
	Order    codec.Order `yaml:"order"`
	Scale    Scale       `yaml:"scale"`
	Offset   Decimal     `yaml:"offset"`
	// What the part can measure, and the step it measures in. For whole numbers the
	// step is the scale, if it is not stated. Values that are not whole numbers times
	// a decimal scale are rounded to it: the digits below are arithmetic, not
	// measurement.
	Min        Decimal `yaml:"min,required"`
	Max        Decimal `yaml:"max,required"`
	Resolution Decimal `yaml:"resolution"`
	// Missing are register contents (in abcd order) that say there is no value.
	Missing []uint64 `yaml:"missing"`
}

// last is the address of the last register.
func (r Register) last() int { return int(r.Address) + r.Type.Words() - 1 }

// Identify is a register that only this part answers so.
type Identify struct {
	Function uint8      `yaml:"function,required"`
	Address  uint16     `yaml:"register,required"`
	Type     codec.Type `yaml:"type,required"`
	Equals   uint64     `yaml:"equals,required"`
}

// Fixture is one exchange on the wire, as RTU frames in hex, and the values it
// must give: numbers, or "none" for a channel without a value.
type Fixture struct {
	Source   string            `yaml:"source,required"` // published, captured or constructed, and where
	Request  string            `yaml:"request,required"`
	Response string            `yaml:"response,required"`
	Values   map[string]string `yaml:"values,required"`
}
