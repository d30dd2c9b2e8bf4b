package modbus

import (
	"fmt"
	"slices"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// layout is what is read of a part: first its channels, then the registers that only
// say what the channels are worth, which nobody outside sees.
type layout struct {
	convs  []converter
	shown  int     // so many of them are channels
	judges []judge // status registers
	beside bool    // some channel needs more than its own registers
}

// aside is what a converter has to do with other registers than its own. The numbers
// are indexes of converters, -1 for none.
type aside struct {
	hidden   bool // it is no channel, but the register of another's decimals or status
	decimals int
	byPlaces []profile.Scaling // how the channel's numbers are scaled, by their decimals
}

// held is what such a register, or a channel that depends on one, held.
type held struct {
	state  holding
	number codec.Number
}

// newHeld returns what n converters hold before anything was read.
func newHeld(n int) []held { return make([]held, n) }

type holding uint8

const (
	unread  holding = iota
	refused         // the part does not give it
	found
)

// maxDecimals is the highest number of decimals that is believed.
const maxDecimals = 6

// layout adds to the channels the registers that say more of them.
func (f *Profile) layout(convs []converter) layout {
	l := layout{convs: convs, shown: len(convs)}
	for i := range l.shown {
		r := l.convs[i].reg
		if r.Decimals != nil {
			a := l.aside(i)
			a.decimals, a.byPlaces = l.hide(Register{Function: r.Function, Address: r.Decimals.Address, Type: r.Decimals.Type}), r.byPlaces(l.convs[i].mount)
		}
	}
	for _, s := range f.Status {
		j := judge{ok: s.OK, quality: s.quality()}
		for i := range l.shown {
			if len(s.Channels) == 0 || slices.Contains(s.Channels, l.convs[i].reg.Channel) {
				j.channels = append(j.channels, i)
			}
		}
		if len(j.channels) > 0 {
			j.at = l.hide(s.register())
			l.judges = append(l.judges, j)
		}
	}
	return l
}

// aside returns what converter i has to do with others, for writing.
func (l *layout) aside(i int) *aside {
	c := &l.convs[i]
	if c.aside == nil {
		c.aside = &aside{decimals: -1}
	}
	l.beside = true
	return c.aside
}

// hide adds a register that is no channel, and returns its index.
func (l *layout) hide(r Register) int {
	l.convs, l.beside = append(l.convs, converter{reg: r, aside: &aside{hidden: true, decimals: -1}}), true
	return len(l.convs) - 1
}

// byPlaces prepares r for each number of decimals that it may have. Where the digits
// do not suffice the list is shorter.
func (r Register) byPlaces(mount Decimal) (all []profile.Scaling) {
	for n := range maxDecimals + 1 {
		scale := r.Scale
		scale.Num.Places += n
		s, err := profile.NewScaling(scale, r.Offset, r.Resolution, mount, r.Type.Whole())
		if err != nil {
			break
		}
		all = append(all, s)
	}
	return all
}

// counts is 1 for a channel, 0 for what only says more of one.
func (c *converter) counts() int {
	if c.aside != nil && c.aside.hidden {
		return 0
	}
	return 1
}

// hold keeps what the words of c hold, until all registers are read.
func (c *converter) hold(words []uint16) held {
	n, _ := c.decode(words) // what is no number is still a content
	return held{state: found, number: n}
}

// finish makes of what was read of the channels alone what it is worth together.
// Registers that were not read say nothing.
func (l *layout) finish(out []obs.Reading, held []held) {
	for i := range out {
		c := &l.convs[i]
		if c.aside != nil && out[i].Quality.Flag != obs.Missing {
			out[i] = c.together(out[i], held[i], held)
		}
	}
	l.sentence(out, held)
}

// sentence flags the readings as the status registers say.
func (l *layout) sentence(out []obs.Reading, held []held) {
	for _, j := range l.judges {
		q := j.verdict(held[j.at])
		for _, i := range j.channels {
			switch {
			case out[i].Quality.Flag == obs.Missing:
			case q.Flag == obs.Missing:
				out[i] = obs.None(q.Why)
			default:
				out[i].Quality = out[i].Quality.Worst(q)
			}
		}
	}
}

// together reads one channel again, now that the registers beside it are known.
func (c *converter) together(r obs.Reading, own held, all []held) obs.Reading {
	a := c.aside
	if a.decimals >= 0 {
		n := all[a.decimals].number
		if all[a.decimals].state != found || n.Int < 0 || n.Int >= int64(len(a.byPlaces)) {
			return obs.None(obs.Instrument)
		}
		r = c.channel.Read(a.byPlaces[n.Int].Whole(own.number.Int))
	}
	return r
}

// Status is a register in which the part says what its values are worth.
type Status struct {
	Function uint8       `yaml:"function,required"` // 3 or 4
	Address  uint16      `yaml:"register,required"`
	Type     codec.Type  `yaml:"type,required"`
	Order    codec.Order `yaml:"order"`
	Bits     codec.Bits  `yaml:"bits"` // zero: the whole number
	// OK are the contents (in abcd order) with which the values count. With any other
	// they are flagged Flag, fail (if it is empty) or suspect, for the reason Why:
	// instrument if it is empty, or warm-up, calibration, maintenance, switched-off or manual. Flag missing says
	// that there is then no value at all, whatever the registers hold.
	OK   []uint64   `yaml:"ok,required"`
	Flag string     `yaml:"flag"`
	Why  obs.Reason `yaml:"why"`
	// Channels are those it speaks of; empty: all.
	Channels []string `yaml:"channels"`
}

// reasons are those that a status may have, the default first; flags likewise.
var (
	reasons = []obs.Reason{obs.Instrument, obs.WarmUp, obs.Calibration, obs.Maintenance, obs.SwitchedOff, obs.Manual}
	flags   = []obs.Flag{obs.Fail, obs.Suspect, obs.Missing}
)

// register is s as what is read.
func (s Status) register() Register {
	return Register{Function: s.Function, Address: s.Address, Type: s.Type, Order: s.Order, Bits: s.Bits}
}

// quality is what the values are worth when the status is not good.
func (s Status) quality() obs.Quality {
	q := obs.Quality{Flag: flags[0], Why: reasons[0]}
	for _, f := range flags {
		if s.Flag == f.String() {
			q.Flag = f
		}
	}
	if s.Why != "" {
		q.Why = s.Why
	}
	return q
}

// judge is a status register in a layout.
type judge struct {
	at       int // index of its converter
	ok       []uint64
	quality  obs.Quality
	channels []int
}

// verdict says what the status makes of its channels. A part that refuses its own
// status is not the one that the profile was written for, or its firmware is another:
// its values are to be looked at.
func (j judge) verdict(h held) obs.Quality {
	switch {
	case h.state == refused:
		return obs.Quality{Flag: obs.Suspect, Why: obs.Instrument}
	case h.state == found && !slices.Contains(j.ok, h.number.Raw):
		return j.quality
	}
	return obs.Quality{}
}

// verdictText says how a verdict is written: pass, or flag and reason.
func verdictText(q obs.Quality) string {
	if q.Flag == obs.NotEvaluated {
		return obs.Pass.String()
	}
	return fmt.Sprintf("%s/%s", q.Flag, q.Why)
}
