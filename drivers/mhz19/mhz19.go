// Package mhz19 reads the infrared CO2 sensors MH-Z19B and MH-Z19C of Winsen.
//
// Sources: Winsen MH-Z19B manual V1.6, MH-Z19C manual V1.1; the frames of public
// captures in testdata.
//
// The part is asked, at 9600 baud, 8N1, with frames of 9 bytes (package
// codec/winsen). A sample is one question; only the answer to it counts.
//
// Quirks: right after power-on the part reports a fixed number (400, 410 or 500 ppm)
// with a good checksum, which nothing in the frame tells from a measurement. So all
// values are flagged for the warm-up that the manual states, 3 min for the MH-Z19B and
// 1 min for the MH-Z19C, also when only the gateway was restarted. Byte 4 is a rough
// temperature of the part's own board; it says nothing about the air and is not
// published. Byte 5 is undocumented and not used.
//
// # Automatic baseline correction
//
// The part takes the lowest value of a day for fresh air of 400 ppm and shifts its zero
// there, unless told otherwise. In the open that is right; in a car park or an underpass
// that is never aired it eats the signal within days. The driver leaves the part as it
// is, unless the configuration says what is wanted: then it sends that before the first
// sample after opening and after each failed one, for a part that lost its power may
// have lost the setting. The part does not confirm it, so nothing here promises that it
// was taken. It never calibrates: that needs 20 minutes of known air and a person.
package mhz19

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/winsen"
	"github.com/lamppost-city/lamppost/drivers/frame"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "mhz19"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Model    string `yaml:"model"`
	Range    int    `yaml:"range" range:"-"` // one of three
	Baseline string `yaml:"baseline"`
}

// warmUps are the models and how long they take after power-on.
var warmUps = map[string]time.Duration{"mh-z19b": 3 * time.Minute, "mh-z19c": time.Minute}

// baselines are the commands that an option stands for; nil: none.
var baselines = map[string][]byte{
	"keep": nil,
	"off":  winsen.Request(winsen.Baseline),
	"on":   winsen.Request(winsen.Baseline, 0xA0),
}

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{Model: "mh-z19b", Range: 5000, Baseline: "keep"}
	if err := decode(&o); err != nil {
		return nil, err
	}
	warmUp, ok := warmUps[o.Model]
	if !ok {
		return nil, &drivers.OptionError{Key: "model", Msg: fmt.Sprintf("%q is not in this family; write mh-z19b or mh-z19c", o.Model)}
	}
	setUp, ok := baselines[o.Baseline]
	if !ok {
		return nil, &drivers.OptionError{Key: "baseline", Msg: fmt.Sprintf("%q is nothing the part can do; write keep, on or off", o.Baseline)}
	}
	if o.Range != 2000 && o.Range != 5000 && o.Range != 10000 {
		return nil, &drivers.OptionError{Key: "range", Msg: fmt.Sprintf("no such part goes to %d ppm; write 2000, 5000 or 10000, as its label says", o.Range)}
	}
	co2 := drivers.Channel{Name: "co2", Max: float64(o.Range), Resolution: 1}
	return &drivers.Plan{
		Channels: []drivers.Channel{co2},
		MinEvery: 2 * time.Second,
		Timeout:  time.Second,
		WarmUp:   warmUp,
		Line:     drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1},
		LineOnly: true,
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) {
			return &driver{co2: co2, port: port, setUp: setUp, in: frame.NewReader(port, format)}, nil
		},
	}, nil
}

// format is what the part answers: to the question, or, on some firmware, to a
// setting.
var format = frame.Format[winsen.Frame]{Head: []byte{winsen.Start}, Max: winsen.Size, Size: size, Decode: winsen.Decode}

func size(b []byte) int {
	switch {
	case len(b) < 2:
		return winsen.Size
	case b[1] == winsen.Read, b[1] == winsen.Baseline:
		return winsen.Size
	}
	return 0
}

var question = winsen.Request(winsen.Read)

type driver struct {
	co2   drivers.Channel
	port  drivers.Port
	in    *frame.Reader[winsen.Frame]
	setUp []byte // the command that the configuration asks for; nil: none
	ready bool   // it was sent, and the part has answered since
}

// Sample asks and waits for the answer, which takes about 20 ms.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	f, err := d.ask(ctx)
	d.ready = err == nil
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return []obs.Reading{d.co2.Read(float64(f.Word(2)))}, nil
}

func (d *driver) ask(ctx context.Context) (winsen.Frame, error) {
	if !d.ready && d.setUp != nil {
		if _, err := d.port.Write(ctx, d.setUp); err != nil {
			return winsen.Frame{}, err
		}
	}
	if err := d.in.Fresh(); err != nil {
		return winsen.Frame{}, err
	}
	d.in.Awaits(frame.Awaited{Least: winsen.Size, Most: winsen.Size, Sum: winsen.Sealed})
	if _, err := d.port.Write(ctx, question); err != nil {
		return winsen.Frame{}, err
	}
	for {
		f, err := d.in.Next(ctx)
		if err != nil || f[0] == winsen.Read {
			return f, err
		}
	}
}

// Close does nothing: the part has no rest.
func (d *driver) Close() error { return nil }
