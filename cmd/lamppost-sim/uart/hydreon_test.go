package uart

import (
	"math"
	"strings"
	"testing"
	"time"
)

// TestRG15: in inches until it is told otherwise, and again after a loss of power, of
// which it tells.
func TestRG15(t *testing.T) {
	values := map[string]float64{"rain": 48.16, "rain.event": 2.07, "rain_rate": 12.7}
	answering(t, &Hydreon{}, values, func(_ *fixed, p *pipe, n *ledger) {
		if got := p.said(2 * time.Second); !strings.HasPrefix(got, "; RG-15") || !strings.Contains(got, "\r\nPwrDays ") {
			t.Errorf("with power it says %q", got)
		}
		ask := func(command string) string {
			p.to <- []byte(command + "\n")
			return p.said(500 * time.Millisecond)
		}
		ask("P")
		if got := ask("R"); got != "Acc  0.000 in, EventAcc  0.081 in, TotalAcc  1.896 in, RInt  0.500 iph\r\n" {
			t.Errorf("in inches: %q", got)
		}
		n.take()
		if got := ask("m"); got != "m\r\n" {
			t.Errorf("set to metric it says %q", got)
		}
		if got := ask("R"); got != "Acc  0.00 mm, EventAcc  2.07 mm, TotalAcc  48.16 mm, RInt  12.70 mmph\r\n" {
			t.Errorf("in millimetres: %q", got)
		}
		if lines := n.take(); len(lines) != 3 || math.Abs(lines[0].V-48.16) > 1e-9 || lines[0].Channel != "rain" {
			t.Errorf("truth %+v", lines)
		}
		if got := p.said(5 * time.Minute); got != "" {
			t.Errorf("in polling mode it says %q unasked", got)
		}
		if got := ask("X"); got != "" {
			t.Errorf("a command that it does not have is answered with %q", got)
		}
		if got := ask("K"); got != "" {
			t.Errorf("it restarts in no time: %q", got)
		}
		if got := p.said(time.Second); !strings.Contains(got, "PwrDays") {
			t.Errorf("restarted it says %q", got)
		}
		if got := p.said(2 * time.Minute); !strings.Contains(got, "iph\r\n") {
			t.Errorf("restarted it speaks by itself, and in inches: %q", got)
		}
	})
}

func TestRG9(t *testing.T) {
	answering(t, &Hydreon{RG9: true}, map[string]float64{"rain_level": 3}, func(_ *fixed, p *pipe, n *ledger) {
		p.said(2 * time.Second)
		p.to <- []byte("R\n")
		if got := p.said(500 * time.Millisecond); got != "R 3\r\n" || len(n.take()) != 1 {
			t.Errorf("asked it says %q", got)
		}
		p.to <- []byte("T\n")
		if got := p.said(500 * time.Millisecond); got != "t 72F 22C\r\n" {
			t.Errorf("asked for the temperature it says %q", got)
		}
	})
	frame, lines := (&Hydreon{RG9: true, Fault: "LensBad"}).Frame(&fixed{values: map[string]float64{"rain_level": 9}})
	if string(frame) != "R 7, LensBad\r\n" || lines != nil {
		t.Errorf("with a bad lens: %q, %v", frame, lines)
	}
}
