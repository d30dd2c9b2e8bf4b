package modbus

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
)

// tiny is the smallest good profile; the cases below spoil one thing in it.
const tiny = `id: tiny
name: {zh: 试验, en: made up}
maker: nobody
source: {document: made up for this test}
sure: true
channels:
  - {name: temp, function: 4, register: 1, type: int16, scale: 0.1, min: -40, max: 80}
fixtures:
  - source: constructed
    request: 01 04 00 01 00 01 60 0A
    response: 01 04 02 01 31 79 74
    values: {temp: 30.5}
identify: none
`

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"id: tiny", "id: Tiny", `tiny.yaml:1:5: E1801 id "Tiny": 'T' is not allowed at position 1; write a-z 0-9 and, after the first character, -`},
		{"id: tiny", "id: other", `tiny.yaml:1:5: E1801 the id is "other" and the file is called "tiny"; make them one`},
		{"sure: true", "sure: false", "tiny.yaml:5:7: E1802 the profile is not sure and does not say of what; write doubts:"},
		{"sure: true", "sure: true\ndoubts: [the scale]", "tiny.yaml:6:9: E1802 the profile has doubts and says it is sure"},
		{"sure: true", "sure: true\nline: {parity: mark}", `tiny.yaml:6:16: E1803 "mark" is no parity; write none, even or odd`},
		{"sure: true", "sure: true\nline: {stop: 3}", "tiny.yaml:6:14: E1803 stop bits are 1 or 2"},
		{"sure: true", "sure: true\nline: {baud: -1}", "tiny.yaml:6:14: E1803 a line has no -1 bit/s"},
		{"sure: true", "sure: true\ntimeout: 1m", "tiny.yaml:6:10: E1803 a timeout of 1m0s; write up to 30s"},
		{"sure: true", "sure: true\nmax_registers: 126", "tiny.yaml:6:16: E1803 one request reads 1 to 125 registers"},
		{"sure: true", "sure: true\ngap: 65", "tiny.yaml:6:6: E1803 a gap of 0 to 64 registers or bits may be read over"},
		{"identify: none", "identify: {function: 6, register: 1, type: uint16, equals: 1}", "tiny.yaml:13:22: E1811 function 6; write 3 (holding registers) or 4 (input registers)"},
		{"name: temp", "name: Temp", `tiny.yaml:7:12: E1804 channel "Temp": 'T' is not allowed at position 1; write a-z, then a-z 0-9 _`},
		{"max: 80}", "max: 80}\n  - {name: temp, function: 4, register: 2, type: int16, min: 0, max: 1}", "tiny.yaml:8:12: E1804 channel temp is there twice; tell them apart as temp.inlet, temp.outlet"},
		{"function: 4", "function: 5", "tiny.yaml:7:28: E1805 function 5; write 1 (coils), 2 (discrete inputs), 3 (holding registers) or 4 (input registers)"},
		{"function: 4, register: 1, type: int16, scale: 0.1", "function: 1, register: 1, type: uint16", "tiny.yaml:7:44: E1805 type belongs to registers; a coil or discrete input is one bit, 0 or 1"},
		{"type: int16, ", "", "tiny.yaml:7:5: E1805 the channel has no type; write how its registers hold the number, like uint16"},
		{"type: int16", "type: int32, order: efghabcd", "tiny.yaml:7:64: E1805 efghabcd is an order of eight bytes, int32 has 4; write abcd, cdab, badc or dcba"},
		{"type: int16", "type: int8-low, order: badc", "tiny.yaml:7:67: E1805 a single byte has no order; write which one it is, -high or -low"},
		{"type: int16", "type: int16, bits: 12-16", "tiny.yaml:7:63: E1805 int16 has no bits 12-16; bit fields are in the whole numbers of 16, 32 and 64 bits"},
		{"type: int16", "type: int16, bits: 7-4", `tiny.yaml:7:63: E1110 "7-4" is no field of bits; write one like 3, or the lowest and the highest like 4-7, bit 0 being the lowest`},
		{"min: -40, ", "", "tiny.yaml:7:5: E1807 the channel has no min; write what the part can measure, in the metric's unit"},
		{"sure: true", "sure: true\nmax_bits: 2001", "tiny.yaml:6:11: E1803 one request reads 1 to 2000 bits"},
		{"identify: none", "identify: {function: 3, register: 1, text: 4}", "tiny.yaml:13:11: E1811 a text needs begins: what it begins with"},
		{"identify: none", "identify: {function: 3, register: 1, type: uint16}", "tiny.yaml:13:11: E1811 a number needs equals: what the registers hold"},
		{"identify: none", "identify: {vendor: X, register: 1}", "tiny.yaml:13:33: E1811 vendor and product are asked by function 43/14, register is about registers; delete one of the two"},
		{"identify: none", "identify: {begins: X}", "tiny.yaml:13:11: E1811 write function, register, type and equals; or function, register, text and begins; or vendor, product or both; or none"},
		{"identify: none", "identify: {function: 4, register: 1, type: int16, equals: [7, 8]}", "tiny.yaml:11:15: E1808 register 0x0001 holds 0x131 here, identify says 0x7 or 0x8"},
		{"identify: none", "", "tiny.yaml:1:1: E1811 the profile does not say how its part is told from others; write identify: {…} with what only this part answers, or identify: none if its document names nothing"},
		{"identify: none", "identify: nothing", `tiny.yaml:13:11: E1811 "nothing" is no identification; write what only this part answers, or none if its document names nothing`},
		{"identify: none", "identify: {function: 4, register: 2, type: int16, equals: 7}", "tiny.yaml:13:35: E1809 no fixture holds these registers"},
		{"identify: none", "identify: none\nsigns: [{function: 5, register: 1, type: int16}]", "tiny.yaml:14:20: E1834 function 5; write 3 (holding registers) or 4 (input registers)"},
		{"identify: none", "identify: none\nsigns: [{function: 4, register: 1}]", "tiny.yaml:14:9: E1834 write type (a number) or text (so many registers of text), one of the two"},
		{"identify: none", "identify: none\nsigns: [{function: 4, register: 1, type: int16, among: 305, within: [0, 1]}]", "tiny.yaml:14:9: E1834 own_address, among, within and repeats say each what stands in the registers; write one"},
		{"identify: none", "identify: none\nsigns: [{function: 4, register: 1, text: 1, own_address: true}]", "tiny.yaml:14:42: E1834 a text is no number; of it begins says what it begins with, and not which of those are other models"},
		{"identify: none", "identify: none\nsigns: [{function: 4, register: 1, type: int16, begins: YL}]", "tiny.yaml:14:9: E1834 begins is what a text begins with, and not which of those are other models; write text: how many registers it has, and begins"},
		{"identify: none", "identify: none\nsigns: [{function: 4, register: 1, text: 1, not: [YL01]}]", "tiny.yaml:14:9: E1834 begins is what a text begins with, and not which of those are other models; write text: how many registers it has, and begins"},
		{"identify: none", "identify: none\nsigns: [{function: 4, register: 1, type: int16, within: [7, 0]}]", "tiny.yaml:14:57: E1834 within has the least and the greatest, like [0, 7]"},
		{"identify: none", "identify: none\nsigns: [{function: 4, register: 1, type: int16, repeats: tmep, by: 1}]", `tiny.yaml:14:58: E1834 the profile has no such channel; did you mean "temp"?`},
		{"identify: none", "identify: none\nsigns: [{function: 4, register: 1, type: int16, repeats: temp}]", "tiny.yaml:14:9: E1834 a channel that is repeated needs by: how far apart the two may be, above 0, in the metric's unit; scale belongs to it"},
		{"identify: none", "identify: none\nsigns: [{function: 4, register: 2, type: int16}]", "tiny.yaml:14:33: E1809 no fixture holds this sign"},
		{"identify: none", "identify: none\nsigns: [{function: 4, register: 1, type: int16, own_address: true}]", "tiny.yaml:11:15: E1808 register 0x0001 holds 0x131 here, the sign says its address, 1,"},
		{"identify: none", "identify: none\nsigns: [{function: 4, register: 1, type: int16, within: [0, 7]}]", "tiny.yaml:11:15: E1808 register 0x0001 holds 0x131 here, the sign says 0 to 7"},
		{"identify: none", "identify: none\nsigns: [{function: 4, register: 1, type: int16, repeats: temp, by: 1}]", "tiny.yaml:11:15: E1808 register 0x0001 holds 0x131 here, the sign says its temp, 30.5,"},
		{"sure: true", "sure: true\nfacts: [{name: Serial, function: 4, register: 1, type: uint16}]", `tiny.yaml:6:16: E1810 "Serial" is no name of a fact; write 1 to 32 of a-z 0-9 _, like serial_number`},
		{"sure: true", "sure: true\nfacts: [{name: serial, function: 4, register: 1}]", "tiny.yaml:6:9: E1810 write type (a number) or text (so many registers of text), one of the two"},
		{"sure: true", "sure: true\nfacts: [{name: serial, function: 4, register: 1, text: 65}]", "tiny.yaml:6:56: E1810 a text has 1 to 64 registers, two characters each"},
		{"sure: true", "sure: true\nfacts: [{name: serial, function: 4, register: 65535, text: 2}]", "tiny.yaml:6:47: E1810 the registers run past 65535"},
		{"sure: true", "sure: true\nfacts: [{name: serial, function: 4, register: 1, type: uint16}]", "tiny.yaml:6:16: E1809 no fixture shows serial"},
		{"values: {temp: 30.5}", "values: {temp: 30.5}\n    facts: {serial: 1}", "tiny.yaml:13:21: E1808 the profile has no such fact"},
		{"values: {temp: 30.5}", "values: {}", ""},
		{"values: {temp: 30.5}", "facts: {}", ""},
		{"register: 1, type: int16", "register: 65535, type: int32", "tiny.yaml:7:41: E1805 the registers of this type run past 65535"},
		{"type: int16, scale: 0.1", "type: float64, resolution: 1", ""},
		{"type: int16", "type: int24", `tiny.yaml:7:50: E1110 "int24" is none of uint16 int16 uint32 int32 float32 uint64 int64 float64 bcd16 bcd32 bcd64 signmag16 uint8-high uint8-low int8-high int8-low`},
		{"scale: 0.1", "scale: 0", "tiny.yaml:7:64: E1110 \"0\" is no scale; it must not be or divide by 0"},
		{"scale: 0.1", "scale: 1/3", "tiny.yaml:7:5: E1806 the resolution is a number above 0; a quotient as scale needs one"},
		{"scale: 0.1", "scale: 999999999999999, offset: 0.01", "tiny.yaml:7:64: E1806 scale, offset and resolution together need more than 15 digits"},
		{"min: -40", "min: 80", "tiny.yaml:7:74: E1807 min is not below max"},
		{"01 04 00 01 00 01 60 0A", "01 04 00 01 00 01 60 0B", "tiny.yaml:10:14: E1808 checksum is wrong: frame says 0b60, its bytes give 0a60"},
		{"01 04 00 01 00 01 60 0A", "01 06 00 01 00 03 98 0B", "tiny.yaml:10:14: E1808 it reads nothing (function 1 to 4)"},
		{"01 04 02 01 31 79 74", "01 04 02 01 31 79", "tiny.yaml:11:15: E1808 checksum is wrong: frame says 7931, its bytes give b980"},
		{"01 04 02 01 31 79 74", "11 03 06 AE 41 56 52 43 40 49 AD", "tiny.yaml:11:15: E1808 unit 1 was asked, 17 answers"},
		{"01 04 02 01 31 79 74", "01 84 06 C3 02", "tiny.yaml:11:15: E1808 exception 06: the part is busy"},
		{"01 04 02 01 31 79 74", "zz", "tiny.yaml:11:15: E1808 encoding/hex: invalid byte: U+007A 'z'"},
		{"temp: 30.5}", "temp: 30.6}", "tiny.yaml:12:20: E1808 the registers give 30.5, the fixture says 30.6"},
		{"temp: 30.5}", "temp: none}", "tiny.yaml:12:20: E1808 the registers give 30.5, the fixture says none"},
		{"temp: 30.5}", "temp: warm}", `tiny.yaml:12:20: E1808 "warm" is no decimal number; write one like 0.01 or -40, with at most 15 digits`},
		{"temp: 30.5}", "temp: 30.5, tmep: 1}", `tiny.yaml:12:32: E1808 the profile has no such channel; did you mean "temp"?`},
		{"max: 80}", "max: 30}", "tiny.yaml:12:20: E1808 30.5 is outside the channel's own range"},
		{"max: 80}", "max: 80}\n  - {name: rh, function: 4, register: 2, type: uint16, min: 0, max: 100}", "tiny.yaml:8:12: E1809 no fixture shows rh"},
		{"maker: nobody", "makre: nobody", ""},
	} {
		if !strings.Contains(tiny, c.from) {
			t.Fatalf("%q is not in the profile", c.from)
		}
		_, err := parseAll(map[string]string{"tiny.yaml": strings.Replace(tiny, c.from, c.to, 1)})
		var ps yamldoc.Problems
		if !errors.As(err, &ps) {
			t.Errorf("%s: %v, want problems", c.to, err)
			continue
		}
		if c.want != "" && (len(ps) != 1 || ps[0].Error() != c.want) {
			t.Errorf("%s gives\n     %v\nwant %s", c.to, ps, c.want)
		}
	}
}

