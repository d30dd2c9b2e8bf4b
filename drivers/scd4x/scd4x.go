// Package scd4x reads Sensirion's SCD40 and SCD41 (CO2 by photoacoustics, with
// temperature and relative humidity) on I2C, always at 0x62.
//
// Source: Sensirion SCD4x data sheet, version 1.5 (2023), sections 3.4 to 3.11.
//
// The part measures by itself, every 5 or 30 seconds, and a sample fetches what it
// measured last; or, with mode single-shot, a sample is one measurement of 5 s. The driver
// starts the measurement, and starts it again where nothing new has come for a whole
// period: so it is after the part lost its supply. Until the first value there is, a
// sample has no values, reason warm-up. What was fetched once is not there any more, so
// no value is given twice.
//
// A setting is written only if it is configured and the part has another one, and it is
// read back. None is stored in the part: with its supply the part loses them, and they
// are written again. The self-calibration is left as it is unless configured. The forced
// recalibration is not here: it belongs on a bench with a known gas.
//
// While the part carries something out it does not acknowledge. That counts as silence
// only when it goes on.
//
// periph.io's driver of the part (devices/scd4x) is not used: it speaks to the part in
// its constructor, sleeps seconds that no context ends, and rounds every temperature
// offset that it reads to zero (v3.7.4, countToOffset).
package scd4x

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/sensirion"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "scd4x"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.I2CDevice, Readme: readme, Sample: sample, Plan: plan}
}

// channels are in the order of the readings.
var channels = []drivers.Channel{
	{Name: "co2", Min: 1, Max: 40000, Resolution: 1},
	{Name: "temp", Min: -10, Max: 60, Resolution: 0.01},
	{Name: "rh", Min: 0, Max: 100, Resolution: 0.01},
}

// Commands; data sheet, table 9.
const (
	startPeriodic = 0x21B1
	startLowPower = 0x21AC
	singleShot    = 0x219D // SCD41 only
	stop          = 0x3F86
	wakeUp        = 0x36F6
	isReady       = 0xE4B8
	readValues    = 0xEC05
	serialNumber  = 0x3682
	variant       = 0x202F
)

const (
	stopTime    = 500 * time.Millisecond
	shotTime    = 5 * time.Second
	wakeTime    = 30 * time.Millisecond
	commandTime = time.Millisecond
	settleTime  = 10 * time.Millisecond // a part that is busy is left alone for so long
	poll        = 100 * time.Millisecond
	patience    = time.Second // a value that comes so soon is waited for
	fruitless   = 3           // so often it may be started without a value coming
)

type driver struct {
	part
	o options

	serial  string    // as the part told it when it was set up
	running bool      // it was started, as far as we know
	fresh   time.Time // when it was started, or had something new
	starts  int       // since there was a value
	valued  bool      // there was a value since the start
}

var _ drivers.Informant = (*driver)(nil)

// Sample fetches the last measurement, or makes one in the mode single-shot. It takes
// some milliseconds; up to a second where a value is due just now; half a second where
// the part is set up; five in the mode single-shot.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	fetch := d.fetch
	if d.o.Mode == singleMode {
		fetch = d.shoot
	}
	rs, err := fetch(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return rs, nil
}

// fetch fetches what a part that measures by itself has.
func (d *driver) fetch(ctx context.Context) ([]obs.Reading, error) {
	if !d.running {
		if err := d.start(ctx); err != nil {
			return nil, err
		}
	}
	ok, err := d.due(ctx)
	switch {
	case err != nil:
		return nil, err
	case ok:
		d.fresh, d.starts, d.valued = time.Now(), 0, true
		return d.values(ctx)
	case time.Since(d.fresh) < d.o.period()+d.o.period()/5:
		return d.nothing()
	}
	d.running = false // it lost its supply, or somebody stopped it
	if err := d.start(ctx); err != nil {
		return nil, err
	}
	return d.nothing()
}

// nothing are the readings of a sample that came before the part's next value.
func (d *driver) nothing() ([]obs.Reading, error) {
	why := obs.WarmUp
	switch {
	case d.starts > fruitless:
		return nil, fmt.Errorf("%w: it was started %d times and measures nothing; is the supply strong enough for its 200 mA?", drivers.ErrDevice, d.starts)
	case d.valued:
		why = obs.Stale
	}
	return []obs.Reading{obs.None(why), obs.None(why), obs.None(why)}, nil
}

// start sets the part up and starts it.
func (d *driver) start(ctx context.Context) error {
	if err := d.setUp(ctx); err != nil {
		return err
	}
	command := uint16(startPeriodic)
	if d.o.Mode == lowPower {
		command = startLowPower
	}
	if err := d.tell(ctx, command); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	d.running, d.fresh, d.valued, d.starts = true, time.Now(), false, d.starts+1
	return nil
}

// due says whether there is something new, and waits for what must come within a
// second.
func (d *driver) due(ctx context.Context) (bool, error) {
	for until := time.Now().Add(patience); ; {
		ok, err := d.ready(ctx)
		if err != nil || ok {
			return ok, err
		}
		late := time.Since(d.fresh)
		if late < d.o.period()-patience || late > d.o.period()+patience || time.Now().After(until) {
			return false, nil
		}
		if err := drivers.Wait(ctx, poll); err != nil {
			return false, err
		}
	}
}

// ready asks whether there is something new: one of the low eleven bits is set.
func (d *driver) ready(ctx context.Context) (bool, error) {
	var w [1]uint16
	if err := d.ask(ctx, isReady, commandTime, w[:]); err != nil {
		return false, fmt.Errorf("data ready: %w", err)
	}
	return w[0]&0x7ff != 0, nil
}

// shoot makes one measurement.
func (d *driver) shoot(ctx context.Context) ([]obs.Reading, error) {
	if !d.running {
		if err := d.setUp(ctx); err != nil {
			return nil, err
		}
		if err := d.canShoot(ctx); err != nil {
			return nil, err
		}
		d.running = true
	} else if err := d.settle(ctx); err != nil { // it may have lost its supply since
		d.running = false
		return nil, err
	}
	if err := d.tell(ctx, singleShot); err != nil {
		return nil, fmt.Errorf("single shot: %w", err)
	}
	if err := drivers.Wait(ctx, shotTime); err != nil {
		return nil, err
	}
	for range 10 {
		if ok, err := d.ready(ctx); err != nil {
			return nil, err
		} else if ok {
			return d.values(ctx)
		}
		if err := drivers.Wait(ctx, poll); err != nil {
			return nil, err
		}
	}
	d.running = false
	return nil, fmt.Errorf("%w: a single shot gave nothing; is the supply strong enough for its 200 mA?", drivers.ErrDevice)
}

// values reads a measurement.
func (d *driver) values(ctx context.Context) ([]obs.Reading, error) {
	var w [3]uint16
	if err := d.ask(ctx, readValues, commandTime, w[:]); err != nil {
		return nil, fmt.Errorf("measurement: %w", err)
	}
	return []obs.Reading{
		channels[0].Read(float64(w[0])), // 0 ppm is in no air: it is flagged
		channels[1].Read(sensirion.Celsius(w[1])),
		channels[2].Read(sensirion.Percent(w[2])),
	}, nil
}

// Facts returns the serial number that the part told when it was set up: while it
// measures it cannot be asked.
func (d *driver) Facts(context.Context) ([]drivers.Fact, error) {
	if d.serial == "" {
		return nil, nil
	}
	return []drivers.Fact{{Name: "serial_number", Value: d.serial}}, nil
}

// Close leaves the part as it is: it goes on measuring, and whoever opens it next sets
// it up anew.
func (d *driver) Close() error { return nil }
