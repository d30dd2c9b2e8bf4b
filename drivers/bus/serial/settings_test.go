//go:build linux

package serial

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/drivers"
)

func TestCharacter(t *testing.T) {
	for _, c := range []struct {
		s    drivers.LineSettings
		want time.Duration
	}{
		{drivers.LineSettings{}, 1041667 * time.Nanosecond},
		{drivers.LineSettings{Baud: 9600, Parity: "even"}, 1145834 * time.Nanosecond}, // the 11 bits of Modbus RTU
		{drivers.LineSettings{Baud: 9600, StopBits: 2}, 1145834 * time.Nanosecond},
		{drivers.LineSettings{Baud: 19200, Parity: "odd", StopBits: 2}, 625 * time.Microsecond},
		{drivers.LineSettings{Baud: 1200, Parity: "even", DataBits: 7}, 8333334 * time.Nanosecond}, // SDI-12
		{drivers.LineSettings{Baud: 31250}, 320 * time.Microsecond},
	} {
		if got := Character(c.s); got != c.want {
			t.Errorf("Character(%+v) = %v, want %v", c.s, got, c.want)
		}
	}
}

// A speed without a name goes through the number in termios2; the kernel gives it back.
func TestCustomSpeed(t *testing.T) {
	l, _, _ := open(t, func(c *Config) { c.Settings.Baud = 31250 })
	var got unix.Termios
	if err := ask(l.port, unix.TCGETS2, &got); err != nil {
		t.Fatal(err)
	}
	if got.Ospeed != 31250 || got.Cflag&unix.CBAUD != unix.BOTHER || got.Cc[unix.VMIN] != 1 {
		t.Errorf("the line runs at %d (%#x)", got.Ospeed, got.Cflag)
	}
}

// What goes to the kernel, seen before a pseudo terminal takes the parity away.
func TestSettingsAskedFor(t *testing.T) {
	for _, c := range []struct {
		s    drivers.LineSettings
		want uint32
	}{
		{drivers.LineSettings{Parity: "none"}, 0},
		{drivers.LineSettings{Parity: "even"}, unix.PARENB},
		{drivers.LineSettings{Parity: "odd"}, unix.PARENB | unix.PARODD},
		{drivers.LineSettings{Parity: "mark"}, unix.PARENB | unix.PARODD | unix.CMSPAR},
		{drivers.LineSettings{Parity: "space"}, unix.PARENB | unix.CMSPAR},
	} {
		if got := parityFlags(c.s.Parity); got != c.want {
			t.Errorf("%s sets %#x, want %#x", c.s.Parity, got, c.want)
		}
	}
	for _, s := range []drivers.LineSettings{{Baud: 14400, Parity: "mark", StopBits: 2, DataBits: 7}, {Baud: 4800, Parity: "space"}} {
		if _, _, link := open(t, func(c *Config) { c.Settings = s }); termios(t, link).Cflag&unix.CSTOPB != 0 != (s.StopBits == 2) {
			t.Errorf("%+v: the stop bits did not reach the line", s)
		}
	}
}

// A port that changes what it was asked for is refused by name. The real port's answer
// is played: a pseudo terminal keeps no parity.
func TestSettingsRefused(t *testing.T) {
	asked := withDefaults(drivers.LineSettings{Baud: 19200, Parity: "even", StopBits: 2, DataBits: 7})
	good := unix.Termios{Cflag: unix.B19200 | unix.PARENB | unix.CS7 | unix.CSTOPB, Ospeed: 19200}
	if err := refused(asked, good); err != nil {
		t.Errorf("a port that took all of it: %v", err)
	}
	for name, c := range map[string]struct {
		spoil func(*unix.Termios)
		says  string
	}{
		"speed":       {func(g *unix.Termios) { g.Ospeed = 9600 }, "cannot run at 19200 bit/s (it would at 9600)"},
		"nearly":      {func(g *unix.Termios) { g.Ospeed = 19230 }, ""},
		"far off":     {func(g *unix.Termios) { g.Ospeed = 19900 }, "cannot run at 19200"},
		"parity":      {func(g *unix.Termios) { g.Cflag &^= unix.PARENB }, "cannot have parity even"},
		"mark parity": {func(g *unix.Termios) { g.Cflag |= unix.CMSPAR }, "cannot have parity even"},
		"size":        {func(g *unix.Termios) { g.Cflag |= unix.CS8 }, "cannot have 7 data bits"},
		"stop bits":   {func(g *unix.Termios) { g.Cflag &^= unix.CSTOPB }, "cannot have 2 stop bits"},
	} {
		got := good
		c.spoil(&got)
		err := refused(asked, got)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

// The whole way to the refusal, at a port that is taken for a real one.
func TestRefusedWhenOpened(t *testing.T) {
	link := filepath.Join(t.TempDir(), "adapter")
	plug(t, link)
	u := &uart{attrs: func(g *unix.Termios) { g.Ospeed = 300 }}
	l := u.on(t, Config{Path: link})
	p, err := openPort(l.cfg, l.ioctl)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	p.rdev = unix.Mkdev(188, 0) // ttyUSB0
	if err := p.settle(l.cfg.Settings, false); err == nil || !strings.Contains(err.Error(), "it would at 300") {
		t.Errorf("settle = %v", err)
	}
}
