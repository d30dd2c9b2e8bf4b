package uart

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// message is what the part says in one message.
type message struct {
	readings  []obs.Reading // one per channel; nil: it has no values
	fault     string        // what it says of itself instead
	means     obs.Reason    // of fault
	restarted bool          // it was switched on
}

// other says whether the message is none that a sample waits for.
func (m message) other() bool { return m.readings == nil && m.fault == "" && !m.restarted }

// converter turns what stands in a message into readings of one channel.
type converter struct {
	spec    Channel
	channel drivers.Channel
	scaling profile.Scaling
	group   int      // lines: of the expression
	missing []uint64 // frame
}

// newConverter prepares c, with mount, the configured offset, added.
func newConverter(c Channel, mount profile.Decimal) (converter, error) {
	scaling, err := profile.NewScaling(c.Scale, c.Offset, c.Resolution, mount, c.Type.name == "" || c.Type.whole())
	if err != nil {
		return converter{}, err
	}
	lo, lok := c.Min.Plus(mount)
	hi, hok := c.Max.Plus(mount)
	if !lok || !hok {
		return converter{}, profile.ErrDigits
	}
	out := converter{spec: c, scaling: scaling}
	out.channel = drivers.Channel{Name: c.Name, Min: lo.Float(), Max: hi.Float(), Resolution: c.Resolution.Float()}
	for _, s := range c.Missing {
		if n, err := strconv.ParseUint(s, 0, 64); err == nil {
			out.missing = append(out.missing, n)
		}
	}
	return out, nil
}

// text makes a reading of what the part prints for the channel.
func (c *converter) text(b []byte) obs.Reading {
	b = bytes.TrimSpace(b)
	if len(b) == 0 || slices.Contains(c.spec.Missing, string(b)) {
		return obs.None(obs.Instrument)
	}
	if d, ok := c.spec.Words[string(b)]; ok {
		return c.channel.Read(c.scaling.Decimal(d))
	}
	if s := c.spec.Suffix; s != "" {
		cut, ok := bytes.CutSuffix(b, []byte(s))
		if !ok {
			return obs.None(obs.NotANumber)
		}
		b = bytes.TrimSpace(cut)
	}
	d, ok := decimal(b)
	if !ok {
		return obs.None(obs.NotANumber)
	}
	return c.channel.Read(c.scaling.Decimal(d))
}

// decimal reads digits with a sign and a point, at most 15 of them; more behind the point
// are beyond any part and cut off.
func decimal(b []byte) (d profile.Decimal, ok bool) {
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative, b = b[0] == '-', b[1:]
	}
	point, digits := false, 0
	for _, c := range b {
		switch {
		case c == '.' && !point:
			point = true
		case c < '0' || c > '9':
			return d, false
		case d.Digits >= 1e14 && point:
			// cut off
		case d.Digits >= 1e14:
			return d, false
		default:
			d.Digits = 10*d.Digits + int64(c-'0')
			if point {
				d.Places++
			}
		}
		if c != '.' {
			digits++
		}
		if d.Places > 15 {
			return d, false
		}
	}
	if negative {
		d.Digits = -d.Digits
	}
	return d, digits > 0
}

// number makes a reading of the frame that holds the channel.
func (c *converter) number(f []byte) obs.Reading {
	n, at, err := numberIn(f, *c.spec.At, c.spec.Type, c.spec.Order, c.spec.Bits)
	switch {
	case !at || slices.Contains(c.missing, n.Raw):
		return obs.None(obs.Instrument)
	case err != nil:
		return obs.None(obs.NotANumber)
	case n.Whole:
		return c.channel.Read(c.scaling.Whole(n.Int))
	}
	return c.channel.Read(c.scaling.Float(n.Float))
}

// numberIn takes a number out of a frame; there is false where the frame is too short for
// it.
func numberIn(f []byte, at int, t Type, o modbus.Order, bits modbus.Bits) (n modbus.Number, there bool, err error) {
	if at = fromEnd(at, len(f)); at < 0 || at+t.bytes > len(f) {
		return n, false, nil
	}
	n, err = t.decode(f[at:at+t.bytes], o, bits)
	return n, true, err
}

// said is whether the part says what the fault is about: word finds a text in the message,
// field one of its fields, number one in the frame.
func (x *Fault) said(body []byte, fields [][]byte) bool {
	switch {
	case x.Text != "":
		return bytes.Contains(body, []byte(x.Text))
	case x.Field != nil:
		if *x.Field >= len(fields) {
			return false
		}
		return x.holds(string(bytes.TrimSpace(fields[*x.Field])))
	}
	n, there, _ := numberIn(body, *x.At, x.Type, x.Order, x.Bits) // NaN has its bits
	return there && x.holds(strconv.FormatUint(n.Raw, 10))
}

// holds says whether a content is one that the fault names.
func (x *Fault) holds(s string) bool {
	if x.Is != nil {
		return slices.Contains(x.Is, s)
	}
	return !slices.Contains(x.Isnt, s)
}

// word is what the fault is called in messages.
func (x *Fault) word() string {
	switch {
	case x.Text != "":
		return x.Text
	case x.Field != nil:
		return "field " + strconv.Itoa(*x.Field)
	}
	return "byte " + strconv.Itoa(*x.At)
}

// tell adds a fault to a message without values.
func (m *message) tell(x *Fault) {
	m.fault = strings.TrimPrefix(m.fault+" "+x.word(), " ")
	m.means = obs.Reason(x.Means)
}

// judge flags readings with what the part says of itself; without readings it says what
// that is.
func (l *listener) judge(m *message, body []byte, fields [][]byte) {
	for i := range l.faults {
		x := &l.faults[i]
		if !x.said(body, fields) {
			continue
		}
		if m.readings == nil {
			m.tell(x)
			continue
		}
		for j := range m.readings {
			r := &m.readings[j]
			switch {
			case x.Only != nil && !slices.Contains(x.Only, l.convs[j].spec.Name):
			case x.Means != string(obs.Instrument):
				*r = obs.None(obs.Reason(x.Means))
			case r.Quality.Flag != obs.Missing:
				r.Quality = obs.Quality{Flag: obs.Fail, Why: obs.Instrument}
			}
		}
	}
}
