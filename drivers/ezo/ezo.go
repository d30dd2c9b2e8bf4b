// Package ezo reads the circuits of Atlas Scientific's EZO series on their UART: pH,
// dissolved oxygen, conductivity, redox potential and temperature of water.
//
// Sources: Atlas Scientific EZO DO datasheet V4.1 (response codes), EZO pH datasheet
// V5.8, EZO EC datasheet; Atlas' library for the UART.
//
// The line is 9600 baud, 8N1, text: a command and CR, an answer and CR. A sample asks
// for one reading (R), or, where the water's temperature is configured, for one that is
// compensated for it (RT,19.5), and takes the line of numbers that stands directly
// before the part's *OK. That takes 600 to 1000 ms. Before the first sample, and after
// each that failed, the part is asked what it is (i, 300 ms): the reading of another
// circuit is a number like any other, so another is drivers.ErrWrongPart.
//
// The driver changes no setting of the part. A circuit that was never set up talks once
// a second by itself ("continuous mode"); the driver reads it as it is, because the
// reading that *OK follows is told from those around it, and because a setting is kept
// in the part, for whoever takes it to another place. What the part must have is its
// response codes (*OK,1, as it is delivered). The compensation of RT is not kept by the
// part.
//
// Quirks: codes (*WA, *RE, *RS) come between any two lines and are skipped; *UV and *OV,
// a supply below 3.1 V or above 5.5 V, end the sample, for its reading is not to be
// trusted. Nothing guards the digits: a damaged one reads as another value.
package ezo

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "ezo"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Readme: readme, Sample: sample, Plan: plan}
}

// output is one field of a reading. One without a channel is read and thrown away.
type output struct {
	word    string // in the configuration
	channel drivers.Channel
}

// circuit is one type of the series: its word for itself, and its fields in the order
// in which it writes those that are enabled. The first is enabled as it is delivered.
type circuit struct {
	calls       string
	outputs     []output
	compensated bool // it takes the water's temperature
}

// A range is the datasheet's, or that of the metric where this is narrower.
var circuits = map[string]circuit{
	"ph": {"pH", []output{{"ph", drivers.Channel{Name: "ph", Min: 0.001, Max: 14, Resolution: 0.001}}}, true},
	"do": {"DO", []output{
		{"mg", drivers.Channel{Name: "do", Max: 50, Resolution: 0.01}},
		{"percent", drivers.Channel{Name: "do_saturation", Max: 400, Resolution: 0.1}},
	}, true},
	"ec": {"EC", []output{
		{"ec", drivers.Channel{Name: "conductivity", Min: 0.07, Max: 200000, Resolution: 0.01}},
		{"tds", drivers.Channel{Name: "tds", Max: 200000, Resolution: 0.01}},
		{"salinity", drivers.Channel{Name: "salinity", Max: 42, Resolution: 0.01}},
		{"sg", drivers.Channel{}},
	}, true},
	"orp": {"ORP", []output{{"orp", drivers.Channel{Name: "orp", Min: -1020, Max: 1020, Resolution: 0.1}}}, false},
	"rtd": {"RTD", []output{{"rtd", drivers.Channel{Name: "water_temp", Min: -5, Max: 100, Resolution: 0.001}}}, false},
}

type options struct {
	Type        string   `yaml:"type,required"`
	Outputs     []string `yaml:"outputs"`
	Temperature *float64 `yaml:"temperature" range:"0.01..60 °C" means:"the temperature of the water"`
}

const (
	answers = 1500 * time.Millisecond // the longest answer takes 1 s
	quiet   = 300 * time.Millisecond  // without a byte: nothing of an old answer is under way
	listens = time.Second             // for that, at most
	tries   = 2
)

func plan(decode func(any) error) (*drivers.Plan, error) {
	var o options
	if err := decode(&o); err != nil {
		return nil, err
	}
	c, ok := circuits[o.Type]
	if !ok {
		known := strings.Join(slices.Sorted(maps.Keys(circuits)), ", ")
		return nil, &drivers.OptionError{Key: "type", Msg: fmt.Sprintf("%q is no circuit that is read; write one of %s", o.Type, known)}
	}
	outputs, err := c.enabled(o.Outputs)
	d := driver{circuit: c, outputs: outputs, command: "R"}
	if o.Temperature != nil {
		var cold error
		d.command, cold = c.compensate(*o.Temperature)
		err = errors.Join(err, cold)
	}
	if err != nil {
		return nil, err
	}
	p := &drivers.Plan{
		MinEvery: time.Second,
		Timeout:  listens + 2*tries*answers + 500*time.Millisecond, // what it is, and a reading
		Line:     drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1},
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) {
			opened := d
			opened.port = port
			return &opened, nil
		},
	}
	for _, out := range outputs {
		if out.channel.Name != "" {
			p.Channels = append(p.Channels, out.channel)
		}
	}
	if len(p.Channels) == 0 {
		return nil, &drivers.OptionError{Key: "outputs", Msg: "none of them becomes a channel"}
	}
	return p, nil
}

