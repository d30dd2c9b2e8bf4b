//go:build linux

package host

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tree makes a root with the given files; a text that begins with -> is a link.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		at := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		var err error
		if to, link := strings.CutPrefix(text, "->"); link {
			err = os.Symlink(to, at)
		} else {
			err = os.WriteFile(at, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func open(t *testing.T, cfg Config) *Board {
	t.Helper()
	b, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestReadsBelowSysAndProcOnly(t *testing.T) {
	root := tree(t, map[string]string{
		"proc/stat": "cpu 1\n", "sys/class/net/eth0": "->../../devices/eth0", "sys/devices/eth0/operstate": "up\n", "secret": "x",
		"sys/class/out": "->../../secret", "sys/class/far": "->/etc/passwd", "sys/empty": "",
	})
	b := open(t, Config{Root: root})
	for path, want := range map[string]string{"proc/stat": "cpu 1\n", "sys/class/net/eth0/operstate": "up\n", "sys/empty": ""} {
		if got, err := b.Read(t.Context(), path); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	for path, as := range map[string]error{
		"secret": drivers.ErrProtocol, "sys/../secret": drivers.ErrProtocol, "/proc/stat": drivers.ErrProtocol, "sys": drivers.ErrProtocol, "": drivers.ErrProtocol,
		"sys/class/out": drivers.ErrDevice, "sys/class/far": drivers.ErrDevice, // links that lead out
		"sys/class/net/eth1/operstate": fs.ErrNotExist, "proc/none": fs.ErrNotExist,
		"sys/class": drivers.ErrDevice, // a folder
	} {
		if got, err := b.Read(t.Context(), path); !errors.Is(err, as) {
			t.Errorf("%q: %q, %v; want %v", path, got, err, as)
		}
	}
	if h := b.Health(); h.Reads != 5 || h.Failed != 3 || h.Fault != nil {
		t.Errorf("%+v", h)
	}
}

func TestList(t *testing.T) {
	b := open(t, Config{Root: tree(t, map[string]string{"sys/class/net/wlan0/x": "", "sys/class/net/eth0/x": "", "sys/class/net/lo/x": ""})})
	if got, err := b.List(t.Context(), "sys/class/net"); err != nil || !slices.Equal(got, []string{"eth0", "lo", "wlan0"}) {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := b.List(t.Context(), "sys/class/hwmon"); !errors.Is(err, fs.ErrNotExist) || drivers.FaultWord(err) != "error" {
		t.Errorf("what is not there: %q, %v", got, err)
	}
}

func TestSpace(t *testing.T) {
	root := tree(t, map[string]string{"sys/class/x": ""})
	b := open(t, Config{Root: root, Data: filepath.Join(root, "not", "made", "yet")})
	for path, ok := range map[string]bool{"": true, root: true, "/nowhere/at/all": false} {
		s, err := b.Space(t.Context(), path)
		if ok != (err == nil) || ok && (s.Total <= 0 || s.Free < 0 || s.Free > s.Total) || !ok && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %+v, %v", path, s, err)
		}
	}
	if s, err := b.Space(t.Context(), "var"); !errors.Is(err, drivers.ErrProtocol) {
		t.Errorf("a relative path: %+v, %v", s, err)
	}
}

// Where the kernel shows nothing, that is said, and again when it does.
func TestNoKernel(t *testing.T) {
	root := t.TempDir()
	b := open(t, Config{Root: root})
	_, err := b.Read(t.Context(), "proc/stat")
	if !errors.Is(err, drivers.ErrUnplugged) || b.Health().Fault == nil {
		t.Errorf("nothing there: %v, %+v", err, b.Health())
	}
	if err := os.MkdirAll(filepath.Join(root, "sys", "class"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err = b.Read(t.Context(), "proc/stat"); !errors.Is(err, fs.ErrNotExist) || b.Health().Fault != nil {
		t.Errorf("there again: %v, %+v", err, b.Health())
	}
}

// A read that the kernel does not end holds nobody longer than his own time.
func TestStuck(t *testing.T) {
	root := tree(t, map[string]string{"sys/class/x": "1"})
	pipe := filepath.Join(root, "sys", "class", "stuck") // opening it waits for a writer
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	b := open(t, Config{Root: root})
	for path, says := range map[string]string{"sys/class/stuck": "", "sys/class/x": "the kernel has been reading for"} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if got, err := b.Read(ctx, "sys/class/stuck"); !errors.Is(err, drivers.ErrTimeout) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Read(ctx, "sys/class/x"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // lets it go
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	if got, err := b.Read(t.Context(), "sys/class/x"); err != nil || string(got) != "1" {
		t.Errorf("afterwards: %q, %v", got, err)
	}
	if h := b.Health(); h.Stuck != 2 {
		t.Errorf("%+v", h)
	}
}

func TestClose(t *testing.T) {
	b := open(t, Config{Root: tree(t, map[string]string{"sys/class/x": "1"})})
	for range 2 {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := b.Read(t.Context(), "sys/class/x"); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	if _, err := New(Config{Root: "sys"}); err == nil {
		t.Error("a relative root is taken")
	}
}

// The machine that the test runs on has these.
func TestThisMachine(t *testing.T) {
	var asked, said int
	b := open(t, Config{Trace: func(sent bool, p []byte, _ time.Time) {
		if sent {
			asked++
		} else {
			said += len(p)
		}
	}})
	text, err := b.Read(t.Context(), "proc/uptime")
	names, lerr := b.List(t.Context(), "sys/class/net")
	space, serr := b.Space(t.Context(), "")
	if errors.Join(err, lerr, serr) != nil || len(text) == 0 || len(names) == 0 || space.Total == 0 || asked != 3 || said < len(text) {
		t.Errorf("%q, %q, %+v, %v; asked %d, said %d", text, names, space, errors.Join(err, lerr, serr), asked, said)
	}
}

func BenchmarkRead(b *testing.B) {
	board, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer board.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := board.Read(b.Context(), "proc/uptime"); err != nil {
			b.Fatal(err)
		}
	}
}
