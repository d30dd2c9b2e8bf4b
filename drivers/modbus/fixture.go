package modbus

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// Exchange is a request and its answer, taken apart. Bits are those of functions 1
// and 2, Registers those of 3 and 4.
type Exchange struct {
	Unit      uint8
	Request   codec.Request
	Registers []uint16
	Bits      []bool
}

// Exchange takes the frames apart and checks that one answers the other.
func (x Fixture) Exchange() (Exchange, error) { return ParseExchange(x.Request, x.Response) }

// ParseExchange takes two RTU frames in hex apart and checks that the second answers
// the first. Its error begins with "request: " or "response: ".
func ParseExchange(request, response string) (Exchange, error) {
	var e Exchange
	unit, pdu, err := parseFrame(request)
	if err != nil {
		return e, fmt.Errorf("request: %w", err)
	}
	if e.Request, err = codec.ParseRequest(pdu); err != nil {
		return e, fmt.Errorf("request: %w", err)
	}
	if e.Request.Function < 1 || e.Request.Function > 4 {
		return e, errors.New("request: it reads nothing (function 1 to 4)")
	}
	e.Unit, pdu, err = parseFrame(response)
	if err != nil {
		return e, fmt.Errorf("response: %w", err)
	}
	if e.Unit != unit {
		return e, fmt.Errorf("response: unit %d was asked, %d answers", unit, e.Unit)
	}
	a, err := e.Request.Answers(pdu)
	if err != nil {
		return e, fmt.Errorf("response: %w", err)
	}
	if a.Exception != 0 {
		return e, fmt.Errorf("response: %w", a.Exception)
	}
	if e.Request.Function <= 2 {
		e.Bits = a.Bits(nil, int(e.Request.Count))
		return e, nil
	}
	e.Registers = a.Registers(nil)
	return e, nil
}

func parseFrame(s string) (unit uint8, pdu []byte, err error) {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		return 0, nil, err
	}
	return codec.ParseRTU(b)
}

// words returns the n registers from address on that e holds, or nil.
func (e Exchange) words(function uint8, address uint16, n int) []uint16 {
	from := int(address) - int(e.Request.Start)
	if function != e.Request.Function || from < 0 || from+n > len(e.Registers) {
		return nil
	}
	return e.Registers[from : from+n]
}

// read fills out and held with what e holds of l's channels and of the registers beside
// them; shown says of which channels that is something.
func (e Exchange) read(l *layout) (out []obs.Reading, held []held, shown []bool) {
	out, held, shown = make([]obs.Reading, l.shown), newHeld(len(l.convs)), make([]bool, l.shown)
	for i := range l.convs {
		c := &l.convs[i]
		r := c.reg
		if from := int(r.Address) - int(e.Request.Start); r.Coils() {
			if r.Function == e.Request.Function && from >= 0 && from < len(e.Bits) {
				out[i], shown[i] = c.readBit(e.Bits[from]), true
			}
			continue
		}
		words := e.words(r.Function, r.Address, r.words())
		if words == nil {
			continue
		}
		held[i] = c.hold(words)
		if i < l.shown {
			out[i], shown[i] = c.read(words), true
		}
	}
	l.finish(out, held)
	return out, held, shown
}

// Decode reads an exchange as the profile says: the channels, then the facts, that it
// holds. It is empty where the exchange is about other registers.
func (f *Profile) Decode(e Exchange) ([]profile.Decoded, error) {
	var out []profile.Decoded
	convs, err := converters(f.Channels, nil)
	if err != nil {
		return nil, err
	}
	l := f.layout(convs)
	readings, _, shown := e.read(&l)
	for i, r := range f.Channels {
		if shown[i] {
			out = append(out, profile.Decoded{Name: r.Channel, Reading: readings[i]})
		}
	}
	for _, fact := range f.Facts {
		if words := e.words(fact.Function, fact.Address, fact.words()); words != nil {
			out = append(out, profile.Decoded{Name: fact.Name, Fact: fact.read(words), IsFact: true})
		}
	}
	return out, nil
}