// enabled returns the outputs with these words, in the part's order.
func (c circuit) enabled(words []string) ([]output, error) {
	if words == nil {
		return c.outputs[:1], nil
	}
	var all []output
	var known []string
	for _, out := range c.outputs {
		known = append(known, out.word)
		if slices.Contains(words, out.word) {
			all = append(all, out)
		}
	}
	if len(all) != len(words) || len(all) == 0 {
		return nil, &drivers.OptionError{Key: "outputs", Msg: fmt.Sprintf("%s; write each that the part has enabled once: %s", strings.Join(words, ", "), strings.Join(known, ", "))}
	}
	return all, nil
}

// compensate returns the command for a reading at a water temperature.
func (c circuit) compensate(temperature float64) (string, error) {
	if !c.compensated {
		return "", &drivers.OptionError{Key: "temperature", Msg: fmt.Sprintf("an EZO-%s has no compensation; delete the line", c.calls)}
	}
	return "RT," + strconv.FormatFloat(temperature, 'f', -1, 64), nil
}

type driver struct {
	circuit circuit
	outputs []output
	command string
	port    drivers.Port
	buf     []byte // received and not used
	unsure  bool   // the last sample failed: an answer to it may be under way
	known   bool   // the part has said that it is the circuit, and no sample has failed since
}

// Sample asks for a reading, once more if the answer was garbled. Before the first one,
// and after each that failed, it asks the part what it is: a number alone does not tell.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	rs, err := d.sample(ctx)
	if d.known = err == nil; !d.known {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return rs, nil
}

func (d *driver) sample(ctx context.Context) ([]obs.Reading, error) {
	if !d.known {
		if _, err := d.identify(ctx); err != nil {
			return nil, err
		}
	}
	a, err := d.ask(ctx, d.command)
	if err != nil {
		return nil, err
	}
	return d.readings(a)
}

// readings makes readings of the fields of an answer.
func (d *driver) readings(a answer) ([]obs.Reading, error) {
	if a.empty {
		return nil, fmt.Errorf("%w: %q: every output of the part is disabled; enable one with O,…,1", drivers.ErrSettings, nothing)
	}
	values, _ := fields(a.reading) // classify has read it
	if len(values) != len(d.outputs) {
		return nil, fmt.Errorf("%w: %s has %d fields, %d are expected; set outputs to what the part says to O,?",
			drivers.ErrSettings, a.reading, len(values), len(d.outputs))
	}
	var out []obs.Reading
	for i, o := range d.outputs {
		if o.channel.Name != "" {
			out = append(out, o.channel.Read(values[i]))
		}
	}
	return out, nil
}

// identity is a part's answer to i.
type identity struct{ circuit, firmware string }

// identify asks the part what it is, and holds that against the configuration. Nothing
// guards an answer: another circuit is believed when it says so twice.
func (d *driver) identify(ctx context.Context) (identity, error) {
	var said identity
	for try := range tries {
		a, err := d.ask(ctx, "i")
		if err != nil {
			return identity{}, err
		}
		words := strings.Split(a.query, ",")
		if len(words) != 3 || !strings.EqualFold(words[0], "?i") {
			return identity{}, fmt.Errorf("%w: %q is no answer to i", drivers.ErrProtocol, a.query)
		}
		is := identity{words[1], words[2]}
		switch {
		case d.circuit.called(is.circuit):
			return is, nil
		case try > 0 && is != said:
			return identity{}, fmt.Errorf("%w: it says that it is an EZO-%s and then an EZO-%s", drivers.ErrProtocol, said.circuit, is.circuit)
		}
		said = is
	}
	return identity{}, fmt.Errorf("%w: it says that it is an EZO-%s, and type is %s", drivers.ErrWrongPart, said.circuit, d.circuit.calls)
}

// called says whether a word is the circuit's own; older firmware writes D.O.
func (c circuit) called(word string) bool {
	return strings.EqualFold(strings.ReplaceAll(word, ".", ""), c.calls)
}

// Facts asks the part what it is.
func (d *driver) Facts(ctx context.Context) ([]drivers.Fact, error) {
	is, err := d.identify(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return []drivers.Fact{{Name: "circuit", Value: "EZO-" + is.circuit}, {Name: "firmware", Value: is.firmware}}, nil
}

// Close does nothing: the part goes on as it was.
func (d *driver) Close() error { return nil }
