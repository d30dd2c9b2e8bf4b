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
)

// Exchange is a fixture taken apart.
type Exchange struct {
	Unit      uint8
	Request   codec.Request
	Registers []uint16
}

// Exchange takes the frames apart and checks that one answers the other.
func (x Fixture) Exchange() (Exchange, error) {
	var e Exchange
	unit, pdu, err := parseFrame(x.Request)
	if err != nil {
		return e, fmt.Errorf("request: %w", err)
	}
	if e.Request, err = codec.ParseRequest(pdu); err != nil {
		return e, fmt.Errorf("request: %w", err)
	}
	if e.Request.Function != 3 && e.Request.Function != 4 {
		return e, errors.New("request: it reads no registers (function 3 or 4)")
	}
	e.Unit, pdu, err = parseFrame(x.Response)
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

// words returns the part of e that holds r, or nil.
func (e Exchange) words(r Register) []uint16 {
	from := int(r.Address) - int(e.Request.Start)
	if r.Function != e.Request.Function || from < 0 || from+r.Type.Words() > len(e.Registers) {
		return nil
	}
	return e.Registers[from : from+r.Type.Words()]
}

// fixtures holds the profile against its own examples.
func (c *checker) fixtures() {
	shown := map[string]bool{}
	for i, x := range c.f.Fixtures {
		at := []string{"fixtures", strconv.Itoa(i)}
		for name := range x.Values {
			shown[name] = true
		}
		e, err := x.Exchange()
		if err != nil {
			key, what, _ := strings.Cut(err.Error(), ": ") // "request" or "response"
			c.report(badFixture, what, append(at, key)...)
			continue
		}
		if len(x.Values) == 0 {
			c.report(badFixture, "the fixture says no value", append(at, "values")...)
		}
		for _, name := range slices.Sorted(maps.Keys(x.Values)) {
			if err := c.value(e, name, x.Values[name]); err != nil {
				c.report(badFixture, err.Error(), append(at, "values", name)...)
			}
		}
	}
	for i, r := range c.f.Channels {
		if !shown[r.Channel] && len(c.f.Fixtures) > 0 {
			c.report(noFixture, "no fixture shows "+r.Channel, "channels", strconv.Itoa(i), "name")
		}
	}
}

// value compares one channel's reading with what the fixture says.
func (c *checker) value(e Exchange, name, want string) error {
	i := slices.IndexFunc(c.f.Channels, func(r Register) bool { return r.Channel == name })
	if i < 0 {
		return errors.New("the profile has no such channel" + hint(name, c.f.Channels))
	}
	words := e.words(c.f.Channels[i])
	if words == nil {
		return errors.New("the exchange does not hold the channel's registers")
	}
	conv, err := newConverter(c.f.Channels[i], Decimal{})
	if err != nil {
		return err
	}
	got := conv.read(words)
	if want == "none" {
		if got.Quality.Flag != obs.Missing {
			return fmt.Errorf("the registers give %v, the fixture says none", got.Value)
		}
		return nil
	}
	d, err := ParseDecimal(want)
	switch {
	case err != nil:
		return err
	case got.Value != d.Float():
		return fmt.Errorf("the registers give %v, the fixture says %s", got.Value, want)
	case got.Quality.Flag == obs.Fail:
		return fmt.Errorf("%v is outside the channel's own range", got.Value)
	}
	return nil
}

func hint(name string, channels []Register) string {
	var known []string
	for _, r := range channels {
		known = append(known, r.Channel)
	}
	if h := yamldoc.Hint(name, known); h != "" {
		return "; " + h
	}
	return ""
}
