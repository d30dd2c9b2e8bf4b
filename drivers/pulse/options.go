package pulse

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// totals are what pulses can add up to: how much it can be, the rate that goes with it,
// and the rate at one unit a second.
var totals = map[string]struct {
	max   float64
	rate  string
	speed float64
}{
	"pulses": {1e15, "pulse_rate", 1},
	"rain":   {1e5, "rain_rate", 3600}, // mm, mm/h
	"volume": {1e12, "flow", 3600},     // m3, m3/h
	"energy": {1e9, "power", 3.6e6},    // kW.h, W
}

// rates are what can be measured by how fast pulses come.
var rates = map[string]float64{
	"pulse_rate": 1e5, "rain_rate": 1000, "flow": 1e6, "discharge": 1e5, "power": 1e9, "wind_speed": 90, "velocity": 20,
}

// channels judges the options and completes them.
func (o *options) channels() (total, rate drivers.Channel, err error) {
	fail := func(key, format string, args ...any) (drivers.Channel, drivers.Channel, error) {
		return total, rate, &drivers.OptionError{Key: key, Msg: fmt.Sprintf(format, args...)}
	}
	t, known := totals[obs.MetricName(o.Channel)]
	if err := obs.CheckChannel(o.Channel); err != nil || !known {
		return fail("channel", "%q is nothing that pulses add up to; write one of %s, or one with a qualifier, like volume.inlet", o.Channel, names(totals))
	}
	if !positive(o.PerPulse) || o.PerPulse > t.max/1000 {
		return fail("per_pulse", "%v is no amount; write what one pulse stands for, in the unit of %s: 0.2 for a rain gauge of 0.2 mm", o.PerPulse, o.Channel)
	}
	if o.Rate == "" {
		o.Rate = qualified(t.rate, o.Channel)
	}
	most, known := rates[obs.MetricName(o.Rate)]
	if err := obs.CheckChannel(o.Rate); err != nil || !known {
		return fail("rate", "%q cannot be measured by pulses; write one of %s, or one with a qualifier", o.Rate, names(rates))
	}
	switch {
	case o.PerHertz != 0 && !positive(o.PerHertz):
		return fail("per_hertz", "%v is no rate; write what %s is at one pulse a second", o.PerHertz, o.Rate)
	case o.PerHertz == 0 && obs.MetricName(o.Rate) != t.rate:
		return fail("rate", "how %s follows from pulses is not known; add per_hertz, what it is at one pulse a second", o.Rate)
	case o.PerHertz == 0:
		o.PerHertz = o.PerPulse * t.speed
	}
	switch {
	case o.MaxRate < 0 || o.MaxRate > most:
		return fail("max_rate", "%v is no greatest rate; write what %s can be at most where the part is, up to %v", o.MaxRate, o.Rate, most)
	case o.MaxRate > 0:
		most = o.MaxRate
	}
	if o.Idle <= 0 {
		return fail("idle", "write after which time without a pulse nothing flows any more, like 1m")
	}
	total = drivers.Channel{Name: o.Channel, Min: 0, Max: t.max, Resolution: o.PerPulse}
	return total, drivers.Channel{Name: o.Rate, Min: 0, Max: most, Resolution: min(o.PerHertz/1000, most/2)}, nil
}

// qualified gives a metric the qualifier of a channel, if that has one.
func qualified(metric, channel string) string {
	if _, q, ok := strings.Cut(channel, "."); ok {
		return metric + "." + q
	}
	return metric
}

func positive(v float64) bool { return v > 0 && !math.IsInf(v, 0) }

func names[V any](m map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), ", ")
}
