package uart

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// Profile is what the datasheet of one part says of its talk. The file format is
// described in this package's README.md. Exactly one of Lines, Fields and Frame is set.
type Profile struct {
	profile.Head `yaml:",inline"`

	Line    Line          `yaml:"line,required"`
	Timeout time.Duration `yaml:"timeout"` // for an answer, or between two messages of a part that talks by itself

	Ask      Bytes         `yaml:"ask"`      // empty: the part talks by itself
	Start    []Bytes       `yaml:"start"`    // sent when the part may have forgotten how it is set
	Pause    time.Duration `yaml:"pause"`    // after each of Start
	Restarts string        `yaml:"restarts"` // text with which the part says that it was switched on

	Lines  *Lines  `yaml:"lines"`
	Fields *Fields `yaml:"fields"`
	Frame  *Frame  `yaml:"frame"`

	Channels []Channel `yaml:"channels,required"`
	Faults   []Fault   `yaml:"faults"` // what the part says of itself in its messages
	Fixtures []Fixture `yaml:"fixtures,required"`

	form form // that of Lines, Fields or Frame
}

// Line is the part's line, as it is delivered.
type Line struct {
	profile.Line `yaml:",inline"`
	Data         int `yaml:"data"` // 8, or 7
}

// Settings returns l in the words of the driver contract.
func (l Line) Settings() drivers.LineSettings {
	s := l.Line.Settings()
	s.DataBits = l.Data
	return s
}

// Text is what messages of text have in common.
type Text struct {
	Begins  string `yaml:"begins"`  // what every message begins with; others are passed over
	Ends    Bytes  `yaml:"ends"`    // default: a line feed; a carriage return before it is taken off
	Longest int    `yaml:"longest"` // bytes in a message with its end, default 128
	// Sum is none, or xor: the message ends with * and two hexadecimal digits, the
	// exclusive or of what stands between its first character and the *.
	Sum string `yaml:"sum"`
}

// Lines are messages of text from which a regular expression takes the numbers.
type Lines struct {
	Text  `yaml:",inline"`
	Match string `yaml:"match,required"` // RE2, with a named group for each channel

	re *regexp.Regexp
}

// Fields are messages of text that consist of fields.
type Fields struct {
	Text      `yaml:",inline"`
	Separator string `yaml:"separator"` // default: a comma
	Count     int    `yaml:"count"`     // so many fields; 0: at least as many as are used
}

// Frame is how frames of bytes look. Offsets count from the frame's first byte, from 0;
// negative ones from behind its last one.
type Frame struct {
	Starts Hex      `yaml:"starts"`
	Length Length   `yaml:"length"`
	Ends   Hex      `yaml:"ends"`
	Sum    Checksum `yaml:"sum"`
	// Stuffing is none, shdlc (7E around the frame, 7D escapes) or slip (C0, DB). The
	// frame is what is inside, unescaped.
	Stuffing string `yaml:"stuffing"`
	Longest  int    `yaml:"longest"` // bytes, where the length is not fixed; default 256
}

// Length is how long a frame is: always Fixed bytes, or what the number at At says, plus
// Add.
type Length struct {
	Fixed int
	At    int
	Type  Type
	Order modbus.Order
	Add   int
	From  bool // the number says
}

// UnmarshalNode reads 9, or {at: 2, type: uint16, add: 4}.
func (l *Length) UnmarshalNode(n *yamldoc.Node) error {
	if n.Kind() == yamldoc.Scalar {
		return n.Decode(&l.Fixed)
	}
	var k lengthKeys
	err := n.Decode(&k)
	*l = Length{At: k.At, Type: k.Type, Order: k.Order, Add: k.Add, From: true}
	return err
}

type lengthKeys struct {
	At    int          `yaml:"at,required"`
	Type  Type         `yaml:"type,required"`
	Order modbus.Order `yaml:"order"`
	Add   int          `yaml:"add"`
}

