package uart

import (
	"math"
	"testing"
	"time"
)

// TestModem: the numbers of 3GPP TS 27.007, 8.5 and 8.69, and both ends of their scales.
func TestModem(t *testing.T) {
	for _, c := range []struct {
		part    Modem
		signal  float64
		command string
		want    string
		truth   float64 // NaN: none
	}{
		{Modem{}, -73, "AT+CSQ\r", "AT+CSQ\r\r\n+CSQ: 20,99\r\n\r\nOK\r\n", -73},
		{Modem{mute: true}, -200, "at+csq\r", "\r\n+CSQ: 0,99\r\n\r\nOK\r\n", -113},
		{Modem{mute: true}, -20, "AT+CSQ\r", "\r\n+CSQ: 31,99\r\n\r\nOK\r\n", -51},
		{Modem{mute: true}, math.NaN(), "AT+CSQ\r", "\r\n+CSQ: 99,99\r\n\r\nOK\r\n", math.NaN()},
		{Modem{mute: true}, -140, "AT+CESQ\r", "\r\n+CESQ: 99,99,255,255,20,1\r\n\r\nOK\r\n", -140},
		{Modem{mute: true}, -20, "AT+CESQ\r", "\r\n+CESQ: 99,99,255,255,20,97\r\n\r\nOK\r\n", -44},
		{Modem{mute: true, NoSIM: true}, -73, "AT+CSQ\r", "\r\n+CME ERROR: 10\r\n", math.NaN()},
		{Modem{mute: true}, -73, "AT+XYZ\r", "\r\nERROR\r\n", math.NaN()},
		{Modem{}, -73, "ATE0\r", "ATE0\r\r\nOK\r\n", math.NaN()},
		{Modem{}, -73, "noise\r", "", math.NaN()},
	} {
		answering(t, &c.part, map[string]float64{"signal": c.signal, "signal.rsrp": c.signal}, func(_ *fixed, p *pipe, n *ledger) {
			p.to <- []byte(c.command)
			if got := p.said(time.Second); got != c.want {
				t.Errorf("to %q it says %q, want %q", c.command, got, c.want)
			}
			lines := n.take()
			if math.IsNaN(c.truth) != (len(lines) == 0) || len(lines) > 0 && lines[0].V != c.truth {
				t.Errorf("to %q, truth %+v, want %v", c.command, lines, c.truth)
			}
		})
	}
}
