package uart

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// formed checks that the profile has one form, and the form.
func (c *checker) formed() {
	f := c.f
	var forms []string
	for _, key := range []string{"lines", "fields", "frame"} {
		if c.has(key) {
			forms = append(forms, key)
		}
	}
	switch {
	case len(forms) != 1:
		at := []string{}
		if len(forms) > 1 {
			at = forms[1:2]
		}
		c.report(badForm, "write one of lines (text and an expression), fields (text between separators) and frame (bytes)", at...)
	case f.Lines != nil:
		f.form = f.Lines
		c.text(&f.Lines.Text, "lines")
		c.match()
	case f.Fields != nil:
		f.form = f.Fields
		c.text(&f.Fields.Text, "fields")
		if f.Fields.Separator == "" {
			f.Fields.Separator = ","
		}
		if n := f.Fields.Count; n < 0 || n > maxLongest {
			c.report(badForm, "so many fields no message has", "fields", "count")
		}
	case f.Frame != nil:
		f.form = f.Frame
		c.frame()
	}
}

// text checks what lines and fields have in common.
func (c *checker) text(t *Text, key string) {
	if t.Ends == nil {
		t.Ends = Bytes("\n")
	}
	if t.Longest == 0 {
		t.Longest = defaultLongest
	}
	switch {
	case len(t.Ends) == 0 || len(t.Ends) > 8:
		c.report(badForm, "a message ends with 1 to 8 bytes", key, "ends")
	case t.Longest < 2 || t.Longest > maxLongest:
		c.report(badForm, fmt.Sprintf("a message has 2 to %d bytes", maxLongest), key, "longest")
	case len(t.Begins) >= t.Longest:
		c.report(badForm, "that is longer than the longest message", key, "begins")
	}
	if !slices.Contains([]string{"", "none", "xor"}, t.Sum) {
		c.report(badForm, fmt.Sprintf("%q is no checksum of text; write none, or xor for * and two digits at the end", t.Sum), key, "sum")
	}
}

// match compiles the expression.
func (c *checker) match() {
	l := c.f.Lines
	if len(l.Match) > maxMatch {
		c.report(badMatch, fmt.Sprintf("the expression has %d characters; %d are enough", len(l.Match), maxMatch), "lines", "match")
		return
	}
	re, err := regexp.Compile(l.Match)
	var at *syntax.Error
	switch {
	case errors.As(err, &at):
		n := c.doc.Node("lines", "match")
		p := n.Problem(badMatch, fmt.Sprintf("the expression cannot be read: %s: %s", at.Code, at.Expr))
		if i := strings.Index(n.Text(), at.Expr); i >= 0 && at.Expr != "" {
			p = n.TextProblem(i, len(at.Expr), badMatch, "the expression cannot be read here: "+at.Code.String())
		}
		c.all = append(c.all, p.WithHint("expressions are RE2: no look-ahead, no back-reference; a group is (?P<level>…)"))
		return
	case err != nil:
		c.report(badMatch, err.Error(), "lines", "match")
		return
	}
	if l.re = re; re.MatchString("") {
		c.report(badMatch, "the expression matches an empty line; say what a message must hold", "lines", "match")
	}
}

// only reports keys that belong to another form.
func (c *checker) only(at []string, keys ...string) {
	for _, key := range []string{"group", "field", "key", "suffix", "words", "at", "type", "order", "bits"} {
		if n := c.doc.Node(append(at[:len(at):len(at)], key)...); n != nil && !slices.Contains(keys, key) {
			c.all = append(c.all, n.KeyProblem(badPlace, fmt.Sprintf("%s does not go with the form of this profile; its keys are %s", key, strings.Join(keys, ", "))))
		}
	}
}

func (c *checker) inLines(ch *Channel, at []string) {
	c.only(at, "group", "suffix", "words")
	if re := c.f.Lines.re; re != nil && re.SubexpIndex(ch.group()) < 0 {
		c.report(badPlace, fmt.Sprintf("the expression has no group %q; write (?P<%s>…) in match", ch.group(), ch.group()), append(at, "name")...)
	}
}

func (c *checker) inFields(ch *Channel, at []string) {
	c.only(at, "field", "key", "suffix", "words")
	switch {
	case (ch.Field != nil) == (ch.Key != ""):
		c.report(badPlace, "write field (its number, the first is 0) or key (what it begins with), one of the two", append(at, "name")...)
	case ch.Field != nil:
		c.field(*ch.Field, badPlace, append(at, "field"))
	}
}

