package uart

import (
	"errors"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/profile"
)

// Small good profiles of the three forms; the cases below spoil one thing in them.
const (
	smallHead = `id: small
protocol: uart
name: {zh: 试验, en: made up}
maker: nobody
source: {document: made up for this test}
sure: true
line: {baud: 9600}
`
	smallLine = smallHead + `lines: {match: '^T(?P<temp>[-0-9.]+)C$'}
ask: "?"
channels:
  - {name: temp, min: -40, max: 80, resolution: 0.1}
fixtures:
  - {source: constructed, text: "T21.5C\r\n", values: {temp: 21.5}}
`
	smallFields = smallHead + `fields: {begins: "D,", count: 3}
channels:
  - {name: temp, field: 1, min: -40, max: 80, resolution: 0.1}
fixtures:
  - {source: constructed, text: "D,21.5,ok\n", values: {temp: 21.5}}
`
	smallFrame = smallHead + `frame: {starts: A5, length: 4, sum: {kind: xor8}}
channels:
  - {name: temp, at: 1, type: int16, scale: 0.1, min: -40, max: 80}
fixtures:
  - {source: constructed, bytes: A5 00 D7 72, values: {temp: 21.5}}
`
)

func parseText(src string) (*Profile, error) {
	p, err := profile.Formats{Format()}.Parse("small.yaml", []byte(src))
	if err != nil {
		return nil, err
	}
	return p.(*Profile), nil
}

