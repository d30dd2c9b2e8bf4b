package uart

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/scenario"
)

// Frames as sellers and public guides print them, their sums computed apart from this
// code.
func TestJSNSR04T(t *testing.T) {
	for _, c := range []struct {
		name     string
		part     JSNSR04T
		distance float64
		want     string
		truth    float64 // -1: none
	}{
		{"a distance", JSNSR04T{}, 1.234, "FF 04 D2 D5", 1.234},
		{"the clone", JSNSR04T{Clone: true}, 1.234, "FF 04 D2 D6", 1.234},
		{"a published frame of the family", JSNSR04T{}, 1.953, "FF 07 A1 A7", 1.953},
		{"the end of its range", JSNSR04T{}, 6, "FF 17 70 86", 6},
		{"farther", JSNSR04T{}, 6.2, "FF 00 00 FF", -1},
		{"no target", JSNSR04T{}, math.NaN(), "FF 00 00 FF", -1},
		{"blind", JSNSR04T{Asked: true}, 0.1, "FF 00 C8 C7", -1},
	} {
		frame, lines := c.part.Frame(&fixed{values: map[string]float64{"distance": c.distance}})
		if string(frame) != string(unhex(t, c.want)) {
			t.Errorf("%s: % X, want %s", c.name, frame, c.want)
		}
		if (len(lines) == 0) != (c.truth < 0) || len(lines) > 0 && lines[0].V != c.truth {
			t.Errorf("%s: truth %+v, want %v", c.name, lines, c.truth)
		}
	}
	answering(t, JSNSR04T{Asked: true}, map[string]float64{"distance": 1.234}, func(_ *fixed, p *pipe, n *ledger) {
		if got := p.said(10 * time.Second); got != "" {
			t.Errorf("in mode 3 it says % x unasked", got)
		}
		p.to <- []byte{0x55}
		if got := p.said(150 * time.Millisecond); got != string(unhex(t, "FF 04 D2 D5")) || len(n.take()) != 1 {
			t.Errorf("asked it says % x", got)
		}
		p.to <- []byte{0x54, 0xFF}
		if got := p.said(time.Second); got != "" {
			t.Errorf("another byte is answered with % x", got)
		}
	})
	answering(t, JSNSR04T{}, map[string]float64{"distance": 1.234}, func(_ *fixed, p *pipe, _ *ledger) {
		if got := p.said(1050 * time.Millisecond); len(got) != 40 {
			t.Errorf("%d bytes in a second of mode 2, want ten frames", len(got))
		}
	})
}

func TestMaxBotix(t *testing.T) {
	for _, c := range []struct {
		name     string
		part     MaxBotix
		distance float64
		want     string
		truth    bool
	}{
		{"millimetres", MaxBotix{}, 1.342, "R1342\r", true},
		{"a short one", MaxBotix{}, 0.4567, "R0457\r", true},
		{"too near", MaxBotix{}, 0.1, "R0300\r", false},
		{"too far", MaxBotix{}, 7, "R5000\r", false},
		{"no target on a 10 m model", MaxBotix{Farthest: 9999, Nearest: 500}, math.NaN(), "R9999\r", false},
		{"centimetres", MaxBotix{Centimetres: true}, 1.342, "R134\r", true},
		{"unwired", MaxBotix{Unwired: true}, 1.342, "R0000\r", false},
	} {
		frame, lines := c.part.Frame(&fixed{values: map[string]float64{"distance": c.distance}})
		if string(frame) != c.want || (len(lines) > 0) != c.truth {
			t.Errorf("%s: %q with truth %+v, want %q", c.name, frame, lines, c.want)
		}
	}
	answering(t, MaxBotix{}, map[string]float64{"distance": 1.342}, func(s *fixed, p *pipe, _ *ledger) {
		got := p.said(time.Second)
		if !strings.HasPrefix(got, "HRXL") || strings.Count(got, "\r") != 6+6 || !strings.HasSuffix(got, "R1342\r") {
			t.Errorf("a second after power-on it has said %q", got)
		}
		s.set(scenario.Mishap{Silent: true})
		p.said(time.Second)
		s.set(scenario.Mishap{})
		if got := p.said(time.Second); !strings.HasPrefix(got, "HRXL") {
			t.Errorf("with power again it says %q", got)
		}
	})
}

