package modbus

import (
	"errors"
	"math"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// converter turns registers into readings of one channel.
type converter struct {
	// What most channels are: one register with a decimal scale. It is read without a
	// detour: (register×mul + add) / unit.
	direct, signed bool
	unit           float64 // 10^places

	reg     Register
	channel drivers.Channel
	// A whole number times a decimal scale: (raw×mul + add) / 10^places, exactly.
	exact bool
	mul   int64
	// Else: raw × factor + base, rounded to whole steps, and then
	// (steps×step + add) / 10^places.
	factor, base float64
	step         int64
	perStep      float64 // steps in 1
	// In both, add holds what is added in units of 10^-places.
	add    int64
	places int
}

var errDigits = errors.New("scale, offset and resolution together need more than 15 digits")

// newConverter prepares r, with mount, the configured offset, added.
func newConverter(r Register, mount Decimal) (converter, error) {
	c := converter{reg: r, exact: r.Scale.decimal() && r.Type.Whole()}
	unit, add := r.Resolution, mount
	if c.exact {
		var ok bool
		if add, ok = r.Offset.plus(mount); !ok {
			return c, errDigits
		}
		unit = r.Scale.Num
	}
	c.places = max(unit.Places, add.Places)
	n, ok := unit.steps(c.places)
	var aok bool
	c.add, aok = add.steps(c.places)
	lo, lok := r.Min.plus(mount)
	hi, hok := r.Max.plus(mount)
	if !ok || !aok || !lok || !hok {
		return c, errDigits
	}
	c.mul, c.step = n, n
	c.factor, c.base = r.Scale.Float(), r.Offset.Float()
	c.unit = pow10(c.places)
	c.direct, c.signed = c.exact && r.direct() && max(abs(c.mul), abs(c.add)) < 1<<36, r.Type == codec.Int16
	c.perStep = pow10(r.Resolution.Places) / float64(max(r.Resolution.Digits, 1))
	c.channel = drivers.Channel{Name: r.Channel, Min: lo.Float(), Max: hi.Float(), Resolution: r.Resolution.Float()}
	return c, nil
}

// direct says whether r is one plain register, in which every number is a value.
func (r Register) direct() bool {
	return (r.Type == codec.Uint16 || r.Type == codec.Int16) && (r.Order == codec.ABCD || r.Order == codec.CDAB) &&
		r.Bits.Width == 0 && len(r.Missing) == 0
}

// read makes a reading of the channel's words.
func (c *converter) read(words []uint16) obs.Reading {
	if c.direct {
		n := int64(words[0])
		if c.signed {
			n = int64(int16(words[0]))
		}
		return c.channel.Read(float64(n*c.mul+c.add) / c.unit) // below 2^53: exact
	}
	n, err := c.reg.Type.Decode(words, c.reg.Order)
	if c.reg.Bits.Width > 0 {
		n, err = c.reg.Bits.Decode(c.reg.Type, words, c.reg.Order)
	}
	for _, code := range c.reg.Missing {
		if n.Raw == code {
			return obs.None(obs.Instrument)
		}
	}
	if err != nil {
		return obs.None(obs.NotANumber)
	}
	return c.channel.Read(c.value(n))
}

// readBit makes a reading of a coil or input.
func (c *converter) readBit(on bool) obs.Reading {
	n := codec.Number{Whole: true}
	if on {
		n = codec.Number{Raw: 1, Whole: true, Int: 1, Float: 1}
	}
	return c.channel.Read(c.value(n))
}

// value scales n. Whole results stay whole as long as a float64 can count them;
// one division then gives the float64 nearest to the decimal.
func (c *converter) value(n codec.Number) float64 {
	if !c.exact {
		n.Float = n.Float*c.factor + c.base
		n.Float = math.Round(n.Float * c.perStep)
		n.Whole, n.Int = math.Abs(n.Float) < 1<<53, int64(n.Float)
	}
	if f := n.Float*float64(c.mul) + float64(c.add); !n.Whole || math.Abs(f) >= 1<<53 || math.Abs(n.Float) >= 1<<53 {
		return f / c.unit
	}
	return float64(n.Int*c.mul+c.add) / c.unit
}
