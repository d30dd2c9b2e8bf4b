// Package bme280 reads the Bosch BME280 (temperature, humidity, air pressure) and the
// BMP280 (the same without humidity) on I2C.
//
// Sources: Bosch BME280 data sheet BST-BME280-DS002, rev. 1.6 (2018), and BMP280 data
// sheet BST-BMP280-DS001, rev. 1.19 (2018).
//
// The part sleeps between samples: each one is a forced measurement with fourfold
// oversampling and no filter, about 27 ms. Setting up, measuring and the arithmetic of
// the calibration are periph.io's (devices/bmxx80), on a bus of ours in between, which
// keeps the errors' kinds, ends with the context and sees the raw values. What periph
// cannot be stopped in is its wait for the measurement: a cancelled sample goes on for
// up to 26 ms.
//
// Before each sample the driver looks whether the part still has the settings that it
// was given. One that lost its supply, or was swapped for another, has not, and is set
// up anew, with its own calibration.
//
// The part has no checksums, so chip id, calibration and values are read twice and must be equal,
// 2 ms more for a sample: noise is told, not measured.
//
// Quirks: many boards sold as BME280 carry a BMP280, which the chip id tells (0x58, not
// 0x60). After a reset the registers hold 0x80000 and 0x8000, which look like 23 °C and
// 70 % and are no measurement.
package bme280

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"periph.io/x/conn/v3/physic"
	"periph.io/x/devices/v3/bmxx80"
)

const name = "bme280"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.I2CDevice, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Model string `yaml:"model"`
}

// channels are in the order of the readings; the BMP280 has the first two. The part
// measures from 300 hPa on, the metric begins at 500: below it lies no town.
var channels = []drivers.Channel{
	{Name: "temp", Min: -40, Max: 85, Resolution: 0.01},
	{Name: "pressure", Min: 500, Max: 1100, Resolution: 0.001},
	{Name: "rh", Min: 0, Max: 100, Resolution: 0.01},
}

// chips are the models and the ids they answer with.
var chips = map[byte]string{0x60: "bme280", 0x58: "bmp280"}

// strangers are other parts that are found at the same addresses.
var strangers = map[byte]string{0x55: "BMP180", 0x56: "BMP280 of an early series", 0x57: "BMP280 of an early series", 0x50: "BMP388", 0x61: "BME680"}

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{Model: "bme280"}
	if err := decode(&o); err != nil {
		return nil, err
	}
	p := &drivers.Plan{MinEvery: time.Second, Timeout: 2 * time.Second, Addresses: []uint8{0x76, 0x77}} // SDO to ground, to the supply
	switch o.Model {
	case "bme280":
		p.Channels = channels
	case "bmp280":
		p.Channels = channels[:2]
	default:
		return nil, &drivers.OptionError{Key: "model", Msg: fmt.Sprintf("%q is not in this family; write bme280 or bmp280", o.Model)}
	}
	p.OpenI2C = func(b drivers.I2C) (drivers.Driver, error) {
		return &driver{bus: &bus{i2c: b}, humid: o.Model == "bme280"}, nil
	}
	return p, nil
}

type driver struct {
	bus   *bus
	humid bool
	part  *bmxx80.Dev // nil: not set up
}

// Sample measures once. It takes about 30 ms.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	d.bus.begin(ctx)
	rs, err := d.measure()
	if err != nil {
		d.part = nil
		return nil, fmt.Errorf("%s: %w", name, d.bus.cause(err))
	}
	return rs, nil
}

func (d *driver) measure() ([]obs.Reading, error) {
	if err := d.ready(); err != nil {
		return nil, err
	}
	var env physic.Env
	if err := d.part.Sense(&env); err != nil {
		return nil, err
	}
	raw := d.bus.raw
	if raw.temp == skipped20 && raw.pressure == skipped20 {
		return nil, fmt.Errorf("%w: it measured nothing; its supply may be weak", drivers.ErrDevice)
	}
	rs := []obs.Reading{
		channels[0].Read(centi(env.Temperature)),
		channels[1].Read(hectopascal(env.Pressure)),
	}
	if !d.humid {
		return rs, nil
	}
	if raw.humidity == skipped16 {
		on, err := d.bus.register(ctrlHum)
		if err != nil {
			return nil, err
		}
		if on&7 == 0 { // else it is a value like any other
			return nil, fmt.Errorf("%w: it measured no humidity; its supply may be weak", drivers.ErrDevice)
		}
	}
	return append(rs, channels[2].Read(percent(env.Humidity))), nil
}

// ready makes sure that the part has our settings.
func (d *driver) ready() error {
	if d.part != nil {
		if c, err := d.bus.register(config); err != nil || c == ourConfig {
			return err
		}
		d.part = nil
	}
	if err := d.identify(); err != nil {
		return err
	}
	opts := bmxx80.DefaultOpts
	part, err := bmxx80.NewI2C(d.bus, periphAddr, &opts)
	d.part = part
	return err
}

// identify tells the part by its chip id.
func (d *driver) identify() error {
	id, err := d.bus.register(chipID)
	if err != nil {
		return err
	}
	model := chips[id]
	switch {
	case model == "" && strangers[id] != "":
		return fmt.Errorf("%w: the chip id %#02x is that of a %s", drivers.ErrWrongPart, id, strangers[id])
	case model == "":
		return fmt.Errorf("%w: the chip id is %#02x, a BME280's is 0x60 and a BMP280's 0x58", drivers.ErrWrongPart, id)
	case d.humid && model == "bmp280":
		return fmt.Errorf("%w: the chip id %#02x is a BMP280's, which measures no humidity, whatever is printed on the board; write model: bmp280", drivers.ErrWrongPart, id)
	}
	return nil
}

// Close does nothing: the part sleeps between samples.
func (d *driver) Close() error { return nil }

// centi is t in °C. The part's arithmetic ends at whole hundredths.
func centi(t physic.Temperature) float64 {
	return float64((t-physic.ZeroCelsius)/(10*physic.MilliKelvin)) / 100
}

// hectopascal is p in hPa, rounded to 0.1 Pa, about half of the part's step.
func hectopascal(p physic.Pressure) float64 {
	const step = 100 * physic.MilliPascal
	return float64((p+step/2)/step) / 1000
}

// percent is h in %, rounded to a hundredth, about the part's step.
func percent(h physic.RelativeHumidity) float64 {
	const step = physic.PercentRH / 100
	return float64((h+step/2)/step) / 100
}
