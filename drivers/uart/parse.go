package uart

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// Ids of the problems that are reported beside those of packages yamldoc and profile.
// The first six mean what they mean for Modbus parts.
const (
	badLine    = "E1803" // line or times
	badChannel = "E1804" // a channel's name
	badScale   = "E1806" // scale, offset, resolution
	badRange   = "E1807" // min, max
	badFixture = "E1808" // a fixture that says nothing, or gives other values
	noFixture  = "E1809" // a channel that no fixture shows
	badForm    = "E1814" // not one of lines, fields and frame; ends, longest, separator
	badMatch   = "E1815" // the regular expression
	badFrame   = "E1816" // starts, length, ends, sum or stuffing of a frame
	badPlace   = "E1817" // where a channel stands in a message
	badAsk     = "E1818" // what is sent
	badFault   = "E1819" // what the part says of itself
)

const (
	defaultTimeout = 2 * time.Second
	maxTimeout     = 30 * time.Second
	defaultPause   = 100 * time.Millisecond
	defaultLongest = 128
	maxLongest     = 4096
	defaultFrame   = 256 // bytes
	maxFrame       = 1024
	maxSent        = 256 // bytes in one command
	maxStart       = 16  // commands
	maxMatch       = 500 // characters of an expression
)

func parse(doc *yamldoc.Doc) (*Profile, error) {
	f := &Profile{Timeout: defaultTimeout, Pause: defaultPause}
	f.File, f.Protocol = doc.File(), name
	if err := doc.Decode(f); err != nil {
		return nil, err
	}
	c := checker{doc: doc, f: f, all: f.Check(doc)}
	c.line()
	c.sent()
	c.formed()
	for i := range f.Channels {
		c.channel(i)
	}
	for i := range f.Faults {
		c.fault(i)
	}
	if len(f.Channels) == 0 {
		c.report(badChannel, "the profile has no channel", "channels")
	}
	if len(f.Fixtures) == 0 {
		c.report(badFixture, "the profile has no fixture; something that the part sends, from a document or a real part, is needed", "fixtures")
	}
	if len(c.all) == 0 { // fixtures need messages that can be read
		c.fixtures()
	}
	return f, c.all.Err()
}

// checker judges what a well-formed file says.
type checker struct {
	doc *yamldoc.Doc
	f   *Profile
	all yamldoc.Problems
}

func (c *checker) report(id, msg string, at ...string) {
	c.all = append(c.all, c.doc.Problem(at, id, msg))
}

// has says whether the file has the key.
func (c *checker) has(at ...string) bool { return c.doc.Node(at...) != nil }

func (c *checker) line() {
	f := c.f
	switch l := f.Line; {
	case l.Baud <= 0 || l.Baud > 4_000_000:
		c.report(badLine, fmt.Sprintf("a line has no %d bit/s; write what the part is delivered with", l.Baud), "line", "baud")
	case !slices.Contains([]string{"", "none", "even", "odd"}, l.Parity):
		c.report(badLine, fmt.Sprintf("%q is no parity; write none, even or odd", l.Parity), "line", "parity")
	case l.Stop < 0 || l.Stop > 2:
		c.report(badLine, "stop bits are 1 or 2", "line", "stop")
	case l.Data != 0 && l.Data != 7 && l.Data != 8:
		c.report(badLine, "data bits are 8 or 7", "line", "data")
	}
	if f.Timeout <= 0 || f.Timeout > maxTimeout {
		c.report(badLine, fmt.Sprintf("a timeout of %v; write up to %v", f.Timeout, maxTimeout), "timeout")
	}
	if f.Every < 0 || f.WarmUp < 0 {
		c.report(badLine, "a time cannot be negative", "every")
	}
	if f.Pause < 0 || f.Pause > time.Second {
		c.report(badLine, "a pause is at most a second", "pause")
	}
}

// sent checks what is sent to the part.
func (c *checker) sent() {
	f := c.f
	if c.has("ask") && (len(f.Ask) == 0 || len(f.Ask) > maxSent) {
		c.report(badAsk, fmt.Sprintf("a question has 1 to %d bytes; leave the key out for a part that talks by itself", maxSent), "ask")
	}
	if len(f.Start) > maxStart {
		c.report(badAsk, fmt.Sprintf("at most %d commands set a part up", maxStart), "start")
	}
	for i, b := range f.Start {
		if len(b) == 0 || len(b) > maxSent {
			c.report(badAsk, fmt.Sprintf("a command has 1 to %d bytes", maxSent), "start", strconv.Itoa(i))
		}
	}
	if f.Restarts != "" && f.Frame != nil {
		c.report(badAsk, "restarts is a text; a part that sends frames has none", "restarts")
	}
}

// channel checks what all channels have, and where this one stands.
func (c *checker) channel(i int) {
	f, at := c.f, []string{"channels", strconv.Itoa(i)}
	ch := &f.Channels[i]
	if err := obs.CheckChannel(ch.Name); err != nil {
		c.report(badChannel, err.Error(), append(at, "name")...)
	}
	if slices.ContainsFunc(f.Channels[:i], func(o Channel) bool { return o.Name == ch.Name }) {
		c.report(badChannel, fmt.Sprintf("channel %s is there twice; tell them apart as %s.inlet, %s.outlet", ch.Name, ch.Name, ch.Name), append(at, "name")...)
	}
	c.fill(ch)
	switch {
	case f.Frame != nil:
		c.inFrame(ch, at)
	case f.Fields != nil:
		c.inFields(ch, at)
	case f.Lines != nil:
		c.inLines(ch, at)
	}
	c.scale(ch, at)
}

// fill sets what the channel does not say and what follows from the rest.
func (c *checker) fill(ch *Channel) {
	if ch.Scale == (profile.Scale{}) {
		ch.Scale = profile.Scale{Num: profile.Decimal{Digits: 1}, Den: profile.Decimal{Digits: 1}}
	}
	if c.f.Frame != nil && ch.Resolution == (profile.Decimal{}) && ch.Scale.IsDecimal() && ch.Type.name != "" && ch.Type.whole() {
		ch.Resolution = ch.Scale.Num
		ch.Resolution.Digits = max(ch.Resolution.Digits, -ch.Resolution.Digits)
	}
}

func (c *checker) scale(ch *Channel, at []string) {
	if ch.Resolution.Digits <= 0 {
		c.report(badScale, "the resolution is a number above 0: the step in which the part measures", append(at, "resolution")...)
	}
	if ch.Min.Float() >= ch.Max.Float() {
		c.report(badRange, "min is not below max", append(at, "min")...)
	}
	if _, err := newConverter(*ch, profile.Decimal{}); err != nil {
		c.report(badScale, err.Error(), append(at, "scale")...)
	}
}

// group is the name of the channel's group in the expression.
func (c *Channel) group() string {
	if c.Group != "" {
		return c.Group
	}
	return strings.ReplaceAll(c.Name, ".", "_")
}