// typed sends a command and returns what comes in the time that any takes.
func typed(p *pipe, command string) string {
	p.to <- []byte(command + "\r")
	return p.said(1200 * time.Millisecond)
}

func TestEZO(t *testing.T) {
	answering(t, &EZO{Type: "pH"}, map[string]float64{"ph": 7.82}, func(_ *fixed, p *pipe, n *ledger) {
		if got := p.said(3500 * time.Millisecond); got != "*RS\r*RE\r7.820\r7.820\r7.820\r" {
			t.Errorf("it starts with %q", got)
		}
		for _, c := range []struct{ send, want string }{
			{"*OK,?", "?*OK,1\r"},
			{"C,?", "?C,0\r*OK\r"},
			{"R", "7.820\r*OK\r"},
			{"r", "7.820\r*OK\r"},
			{"RT,19.5", "7.820\r*OK\r"},
			{"T,?", "?T,19.5\r*OK\r"},
			{"T,abc", "*ER\r"},
			{"i", "?i,pH,2.16\r*OK\r"},
			{"Status", "?Status,P,5.038\r*OK\r"},
			{"X", "*ER\r"},
			{"C,100", "*ER\r"},
			{"*OK,0", ""},
			{"R", "7.820\r"},
			{"X", "*ER\r"}, // only *OK can be disabled
			{"*OK,1", "*OK\r"},
		} {
			if c.send == "C,?" {
				typed(p, "C,0")
				n.take()
			}
			got := typed(p, c.send)
			if c.send == "*OK,?" { // it still talks by itself
				got = strings.ReplaceAll(got, "7.820\r", "")
			}
			if got != c.want {
				t.Errorf("%s is answered with %q, want %q", c.send, got, c.want)
			}
		}
		if lines := n.take(); len(lines) != 4 || lines[0].V != 7.82 || lines[0].Channel != "ph" {
			t.Errorf("truth %+v", lines)
		}
		if got := typed(p, "Sleep"); got != "*OK\r*SL\r" {
			t.Errorf("told to sleep it says %q", got)
		}
		if got := typed(p, "R"); got != "*WA\r" {
			t.Errorf("woken it says %q", got)
		}
		typed(p, "C,2")
		if got := p.said(10 * time.Second); got != strings.Repeat("7.820\r", 5) {
			t.Errorf("each two seconds it says %q", got)
		}
	})
}

func TestEZOOutputs(t *testing.T) {
	answering(t, &EZO{Type: "DO"}, map[string]float64{"do": 8.31, "do_saturation": 96.4}, func(_ *fixed, p *pipe, _ *ledger) {
		typed(p, "C,0")
		p.said(2 * time.Second)
		for _, c := range []struct{ send, want string }{
			{"R", "8.31\r*OK\r"},
			{"O,?", "?,O,mg\r*OK\r"},
			{"O,%,1", "*OK\r"},
			{"R", "8.31,96.4\r*OK\r"},
			{"O,%,0", "*OK\r"},
			{"O,mg,0", "*OK\r"},
			{"R", "no output\r*OK\r"},
			{"O,pH,1", "*ER\r"},
			{"O,mg,2", "*ER\r"},
		} {
			if got := typed(p, c.send); got != c.want {
				t.Errorf("%s is answered with %q, want %q", c.send, got, c.want)
			}
		}
	})
	frame, lines := (&EZO{Type: "ORP", Starved: true}).Frame(&fixed{values: map[string]float64{"orp": -209.64}})
	if string(frame) != "*UV\r-209.6\r" || len(lines) != 0 {
		t.Errorf("starved it says %q, truth %+v", frame, lines)
	}
}

