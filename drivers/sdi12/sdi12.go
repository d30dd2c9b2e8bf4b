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
	"cmp"
	"context"
	_ "embed"
	"errors"
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
	command  string // empty: M, with a checksum if the part has that
	chosen   string // what the empty command has come to; empty: not known
	identify string // what the identification holds; empty: anything
	known    bool   // it has identified itself since it last failed
	missing  []*big.Rat
	sources  []source
}

// Sample implements drivers.Driver.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	out, err := d.sample(ctx)
	if err != nil {
		d.known, d.chosen = false, "" // another part may hang there by now
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return out, nil
}

func (d *driver) sample(ctx context.Context) ([]obs.Reading, error) {
	if err := d.recognise(ctx); err != nil {
		return nil, err
	}
	values, command, err := d.measure(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]obs.Reading, len(d.sources))
	for i, s := range d.sources {
		if s.value > len(values) {
			return nil, fmt.Errorf("%w: %s gives %d values, and %s is to be number %d", drivers.ErrSettings, command, len(values), s.channel.Name, s.value)
		}
		if out[i], err = d.reading(s, values[s.value-1]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// The measurement of the options' default, with and without a checksum.
const (
	sealed = "MC"
	plain  = "M"
)

// measure takes the measurement and returns the command that it took. Without one in
// the options it asks for the values with a checksum: nothing else on this line tells a
// wrong digit from the right one. Parts from before version 1.3 of the standard are
// silent to that, or have no such measurement; they are asked without.
func (d *driver) measure(ctx context.Context) (values []string, command string, err error) {
	if command = cmp.Or(d.command, d.chosen); command != "" {
		values, err = d.sensor.Measure(ctx, command)
		return values, command, err
	}
	values, err = d.sensor.Measure(ctx, sealed)
	if err == nil {
		d.chosen = sealed
		return values, sealed, nil
	}
	if !errors.Is(err, drivers.ErrTimeout) && !errors.Is(err, drivers.ErrException) {
		return nil, sealed, err
	}
	id, silent := d.sensor.Identify(ctx)
	switch {
	case silent != nil:
		return nil, sealed, err
	case !elder(id):
		return nil, sealed, fmt.Errorf("%w; it says it is %q, and parts for version 1.3 of the standard and later have %s; one that does not know it is read with measure: %s", err, id, sealed, plain)
	}
	if values, err = d.sensor.Measure(ctx, plain); err == nil {
		d.chosen = plain
	}
	return values, plain, err
}

// elder says whether an identification is that of a part from before version 1.3 of the
// standard, which brought checksums. Any other never goes without: that it did not answer
// is noise more likely than anything else. So is what is too short for an identification,
// an earlier answer that came late for one.
func elder(id string) bool {
	const length, first = 2 + 8 + 6 + 3, "13" // version, vendor, model, its version
	return len(id) >= length && id[:2] >= "10" && id[:2] < first
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
