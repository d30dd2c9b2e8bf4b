//go:build linux

package serial

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/drivers"
)

func TestSettingsReachTheLine(t *testing.T) {
	l, _, link := open(t, func(c *Config) { c.Settings = drivers.LineSettings{Baud: 19200, Parity: "even", StopBits: 2} })
	if got := l.Settings(); got.Baud != 19200 {
		t.Errorf("Settings = %+v", got)
	}
	if got := termios(t, link); got.Cflag&unix.CBAUD != unix.B19200 || got.Cflag&unix.CSTOPB == 0 || got.Cc[unix.VMIN] != 1 || got.Lflag&unix.ECHO != 0 {
		t.Errorf("the line is set to %+v", got)
	}
}

func termios(t *testing.T, path string) *unix.Termios {
	t.Helper()
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	s, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{}, "serial line: the path is empty"},
		{Config{Path: "/dev/x", Settings: drivers.LineSettings{Baud: 49}}, "/dev/x: baud: a line cannot be set to 49; usual are 2400, 4800, 9600, 19200, 38400, 57600, 115200"},
		{Config{Path: "/dev/x", Settings: drivers.LineSettings{Parity: "Even"}}, `/dev/x: parity: "Even" is not a parity; write none, even or odd (rarely mark or space)`},
		{Config{Path: "/dev/x", Settings: drivers.LineSettings{StopBits: 3}}, "/dev/x: stop: 3 stop bits; write 1 or 2"},
		{Config{Path: "/dev/x", Settings: drivers.LineSettings{DataBits: 9}}, "/dev/x: data: 9 data bits; write 8, or 7 for an old instrument"},
		{Config{Path: "/dev/x", RS485: "half"}, `/dev/x: rs485: "half" is no way to switch RS-485; write auto, kernel, rts, rts-low or off`},
		{Config{Path: "/dev/x", Echo: "yes"}, `/dev/x: echo: "yes" says nothing about an echo; write auto, on or off`},
	} {
		if _, err := New(c.cfg); err == nil || err.Error() != c.want {
			t.Errorf("New(%+v) = %v\nwant %s", c.cfg, err, c.want)
		}
	}
	l, err := New(Config{Path: "/dev/x"})
	if want := (drivers.LineSettings{Baud: 9600, Parity: "none", StopBits: 1, DataBits: 8}); err != nil || l.Settings() != want {
		t.Errorf("defaults: %+v, %v", l.Settings(), err)
	}
}

// TestBusy: the second opener is told who has the line, and changes nothing.
func TestBusy(t *testing.T) {
	l, master, link := open(t)
	second, err := New(Config{Path: link, Settings: drivers.LineSettings{Baud: 300}})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	err = second.Open()
	if !errors.Is(err, drivers.ErrBusy) || !strings.HasPrefix(err.Error(), link+": ") {
		t.Fatalf("second Open = %v", err)
	}
	pid := strconv.Itoa(os.Getpid())
	if locks, _ := os.ReadFile("/proc/locks"); strings.Contains(string(locks), " "+pid+" ") && !strings.Contains(err.Error(), "pid "+pid) {
		t.Errorf("%v does not name pid %s, which the kernel does", err, pid)
	}
	if s := termios(t, link); s.Cflag&unix.CBAUD != unix.B9600 {
		t.Errorf("the second opener changed the speed to %#x", s.Cflag&unix.CBAUD)
	}
	say(t, master, "ours")
	expect(t, l, "ours")
	l.Close()
	if err := second.Open(); err != nil {
		t.Errorf("Open after the first one closed = %v", err)
	}
}

func TestHolderPID(t *testing.T) {
	const locks = `1: POSIX  ADVISORY  WRITE 700 00:18:3 0 EOF
2: FLOCK  ADVISORY  WRITE -1 00:18:3 0 EOF
3: FLOCK  ADVISORY  WRITE 811 00:18:4 0 EOF
4: FLOCK  ADVISORY  WRITE 812 00:18:3 0 EOF
short
`
	if got := holderPID(strings.NewReader(locks), unix.Mkdev(0, 0x18), 3); got != "812" {
		t.Errorf("holder = %q, want 812", got)
	}
	if got := holderPID(strings.NewReader(locks), unix.Mkdev(0, 0x18), 5); got != "" {
		t.Errorf("holder = %q, want none", got)
	}
}

