//go:build linux

package serial

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/drivers"
)

func TestDirection(t *testing.T) {
	const all = rs485Enabled | rs485OnSend | rs485AfterSend
	for _, c := range []struct {
		name  string
		asked Direction
		uart  *uart
		mode  Direction
		why   string // in the health, or in the error
		log   string
		flags uint32
		fails bool
	}{
		{name: "left alone", uart: &uart{rs485: &rs485{}, can: all}},
		{name: "auto, the driver can", asked: Auto, uart: &uart{rs485: &rs485{}, can: all}, mode: Kernel, why: "RTS is high while sending", log: "rs485 0x3", flags: 3},
		{name: "auto, the board's description did it", asked: Auto, uart: &uart{rs485: &rs485{flags: rs485Enabled | rs485AfterSend, before: 1, after: 2}, can: all},
			mode: Kernel, why: "it was on already; RTS is low while sending, 1 ms before and 2 ms after", flags: 5},
		{name: "auto, the driver knows only the other polarity", asked: Auto, uart: &uart{rs485: &rs485{}, can: rs485Enabled | rs485AfterSend},
			mode: Kernel, why: "RTS is low while sending", log: "rs485 0x3", flags: 1},
		{name: "auto, a USB adapter", asked: Auto, mode: Adapter, why: "the kernel's driver of this port has no RS-485 mode"},
		{name: "auto, a UART whose mode can only be read", asked: Auto, uart: &uart{rs485: &rs485{}, readOnly: true}, mode: Adapter, why: "the kernel's driver of this port has no RS-485 mode"},
		{name: "auto, cleared by the kernel", asked: Auto, uart: &uart{rs485: &rs485{}, can: rs485OnSend}, mode: Adapter, why: "takes the RS-485 mode and leaves it off", log: "rs485 0x3", flags: 2},
		{name: "kernel, the driver can", asked: Kernel, uart: &uart{rs485: &rs485{}, can: all}, mode: Kernel, log: "rs485 0x3", flags: 3},
		{name: "kernel, a USB adapter", asked: Kernel, fails: true, why: "rs485: kernel: the kernel's driver of this port has no RS-485 mode; write rs485: auto if the adapter does it itself, or rts"},
		{name: "kernel, cleared by the kernel", asked: Kernel, uart: &uart{rs485: &rs485{}}, fails: true, why: "leaves it off; write", log: "rs485 0x3"},
		{name: "rts", asked: RTS, mode: RTS, log: "rts false"},
		{name: "rts low", asked: RTSLow, mode: RTSLow, log: "rts true"},
		{name: "rts, none there", asked: RTS, uart: &uart{noRTS: true}, fails: true, why: "rs485: rts: this port has no RTS (inappropriate ioctl for device); write rs485: auto"},
		{name: "off, left on by somebody", asked: Off, uart: &uart{rs485: &rs485{flags: 3}, can: all}, mode: Off, log: "rs485 0x2", flags: 2},
		{name: "off, no such mode", asked: Off, mode: Off},
	} {
		t.Run(c.name, func(t *testing.T) {
			link := filepath.Join(t.TempDir(), "adapter")
			plug(t, link)
			if c.uart == nil {
				c.uart = &uart{}
			}
			l := c.uart.on(t, Config{Path: link, RS485: c.asked})
			err := l.Open()
			h := l.Health()
			switch {
			case c.fails && (err == nil || !strings.Contains(err.Error(), c.why) || !strings.HasPrefix(err.Error(), link+": ")):
				t.Fatalf("Open = %v, want %q", err, c.why)
			case !c.fails && (err != nil || h.Direction != c.mode || !strings.Contains(h.DirectionWhy, c.why)):
				t.Fatalf("Open = %v, mode %q (%s); want %q (%s)", err, h.Direction, h.DirectionWhy, c.mode, c.why)
			}
			if log := strings.Join(c.uart.taken(), ", "); log != c.log {
				t.Errorf("the port was told %q, want %q", log, c.log)
			}
			if c.uart.rs485 != nil && c.uart.rs485.flags != c.flags {
				t.Errorf("the port is left with %#x, want %#x", c.uart.rs485.flags, c.flags)
			}
		})
	}
	var o *drivers.OptionError
	if err := CheckDirection("half"); !errors.As(err, &o) || o.Key != "rs485" {
		t.Errorf("CheckDirection(half) = %v", err)
	}
	if _, err := New(Config{Path: "/dev/x", RS485: Adapter}); err == nil {
		t.Error("adapter can be asked for")
	}
}

