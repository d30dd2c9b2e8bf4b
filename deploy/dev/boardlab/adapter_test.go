package boardlab

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
	"github.com/lamppost-city/lamppost/edge/status"
)

// stableName is what udev calls an adapter of the lab.
func stableName(serial string) string {
	return "/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_" + serial + "-if00-port0"
}

// The USB adapter is pulled, another one takes its place and its kernel name, the
// stranger is even found under the stable name, and at last the own one is back. At no
// time does a slave of the line stand in for another, and the page says what happened.
func (l *lab) adapter(t *testing.T) {
	t.Parallel()
	l = l.in(t)
	mark, gone := l.heard.mark(), time.Now()
	l.unplug(ours)
	for _, device := range []string{"river", "weather", "cabinet"} {
		l.heard.next(t, mark, device, "fault", fault("unplugged"))
	}
	l.line(t, "rs485-1", "to be unplugged", func(s status.Line) bool { return s.Unplugged })

	l.plug(stranger)
	if tty := l.board.list("/dev/ttyUSB*"); !slices.Equal(tty, []string{"/dev/ttyUSB0"}) {
		t.Errorf("the stranger is %v, want that it took the name /dev/ttyUSB0: else this proves nothing", tty)
	}
	l.passes(t, 3)
	if open := l.opens("/dev/ttyUSB0"); open {
		t.Error("the gateway opened a stranger's adapter because it has the same kernel name")
	}
	l.line(t, "rs485-1", "to be unplugged still", func(s status.Line) bool { return s.Unplugged })

	// Adapters without a serial number share one stable name: then this happens.
	if err := l.board.link(stableName(ours), "../../ttyUSB0"); err != nil {
		t.Fatal(err)
	}
	l.line(t, "rs485-1", "to tell of the swap", func(s status.Line) bool {
		return !s.Unplugged && s.Serial != nil && strings.HasSuffix(s.Serial.Swapped, ours)
	})
	l.unplug(stranger)
	l.line(t, "rs485-1", "to be unplugged again", func(s status.Line) bool { return s.Unplugged })

	since := l.heard.mark()
	l.plug(ours)
	for device, channel := range map[string]string{"river": "level", "weather": "temp", "cabinet": "temp"} {
		l.heard.next(t, since, device, channel, func(h heard) bool { return h.Flag.Usable() })
		if vs, _ := l.heard.of(device, channel, mark); len(vs) > 0 && vs[0].at.Before(gone) {
			t.Errorf("%s: a value from before the pull came again: %v", device, vs[0])
		}
	}
	l.line(t, "rs485-1", "to be back", func(s status.Line) bool { return !s.Unplugged && s.Reopened > 0 })
	l.away = append(l.away, truth.Gap{From: gone.Add(-time.Second).UnixMilli(), To: time.Now().UnixMilli()})
}

// unplug pulls an adapter out and waits until the board has noticed.
func (l *lab) unplug(serial string) {
	l.t.Helper()
	if err := l.board.Pull(serial); err != nil {
		l.t.Fatal(err)
	}
	eventually(l.t, "adapter "+serial+" to be gone", func() bool { return len(l.board.list("/dev/serial/by-id/*_"+serial+"-*")) == 0 })
	// QEMU lets go of it a little after the board did.
	eventually(l.t, "adapter "+serial+" to be free", func() bool { return !l.board.Plugged(serial) })
}

// opens says whether the gateway has a file open.
func (l *lab) opens(path string) bool {
	l.t.Helper()
	var open []string
	ask(l.board, "Opens", l.pid, &open)
	return slices.ContainsFunc(open, func(o string) bool { return filepath.Clean(o) == path })
}

// passes waits until the gateway has gone round n times: it polls the meter each 2 s,
// and looks for a line that is gone more often.
func (l *lab) passes(t *testing.T, n int) {
	t.Helper()
	for range n {
		mark := l.heard.mark()
		l.heard.next(t, mark, "pump", "voltage", func(heard) bool { return true })
	}
}

// line waits until the page says of a line what ok takes.
func (l *lab) line(t *testing.T, id, what string, ok func(status.Line) bool) {
	t.Helper()
	var last status.Line
	defer func() {
		if t.Failed() {
			t.Logf("the page said last of %s: %+v %+v", id, last, last.Serial)
		}
	}()
	eventually(t, id+" "+what, func() bool {
		s, err := l.status()
		i := slices.IndexFunc(s.Lines, func(s status.Line) bool { return s.ID == id })
		if err != nil || i < 0 {
			return false
		}
		last = s.Lines[i]
		return ok(last)
	})
}
