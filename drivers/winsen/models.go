package winsen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	codec "github.com/lamppost-city/lamppost/drivers/codec/winsen"
)

// gas is what one kind of cell measures. The module says its code in every frame of
// its own accord.
type gas struct {
	code    byte
	channel drivers.Channel // its range is the widest of the family
	ppb     bool            // the channel counts ppb, not ppm
}

// gases are those of the ZE series for which there is a metric. The codes of CO and
// CH2O stand in manuals, the others in open-source programs and the list of the ZE03.
var gases = map[string]gas{
	"ch2o": {0x17, drivers.Channel{Name: "hcho_ppb", Max: 5000, Resolution: 1}, true},
	"cl2":  {0x31, drivers.Channel{Name: "cl2_ppm", Max: 50, Resolution: 0.1}, false},
	"co":   {0x04, drivers.Channel{Name: "co_ppm", Max: 2000, Resolution: 0.1}, false},
	"h2":   {0x06, drivers.Channel{Name: "h2_ppm", Max: 2000, Resolution: 1}, false},
	"h2s":  {0x03, drivers.Channel{Name: "h2s_ppm", Max: 200, Resolution: 0.1}, false},
	"nh3":  {0x02, drivers.Channel{Name: "nh3_ppm", Max: 200, Resolution: 0.1}, false},
	"no2":  {0x2C, drivers.Channel{Name: "no2_ppb", Max: 50000, Resolution: 1}, true},
	"o3":   {0x2A, drivers.Channel{Name: "o3_ppb", Max: 20000, Resolution: 1}, true},
	"so2":  {0x2B, drivers.Channel{Name: "so2_ppb", Max: 50000, Resolution: 1}, true},
}

// oxygen is a code of the ZE03 for which no table of units was found: known, and told
// apart from noise, but not read.
const oxygen = 0x05

// Codes of the unit in a frame.
const (
	unitPPM = 3
	unitPPB = 4
)

// model is a part of the series.
type model struct {
	gases   []string // the cells that it comes with; one: no need to name it
	most    float64  // the end of its range in the channel's unit; 0: the family's
	preheat time.Duration
	ask     byte                        // the mode in which it is asked; 0: the answer's layout is not known
	answer  func(f codec.Frame) float64 // the value in an answer, in the channel's unit
}

// warm is the preheating of models whose manual states none.
const warm = 3 * time.Minute

var models = map[string]model{
	// The manual has the value in "byte 4 and byte 6", public programs in bytes 2 and 3.
	"ze07-co":   {gases: []string{"co"}, most: 500, preheat: warm, ask: 0x41, answer: func(f codec.Frame) float64 { return float64(f.Word(2)) / 10 }},
	"ze07-ch2o": {gases: []string{"ch2o"}, most: 5000, preheat: warm, ask: 0x41, answer: func(f codec.Frame) float64 { return float64(f.Word(6)) }},
	"ze08-ch2o": {gases: []string{"ch2o"}, most: 5000, preheat: 30 * time.Second},
	"ze12":      {gases: []string{"co", "h2s", "no2", "o3", "so2"}, preheat: warm},
	"ze12a":     {gases: []string{"co", "h2s", "no2", "o3", "so2"}, preheat: warm},
	"ze15-co":   {gases: []string{"co"}, most: 500, preheat: 30 * time.Second},
	"ze25-o3":   {gases: []string{"o3"}, preheat: warm},
	"ze03":      {gases: []string{"cl2", "co", "h2", "h2s", "nh3", "no2", "o3", "so2"}, preheat: warm},
}

func list(names []string) string {
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func modelNames() string {
	var names []string
	for name := range models {
		names = append(names, name)
	}
	return list(names)
}

// nameOf says which gas a code stands for.
func nameOf(code byte) string {
	for name, g := range gases {
		if g.code == code {
			return name
		}
	}
	if code == oxygen {
		return "o2"
	}
	return fmt.Sprintf("%02X", code)
}

// upload is the frame that a module sends of its own accord: gas, unit, decimals, the
// value, and the end of the range.
//
//	FF gas unit decimals value value range range sum
type upload struct{ codec.Frame }

func (u upload) gas() byte { return u.Frame[0] }

// value returns the measured value and the end of the range in the unit of g.
func (u upload) value(g gas) (v, full float64, err error) {
	unit, decimals := u.Frame[1], u.Frame[2]
	if unit != unitPPM && unit != unitPPB {
		return 0, 0, fmt.Errorf("%w: byte 2 gives the unit %02X; 03 is ppm, 04 is ppb, and others are not known", drivers.ErrProtocol, unit)
	}
	if decimals > 3 {
		return 0, 0, fmt.Errorf("%w: byte 3 gives %d decimals, 0 to 3 are possible", drivers.ErrProtocol, decimals)
	}
	times, by := 1, 1
	for range decimals {
		by *= 10
	}
	switch {
	case g.ppb && unit == unitPPM:
		times = 1000
	case !g.ppb && unit == unitPPB:
		by *= 1000
	}
	in := func(raw int) float64 { return float64(raw*times) / float64(by) } // whole numbers: exact until the division
	return in(u.Word(4)), in(u.Word(6)), nil
}
