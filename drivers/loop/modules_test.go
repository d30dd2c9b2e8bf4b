package loop

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/modbus"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/profile"
	firmwareconfigs "github.com/lamppost-city/lamppost/firmware-configs"
)

// TestEveryModuleWorks: each built-in profile with inputs for currents is a module, with
// a transmitter on each of them, and each other is refused with the modules' names.
func TestEveryModuleWorks(t *testing.T) {
	p, err := modbus.ParseProfiles(firmwareconfigs.Devices())
	if err != nil {
		t.Fatal(err)
	}
	k, works := Kind(modbus.Kind(p)), []string{}
	for _, id := range p.IDs() {
		f, _ := p.Get(id)
		var loops []string
		for _, c := range f.Channels {
			if obs.MetricName(c.Channel) == current {
				loops = append(loops, fmt.Sprintf("%s: {channel: level.n%d, low: 0, high: 10}", c.Channel, len(loops)))
			}
		}
		if loops == nil {
			continue
		}
		works = append(works, id)
		pl, err := planYAML(k, fmt.Sprintf("module: %s\nloops: {%s}", id, strings.Join(loops, ", ")))
		if err != nil || len(pl.Channels) != len(loops) || pl.Line != f.Line.Settings() || pl.Timeout <= 0 {
			t.Errorf("%s: %+v, %v", id, pl, err)
		}
	}
	if len(works) == 0 {
		t.Fatal("no module at all")
	}
	for _, id := range append(p.IDs(), "no-such-module", "rg-15", "") {
		if slices.Contains(works, id) {
			continue
		}
		_, err := planYAML(k, fmt.Sprintf("module: %q\n", id)+tank)
		var option *drivers.OptionError
		if !errors.As(err, &option) || option.Key != "module" || !strings.Contains(option.Msg, works[0]) {
			t.Errorf("module %q: %v, want one of %q named", id, err, works)
		}
	}
}

// own is a made-up module of a site, with two inputs for currents and a temperature.
const own = `
id: own-ai
name: {zh: 自制, en: made up}
maker: nobody
source: {document: made up for this test}
sure: true
every: 3s
line: {baud: 19200, parity: even}
identify: none
channels:
  - {name: temp, function: 4, register: 0, type: int16, scale: 0.1, min: -40, max: 85}
  - {name: loop_current.a, function: 4, register: 1, type: float32, min: 0, max: 24, resolution: 0.001}
  - {name: loop_current.b, function: 4, register: 3, type: float32, min: 0, max: 24, resolution: 0.001}
fixtures:
  - source: constructed
    request: 01 04 00 00 00 05 30 09
    response: 01 04 0A 00 D7 41 40 00 00 40 80 00 00 FA 98
    values: {temp: 21.5, loop_current.a: 12, loop_current.b: 4}
`

// TestAModuleOfOnesOwn: a site's profile is a module like the built-in ones, and one with
// mistakes is refused without another word.
func TestAModuleOfOnesOwn(t *testing.T) {
	none, err := (profile.Formats{modbus.Format()}).Read()
	if err != nil {
		t.Fatal(err)
	}
	with := func(text string) (drivers.Kind, error) {
		set, err := none.Extend("profiles", fstest.MapFS{"own-ai.yaml": {Data: []byte(text)}})
		return Kind(modbus.Kind(modbus.Of(set))), err
	}
	k, err := with(own)
	if err != nil {
		t.Fatal(err)
	}
	pl, err := planYAML(k, "module: own-ai\nloops: {loop_current.b: {channel: flow, low: 0, high: 100}}")
	if err != nil {
		t.Fatal(err)
	}
	if pl.MinEvery.Seconds() != 3 || pl.Line.Baud != 19200 || pl.Line.Parity != "even" {
		t.Errorf("the module's line and interval are lost: %+v", pl)
	}
	if _, err := planYAML(Kind(modbus.Kind(modbus.Of(nil))), "module: own-ai\n"+tank); err == nil || !strings.Contains(err.Error(), "no profile here has such inputs") {
		t.Errorf("without any profile: %v", err)
	}
	k, err = with(strings.Replace(own, "maker: nobody", "maker: [", 1))
	if err == nil {
		t.Fatal("a profile with mistakes is taken")
	}
	_, err = planYAML(k, "module: own-ai\n"+tank)
	var ps yamldoc.Problems
	if !errors.As(err, &ps) || len(ps) != 0 {
		t.Errorf("a module whose profile has mistakes: %#v", err)
	}
}

