package ds18b20

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// file is what the kernel writes for nine bytes with a good checksum.
func file(pad string, milli int) string {
	return fmt.Sprintf("%s : crc=%s YES\n%s t=%d\n", pad, pad[len(pad)-2:], pad, milli)
}

// play is the slave whose scratchpad a golden frame holds, with the verdict of a kernel
// that shows what it read also when it is wrong.
func play(p *drivertest.Part) {
	var pad scratchpad
	copy(pad[:], p.Frame)
	verdict := "YES"
	if pad.crc() != pad[8] {
		verdict = "NO"
	}
	raw := int(int16(uint16(pad[1])<<8 | uint16(pad[0])))
	p.Files = map[string]string{"w1_slave": fmt.Sprintf("% x : crc=%02x %s\n% x t=%d\n", pad[:], pad.crc(), verdict, pad[:], raw*1000/16)}
}

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind: Kind(), Play: play,
		Good:   drivertest.Load(t, "testdata/data-sheet.frame"),
		Beyond: drivertest.Load(t, "testdata/too-warm.frame"),
	})
}

// Scratchpads with where they come from.
var pads = []struct {
	source, pad string
	milli       int // what the kernel makes of it
	want        float64
}{
	{"published: power-on value", "50 05 4b 46 7f ff 0c 10 1c", 85000, 85},
	{"published", "91 01 4b 46 7f ff 0f 10 25", 25062, 25.0625},
	{"captured, periph's test: 10 bits", "e0 01 00 00 3f ff 10 10 3f", 30000, 30},
	{"constructed", "5e ff 4b 46 7f ff 02 10 b6", -10125, -10.125},
	{"constructed", "ff ff 4b 46 7f ff 01 10 9a", -62, -0.0625},
	{"constructed: a real zero", "00 00 4b 46 7f ff 0c 10 c8", 0, 0},
}

func TestScratchpads(t *testing.T) {
	for _, c := range pads {
		f, err := parse([]byte(file(c.pad, c.milli)))
		if got := float64(f.pad.raw()) / 16; err != nil || got != c.want || f.milli != c.milli {
			t.Errorf("%s (%s): %v, %v; want %v", c.pad, c.source, got, err, c.want)
		}
	}
	// The bits that a resolution leaves open are no value.
	for pad, want := range map[scratchpad]float64{
		{0x97, 1, 0, 0, 0x7f}: 25.4375, {0x97, 1, 0, 0, 0x5f}: 25.375, {0x97, 1, 0, 0, 0x3f}: 25.25, {0x97, 1, 0, 0, 0x1f}: 25,
	} {
		if got := float64(pad.raw()) / 16; got != want {
			t.Errorf("% x at %d bits: %v, want %v", pad[:2], pad.bits(), got, want)
		}
	}
}

func TestChecksum(t *testing.T) {
	for _, text := range []string{"50 05 4b 46 7f ff 0c 10 1c", "28 ac 41 0e 07 00 00 74", "00 00 00 00 00 00 00 00 00"} {
		b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		var p scratchpad
		copy(p[9-len(b):], b) // zeros in front change nothing
		if got := p.crc(); got != p[8] {
			t.Errorf("%s: checksum %02x", text, got)
		}
	}
	if p := (scratchpad{255, 255, 255, 255, 255, 255, 255, 255, 255}); p.crc() != 0xc9 {
		t.Errorf("all ones: checksum %02x, want c9", p.crc())
	}
}

func open(t *testing.T, options string, wire drivers.OneWire) drivers.Driver {
	t.Helper()
	pl, err := planYAML(options)
	if err != nil {
		t.Fatal(err)
	}
	d, err := pl.OpenOneWire(wire)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func planYAML(src string) (*drivers.Plan, error) {
	return plan(func(out any) error {
		doc, err := yamldoc.Parse("options", []byte(src))
		if err != nil {
			return err
		}
		return doc.Decode(out)
	})
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name, text string
		as         error
		says       string
	}{
		{"older kernels: the second line has the last good bytes", "91 01 4b 46 7f ff 0f 10 26 : crc=25 NO\n91 01 4b 46 7f ff 0f 10 25 t=25062\n", drivers.ErrChecksum, `"NO"`},
		{"nobody answers", "ff ff ff ff ff ff ff ff ff : crc=c9 NO\nff ff ff ff ff ff ff ff ff t=-62\n", drivers.ErrChecksum, "ff ff"},
		{"a yes that is none", "91 01 4b 46 7f ff 0f 10 26 : crc=26 YES\n91 01 4b 46 7f ff 0f 10 26 t=25062\n", drivers.ErrChecksum, "checksum is 25"},
		{"shorted", "00 00 00 00 00 00 00 00 00 : crc=00 YES\n00 00 00 00 00 00 00 00 00 t=0\n", drivers.ErrProtocol, "shorted to ground"},
		{"another value in the second line", file("91 01 4b 46 7f ff 0f 10 25", 21000), drivers.ErrProtocol, "the kernel 21 °C"},
		{"eight bytes", "91 01 4b 46 7f ff 0f 10 : crc=10 YES\n91 t=25062\n", drivers.ErrProtocol, "no nine bytes"},
		{"one line", "91 01 4b 46 7f ff 0f 10 25 : crc=25 YES\n", drivers.ErrProtocol, "w1_slave holds"},
		{"no temperature", "91 01 4b 46 7f ff 0f 10 25 : crc=25 YES\n91 01\n", drivers.ErrProtocol, "no temperature"},
		{"another checksum", "91 01 4b 46 7f ff 0f 10 25 : crc=26 YES\n91 t=25062\n", drivers.ErrProtocol, "crc=26"},
	} {
		d := open(t, "", &drivertest.OneWire{Files: map[string]string{"w1_slave": c.text}})
		rs, err := d.Sample(t.Context())
		if !errors.Is(err, c.as) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, %v; want %v with %q", c.name, rs, err, c.as, c.says)
		}
	}
}