func TestSmallProfilesAreGood(t *testing.T) {
	for _, src := range []string{smallLine, smallFields, smallFrame} {
		f, err := parseText(src)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := f.Measures(); len(got) != 1 || got[0] != (drivers.Channel{Name: "temp", Min: -40, Max: 80, Resolution: 0.1}) {
			t.Errorf("channels %+v", got)
		}
		if f.Protocol != "uart" || f.Timeout != defaultTimeout {
			t.Errorf("%+v", f.Head)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ src, from, to, want string }{
		{smallLine, "id: small", "id: other", `1:5: E1801 the id is "other" and the file is called "small"; make them one`},
		{smallLine, "sure: true", "sure: false", "6:7: E1802 the profile is not sure"},
		{smallLine, "baud: 9600", "baud: 0", "7:14: E1803 a line has no 0 bit/s"},
		{smallLine, "baud: 9600", "baud: 9600, parity: mark", `E1803 "mark" is no parity`},
		{smallLine, "baud: 9600", "baud: 9600, data: 9", "E1803 data bits are 8 or 7"},
		{smallLine, "sure: true", "sure: true\ntimeout: 31s", "E1803 a timeout of 31s; write up to 30s"},
		{smallLine, "sure: true", "sure: true\npause: 2s", "E1803 a pause is at most a second"},
		{smallLine, "name: temp", "name: Temp", `E1804 channel "Temp"`},
		{smallLine, "resolution: 0.1", "resolution: 0", "E1806 the resolution is a number above 0"},
		{smallLine, "resolution: 0.1", "resolution: 0.1, scale: 999999999999999, offset: 0.01", "E1806 scale, offset and resolution together need more than 15 digits"},
		{smallLine, "min: -40", "min: 80", "11:23: E1807 min is not below max"},
		{smallLine, `text: "T21.5C\r\n", values: {temp: 21.5}`, "source: x", "E1"},
		{smallLine, "temp: 21.5", "temp: 21.4", "13:62: E1808 the message gives 21.5, the fixture says 21.4"},
		{smallLine, "temp: 21.5", "temp: none", "E1808 the message gives 21.5, the fixture says none"},
		{smallLine, "{temp: 21.5}", "{tmep: 21.5}", `E1808 the profile has no such channel; did you mean "temp"?`},
		{smallLine, "values: {temp: 21.5}", "refused: checksum", "E1808 this is read, the fixture says it is refused"},
		{smallLine, "T21.5C", "T21,5C", "E1808 no message comes of it: answer does not follow the protocol"},
		{smallLine, "T21.5C", "T99.5C", "E1808 the message gives 99.5/fail/range, the fixture says 21.5"},
		{smallLine, "values: {temp: 21.5}", "values: {temp: none/instrument}", "E1808 the message gives 21.5, the fixture says none/instrument"},
		{smallLine, "lines: {match: '^T(?P<temp>[-0-9.]+)C$'}", "frame: {starts: FF, length: 3}", "E1817"},
		{smallLine, "ask:", "fields: {count: 2}\nask:", "E1814 write one of lines"},
		{smallLine, "lines: {", "lines: {longest: 1, ", "E1814 a message has 2 to 4096 bytes"},
		{smallLine, "lines: {", "lines: {sum: crc, ", `E1814 "crc" is no checksum of text`},
		{smallLine, "[-0-9.]+)C$'", "[-0-9.]+C$'", "8:17: E1815 the expression cannot be read here: missing closing ); expressions are RE2"},
		{smallLine, "^T(?P<temp>[-0-9.]+)C$", "^T(?P<temp>(?=[-0-9.]+))C$", "8:28: E1815 the expression cannot be read here: invalid or unsupported Perl syntax"},
		{smallLine, "^T(?P<temp>[-0-9.]+)C$", "(?P<temp>[0-9]*)", "E1815 the expression matches an empty line"},
		{smallLine, "?P<temp>", "?P<t>", `11:12: E1817 the expression has no group "temp"; write (?P<temp>…) in match`},
		{smallLine, "name: temp", "name: temp, field: 1", "E1817 field does not go with the form of this profile; its keys are group, suffix, words"},
		{smallLine, `ask: "?"`, `ask: ""`, "E1818 a question has 1 to 256 bytes"},
		{smallLine, "ask: \"?\"\n", "", "E1808 nothing tells where the first message begins that is heard of a part that talks by itself, so this one is passed over; write begins: what every message begins with, or put the end of the one before in front of this"},
		{smallLine, `ask: "?"`, `start: [""]`, "E1818 a command has 1 to 256 bytes"},
		{smallLine, "fixtures:", "faults: [{text: bad, means: broken}]\nfixtures:", `E1819 "broken" is no meaning; write instrument, warm-up, no-echo`},
		{smallLine, "fixtures:", "faults: [{field: 1, is: [bad], means: instrument}]\nfixtures:", "E1819 a fault is a text"},
		{smallLine, "fixtures:", "faults: [{text: bad, means: instrument, channels: [rh]}]\nfixtures:", "E1819 the profile has no channel rh"},
		{smallFields, "field: 1", "field: 3", "E1817 the message has no field 3; the first is 0"},
		{smallFields, "field: 1", "field: 1, key: T", "E1817 write field (its number, the first is 0) or key"},
		{smallFields, "fixtures:", "faults: [{field: 2, means: instrument}]\nfixtures:", "E1819 write is (any of these means it) or isnt"},
		{smallFrame, "starts: A5, ", "", "E1816 a frame needs starts"},
		{smallFrame, "length: 4, ", "", "E1816 write length"},
		{smallFrame, "length: 4", "length: 1", "E1816 a frame of 1 bytes"},
		{smallFrame, "kind: xor8", "kind: crc9", `8:44: E1816 "crc9" is no checksum; write one of crc16-arc, crc16-ccitt`},
		{smallFrame, "kind: xor8", "kind: crc8", "E1816 crc8 needs poly"},
		{smallFrame, "kind: xor8", "kind: xor8, poly: 7", "E1816 poly belongs to crc8"},
		{smallFrame, "kind: xor8", "kind: xor8, at: 4", "E1816 the checksum stands outside the frame"},
		{smallFrame, "kind: xor8", "kind: xor8, from: 4", "E1816 the checksum is over nothing"},
		{smallFrame, "kind: xor8", "kind: xor8, order: le", "E1816 a checksum of one byte has no order"},
		{smallFrame, "length: 4", "length: {at: 1, type: float32}", "E1816 a length is no float32 in the order abcd"},
		{smallFrame, "length: 4", "length: 4, stuffing: cobs", `E1816 "cobs" is no stuffing`},
		{smallFrame, "starts: A5", "starts: A", `E1110 "A" are no hexadecimal digits`},
		{smallFrame, "at: 1", "at: 3", "10:22: E1817 a int16 at 3 does not end inside a frame of 4 bytes"},
		{smallFrame, "type: int16", "type: int17", `E1110 "int17" is none of uint8 int8`},
		{smallFrame, "type: int16", "type: uint8, order: dcba", "E1817 uint8 has 1 bytes; dcba is no order of so many"},
		{smallFrame, "type: int16", "type: uint8, bits: 7-8", "E1817 uint8 has no bits 7-8"},
		{smallFrame, "type: int16", "type: int16, missing: [none]", "E1817 write the raw number"},
		{smallFrame, "scale: 0.1", "scale: 1/3", "E1806 the resolution is a number above 0"},
		{smallFrame, "fixtures:", "faults: [{at: 0, is: [1], means: instrument}]\nfixtures:", "E1819 write type, like uint8"},
		{smallFrame, "bytes: A5 00 D7 72", "bytes: A5 00 D7 73", "E1808 no message comes of it: checksum is wrong"},
		{smallFrame, "fixtures:", "restarts: hello\nfixtures:", "E1818 restarts is a text"},
		{smallFrame, "  - {name: temp", "  - {name: rh, at: 1, type: uint8, min: 0, max: 100}\n  - {name: temp", "E18"},
	} {
		if !strings.Contains(c.src, c.from) {
			t.Fatalf("%q is not in the profile", c.from)
		}
		_, err := parseText(strings.Replace(c.src, c.from, c.to, 1))
		var ps yamldoc.Problems
		if !errors.As(err, &ps) || !strings.Contains(ps.Error(), c.want) || !strings.HasPrefix(ps[0].Error(), "small.yaml:") {
			t.Errorf("%s gives\n     %v\nwant %s", c.to, err, c.want)
		}
	}
}

func TestOptions(t *testing.T) {
	set := known(t)
	for _, c := range []struct{ yaml, key, msg string }{
		{"profile: rg-51", "profile", `there is no profile "rg-51"; did you mean "rg-15"?`},
		{"{profile: rg-15, only: [rian]}", "only", `no channel "rian"; did you mean "rain"?`},
		{"{profile: rg-15, only: []}", "only", "the list is empty"},
		{"{profile: rg-15, only: [rain, rain]}", "only", "twice"},
		{"{profile: rg-15, offsets: {snow: 1}}", "offsets.snow", "the device has no channel snow"},
		{"{profile: rg-15, only: [rain], offsets: {rain_rate: 1}}", "offsets.rain_rate", "the device has no channel"},
		{"{profile: rg-15, offsets: {rain: 0.000000000000001}}", "offsets.rain", "more than 15 digits"},
	} {
		_, err := planYAML(set, c.yaml)
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != c.key || !strings.Contains(o.Msg, c.msg) {
			t.Errorf("%s gives %v, want %s: %s", c.yaml, err, c.key, c.msg)
		}
	}
	pl, err := planYAML(set, "{profile: rg-15, only: [rain_rate, rain], offsets: {rain: 0.5}}")
	if err != nil || len(pl.Channels) != 2 || pl.Channels[0].Name != "rain" || pl.Channels[0].Min != 0.5 || pl.Channels[0].Max != 99999.5 {
		t.Errorf("%+v, %v", pl, err)
	}
	if _, err := planYAML(nil, "profile: rg-15"); err == nil {
		t.Error("a device of no profile is planned")
	}
}

// TestReadmeNamesEveryKey keeps the format's description complete.
func TestReadmeNamesEveryKey(t *testing.T) {
	for path := range notes {
		key := path[strings.LastIndexByte(path, '.')+1:]
		if !strings.HasSuffix(key, "]") && key != "*" && !strings.Contains(readme, key) {
			t.Errorf("README.md does not explain %s", path)
		}
	}
	for _, names := range [][]string{typeNames(), sumNames(), meanings, {badLine, badChannel, badScale, badRange, badFixture, noFixture, badForm, badMatch, badFrame, badPlace, badAsk, badFault}} {
		for _, name := range names {
			if !strings.Contains(readme, name) {
				t.Errorf("README.md does not explain %s", name)
			}
		}
	}
}
