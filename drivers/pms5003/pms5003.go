// Package pms5003 reads the laser dust sensors of Plantower: PMS1003, PMS3003,
// PMS5003, PMS7003, PMSA003, and the PMS5003S, PMS5003T and PMS5003ST that measure
// formaldehyde, temperature and humidity beside the dust.
//
// Sources: Plantower PMS5003 series data manual V2.3 (2016-06-01), PMS5003ST data
// manual V2.6 (2017-02-01); the frames of public captures in testdata.
//
// The part talks without being asked ("active mode"), at 9600 baud, 8N1: a frame
// about every 2.3 s while the air is steady, every 200 to 800 ms while it changes.
// The driver only listens, so the part's RX pin may stay open. A sample is the
// first good frame that begins after Sample was called.
//
// Fan and laser last about a year of work. On demand the driver lets them rest between
// samples: it wakes the part, waits until its values count, takes a frame, and puts it to
// sleep. The part forgets sleep with its power, and nothing else is written to it; its
// passive mode is not used, since not every unit keeps it over sleep.
//
// Quirks: for 30 s after power-on or waking the values mean little; while the fan
// starts the part sends frames of zeros with a good checksum, which become
// readings without a value. Its particle counts stop at 65535.
package pms5003

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/frame"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "pms5003"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Model  string `yaml:"model"`
	Set    string `yaml:"set"`
	Counts bool   `yaml:"counts"`
	Rest   bool   `yaml:"rest"`
}

// spinUp is how long the part must work before its values count.
const spinUp = 30 * time.Second

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{Model: "pms5003", Set: "atmospheric"}
	if err := decode(&o); err != nil {
		return nil, err
	}
	l, ok := models[o.Model]
	if !ok {
		return nil, &drivers.OptionError{Key: "model", Msg: fmt.Sprintf("%q is not in this family; write one of %s", o.Model, modelNames())}
	}
	set, ok := map[string]int{"atmospheric": atmosphericSet, "factory": factorySet}[o.Set]
	if !ok {
		return nil, &drivers.OptionError{Key: "set", Msg: fmt.Sprintf("%q is no set of values; write atmospheric or factory", o.Set)}
	}
	if o.Counts && l.counts == 0 {
		return nil, &drivers.OptionError{Key: "counts", Msg: "the " + o.Model + " does not count particles; delete the line"}
	}
	if o.Rest && l.deaf {
		return nil, &drivers.OptionError{Key: "rest", Msg: "the " + o.Model + " takes no commands, it cannot be put to rest; delete the line"}
	}
	sources := l.channels(set, o.Counts)
	p := &drivers.Plan{
		MinEvery: time.Second,
		Timeout:  5 * time.Second, // twice the slowest pause between frames, so one may be damaged
		WarmUp:   spinUp,
		Line:     drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1},
		LineOnly: true,
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) {
			return &driver{layout: l, sources: sources, rest: o.Rest, port: port, in: frame.NewReader(port, format)}, nil
		},
	}
	if o.Rest {
		p.MinEvery, p.Timeout, p.WarmUp = 2*spinUp, spinUp+p.Timeout, 0
	}
	for _, s := range sources {
		p.Channels = append(p.Channels, s.Channel)
	}
	return p, nil
}

type driver struct {
	layout  layout
	sources []source
	rest    bool // fan and laser rest between samples
	port    drivers.Port
	in      *frame.Reader[words]
}

// Sample waits for the next frame, up to 2.3 s on a healthy line: the part talks when it
// likes. With rest it takes half a minute longer.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	w, err := d.sample(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return d.readings(w), nil
}

func (d *driver) sample(ctx context.Context) (words, error) {
	if !d.rest {
		return d.next(ctx)
	}
	if _, err := d.port.Write(ctx, command(cmdRest, 1)); err != nil {
		return words{}, fmt.Errorf("waking it: %w", err)
	}
	if err := drivers.Wait(ctx, spinUp); err != nil {
		return words{}, err
	}
	w, err := d.next(ctx)
	if err == nil {
		_, _ = d.port.Write(ctx, command(cmdRest, 0)) // the value is good; what does not sleep is told again
	}
	return w, err
}

// next returns the next frame of the right length.
func (d *driver) next(ctx context.Context) (words, error) {
	if err := d.in.Fresh(); err != nil {
		return words{}, err
	}
	for {
		w, err := d.in.Next(ctx)
		switch {
		case err != nil:
			return words{}, err
		case w.n == ackWords: // the answer to a command
		case w.n != d.layout.words:
			return words{}, fmt.Errorf("%w: frames of %d bytes come, %d are expected; set model to the part that is there",
				drivers.ErrProtocol, frameLen(w.n), frameLen(d.layout.words))
		default:
			return w, nil
		}
	}
}

func (d *driver) readings(w words) []obs.Reading {
	out := make([]obs.Reading, len(d.sources))
	broken := d.layout.status != 0 && w.data[d.layout.status]&0xff != 0
	for i, s := range d.sources {
		if w.blank() {
			out[i] = obs.None(obs.WarmUp)
			continue
		}
		out[i] = s.Read(s.value(w))
		if broken {
			out[i].Quality = obs.Quality{Flag: obs.Fail, Why: obs.Instrument}
		}
	}
	return out
}

// Close does nothing: a part that talks goes on, one that rests does.
func (d *driver) Close() error { return nil }
