package modbus

import (
	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// converter turns registers into readings of one channel.
type converter struct {
	// What most channels are: one register with a decimal scale. It is read without a
	// detour.
	direct, signed bool
	scaling        profile.Scaling

	reg     Register
	channel drivers.Channel
	mount   Decimal // what the configuration adds
	aside   *aside  // nil: the channel's own registers say all
}

// newConverter prepares r, with mount, the configured offset, added.
func newConverter(r Register, mount Decimal) (converter, error) {
	c := converter{reg: r, mount: mount}
	var err error
	if c.scaling, err = profile.NewScaling(r.Scale, r.Offset, r.Resolution, mount, r.Type.Whole()); err != nil {
		return c, err
	}
	lo, lok := r.Min.Plus(mount)
	hi, hok := r.Max.Plus(mount)
	if !lok || !hok {
		return c, profile.ErrDigits
	}
	c.direct, c.signed = r.direct() && c.scaling.Small(), r.Type == codec.Int16
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
		v := c.scaling.Small16(n)
		if v >= c.channel.Min && v <= c.channel.Max {
			return obs.Reading{Value: v}
		}
		return c.channel.Read(v)
	}
	n, err := c.decode(words)
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

// decode returns the number that words hold.
func (c *converter) decode(words []uint16) (codec.Number, error) {
	if c.reg.Bits.Width > 0 {
		return c.reg.Bits.Decode(c.reg.Type, words, c.reg.Order)
	}
	return c.reg.Type.Decode(words, c.reg.Order)
}

// readBit makes a reading of a coil or input.
func (c *converter) readBit(on bool) obs.Reading {
	n := codec.Number{Whole: true}
	if on {
		n = codec.Number{Raw: 1, Whole: true, Int: 1, Float: 1}
	}
	return c.channel.Read(c.value(n))
}

// value scales n.
func (c *converter) value(n codec.Number) float64 {
	if n.Whole {
		return c.scaling.Whole(n.Int)
	}
	return c.scaling.Float(n.Float)
}