// script is a slave that gives one text after another.
type script []string

func (s *script) Read(context.Context, string) ([]byte, error) {
	if len(*s) == 0 {
		return nil, drivers.ErrTimeout
	}
	text := (*s)[0]
	*s = (*s)[1:]
	return []byte(text), nil
}

// 85 °C is suspect, unless it is measured twice with something near it, or was near
// before.
func TestPowerOnValue(t *testing.T) {
	at := func(raw int) string {
		p := scratchpad{byte(raw), byte(raw >> 8), 0x4b, 0x46, 0x7f, 0xff, 0x0c, 0x10}
		p[8] = p.crc()
		return string(slaveFile{p, raw * 1000 / 16}.format())
	}
	const hot = poweredOn
	suspect := obs.Quality{Flag: obs.Suspect, Why: obs.Instrument}
	for _, c := range []struct {
		name  string
		raw   []int // what the part gives, reading by reading
		want  []obs.Reading
		leave int // readings that nobody took
	}{
		{"at once and again", []int{hot, hot}, []obs.Reading{{Value: 85, Quality: suspect}}, 0},
		{"only once", []int{hot, 21 * 16}, []obs.Reading{{Value: 21}}, 0},
		{"after room temperature", []int{21 * 16, hot, hot}, []obs.Reading{{Value: 21}, {Value: 85, Quality: suspect}}, 0},
		{"a boiler that warms up", []int{84 * 16, hot, 86 * 16, hot}, []obs.Reading{{Value: 84}, {Value: 85}, {Value: 86}, {Value: 85}}, 0},
		{"a suspect one does not vouch for the next", []int{hot, hot, hot, hot}, []obs.Reading{{Value: 85, Quality: suspect}, {Value: 85, Quality: suspect}}, 0},
		{"near it the first time", []int{hot, hot + 1, hot}, []obs.Reading{{Value: 85.0625}, {Value: 85}}, 0},
		{"no doubt, no second conversion", []int{21 * 16, 22 * 16}, []obs.Reading{{Value: 21}}, 1},
	} {
		var s script
		for _, r := range c.raw {
			s = append(s, at(r))
		}
		d := open(t, "", &s)
		for i, want := range c.want {
			rs, err := d.Sample(t.Context())
			if err != nil || rs[0] != want {
				t.Errorf("%s: sample %d gives %v, %v; want %v", c.name, i, rs, err, want)
			}
		}
		if len(s) != c.leave {
			t.Errorf("%s: %d readings are left, want %d", c.name, len(s), c.leave)
		}
	}
}

// Of families with another register the kernel's value is taken: a DS18S20 has a
// finer one than its two bytes say.
func TestOtherFamilies(t *testing.T) {
	p := scratchpad{0x32, 0, 0x4b, 0x46, 0xff, 0xff, 0x0c, 0x10} // 25.0 °C in half degrees, count remain 12
	p[8] = p.crc()
	d := open(t, "channel: water_temp", &drivertest.OneWire{Files: map[string]string{"w1_slave": string(slaveFile{p, 25000}.format())}})
	if rs, err := d.Sample(t.Context()); err != nil || rs[0].Value != 25 {
		t.Errorf("%v, %v", rs, err)
	}
}

func TestOptions(t *testing.T) {
	for _, bad := range []string{"channel: pressure", "channel: temp.In", "channel: ''"} {
		_, err := planYAML(bad)
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != "channel" {
			t.Errorf("%s gives %v", bad, err)
		}
	}
	pl, err := planYAML("channel: soil_temp.deep")
	if err != nil || pl.Channels[0].Name != "soil_temp.deep" || pl.Channels[0].Min != -50 {
		t.Errorf("%+v, %v", pl, err)
	}
}

// What parse accepts has a good checksum, and is written as it was read.
func FuzzParse(f *testing.F) {
	for _, c := range pads {
		f.Add([]byte(file(c.pad, c.milli)))
	}
	f.Add([]byte("91 01 4b 46 7f ff 0f 10 26 : crc=25 NO\n91 01 4b 46 7f ff 0f 10 25 t=25062\n"))
	f.Add([]byte("91014b467fff0f1025 : crc=25 YES\nx t=+25062"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := parse(text)
		if err != nil {
			return
		}
		if s.pad.crc() != s.pad[8] {
			t.Errorf("%q is accepted with checksum %02x", text, s.pad.crc())
		}
		again, err := parse(s.format())
		if err != nil || again != s {
			t.Errorf("%q is read as %+v, and that written and read as %+v, %v", text, s, again, err)
		}
		if n := s.pad.bits(); n != 0 && (n < 9 || n > 12) {
			t.Errorf("% x: %d bits", s.pad[:], n)
		}
		if !bytes.Contains(text, []byte("YES")) {
			t.Errorf("%q is accepted", text)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := []byte(file("91 01 4b 46 7f ff 0f 10 25", 25062))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
