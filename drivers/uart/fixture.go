package uart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// replay is a line on which something was sent, and nothing comes after it.
type replay struct{ rest bytes.Buffer }

func (r *replay) Read(_ context.Context, p []byte) (int, error) {
	if r.rest.Len() == 0 {
		return 0, drivers.ErrTimeout
	}
	return r.rest.Read(p)
}

func (r *replay) Write(_ context.Context, p []byte) (int, error) { return len(p), nil }
func (r *replay) Discard() error                                 { return nil }
func (r *replay) Noise(int)                                      {}
func (r *replay) BadChecksum()                                   {}

// Decode reads what the part sent, as a sample does: what it asked for, or the first
// message of a part that talks by itself. The error is a sample's.
func (f *Profile) Decode(sent []byte) ([]profile.Decoded, error) {
	convs, err := f.converters(options{})
	if err != nil {
		return nil, err
	}
	port := &replay{}
	port.rest.Write(sent)
	d := driver{profile: f, convs: convs}.open(port).(*driver)
	d.set, d.held = true, nil
	rs, err := d.listen(context.Background())
	if err != nil {
		return nil, err
	}
	var out []profile.Decoded
	for i, r := range rs {
		out = append(out, profile.Decoded{Name: convs[i].spec.Name, Reading: r})
	}
	return out, nil
}

// Print implements profile.Profile: there is nothing to ask such a part for, but what
// sends messages of another form is not read.
func (f *Profile) Print() profile.Print { return profile.Weak }

// Examples implements profile.Profile.
func (f *Profile) Examples() (all []profile.Example) {
	for _, x := range f.Fixtures {
		all = append(all, profile.Example{Source: x.Source, Decode: func() ([]profile.Decoded, error) { return f.Decode(x.sent()) }})
	}
	return all
}

// fixtures holds the profile against its own examples.
func (c *checker) fixtures() {
	shown := map[string]bool{}
	for i, x := range c.f.Fixtures {
		at := []string{"fixtures", strconv.Itoa(i)}
		c.fixture(x, at)
		for name, want := range x.Values {
			shown[name] = shown[name] || !strings.HasPrefix(want, "none")
		}
	}
	for i, ch := range c.f.Channels {
		if !shown[ch.Name] {
			c.report(noFixture, "no fixture shows a value of "+ch.Name, "channels", strconv.Itoa(i), "name")
		}
	}
}

func (c *checker) fixture(x Fixture, at []string) {
	if (x.Text == "") == (len(x.Bytes) == 0) {
		c.report(badFixture, "write what the part sent as text or as bytes (hexadecimal digits), one of the two", at...)
		return
	}
	if (len(x.Values) == 0) == (x.Refused == "") {
		c.report(badFixture, "write the values that come of it, or refused and the word of the fault: timeout, checksum, protocol, device", at...)
		return
	}
	got, err := c.f.Decode(x.sent())
	switch {
	case x.Refused != "" && err == nil:
		c.report(badFixture, "this is read, the fixture says it is refused", append(at, "refused")...)
	case x.Refused != "" && drivers.FaultWord(err) != x.Refused:
		c.report(badFixture, fmt.Sprintf("this is refused with %s (%v), the fixture says %s", drivers.FaultWord(err), err, x.Refused), append(at, "refused")...)
	case x.Refused == "" && err != nil && c.adrift(x):
		c.report(badFixture, "nothing tells where the first message begins that is heard of a part that talks by itself, so this one is passed over; write begins: what every message begins with, or put the end of the one before in front of this", at...)
	case x.Refused == "" && err != nil:
		c.report(badFixture, fmt.Sprintf("no message comes of it: %v", err), at...)
	case x.Refused == "":
		c.values(x, got, append(at, "values"))
	}
}

// adrift says whether a fixture is read only behind the end of another message: the part
// talks by itself, and the profile does not say what a message begins with.
func (c *checker) adrift(x Fixture) bool {
	t := c.f.text()
	if t == nil || t.Begins != "" || c.f.Ask != nil {
		return false
	}
	_, err := c.f.Decode(append(slices.Clone([]byte(t.Ends)), x.sent()...))
	return err == nil
}

// text is what the profile's messages have in common as text; nil: they are none.
func (f *Profile) text() *Text {
	switch {
	case f.Lines != nil:
		return &f.Lines.Text
	case f.Fields != nil:
		return &f.Fields.Text
	}
	return nil
}

func (c *checker) values(x Fixture, got []profile.Decoded, at []string) {
	for _, name := range slices.Sorted(maps.Keys(x.Values)) {
		i := slices.IndexFunc(got, func(d profile.Decoded) bool { return d.Name == name })
		if i < 0 {
			var known []string
			for _, d := range got {
				known = append(known, d.Name)
			}
			c.report(badFixture, "the profile has no such channel; "+yamldoc.Hint(name, known), append(at, name)...)
			continue
		}
		if err := same(got[i].Reading, x.Values[name]); err != nil {
			c.report(badFixture, err.Error(), append(at, name)...)
		}
	}
	for _, d := range got {
		if _, ok := x.Values[d.Name]; !ok {
			c.report(badFixture, fmt.Sprintf("the fixture does not say what comes of %s, which is %s", d.Name, written(d.Reading)), at...)
		}
	}
}

// same compares a reading with what a fixture says: 21.5, none, none/warm-up,
// 21.5/fail/range.
func same(got obs.Reading, want string) error {
	number, judged, _ := strings.Cut(want, "/")
	flag, why, _ := strings.Cut(judged, "/")
	if number == "none" {
		if got.Quality.Flag != obs.Missing || judged != "" && string(got.Quality.Why) != judged {
			return fmt.Errorf("the message gives %s, the fixture says %s", written(got), want)
		}
		return nil
	}
	d, err := profile.ParseDecimal(number)
	if err != nil {
		return err
	}
	if judged == "" && got.Quality.Flag == obs.Fail && got.Value == d.Float() {
		return errors.New("the value is flagged: " + written(got) + "; write that, or mend the range")
	}
	if math.IsNaN(got.Value) || got.Value != d.Float() || judged != "" && (got.Quality.Flag.String() != flag || string(got.Quality.Why) != why) {
		return fmt.Errorf("the message gives %s, the fixture says %s", written(got), want)
	}
	return nil
}

// written is a reading as a fixture writes it.
func written(r obs.Reading) string {
	switch r.Quality.Flag {
	case obs.Missing:
		return "none/" + string(r.Quality.Why)
	case obs.NotEvaluated:
		return strconv.FormatFloat(r.Value, 'f', -1, 64)
	}
	return fmt.Sprintf("%s/%v/%s", strconv.FormatFloat(r.Value, 'f', -1, 64), r.Quality.Flag, r.Quality.Why)
}