func TestRefuses(t *testing.T) {
	k := kind(t)
	both := "loops: {loop_current.in1: {channel: level, low: 0, high: 10}, loop_current.in2: {channel: level, low: 0, high: 5}}"
	wrong := map[string][]string{ // options, then the errors, each with its key
		"module: waveshare-ai-8hc\n" + tank:   {`module: there is no module "waveshare-ai-8hc" with inputs for 4-20 mA; did you mean "waveshare-ai-8ch"?`},
		"module: xy-md02\n" + tank:            {`module: xy-md02 measures no loop currents; modules that do: waveshare-ai-8ch`},
		"module: waveshare-ai-8ch":            {`loops`},
		"module: waveshare-ai-8ch\nloops: {}": {`loops: no transmitter is connected; write what hangs on an input`},
		"module: waveshare-ai-8ch\nloops: {loop_current.in9: {channel: level, low: 0, high: 10}}":         {`loops.loop_current.in9: waveshare-ai-8ch has no input loop_current.in9; did you mean "loop_current.in1"?`},
		"module: waveshare-ai-8ch\nloops: {in: {channel: level, low: 0, high: 10}}":                       {`loops.in: waveshare-ai-8ch has no input in; it has loop_current.in1, loop_current.in2, `},
		"module: waveshare-ai-8ch\nloops: {loop_current.in1: {channel: Level, low: 0, high: 10}}":         {`loops.loop_current.in1.channel: channel "Level"`},
		"module: waveshare-ai-8ch\nloops: {loop_current.in1: {channel: level, low: 5, high: 5.0}}":        {`loops.loop_current.in1.high: the value at 20 mA is that at 4 mA, 5`},
		"module: waveshare-ai-8ch\nloops: {loop_current.in1: {channel: level, low: 0, high: 1234567890}}": {`loops.loop_current.in1: 0 to 1234567890 needs more than 8 digits`},
		"module: waveshare-ai-8ch\n" + both:                                                                       {`loops.loop_current.in2.channel: loop_current.in1 is called level already; tell them apart as level.inlet, level.outlet`},
		"module: waveshare-ai-8ch\n" + tank + "\noffsets: {levle: 1}":                                             {`offsets.levle: the device has no channel levle; did you mean "level"?`},
		"module: waveshare-ai-8ch\n" + tank + "\noffsets: {loop_current.in2: 1}":                                  {`offsets.loop_current.in2: the device has no channel loop_current.in2`},
		"module: waveshare-ai-8ch\n" + tank + "\noffsets: {level: 0.123456789}":                                   {`loops.loop_current.in1: 0 to 10 with an offset of 0.123456789 needs more than 8 digits`},
		"module: waveshare-ai-8ch\n" + tank + "\noffsets: {loop_current.in1: 0.123456789012345}":                  {`offsets.loop_current.in1: `},
		"module: waveshare-ai-8ch\nloops: {loop_current.in1: {channel: level, low: 0}}":                           {`high`},
		"module: waveshare-ai-8ch\nloops: {loop_current.in1: {channel: level, low: 1, high: 1}}\noffsets: {x: 1}": {`loops.loop_current.in1.high: `, `offsets.x: `},
		"module: waveshare-ai-8ch\nonly: [loop_current.in1]\n" + tank:                                             {`only`},
	}
	for _, options := range slices.Sorted(maps.Keys(wrong)) {
		_, err := planYAML(k, options)
		for _, want := range wrong[options] {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s\ngives %v\nwant  … %s …", options, err, want)
			}
		}
	}
}
