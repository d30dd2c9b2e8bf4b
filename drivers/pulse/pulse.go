// Package pulse turns the pulses of one GPIO line into a total and a rate: rain tipped,
// water or energy metered, turns of an anemometer.
//
// The bus counts, by the kernel's own time stamps and without a pause; the driver
// multiplies. Its total goes on over restarts and never goes down. A reading says so
// when pulses may be missing since the one before, because some were lost or because
// nobody watched the line for a while: it is flagged suspect with reason lost.
//
// The rate is that of the pulses themselves, not of the moments of sampling: so many
// pulses in the time from the newest one before the last sample to the newest one now.
// While none comes, the rate is no more than one pulse in the time since the newest
// one, and nought after idle. After a start it has no value (warm-up) until two pulses
// came or idle has passed without one: not seeing a pulse yet is no dry weather. Wind has its gust as well: the highest mean over three
// seconds since the sample before.
package pulse

import (
	"context"
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

const name = "pulse"

//go:embed README.md
var readme string

//go:embed sample.yaml
var sample string

// Kind returns the driver for the catalogue.
func Kind() drivers.Kind {
	return drivers.Kind{Name: name, Wire: drivers.PulseLine, Readme: readme, Sample: sample, Plan: plan}
}

type options struct {
	Part     string        `yaml:"part"`
	Channel  string        `yaml:"channel"`
	PerPulse float64       `yaml:"per_pulse"`
	Rate     string        `yaml:"rate"`
	PerHertz float64       `yaml:"per_hertz"`
	MaxRate  float64       `yaml:"max_rate"`
	Idle     time.Duration `yaml:"idle"`
}

func plan(decode func(any) error) (*drivers.Plan, error) {
	o, pin, err := read(decode)
	if err != nil {
		return nil, err
	}
	total, rate, err := o.channels()
	if err != nil {
		return nil, err
	}
	channels := []drivers.Channel{total, rate}
	if obs.MetricName(rate.Name) == "wind_speed" {
		gust := rate
		gust.Name = qualified("wind_gust", rate.Name)
		channels = append(channels, gust)
	}
	return &drivers.Plan{
		Channels: channels,
		Timeout:  time.Second, // it is counted already
		Pin:      pin,
		OpenPulses: func(p drivers.Pulses) (drivers.Driver, error) {
			return &driver{Pulses: p, total: total, rate: rate, gusts: channels[2:], perPulse: o.PerPulse, decimals: decimals(o.PerPulse), meter: meter{perHertz: o.PerHertz, idle: o.Idle}}, nil
		},
	}, nil
}

type driver struct {
	drivers.Pulses // its state is the driver's
	total, rate    drivers.Channel
	gusts          []drivers.Channel // of an anemometer: one
	perPulse       float64
	decimals       float64 // that it is written with, as a power of ten
	meter          meter
}

var _ drivers.Stateful = (*driver)(nil)

// Sample reads the counter.
func (d *driver) Sample(ctx context.Context) ([]obs.Reading, error) {
	c, err := d.Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	rs := []obs.Reading{d.total.Read(d.amount(c.Total)), obs.None(obs.WarmUp)}
	if v, ok := d.meter.rate(c); ok {
		rs[1] = d.rate.Read(v)
	}
	for _, g := range d.gusts {
		rs = append(rs, d.gust(g, rs[1], c))
	}
	if c.Missed {
		for i := range rs {
			if rs[i].Quality.Flag != obs.Missing {
				rs[i].Quality = rs[i].Quality.Worst(obs.Quality{Flag: obs.Suspect, Why: obs.Lost})
			}
		}
	}
	return rs, nil
}

// gust is the highest mean over three seconds since the sample before, and never less
// than the mean of now: a wheel that turns less than once in three seconds has none.
func (d *driver) gust(ch drivers.Channel, mean obs.Reading, c drivers.PulseCount) obs.Reading {
	if mean.Quality.Flag == obs.Missing {
		return obs.None(obs.WarmUp)
	}
	return ch.Read(max(c.Peak*d.meter.perHertz, mean.Value))
}

// amount is what pulses stand for, in the decimals in which one pulse is written: ten
// of 0.2794 are 2.794, and not a little less.
func (d *driver) amount(pulses uint64) float64 {
	v := float64(pulses) * d.perPulse
	if fine := v * d.decimals; fine < 1<<53 {
		return math.Round(fine) / d.decimals
	}
	return v
}

// decimals is the power of ten that makes a whole number of v.
func decimals(v float64) float64 {
	_, after, _ := strings.Cut(strconv.FormatFloat(v, 'f', -1, 64), ".")
	return math.Pow10(len(after))
}

// Close does nothing: the line's owner goes on counting until it closes the line.
func (d *driver) Close() error { return nil }
