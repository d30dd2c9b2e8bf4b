//go:build linux

package serial

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Signals that cut requests to the kernel short, as the Go runtime's do under load, are
// no fault of the line: it is not dropped, and nothing is left out or done by halves.
func TestInterrupted(t *testing.T) {
	for _, c := range []struct {
		asked  Direction
		opened string // what the port was told until it was open
		sent   string // and for a break, a write and a discard
	}{
		{Kernel, "rs485 0x3", "break, break over"},
		{RTS, "rts false", "rts true, break, break over, rts false, rts true, empty true, rts false"},
		{Off, "rs485 0x0", "break, break over"},
	} {
		t.Run(string(c.asked), func(t *testing.T) {
			link := filepath.Join(t.TempDir(), "adapter")
			master := plug(t, link)
			u := &uart{rs485: &rs485{}, can: rs485Enabled | rs485OnSend | rs485AfterSend, interrupted: 3}
			if c.asked == Off {
				u.rs485.flags = rs485Enabled
			}
			l := u.on(t, Config{Path: link, RS485: c.asked})
			if err := l.Open(); err != nil {
				t.Fatal(err)
			}
			if log := strings.Join(u.taken(), ", "); log != c.opened {
				t.Errorf("to open, the port was told %q, want %q", log, c.opened)
			}
			if err := l.Break(t.Context(), time.Millisecond); err != nil {
				t.Error(err)
			}
			if _, err := l.Write(t.Context(), []byte("?")); err != nil {
				t.Error(err)
			}
			say(t, master, "!noise")
			if _, err := l.Read(t.Context(), make([]byte, 1)); err != nil { // the rest has come with it
				t.Fatal(err)
			}
			if n := l.Waiting(); n != len("noise") {
				t.Errorf("%d bytes are waiting, want %d", n, len("noise"))
			}
			if err := l.Discard(); err != nil {
				t.Error(err)
			}
			if log := strings.Join(u.taken(), ", "); log != c.sent {
				t.Errorf("to speak, the port was told %q, want %q", log, c.sent)
			}
			if h := l.Health(); h.Reopened != 0 || h.Noise != uint64(len("noise")) {
				t.Errorf("health %+v, want no second opening and %d bytes of noise", h, len("noise"))
			}
		})
	}
}

// Probe must not take a cut call for a port that can do nothing.
func TestProbeInterrupted(t *testing.T) {
	link := filepath.Join(t.TempDir(), "adapter")
	plug(t, link)
	u := &uart{rs485: &rs485{flags: rs485Enabled}, can: rs485Enabled, interrupted: 2}
	o, err := probe(link, u.ioctl)
	if want := (Offer{Kernel: true, On: true, RTS: true}); err != nil || o != want {
		t.Errorf("probe = %+v, %v; want %+v", o, err, want)
	}
}