// TestUnplug pulls the plug under a blocked read, then plugs another adapter in
// under the same name.
func TestUnplug(t *testing.T) {
	l, master, link := open(t)
	slave, err := filepath.EvalSymlinks(link)
	if err != nil {
		t.Fatal(err)
	}
	first, ended := make(chan error), make(chan error)
	go func() {
		b := make([]byte, 8)
		_, err := l.Read(t.Context(), b)
		first <- err
		_, err = l.Read(t.Context(), b)
		ended <- err
	}()
	say(t, master, "x")
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	master.Close()
	if err := <-ended; !errors.Is(err, drivers.ErrUnplugged) || !strings.HasPrefix(err.Error(), link+": the line is unplugged (") {
		t.Errorf("Read from an unplugged line = %v", err)
	}
	if n := descriptors(t, slave); n != 0 {
		t.Errorf("%d descriptors still hold the dead line", n)
	}
	h := l.Health()
	if h.Open || h.Lost.IsZero() || !errors.Is(h.Fault, drivers.ErrUnplugged) {
		t.Errorf("health %+v", h)
	}
	if _, err := l.Write(t.Context(), []byte{1}); !errors.Is(err, drivers.ErrUnplugged) {
		t.Errorf("Write to an unplugged line = %v", err)
	}

	master = plug(t, link)
	writeSoon(t, l)
	say(t, master, "back")
	expect(t, l, "back")
	if h := l.Health(); !h.Open || !h.Lost.IsZero() || h.Reopened != 1 || h.Fault != nil {
		t.Errorf("health after the replug %+v", h)
	}
}

// writeSoon writes until the line is open again.
func writeSoon(t *testing.T, l *Line) {
	t.Helper()
	for end := time.Now().Add(2 * time.Second); ; {
		_, err := l.Write(t.Context(), []byte{1})
		if err == nil {
			return
		}
		if !errors.Is(err, drivers.ErrUnplugged) || time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// TestRenamed: an adapter that does not hang up is given up when its name is
// gone, or belongs to another one.
func TestRenamed(t *testing.T) {
	l, _, link := open(t)
	look := func() { l.port.looked.Store(0) } // as if half a second had passed
	other := plug(t, link)
	look()
	if _, err := l.Write(t.Context(), []byte{1}); !errors.Is(err, drivers.ErrUnplugged) {
		t.Fatalf("Write to a line that lost its name = %v", err)
	}
	if err := l.Open(); err != nil {
		t.Fatal(err)
	}
	say(t, other, "new")
	expect(t, l, "new")

	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	look()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := l.Read(ctx, make([]byte, 1)); !errors.Is(err, drivers.ErrUnplugged) {
		t.Errorf("blocked Read while the name goes = %v", err)
	}
}

// TestAbsent: tries to open an absent line are spaced, from 100 ms to 5 s.
func TestAbsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := New(Config{Path: filepath.Join(t.TempDir(), "nothing")})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		_, err = l.Read(t.Context(), make([]byte, 1))
		if !errors.Is(err, drivers.ErrUnplugged) || !strings.HasSuffix(err.Error(), "(no such file or directory)") {
			t.Fatalf("Read = %v", err)
		}
		for _, pause := range []time.Duration{100, 200, 400, 800, 1600, 3200, 5000, 5000} {
			pause *= time.Millisecond
			_, err := l.Write(t.Context(), []byte{1})
			if want := "; next try in " + pause.String(); err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Fatalf("Write = %v, want …%s", err, want)
			}
			time.Sleep(pause)
			if _, err := l.Write(t.Context(), []byte{1}); !errors.Is(err, drivers.ErrUnplugged) || strings.Contains(err.Error(), "next try") {
				t.Fatalf("Write after the pause = %v, want a fresh try", err)
			}
		}
		if err := l.Open(); !errors.Is(err, drivers.ErrUnplugged) || strings.Contains(err.Error(), "next try") {
			t.Errorf("Open = %v, want a try at once", err)
		}
		if err := l.Discard(); err != nil {
			t.Errorf("Discard = %v", err)
		}
		if h := l.Health(); h.Lost.IsZero() || h.Reopened != 0 {
			t.Errorf("health %+v", h)
		}
	})
}

func TestOpenErrors(t *testing.T) {
	l, err := New(Config{Path: os.DevNull})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Open(); err == nil || !strings.Contains(err.Error(), "/dev/null is not a serial line") {
		t.Errorf("Open(/dev/null) = %v", err)
	}
	file := filepath.Join(t.TempDir(), "ttyUSB0")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		errno error
		is    error
		says  string
	}{
		{unix.EACCES, os.ErrPermission, "; it belongs to group "},
		{unix.EBUSY, drivers.ErrBusy, "ttyUSB0: the line is used by another program"},
		{unix.ENXIO, drivers.ErrUnplugged, "(no such device or address)"},
		{unix.EMFILE, unix.EMFILE, "too many open files"},
	} {
		err := openError(file, &os.PathError{Op: "open", Path: file, Err: c.errno})
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.says) || strings.Count(err.Error(), file) != 1 {
			t.Errorf("%v: %v", c.errno, err)
		}
	}
}

// TestHalfDead: an adapter that opens but never says a byte before it hangs up
// is not opened again and again without a pause.
func TestHalfDead(t *testing.T) {
	l, master, link := open(t)
	master.Close()
	if _, err := l.Read(t.Context(), make([]byte, 1)); !errors.Is(err, drivers.ErrUnplugged) {
		t.Fatal(err)
	}
	plug(t, link)
	if _, err := l.Read(t.Context(), make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "next try in") {
		t.Errorf("Read at once after = %v, want a pause", err)
	}
}
