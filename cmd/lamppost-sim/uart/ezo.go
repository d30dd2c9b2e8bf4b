package uart

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// EZO is an Atlas Scientific EZO circuit with its probe, on its UART. Sources: EZO DO
// datasheet V4.1, EZO pH V5.8, EZO EC datasheet, public notes on the UART protocol. It
// leaves the drawer talking once a second; what a person or a driver changes is kept
// without power, as the part does.
type EZO struct {
	Type    string // pH, DO, EC, ORP, RTD
	Starved bool   // its supply is too low: it says *UV before each reading

	set    bool // what follows is set: it has been used before
	every  int  // seconds of the continuous mode; 0: asked only
	quiet  bool // no *OK
	asleep bool
	comp   float64         // temperature compensation, degrees
	off    map[string]bool // outputs that are disabled
}

const (
	ezoReads = 900 * time.Millisecond // EC 600
	ezoTells = 300 * time.Millisecond
)

// ezoOutput is a field of a reading.
type ezoOutput struct {
	name, channel string
	decimals      int
	off           bool // as it is delivered
}

// ezoOutputs are the fields of each type, in the order of the datasheets.
var ezoOutputs = map[string][]ezoOutput{
	"pH":  {{"pH", "ph", 3, false}},
	"DO":  {{"mg", "do", 2, false}, {"%", "do_saturation", 1, true}},
	"EC":  {{"EC", "conductivity", 0, false}, {"TDS", "tds", 0, true}, {"S", "salinity", 2, true}, {"SG", "", 3, true}},
	"ORP": {{"ORP", "orp", 1, false}},
	"RTD": {{"RTD", "water_temp", 3, false}},
}

// prepare puts a new part into the state in which it is delivered.
func (p *EZO) prepare() {
	if p.set {
		return
	}
	p.set, p.every, p.comp, p.off = true, 1, 25, map[string]bool{}
	for _, o := range ezoOutputs[p.Type] {
		p.off[o.name] = o.off
	}
}

// Start says that the part has started.
func (p *EZO) Start() []Saying {
	p.prepare()
	p.asleep = false
	return []Saying{{After: ezoTells, Bytes: []byte("*RS\r*RE\r")}}
}

// Pause is that of the continuous mode.
func (p *EZO) Pause() time.Duration {
	p.prepare()
	if p.asleep {
		return 0
	}
	return time.Duration(p.every) * time.Second
}

// Frame is a reading: its fields with commas between them.
func (p *EZO) Frame(s Source) ([]byte, []truth.Line) {
	p.prepare()
	var fields []string
	var lines []truth.Line
	for _, o := range ezoOutputs[p.Type] {
		if p.off[o.name] {
			continue
		}
		v := s.Value(o.channel)
		if math.IsNaN(v) {
			v = 0
		}
		text := strconv.FormatFloat(v, 'f', o.decimals, 64)
		fields = append(fields, text)
		if o.channel != "" && !p.Starved {
			said, _ := strconv.ParseFloat(text, 64) // it was just written
			lines = append(lines, truth.Line{Channel: o.channel, V: said, Resolution: math.Pow10(-o.decimals)})
		}
	}
	out := strings.Join(fields, ",") + "\r"
	if len(fields) == 0 {
		out = "no output\r"
	}
	if p.Starved {
		out = "*UV\r" + out
	}
	return []byte(out), lines
}

// Hear carries out a command. Any character wakes a sleeping part, and is lost.
func (p *EZO) Hear(heard []byte, s Source) (used int, says []Saying) {
	p.prepare()
	if p.asleep {
		p.asleep = false
		return len(heard), []Saying{{After: ezoTells, Bytes: []byte("*WA\r")}}
	}
	used, command, ok := line(heard)
	if !ok {
		return 0, nil
	}
	name, args, asked := strings.Cut(command, ",")
	switch strings.ToUpper(name) {
	case "R", "RT":
		return used, p.read(name, args, s)
	case "SLEEP":
		p.asleep = true
		return used, []Saying{{After: ezoTells, Bytes: p.done("")}, {After: ezoTells, Bytes: []byte("*SL\r")}}
	}
	reply, ok := p.obey(strings.ToUpper(name), strings.ToUpper(args), asked)
	if !ok {
		return used, []Saying{{After: ezoTells, Bytes: []byte("*ER\r")}}
	}
	if name == "*OK" && reply != "" { // the answer to the question has no *OK of its own
		return used, []Saying{{After: ezoTells, Bytes: []byte(reply + "\r")}}
	}
	return used, []Saying{{After: ezoTells, Bytes: p.done(reply)}}
}

// read is a reading that was asked for, with a temperature to compensate for.
func (p *EZO) read(name, args string, s Source) []Saying {
	if !strings.EqualFold(name, "R") {
		t, err := strconv.ParseFloat(args, 64)
		if err != nil {
			return []Saying{{After: ezoTells, Bytes: []byte("*ER\r")}}
		}
		p.comp = t
	}
	takes := ezoReads
	if p.Type == "EC" {
		takes = 600 * time.Millisecond
	}
	frame, lines := p.Frame(s)
	if !p.quiet {
		frame = append(frame, "*OK\r"...)
	}
	return []Saying{{After: takes, Bytes: frame, Lines: lines}}
}

// done is a reply and the code for done, unless that is disabled.
func (p *EZO) done(reply string) []byte {
	var out []byte
	if reply != "" {
		out = append(out, reply+"\r"...)
	}
	if !p.quiet {
		out = append(out, "*OK\r"...)
	}
	return out
}

// obey carries out what is no reading; false: it is not understood.
func (p *EZO) obey(name, args string, asked bool) (reply string, ok bool) {
	switch name {
	case "I":
		return "?i," + p.Type + ",2.16", !asked
	case "STATUS":
		return "?Status,P,5.038", !asked
	case "C":
		return p.number(args, "?C,", &p.every, 99)
	case "*OK":
		return p.codes(args)
	case "T":
		return p.compensate(args)
	case "O":
		return p.outputs(args)
	}
	return "", false
}

// number sets a whole number, or says it.
func (p *EZO) number(args, says string, held *int, most int) (string, bool) {
	if args == "?" {
		return says + strconv.Itoa(*held), true
	}
	n, err := strconv.Atoi(args)
	if err != nil || n < 0 || n > most {
		return "", false
	}
	*held = n
	return "", true
}

func (p *EZO) codes(args string) (string, bool) {
	on := 1
	if p.quiet {
		on = 0
	}
	reply, ok := p.number(args, "?*OK,", &on, 1)
	p.quiet = on == 0
	return reply, ok
}

func (p *EZO) compensate(args string) (string, bool) {
	if args == "?" {
		return fmt.Sprintf("?T,%.1f", p.comp), true
	}
	t, err := strconv.ParseFloat(args, 64)
	if err != nil || p.Type == "RTD" || p.Type == "ORP" {
		return "", false
	}
	p.comp = t
	return "", true
}

// outputs says which fields a reading has, or switches one.
func (p *EZO) outputs(args string) (string, bool) {
	if args == "?" {
		reply := "?,O"
		for _, o := range ezoOutputs[p.Type] {
			if !p.off[o.name] {
				reply += "," + o.name
			}
		}
		return reply, true
	}
	name, on, _ := strings.Cut(args, ",")
	i := slices.IndexFunc(ezoOutputs[p.Type], func(o ezoOutput) bool { return strings.EqualFold(o.name, name) })
	if i < 0 || on != "0" && on != "1" {
		return "", false
	}
	p.off[ezoOutputs[p.Type][i].name] = on == "0"
	return "", true
}
