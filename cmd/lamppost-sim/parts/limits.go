package parts

import (
	"fmt"
	"math"
	"strconv"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/modbusslave"
	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/registers"
)

// span is what a part can send of a channel, in the metric's unit.
type span struct {
	lo, hi float64
	whole  bool // nothing between two whole numbers
}

var (
	word16  = span{lo: 0, hi: math.MaxUint16}
	never   = span{lo: 0, hi: math.Inf(1)} // below nought
	percent = span{lo: 0, hi: 100}
	echo6m  = span{lo: 0.2, hi: 6}
)

// spans are the limits of what stands in the frames of parts that have no register
// table. A part or channel that is not here writes any number.
var spans = map[string]map[string]span{
	"a02yyuw":        {"level": {lo: a02yyuwHeight - 4.5, hi: a02yyuwHeight - 0.031}},
	"aj-sr04m":       {"distance": echo6m},
	"jsnsr04t":       {"distance": echo6m},
	"jsnsr04t-mode3": {"distance": echo6m},
	"maxbotix":       {"distance": {lo: 0.3, hi: 5}},
	"pms5003": {"pm1": word16, "pm2_5": word16, "pm10": word16, "particles_0_3": word16, "particles_0_5": word16, "particles_1": word16,
		"particles_2_5": word16, "particles_5": word16, "particles_10": word16},
	"sds011":           {"pm2_5": {hi: 999.9}, "pm10": {hi: 999.9}},
	"mhz19":            {"co2": {hi: 5000}},
	"mhz19c":           {"co2": {hi: 5000}},
	"winsen":           {"co_ppm": {hi: 500}},
	"winsen-ze03-co":   {"co_ppm": {hi: 1000}},
	"winsen-ze07-ch2o": {"hcho_ppb": {hi: 5000}},
	"winsen-ze12a-o3":  {"o3_ppb": {hi: 10000}},
	"winsen-ze12a-so2": {"so2_ppb": {hi: 20000}},
	"winsen-ze12a-no2": {"no2_ppb": {hi: 10000}},
	"zphs01": {"pm1": word16, "pm2_5": word16, "pm10": word16, "co2": word16, "voc_grade": {hi: 3}, "temp": {lo: -50, hi: 6503.5}, "rh": word16, "hcho": word16,
		"co_ppm": {hi: 6553.5}, "o3_ppb": {hi: 655350}, "no2_ppb": {hi: 655350}},
	"zphs01c":     {"co2": word16, "hcho": word16, "rh": {hi: 6553.5}, "temp": {lo: -50, hi: 6503.5}, "pm2_5": word16},
	"rg-15":       {"rain": never, "rain.event": never, "rain_rate": never},
	"rg-9":        {"rain_level": {hi: 7}},
	"modem":       {"signal": {lo: -113, hi: -51}, "signal.rsrp": {lo: -141, hi: -44}},
	"nmea0183":    {"latitude": {lo: -90, hi: 90}, "longitude": {lo: -180, hi: 180}, "satellites": {hi: 99}},
	"sdi12":       {"soil_moisture": {lo: -99999, hi: 99999}, "soil_temp": {lo: -99999, hi: 99999}},
	"bme280":      {"rh": percent},
	"scd4x":       {"temp": {lo: -45, hi: 130}, "rh": percent, "co2": {hi: 40000}},
	"sht3x":       {"temp": {lo: -45, hi: 130}, "rh": percent},
	"ds18b20":     {"temp": {lo: -55, hi: 125}},
	"digital":     {"contact": {hi: 1, whole: true}},
	"relay":       {"contact": {}},
	"relay-board": {"contact": {}},
	"pulse":       {"power": never},
	"rain-gauge":  {"rain_rate": never},
	"flow-meter":  {"flow": never},
	"yf-s401":     {"flow": never},
	"water-meter": {"flow": never},
	"anemometer":  {"wind_speed": never},
}

// huge is more than any register holds.
const huge = 1e30

// span returns the limits of a channel, and the value that is sent for v.
func (p Part) span(channel string, v float64) (s span, sent float64) {
	if s, ok := spans[p.ID][channel]; ok {
		return s, min(max(v, s.lo), s.hi)
	}
	s, sent = span{lo: math.Inf(-1), hi: math.Inf(1)}, v
	for _, r := range p.rows() {
		if r.Channel != channel || r.Shadow {
			continue
		}
		_, least := r.Encode(-huge)
		_, most := r.Encode(huge)
		if math.Abs(least) > huge/2 || math.Abs(most) > huge/2 { // floating point: any number
			least, most = math.Inf(-1), math.Inf(1)
		}
		if r.Turn > 0 { // a vane goes round
			least, most = r.Offset, r.Turn*r.Scale+r.Offset
		}
		s.lo, s.hi = max(s.lo, min(least, most)), min(s.hi, max(least, most))
		_, sent = r.Encode(v)
	}
	return s, sent
}

// rows are a Modbus part's registers.
func (p Part) rows() []modbusslave.Register {
	id := p.ID
	if id == "senseair" { // the same part on a line of its own
		id = "senseair-s8"
	}
	table, ok := registers.Get(id)
	if !ok {
		return nil
	}
	rows, err := table.Registers(table.Address)
	if err != nil {
		return nil // it cannot be played at all, and says so then
	}
	return rows
}

// Sent is what the part sends for a value: that one, or the nearest that fits into its
// registers' steps. NaN, for missing, stays.
func (p Part) Sent(channel string, v float64) float64 {
	if math.IsNaN(v) {
		return v
	}
	_, sent := p.span(channel, v)
	return sent
}

// CheckSetting says what is wrong with a setting: a value that the part cannot send is
// refused with what it can.
func (p Part) CheckSetting(s Setting) error {
	if math.IsNaN(s.Is) {
		return nil // NewValues judges that
	}
	l, _ := p.span(s.Channel, s.Is)
	is := number(s.Is)
	switch {
	case l == span{}:
		return fmt.Errorf("%s=%s: nobody sets that from here; whoever switches %s does", s.Channel, is, p.ID)
	case l.whole && s.Is != math.Trunc(s.Is), s.Is < l.lo || s.Is > l.hi:
		return fmt.Errorf("%s=%s: %s cannot send that; write %s%s", s.Channel, is, p.ID, l, p.missingHint(s.Channel))
	}
	return nil
}

// missingHint says how to let the part have no value, if it has a way.
func (p Part) missingHint(channel string) string {
	for _, m := range p.Missing {
		if m == channel {
			return ", or missing"
		}
	}
	return ""
}

// String writes what is allowed: "0 to 5000", "0 or 1", "0 or more".
func (s span) String() string {
	switch {
	case s.whole:
		return number(s.lo) + " or " + number(s.hi)
	case math.IsInf(s.hi, 1):
		return number(s.lo) + " or more"
	}
	return number(s.lo) + " to " + number(s.hi)
}

func number(v float64) string { return strconv.FormatFloat(math.Round(v*1e6)/1e6, 'f', -1, 64) }