// fixtures holds the profile against its own examples.
func (c *checker) fixtures() {
	shown, facts, judged, signed := map[string]bool{}, map[string]bool{}, make([]bool, len(c.f.Status)), make([]bool, len(c.f.Signs))
	identified := !c.f.Identify.sure() || c.f.Identify.asks()
	for i, x := range c.f.Fixtures {
		at := []string{"fixtures", strconv.Itoa(i)}
		for name := range x.Values {
			shown[name] = true
		}
		for name := range x.Facts {
			facts[name] = true
		}
		e, err := x.Exchange()
		if err != nil {
			key, what, _ := strings.Cut(err.Error(), ": ") // "request" or "response"
			c.report(badFixture, what, append(at, key)...)
			continue
		}
		c.fixture(x, e, at)
		for j, s := range c.f.Status {
			judged[j] = judged[j] || e.words(s.Function, s.Address, s.Type.Words()) != nil
		}
		for j, s := range c.f.Signs {
			signed[j] = signed[j] || e.words(s.Function, s.Address, s.fact().words()) != nil
		}
		identified = identified || c.f.Identify.in(e) != nil
	}
	if len(c.f.Fixtures) == 0 {
		return
	}
	for i, r := range c.f.Channels {
		if !shown[r.Channel] {
			c.report(noFixture, "no fixture shows "+r.Channel, "channels", strconv.Itoa(i), "name")
		}
	}
	for i := range judged {
		if !judged[i] {
			c.report(noFixture, "no fixture holds this status", "status", strconv.Itoa(i), "register")
		}
	}
	for i := range signed {
		if !signed[i] {
			c.report(noFixture, "no fixture holds this sign", "signs", strconv.Itoa(i), "register")
		}
	}
	if !identified {
		c.report(noFixture, "no fixture holds these registers", "identify", "register")
	}
	for i, f := range c.f.Facts {
		if !facts[f.Name] {
			c.report(noFixture, "no fixture shows "+f.Name, "facts", strconv.Itoa(i), "name")
		}
	}
}

// fixture compares what e gives with what the fixture says.
func (c *checker) fixture(x Fixture, e Exchange, at []string) {
	if len(x.Values)+len(x.Facts)+len(x.Status) == 0 && !c.prints(e) {
		c.report(badFixture, "the fixture says no value", append(at, "values")...)
	}
	convs, err := converters(c.f.Channels, nil)
	if err != nil {
		return // it was told with the channel
	}
	l := c.f.layout(convs)
	out, held, shown := e.read(&l)
	for _, name := range slices.Sorted(maps.Keys(x.Values)) {
		if err := c.value(name, x.Values[name], out, shown); err != nil {
			c.report(badFixture, err.Error(), append(at, "values", name)...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(x.Status)) {
		if err := c.judged(name, x.Status[name], &l, held); err != nil {
			c.report(badFixture, err.Error(), append(at, "status", name)...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(x.Facts)) {
		if err := c.factual(e, name, x.Facts[name]); err != nil {
			c.report(badFixture, err.Error(), append(at, "facts", name)...)
		}
	}
	c.printed(e, out, shown, at)
}

// factual compares one fact with what the fixture says.
func (c *checker) factual(e Exchange, name, want string) error {
	i := slices.IndexFunc(c.f.Facts, func(f Fact) bool { return f.Name == name })
	if i < 0 {
		return errors.New("the profile has no such fact")
	}
	f := c.f.Facts[i]
	words := e.words(f.Function, f.Address, f.words())
	if words == nil {
		return errors.New("the exchange does not hold the fact's registers")
	}
	if got := f.read(words); got != want {
		return fmt.Errorf("the registers give %q, the fixture says %q", got, want)
	}
	return nil
}

// value compares one channel's reading with what the fixture says.
func (c *checker) value(name, want string, out []obs.Reading, shown []bool) error {
	i := slices.IndexFunc(c.f.Channels, func(r Register) bool { return r.Channel == name })
	if i < 0 {
		return errors.New("the profile has no such channel" + hint(name, c.f.Channels))
	}
	if !shown[i] {
		return errors.New("the exchange does not hold the channel's registers")
	}
	got := out[i]
	number, worth, _ := strings.Cut(want, "/")
	if number == "none" {
		if got.Quality.Flag != obs.Missing {
			return fmt.Errorf("the registers give %v, the fixture says none", got.Value)
		}
		return nil
	}
	d, err := profile.ParseDecimal(number)
	switch given := verdictText(got.Quality); {
	case err != nil:
		return err
	case got.Value != d.Float():
		return fmt.Errorf("the registers give %v, the fixture says %s", got.Value, number)
	case worth == "" && got.Quality == obs.Quality{Flag: obs.Fail, Why: obs.Range}:
		return fmt.Errorf("%v is outside the channel's own range", got.Value)
	case worth == "" && got.Quality.Flag != obs.NotEvaluated, worth != "" && worth != given:
		return fmt.Errorf("the value comes out as %s/%s, the fixture says %s", number, given, want)
	}
	return nil
}

func hint(name string, channels []Register) string {
	var known []string
	for _, r := range channels {
		known = append(known, r.Channel)
	}
	return hintOf(name, known)
}

func hintOf(name string, known []string) string {
	if h := yamldoc.Hint(name, known); h != "" {
		return "; " + h
	}
	return ""
}
