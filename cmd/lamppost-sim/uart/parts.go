package uart

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// PMS5003 is a Plantower dust sensor. Source: Plantower PMS5003 series data manual
// V2.3. The zero value is ready: it talks, in active mode, as one that has run for a
// while. Played by an Answerer it starts its fan first, and takes commands.
//
// The manual has a frame every 2.3 s in steady air and every 0.2 to 0.8 s in
// changing air; street air lies between.
type PMS5003 struct {
	Warming bool // its fan never gets up to speed
	Broken  bool // it reports an error of its own, in the low byte of the last word

	frames          int
	passive, asleep bool
	woke            time.Time // power-on or waking
}

// Pause is about a second, never twice the same; 0 in passive mode and in sleep.
func (p *PMS5003) Pause() time.Duration {
	if p.passive || p.asleep {
		return 0
	}
	p.frames++
	return 940*time.Millisecond + time.Duration(p.frames*37%11)*12*time.Millisecond
}

// pmsVersion is the firmware version in the high byte of the status word.
const pmsVersion = 0x97

// pmsWords are the words of a frame between length and checksum.
const pmsWords = 13

// Frame sends both sets of concentrations and the six counts. The truth lines are
// those of the atmospheric set, which is what a gateway reads unless told
// otherwise.
func (p *PMS5003) Frame(s Source) ([]byte, []truth.Line) {
	if frame, starting := p.blank(); starting {
		return frame, nil
	}
	var air [3]float64
	var lines []truth.Line
	for i, channel := range []string{"pm1", "pm2_5", "pm10"} {
		air[i] = whole(s.Value(channel))
		lines = append(lines, truth.Line{Channel: channel, V: air[i], Resolution: 1})
	}
	words := make([]float64, 0, pmsWords)
	for _, v := range air {
		words = append(words, factory(v))
	}
	words = append(words, air[:]...)
	for _, size := range []string{"0_3", "0_5", "1", "2_5", "5", "10"} {
		words = append(words, whole(s.Value("particles_"+size)))
	}
	if p.Broken {
		return plantower(append(words, pmsVersion<<8|1)), nil
	}
	return plantower(append(words, pmsVersion<<8)), lines
}

// factory returns the "CF=1" value that belongs to an atmospheric one: the same in
// clean air, half as much again in dirty air.
func factory(air float64) float64 { return whole(max(air, min(1.5*air, air+0.9*(air-28)))) }

// plantower makes a frame: "BM", the length of the rest, the words, and the sum of
// all bytes before it.
func plantower(words []float64) []byte {
	b := binary.BigEndian.AppendUint16([]byte{'B', 'M'}, uint16(2*len(words)+2))
	for _, w := range words {
		b = binary.BigEndian.AppendUint16(b, uint16(w))
	}
	sum := 0
	for _, c := range b {
		sum += int(c)
	}
	return binary.BigEndian.AppendUint16(b, uint16(sum))
}

// whole returns v as a 16-bit counter holds it.
func whole(v float64) float64 { return min(max(math.Round(v), 0), math.MaxUint16) }

// A02YYUW is an ultrasonic range finder that looks down on water from Height
// metres above the zero of the level. Source: DFRobot SEN0311 manual: filtered
// output each 100 to 300 ms, 30 to 4500 mm.
type A02YYUW struct{ Height float64 }

// Pause is what the part takes with its filter on.
func (a A02YYUW) Pause() time.Duration { return 150 * time.Millisecond }

// Limits of the part in millimetres. At the lower one it means "nothing heard".
const (
	nearest  = 30
	farthest = 4500
)

// Frame sends the distance in millimetres. The truth line is the level, Height
// less distance; in the blind zone there is none.
func (a A02YYUW) Frame(s Source) ([]byte, []truth.Line) {
	height := math.Round(a.Height * 1000)
	d := min(max(math.Round(height-s.Value("level")*1000), nearest), farthest)
	if math.IsNaN(d) { // no echo
		d = nearest
	}
	b := []byte{0xFF, byte(int(d) >> 8), byte(int(d))}
	b = append(b, b[0]+b[1]+b[2])
	if d == nearest {
		return b, nil
	}
	return b, []truth.Line{{Channel: "level", V: (height - d) / 1000, Resolution: 0.001}}
}
