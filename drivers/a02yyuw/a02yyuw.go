// Package a02yyuw reads the ultrasonic level sensors A02YYUW, A01NYUB and ME007YS:
// the distance to the water below them, or, with the mounting height, the water level.
//
// Sources: DFRobot wiki, SEN0311 (A02YYUW), SEN0313 (A01NYUB), SEN0312 (ME007YS). The
// frame is described with package range8.
//
// The parts talk without being asked, at 9600 baud, 8N1: a frame of four bytes
// every 100 to 300 ms. A sample is the first good frame that begins after Sample
// was called. The driver only listens; with the part's RX pin open or high the
// value is filtered by the part.
//
// Quirks: at or below the blind zone's end (30 mm, 280 mm) and above the part's range
// the number is not a distance but says that no echo came back; it becomes a reading
// without a value. The checksum has 8 bits: of the frames that a bad line makes up, one
// in 256 passes.
package a02yyuw

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/range8"
	"github.com/lamppost-city/lamppost/drivers/frame"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/ranging"
)

const name = "a02yyuw"

// models are the parts and what they hear. A number at the end of the blind zone
// itself, 30 or 280 mm, is what a part sends without an echo.
var models = map[string]ranging.Range{
	"a01nyub": {Near: 281, Far: 7500, Step: 1},
	"a02yyuw": {Near: 31, Far: 4500, Step: 1},
	"me007ys": {Near: 281, Far: 4500, Step: 1},
}

// format is how the frames of the whole family are found in a stream.
var format = frame.Format[int]{Head: []byte{range8.Head}, Max: range8.Len, Size: range8.Size, Decode: range8.WithHead.Decode}

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Model  string   `yaml:"model"`
	Height *float64 `yaml:"height" range:"0.05..100 m" means:"from the zero of the level up to the part's face; for a zero elsewhere leave height out and derive the level"`
}

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{Model: name}
	if err := decode(&o); err != nil {
		return nil, err
	}
	hears, ok := models[o.Model]
	if !ok {
		return nil, &drivers.OptionError{Key: "model", Msg: fmt.Sprintf("%q is not in this family; write one of a01nyub, a02yyuw, me007ys", o.Model)}
	}
	gauge, err := hears.Gauge(o.Height)
	if err != nil {
		return nil, err
	}
	return &drivers.Plan{
		Channels: []drivers.Channel{gauge.Channel()},
		MinEvery: 300 * time.Millisecond,
		Timeout:  time.Second, // three frames at the slowest
		Line:     drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1},
		LineOnly: true,
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) {
			return &driver{gauge: gauge, in: frame.NewReader(port, format)}, nil
		},
	}, nil
}

type driver struct {
	gauge ranging.Gauge
	in    *frame.Reader[int]
}

// Sample waits for the next frame, 300 ms at most on a healthy line.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	if err := d.in.Fresh(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	distance, err := d.in.Next(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return []obs.Reading{d.gauge.Reading(distance)}, nil
}

// Close does nothing: the part goes on measuring by itself.
func (d *driver) Close() error { return nil }
