package modbus

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Identify is what only this part answers: a number in registers (Type and Equals), a
// text in registers (Text and Begins), or, to function 43/14, a Vendor or Product that
// begins so. The word none in its place says that the source names no such thing.
type Identify struct {
	None     bool        `yaml:"-"`
	Function uint8       `yaml:"function"`
	Address  uint16      `yaml:"register"`
	Type     codec.Type  `yaml:"type"`
	Text     int         `yaml:"text"` // so many registers of text
	Order    codec.Order `yaml:"order"`
	Equals   contents    `yaml:"equals"` // the registers' content in abcd order, one of these
	Begins   string      `yaml:"begins"`
	Vendor   string      `yaml:"vendor"`
	Product  string      `yaml:"product"`
}

// identifyKeys is Identify as its keys are read.
type identifyKeys Identify

// none is the word of a profile whose source names nothing that only its part answers.
const none = "none"

// UnmarshalNode implements yamldoc.Unmarshaler.
func (id *Identify) UnmarshalNode(n *yamldoc.Node) error {
	if n.Kind() != yamldoc.Scalar {
		return n.Decode((*identifyKeys)(id))
	}
	if id.None = n.Text() == none; !id.None {
		return n.Problem(badIdentify, fmt.Sprintf("%q is no identification; write what only this part answers, or none if its document names nothing", n.Text()))
	}
	return nil
}

// YAMLSchema says what UnmarshalNode reads.
func (*Identify) YAMLSchema() yamldoc.Schema {
	keys := yamldoc.SchemaOf(identifyKeys{}, func(path string) yamldoc.Note { return noteOf("identify." + path) })
	return yamldoc.Schema{"anyOf": []yamldoc.Schema{{"const": none}, keys}}
}

// sure says whether there is anything that only this part answers.
func (id *Identify) sure() bool { return id != nil && !id.None }

// asks says whether the part is asked by function 43/14.
func (id *Identify) asks() bool { return id.Vendor != "" || id.Product != "" }

// words is the number of registers that are read.
func (id *Identify) words() int { return Fact{Type: id.Type, Text: id.Text}.words() }

// contents are what registers may hold: one number, or a list of them.
type contents []uint64

// UnmarshalNode implements yamldoc.Unmarshaler.
func (c *contents) UnmarshalNode(n *yamldoc.Node) error {
	if n.Kind() == yamldoc.List {
		return n.Decode((*[]uint64)(c))
	}
	var one uint64
	err := n.Decode(&one)
	*c = contents{one}
	return err
}

// YAMLSchema says what UnmarshalNode reads.
func (*contents) YAMLSchema() yamldoc.Schema {
	one := yamldoc.Schema{"type": "integer", "minimum": 0}
	return yamldoc.Schema{"anyOf": []yamldoc.Schema{one, {"type": "array", "items": one, "minItems": 1}}}
}

// String writes c for a message: 0x296, or 0x259 or 0x25A.
func (c contents) String() string {
	var all []string
	for _, n := range c {
		all = append(all, fmt.Sprintf("0x%X", n))
	}
	return strings.Join(all, " or ")
}

// identify checks that the identification is one of its kinds, and whole.
func (c *checker) identify() {
	id := c.f.Identify
	if id == nil {
		c.report(badIdentify, "the profile does not say how its part is told from others; write identify: {…} with what only this part answers, or identify: none if its document names nothing", "identify")
		c.f.Identify = &Identify{None: true}
		return
	}
	if id.None {
		return
	}
	has := func(key string) bool { return c.doc.Node("identify", key) != nil }
	if id.asks() {
		for _, key := range []string{"function", "register", "type", "text", "order", "equals", "begins"} {
			if has(key) {
				c.report(badIdentify, "vendor and product are asked by function 43/14, "+key+" is about registers; delete one of the two", "identify", key)
			}
		}
		return
	}
	switch {
	case !has("function") || !has("register"):
		c.report(badIdentify, "write function, register, type and equals; or function, register, text and begins; or vendor, product or both; or none", "identify")
	case has("text") && id.Begins == "":
		c.report(badIdentify, "a text needs begins: what it begins with", "identify")
	case has("type") && len(id.Equals) == 0:
		c.report(badIdentify, "a number needs equals: what the registers hold", "identify")
	default:
		c.registers(badIdentify, Fact{Function: id.Function, Address: id.Address, Type: id.Type, Text: id.Text, Order: id.Order}, []string{"identify"})
	}
}

