// Package serialcamera takes pictures from cameras on a serial line: those with a VC0706 or
// VC0703 picture processor (LinkSprite LS-Y201, PTC-06, PTC-08 and relatives), and the
// Geolux HydroCam. The picture itself is the driver's still (see drivers.StillSource); the
// channels say how bright and how sharp it is.
//
// Sources: those of packages vc0706 and hydrocam; ITU-T T.81 (JPEG).
//
// A VC0706 is on 38400 baud, 8N1, TTL, a HydroCam on 115200 baud, 8N1, RS-232. A sample
// takes one picture and reads it in pieces, which at 38400 baud takes a second for each 3.5
// kB. The driver changes no setting of the camera: size and quality are as they are.
//
// Nothing on the line is guarded by a checksum. A picture is believed when exactly the
// bytes came that were announced, every answer stands where it should, and they are one
// whole JPEG that decodes; a byte that was turned on the way can still pass as one. After a
// picture a VC0706 is told to go on, or the next one would be the same; the same bytes four
// times in a row are a camera that has frozen, and are flagged suspect.
//
// A driver holds one picture: up to max_bytes between samples, and up to three bytes per
// pixel while it decodes.
package serialcamera

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/picture"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "serial-camera"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Model    string `yaml:"model,required"`
	MaxBytes int    `yaml:"max_bytes"`
}

// Bounds of max_bytes.
const (
	leastMax = 4 << 10
	mostMax  = 4 << 20
)

// source is a camera: it takes a picture and returns its bytes, as many as it announced.
type source interface {
	take(ctx context.Context) ([]byte, error)
}

// model is a family of cameras.
type model struct {
	baud           int
	every, timeout time.Duration
	open           func(l *line, limit int) source
}

var models = map[string]model{
	"vc0706":   {38400, 5 * time.Second, 30 * time.Second, func(l *line, limit int) source { return &processor{line: l, limit: limit} }},
	"hydrocam": {115200, time.Minute, 100 * time.Second, func(l *line, limit int) source { return &hydro{line: l, limit: limit} }},
}

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{MaxBytes: 1 << 20}
	if err := decode(&o); err != nil {
		return nil, err
	}
	m, ok := models[o.Model]
	switch {
	case !ok:
		return nil, &drivers.OptionError{Key: "model", Msg: fmt.Sprintf("%q is no serial camera that is known; write hydrocam or vc0706", o.Model)}
	case o.MaxBytes < leastMax || o.MaxBytes > mostMax:
		return nil, &drivers.OptionError{Key: "max_bytes", Msg: fmt.Sprintf("write %d to %d", leastMax, mostMax)}
	}
	return &drivers.Plan{
		Channels: picture.Channels(),
		MinEvery: m.every,
		Timeout:  m.timeout,
		Line:     drivers.LineSettings{Baud: m.baud, Parity: "none", StopBits: 1},
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) {
			return &driver{Watch: picture.Watch{Alike: alike}, camera: m.open(&line{port: port}, o.MaxBytes)}, nil
		},
	}, nil
}

// alike is how often the same bytes may come again: at night, strongly compressed, two
// pictures of a small sensor can be equal.
const alike = 3

type driver struct {
	picture.Watch
	camera source
}

var _ drivers.StillSource = (*driver)(nil)

// Sample takes a picture and reads it.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	raw, err := d.camera.take(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	rs, err := d.Look(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return rs, nil
}

// Close does nothing: the camera goes on by itself.
func (d *driver) Close() error { return nil }
