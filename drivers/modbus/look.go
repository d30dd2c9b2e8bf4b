package modbus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// addressed is what a line's owner offers to drivers that must know at which address
// their part is asked.
type addressed interface{ Address() uint8 }

// deafTo is how often a part may be silent to the question for a sign, while it answers
// others, until that is held against it.
const deafTo = 3

// lastAddress is the highest that is one part's own; those above are answered by any.
const lastAddress = 247

// suspicion is what a driver has seen of its part since it was last out of sight.
type suspicion struct {
	open   []int       // the signs that are not settled yet
	silent map[int]int // how often the part was silent to a sign
	unfit  []string    // what did not fit
	values bool        // the values are still to be judged
	seen   []sight     // what is odd about the channels' registers, while they are
	odd    string      // what is impossible about the values
	last   string      // what was told before; it holds until all is settled
}

// sight is what is seen of a channel beside its reading.
type sight uint8

const (
	ordinary sight = iota
	noSuch         // the part refuses it
	noNumber       // the registers hold nothing that somebody wrote as such a number
)

// Doubt implements drivers.Doubter.
func (d *driver) Doubt() string { return d.doubt.last }

// forget begins to look anew: another part may hang there now.
func (s *suspicion) forget(f *Profile) {
	s.open, s.silent, s.unfit, s.odd = s.open[:0], nil, nil, ""
	s.values = !f.Identify.sure() // who is known by name is not judged by looks
	for i := range f.Signs {
		s.open = append(s.open, i)
	}
}

// look holds the first answers of a part against what else is known of it. Nothing that
// comes of it is an error: what does not fit is a suspicion, what was not answered is
// asked again after the next sample. A part that begins with impossible values, as some
// do while they start, is looked at until they are possible, and then no more.
func (d *driver) look(ctx context.Context, out []obs.Reading) {
	s := &d.doubt
	if !s.values && len(s.open) == 0 {
		return
	}
	s.open = slices.DeleteFunc(s.open, func(i int) bool { return d.settle(ctx, i, out) })
	if s.values {
		s.odd = d.impossible(out)
		s.values = s.odd != ""
	}
	if told := s.text(); told != "" || len(s.open) == 0 {
		s.last = told
	}
}

// text is all that does not fit, as half a sentence.
func (s *suspicion) text() string {
	all := slices.Clone(s.unfit)
	if s.odd != "" {
		all = append(all, s.odd)
	}
	return strings.Join(all, "; ")
}

// settle asks for a sign and says whether that settled it.
func (d *driver) settle(ctx context.Context, i int, out []obs.Reading) bool {
	g := d.profile.Signs[i]
	words, err := d.unit.ReadRegisters(ctx, g.Function, g.Address, uint16(g.fact().words()))
	switch {
	case ctx.Err() != nil:
		return false
	case errors.Is(err, drivers.ErrTimeout):
		if d.doubt.silent == nil {
			d.doubt.silent = map[int]int{}
		}
		if d.doubt.silent[i]++; d.doubt.silent[i] < deafTo {
			return false
		}
		d.doubt.unfit = append(d.doubt.unfit, fmt.Sprintf("it does not answer for register 0x%04X (function %d), which %s has", g.Address, g.Function, d.profile.a()))
		return true
	case refuses(err):
		d.doubt.unfit = append(d.doubt.unfit, fmt.Sprintf("it refuses register 0x%04X (function %d), which %s has", g.Address, g.Function, d.profile.a()))
		return true
	case err != nil || len(words) < g.fact().words():
		return false
	}
	if why := d.unlike(g, words, out); why != "" {
		d.doubt.unfit = append(d.doubt.unfit, why)
	}
	return true
}

// refuses says whether err is of a part that does not have what it was asked for.
// One that is busy, or whose gateway cannot reach it, says nothing of itself.
func refuses(err error) bool {
	var code codec.Exception
	if !errors.As(err, &code) {
		return errors.Is(err, drivers.ErrException)
	}
	return code <= 3 // the function, the address, the number
}

// a is the profile's part in a sentence.
func (f *Profile) a() string { return "a part of the profile " + f.ID }

