// Package zphs01 reads the multi-in-one air modules ZPHS01B and ZPHS01C of Winsen, which
// gather several sensors behind one line and speak two different protocols.
//
// Sources: three public implementations of the ZPHS01B, which agree but for the
// temperature; Winsen ZPHS01C manual V1.0 for the frames. In what order the ZPHS01C
// gives its values was read in an extract of that manual only; the numbers of its
// example are plausible in that order and in no other (410 ppm, 49.0 %, 27.2 °C).
//
// The line is 9600 baud, 8N1. Both are asked. A ZPHS01C measures dust only while its
// fan and laser work, which is a command: what it reports as PM2.5 while they were
// stopped is the last value. Unless the configuration says otherwise the driver does not
// give it. With fan: on it starts them before the first sample after opening and after
// each failed one; with fan: rest it starts them for each sample, waits until the value
// counts, and stops them, for they wear. Both wait for the module's confirmation.
//
// Quirks: of three programs two take 500 for the zero of the ZPHS01B's temperature and
// one 437, six degrees apart. The default is 500; the option is there until somebody
// holds a thermometer beside it.
package zphs01

import (
	"context"
	_ "embed"
	"errors"
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
	Zero  *int   `yaml:"temp_zero" range:"-"` // one of two
	Cell  string `yaml:"cell"`
	Fan   string `yaml:"fan"`
}

// What is done about the fan.
const (
	fanKeep = "keep"
	fanOn   = "on"
	fanRest = "rest"
)

// spinUp is how long fan and laser work before dust counts. The manual at hand states
// no time; it is that of the dust sensors with a fan.
const spinUp = 30 * time.Second

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
	o := options{Model: "zphs01b", Cell: "ch2o", Fan: fanKeep}
	if err := decode(&o); err != nil {
		return nil, err
	}
	wrong := func(key, format string, args ...any) (*drivers.Plan, error) {
		return nil, &drivers.OptionError{Key: key, Msg: fmt.Sprintf(format, args...)}
	}
	if o.Cell != "ch2o" && o.Cell != "voc" {
		return wrong("cell", "%q is no cell of such a module; write ch2o or voc", o.Cell)
	}
	if o.Fan != fanKeep && o.Fan != fanOn && o.Fan != fanRest {
		return wrong("fan", "%q is nothing that can be done about it; write keep, on or rest", o.Fan)
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
	case o.Model == "zphs01b" && o.Fan != fanKeep:
		return wrong("fan", "a zphs01b takes no command for it; delete the line")
	case o.Model == "zphs01b":
		p, sources = protocolB, sourcesB(zero)
	case o.Model != "zphs01c":
		return wrong("model", "%q is not in this family; write zphs01b or zphs01c", o.Model)
	case o.Zero != nil:
		return wrong("temp_zero", "only of a zphs01b is it in doubt; delete the line")
	default:
		p, sources = protocolC, sourcesC(o.Cell)
	}
	return planned(p, sources, o.Fan), nil
}

func planned(p protocol, sources []source, fan string) *drivers.Plan {
	pl := &drivers.Plan{
		MinEvery: time.Second,
		Timeout:  time.Second,
		WarmUp:   3 * time.Minute,
		Line:     drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1},
		LineOnly: true,
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) {
			return &driver{question: p.question, sources: sources, fan: fan, port: port, in: frame.NewReader(port, p.format())}, nil
		},
	}
	if fan == fanRest {
		pl.MinEvery, pl.Timeout = 2*spinUp, spinUp+3*pl.Timeout
	}
	for _, s := range sources {
		pl.Channels = append(pl.Channels, s.Channel)
	}
	return pl
}

type driver struct {
	question []byte
	sources  []source
	fan      string
	port     drivers.Port
	in       *frame.Reader[answer]
	ready    bool // with fan: on, it was started, and the module has answered since
}

// Sample asks and waits for the answer. With fan: rest it takes half a minute longer.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	a, err := d.measure(ctx)
	d.ready = err == nil
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	out := make([]obs.Reading, len(d.sources))
	for i, s := range d.sources {
		out[i] = s.Read(s.value(a))
	}
	return out, nil
}

func (d *driver) measure(ctx context.Context) (answer, error) {
	if d.fan == fanRest || d.fan == fanOn && !d.ready {
		if err := d.dust(ctx, dustOn); err != nil {
			return answer{}, fmt.Errorf("starting its fan: %w", err)
		}
	}
	if d.fan != fanRest {
		return d.ask(ctx, d.question, 0)
	}
	if err := drivers.Wait(ctx, spinUp); err != nil {
		return answer{}, err
	}
	a, err := d.ask(ctx, d.question, 0)
	if err == nil {
		_ = d.dust(ctx, dustOff) // the values are good; a fan that runs on is stopped the next time
	}
	return a, err
}

// dust starts or stops the measurement of dust, and waits until the module confirms it.
func (d *driver) dust(ctx context.Context, what byte) error {
	a, err := d.ask(ctx, command(cmdDust, what, dustEnd), cmdDust)
	if err == nil && (a.n != 1 || a.data[0] != what) {
		err = fmt.Errorf("%w: it was told %d and confirms % x", drivers.ErrProtocol, what, a.data[:a.n])
	}
	return err
}

// ask sends a request and waits for what answers it: values, or what confirms a command.
func (d *driver) ask(ctx context.Context, request []byte, confirms byte) (answer, error) {
	if err := d.in.Fresh(); err != nil {
		return answer{}, err
	}
	if _, err := d.port.Write(ctx, request); err != nil {
		return answer{}, err
	}
	for others := 0; ; others++ {
		a, err := d.in.Next(ctx)
		switch {
		case err != nil && others > 0 && errors.Is(err, drivers.ErrTimeout):
			return answer{}, fmt.Errorf("%w: %d confirmations came of what nobody asked", drivers.ErrProtocol, others)
		case err != nil || a.confirms == confirms:
			return a, err
		}
	}
}

// Close leaves the module as it is: it has no rest but that of its fan.
func (d *driver) Close() error { return nil }
