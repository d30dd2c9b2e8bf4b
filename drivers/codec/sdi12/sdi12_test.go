package sdi12

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

// The checksums: the first four are published with the standard (section on CRC, and
// the library notes that repeat it), the others were computed.
func TestValues(t *testing.T) {
	for _, c := range []struct {
		line string
		crc  bool
		want string // values, with commas
	}{
		{"0+3.14OqZ", true, "+3.14"},
		{"1+2.7+85.2-0.2-2.7+770.5CAH", true, "+2.7,+85.2,-0.2,-2.7,+770.5"},
		{"0+3.14+2.718+1.414Ipz", true, "+3.14,+2.718,+1.414"},
		{"0+1.11+2.22+3.33+4.44+5.55+6.66I]q", true, "+1.11,+2.22,+3.33,+4.44,+5.55,+6.66"},
		{"0+1.1+2.2+3.3Mhl", true, "+1.1,+2.2,+3.3"},
		{"5A_@", true, ""}, // aborted
		{"0+1.1+2.2+3.3", false, "+1.1,+2.2,+3.3"},
		{"z-9999", false, "-9999"},
		{"0+1234567-.5+3.", false, "+1234567,-.5,+3."},
		{"0", false, ""},
		{"0+3.14OqY", true, "error: checksum"},
		{"0+3.14", true, "error: checksum"},
		{"0AB", true, "error: no checksum"},
		{"0+", false, `error: "+" is no value`},
		{"0+-", false, `error: "+" is no value`},
		{"0+12345678", false, `error: "+12345678" is no value`},
		{"0+1.2.3", false, `error: "+1.2.3" is no value`},
		{"0+1e5", false, `error: "+1e5" is no value`},
		{"03.14", false, `error: "3.14" is no value`},
		{"", false, "error: 0 characters"},
		{"0" + strings.Repeat("+1", 38), false, "error: 77 characters"},
	} {
		values, err := ParseValues([]byte(c.line), c.crc)
		if says, wrong := strings.CutPrefix(c.want, "error: "); wrong {
			if err == nil || !strings.Contains(err.Error(), says) || !errors.Is(err, ErrCRC) && !errors.Is(err, ErrFormat) {
				t.Errorf("ParseValues(%q) = %v, %v, want %q", c.line, values, err, says)
			}
			continue
		}
		if err != nil || strings.Join(values, ",") != c.want {
			t.Errorf("ParseValues(%q) = %v, %v, want %s", c.line, values, err, c.want)
		}
		if again := AppendValues(nil, c.line[0], values, c.crc); string(again) != c.line {
			t.Errorf("AppendValues gives %q, want %q", again, c.line)
		}
	}
	for text, want := range map[string]uint16{"0+3.14": 0xFC5A, "1+2.7+85.2-0.2-2.7+770.5": 0x3048, "0+3.14+2.718+1.414": 0x9C3A,
		"0+1.11+2.22+3.33+4.44+5.55+6.66": 0x9771, "0+1.1+2.2+3.3": 0xDA2C, "5": 0x17C0, "123456789": 0xBB3D} {
		if got := CRC([]byte(text)); got != want {
			t.Errorf("CRC(%q) = %#04x, want %#04x", text, got, want)
		}
	}
}

