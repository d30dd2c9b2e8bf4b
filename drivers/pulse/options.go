package pulse

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/yamldoc"
	"github.com/lamppost-city/lamppost/drivers/metering"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// total is something that pulses add up to.
type total struct {
	most     float64       // how much it can be
	each     yamldoc.Range // what one pulse can stand for
	perPulse float64       // 0: it differs from meter to meter and must be said
	means    string
	rate     string  // the rate that goes with it
	speed    float64 // and what that is at one unit a second
	idle     time.Duration
	spacing  time.Duration
}

// totals are what pulses can add up to, by metric. Energy meters close their output for
// 30 ms at least; those for a house have 100 to 10 000 pulses a kWh, those behind current
// transformers fewer, down to one for 10 kWh.
var totals = map[string]total{
	"pulses": {most: 1e15, each: yamldoc.Within(1e-6, 1e6, ""), perPulse: 1, means: "how many one pulse stands for", rate: "pulse_rate", speed: 1, idle: time.Minute},
	"energy": {most: 1e9, each: yamldoc.Within(1e-5, 10, "kWh"), means: "what one pulse stands for: 0.001 for a meter of 1000 pulses a kWh (1000 imp/kWh)", rate: "power", speed: 3.6e6, idle: 10 * time.Minute, spacing: 5 * time.Millisecond},
}

// rate is what can be measured by how fast pulses come.
type rate struct {
	most     float64
	unit     string
	perHertz yamldoc.Range // what it can be at one pulse a second
}

// rates are they, by metric.
var rates = map[string]rate{
	"pulse_rate": {1e5, "Hz", yamldoc.Within(1e-6, 1e6, "Hz")},
	"power":      {1e9, "W", yamldoc.Within(36, 3.6e7, "W")}, // as energy's pulses
	"velocity":   {20, "m/s", yamldoc.Within(0.001, 10, "m/s")},
	"discharge":  {1e5, "m³/s", yamldoc.Within(1e-6, 1e3, "m³/s")},
}

// elsewhere are the metrics that have drivers of their own.
var elsewhere = map[string]string{"rain": "rain-gauge", "rain_rate": "rain-gauge", "volume": "flow-meter", "flow": "flow-meter", "wind_speed": "anemometer", "wind_gust": "anemometer"}

// read decodes the options over what is known of the total that they name. pin is how
// its contact behaves.
func read(decode func(any) error) (o options, pin drivers.PinSettings, err error) {
	o.Channel = "pulses"
	if err := decode(&o); err != nil {
		return o, pin, err
	}
	t := totals[obs.MetricName(o.Channel)] // the zero value: channels says that it is none
	o = options{Channel: "pulses", Limits: metering.Options{Idle: t.idle}}
	if t.perPulse > 0 {
		o.PerPulse = &t.perPulse
	}
	pin = drivers.PinSettings{Active: "low", Pull: "up", Spacing: t.spacing}
	return o, pin, decode(&o)
}

// channels judges the options and completes them: PerHertz is set then.
func (o *options) channels() (sum, rate drivers.Channel, err error) {
	t, known := totals[obs.MetricName(o.Channel)]
	switch {
	case obs.CheckChannel(o.Channel) != nil || !known:
		return sum, rate, unknown("channel", o.Channel, "is nothing that pulses add up to here", totals)
	case o.Rate == "":
		o.Rate = qualified(t.rate, o.Channel)
	}
	r, known := rates[obs.MetricName(o.Rate)]
	follows := obs.MetricName(o.Rate) == t.rate
	switch {
	case obs.CheckChannel(o.Rate) != nil || !known:
		return sum, rate, unknown("rate", o.Rate, "cannot be measured by pulses here", rates)
	case o.PerHertz == nil && !follows:
		return sum, rate, &drivers.OptionError{Key: "rate", Msg: fmt.Sprintf("how %s follows from pulses is not known; add per_hertz, what it is at one pulse a second", o.Rate)}
	}
	if err := metering.Stated("per_pulse", o.PerPulse, "what one pulse stands for", "write "+t.means); err != nil {
		return sum, rate, err
	}
	if err := metering.Within("per_pulse", *o.PerPulse, t.each, t.means); err != nil {
		return sum, rate, err
	}
	if o.PerHertz == nil {
		speed := *o.PerPulse * t.speed
		o.PerHertz = &speed
	} else if err := metering.Within("per_hertz", *o.PerHertz, r.perHertz, "what "+o.Rate+" is at one pulse a second"); err != nil {
		return sum, rate, err
	}
	if err := metering.Within("offset", o.Offset, yamldoc.Within(0, r.most/10, r.unit), "what the calibration adds to what the pulses make"); err != nil {
		return sum, rate, err
	}
	return drivers.Channel{Name: o.Channel, Max: t.most, Resolution: *o.PerPulse}, drivers.Channel{Name: o.Rate, Max: r.most}, nil
}

// unknown is the error about a channel that is not among those that can be.
func unknown[V any](key, channel, is string, among map[string]V) error {
	if driver := elsewhere[obs.MetricName(channel)]; driver != "" {
		return &drivers.OptionError{Key: key, Msg: fmt.Sprintf("%q %s; it has a driver of its own: write driver: %s", channel, is, driver)}
	}
	return &drivers.OptionError{Key: key, Msg: fmt.Sprintf("%q %s; write one of %s, or one with a qualifier, like %s.east", channel, is, strings.Join(slices.Sorted(maps.Keys(among)), ", "), slices.Sorted(maps.Keys(among))[0])}
}

// qualified gives a metric the qualifier of a channel, if that has one.
func qualified(metric, channel string) string {
	if _, q, ok := strings.Cut(channel, "."); ok {
		return metric + "." + q
	}
	return metric
}
