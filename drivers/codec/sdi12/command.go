package sdi12

import (
	"fmt"
	"strings"
)

// ValidAddress says whether a sensor can have this address.
func ValidAddress(a byte) bool {
	return a >= '0' && a <= '9' || a >= 'A' && a <= 'Z' || a >= 'a' && a <= 'z'
}

// Command is a measurement that a sensor can be asked for.
type Command struct {
	Kind  byte // 'M' measure, 'C' concurrent, 'V' verify, 'R' continuous
	Index int  // 0 to 9; M0, C0 and V0 are M, C and V
	CRC   bool // values come with a checksum
}

// ParseCommand reads a command without address and exclamation mark: "M", "MC1", "R0".
func ParseCommand(s string) (Command, error) {
	wrong := fmt.Errorf("%q is no SDI-12 measurement; write M, M1 to M9, C, C1 to C9, V or R0 to R9, with a C behind the letter for a checksum (MC1)", s)
	if s == "" || !strings.Contains("MCVR", s[:1]) {
		return Command{}, wrong
	}
	c := Command{Kind: s[0]}
	rest := s[1:]
	if strings.HasPrefix(rest, "C") {
		c.CRC, rest = true, rest[1:]
	}
	switch {
	case rest == "" && c.Kind != 'R':
	case len(rest) == 1 && rest[0] >= '0' && rest[0] <= '9' && (rest[0] != '0' || c.Kind == 'R'):
		c.Index = int(rest[0] - '0')
	default:
		return Command{}, wrong
	}
	if c.Kind == 'V' && c.CRC {
		return Command{}, wrong
	}
	return c, nil
}

// String is the command as ParseCommand reads it.
func (c Command) String() string {
	s := string(c.Kind)
	if c.CRC {
		s += "C"
	}
	if c.Index > 0 || c.Kind == 'R' {
		s += string(rune('0' + c.Index))
	}
	return s
}

// Announced says whether the sensor first announces when the values will be there. A
// continuous reading comes at once.
func (c Command) Announced() bool { return c.Kind != 'R' }

// AppendCommand writes a command to a sensor: body "M" to '0' is "0M!".
func AppendCommand(dst []byte, address byte, body string) []byte {
	return append(append(append(dst, address), body...), '!')
}

// Announcement is what a sensor says to a measurement command.
type Announcement struct {
	Seconds int // until the values are there, 0 to 999
	Values  int // how many, 0 to 9 or 99; 0: there is no such measurement
}

// ParseAnnouncement reads the answer to c, address first, without CR LF.
func ParseAnnouncement(line []byte, c Command) (Announcement, error) {
	n := 1 + 3 + c.countDigits()
	if len(line) != n || !digits(line[1:]) {
		return Announcement{}, fmt.Errorf("%w: %q announces nothing; %d digits behind the address are meant", ErrFormat, line, n-1)
	}
	return Announcement{Seconds: number(line[1:4]), Values: number(line[4:])}, nil
}

// AppendAnnouncement writes the answer to c.
func AppendAnnouncement(dst []byte, address byte, a Announcement, c Command) []byte {
	return fmt.Appendf(append(dst, address), "%03d%0*d", a.Seconds, c.countDigits(), a.Values)
}

func (c Command) countDigits() int {
	if c.Kind == 'C' {
		return 2
	}
	return 1
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func number(b []byte) (n int) {
	for _, c := range b {
		n = 10*n + int(c-'0')
	}
	return n
}
