// Package zphs01 reads the multi-in-one air modules ZPHS01B and ZPHS01C of Winsen, which
// gather several sensors behind one line and speak two different protocols.
//
// Sources: three public implementations of the ZPHS01B, which agree but for the
// temperature; Winsen ZPHS01C manual V1.0 for the frames. In what order the ZPHS01C
// gives its values was read in an extract of that manual only; the numbers of its
// example are plausible in that order and in no other (410 ppm, 49.0 %, 27.2 °C).
//
// The line is 9600 baud, 8N1. Both are asked. A ZPHS01C measures dust only while its
// fan runs, which is a command; the driver does not give it, so what it reports as
// PM2.5 on a part whose fan was stopped is the last value: see the README.
//
// Quirks: of three programs two take 500 for the zero of the ZPHS01B's temperature and
// one 437, six degrees apart. The default is 500; the option is there until somebody
// holds a thermometer beside it.
package zphs01

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/frame"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "zphs01"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Model string `yaml:"model"`
	Zero  *int   `yaml:"temp_zero"`
	Cell  string `yaml:"cell"`
}

// source is a channel and where its raw number stands.
type source struct {
	drivers.Channel
	at   int  // in the answer's data
	byte bool // one byte, not two
	zero int  // the raw number for 0
	by   int  // the raw number counts so many parts of the unit; 0: one
	mult int  // or so many of them each; 0: one
}

func (s source) value(a answer) float64 {
	raw := a.word(s.at)
	if s.byte {
		raw = int(a.data[s.at])
	}
	return float64((raw-s.zero)*max(s.mult, 1)) / float64(max(s.by, 1))
}

// usualZero is the raw number for 0 degrees in two of three programs.
const usualZero = 500

// sourcesB is what a ZPHS01B answers.
func sourcesB(zero int) []source {
	return []source{
		{Channel: drivers.Channel{Name: "pm1", Max: 1000, Resolution: 1}, at: 0},
		{Channel: drivers.Channel{Name: "pm2_5", Max: 1000, Resolution: 1}, at: 2},
		{Channel: drivers.Channel{Name: "pm10", Max: 1000, Resolution: 1}, at: 4},
		{Channel: drivers.Channel{Name: "co2", Max: 5000, Resolution: 1}, at: 6},
		{Channel: drivers.Channel{Name: "voc_grade", Max: 3, Resolution: 1}, at: 8, byte: true},
		{Channel: drivers.Channel{Name: "temp", Min: -20, Max: 65, Resolution: 0.1}, at: 9, zero: zero, by: 10},
		{Channel: drivers.Channel{Name: "rh", Max: 100, Resolution: 1}, at: 11},
		{Channel: drivers.Channel{Name: "hcho", Max: 6250, Resolution: 1}, at: 13},
		{Channel: drivers.Channel{Name: "co_ppm", Max: 500, Resolution: 0.1}, at: 15, by: 10},
		{Channel: drivers.Channel{Name: "o3_ppb", Max: 10000, Resolution: 10}, at: 17, mult: 10},
		{Channel: drivers.Channel{Name: "no2_ppb", Max: 10000, Resolution: 10}, at: 19, mult: 10},
	}
}

// sourcesC is what a ZPHS01C answers, with the cell that it was bought with.
func sourcesC(cell string) []source {
	second := source{Channel: drivers.Channel{Name: "hcho", Max: 2000, Resolution: 1}, at: 2}
	if cell == "voc" {
		second.Channel = drivers.Channel{Name: "voc_grade", Max: 3, Resolution: 1}
	}
	return []source{
		{Channel: drivers.Channel{Name: "pm2_5", Max: 1000, Resolution: 1}, at: 8},
		{Channel: drivers.Channel{Name: "co2", Max: 5000, Resolution: 1}, at: 0},
		second,
		{Channel: drivers.Channel{Name: "temp", Max: 65, Resolution: 0.1}, at: 6, zero: usualZero, by: 10},
		{Channel: drivers.Channel{Name: "rh", Max: 100, Resolution: 0.1}, at: 4, by: 10},
	}
}

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{Model: "zphs01b", Cell: "ch2o"}
	if err := decode(&o); err != nil {
		return nil, err
	}
	wrong := func(key, format string, args ...any) (*drivers.Plan, error) {
		return nil, &drivers.OptionError{Key: key, Msg: fmt.Sprintf(format, args...)}
	}
	if o.Cell != "ch2o" && o.Cell != "voc" {
		return wrong("cell", "%q is no cell of such a module; write ch2o or voc", o.Cell)
	}
	zero := usualZero
	if o.Zero != nil {
		zero = *o.Zero
	}
	if zero != usualZero && zero != 437 {
		return wrong("temp_zero", "%d stands in no source; write 500 or 437", zero)
	}
	var p protocol
	var sources []source
	switch {
	case o.Model == "zphs01b" && o.Cell != "ch2o":
		return wrong("cell", "a zphs01b has both cells; delete the line")
	case o.Model == "zphs01b":
		p, sources = protocolB, sourcesB(zero)
	case o.Model != "zphs01c":
		return wrong("model", "%q is not in this family; write zphs01b or zphs01c", o.Model)
	case o.Zero != nil:
		return wrong("temp_zero", "only of a zphs01b is it in doubt; delete the line")
	default:
		p, sources = protocolC, sourcesC(o.Cell)
	}
	return planned(p, sources), nil
}

func planned(p protocol, sources []source) *drivers.Plan {
	pl := &drivers.Plan{
		MinEvery: time.Second,
		Timeout:  time.Second,
		WarmUp:   3 * time.Minute,
		Line:     drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1},
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) {
			return &driver{question: p.question, sources: sources, port: port, in: frame.NewReader(port, p.format())}, nil
		},
	}
	for _, s := range sources {
		pl.Channels = append(pl.Channels, s.Channel)
	}
	return pl
}

type driver struct {
	question []byte
	sources  []source
	port     drivers.Port
	in       *frame.Reader[answer]
}

// Sample asks and waits for the answer.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	a, err := d.ask(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	out := make([]obs.Reading, len(d.sources))
	for i, s := range d.sources {
		out[i] = s.Read(s.value(a))
	}
	return out, nil
}

func (d *driver) ask(ctx context.Context) (answer, error) {
	if err := d.in.Fresh(); err != nil {
		return answer{}, err
	}
	if _, err := d.port.Write(ctx, d.question); err != nil {
		return answer{}, err
	}
	return d.in.Next(ctx)
}

// Close does nothing: the module has no rest that it is put to from here.
func (d *driver) Close() error { return nil }
