// Package senseair reads the infrared CO2 sensor S8 of Senseair on a serial line of its
// own.
//
// Sources: Senseair "Modbus on Senseair S8" (TDE2067) for registers and meter status, as
// public programs for the part write them down, which agree; ESPHome component senseair
// for the requests. Frames of public captures in testdata.
//
// The line is 9600 baud, 8N1, and speaks Modbus RTU (package codec/modbus). A sample is one
// question for four input registers: meter status, alarm status, output status, CO2. They
// are asked of address FE, to which any such part answers with FE: the part must be alone
// on its line. Several on one RS-485 line, each with an address of its own, are what the
// profile senseair-s8 is for.
//
// Quirks: a good checksum does not mean a good value, the meter status does: each of its
// bits has a name, and any but "out of range" is a fault of the part, not a value. 0 ppm
// is nowhere on earth; it is what the part says before its first measurement. Some units
// sleep through the first byte: with wake the driver sends one and waits.
//
// # Automatic baseline correction
//
// The part takes the lowest value of each period (180 hours as delivered) for fresh air
// of 400 ppm and moves its zero there. Where the air is never fresh that is wrong. The
// driver leaves it as it is, unless the configuration says what is wanted: then it reads
// the setting, writes it where it differs, and reads it again, before the first sample
// after opening and after each failed one. It never calibrates: the part does that on a
// command, in air that a person beside it knows.
package senseair

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/modbus"
	"github.com/lamppost-city/lamppost/drivers/frame"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "senseair"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.SerialLine, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Baseline string `yaml:"baseline"`
	Period   *int   `yaml:"baseline_period" range:"24..4800 h" means:"180 as it is delivered"`
	Wake     bool   `yaml:"wake"`
}

// usualPeriod is that of the baseline correction as the part is delivered, hours.
const usualPeriod = 180

// co2 is what the part can say; the maker vouches for 400 to 2000 ppm. Below 300 ppm the
// zero has drifted away: no air has so little.
var co2 = drivers.Channel{Name: "co2", Min: 300, Max: 10000, Resolution: 1}

func plan(decode func(any) error) (*drivers.Plan, error) {
	o := options{Baseline: "keep"}
	if err := decode(&o); err != nil {
		return nil, err
	}
	period, err := o.period()
	if err != nil {
		return nil, err
	}
	return &drivers.Plan{
		Channels: []drivers.Channel{co2},
		MinEvery: 2 * time.Second, // it measures as often
		Timeout:  2 * time.Second, // five exchanges, when the baseline is set
		WarmUp:   time.Minute,
		Line:     drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1},
		LineOnly: true,
		OpenSerial: func(port drivers.Port) (drivers.Driver, error) {
			return &driver{port: port, in: frame.NewReader(port, format), period: period, wakes: o.Wake}, nil
		},
	}, nil
}

// period is what the part's period must be, hours; nil: as it is.
func (o options) period() (*uint16, error) {
	wrong := func(key, format string, args ...any) (*uint16, error) {
		return nil, &drivers.OptionError{Key: key, Msg: fmt.Sprintf(format, args...)}
	}
	hours := usualPeriod
	switch {
	case o.Baseline != "keep" && o.Baseline != "on" && o.Baseline != "off":
		return wrong("baseline", "%q is nothing the part can do; write keep, on or off", o.Baseline)
	case o.Period != nil && o.Baseline != "on":
		return wrong("baseline_period", "it counts only with baseline: \"on\"; write that, or delete the line")
	case o.Baseline == "keep":
		return nil, nil
	case o.Baseline == "off":
		hours = 0
	case o.Period != nil:
		hours = *o.Period
	}
	p := uint16(hours)
	return &p, nil
}

type driver struct {
	port   drivers.Port
	in     *frame.Reader[answer]
	period *uint16 // hours that the baseline correction must have; nil: as it is
	wakes  bool
	ready  bool // the part is set as it must be, and has answered since
}

// Sample asks once and waits for the answer, which takes about 20 ms.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	r, err := d.measure(ctx)
	d.ready = err == nil
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return []obs.Reading{r}, nil
}