// The sentences are those of makers and public notes; they are made of their values
// here and must come out the same, sum and all.
func TestNMEASentences(t *testing.T) {
	mast := map[string]float64{"wind_dir": 39, "wind_speed": 1.3, "pressure": 1021.3, "temp": 23.4, "rh": 46.1, "rain": 0.25, "rain_rate": 2.8}
	var k talk
	NMEA{Vaisala: true}.wind(&k, &fixed{values: mast})
	NMEA{Vaisala: true}.weather(&k, &fixed{values: mast})
	NMEA{}.wind(&k, &fixed{values: map[string]float64{"wind_dir": math.NaN()}})
	k.say("GNRMC,081836.00,V,,,,,,,060724,,,N")
	k.say("GNGGA,081836.00,,,,,0,00,99.99,,,,,,")
	k.say("GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,")
	want := "$WIMWV,39,R,1.3,M,A*06\r\n$WIXDR,P,1021.3,H,0,C,23.4,C,0,H,46.1,P,0*79\r\n" + "$WIXDR,V,0.25,M,0,R,2.8,M,0*"
	if got := string(k.out); !strings.HasPrefix(got, want) || !strings.Contains(got, "$WIMWV,,R,,M,V*37\r\n") || !strings.Contains(got, ",,,N*60\r\n") ||
		!strings.Contains(got, "99.99,,,,,,*7C\r\n") || !strings.HasSuffix(got, "46.9,M,,*47\r\n") {
		t.Errorf("it says\n%s", got)
	}
	for _, l := range k.lines {
		if math.Abs(l.V-mast[l.Channel]) > 1e-9 || l.Resolution <= 0 {
			t.Errorf("truth %+v", l)
		}
	}
	for _, c := range []struct {
		deg     float64
		digits  int
		letters string
		want    string
	}{
		{48.1173, 2, "NS", "4807.0380,N"}, {-11.516667, 3, "EW", "01131.0000,W"}, {30.0, 2, "NS", "3000.0000,N"},
		{29.99999999, 2, "NS", "3000.0000,N"}, {-0.5, 2, "NS", "0030.0000,S"}, {120.142, 3, "EW", "12008.5200,E"},
	} {
		if got, said := angle(c.deg, c.digits, c.letters); got != c.want || math.Abs(said-c.deg) > 1e-6 {
			t.Errorf("angle(%v) = %s, %v, want %s", c.deg, got, said, c.want)
		}
	}
}

func TestNMEATalks(t *testing.T) {
	mast := map[string]float64{"latitude": 30.319, "longitude": 120.142, "altitude": 12.3, "satellites": 9, "hdop": 0.9, "ground_speed": 0, "course": 0,
		"wind_dir": 214, "wind_speed": 3.2, "pressure": 1013.2, "temp": -4.5, "rh": 80}
	for _, c := range []struct {
		part  NMEA
		lines int
		has   string
	}{{NMEA{}, 11, ",3019.1400,N,12008.5200,E,1,09,0.90,12.3,M,"}, {NMEA{NoFix: true}, 5, ",V,,,,,,,"}} {
		frame, lines := c.part.Frame(&fixed{values: mast})
		if len(lines) != c.lines || !strings.Contains(string(frame), c.has) || strings.Count(string(frame), "\r\n") != 4 {
			t.Errorf("%+v says\n%s with %d lines of truth", c.part, frame, len(lines))
		}
		for s := range strings.Lines(string(frame)) {
			if len(s) > 82 {
				t.Errorf("%d characters: %s", len(s), s)
			}
		}
		if d := time.Duration(len(frame)) * 10 * time.Second / 4800; d > time.Second {
			t.Errorf("its second takes %v at 4800 baud", d)
		}
	}
}