// TestParseReportsAll: what is wrong in several files comes at once.
func TestParseReportsAll(t *testing.T) {
	_, err := parseAll(map[string]string{
		"a/tiny.yaml":   strings.Replace(tiny, "max: 80", "max: -80", 1),
		"b/broken.yaml": "id: [",
		"c/empty.yaml":  "",
		"d/notes.txt":   "not a profile",
		"tiny.yaml":     tiny,
	})
	var ps yamldoc.Problems
	if !errors.As(err, &ps) {
		t.Fatal(err)
	}
	files := map[string]bool{}
	for _, p := range ps {
		files[p.File] = true
	}
	if len(files) != 3 || !files["a/tiny.yaml"] || !files["b/broken.yaml"] || !files["c/empty.yaml"] {
		t.Errorf("problems in %v: %v", files, ps)
	}
}

// TestOverride: a later folder's profile replaces an earlier one's.
func TestOverride(t *testing.T) {
	file := func(src string) fs.FS { return fstest.MapFS{"tiny.yaml": &fstest.MapFile{Data: []byte(src)}} }
	p, err := ParseProfiles(file(tiny), file(strings.Replace(tiny, "maker: nobody", "maker: site", 1)))
	if err != nil {
		t.Fatal(err)
	}
	f, ok := p.Get("tiny")
	if !ok || f.Maker != "site" || len(p.IDs()) != 1 {
		t.Errorf("profiles %v, maker %v", p.IDs(), f)
	}
	if _, ok := p.Get("other"); ok {
		t.Error("a profile that is not there was found")
	}
	if f.Answer != defaultAnswer || f.MaxRegisters != 125 || f.Channels[0].Resolution != (Decimal{Digits: 1, Places: 1}) {
		t.Errorf("defaults %+v", f)
	}
}

type brokenFS struct{ fs.FS }

func (brokenFS) Open(string) (fs.File, error) { return nil, fs.ErrPermission }

func TestUnreadableFolder(t *testing.T) {
	if _, err := ParseProfiles(brokenFS{}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
}

// FuzzParse: a profile that is accepted can be planned, and its fixtures hold.
func FuzzParse(f *testing.F) {
	f.Add([]byte(tiny))
	f.Add([]byte(strings.Replace(tiny, "int16, scale: 0.1", "float32, order: dcba, scale: 2/3, resolution: 0.5, missing: [1]", 1)))
	f.Add([]byte(strings.Replace(tiny, "int16, scale: 0.1", "uint16, bits: 0-7", 1)))
	f.Add([]byte(strings.Replace(tiny, "channels:", "identify: {vendor: x}\nfacts: [{name: serial, function: 3, register: 2, text: 4}]\nchannels:", 1)))
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := parseAll(map[string]string{"tiny.yaml": string(src)})
		if err != nil {
			return
		}
		pl, err := planYAML(p, "profile: tiny")
		if err != nil || len(pl.Channels) == 0 || pl.Timeout <= 0 {
			t.Errorf("accepted, and then: %+v, %v", pl, err)
		}
	})
}
