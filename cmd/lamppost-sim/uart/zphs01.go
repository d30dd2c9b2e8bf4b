package uart

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Count says how a value stands in a frame: value times Steps plus Zero, a whole
// number in the frame.
type Count struct {
	Channel string  // of the source
	Steps   float64 // of the frame in one unit of the channel's metric
	Zero    float64 // what stands there for nought
}

// word is the value as 16 bits hold it, and its truth line.
func (c Count) word(s Source) (uint16, truth.Line) {
	n := whole(s.Value(c.Channel)*c.Steps + c.Zero)
	return uint16(n), truth.Line{Channel: c.Channel, V: (n - c.Zero) / c.Steps, Resolution: 1 / c.Steps}
}

// words writes counts one after another, two bytes each.
func words(b []byte, s Source, counts []Count) ([]byte, []truth.Line) {
	var lines []truth.Line
	for _, c := range counts {
		n, line := c.word(s)
		b, lines = binary.BigEndian.AppendUint16(b, n), append(lines, line)
	}
	return b, lines
}

// ZPHS01B is Winsen's board of many sensors. It is asked as other Winsen parts are, and
// answers 26 bytes. Sources: three public implementations that agree on all but the
// temperature's zero, 500 in two of them and 437 in one.
type ZPHS01B struct {
	Before  []Count // PM1, PM2.5, PM10 and carbon dioxide
	Grade   string  // channel of the VOC grade, 0 to 3
	After   []Count // temperature, humidity, CH2O, CO, O3, NO2
	Warming bool    // it never gets ready

	on time.Time
}

// zphsWarmUp is how long the boards need; until then the sensors on them say what
// they say.
const zphsWarmUp = 3 * time.Minute

// Start gives the board power.
func (p *ZPHS01B) Start() []Saying {
	p.on = time.Now()
	return nil
}

// Hear answers a reading. The calibration of carbon dioxide is not answered.
func (p *ZPHS01B) Hear(heard []byte, s Source) (used int, says []Saying) {
	used, q := request9(heard)
	if q == nil || q[2] != 0x86 {
		return used, nil
	}
	b, lines := words([]byte{0xFF, 0x86}, s, p.Before)
	grade := min(max(math.Round(s.Value(p.Grade)), 0), 3)
	b = append(b, byte(grade))
	lines = append(lines, truth.Line{Channel: p.Grade, V: grade, Resolution: 1})
	b, more := words(b, s, p.After)
	b = append(b, 0, 0)
	b = append(b, neg8(b[1:]))
	if p.Warming || !p.on.IsZero() && time.Since(p.on) < zphsWarmUp {
		return used, one(b) // true to nothing yet
	}
	return used, one(b, append(lines, more...)...)
}

// ZPHS01C is the board's successor, which has a protocol of its own: head, length of
// what follows but the checksum, command, data, and a checksum over all of it. Source:
// Winsen ZPHS01C manual.
type ZPHS01C struct {
	Words []Count // carbon dioxide, CH2O or VOC, humidity, temperature, PM2.5
	still bool    // the particle measurement is stopped
}

// Heads of requests and answers.
const (
	zphsAsks    = 0x11
	zphsAnswers = 0x16
)

// Hear carries out a request.
func (p *ZPHS01C) Hear(heard []byte, s Source) (used int, says []Saying) {
	if heard[0] != zphsAsks {
		return 1, nil
	}
	if len(heard) < 2 {
		return 0, nil
	}
	n := int(heard[1]) + 3
	switch {
	case heard[1] < 1 || heard[1] > 8:
		return 1, nil
	case len(heard) < n:
		return 0, nil
	case heard[n-1] != neg8(heard[:n-1]):
		return 1, nil
	}
	return n, p.obey(heard[2:n-1], s)
}

func (p *ZPHS01C) obey(q []byte, s Source) []Saying {
	switch {
	case q[0] == 0x01:
		body, lines := words([]byte{0x01}, s, p.Words)
		return one(zphsFrame(body), lines...)
	case q[0] == 0x03: // carbon dioxide is so many ppm now
		return one(zphsFrame(q[:1]))
	case q[0] == 0x0C && len(q) > 1 && (q[1] == 1 || q[1] == 2):
		p.still = q[1] == 1
		return one(zphsFrame(q[:2]))
	}
	return nil
}

// zphsFrame makes an answer.
func zphsFrame(body []byte) []byte {
	b := append([]byte{zphsAnswers, byte(len(body))}, body...)
	return append(b, neg8(b))
}
