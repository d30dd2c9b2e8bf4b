// Package sds011 reads the laser dust sensors of Nova Fitness: SDS011, SDS018 and
// SDS021 (PM2.5 and PM10), and SDS198 (all dust up to 100 micrometres).
//
// Sources: Nova "Laser Dust Sensor Control Protocol" V1.3 (2015); SDS198 frame from
// public programs; the frames of public captures in testdata.
//
// The line is 9600 baud, 8N1. Out of the drawer the part talks by itself, once a
// second; in query mode it is asked. Unless the configuration says otherwise the driver
// only listens and changes nothing.
//
// Quirks: until the fan is up, about 30 s after power-on or waking, both values are 0 in
// a frame with a good checksum; they become readings without a value. Reporting mode and
// working period survive a loss of power, sleep does not. The vendor says that any
// command wakes a sleeping part, public measurements say that only waking does: the
// driver always wakes first. The checksum has 8 bits, and one byte marks the end.
package sds011

import (
	_ "embed"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/frame"
)

const name = "sds011"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Readme: readme, Sample: sample, Plan: plan}
}

// model is what a part of the family measures, and in which frame.
type model struct {
	kind     byte
	channels []drivers.Channel
}

var (
	fine = model{kindDust, []drivers.Channel{
		{Name: "pm2_5", Max: 999.9, Resolution: 0.1}, {Name: "pm10", Max: 999.9, Resolution: 0.1}}}
	coarse = model{kindPM100, []drivers.Channel{{Name: "tsp", Max: 20000, Resolution: 1}}}

	models = map[string]model{"sds011": fine, "sds018": fine, "sds021": fine, "sds198": coarse}
)

type options struct {
	Model  string `yaml:"model"`
	ID     string `yaml:"part_id"`
	Mode   string `yaml:"mode"`
	Rest   bool   `yaml:"rest"`
	Period *int   `yaml:"period" range:"0..30 min" means:"between two measurements; 0 for a part that always works"`
}

// spinUp is how long the part must work before its values count.
const spinUp = 30 * time.Second

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{Model: "sds011", Mode: "active"}
	if err := decode(&o); err != nil {
		return nil, err
	}
	m, ok := models[o.Model]
	if !ok {
		return nil, &drivers.OptionError{Key: "model", Msg: fmt.Sprintf("%q is not in this family; write sds011, sds018, sds021 or sds198", o.Model)}
	}
	d := driver{model: m, asked: o.Mode == "query", rest: o.Rest, period: o.Period}
	if err := o.check(&d); err != nil {
		return nil, err
	}
	p := &drivers.Plan{
		Channels: m.channels,
		MinEvery: time.Second,
		Timeout:  4 * time.Second, // three frames at the slowest
		WarmUp:   spinUp,
		Line:     drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1},
		LineOnly: true,
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) {
			opened := d
			opened.port, opened.in = port, frame.NewReader(port, format)
			return &opened, nil
		},
	}
	switch {
	case d.rest: // wakes, waits, asks, puts to rest
		p.MinEvery, p.Timeout, p.WarmUp = 2*spinUp, spinUp+5*time.Second, 0
	case d.asked:
		p.MinEvery = 3 * time.Second
	case d.bursts():
		p.MinEvery = time.Duration(*d.period) * time.Minute
		p.Timeout, p.WarmUp = p.MinEvery+spinUp+2*quiet, 0
	}
	return p, nil
}

// check judges the options that belong together.
func (o options) check(d *driver) error {
	wrong := func(key, msg string) error { return &drivers.OptionError{Key: key, Msg: msg} }
	if o.Mode != "active" && o.Mode != "query" {
		return wrong("mode", fmt.Sprintf("%q is no way to talk; write active or query", o.Mode))
	}
	if o.Rest && !d.asked {
		return wrong("rest", "a part that talks by itself cannot rest between samples; write mode: query, or use period")
	}
	if o.Period != nil && d.asked {
		return wrong("period", "a part that is asked has no period of its own; delete the line, or write rest: true")
	}
	if o.ID == "" {
		return nil
	}
	id, err := hex.DecodeString(o.ID)
	if err != nil || len(id) != 2 {
		return wrong("part_id", fmt.Sprintf("%q is no id; write the four hexadecimal digits that the error shows, A160", o.ID))
	}
	d.id = (*[2]byte)(id)
	return nil
}
