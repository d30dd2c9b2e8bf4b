package sdi12

import (
	"context"
	"errors"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/sdi12"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const soil = `
identify: CS1234
missing: [-9999]
channels:
  soil_moisture: {value: 1, min: 0, max: 100, resolution: 0.1, scale: 100}
  soil_temp: {value: 3, min: -40, max: 60, resolution: 0.1}
`

// id and the shape of the values are those of a published exchange; the values are made
// up.
const id = "13CampbellCS1234003STD.03.01"

func says(values string) map[string]string { return map[string]string{"MC": values, "I": id} }

func TestConformance(t *testing.T) {
	drivertest.Run(t, drivertest.Config{
		Kind:   Kind(),
		Good:   drivertest.Part{Name: "soil", Source: "constructed", Options: soil, Says: says("+0.254+1.7-3.2"), Want: "soil_moisture=25.4 soil_temp=-3.2"},
		Beyond: drivertest.Part{Name: "in the rock", Source: "constructed", Options: soil, Says: says("+0.254+1.7+60.1"), Want: "soil_moisture=25.4 soil_temp=60.1/fail/range"},
		More: []drivertest.Part{
			{Name: "no value", Source: "constructed", Options: soil, Says: says("-9999+1.7-9999.0"), Want: "soil_moisture=none/instrument soil_temp=none/instrument"},
			{Name: "too few values", Source: "constructed", Options: soil, Says: says("+0.254+1.7"), WantFault: "protocol"},
			{Name: "another part", Source: "constructed", Options: soil, Says: map[string]string{"M": "+1+2+3", "I": "14DECAGON5TM   365"}, WantFault: "wrong-part"},
			{Name: "no such measurement", Source: "constructed", Options: soil + "measure: M3", Says: says("+1+2+3"), WantFault: "exception"},
			{Name: "published: one value", Source: "published, SDI-12 notes on checksums", Options: "channels: {level: {value: 1, min: 0, max: 10, resolution: 0.01}}\nmeasure: MC",
				Says: map[string]string{"MC": "+3.14"}, Want: "level=3.14"},
			{Name: "published: the last of five values", Source: "published, SDI-12 notes on checksums", Options: "channels: {pressure: {value: 5, min: 500, max: 1100, resolution: 0.1}, temp: {value: 4, min: -40, max: 60, resolution: 0.1}}\nmeasure: CC",
				Says: map[string]string{"CC": "+2.7+85.2-0.2-2.7+770.5"}, Want: "pressure=770.5 temp=-2.7"},
			{Name: "aborted", Source: "constructed: an answer without values", Options: soil, Says: map[string]string{"MC": "", "I": id}, WantFault: "protocol"},
			{Name: "published: three values after a second", Source: "published, Campbell CR1000 manual", Options: `
measure: M
channels:
  level.a: {value: 1, min: -10, max: 10, resolution: 0.1}
  level.b: {value: 2, min: -10, max: 10, resolution: 0.1}
  level.c: {value: 3, min: -10, max: 10, resolution: 0.1}`,
				Says: map[string]string{"M": "+1.1+2.2+3.3"}, Want: "level.a=1.1 level.b=2.2 level.c=3.3"},
		},
	})
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

func TestOptions(t *testing.T) {
	channel := func(s string) string { return "channels: {level: {" + s + "}}" }
	const good = "value: 1, min: 0, max: 10, resolution: 0.1"
	for src, want := range map[string]string{
		"measure: D0\n" + channel(good):                                                    "measure: \"D0\" is no SDI-12 measurement; write M",
		"takes: 10m\n" + channel(good):                                                     "takes cannot be 10m; write 0s to 5m",
		"channels: {}":                                                                     "channels: the device has none",
		"channels: {Level: {" + good + "}}":                                                "channels: channel \"Level\": 'L' is not allowed",
		channel("value: 0, min: 0, max: 10, resolution: 0.1"):                              "value cannot be 0; write 1 to 99, its place among the values",
		channel("value: 100, min: 0, max: 10, resolution: 0.1"):                            "value cannot be 100",
		channel(good + ", scale: 0"):                                                       "channels.level.scale: a scale is a number other than 0",
		channel("value: 1, min: 10, max: 0, resolution: 0.1"):                              "channels.level.min: from 10 (min) to 0 (max) in steps of 0.1",
		channel("value: 1, min: 0, max: 10, resolution: 0"):                                "channels.level.min: from 0 (min) to 10 (max) in steps of 0",
		channel("value: 1, min: -1.7e308, max: 1.7e308, resolution: 1"):                    "channels.level.min: from -1.7e+308",
		"channels: {level: {value: 1, min: 0, max: 10}, temp: {valu: 1, resolution: 0.1}}": "resolution",
	} {
		_, err := planYAML(src)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngives %v, want %q", src, err, want)
		}
		var o *drivers.OptionError
		var ps yamldoc.Problems
		if !errors.As(err, &o) && !errors.As(err, &ps) {
			t.Errorf("%s: the error has no place: %v", src, err)
		}
	}
	p, err := planYAML("takes: 30s\n" + channel(good))
	if err != nil || p.Timeout != 35*time.Second || p.Channels[0] != (drivers.Channel{Name: "level", Min: 0, Max: 10, Resolution: 0.1}) {
		t.Errorf("the plan is %+v, %v", p, err)
	}
}

// Values are as exact as they are written: the float64 nearest to the decimal result.
func TestExact(t *testing.T) {
	for _, c := range []struct {
		text, options string
		want          float64
	}{
		{"+3.14", "", 3.14},
		{"-0", "", 0},
		{"+.5", "", 0.5},
		{"+3.", "", 3},
		{"+0.254", "scale: 100", 25.4},
		{"+1013.25", "scale: 0.1", 101.325},
		{"+20.1", "offset: -0.2", 19.9},
		{"+33.3", "scale: 3, offset: 0.1", 100},
	} {
		p, err := planYAML("channels: {level: {value: 1, min: -1000, max: 1000, resolution: 0.001, " + c.options + "}}")
		if err != nil {
			t.Fatal(err)
		}
		d, err := p.OpenSDI12(&drivertest.SDI12{Says: map[string]string{"MC": c.text}})
		if err != nil {
			t.Fatal(err)
		}
		if rs, err := d.Sample(t.Context()); err != nil || rs[0].Value != c.want {
			t.Errorf("%s {%s} reads %v, %v, want %v", c.text, c.options, rs, err, c.want)
		}
	}
}

// old is a part that knows no checksum: it refuses to measure with one, or is silent
// to it.
type old struct {
	drivertest.SDI12
	asked []string
	how   error
}

func (e *old) Measure(ctx context.Context, command string) ([]string, error) {
	e.asked = append(e.asked, command)
	if strings.HasSuffix(command, "C") && e.how != nil {
		return nil, e.how
	}
	return e.SDI12.Measure(ctx, command)
}

func (e *old) Identify(ctx context.Context) (string, error) {
	e.asked = append(e.asked, "I")
	return e.SDI12.Identify(ctx)
}

// Without a measure in the options the values come with a checksum where the part has
// one, and a part that has none is not asked for it at every sample; noise is no reason
// to go without.
func TestChecksumByDefault(t *testing.T) {
	for _, tc := range []struct {
		name  string
		how   error // to MC
		says  map[string]string
		want  string // what four samples asked for
		fault string // of the first two
	}{
		{"a part of version 1.3", nil, map[string]string{"MC": "+3.14"}, "MC MC MC MC", ""},
		{"an older one, silent to it", drivers.ErrTimeout, map[string]string{"M": "+3.14", "I": "12CAMPBELLCS1234001"}, "MC I M M M M", ""},
		{"an older one that has no such measurement", drivers.ErrException, map[string]string{"M": "+3.14", "I": "12CAMPBELLCS1234001"}, "MC I M M M M", ""},
		{"one that says 1.3 and is silent to it", drivers.ErrTimeout, map[string]string{"M": "+3.14", "I": "13CAMPBELLCS1234001"}, "MC I MC I MC I MC I", "timeout"},
		{"one of version 1.4 whose announcement was damaged", drivers.ErrException, map[string]string{"M": "+3.14", "I": "14CAMPBELLCS1234001"}, "MC I MC I MC I MC I", "exception"},
		{"a late answer for an identification", drivers.ErrTimeout, map[string]string{"M": "+3.14", "I": "0012"}, "MC I MC I MC I MC I", "timeout"},
		{"nobody is there", drivers.ErrTimeout, map[string]string{"M": "+3.14"}, "MC I MC I MC I MC I", "timeout"},
		{"damaged", drivers.ErrChecksum, map[string]string{"M": "+3.14"}, "MC MC MC MC", "checksum"},
		{"pulled out", drivers.ErrUnplugged, map[string]string{"M": "+3.14"}, "MC MC MC MC", "unplugged"},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, err := planYAML("channels: {level: {value: 1, min: 0, max: 10, resolution: 0.01}}")
			if err != nil {
				t.Fatal(err)
			}
			wire := &old{SDI12: drivertest.SDI12{Says: tc.says}, how: tc.how}
			d, err := p.OpenSDI12(wire)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 4 {
				rs, err := d.Sample(t.Context())
				if i < 2 && tc.fault != "" && (err == nil || drivers.FaultWord(err) != tc.fault) || tc.fault == "" && (err != nil || rs[0].Value != 3.14) {
					t.Errorf("%s: %v, %v", tc.name, rs, err)
				}
			}
			if got := strings.Join(wire.asked, " "); got != tc.want {
				t.Errorf("%s: asked %s, want %s", tc.name, got, tc.want)
			}
		})
	}
}

// A part that is replaced by an older one is read after its first fault.
func TestChecksumIsAskedForAgain(t *testing.T) {
	p, err := planYAML("channels: {level: {value: 1, min: 0, max: 10, resolution: 0.01}}")
	if err != nil {
		t.Fatal(err)
	}
	wire := &old{SDI12: drivertest.SDI12{Says: map[string]string{"MC": "+1"}}}
	d, err := p.OpenSDI12(wire)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		says, fault string
		how         error
	}{{"MC", "", nil}, {"M", "timeout", drivers.ErrTimeout}, {"M", "", drivers.ErrTimeout}} {
		wire.Says, wire.how = map[string]string{want.says: "+1", "I": "12CAMPBELLCS1234001"}, want.how
		if _, err := d.Sample(t.Context()); (err == nil) != (want.fault == "") || err != nil && drivers.FaultWord(err) != want.fault {
			t.Errorf("sample %d: %v, want %q", i, err, want.fault)
		}
	}
}

// A part that was silent may have been replaced: it has to say again what it is.
func TestIdentifiesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := planYAML(soil)
		if err != nil {
			t.Fatal(err)
		}
		wire := &drivertest.SDI12{Says: says("+0.254+1.7-3.2")}
		d, err := p.OpenSDI12(wire)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := d.Sample(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if wire.Made != 3 {
			t.Errorf("%d calls in two samples, want one identification and two measurements", wire.Made)
		}
		wire.Fault = func(int) error { return drivers.ErrUnplugged }
		if _, err := d.Sample(t.Context()); !errors.Is(err, drivers.ErrUnplugged) {
			t.Errorf("Sample = %v", err)
		}
		wire.Fault, wire.Says["I"] = nil, "14DECAGON5TM   365"
		if rs, err := d.Sample(t.Context()); err == nil || !strings.Contains(err.Error(), `says "14DECAGON5TM   365", without "CS1234" in it`) {
			t.Errorf("another part gives %v, %v", rs, err)
		}
	})
}

// FuzzReading holds for whatever a sensor may write, by the standard's own rules, that
// the reading is that number, judged by the channel's range alone; and that nothing else
// becomes a reading.
func FuzzReading(f *testing.F) {
	for _, line := range []string{"0+3.14", "1+2.7+85.2-0.2-2.7+770.5", "0+3.14+2.718+1.414", "0+1.11+2.22+3.33+4.44+5.55+6.66", "0+1.1+2.2+3.3", "0-9999", "5", "0+.5+3.", "0+1e5"} {
		f.Add([]byte(line))
	}
	c := drivers.Channel{Name: "level", Min: -100, Max: 100, Resolution: 0.1}
	s := source{channel: c, value: 1, scale: big.NewRat(1, 1), offset: new(big.Rat)}
	f.Fuzz(func(t *testing.T, line []byte) {
		d := driver{missing: []*big.Rat{big.NewRat(-9999, 1)}}
		values, err := codec.ParseValues(line, false)
		if err != nil {
			return
		}
		for _, text := range values {
			r, err := d.reading(s, text)
			want, parseErr := strconv.ParseFloat(text, 64)
			switch {
			case err != nil || parseErr != nil:
				t.Fatalf("%q: %v, %v", text, err, parseErr)
			case want == -9999:
				if r.Quality != (obs.Quality{Flag: obs.Missing, Why: obs.Instrument}) {
					t.Fatalf("%q reads %+v", text, r)
				}
			case r.Value != want || (r.Quality.Flag == obs.Fail) != (want < c.Min || want > c.Max):
				t.Fatalf("%q reads %+v", text, r)
			}
		}
	})
}
