// Package sht3x reads Sensirion's SHT30, SHT31 and SHT35 (temperature and relative
// humidity) on I2C, at 0x44, or 0x45 where the pin ADDR is high.
//
// Source: Sensirion SHT3x-DIS data sheet, version 7 (2022), sections 4.1 to 4.13.
//
// A sample is a look at the status and one single shot of high repeatability without
// clock stretching, about 20 ms; in between the part sleeps. While it measures the part
// does not acknowledge: it is asked again a few times before that counts as silence.
//
// There is no state: a part that lost its supply, or was swapped, is read like any
// other. The heater, with which somebody may have tested it, is switched off, and the
// sample in which it was found on is flagged.
//
// periph.io has no driver of this part.
package sht3x

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/sensirion"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "sht3x"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.I2CDevice, Readme: readme, Sample: sample, Plan: plan}
}

type options struct{}

// channels are in the order of the readings.
var channels = []drivers.Channel{
	{Name: "temp", Min: -40, Max: 125, Resolution: 0.01},
	{Name: "rh", Min: 0, Max: 100, Resolution: 0.01},
}

// Commands; data sheet, tables 9 to 18.
const (
	singleShot   = 0x2400 // high repeatability, no clock stretching
	readStatus   = 0xF32D
	heaterOff    = 0x3066
	serialNumber = 0x3682 // without clock stretching
)

const (
	commandTime = time.Millisecond      // before an answer that needs no measurement
	measureTime = 16 * time.Millisecond // 15.5 ms at most, table 4
	again       = 2 * time.Millisecond  // a part that is not done is left alone for so long
	tries       = 5
)

func plan(decode func(any) error) (*drivers.Plan, error) {
	if err := decode(&options{}); err != nil {
		return nil, err
	}
	return &drivers.Plan{Channels: channels, MinEvery: time.Second, Timeout: time.Second, Addresses: []uint8{0x44, 0x45}, // ADDR to ground, to the supply
		OpenI2C: func(b drivers.I2C) (drivers.Driver, error) { return &driver{wire: b}, nil }}, nil
}

type driver struct{ wire drivers.I2C }

var _ drivers.Informant = (*driver)(nil)

// Sample measures once. It takes about 20 ms.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	rs, err := d.measure(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return rs, nil
}

func (d *driver) measure(ctx context.Context) ([]obs.Reading, error) {
	warm, err := d.cool(ctx)
	if err != nil {
		return nil, err
	}
	var raw [2]uint16
	if err := d.ask(ctx, singleShot, measureTime, raw[:]); err != nil {
		return nil, fmt.Errorf("single shot: %w", err)
	}
	rs := []obs.Reading{channels[0].Read(sensirion.Celsius(raw[0])), channels[1].Read(sensirion.Percent(raw[1]))}
	if warm {
		for i := range rs {
			rs[i].Quality = rs[i].Quality.Worst(obs.Quality{Flag: obs.Suspect, Why: obs.Instrument})
		}
	}
	return rs, nil
}

// cool looks whether the heater is on, and switches it off.
func (d *driver) cool(ctx context.Context) (was bool, err error) {
	s, err := d.status(ctx)
	if err != nil || s&heaterBit == 0 {
		return false, err
	}
	if err := d.tell(ctx, heaterOff); err != nil {
		return true, fmt.Errorf("switch the heater off: %w", err)
	}
	return true, drivers.Wait(ctx, commandTime)
}

func (d *driver) status(ctx context.Context) (status, error) {
	var s [1]uint16
	if err := d.ask(ctx, readStatus, commandTime, s[:]); err != nil {
		return 0, fmt.Errorf("status: %w", err)
	}
	return status(s[0]), nil
}

// Facts asks the part for its serial number and its status.
func (d *driver) Facts(ctx context.Context) ([]drivers.Fact, error) {
	var serial [2]uint16
	if err := d.ask(ctx, serialNumber, commandTime, serial[:]); err != nil {
		return nil, fmt.Errorf("%s: serial number: %w", name, err)
	}
	s, err := d.status(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return []drivers.Fact{
		{Name: "serial_number", Value: fmt.Sprintf("%04X%04X", serial[0], serial[1])},
		{Name: "status", Value: s.String()},
	}, nil
}

// Close does nothing: the part sleeps between samples.
func (d *driver) Close() error { return nil }

func (d *driver) tell(ctx context.Context, command uint16) error {
	return d.wire.Tx(ctx, sensirion.Command(nil, command), nil)
}

// ask sends a command and reads its answer after a while. The bus sends a command again
// that nobody acknowledged; what the part does not acknowledge afterwards is its answer,
// as long as it measures.
func (d *driver) ask(ctx context.Context, command uint16, after time.Duration, words []uint16) error {
	if err := d.tell(ctx, command); err != nil {
		return err
	}
	answer := make([]byte, sensirion.WordLen*len(words))
	for try, pause := 1, after; ; try, pause = try+1, again {
		if err := drivers.Wait(ctx, pause); err != nil {
			return err
		}
		err := d.wire.Tx(ctx, nil, answer)
		if err == nil {
			break
		}
		if !errors.Is(err, drivers.ErrTimeout) || try == tries || ctx.Err() != nil {
			return err
		}
	}
	if err := sensirion.Words(answer, words); err != nil {
		return fmt.Errorf("%w: %w", drivers.ErrChecksum, err)
	}
	return nil
}

// status is the status register; data sheet, table 18.
type status uint16

// heaterBit says that the heater is on.
const heaterBit status = 1 << 13

// statusWords are the bits that tell something.
var statusWords = []struct {
	bit  status
	word string
}{
	{1 << 15, "an alert is pending"}, {heaterBit, "the heater is on"}, {1 << 11, "humidity alert"}, {1 << 10, "temperature alert"},
	{1 << 4, "it was reset since the status was cleared"}, {1 << 1, "the last command was refused"}, {1 << 0, "the last write had a wrong checksum"},
}

// String returns what the bits mean, behind the register itself.
func (s status) String() string {
	var words []string
	for _, w := range statusWords {
		if s&w.bit != 0 {
			words = append(words, w.word)
		}
	}
	if words == nil {
		words = []string{"nothing to report"}
	}
	return fmt.Sprintf("%04X: %s", uint16(s), strings.Join(words, ", "))
}
