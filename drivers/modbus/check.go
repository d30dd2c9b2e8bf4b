package modbus

import (
	"fmt"
	"slices"
	"strconv"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// fill sets what the channel does not say and what follows from the rest.
func (r *Register) fill(n *yamldoc.Node) {
	if r.Scale == (Scale{}) {
		r.Scale = Scale{Num: Decimal{Digits: 1}, Den: Decimal{Digits: 1}}
	}
	if r.Resolution == (Decimal{}) && r.Scale.IsDecimal() {
		r.Resolution = r.Scale.Num
		r.Resolution.Digits = max(r.Resolution.Digits, -r.Resolution.Digits)
	}
	if r.single() && n.Node("min") == nil && n.Node("max") == nil && n.Node("scale") == nil && n.Node("offset") == nil {
		r.Max = Decimal{Digits: 1}
	}
}

// register checks channel i.
func (c *checker) register(i int) {
	r, at := c.f.Channels[i], []string{"channels", strconv.Itoa(i)}
	if err := obs.CheckChannel(r.Channel); err != nil {
		c.report(badChannel, err.Error(), append(at, "name")...)
	}
	if slices.ContainsFunc(c.f.Channels[:i], func(o Register) bool { return o.Channel == r.Channel }) {
		c.report(badChannel, fmt.Sprintf("channel %s is there twice; tell them apart as %s.inlet, %s.outlet", r.Channel, r.Channel, r.Channel), append(at, "name")...)
	}
	switch {
	case r.Function < 1 || r.Function > 4:
		c.report(badRegister, fmt.Sprintf("function %d; write 1 (coils), 2 (discrete inputs), 3 (holding registers) or 4 (input registers)", r.Function), append(at, "function")...)
	case r.Coils():
		c.coil(at)
	default:
		c.number(r, at)
	}
	c.scale(r, at)
}

// coil checks that a channel of one bit has nothing that belongs to registers.
func (c *checker) coil(at []string) {
	for _, key := range []string{"type", "order", "bits", "missing", "decimals"} {
		if n := c.doc.Node(append(at, key)...); n != nil {
			c.all = append(c.all, n.KeyProblem(badRegister, key+" belongs to registers; a coil or discrete input is one bit, 0 or 1"))
		}
	}
}

// number checks how a channel's number stands in its registers.
func (c *checker) number(r Register, at []string) {
	if c.doc.Node(append(at, "type")...) == nil {
		c.report(badRegister, "the channel has no type; write how its registers hold the number, like uint16", append(at, "type")...)
		return
	}
	switch {
	case r.last() > 1<<16-1:
		c.report(badRegister, "the registers of this type run past 65535", append(at, "register")...)
	case r.Type.Words() > c.f.MaxRegisters:
		c.report(badRegister, fmt.Sprintf("%s needs %d registers, max_registers allows %d", r.Type, r.Type.Words(), c.f.MaxRegisters), append(at, "type")...)
	}
	c.order(r.Order, r.Type, append(at, "order"))
	if r.Bits.Width > 0 && !r.Bits.Fits(r.Type) {
		c.report(badRegister, fmt.Sprintf("%s has no bits %s; bit fields are in the whole numbers of 16, 32 and 64 bits", r.Type, r.Bits), append(at, "bits")...)
	}
	c.aside(r, at)
}

func (c *checker) order(o codec.Order, t codec.Type, at []string) {
	switch {
	case t >= codec.Uint8High && o != codec.ABCD:
		c.report(badRegister, "a single byte has no order; write which one it is, -high or -low", at...)
	case !o.Fits(t.Words()):
		c.report(badRegister, fmt.Sprintf("%s is an order of eight bytes, %s has %d; write abcd, cdab, badc or dcba", o, t, 2*t.Words()), at...)
	}
}

// scale checks what becomes of the number.
func (c *checker) scale(r Register, at []string) {
	if r.Resolution.Digits <= 0 {
		c.report(badScale, "the resolution is a number above 0; a quotient as scale needs one", append(at, "resolution")...)
	}
	missing := ""
	for _, key := range []string{"max", "min"} {
		if c.doc.Node(append(at, key)...) == nil && (!r.single() || r.Max == (Decimal{})) {
			missing = key
		}
	}
	switch {
	case missing != "":
		c.report(badRange, "the channel has no "+missing+"; write what the part can measure, in the metric's unit", append(at, missing)...)
	case r.Min.Float() >= r.Max.Float():
		c.report(badRange, "min is not below max", append(at, "min")...)
	}
	if _, err := newConverter(r, Decimal{}); err != nil {
		c.report(badScale, err.Error(), append(at, "scale")...)
	}
}

// maxText is how many registers a text may have.
const maxText = 64

// fact checks fact i.
func (c *checker) fact(i int) {
	f, at := c.f.Facts[i], []string{"facts", strconv.Itoa(i)}
	if err := obs.CheckChannel(f.Name); err != nil || obs.MetricName(f.Name) != f.Name {
		c.report(badFact, fmt.Sprintf("%q is no name of a fact; write 1 to 32 of a-z 0-9 _, like serial_number", f.Name), append(at, "name")...)
	}
	if slices.ContainsFunc(c.f.Facts[:i], func(o Fact) bool { return o.Name == f.Name }) {
		c.report(badFact, f.Name+" is there twice", append(at, "name")...)
	}
	c.registers(badFact, f, at)
}

// registers checks registers that hold a number or a text and are no channel.
func (c *checker) registers(id string, f Fact, at []string) {
	has := func(key string) bool { return c.doc.Node(append(at, key)...) != nil }
	switch {
	case f.Function != 3 && f.Function != 4:
		c.report(id, fmt.Sprintf("function %d; write 3 (holding registers) or 4 (input registers)", f.Function), append(at, "function")...)
	case has("type") == has("text"):
		c.report(id, "write type (a number) or text (so many registers of text), one of the two", at...)
	case has("text") && (f.Text < 1 || f.Text > maxText):
		c.report(id, fmt.Sprintf("a text has 1 to %d registers, two characters each", maxText), append(at, "text")...)
	case f.words() > c.f.MaxRegisters:
		c.report(id, fmt.Sprintf("%d registers are needed, max_registers allows %d", f.words(), c.f.MaxRegisters), at...)
	case int(f.Address)+f.words() > 1<<16:
		c.report(id, "the registers run past 65535", append(at, "register")...)
	case has("type"):
		c.order(f.Order, f.Type, append(at, "order"))
	}
}
