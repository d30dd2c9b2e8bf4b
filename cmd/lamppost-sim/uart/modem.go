package uart

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// Modem is the AT port of a cellular modem. Sources: ITU-T V.250 (commands end in CR,
// are echoed until ATE0, answers stand between CR LF); 3GPP TS 27.007, 8.5 +CSQ and 8.69
// +CESQ. It measures "signal" (received strength) and "signal.rsrp" (reference power),
// dBm; what is missing is sent as not known.
type Modem struct {
	NoSIM bool // it says so to every question about the network

	mute bool // ATE0
}

const modemSays = 20 * time.Millisecond

// Hear carries out a command.
func (p *Modem) Hear(heard []byte, s Source) (used int, says []Saying) {
	end := bytes.IndexByte(heard, '\r')
	if end < 0 {
		return 0, nil
	}
	command := strings.ToUpper(strings.TrimSpace(string(heard[:end])))
	var echo string
	if !p.mute {
		echo = string(heard[:end+1])
	}
	text, lines := p.obey(command, s)
	if text == "" {
		return end + 1, nil
	}
	return end + 1, []Saying{{After: modemSays, Bytes: []byte(echo + text), Lines: lines}}
}

// obey returns the answer to a command; none to what is no command.
func (p *Modem) obey(command string, s Source) (string, []truth.Line) {
	const ok = "\r\nOK\r\n"
	switch {
	case !strings.HasPrefix(command, "AT"):
		return "", nil
	case command == "AT":
		return ok, nil
	case command == "ATE0", command == "ATE1":
		p.mute = command == "ATE0"
		return ok, nil
	case command != "AT+CSQ" && command != "AT+CESQ":
		return "\r\nERROR\r\n", nil
	case p.NoSIM:
		return "\r\n+CME ERROR: 10\r\n", nil
	case command == "AT+CSQ":
		n, lines := graded(s, truth.Line{Channel: "signal", Resolution: 2}, -113, 31, 99)
		return fmt.Sprintf("\r\n+CSQ: %d,99\r\n%s", n, ok), lines
	}
	n, lines := graded(s, truth.Line{Channel: "signal.rsrp", Resolution: 1}, -141, 97, 255)
	return fmt.Sprintf("\r\n+CESQ: 99,99,255,255,20,%d\r\n%s", n, ok), lines
}

// graded is the number that the standard has for a level: 0 for least, a step more for
// each resolution, up to most.
func graded(s Source, line truth.Line, least float64, most, unknown int) (int, []truth.Line) {
	v := s.Value(line.Channel)
	if math.IsNaN(v) {
		return unknown, nil
	}
	n := min(max(math.Round((v-least)/line.Resolution), 0), float64(most))
	line.V = least + n*line.Resolution
	return int(n), []truth.Line{line}
}