// TestKeyedWrite: RTS goes up before the first bit and down after the last one, and
// not before the transmitter says that it is empty.
func TestKeyedWrite(t *testing.T) {
	for _, c := range []struct {
		name string
		uart *uart
		mode Direction
		want string
	}{
		{"it tells when it is empty", &uart{stuck: 2}, RTS, "rts true, empty false, empty false, empty true, rts false"},
		{"it does not tell", &uart{noLSR: true}, RTS, "rts true, rts false"},
		{"low while sending", &uart{}, RTSLow, "rts false, empty true, rts true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			link := filepath.Join(t.TempDir(), "adapter")
			master := plug(t, link)
			l := c.uart.on(t, Config{Path: link, RS485: c.mode, Settings: drivers.LineSettings{Baud: 9600}})
			if err := l.Open(); err != nil {
				t.Fatal(err)
			}
			c.uart.taken()
			start := time.Now()
			if n, err := l.Write(t.Context(), make([]byte, 8)); n != 8 || err != nil {
				t.Fatalf("Write = %d, %v", n, err)
			}
			if took := time.Since(start); took < 8*l.Character() {
				t.Errorf("the line is let go after %v, 8 characters take %v", took, 8*l.Character())
			}
			if log := strings.Join(c.uart.taken(), ", "); log != c.want {
				t.Errorf("the port saw %q, want %q", log, c.want)
			}
			if _, err := io.ReadFull(master, make([]byte, 8)); err != nil {
				t.Error(err)
			}
		})
	}
}

// A write that cannot end lets the line go all the same.
func TestKeyedWriteThatIsStuck(t *testing.T) {
	link := filepath.Join(t.TempDir(), "adapter")
	plug(t, link)
	u := &uart{}
	l := u.on(t, Config{Path: link, RS485: RTS, Settings: drivers.LineSettings{Baud: 115200}})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := l.Write(ctx, make([]byte, 200_000)); !errors.Is(err, drivers.ErrTimeout) {
		t.Fatalf("Write = %v, want a timeout", err)
	}
	if log := u.taken(); log[len(log)-1] != "rts false" {
		t.Errorf("the port saw %v, RTS is not lowered at the end", log)
	}
}

func TestBreak(t *testing.T) {
	link := filepath.Join(t.TempDir(), "adapter")
	plug(t, link)
	u := &uart{}
	l := u.on(t, Config{Path: link, RS485: RTS})
	if err := l.Open(); err != nil {
		t.Fatal(err)
	}
	u.taken()
	start := time.Now()
	if err := l.Break(t.Context(), 13*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took < 13*time.Millisecond {
		t.Errorf("the break took %v", took)
	}
	if log := u.taken(); !slices.Equal(log, []string{"rts true", "break", "break over", "rts false"}) {
		t.Errorf("the port saw %v", log)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Break(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("Break without time = %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := l.Break(ctx, time.Hour); !errors.Is(err, drivers.ErrTimeout) {
		t.Errorf("Break that is cut short = %v", err)
	}
	if log := u.taken(); log[len(log)-2] != "break over" {
		t.Errorf("a break that was cut short goes on: %v", log)
	}
	u.brk = unix.EOPNOTSUPP
	if err := l.Break(t.Context(), time.Millisecond); !errors.Is(err, drivers.ErrDevice) || !strings.Contains(err.Error(), "cannot send a break") {
		t.Errorf("Break on an adapter that has none = %v", err)
	}
	u.brk = unix.EIO
	if err := l.Break(t.Context(), time.Millisecond); !errors.Is(err, drivers.ErrUnplugged) || l.Health().Open {
		t.Errorf("Break on an adapter that is gone = %v, open %v", err, l.Health().Open)
	}
}

// TestProbe: what a driver offers is found out without setting anything.
func TestProbe(t *testing.T) {
	link := filepath.Join(t.TempDir(), "adapter")
	plug(t, link)
	for _, c := range []struct {
		uart *uart
		want Offer
	}{
		{&uart{rs485: &rs485{before: 3}}, Offer{Kernel: true, RTS: true}},
		{&uart{rs485: &rs485{before: 3}, readOnly: true}, Offer{RTS: true}},
		{&uart{rs485: &rs485{flags: rs485Enabled}, noRTS: true}, Offer{Kernel: true, On: true}},
		{&uart{}, Offer{RTS: true}},
	} {
		got, err := probe(link, c.uart.ioctl)
		if err != nil || got != c.want {
			t.Errorf("Probe = %+v, %v, want %+v", got, err, c.want)
		}
		if r := c.uart.rs485; r != nil && (r.before != 3 && r.flags == 0 || r.flags > rs485Enabled) {
			t.Errorf("Probe leaves the port with %+v", *r)
		}
	}
	if got, err := Probe(link); err != nil || got != (Offer{}) {
		t.Errorf("Probe of a pseudo terminal = %+v, %v", got, err)
	}
	if _, err := Probe(link + "-absent"); !errors.Is(err, drivers.ErrUnplugged) {
		t.Errorf("Probe of nothing = %v", err)
	}
	if _, err := Probe("/dev/null"); err == nil || !strings.Contains(err.Error(), "is not a serial line") {
		t.Errorf("Probe of /dev/null = %v", err)
	}
}
