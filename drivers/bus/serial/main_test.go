//go:build linux

package serial

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lamppost-city/lamppost/drivers/bus/ptytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plug makes a pty and lets link point at it, as udev does for an adapter.
func plug(t testing.TB, link string) *os.File {
	t.Helper()
	master, slave, err := ptytest.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	if err := os.Remove(link); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.Symlink(slave, link); err != nil {
		t.Fatal(err)
	}
	return master
}

// open returns a line on a pty, and the pty's other side.
func open(t testing.TB, change ...func(*Config)) (*Line, *os.File, string) {
	t.Helper()
	link := filepath.Join(t.TempDir(), "adapter")
	master := plug(t, link)
	cfg := Config{Path: link}
	for _, c := range change {
		c(&cfg)
	}
	l, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if err := l.Open(); err != nil {
		t.Fatal(err)
	}
	return l, master, link
}

func say(t testing.TB, to io.Writer, s string) {
	t.Helper()
	if _, err := io.WriteString(to, s); err != nil {
		t.Fatal(err)
	}
}

// expect reads from l until it has want.
func expect(t testing.TB, l *Line, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	got := ""
	for b := make([]byte, 64); len(got) < len(want); {
		n, err := l.Read(ctx, b)
		if err != nil {
			t.Fatalf("after %q: %v", got, err)
		}
		got += string(b[:n])
	}
	if got != want {
		t.Fatalf("read %q, want %q", got, want)
	}
}

// descriptors counts this process's descriptors on terminals below /dev/pts that
// are called name.
func descriptors(t testing.TB, name string) int {
	t.Helper()
	fds, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, name) {
			n++
		}
	}
	return n
}
