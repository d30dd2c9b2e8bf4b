// Package sdi12 reads any SDI-12 sensor. What it measures, in which order and which
// unit, differs between parts and stands in their manuals; the configuration says which
// value of a measurement is which channel.
//
// Source: SDI-12, A Serial-Digital Interface Standard for Microprocessor-Based Sensors,
// version 1.4. Line: 1200 bit/s, 7E1, one wire and 12 V; see drivers/bus/sdi12, which
// sends breaks, repeats, and waits for the sensor.
//
// Numbers are decimal on the line and stay so: scale and offset are applied in exact
// arithmetic, and the reading is the float64 nearest to the result. There is no warm-up
// of the driver's own: the sensor announces how long it takes.
package sdi12

import (
	"context"
	_ "embed"
	"fmt"
	"math/big"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "sdi12"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SDI12Sensor, Readme: readme, Sample: sample, Plan: plan}
}

// source says which value becomes a channel, and how.
type source struct {
	channel drivers.Channel
	value   int // 1 is the first
	scale   *big.Rat
	offset  *big.Rat
}

type driver struct {
	sensor   drivers.SDI12
	command  string
	identify string // what the identification holds; empty: anything
	known    bool   // it has identified itself since it last failed
	missing  []*big.Rat
	sources  []source
}

// Sample implements drivers.Driver.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	out, err := d.sample(ctx)
	if err != nil {
		d.known = false
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}

func (d *driver) sample(ctx context.Context) ([]obs.Reading, error) {
	if err := d.recognise(ctx); err != nil {
		return nil, err
	}
	values, err := d.sensor.Measure(ctx, d.command)
	if err != nil {
		return nil, err
	}
	out := make([]obs.Reading, len(d.sources))
	for i, s := range d.sources {
		if s.value > len(values) {
			return nil, fmt.Errorf("%w: %s gives %d values, and %s is to be number %d", drivers.ErrProtocol, d.command, len(values), s.channel.Name, s.value)
		}
		if out[i], err = d.reading(s, values[s.value-1]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// recognise makes sure that it is the sensor that was meant: all are delivered with
// address 0.
func (d *driver) recognise(ctx context.Context) error {
	if d.identify == "" || d.known {
		return nil
	}
	id, err := d.sensor.Identify(ctx)
	if err != nil {
		return fmt.Errorf("identification: %w", err)
	}
	if !strings.Contains(id, d.identify) {
		return fmt.Errorf("identification: %w: the sensor says %q, without %q in it", drivers.ErrWrongPart, id, d.identify)
	}
	d.known = true
	return nil
}

// reading turns a value as the sensor writes it into one of the channel.
func (d *driver) reading(s source, text string) (obs.Reading, error) {
	v, ok := new(big.Rat).SetString(text)
	if !ok {
		return obs.Reading{}, fmt.Errorf("%w: %s is %q, which is no number", drivers.ErrProtocol, s.channel.Name, text)
	}
	for _, m := range d.missing {
		if v.Cmp(m) == 0 {
			return obs.None(obs.Instrument), nil
		}
	}
	f, _ := v.Add(v.Mul(v, s.scale), s.offset).Float64()
	return s.channel.Read(f), nil
}

// Close does nothing: the sensor goes back to sleep by itself.
func (d *driver) Close() error { return nil }