// unlike says what in a sign's registers is not as the part has it; empty if nothing.
// Where the address is not known, or the channel was not read, nothing is.
func (d *driver) unlike(g Sign, words []uint16, out []obs.Reading) string {
	e := evidence{}
	if unit, known := d.unit.(addressed); known && unit.Address() <= lastAddress {
		e.address = int(unit.Address())
	}
	for i := range out {
		if d.convs[i].reg.Channel == g.Repeats && out[i].Quality.Flag != obs.Missing {
			e.channel, e.value = true, out[i].Value
		}
	}
	if want, found := g.differs(words, e); want != "" {
		return fmt.Sprintf("register 0x%04X (function %d) holds %s, %s has %s there", g.Address, g.Function, found, d.profile.a(), want)
	}
	return ""
}

// evidence is what a sign may be compared with.
type evidence struct {
	address int  // at which the part was asked; 0: not known
	channel bool // value is that of the repeated channel
	value   float64
}

// differs says what words should hold and what they do; want is empty if they may be the
// part's.
func (g Sign) differs(words []uint16, e evidence) (want, found string) {
	if g.Text > 0 {
		return g.differsText(words[:g.Text])
	}
	n, err := g.Type.Decode(words, g.Order)
	found = fmt.Sprintf("0x%X", n.Raw)
	v := n.Float
	if n.Whole {
		v = float64(n.Int)
	}
	switch {
	case g.Own && e.address != 0 && (err != nil || v != float64(e.address)):
		return fmt.Sprintf("its address, %d,", e.address), found
	case len(g.Among) > 0 && !slices.Contains(g.Among, n.Raw):
		return g.Among.String(), found
	case g.Within != nil && (err != nil || v < float64(g.Within[0]) || v > float64(g.Within[1])):
		return fmt.Sprintf("%d to %d", g.Within[0], g.Within[1]), found
	case g.Repeats != "" && e.channel && (err != nil || math.Abs(v*g.scale()-e.value) > g.By.Float()):
		return fmt.Sprintf("its %s, %v,", g.Repeats, e.value), found
	}
	return "", ""
}

// differsText is differs for a text.
func (g Sign) differsText(words []uint16) (want, found string) {
	s, err := codec.Text(words, g.Order)
	begins := func(with string) bool { return strings.HasPrefix(s, with) }
	switch {
	case err != nil || s == "":
		return "a text", digits(words)
	case slices.ContainsFunc(g.Not, begins):
		return "a text that is none of another model's", strconv.Quote(s)
	case !begins(g.Begins):
		return strconv.Quote(g.Begins) + " …", strconv.Quote(s)
	}
	return "", ""
}

// impossible says what about the values of a whole sample no part of this profile gives;
// empty if nothing. A single odd value is a bad value; several at once, and more than
// half of them, are another part.
func (d *driver) impossible(out []obs.Reading) string {
	odd, all := 0, 0
	for i, r := range out {
		switch q := r.Quality; {
		case d.doubt.sight(i) == noSuch && d.convs[i].reg.Optional:
			continue
		case d.doubt.sight(i) != ordinary, q.Flag == obs.Fail && q.Why == obs.Range:
			odd++
		case q.Flag == obs.Missing:
			continue // the part's own word for no value
		}
		all++
	}
	if odd < 2 || 2*odd <= all {
		return ""
	}
	return fmt.Sprintf("%d of its %d values are none that %s gives", odd, all, d.profile.a())
}

// note keeps what was seen of a channel, as long as somebody wants to know.
func (s *suspicion) note(channel int, what sight) {
	if !s.values || channel >= len(s.seen) {
		return
	}
	s.seen[channel] = what
}

func (s *suspicion) sight(channel int) sight { return s.seen[channel] }

// strange says whether what stands in a channel's registers was hardly written as such a
// number: a floating-point number so near to zero that its leading digits are lost, which
// no arithmetic of a part leaves behind, or a decimal digit above 9. Not a number, and the
// infinities, are words that parts have for no value.
func (c *converter) strange(words []uint16) sight {
	n, err := c.decode(words)
	switch t := c.reg.Type; {
	case t == codec.Float32 && n.Raw&0x7F80_0000 == 0 && n.Raw&0x007F_FFFF != 0,
		t == codec.Float64 && n.Raw&0x7FF0_0000_0000_0000 == 0 && n.Raw&0x000F_FFFF_FFFF_FFFF != 0,
		t.Whole() && err != nil:
		return noNumber
	}
	return ordinary
}
