package modbus

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// status checks status register i.
func (c *checker) status(i int) {
	s, at := c.f.Status[i], []string{"status", strconv.Itoa(i)}
	c.registers(badStatus, Fact{Function: s.Function, Address: s.Address, Type: s.Type, Order: s.Order}, at)
	if s.Bits.Width > 0 && !s.Bits.Fits(s.Type) {
		c.report(badStatus, fmt.Sprintf("%s has no bits %s; bit fields are in the whole numbers of 16, 32 and 64 bits", s.Type, s.Bits), append(at, "bits")...)
	}
	if len(s.OK) == 0 {
		c.report(badStatus, "with no content would the values count; write ok: [0], or what the part has there when all is well", append(at, "ok")...)
	}
	if s.Why != "" && !slices.Contains(reasons, s.Why) {
		c.report(badStatus, fmt.Sprintf("%q is no reason a part can give; write one of %q", s.Why, reasons), append(at, "why")...)
	}
	if s.Flag != "" && !slices.ContainsFunc(flags, func(f obs.Flag) bool { return f.String() == s.Flag }) {
		c.report(badStatus, fmt.Sprintf("%q is no flag of a value; write fail, suspect or missing", s.Flag), append(at, "flag")...)
	}
	for n, name := range s.Channels {
		if !slices.ContainsFunc(c.f.Channels, func(r Register) bool { return r.Channel == name }) {
			c.report(badStatus, "the profile has no such channel"+hint(name, c.f.Channels), append(at, "channels", strconv.Itoa(n))...)
		}
	}
}

// aside checks the registers beside a channel's own.
func (c *checker) aside(r Register, at []string) {
	if d := r.Decimals; d != nil {
		c.registers(badAside, Fact{Function: r.Function, Address: d.Address, Type: d.Type}, append(at, "decimals"))
		switch {
		case !r.Type.Whole() || !r.Scale.IsDecimal():
			c.report(badAside, "decimals are of a whole number with a decimal scale", append(at, "decimals")...)
		case !d.Type.Whole():
			c.report(badAside, fmt.Sprintf("how many decimals there are is a whole number, not a %s", d.Type), append(at, "decimals", "type")...)
		case c.doc.Node(append(at, "resolution")...) == nil:
			c.report(badScale, "the channel has no resolution; with decimals that the part tells it cannot be reckoned: write the finest step", append(at, "resolution")...)
		}
	}
}

// judged compares the verdict on one channel with what the fixture says.
func (c *checker) judged(name, want string, l *layout, held []held) error {
	i := slices.IndexFunc(c.f.Channels, func(r Register) bool { return r.Channel == name })
	if i < 0 {
		return errors.New("the profile has no such channel" + hint(name, c.f.Channels))
	}
	out := make([]obs.Reading, l.shown)
	l.sentence(out, held)
	spoken := slices.ContainsFunc(l.judges, func(j judge) bool {
		return slices.Contains(j.channels, i) && held[j.at].state == found
	})
	if !spoken {
		return errors.New("the exchange holds no status of this channel")
	}
	if got := verdictText(out[i].Quality); got != want {
		return fmt.Errorf("the status gives %s, the fixture says %s", got, want)
	}
	return nil
}
