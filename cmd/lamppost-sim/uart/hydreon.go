package uart

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Hydreon is one of Hydreon's optical rain sensors, RG-15 or RG-9, on its UART. Source:
// the makers' command list as public notes have it. Commands are a letter and LF, in
// either case; answers end in CR LF. What is set is gone after a loss of power, which
// the part tells of; an RG-15 then speaks in inches and, once a minute here, without
// being asked.
//
// The notes do not say how a setting is acknowledged: it is given back in small letters.
// The wording of an RG-15's line is that of public captures.
type Hydreon struct {
	RG9   bool
	Fault string // LensBad, EmSat or TooCold: said with every reading; empty: none

	metric, polled bool
	last           float64 // the total at the last reading, mm
	used           bool
}

const (
	hydreonSays  = 60 * time.Millisecond
	hydreonEvery = time.Minute
	inch         = 25.4 // mm
)

// Start is what it says when it gets power.
func (p *Hydreon) Start() []Saying {
	p.metric, p.polled, p.used = false, false, false
	name := "RG-15"
	if p.RG9 {
		name = "RG-9"
	}
	return []Saying{{After: time.Second, Bytes: []byte("; " + name + " Hydreon Corporation\r\nPwrDays 0\r\n")}}
}

// Pause is that between two readings that nobody asks for.
func (p *Hydreon) Pause() time.Duration {
	if p.polled {
		return 0
	}
	return hydreonEvery
}

// Frame is a reading.
func (p *Hydreon) Frame(s Source) ([]byte, []truth.Line) {
	if p.RG9 {
		return p.intensity(s)
	}
	return p.rain(s)
}

// intensity is an RG-9's reading: a number from 0 to 7.
func (p *Hydreon) intensity(s Source) ([]byte, []truth.Line) {
	v := s.Value("rain_level")
	if math.IsNaN(v) {
		v = 0
	}
	v = min(max(math.Round(v), 0), 7)
	return p.ended(fmt.Sprintf("R %.0f", v)), p.told(truth.Line{Channel: "rain_level", V: v, Resolution: 1})
}

// rain is an RG-15's reading, in the unit that is set. Acc is what fell since the last
// one.
func (p *Hydreon) rain(s Source) ([]byte, []truth.Line) {
	total, event, rate := s.Value("rain"), s.Value("rain.event"), s.Value("rain_rate")
	if !p.used {
		p.last, p.used = total, true
	}
	per, unit, perHour, decimals := 1.0, "mm", "mmph", 2
	if !p.metric {
		per, unit, perHour, decimals = inch, "in", "iph", 3
	}
	field := func(name string, mm float64, unit string) (string, float64) {
		step := math.Pow10(-decimals)
		v := math.Round(max(mm, 0)/per/step) * step
		return fmt.Sprintf("%s  %.*f %s", name, decimals, v, unit), v * per
	}
	acc, _ := field("Acc", total-p.last, unit)
	inEvent, e := field("EventAcc", event, unit)
	inAll, all := field("TotalAcc", total, unit)
	now, r := field("RInt", rate, perHour)
	p.last = total
	step := math.Pow10(-decimals) * per
	return p.ended(strings.Join([]string{acc, inEvent, inAll, now}, ", ")), p.told(
		truth.Line{Channel: "rain", V: all, Resolution: step}, truth.Line{Channel: "rain.event", V: e, Resolution: step},
		truth.Line{Channel: "rain_rate", V: r, Resolution: step})
}

// ended puts the word for what is wrong and the end of the line behind a reading.
func (p *Hydreon) ended(text string) []byte {
	if p.Fault != "" {
		text += ", " + p.Fault
	}
	return []byte(text + "\r\n")
}

// told are the lines of a reading that is to be believed.
func (p *Hydreon) told(lines ...truth.Line) []truth.Line {
	if p.Fault != "" {
		return nil
	}
	return lines
}

// Hear carries out a command.
func (p *Hydreon) Hear(heard []byte, s Source) (used int, says []Saying) {
	end := bytes.IndexByte(heard, '\n')
	if end < 0 {
		return 0, nil
	}
	command := strings.ToUpper(strings.TrimSpace(string(heard[:end])))
	say := func(b []byte, lines []truth.Line) (int, []Saying) {
		return end + 1, []Saying{{After: hydreonSays, Bytes: b, Lines: lines}}
	}
	switch command {
	case "R":
		return say(p.Frame(s))
	case "T":
		if p.RG9 {
			return say([]byte("t 72F 22C\r\n"), nil)
		}
	case "K":
		return end + 1, p.Start()
	case "P", "C":
		p.polled = command == "P"
		return say([]byte(strings.ToLower(command)+"\r\n"), nil)
	case "M", "I":
		p.metric = command == "M"
		return say([]byte(strings.ToLower(command)+"\r\n"), nil)
	case "H", "L":
		return say([]byte(strings.ToLower(command)+"\r\n"), nil)
	}
	return end + 1, nil
}