func (c *checker) field(n int, id string, at []string) {
	if count := c.f.Fields.Count; n < 0 || n >= maxLongest || count > 0 && n >= count {
		c.report(id, fmt.Sprintf("the message has no field %d; the first is 0", n), at...)
	}
}

func (c *checker) inFrame(ch *Channel, at []string) {
	c.only(at, "at", "type", "order", "bits")
	if ch.At == nil || ch.Type.name == "" {
		c.report(badPlace, "write at (where the number begins, the frame's first byte is 0) and type, like uint16", append(at, "name")...)
		return
	}
	c.number(*ch.At, ch.Type, ch.Order, ch.Bits, badPlace, at)
	for i, s := range ch.Missing {
		if _, err := strconv.ParseUint(s, 0, 64); err != nil {
			c.report(badPlace, "write the raw number, like 0xFFFF, as it is before scaling", append(at, "missing", strconv.Itoa(i))...)
		}
	}
}

// number checks a number in a frame.
func (c *checker) number(offset int, t Type, o modbus.Order, bits modbus.Bits, id string, at []string) {
	f := c.f.Frame
	end := offset + t.bytes
	switch size := f.longest(); {
	case offset >= 0 && end > size, offset < 0 && (end > 0 || -offset > size):
		c.report(id, fmt.Sprintf("a %s at %d does not end inside a frame of %d bytes", t, offset, size), append(at, "at")...)
	}
	if !t.takes(o) {
		c.report(id, fmt.Sprintf("%s has %d bytes; %s is no order of so many", t, t.bytes, o), append(at, "order")...)
	}
	if bits.Width > 0 && !t.holds(bits) {
		c.report(id, fmt.Sprintf("%s has no bits %s; bit fields are in uint and int types", t, bits), append(at, "bits")...)
	}
}

// fault checks fault i.
func (c *checker) fault(i int) {
	x, at := &c.f.Faults[i], []string{"faults", strconv.Itoa(i)}
	if !slices.Contains(meanings, x.Means) {
		c.report(badFault, fmt.Sprintf("%q is no meaning; write %s", x.Means, strings.Join(meanings, ", ")), append(at, "means")...)
	}
	for j, name := range x.Only {
		if !slices.ContainsFunc(c.f.Channels, func(o Channel) bool { return o.Name == name }) {
			c.report(badFault, "the profile has no channel "+name, append(at, "channels", strconv.Itoa(j))...)
		}
	}
	where := 0
	for _, key := range []string{"text", "field", "at"} {
		if c.has(append(at, key)...) {
			where++
		}
	}
	switch f := c.f; {
	case where != 1, x.At != nil && f.Frame == nil, x.Field != nil && f.Fields == nil, x.Text != "" && f.Frame != nil:
		c.report(badFault, "a fault is a text (of lines and fields), a field (of fields), or a number at some place of the frame", at...)
	case x.Text != "" || c.has(append(at, "text")...):
		if x.Text == "" || x.Is != nil || x.Isnt != nil {
			c.report(badFault, "the text itself is the fault; is and isnt belong to field and at", at...)
		}
	case (x.Is == nil) == (x.Isnt == nil):
		c.report(badFault, "write is (any of these means it) or isnt (anything else means it), one of the two", at...)
	case x.Field != nil:
		c.field(*x.Field, badFault, append(at, "field"))
	default:
		c.faultNumber(x, at)
	}
}

// faultNumber checks the number that says a fault, and makes the contents to compare it
// with plain.
func (c *checker) faultNumber(x *Fault, at []string) {
	if x.Type.name == "" {
		c.report(badFault, "write type, like uint8", append(at, "at")...)
		return
	}
	c.number(*x.At, x.Type, x.Order, x.Bits, badFault, at)
	for key, list := range map[string][]string{"is": x.Is, "isnt": x.Isnt} {
		for i, s := range list {
			n, err := strconv.ParseUint(s, 0, 64)
			if err != nil {
				c.report(badFault, "write the raw number, like 0 or 0x80", append(at, key, strconv.Itoa(i))...)
			}
			list[i] = strconv.FormatUint(n, 10)
		}
	}
}

// meanings are what a fault can mean.
var meanings = []string{string(obs.Instrument), string(obs.WarmUp), string(obs.NoEcho)}
