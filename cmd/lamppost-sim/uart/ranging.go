package uart

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// JSNSR04T is an ultrasonic range finder JSN-SR04T whose resistor puts it into one of its
// serial modes, or the clone AJ-SR04M. Sources: public guides to the JSN-SR04T, notes on
// its version 3. The zero value is mode 2: it talks each 100 ms.
type JSNSR04T struct {
	Asked bool // mode 3: it sends once for each byte 55
	Clone bool // an AJ-SR04M, whose sum leaves the first byte out
}

const (
	jsnAsk      = 0x55
	jsnNearest  = 200                   // mm
	jsnBlind    = 250                   // mm; below, what it says is not sure to be a distance
	jsnFarthest = 6000                  // mm
	jsnThinks   = 60 * time.Millisecond // sound to the end of the range and back takes 35
)

// Pause is 100 ms in mode 2; in mode 3 it does not talk.
func (p JSNSR04T) Pause() time.Duration {
	if p.Asked {
		return 0
	}
	return 100 * time.Millisecond
}

// Frame sends the distance in millimetres; 0 when there is no echo, which is when the
// distance is missing or farther than it hears. Nearer than the blind zone's end, and
// without an echo, nothing true can be said.
func (p JSNSR04T) Frame(s Source) ([]byte, []truth.Line) {
	mm := math.Round(s.Value("distance") * 1000)
	if math.IsNaN(mm) || mm > jsnFarthest {
		mm = 0
	} else {
		mm = max(mm, jsnNearest)
	}
	b := []byte{0xFF, byte(int(mm) >> 8), byte(int(mm))}
	sum := b[1] + b[2]
	if !p.Clone {
		sum += b[0]
	}
	b = append(b, sum)
	if mm <= jsnBlind {
		return b, nil
	}
	return b, []truth.Line{{Channel: "distance", V: mm / 1000, Resolution: 0.001}}
}

// Hear sends one frame for each byte 55, in mode 3.
func (p JSNSR04T) Hear(heard []byte, s Source) (used int, says []Saying) {
	if heard[0] != jsnAsk || !p.Asked {
		return 1, nil
	}
	frame, lines := p.Frame(s)
	return 1, []Saying{{After: jsnThinks, Bytes: frame, Lines: lines}}
}

// MaxBotix is a MaxSonar range finder with text output, free running. Source: a
// public library, which reads the number; the letter, the digits and the header are
// common knowledge of the HRXL and XL families, not read in a data sheet.
type MaxBotix struct {
	Centimetres bool // XL: three digits of centimetres; else HRXL: four of millimetres
	Farthest    int  // in its own unit; what it says when there is no target. 0: 5000 mm, 765 cm
	Nearest     int  // what it says for anything nearer. 0: 300 mm, 20 cm
	Unwired     bool // its transducer is not connected: it says 0
}

// maxbotixHeader is what it says of itself at power-on, about six lines.
const maxbotixHeader = "HRXL-MaxSonar-WR\rPN:MB7360\rCopyright 2011-2015\rMaxBotix Inc.\rRoHS 1.8b090 0312\rTempI\r"

// Start sends the header, between 65 and 160 ms after power-on.
func (p MaxBotix) Start() []Saying {
	return []Saying{{After: 65 * time.Millisecond, Bytes: []byte(maxbotixHeader)}}
}

// Pause is that of 6.66 readings a second.
func (p MaxBotix) Pause() time.Duration { return 150 * time.Millisecond }

// Frame is a line R, digits, CR.
func (p MaxBotix) Frame(s Source) ([]byte, []truth.Line) {
	perMetre, digits, nearest, farthest := 1000.0, 4, 300, 5000
	if p.Centimetres {
		perMetre, digits, nearest, farthest = 100, 3, 20, 765
	}
	if p.Nearest > 0 {
		nearest = p.Nearest
	}
	if p.Farthest > 0 {
		farthest = p.Farthest
	}
	v := math.Round(s.Value("distance") * perMetre)
	says := farthest
	switch {
	case p.Unwired:
		says = 0
	case v < float64(farthest):
		says = max(int(v), nearest)
	}
	line := fmt.Appendf(nil, "R%0*d\r", digits, says)
	if says <= nearest || says >= farthest {
		return line, nil
	}
	return line, []truth.Line{{Channel: "distance", V: float64(says) / perMetre, Resolution: 1 / perMetre}}
}

// Hear takes nothing: its only input is the level of pin 4.
func (p MaxBotix) Hear(heard []byte, _ Source) (int, []Saying) { return len(heard), nil }

// line cuts a command that ends with CR off what was heard; LF is left out.
func line(heard []byte) (used int, text string, ok bool) {
	text, _, ok = strings.Cut(string(heard), "\r")
	if !ok {
		return 0, "", false
	}
	return len(text) + 1, strings.TrimLeft(text, "\n"), true
}
