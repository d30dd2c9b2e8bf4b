// Package metering is what the drivers of counters have in common: a part that closes a
// contact so often for an amount has a total of them and a rate.
//
// The bus counts, by the kernel's own time stamps and without a pause; the meter
// multiplies. Its total goes on over restarts and never goes down. A reading says so
// when pulses may be missing since the one before, because some were lost or because
// nobody watched the line for a while: it is flagged suspect with reason lost.
//
// The rate is that of the pulses themselves, not of the moments of sampling: so many
// pulses in the time from the newest one before the last sample to the newest one now.
// While none comes, the rate is no more than one pulse in the time since the newest
// one, and nought after Idle. After a start it has no value (warm-up) until two pulses
// came or Idle has passed without one: not seeing a pulse yet is no dry weather.
//
// What is not promised: nobody can tell a wire that is cut from a part that stands
// still, nor a contact that bounces for longer than its spacing from a faster part.
package metering

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Options are what every counter can be told. A driver has its own defaults in them and
// takes them inline into its options.
type Options struct {
	// MaxRate is the greatest rate that can be where the part is; above it the rate is
	// flagged fail. Nil: the greatest that the part or its metric has.
	MaxRate *float64 `yaml:"max_rate" range:"-"`
	// Idle is the time without a pulse after which nothing flows any more.
	Idle time.Duration `yaml:"idle" range:"1s..24h" means:"the time without a pulse after which nothing moves any more, like 1m"`
}

// Meter is a counter as its driver knows it, by its options and the part's data sheet.
type Meter struct {
	Driver string // the driver's name, for errors
	// Total is what the pulses add up to, from nought; its Resolution is what one of
	// them stands for.
	Total drivers.Channel
	// Rate is how fast they come, from nought; its Resolution follows from PerHertz.
	Rate     drivers.Channel
	Unit     string  // of Rate, for people: m³/h
	PerHertz float64 // the rate at one pulse a second
	Offset   float64 // is added to the rate of a part that moves: how much it takes to make it move
	Gust     string  // the channel of the highest rate over three seconds since the sample before; empty: none
	Options
	// Pin says how the contact behaves. Where MaxRate is set, debounce and spacing are
	// shortened to what pulses of that rate need: half of a period and a quarter.
	Pin drivers.PinSettings
}

// Plan judges the options and plans the device: its channels are Total, Rate and, where
// it has one, Gust. Errors are *drivers.OptionError of the keys max_rate and idle; what
// one pulse stands for the driver has judged.
func (m Meter) Plan() (*drivers.Plan, error) {
	switch {
	case m.MaxRate == nil:
	case !(*m.MaxRate > 0 && *m.MaxRate <= m.Rate.Max): // NaN is neither
		return nil, &drivers.OptionError{Key: "max_rate", Msg: fmt.Sprintf("%v is no greatest rate; write what %s can be at most where the part is, above 0, up to %s", *m.MaxRate, m.Rate.Name, yamldoc.Within(0, m.Rate.Max, m.Unit).Of(m.Rate.Max))}
	case *m.MaxRate <= m.Offset:
		return nil, &drivers.OptionError{Key: "max_rate", Msg: fmt.Sprintf("%v is no more than the part needs to move at all, %v; write more than that", *m.MaxRate, m.Offset)}
	}
	if m.Idle <= 0 {
		return nil, &drivers.OptionError{Key: "idle", Msg: "write after which time without a pulse nothing moves any more, like 1m"}
	}
	if m.MaxRate != nil {
		m.Rate.Max = *m.MaxRate
		m.Pin = m.quick()
	}
	m.Rate.Resolution = min(m.PerHertz/1000, m.Rate.Max/2)
	channels := []drivers.Channel{m.Total, m.Rate}
	if m.Gust != "" {
		gust := m.Rate
		gust.Name = m.Gust
		channels = append(channels, gust)
	}
	return &drivers.Plan{
		Channels: channels,
		Timeout:  time.Second, // it is counted already
		Pin:      m.Pin,
		OpenPulses: func(p drivers.Pulses) (drivers.Driver, error) {
			return &counter{Pulses: p, name: m.Driver, total: m.Total, rate: m.Rate, gusts: channels[2:], decimals: decimals(m.Total.Resolution),
				meter: meter{perHertz: m.PerHertz, offset: m.Offset, idle: m.Idle}}, nil
		},
	}, nil
}

// quick is the pin with times that swallow no pulse of the greatest rate.
func (m Meter) quick() drivers.PinSettings {
	period := m.PerHertz / (*m.MaxRate - m.Offset) * float64(time.Second)
	if period < float64(time.Hour) {
		short := time.Duration(period)
		m.Pin.Spacing = min(m.Pin.Spacing, (short / 2).Truncate(time.Microsecond))
		m.Pin.Debounce = min(m.Pin.Debounce, (short / 4).Truncate(time.Microsecond))
	}
	return m.Pin
}

// Stated returns an *drivers.OptionError of a key that is not written, nil for one that
// is. what says what is not known without it, hint what to write.
func Stated(key string, v *float64, what, hint string) error {
	if v != nil {
		return nil
	}
	return &drivers.OptionError{Key: key, Msg: what + " is not known; " + hint}
}

// Within returns an *drivers.OptionError of a key whose value is not in r, for what an
// option's tag cannot say because it depends on another option. means says what it is.
func Within(key string, v float64, r yamldoc.Range, means string) error {
	if r.Has(v) {
		return nil
	}
	return &drivers.OptionError{Key: key, Msg: fmt.Sprintf("%s cannot be; write %s, %s", r.Of(v), r, means)}
}

// counter is an opened meter.
type counter struct {
	drivers.Pulses // its state is the driver's
	name           string
	total, rate    drivers.Channel
	gusts          []drivers.Channel // at most one
	decimals       float64           // that one pulse is written with, as a power of ten
	meter          meter
}

var _ drivers.Stateful = (*counter)(nil)

// Sample reads the counter.
func (d *counter) Sample(ctx context.Context) ([]obs.Reading, error) {
	c, err := d.Count(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.name, err)
	}
	rs := append(make([]obs.Reading, 0, 3), d.total.Read(d.amount(c.Total)), obs.None(obs.WarmUp))
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
func (d *counter) gust(ch drivers.Channel, mean obs.Reading, c drivers.PulseCount) obs.Reading {
	if mean.Quality.Flag == obs.Missing {
		return obs.None(obs.WarmUp)
	}
	return ch.Read(max(d.meter.at(c.Peak), mean.Value))
}

// amount is what pulses stand for, in the decimals in which one pulse is written: ten
// of 0.2794 are 2.794, and not a little less.
func (d *counter) amount(pulses uint64) float64 {
	v := float64(pulses) * d.total.Resolution
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
func (d *counter) Close() error { return nil }
