//go:build linux

package serial

import (
	"fmt"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

func withDefaults(s drivers.LineSettings) drivers.LineSettings {
	if s.Baud == 0 {
		s.Baud = 9600
	}
	if s.Parity == "" {
		s.Parity = "none"
	}
	if s.StopBits == 0 {
		s.StopBits = 1
	}
	if s.DataBits == 0 {
		s.DataBits = 8
	}
	return s
}

// named are the speeds that termios has a name for, and tarm/serial knows. Any
// other is set as a number.
var named = []int{50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400, 57600, 115200,
	230400, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000}

// The speeds that a line may be set to. Whether the adapter can make an unusual one
// is seen when the line is opened.
const (
	minBaud = 50
	maxBaud = 4_000_000
)

var parities = []string{"none", "even", "odd", "mark", "space"}

// CheckSettings says whether a line can be set so. Fields that are not stated
// are accepted.
func CheckSettings(s drivers.LineSettings) error {
	switch {
	case s.Baud != 0 && (s.Baud < minBaud || s.Baud > maxBaud):
		return &drivers.OptionError{Key: "baud", Msg: fmt.Sprintf("a line cannot be set to %d; usual are 2400, 4800, 9600, 19200, 38400, 57600, 115200", s.Baud)}
	case s.Parity != "" && !slices.Contains(parities, s.Parity):
		return &drivers.OptionError{Key: "parity", Msg: fmt.Sprintf("%q is not a parity; write none, even or odd (rarely mark or space)", s.Parity)}
	case s.StopBits < 0 || s.StopBits > 2:
		return &drivers.OptionError{Key: "stop", Msg: fmt.Sprintf("%d stop bits; write 1 or 2", s.StopBits)}
	case s.DataBits != 0 && s.DataBits != 7 && s.DataBits != 8:
		return &drivers.OptionError{Key: "data", Msg: fmt.Sprintf("%d data bits; write 8, or 7 for an old instrument", s.DataBits)}
	}
	return nil
}

// Usual says whether a speed is one that ports are commonly set to. Another one may
// be a slip of the pen, and not every adapter can make it.
func Usual(baud int) bool { return slices.Contains(named, baud) }

// Character is how long one character takes on a line with these settings: a start
// bit, the data bits, a parity bit if there is one, the stop bits; rounded up. What is
// not stated counts as New sets it.
func Character(s drivers.LineSettings) time.Duration {
	s = withDefaults(s)
	bits := 1 + s.DataBits + s.StopBits
	if s.Parity != "none" {
		bits++
	}
	baud := time.Duration(s.Baud)
	return (time.Duration(bits)*time.Second + baud - 1) / baud
}
