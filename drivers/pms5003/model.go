package pms5003

import (
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
)

// layout says where a model's frame has what, as indices into its words. 0 stands
// for "not there": the first word is always PM1.
type layout struct {
	words  int // in a frame; tells models apart on the line
	counts int // particle counts it has, from word 6 on
	hcho   int
	temp   int // signed
	rh     int
	status int  // high byte firmware version, low byte error code
	deaf   bool // it takes no commands
}

// models are the family, as the datasheets have them. The plain 32-byte models
// differ in housing and plug only.
var models = map[string]layout{
	"pms1003":   {words: 13, counts: 6, status: 12},
	"pms3003":   {words: 9, deaf: true},
	"pms5003":   {words: 13, counts: 6, status: 12},
	"pms5003s":  {words: 13, counts: 6, hcho: 12},
	"pms5003st": {words: 17, counts: 6, hcho: 12, temp: 13, rh: 14, status: 16},
	"pms5003t":  {words: 13, counts: 4, temp: 10, rh: 11, status: 12},
	"pms7003":   {words: 13, counts: 6, status: 12},
	"pmsa003":   {words: 13, counts: 6, status: 12},
}

func modelNames() string {
	var names []string
	for name := range models {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// Words of the two sets of mass concentrations.
const (
	factorySet     = 0 // "CF=1": calibrated on the maker's factory dust
	atmosphericSet = 3
	firstCount     = 6
)

// source is a channel and the word it is made of.
type source struct {
	drivers.Channel
	word   int
	tenths bool // the word is signed and counts tenths
}

// channels lists what a device of this layout measures.
func (l layout) channels(set int, counts bool) []source {
	// The manual promises an output up to at least 1000 ug/m3 and names no end.
	out := []source{
		{Channel: drivers.Channel{Name: "pm1", Max: 5000, Resolution: 1}, word: set},
		{Channel: drivers.Channel{Name: "pm2_5", Max: 5000, Resolution: 1}, word: set + 1},
		{Channel: drivers.Channel{Name: "pm10", Max: 5000, Resolution: 1}, word: set + 2},
	}
	if l.hcho != 0 {
		out = append(out, source{Channel: drivers.Channel{Name: "hcho", Max: 2000, Resolution: 1}, word: l.hcho})
	}
	if l.temp != 0 {
		out = append(out,
			source{Channel: drivers.Channel{Name: "temp", Min: -20, Max: 99, Resolution: 0.1}, word: l.temp, tenths: true},
			source{Channel: drivers.Channel{Name: "rh", Max: 100, Resolution: 0.1}, word: l.rh, tenths: true})
	}
	if !counts {
		return out
	}
	for i, name := range []string{"0_3", "0_5", "1", "2_5", "5", "10"}[:l.counts] {
		// 65535 is where the counter stops, not a count.
		c := drivers.Channel{Name: "particles_" + name, Max: 65534, Resolution: 1}
		out = append(out, source{Channel: c, word: firstCount + i})
	}
	return out
}

func (s source) value(w words) float64 {
	if s.tenths {
		return float64(int16(w.data[s.word])) / 10
	}
	return float64(w.data[s.word])
}
