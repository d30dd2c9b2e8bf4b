package modbus

import (
	"io/fs"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// Format is how the profiles of Modbus parts are read.
func Format() profile.Format {
	return profile.Format{Protocol: name, Schema: schema, Parse: func(doc *yamldoc.Doc) (profile.Profile, error) {
		f, err := parse(doc)
		if err != nil {
			return nil, err
		}
		return f, nil
	}}
}

// Profiles are the Modbus parts of a set of profiles. It may be used from several
// goroutines, and what is in it never changes.
type Profiles struct {
	*profile.Set
	plans sync.Map // id → *drivers.Plan of a device without options of its own
}

// Of returns the Modbus parts of a set, which may be nil.
func Of(set *profile.Set) *Profiles { return &Profiles{Set: set} }

// ParseProfiles reads the profiles of Modbus parts in the given folders and below, and
// passes those of other protocols over. See profile.Formats.Read for the rest.
func ParseProfiles(folders ...fs.FS) (*Profiles, error) {
	set, err := profile.ReadOnly(Format(), folders...)
	if err != nil {
		return nil, err
	}
	return Of(set), nil
}

// IDs returns the ids of the Modbus parts in order.
func (p *Profiles) IDs() (ids []string) {
	for _, id := range p.Set.IDs() {
		if _, ok := p.Get(id); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

// names are the ids, those of files with mistakes among them: whose they are nobody
// knows, and the one driver that files without a protocol mean refuses their devices.
func (p *Profiles) names() []string {
	names := []string{}
	for _, id := range p.Names() {
		if _, ok := p.Get(id); ok || p.Broken(id) {
			names = append(names, id)
		}
	}
	return names
}

// Get returns the profile called id. It must not be changed.
func (p *Profiles) Get(id string) (*Profile, bool) {
	f, _ := p.Set.Get(id)
	m, ok := f.(*Profile)
	return m, ok
}

// Profile is what the register map and the datasheet of one part say. The file
// format is described in this package's README.md.
type Profile struct {
	profile.Head `yaml:",inline"`

	Line    Line  `yaml:"line"`
	Address uint8 `yaml:"address"` // as delivered; 0: not stated

	Answer     time.Duration `yaml:"timeout"`    // how long the part may take before it answers
	Turnaround time.Duration `yaml:"turnaround"` // the silence it needs between two requests

	MaxRegisters int `yaml:"max_registers"` // in one request, 1 to 125
	MaxBits      int `yaml:"max_bits"`      // coils or inputs in one request, 1 to 2000
	Gap          int `yaml:"gap"`           // so many unused registers or bits may be read between two used ones

	Identify *Identify  `yaml:"identify"` // what only this part answers; never nil
	Signs    []Sign     `yaml:"signs"`    // what it answers too, and others may
	Start    *Start     `yaml:"start"`    // the request that makes it measure
	Status   []Status   `yaml:"status"`   // where the part says what its values are worth
	Facts    []Fact     `yaml:"facts"`    // what the part says of itself
	Channels []Register `yaml:"channels,required"`
	Fixtures []Fixture  `yaml:"fixtures,required"`
}

// What files of all protocols have.
type (
	Line    = profile.Line
	Decimal = profile.Decimal
	Scale   = profile.Scale
)

// Measures implements profile.Profile.
func (f *Profile) Measures() (all []drivers.Channel) {
	for _, r := range f.Channels {
		all = append(all, drivers.Channel{Name: r.Channel, Min: r.Min.Float(), Max: r.Max.Float(), Resolution: r.Resolution.Float()})
	}
	return all
}

// Print implements profile.Profile.
func (f *Profile) Print() profile.Print {
	switch {
	case f.Identify.sure():
		return profile.Strong
	case len(f.Signs) > 0:
		return profile.Weak
	}
	return profile.NoPrint
}

// Examples implements profile.Profile.
func (f *Profile) Examples() (all []profile.Example) {
	for _, x := range f.Fixtures {
		all = append(all, profile.Example{Source: x.Source, Decode: func() ([]profile.Decoded, error) {
			e, err := x.Exchange()
			if err != nil {
				return nil, err
			}
			return f.Decode(e)
		}})
	}
	return all
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
	// Optional: models without it refuse it, which says nothing of which part it is.
	Optional bool `yaml:"optional"`
	// Decimals is where the part keeps how many of the number's digits are decimals.
	Decimals *Decimals `yaml:"decimals"`
}

// Decimals is a register, of the channel's function, with a number from 0 to 6: the
// value is raw × Scale / 10^number + Offset.
type Decimals struct {
	Address uint16     `yaml:"register,required"`
	Type    codec.Type `yaml:"type,required"`
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

// Fixture is one exchange on the wire, as RTU frames in hex, and the values it
// must give: numbers, with flag and reason where they are not good
// ("412/fail/instrument"), or "none" for a channel without a value; and the facts.
type Fixture struct {
	Source   string            `yaml:"source,required"` // published, captured or constructed, and where
	Request  string            `yaml:"request,required"`
	Response string            `yaml:"response,required"`
	Values   map[string]string `yaml:"values"`
	// Status is the verdict of the status registers in the exchange by channel: pass, or
	// a flag and why, like fail/instrument.
	Status map[string]string `yaml:"status"`
	Facts  map[string]string `yaml:"facts"`
}
