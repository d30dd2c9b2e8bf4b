// Package sps30 reads the particulate matter sensor SPS30 of Sensirion over its UART.
//
// Sources: Sensirion SPS30 datasheet (summary), the maker's public UART driver for the
// commands and states; the frames of public captures in testdata. The settling times
// are from general knowledge of the data sheet and were not read again.
//
// The line is 115200 baud, 8N1, framed as SHDLC (frame.go). The part is started once,
// which it forgets with its power, and then asked; it has a new value each second.
//
// Choices: the driver starts the measurement and stops it when the device is closed. It
// leaves the automatic cleaning of the fan as it is set: that counts the hours of
// measuring, and a part that runs without pause cleans itself each week. While it does,
// for ten seconds, there is no new value, and the sample ends with a timeout.
//
// Quirks: "no new value" is an empty answer, never a value. Bit 7 of the state says that
// the part has found a fault of its own, fan or laser: values are flagged.
package sps30

import (
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/frame"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "sps30"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Counts bool `yaml:"counts"`
}

// channels are the part's values, in the order of its answer.
var channels = []drivers.Channel{
	{Name: "pm1", Max: 1000, Resolution: 0.001}, {Name: "pm2_5", Max: 1000, Resolution: 0.001},
	{Name: "pm4", Max: 1000, Resolution: 0.001}, {Name: "pm10", Max: 1000, Resolution: 0.001},
	{Name: "number_0_5", Max: 3000, Resolution: 0.001}, {Name: "number_1", Max: 3000, Resolution: 0.001},
	{Name: "number_2_5", Max: 3000, Resolution: 0.001}, {Name: "number_4", Max: 3000, Resolution: 0.001},
	{Name: "number_10", Max: 3000, Resolution: 0.001}, {Name: "particle_size", Max: 10, Resolution: 0.001},
}

const (
	masses    = 4      // channels without counts
	precision = 1000.0 // the part's floats have more digits than it measures
	valueLen  = 4
	interval  = time.Second // from one value to the next
)

func plan(decode func(any) error) (*drivers.Plan, error) {
	var o options
	if err := decode(&o); err != nil {
		return nil, err
	}
	n := masses
	if o.Counts {
		n = len(channels)
	}
	return &drivers.Plan{
		Channels: channels[:n:n],
		MinEvery: interval,
		Timeout:  3 * interval,
		WarmUp:   30 * time.Second,
		Line:     drivers.LineSettings{Baud: 115200, Parity: "none", StopBits: 1},
		LineOnly: true,
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) {
			return &driver{channels: channels[:n:n], port: port, in: frame.NewReader(port, format)}, nil
		},
	}, nil
}

// Commands.
const (
	cmdStart = 0x00
	cmdStop  = 0x01
	cmdRead  = 0x03
	cmdInfo  = 0xD0
	cmdVer   = 0xD1
)

type driver struct {
	channels []drivers.Channel
	port     drivers.Port
	in       *frame.Reader[answer]
	started  bool
}

// Sample asks until there is a new value, which takes up to a second.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	a, err := d.read(ctx)
	if err != nil {
		d.started = false
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return d.readings(a), nil
}

func (d *driver) read(ctx context.Context) (answer, error) {
	for {
		if err := d.start(ctx); err != nil {
			return answer{}, err
		}
		a, err := d.ask(ctx, cmdRead)
		switch {
		case err != nil:
			return a, err
		case a.refusal() != nil:
			return a, a.refusal()
		case len(a.data) == valueLen*len(channels):
			return a, nil
		case len(a.data) != 0:
			return a, fmt.Errorf("%w: %d bytes of values, %d are expected", drivers.ErrProtocol, len(a.data), valueLen*len(channels))
		}
		if err := drivers.Wait(ctx, interval/4); err != nil {
			return a, fmt.Errorf("%w: it answers, and has no new value", err)
		}
	}
}

// start lets the part measure, in floating point; one that does already is fine.
func (d *driver) start(ctx context.Context) error {
	if d.started {
		return nil
	}
	a, err := d.ask(ctx, cmdStart, 0x01, 0x03)
	if err == nil && a.state&^deviceError != busy {
		err = a.refusal()
	}
	if err != nil {
		return fmt.Errorf("starting it: %w", err)
	}
	d.started = true
	return nil
}

// ask sends a command and waits for the answer to it.
func (d *driver) ask(ctx context.Context, command byte, data ...byte) (answer, error) {
	if err := d.in.Fresh(); err != nil {
		return answer{}, err
	}
	d.in.Awaits(awaited(command))
	if _, err := d.port.Write(ctx, request(command, data...)); err != nil {
		return answer{}, err
	}
	for {
		a, err := d.in.Next(ctx)
		if err != nil || a.command == command {
			return a, err
		}
	}
}

func (d *driver) readings(a answer) []obs.Reading {
	out := make([]obs.Reading, len(d.channels))
	for i, c := range d.channels {
		v := float64(math.Float32frombits(binary.BigEndian.Uint32(a.data[valueLen*i:])))
		out[i] = c.Read(math.Round(v*precision) / precision)
		if a.state&deviceError != 0 && out[i].Quality.Flag != obs.Missing {
			out[i].Quality = obs.Quality{Flag: obs.Fail, Why: obs.Instrument}
		}
	}
	return out
}

// Facts asks for the serial number and the firmware.
func (d *driver) Facts(ctx context.Context) ([]drivers.Fact, error) {
	a, err := d.ask(ctx, cmdInfo, 0x03)
	if err == nil {
		err = a.refusal()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: serial number: %w", name, err)
	}
	var facts []drivers.Fact
	if number := text(a.data); number != "" {
		facts = append(facts, drivers.Fact{Name: "serial_number", Value: number})
	}
	if a, err = d.ask(ctx, cmdVer); err != nil {
		return facts, fmt.Errorf("%s: version: %w", name, err)
	}
	if a.refusal() == nil && len(a.data) >= 2 {
		facts = append(facts, drivers.Fact{Name: "firmware", Value: fmt.Sprintf("%d.%d", a.data[0], a.data[1])})
	}
	return facts, nil
}

// text is what stands before the first byte that is no printable character.
func text(b []byte) string {
	for i, c := range b {
		if c < ' ' || c > '~' {
			return string(b[:i])
		}
	}
	return string(b)
}

// closing is how long the part may take to hear that it is to stop.
const closing = 200 * time.Millisecond

// Close stops the measurement, so that fan and laser rest, and does not wait for the
// answer: a part that is gone measures nothing.
func (d *driver) Close() error {
	if !d.started {
		return nil
	}
	d.started = false
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	_, _ = d.port.Write(ctx, request(cmdStop))
	return nil
}