func (d *driver) measure(ctx context.Context) (obs.Reading, error) {
	if !d.ready && d.period != nil {
		if err := d.keep(ctx, *d.period); err != nil {
			return obs.Reading{}, fmt.Errorf("setting the baseline correction: %w", err)
		}
	}
	w, err := d.words(ctx, question)
	if err != nil {
		return obs.Reading{}, err
	}
	return read(status(w[0]), w[3])
}

// read judges a value by the status beside it.
func read(s status, ppm uint16) (obs.Reading, error) {
	if err := s.fault(); err != nil {
		return obs.Reading{}, err
	}
	r := co2.Read(float64(ppm))
	switch outside := s&outOfRange != 0; {
	case ppm == 0 && outside:
		return obs.None(obs.Range), nil
	case ppm == 0:
		return obs.None(obs.WarmUp), nil
	case outside:
		r.Quality = r.Quality.Worst(obs.Quality{Flag: obs.Fail, Why: obs.Range})
	}
	return r, nil
}

// keep gives the part the period of its baseline correction, unless it has it: it is
// kept without power, in a memory that wears.
func (d *driver) keep(ctx context.Context, hours uint16) error {
	has, err := d.words(ctx, askPeriod)
	if err != nil || has[0] == hours {
		return err
	}
	if _, err := d.ask(ctx, writePeriod(hours)); err != nil {
		return err
	}
	if has, err = d.words(ctx, askPeriod); err == nil && has[0] != hours {
		err = fmt.Errorf("%w: it was told %d hours and says %d", drivers.ErrProtocol, hours, has[0])
	}
	return err
}

// Facts asks for the part's type, firmware and serial number.
func (d *driver) Facts(ctx context.Context) ([]drivers.Fact, error) {
	w, err := d.words(ctx, askIdentity)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return []drivers.Fact{
		{Name: "type", Value: fmt.Sprintf("%04X%04X", w[0], w[1])},
		{Name: "firmware", Value: fmt.Sprintf("%d.%d", w[3]>>8, w[3]&0xFF)},
		{Name: "serial_number", Value: fmt.Sprintf("%04X%04X", w[4], w[5])},
	}, nil
}

// words reads registers; there are as many as were asked for.
func (d *driver) words(ctx context.Context, r modbus.Request) ([]uint16, error) {
	a, err := d.ask(ctx, r)
	return a.Registers(nil), err
}

// ask sends a request and waits for what answers it. Other frames are passed over: what
// somebody else asked for, or what comes late.
func (d *driver) ask(ctx context.Context, r modbus.Request) (modbus.Answer, error) {
	if err := d.send(ctx, r); err != nil {
		return modbus.Answer{}, err
	}
	for others := 0; ; others++ {
		f, err := d.in.Next(ctx)
		switch {
		case err != nil && others > 0 && errors.Is(err, drivers.ErrTimeout):
			return modbus.Answer{}, fmt.Errorf("%w: %d frames came, none of which answers; does somebody else ask on this line?", drivers.ErrProtocol, others)
		case err != nil:
			return modbus.Answer{}, err
		}
		a, err := r.Answers(f.pdu())
		switch {
		case err != nil:
			continue
		case a.Exception != 0:
			return a, fmt.Errorf("%w: register %d, function %d: %w", drivers.ErrException, r.Start, r.Function, a.Exception)
		}
		return a, nil
	}
}

// nap is how long a part that sleeps needs after the byte that wakes it: 5 ms, and one
// for the byte itself.
const nap = 6 * time.Millisecond

func (d *driver) send(ctx context.Context, r modbus.Request) error {
	if err := d.in.Fresh(); err != nil {
		return err
	}
	d.in.Awaits(awaited(r))
	if d.wakes {
		if _, err := d.port.Write(ctx, []byte{0}); err != nil {
			return err
		}
		if err := drivers.Wait(ctx, nap); err != nil {
			return err
		}
	}
	_, err := d.port.Write(ctx, modbus.AppendRTU(nil, anyUnit, r.Append(nil)))
	return err
}

// Close does nothing: the part measures on.
func (d *driver) Close() error { return nil }
