package modbus

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// Ids of the problems that ParseProfiles reports beside those of packages yamldoc and
// profile.
const (
	badLine     = "E1803" // line, address, times or limits of the bus
	badChannel  = "E1804" // a channel's name
	badRegister = "E1805" // function, register or type
	badScale    = "E1806" // scale, offset, resolution
	badRange    = "E1807" // min, max
	badFixture  = "E1808" // a fixture that is no exchange, or gives other values
	noFixture   = "E1809" // a channel or fact that no fixture shows
	badFact     = "E1810" // a fact's name, or its registers
	badIdentify = "E1811" // an identification that says too little or too much
	badStatus   = "E1831" // a status register, or its verdict
	badStart    = "E1832" // the request that makes the part measure
	badAside    = "E1833" // a channel's decimals
	badSign     = "E1834" // a sign that says too little or too much
)

// ParseProfile reads one profile; file names it in messages, and its base must be the
// profile's id. The error is yamldoc.Problems.
func ParseProfile(file string, src []byte) (*Profile, error) {
	doc, err := yamldoc.Parse(file, src)
	if err != nil {
		return nil, err
	}
	return parse(doc)
}

func parse(doc *yamldoc.Doc) (*Profile, error) {
	f := &Profile{Answer: defaultAnswer, MaxRegisters: codec.MaxRegisters, MaxBits: codec.MaxBits}
	f.File, f.Protocol = doc.File(), name
	if err := doc.Decode(f); err != nil {
		return nil, err
	}
	for i := range f.Channels {
		f.Channels[i].fill(doc.Node("channels", strconv.Itoa(i)))
	}
	c := checker{doc: doc, f: f, all: f.Check(doc)}
	c.profile()
	c.bus()
	c.identify()
	for i := range f.Signs {
		c.sign(i)
	}
	c.start()
	for i := range f.Status {
		c.status(i)
	}
	for i := range f.Channels {
		c.register(i)
	}
	for i := range f.Facts {
		c.fact(i)
	}
	if len(c.all) == 0 { // fixtures need channels that can be read
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

func (c *checker) profile() {
	f := c.f
	if len(f.Channels) == 0 {
		c.report(badChannel, "the profile has no channel", "channels")
	}
	if len(f.Fixtures) == 0 {
		c.report(badFixture, "the profile has no fixture; one request and its answer, from a document or a real part, is needed", "fixtures")
	}
}

const (
	defaultAnswer = 500 * time.Millisecond
	maxAnswer     = 30 * time.Second
	maxGap        = 64
)

func (c *checker) bus() {
	f := c.f
	switch l := f.Line; {
	case l.Baud < 0 || l.Baud > 4_000_000:
		c.report(badLine, fmt.Sprintf("a line has no %d bit/s", l.Baud), "line", "baud")
	case !slices.Contains([]string{"", "none", "even", "odd"}, l.Parity):
		c.report(badLine, fmt.Sprintf("%q is no parity; write none, even or odd", l.Parity), "line", "parity")
	case l.Stop < 0 || l.Stop > 2:
		c.report(badLine, "stop bits are 1 or 2", "line", "stop")
	}
	if f.Answer <= 0 || f.Answer > maxAnswer {
		c.report(badLine, fmt.Sprintf("a timeout of %v; write up to %v", f.Answer, maxAnswer), "timeout")
	}
	for key, d := range map[string]time.Duration{"turnaround": f.Turnaround, "every": f.Every, "warm_up": f.WarmUp} {
		if d < 0 {
			c.report(badLine, "a time cannot be negative", key)
		}
	}
	if f.MaxRegisters < 1 || f.MaxRegisters > 125 {
		c.report(badLine, "one request reads 1 to 125 registers", "max_registers")
	}
	if f.MaxBits < 1 || f.MaxBits > codec.MaxBits {
		c.report(badLine, "one request reads 1 to 2000 bits", "max_bits")
	}
	if f.Gap < 0 || f.Gap > maxGap {
		c.report(badLine, fmt.Sprintf("a gap of 0 to %d registers or bits may be read over", maxGap), "gap")
	}
}
