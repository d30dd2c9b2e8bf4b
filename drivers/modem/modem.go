// Package modem asks a cellular modem how strong its signal is, by AT commands on a serial
// port of the modem that nobody else uses. It asks and changes nothing.
//
// Sources: 3GPP TS 27.007, version 17, sections 8.5 (+CSQ) and 8.69 (+CESQ); ITU-T V.250,
// sections 5.2 and 5.7, for the form of commands and answers.
//
// A sample is one command, AT+CSQ (any modem: the received strength) or AT+CESQ (LTE: the
// power of the reference signals, which says more about the cell), and the lines up to
// OK. The command's own echo, and what the modem says unasked, are passed over. An answer
// has no checksum.
//
// After a sample that failed the driver listens until the line is quiet before it asks
// again: an answer does not say to which question it belongs.
//
// ModemManager's D-Bus is not asked: not every board runs it, and a modem has ports enough
// for both. Wi-Fi strength and the counts of interfaces are the driver board's.
package modem

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "modem"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Command string `yaml:"command"`
}

// command is what the modem is asked, and what its answer means.
type command struct {
	text, head string
	fields     int // numbers in the answer
	which      int // of them is the value
	channel    drivers.Channel
	first      float64 // dBm that the number 0 stands for
	step       float64 // dBm from one number to the next
	last       int     // the greatest number that is a strength
	unknown    int     // the number that says "not known or not detectable"
}

var commands = map[string]command{
	"csq":  {"AT+CSQ", "+CSQ:", 2, 0, drivers.Channel{Name: "signal", Min: -113, Max: -51, Resolution: 2}, -113, 2, 31, 99},
	"cesq": {"AT+CESQ", "+CESQ:", 6, 5, drivers.Channel{Name: "signal.rsrp", Min: -141, Max: -44, Resolution: 1}, -141, 1, 97, 255},
}

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{Command: "csq"}
	if err := decode(&o); err != nil {
		return nil, err
	}
	c, ok := commands[o.Command]
	if !ok {
		return nil, &drivers.OptionError{Key: "command", Msg: fmt.Sprintf("%q is nothing that is asked; write csq or cesq", o.Command)}
	}
	return &drivers.Plan{
		Channels: []drivers.Channel{c.channel},
		MinEvery: time.Second,
		Timeout:  5 * time.Second,
		Line:     drivers.LineSettings{Baud: 115200, Parity: "none", StopBits: 1},
		OpenSerial: func(p drivers.Port) (drivers.Driver, error) {
			return &driver{port: p, command: c}, nil
		},
	}, nil
}

// How long a modem may think, and how long nothing comes when it has nothing to say.
const (
	answers = 2 * time.Second
	quiet   = 300 * time.Millisecond
	listens = 1500 * time.Millisecond // at most, to a modem that talks without end
)

type driver struct {
	port    drivers.Port
	command command
	unsure  bool // something of an old answer may still come
}

// Sample asks once, some ten milliseconds.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	n, err := d.ask(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", name, d.command.text, err)
	}
	return []obs.Reading{d.command.reading(n)}, nil
}

// reading is what a number of the answer means. A number between the strengths and
// "unknown" is none that the standard has.
func (c command) reading(n int) obs.Reading {
	switch {
	case n == c.unknown:
		return obs.None(obs.Instrument)
	case n > c.last:
		return obs.None(obs.Range)
	}
	return c.channel.Read(c.first + c.step*float64(n))
}

func (d *driver) ask(ctx context.Context) (n int, err error) {
	if d.unsure {
		if err := d.listen(ctx); err != nil {
			return 0, err
		}
	}
	d.unsure = true
	if err := d.port.Discard(); err != nil {
		return 0, err
	}
	if _, err := d.port.Write(ctx, []byte(d.command.text+"\r")); err != nil {
		return 0, err
	}
	ctx, stop := context.WithTimeout(ctx, answers)
	defer stop()
	a := answer{command: d.command}
	b := make([]byte, longest)
	for !a.done {
		k, err := d.port.Read(ctx, b)
		if err != nil {
			d.report(a)
			return 0, a.explain(err)
		}
		if err := a.take(b[:k]); err != nil {
			d.report(a)
			d.unsure = false // it has said its last word
			return 0, err
		}
	}
	d.report(a)
	if !a.valued {
		return 0, fmt.Errorf("%w: OK, and no %s before it", drivers.ErrProtocol, a.command.head)
	}
	d.unsure = false
	return a.value, nil
}

func (d *driver) report(a answer) {
	if a.noise > 0 {
		d.port.Noise(a.noise)
	}
}

// listen waits until nothing of an old answer is under way.
func (d *driver) listen(ctx context.Context) error {
	most, stop := context.WithTimeout(ctx, listens)
	defer stop()
	b := make([]byte, longest)
	for {
		silence, stop := context.WithTimeout(most, quiet)
		_, err := d.port.Read(silence, b)
		stop()
		switch {
		case err == nil && most.Err() == nil:
		case err == nil, errors.Is(err, drivers.ErrTimeout) && ctx.Err() == nil:
			return nil
		default:
			return err
		}
	}
}

// Close does nothing: the modem is not ours.
func (d *driver) Close() error { return nil }
