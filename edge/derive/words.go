package derive

import (
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// word is one thing that is: can say, beside formulas.
type word struct {
	name string
	keys []string // of those that not everything has
	of   string   // what it is made of, for people
}

// words are those of is:, in the order in which they are explained.
var words = []word{
	{"mean", []string{"over", "every", "aligned", "metric"}, "one stream"},
	{"min", []string{"over", "every", "aligned", "metric"}, "one stream"},
	{"max", []string{"over", "every", "aligned", "metric"}, "one stream"},
	{"sum", []string{"over", "every", "aligned", "metric"}, "one running total, or rain rate"},
	{"intensity", []string{"over", "every", "aligned", "metric"}, "one running total"},
	{"percentile", []string{"over", "every", "aligned", "metric", "percent"}, "one stream"},
	{"leq", []string{"over", "every", "aligned", "metric"}, "one noise level"},
	{"vector-mean", []string{"over", "every", "aligned"}, "speed and dir of a wind"},
	{"wetness", []string{"keep", "metric"}, "one rain total"},
	{"nowcast", []string{"metric"}, "one particle concentration"},
	{"aqi", []string{"edition", "report"}, "pollutants by name"},
	{"water-class", []string{"edition", "body"}, "indicators by name"},
	{"convert", []string{"metric", "state"}, "one stream"},
}

// aligning are the words whose results follow the wall clock or may do so.
var aligning = []string{"mean", "min", "max", "sum", "intensity", "percentile", "leq", "vector-mean", "wetness", "nowcast", "aqi"}

// Words returns what is: can say, beside a formula.
func Words() (all []string) {
	for _, w := range words {
		all = append(all, w.name)
	}
	return all
}

func wordOf(is string) (word, bool) {
	i := slices.IndexFunc(words, func(w word) bool { return w.name == is })
	if i < 0 {
		return word{}, false
	}
	return words[i], true
}

// totals are the metrics that only grow, with the metric of what comes in a while, that of
// how fast, by what a total per hour is multiplied to be that, and the most in an hour.
var totals = map[string]struct {
	amount, rate string
	factor, most float64
}{
	"rain":          {"rain_sum", "rain_rate", 1, 1000}, // nobody has measured half of it in an hour
	"pulses":        {"pulse_sum", "pulse_rate", 1.0 / 3600, 0},
	"volume":        {"volume_sum", "flow", 1, 0},
	"energy":        {"energy_sum", "power", 1000, 0},
	"energy_export": {"energy_sum", "power", 1000, 0},
}

// Level says whether a metric is a sound level: decibels, of which a mean over a time is one
// of energies. What is exceeded for a share of the time (L10, L90) has none: of such
// figures of equal times the plain mean is usual (LA10,18h).
func Level(m obs.Metric) bool {
	return m.Unit == "dB[SPL]" && !slices.Contains(exceeded, m.Name)
}

// exceeded are the levels that are exceeded for a share of the time.
var exceeded = []string{"noise_l10", "noise_l50", "noise_l90"}

// Most is the most by which a running total can grow in an hour; 0: not known.
func Most(metric string) float64 { return totals[metric].most }

// Total says whether a metric is a running total, which only grows.
func Total(metric string) bool {
	_, ok := totals[metric]
	return ok
}

// Meter says whether a running total means something as it stands, which people act on: of
// a volume or an energy. What rain or pulses have come to since a part was mounted means nothing.
func Meter(metric string) bool {
	return slices.Contains([]string{"volume", "energy", "energy_export"}, metric)
}

// rates are the metrics that say per hour how fast something grows, with that something's.
var rates = map[string]string{"rain_rate": "rain_sum", "flow": "volume_sum"}

// scales are the units that convert into each other, by UCUM code: what they measure and
// how much of it one is.
var scales = map[string]struct {
	what string
	size float64
}{
	"um": {"length", 1e-6}, "mm": {"length", 1e-3}, "cm": {"length", 1e-2}, "m": {"length", 1},
	"m/s": {"speed", 1}, "mm/h": {"speed", 1e-3 / 3600}, "m3/h": {"flow", 1.0 / 3600}, "m3/s": {"flow", 1},
	"hPa": {"pressure", 100}, "kPa": {"pressure", 1000}, "mV": {"voltage", 1e-3}, "V": {"voltage", 1},
	"mA": {"current", 1e-3}, "A": {"current", 1}, "ug/L": {"concentration", 1e-6}, "mg/L": {"concentration", 1e-3},
	"ug/m3": {"density", 1e-9}, "mg/m3": {"density", 1e-6}, "[ppm]": {"share", 1e-6}, "[ppb]": {"share", 1e-9},
	"%": {"share", 1e-2}, "1": {"share", 1}, "W": {"power", 1}, "kW.h": {"energy", 1}, "Cel": {"temperature", 1},
}

// factor is by what a number of one metric is multiplied to be one of another.
func (g gasTable) factor(from, to obs.Metric, state string) (float64, bool) {
	a, okA := scales[from.Unit]
	b, okB := scales[to.Unit]
	switch {
	case !okA || !okB:
		return 0, false
	case a.what == b.what:
		return a.size / b.size, true
	case a.what != "share" || b.what != "density" || g.mass[to.Name] == 0:
		return 0, false
	}
	// A share of one is molar mass over molar volume: g/L, which are kg/m3, one in scales.
	return a.size / b.size * g.mass[to.Name] / g.volume[state], true
}

// substance is what in the air a metric is about, whatever its unit; empty: none that is
// known.
func (g gasTable) substance(m obs.Metric) string {
	name := strings.TrimSuffix(strings.TrimSuffix(m.Name, "_ppb"), "_ppm")
	if g.mass[name] != 0 || strings.HasPrefix(name, "pm") && scales[m.Unit].what == "density" {
		return name
	}
	return ""
}

// zoneOf is how the wall clock is read: China's days unless the configuration says otherwise.
func zoneOf(s Spec) int64 {
	east := 8 * 60
	switch {
	case s.Zone != nil:
		east = *s.Zone
	case s.Place != nil:
		east = *s.Place
	}
	return (time.Duration(east)*time.Minute - s.DayStart).Milliseconds()
}