func TestCommands(t *testing.T) {
	for text, want := range map[string]Command{
		"M": {Kind: 'M'}, "M1": {'M', 1, false}, "MC": {'M', 0, true}, "MC9": {'M', 9, true}, "C": {Kind: 'C'}, "C3": {'C', 3, false},
		"CC": {'C', 0, true}, "CC1": {'C', 1, true}, "V": {Kind: 'V'}, "R0": {Kind: 'R'}, "R9": {'R', 9, false}, "RC0": {'R', 0, true},
	} {
		got, err := ParseCommand(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("ParseCommand(%s) = %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "m", "M0", "M10", "R", "RC", "VC", "D0", "I", "MM", "0M!", "M!", "C-", "MC0"} {
		if c, err := ParseCommand(text); err == nil {
			t.Errorf("ParseCommand(%q) = %+v, want an error", text, c)
		}
	}
	if got := AppendCommand(nil, '0', "M1"); string(got) != "0M1!" {
		t.Errorf("AppendCommand gives %q", got)
	}
	n := 0
	for a := range 256 {
		if ValidAddress(byte(a)) {
			n++
		}
	}
	if n != 62 || ValidAddress('?') {
		t.Errorf("%d addresses, want 62", n)
	}
}

func TestAnnouncements(t *testing.T) {
	for _, c := range []struct {
		line, command string
		want          Announcement
		fails         bool
	}{
		{"00013", "M", Announcement{1, 3}, false},
		{"100105", "C", Announcement{1, 5}, false},
		{"z99999", "CC9", Announcement{999, 99}, false},
		{"00000", "M5", Announcement{}, false},
		{"00013", "C", Announcement{}, true},
		{"000130", "M", Announcement{}, true},
		{"0001x", "M", Announcement{}, true},
		{"", "M", Announcement{}, true},
	} {
		k, err := ParseCommand(c.command)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseAnnouncement([]byte(c.line), k)
		if (err != nil) != c.fails || got != c.want {
			t.Errorf("%q to %s: %+v, %v", c.line, c.command, got, err)
		}
		if err == nil {
			if again := AppendAnnouncement(nil, c.line[0], got, k); string(again) != c.line {
				t.Errorf("AppendAnnouncement gives %q, want %q", again, c.line)
			}
		}
	}
}

func TestScan(t *testing.T) {
	for _, c := range []struct {
		name, buf, sent string
		answer, rest    string // "-": none yet
		echoed, begun   bool
		alien, noise    int
	}{
		{"whole", "00013\r\n", "0M!", "00013", "", false, true, 0, 0},
		{"nothing yet", "", "0M!", "-", "", false, false, 0, 0},
		{"not whole", "0001", "0M!", "-", "", false, true, 0, 0},
		{"without line feed", "00013\r", "0M!", "-", "", false, true, 0, 0},
		{"with its echo", "0M!00013\r\n", "0M!", "00013", "", true, true, 0, 0},
		{"echo alone", "0M!", "0M!", "-", "", true, false, 0, 0},
		{"the beginning of an echo", "0M", "0M!", "-", "", false, false, 0, 0},
		{"after a break", "\x00\xff0M!\x0000013\r\n", "0M!", "00013", "", true, true, 0, 3},
		{"an answer that begins like the echo", "0\r\n", "0!", "0", "", false, true, 0, 0},
		{"another sensor's, late", "10013\r\n00013\r\n", "0M!", "00013", "", false, true, 1, 0},
		{"another sensor's alone", "10013\r\n", "0M!", "-", "", false, true, 1, 0},
		{"two answers", "00013\r\n0\r\n", "0M!", "00013", "0\r\n", false, true, 0, 0},
		{"service request", "0\r\n", "", "0", "", false, true, 0, 0},
		{"empty lines", "\r\n\r\n0\r\n", "", "0", "", false, true, 0, 4},
		{"a checksum with DEL", "0+1.1\x7f@@\r\n", "0D0!", "0+1.1\x7f@@", "", false, true, 0, 0},
	} {
		s := Scan([]byte(c.buf), []byte(c.sent), '0')
		answer := "-"
		if s.Answer != nil {
			answer = string(s.Answer)
		}
		if answer != c.answer || string(s.Rest) != c.rest || s.Echoed != c.echoed || s.Begun != c.begun || s.Alien != c.alien || s.Noise != c.noise {
			t.Errorf("%s: Scan = %+v (%q)", c.name, s, s.Answer)
		}
	}
}

// FuzzScan holds that an answer is a line of the sensor that was asked, that the echo of
// the command before everything changes nothing, and that what is parsed is written back
// byte for byte.
func FuzzScan(f *testing.F) {
	for _, s := range []string{"00013\r\n", "0+3.14OqZ\r\n", "0\r\n", "100105\r\n0+1\r\n", "\x000M!00013\r\n", "013CSI451.Std.01_12345678\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		sent := []byte("0M!")
		s := Scan(b, sent, '0')
		if s.Answer == nil {
			return
		}
		if s.Answer[0] != '0' || !bytes.Contains(b, append(slices.Clone(s.Answer), "\r\n"...)) || bytes.Contains(s.Answer, []byte("\r\n")) {
			t.Fatalf("Scan(%q) finds %q", b, s.Answer)
		}
		if again := Scan(append(slices.Clone(sent), b...), sent, '0'); !s.Echoed && (!again.Echoed || !bytes.Equal(again.Answer, s.Answer)) && !bytes.HasPrefix(b, sent) {
			t.Fatalf("with an echo before it Scan(%q) finds %q, not %q", b, again.Answer, s.Answer)
		}
		for _, crc := range []bool{false, true} {
			if values, err := ParseValues(s.Answer, crc); err == nil && !bytes.Equal(AppendValues(nil, '0', values, crc), s.Answer) {
				t.Fatalf("%q becomes %q", s.Answer, AppendValues(nil, '0', values, crc))
			}
		}
		for _, c := range []Command{{Kind: 'M'}, {Kind: 'C'}} {
			if a, err := ParseAnnouncement(s.Answer, c); err == nil && !bytes.Equal(AppendAnnouncement(nil, '0', a, c), s.Answer) {
				t.Fatalf("%q becomes %+v", s.Answer, a)
			}
		}
	})
}

// FuzzCommand holds that a command that is taken is written as it was.
func FuzzCommand(f *testing.F) {
	f.Add("MC1")
	f.Add("R0")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := ParseCommand(s); err == nil && c.String() != s {
			t.Errorf("%q becomes %q", s, c.String())
		}
	})
}

func BenchmarkAnswer(b *testing.B) {
	line := []byte("0D0!1+2.7+85.2-0.2-2.7+770.5CAH\r\n")
	sent := line[:4]
	b.ReportAllocs()
	for b.Loop() {
		s := Scan(line, sent, '1')
		if v, err := ParseValues(s.Answer, true); err != nil || len(v) != 5 {
			b.Fatal(v, err)
		}
	}
}
