// Package maxbotix reads the weather-proof ultrasonic range finders of MaxBotix by
// their serial text: the distance to the water below them, or, with the mounting
// height, the water level.
//
// Sources: the parser of EnviroDIY's ModularSensors, and what is generally known of the
// HRXL-MaxSonar-WR and XL-MaxSonar-WR families; their datasheets were not at hand, so
// the number of digits and the ends of the ranges are to be compared with the part's.
//
// With pin 4 open a part sends a line 6 to 7 times a second, at 9600 baud, 8N1: the
// letter R, the distance in digits, CR. HRXL parts write four digits of millimetres,
// XL parts three of centimetres (the long-range ones four). A sample is the first line
// that begins after Sample was called. The driver only listens.
//
// Quirks: at power-on some lines of text come; only R and the right number of digits
// are a distance. Without a target a part writes the end of its range, and what is too
// near reads as the begin of it: both become a reading without a value. Nought is what
// is left of a line on bad wires: the third one in a row is a fault. Nothing guards the
// digits: a damaged one reads as another distance.
package maxbotix

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/frame"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/ranging"
)

const name = "maxbotix"

// model is how a family writes, and what it hears. Its number for no target is the
// first that is above Far.
type model struct {
	lines
	ranging.Range
}

var models = map[string]model{
	"hrxl-wr":  {lines{4, 1}, ranging.Range{Near: 301, Far: 4999, Step: 1}},
	"hrxl-wrl": {lines{4, 1}, ranging.Range{Near: 501, Far: 9998, Step: 1}},
	"xl-wr":    {lines{3, 10}, ranging.Range{Near: 210, Far: 7640, Step: 10}},
	"xl-wrl":   {lines{4, 10}, ranging.Range{Near: 210, Far: 10670, Step: 10}},
}

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Model  string   `yaml:"model,required"`
	Height *float64 `yaml:"height" range:"0.05..100 m" means:"from the zero of the level up to the part's face; for a zero elsewhere leave height out and derive the level"`
}

func plan(decode func(any) error) (*drivers.Plan, error) {
	var o options
	if err := decode(&o); err != nil {
		return nil, err
	}
	m, ok := models[o.Model]
	if !ok {
		known := strings.Join(slices.Sorted(maps.Keys(models)), ", ")
		return nil, &drivers.OptionError{Key: "model", Msg: fmt.Sprintf("%q is not in this family; write one of %s", o.Model, known)}
	}
	gauge, err := m.Gauge(o.Height)
	if err != nil {
		return nil, err
	}
	return &drivers.Plan{
		Channels: []drivers.Channel{gauge.Channel()},
		MinEvery: 200 * time.Millisecond,
		Timeout:  time.Second, // six lines at the slowest
		Line:     drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1},
		LineOnly: true,
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) {
			return &driver{gauge: gauge, in: frame.NewReader(port, m.format())}, nil
		},
	}, nil
}

// noughts is how many in a row are a fault.
const noughts = 3

type driver struct {
	gauge ranging.Gauge
	in    *frame.Reader[int]
}

// Sample waits for the next line, 170 ms at most on a healthy line.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	if err := d.in.Fresh(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for range noughts {
		distance, err := d.in.Next(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if distance > 0 {
			return []obs.Reading{d.gauge.Reading(distance)}, nil
		}
	}
	return nil, fmt.Errorf("%s: %w: it says 0, %d times in a row; check its supply and ground wires", name, drivers.ErrDevice, noughts)
}

// Close does nothing: the part goes on measuring by itself.
func (d *driver) Close() error { return nil }
