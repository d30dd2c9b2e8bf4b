package uart

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// NMEA is a mast with a GNSS receiver and a weather transmitter that share a line by
// NMEA 0183: each second GGA, RMC, MWV and XDR. Sources: public notes on NMEA 0183,
// Vaisala WXT530 documentation for the letters of XDR. The zero value has a fix.
type NMEA struct {
	NoFix   bool // the receiver sees too few satellites: empty fields, status V
	Vaisala bool // pressure in hPa and rain as that maker writes them; else as the standard has them
}

// knot is a knot in metres a second.
const knot = 1852.0 / 3600

// Pause is a second.
func (p NMEA) Pause() time.Duration { return time.Second }

// Hear takes nothing.
func (p NMEA) Hear(heard []byte, _ Source) (int, []Saying) { return len(heard), nil }

// Frame is all sentences of a second.
func (p NMEA) Frame(s Source) ([]byte, []truth.Line) {
	var t talk
	now := time.Now().UTC()
	clock := now.Format("150405.00")
	if p.NoFix {
		t.say("GNGGA,%s,,,,,0,00,99.99,,,,,,", clock)
		t.say("GNRMC,%s,V,,,,,,,%s,,,N", clock, now.Format("020106"))
	} else {
		p.fix(&t, s, clock, now.Format("020106"))
	}
	p.wind(&t, s)
	p.weather(&t, s)
	return t.out, t.lines
}

// talk gathers sentences and what is true in them.
type talk struct {
	out   []byte
	lines []truth.Line
}

// say adds a sentence: $, the text, *, the exclusive or of the text, CR LF.
func (t *talk) say(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	sum := byte(0)
	for i := range len(text) {
		sum ^= text[i]
	}
	t.out = fmt.Appendf(t.out, "$%s*%02X\r\n", text, sum)
}

// field writes a value with so many decimals, and notes it as true; what is missing
// is an empty field.
func (t *talk) field(s Source, channel string, decimals int, unit float64) string {
	v := s.Value(channel)
	if math.IsNaN(v) {
		return ""
	}
	step := math.Pow10(-decimals)
	said := math.Round(v/unit/step) * step
	t.lines = append(t.lines, truth.Line{Channel: channel, V: said * unit, Resolution: step * unit})
	return fmt.Sprintf("%.*f", decimals, said)
}

// angle writes degrees as ddmm.mmmm and the letter of the hemisphere, and returns the
// degrees that stand there.
func angle(deg float64, digits int, letters string) (text string, said float64) {
	letter, sign := letters[:1], 1.0
	if deg < 0 {
		letter, sign, deg = letters[1:], -1, -deg
	}
	tenths := math.Round(deg * 60 * 1e4) // of a thousandth of a minute
	whole := math.Floor(tenths / 60e4)
	minutes := (tenths - whole*60e4) / 1e4
	return fmt.Sprintf("%0*.0f%07.4f,%s", digits, whole, minutes, letter), sign * (whole + minutes/60)
}

func (p NMEA) fix(t *talk, s Source, clock, date string) {
	lat, north := angle(s.Value("latitude"), 2, "NS")
	lon, east := angle(s.Value("longitude"), 3, "EW")
	const step = 1e-4 / 60
	t.lines = append(t.lines, truth.Line{Channel: "latitude", V: north, Resolution: step}, truth.Line{Channel: "longitude", V: east, Resolution: step})
	t.say("GNGGA,%s,%s,%s,1,%02.0f,%s,%s,M,8.0,M,,", clock, lat, lon, whole(s.Value("satellites")), t.field(s, "hdop", 2, 1), t.field(s, "altitude", 1, 1))
	t.say("GNRMC,%s,A,%s,%s,%s,%s,%s,,,A", clock, lat, lon, t.field(s, "ground_speed", 3, knot), t.field(s, "course", 1, 1), date)
}

// wind is relative to the housing; without one of its two values the sentence is void.
func (p NMEA) wind(t *talk, s Source) {
	if math.IsNaN(s.Value("wind_dir") + s.Value("wind_speed")) {
		t.say("WIMWV,,R,,M,V")
		return
	}
	t.say("WIMWV,%s,R,%s,M,A", t.field(s, "wind_dir", 0, 1), t.field(s, "wind_speed", 1, 1))
}

func (p NMEA) weather(t *talk, s Source) {
	unit, letter, decimals := 1000.0, "B", 4 // the standard's bar
	if p.Vaisala {
		unit, letter, decimals = 1, "H", 1
	}
	pressure := "P," + t.field(s, "pressure", decimals, unit) + "," + letter + ",0"
	groups := []string{"WIXDR", pressure, "C," + t.field(s, "temp", 1, 1) + ",C,0", "H," + t.field(s, "rh", 1, 1) + ",P,0"}
	t.say("%s", strings.Join(groups, ","))
	if p.Vaisala {
		t.say("WIXDR,V,%s,M,0,R,%s,M,0", t.field(s, "rain", 2, 1), t.field(s, "rain_rate", 1, 1))
	}
}
