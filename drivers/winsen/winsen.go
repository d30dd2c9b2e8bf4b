// Package winsen reads the electrochemical gas modules of Winsen's ZE series: ZE07-CO,
// ZE07-CH2O, ZE08-CH2O, ZE12 and ZE12A, ZE15-CO, ZE25-O3 and ZE03.
//
// Sources: Winsen ZE07-CO, ZE07-CH2O, ZE15-CO and ZE03 manuals; a public driver of the
// ZE12A that quotes its manual. No table was found for the ZE25-O3, nor the manual of
// the older ZE12; their frames are taken to be those of the family.
//
// The line is 9600 baud, 8N1, frames of 9 bytes (package codec/winsen). The modules
// talk unasked, once a second, and say in every frame which gas they measure, in which
// unit, with how many decimals, and where their range ends. The driver holds that
// against the configuration: another gas is another part (drivers.ErrWrongPart).
//
// A module can be asked instead. That is a mode it is switched to, without confirming
// it, and it leaves it with its power; so the driver switches before the first question
// and after every failure, and takes a frame that comes unasked for an answer. Only the
// ZE07 are asked: of the others no layout of the answer was found. That of the ZE07-CO
// is in doubt, see the README.
//
// Quirks: a cell that lay in a drawer needs minutes to days before its zero is right,
// and nothing in the frame says so. The manual of the ZE07-CO prints a frame with the
// checksum of another one; it is wrong, and refused.
package winsen

import (
	_ "embed"
	"fmt"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/winsen"
	"github.com/lamppost-city/lamppost/drivers/frame"
)

const name = "winsen"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Model  string         `yaml:"model,required"`
	Gas    string         `yaml:"gas"`
	Mode   string         `yaml:"mode"`
	Settle *time.Duration `yaml:"settle" range:"1s..30d"`
}

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{Mode: "active"}
	if err := decode(&o); err != nil {
		return nil, err
	}
	m, g, err := o.part()
	if err != nil {
		return nil, err
	}
	channel := g.channel
	if m.most > 0 {
		channel.Max = m.most
	}
	warmUp := m.preheat
	if o.Settle != nil {
		if *o.Settle < m.preheat {
			return nil, &drivers.OptionError{Key: "settle", Msg: fmt.Sprintf("%v is shorter than the part takes; write %v at least", *o.Settle, m.preheat)}
		}
		warmUp = *o.Settle
	}
	p := &drivers.Plan{
		Channels: []drivers.Channel{channel},
		MinEvery: time.Second,
		Timeout:  3500 * time.Millisecond, // three frames, one of them damaged
		WarmUp:   warmUp,
		Line:     drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1},
		LineOnly: true,
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) {
			return &driver{model: m, gas: g, channel: channel, asked: o.Mode == "ask", port: port, in: frame.NewReader(port, format)}, nil
		},
	}
	if o.Mode == "ask" {
		p.Timeout = time.Second
	}
	return p, nil
}

// part judges which part the options mean.
func (o options) part() (model, gas, error) {
	wrong := func(key, format string, args ...any) (model, gas, error) {
		return model{}, gas{}, &drivers.OptionError{Key: key, Msg: fmt.Sprintf(format, args...)}
	}
	m, ok := models[o.Model]
	if !ok {
		return wrong("model", "%q is not in this series; write one of %s", o.Model, modelNames())
	}
	if o.Gas == "" && len(m.gases) == 1 {
		o.Gas = m.gases[0]
	}
	if !slices.Contains(m.gases, o.Gas) {
		return wrong("gas", "the %s does not come for %q; write %s", o.Model, o.Gas, list(slices.Clone(m.gases)))
	}
	if o.Mode != "active" && o.Mode != "ask" {
		return wrong("mode", "%q is no way to talk; write active or ask", o.Mode)
	}
	if o.Mode == "ask" && m.ask == 0 {
		return wrong("mode", "what a %s answers is not known; write active, it then talks by itself", o.Model)
	}
	return m, gases[o.Gas], nil
}

// format is what a module sends: of its own accord, or as an answer.
var format = frame.Format[codec.Frame]{Head: []byte{codec.Start}, Max: codec.Size, Size: size, Decode: codec.Decode}

// size knows the gases too that no driver reads, so that their modules are told from
// noise.
func size(b []byte) int {
	if len(b) < 2 || b[1] == codec.Read || b[1] == oxygen {
		return codec.Size
	}
	for _, g := range gases {
		if g.code == b[1] {
			return codec.Size
		}
	}
	return 0
}