// Sign is what the part answers and others may, too: a register that it has, and what
// stands there as far as the source says. At most one of Own, Among, Within, Repeats and
// Begins is set; with none of them it is enough that the part answers, with a text where
// Text says so.
type Sign struct {
	Function uint8       `yaml:"function,required"` // 3 or 4
	Address  uint16      `yaml:"register,required"`
	Type     codec.Type  `yaml:"type"`
	Text     int         `yaml:"text"` // so many registers of text
	Order    codec.Order `yaml:"order"`

	Begins string   `yaml:"begins"` // a text that begins as those of several models do
	Not    []string `yaml:"not"`    // of which these are known to be others

	Own    bool     `yaml:"own_address"` // the part's address on the line
	Among  contents `yaml:"among"`       // one of these, in abcd order
	Within []int64  `yaml:"within"`      // the least and the greatest
	// Repeats is a channel that the registers hold once more: as value = number × Scale,
	// no more than By apart from what was read of the channel.
	Repeats string  `yaml:"repeats"`
	Scale   Scale   `yaml:"scale"`
	By      Decimal `yaml:"by"`
}

// fact is where s stands.
func (s Sign) fact() Fact {
	return Fact{Function: s.Function, Address: s.Address, Type: s.Type, Text: s.Text, Order: s.Order}
}

// scale is 1 if the file does not say.
func (s Sign) scale() float64 {
	if s.Scale == (Scale{}) {
		return 1
	}
	return s.Scale.Float()
}

// sign checks sign i.
func (c *checker) sign(i int) {
	s, at := c.f.Signs[i], []string{"signs", strconv.Itoa(i)}
	has := func(key string) bool { return c.doc.Node(append(at, key)...) != nil }
	said := 0
	for _, key := range []string{"own_address", "among", "within", "repeats"} {
		if has(key) {
			said++
		}
	}
	switch {
	case said > 1:
		c.report(badSign, "own_address, among, within and repeats say each what stands in the registers; write one", at...)
	case said > 0 && has("text"):
		c.report(badSign, "a text is no number; of it begins says what it begins with, and not which of those are other models", append(at, "text")...)
	case has("begins") && (!has("text") || s.Begins == ""), has("not") && s.Begins == "":
		c.report(badSign, "begins is what a text begins with, and not which of those are other models; write text: how many registers it has, and begins", at...)
	case has("within") && (len(s.Within) != 2 || s.Within[0] > s.Within[1]):
		c.report(badSign, "within has the least and the greatest, like [0, 7]", append(at, "within")...)
	case has("repeats") && !slices.ContainsFunc(c.f.Channels, func(r Register) bool { return r.Channel == s.Repeats }):
		c.report(badSign, "the profile has no such channel"+hint(s.Repeats, c.f.Channels), append(at, "repeats")...)
	case has("repeats") != has("by") || has("repeats") && s.By.Digits <= 0 || has("scale") && !has("repeats"):
		c.report(badSign, "a channel that is repeated needs by: how far apart the two may be, above 0, in the metric's unit; scale belongs to it", at...)
	default:
		c.registers(badSign, s.fact(), at)
	}
}

// in returns the registers that identify the part, as far as e holds them.
func (id *Identify) in(e Exchange) []uint16 {
	if !id.sure() || id.asks() {
		return nil
	}
	return e.words(id.Function, id.Address, id.words())
}

// prints says whether an exchange shows what the part is told by.
func (c *checker) prints(e Exchange) bool {
	return c.f.Identify.in(e) != nil || slices.ContainsFunc(c.f.Signs, func(s Sign) bool { return e.words(s.Function, s.Address, s.fact().words()) != nil })
}

// printed holds identify and signs against an exchange of the part.
func (c *checker) printed(e Exchange, out []obs.Reading, shown []bool, at []string) {
	at = append(at, "response")
	if words := c.f.Identify.in(e); words != nil {
		if found, ok := c.f.Identify.matches(words); !ok {
			c.report(badFixture, fmt.Sprintf("register 0x%04X holds %s here, identify says %s", c.f.Identify.Address, found, c.f.Identify.want()), at...)
		}
	}
	for _, s := range c.f.Signs {
		words := e.words(s.Function, s.Address, s.fact().words())
		if words == nil {
			continue
		}
		seen := evidence{address: int(e.Unit)}
		for i, r := range c.f.Channels {
			if r.Channel == s.Repeats && shown[i] && out[i].Quality.Flag != obs.Missing {
				seen.channel, seen.value = true, out[i].Value
			}
		}
		if want, found := s.differs(words, seen); want != "" {
			c.report(badFixture, fmt.Sprintf("register 0x%04X holds %s here, the sign says %s", s.Address, found, want), at...)
		}
	}
}
