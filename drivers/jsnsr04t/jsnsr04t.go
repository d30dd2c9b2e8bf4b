// Package jsnsr04t reads the waterproof ultrasonic range finders JSN-SR04T and
// AJ-SR04M in their serial modes: the distance to the water below them, or, with the
// mounting height, the water level.
//
// Sources: public guides to the JSN-SR04T (versions 1 to 3) and the AJ-SR04M; neither
// has a datasheet of its maker that states the frame. The frame is described with
// package range8.
//
// A resistor on the board chooses the mode. In mode 2 the part sends a frame each
// 100 ms, and a sample is the first good one that begins after Sample was called. In
// mode 3 it sends one after each byte 55, which the driver writes. Mode 1, the echo as
// a pulse, and modes 4 to 6 of the third version are not serial and not for here. The
// line is 9600 baud, 8N1.
//
// Quirks: the AJ-SR04M leaves the head out of its sum. That sum is only accepted where
// the configuration names the part, because one sum taken for the other would let twice
// as many damaged frames pass. In the blind zone, 250 mm by the more careful of two
// sources, 200 mm by the other, the number is not a distance; it becomes a reading
// without a value.
package jsnsr04t

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/range8"
	"github.com/lamppost-city/lamppost/drivers/frame"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/drivers/ranging"
)

const (
	name = "jsnsr04t"
	ask  = 0x55
	far  = 6000 // mm
)

// The modes that are serial.
const (
	streams = 2 // resistor 47 kΩ
	asked   = 3 // resistor 120 kΩ
)

// models are the parts and how they add up a frame.
var models = map[string]range8.Sum{"jsn-sr04t": range8.WithHead, "aj-sr04m": range8.WithoutHead}

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
	Mode   int      `yaml:"mode" range:"-"` // one of two
	Blind  float64  `yaml:"blind" range:"0.2..1 m"`
	Height *float64 `yaml:"height" range:"0.05..100 m" means:"from the zero of the level up to the part's face; for a zero elsewhere leave height out and derive the level"`
}

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{Model: "jsn-sr04t", Mode: streams, Blind: 0.25}
	if err := decode(&o); err != nil {
		return nil, err
	}
	gauge, err := o.gauge()
	if err != nil {
		return nil, err
	}
	p := &drivers.Plan{
		Channels: []drivers.Channel{gauge.Channel()},
		MinEvery: 100 * time.Millisecond,
		Timeout:  time.Second,
		Line:     drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1},
		LineOnly: true,
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) {
			return &driver{port: port, asked: o.Mode == asked, gauge: gauge, in: frame.NewReader(port, formatOf(models[o.Model]))}, nil
		},
	}
	if o.Mode == asked {
		p.Timeout = 300 * time.Millisecond // an answer takes up to 150 ms
	}
	return p, nil
}

// gauge is the part as it hangs there.
func (o options) gauge() (ranging.Gauge, error) {
	var all []error
	if _, ok := models[o.Model]; !ok {
		all = append(all, &drivers.OptionError{Key: "model", Msg: fmt.Sprintf("%q is not in this family; write jsn-sr04t or aj-sr04m", o.Model)})
	}
	if o.Mode != streams && o.Mode != asked {
		all = append(all, &drivers.OptionError{Key: "mode", Msg: fmt.Sprintf("%d is no serial mode; write 2 (47 kΩ, sends by itself) or 3 (120 kΩ, is asked)", o.Mode)})
	}
	g, err := ranging.Range{Near: int(math.Round(o.Blind*1000)) + 1, Far: far, Step: 1}.Gauge(o.Height)
	return g, errors.Join(append(all, err)...)
}

func formatOf(sum range8.Sum) frame.Format[int] {
	return frame.Format[int]{Head: []byte{range8.Head}, Max: range8.Len, Size: range8.Size, Decode: sum.Decode}
}

type driver struct {
	port  drivers.Port
	asked bool
	gauge ranging.Gauge
	in    *frame.Reader[int]
}

// Sample takes about 100 ms on a healthy line.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	distance, err := d.measure(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return []obs.Reading{d.gauge.Reading(distance)}, nil
}

func (d *driver) measure(ctx context.Context) (int, error) {
	if err := d.in.Fresh(); err != nil {
		return 0, err
	}
	if d.asked {
		if _, err := d.port.Write(ctx, []byte{ask}); err != nil {
			return 0, err
		}
	}
	return d.in.Next(ctx)
}

// Close does nothing: the part measures by itself, or sleeps until it is asked.
func (d *driver) Close() error { return nil }