// Checksum is where and how a frame is guarded: Kind over the bytes From … To, and it
// stands at At. Absent: the frame has none.
type Checksum struct {
	Kind   string `yaml:"kind,required"`
	From   int    `yaml:"from"`
	To     *int   `yaml:"to"`    // the first byte that is not in it; default: where the checksum stands
	At     *int   `yaml:"at"`    // default: at the end of the frame, before ends
	Order  string `yaml:"order"` // of two bytes: be or le; default be, of the Modbus and ARC kinds le
	Poly   *uint8 `yaml:"poly"`  // of crc8, like its init, xor and reflected
	Init   uint8  `yaml:"init"`
	Xor    uint8  `yaml:"xor"`
	Mirror bool   `yaml:"reflected"`
}

// Channel is one quantity, and where it stands in a message. The value is raw × Scale +
// Offset, in the metric's unit.
type Channel struct {
	Name  string `yaml:"name,required"`
	Group string `yaml:"group"` // lines: the expression's group; default the name, its dot as _

	Field *int   `yaml:"field"` // fields: its number, the first is 0
	Key   string `yaml:"key"`   // fields: the field that begins so; the number is its rest, or the next field

	Suffix string                     `yaml:"suffix"` // text: what stands behind the number, a unit
	Words  map[string]profile.Decimal `yaml:"words"`  // text: words that stand for numbers

	At    *int         `yaml:"at"` // frame
	Type  Type         `yaml:"type"`
	Order modbus.Order `yaml:"order"`
	Bits  modbus.Bits  `yaml:"bits"`

	Scale  profile.Scale   `yaml:"scale"`
	Offset profile.Decimal `yaml:"offset"`
	// What the part can measure, and the step it measures in; the step of a frame's whole
	// numbers is their scale, if it is not stated.
	Min        profile.Decimal `yaml:"min,required"`
	Max        profile.Decimal `yaml:"max,required"`
	Resolution profile.Decimal `yaml:"resolution"`
	// Missing are texts, or raw numbers, that say there is no value.
	Missing []string `yaml:"missing"`
}

// Fault is something that the part says of itself: a word in the text, a field, or a
// number in the frame. Means is instrument (the values are shown, and flagged), or
// warm-up, or no-echo (there are no values).
type Fault struct {
	Text  string       `yaml:"text"`
	Field *int         `yaml:"field"`
	At    *int         `yaml:"at"`
	Type  Type         `yaml:"type"`
	Order modbus.Order `yaml:"order"`
	Bits  modbus.Bits  `yaml:"bits"`
	Is    []string     `yaml:"is"`   // any of these
	Isnt  []string     `yaml:"isnt"` // none of these
	Means string       `yaml:"means,required"`
	Only  []string     `yaml:"channels"` // those that it is about; default all
}

// Fixture is something that the part sent, as Text or as Bytes, and what must come of it:
// values, or the word of the fault with which it is refused.
type Fixture struct {
	Source  string            `yaml:"source,required"` // published, captured or constructed, and where
	Text    string            `yaml:"text"`
	Bytes   Hex               `yaml:"bytes"`
	Values  map[string]string `yaml:"values"`
	Refused string            `yaml:"refused"`
}

// sent is what the part sent.
func (x Fixture) sent() []byte {
	if x.Text != "" {
		return []byte(x.Text)
	}
	return x.Bytes
}

// Bytes is something that is sent: a text, with escapes where the YAML has them in
// double quotes, or {hex: FF 01 86}.
type Bytes []byte

// UnmarshalNode reads a text or {hex: …}.
func (b *Bytes) UnmarshalNode(n *yamldoc.Node) error {
	if n.Kind() != yamldoc.Map {
		var s string
		err := n.Decode(&s)
		*b = Bytes(s)
		return err
	}
	var k hexKeys
	err := n.Decode(&k)
	*b = Bytes(k.Hex)
	return err
}

type hexKeys struct {
	Hex Hex `yaml:"hex,required"`
}

// Hex is bytes in hexadecimal digits.
type Hex []byte

// UnmarshalText reads FF 01 86, with or without blanks.
func (h *Hex) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		return fmt.Errorf("%q are no hexadecimal digits; write pairs, like FF 01 86", text)
	}
	*h = b
	return nil
}

// Measures implements profile.Profile.
func (f *Profile) Measures() (all []drivers.Channel) {
	for _, c := range f.Channels {
		all = append(all, drivers.Channel{Name: c.Name, Min: c.Min.Float(), Max: c.Max.Float(), Resolution: c.Resolution.Float()})
	}
	return all
}
