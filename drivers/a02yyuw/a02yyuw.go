// Package a02yyuw reads the ultrasonic level sensor A02YYUW: the distance to the
// water below it, or, with the mounting height, the water level.
//
// Source: DFRobot wiki, SEN0311 (A02YYUW).
//
// The part talks without being asked, at 9600 baud, 8N1: a frame of four bytes
// every 100 to 300 ms. A sample is the first good frame that begins after Sample
// was called. The driver only listens; with the part's RX pin open or high the
// value is filtered by the part.
//
// Quirks: at or below 30 mm (the blind zone) and above 4500 mm the number is not a
// distance but says that no echo came back; it becomes a reading without a value.
// The checksum has 8 bits: of the frames that a bad line makes up, one in 256
// passes.
package a02yyuw

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/frame"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const (
	name  = "a02yyuw"
	blind = 30   // mm; this and less is no echo
	far   = 4500 // mm; more is no echo

	minHeight, maxHeight = -150, 9000 // m; the level metric's range, less what the part sees
)

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Height *float64 `yaml:"height"`
}

func plan(decode func(any) error) (*drivers.Plan, error) {
	var o options
	if err := decode(&o); err != nil {
		return nil, err
	}
	d := driver{channel: drivers.Channel{Name: "distance", Min: mm(blind + 1), Max: mm(far), Resolution: mm(1)}}
	if o.Height != nil {
		height, err := inMillimetres(*o.Height)
		if err != nil {
			return nil, err
		}
		d.height = &height
		d.channel = drivers.Channel{Name: "level", Min: mm(height - far), Max: mm(height - blind - 1), Resolution: mm(1)}
	}
	return &drivers.Plan{
		Channels: []drivers.Channel{d.channel},
		MinEvery: 300 * time.Millisecond,
		Timeout:  time.Second, // three frames at the slowest
		Line:     drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1},
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) {
			opened := d
			opened.in = frame.NewReader(port, format)
			return &opened, nil
		},
	}, nil
}

// inMillimetres keeps the arithmetic in whole numbers: 5.5 - 1.953 is not 3.547.
func inMillimetres(m float64) (int, error) {
	n := math.Round(m * 1000)
	switch {
	case m < minHeight || m > maxHeight:
		return 0, &drivers.OptionError{Key: "height", Msg: fmt.Sprintf("%v m is no height; write metres above the datum, %d to %d", m, minHeight, maxHeight)}
	case math.Abs(n-m*1000) > 1e-6:
		return 0, &drivers.OptionError{Key: "height", Msg: fmt.Sprintf("%v m is finer than the part measures; write whole millimetres", m)}
	}
	return int(n), nil
}

func mm(n int) float64 { return float64(n) / 1000 }

type driver struct {
	channel drivers.Channel
	height  *int // mm above the datum; nil: the distance is what is wanted
	in      *frame.Reader[int]
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
	return []obs.Reading{d.reading(distance)}, nil
}

func (d *driver) reading(distance int) obs.Reading {
	switch {
	case distance <= blind || distance > far:
		return obs.None(obs.NoEcho)
	case d.height == nil:
		return d.channel.Read(mm(distance))
	default:
		return d.channel.Read(mm(*d.height - distance))
	}
}

// Close does nothing: the part goes on measuring by itself.
func (d *driver) Close() error { return nil }
