//go:build linux

package process

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

func shell(script string) drivers.ProcessSpec {
	return drivers.ProcessSpec{Command: []string{"/bin/sh", "-c", script}}
}

// What goes in comes out, also when it is more than a pipe holds.
func TestFilter(t *testing.T) {
	in := bytes.Repeat([]byte("0123456789abcdef"), 20_000)
	got, err := Filter(t.Context(), drivers.ProcessSpec{Command: []string{"cat"}}, in, len(in))
	if err != nil || !bytes.Equal(got, in) {
		t.Errorf("%d bytes, %v; want %d", len(got), err, len(in))
	}
	got, err = Filter(t.Context(), shell("head -c 3"), in, 3) // leaves the rest unread
	if err != nil || string(got) != "012" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err = Filter(t.Context(), shell("cat >/dev/null"), in, 10); err != nil || len(got) != 0 {
		t.Errorf("%q, %v; want nothing and no fault", got, err)
	}
}

func TestFilterFaults(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out")
	for _, c := range []struct {
		name string
		spec drivers.ProcessSpec
		want error
		text string
	}{
		{"no such program", drivers.ProcessSpec{Command: []string{"lamppost-no-such-program"}}, drivers.ErrUnplugged, "cannot be started"},
		{"it fails", shell("cat >/dev/null; echo broken input >&2; exit 3"), drivers.ErrDevice, "status 3: broken input"},
		{"it fails at once, its input unread", shell("exit 4"), drivers.ErrDevice, "status 4"},
		{"it writes without end", shell("cat /dev/zero"), drivers.ErrDevice, "more than 100 bytes"},
		{"it writes a file", shell("read first; cat > " + file), drivers.ErrDevice, ""},
		{"nothing", drivers.ProcessSpec{}, nil, "no program"},
	} {
		got, err := Filter(t.Context(), c.spec, []byte("x\n"+strings.Repeat("x", 100_000)), 100)
		if err == nil || got != nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %q, %v; want %v with %q", c.name, got, err, c.want, c.text)
		}
	}
	if b, err := os.ReadFile(file); err == nil && len(b) > 0 {
		t.Errorf("a file of %d bytes was written", len(b))
	}
}

// A program that hangs goes with its context, and so does what it started in a session of
// its own and what holds its pipes.
func TestFilterEndsWithContext(t *testing.T) {
	for _, script := range []string{"cat >/dev/null; exec sleep 600", "setsid sleep 600 & exec sleep 600"} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		if _, err := Filter(ctx, shell(script), []byte("x"), 10); !errors.Is(err, drivers.ErrTimeout) {
			t.Errorf("%s: %v, want a timeout", script, err)
		}
		cancel()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Filter(ctx, shell("exit 0"), nil, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want cancelled", err)
	}
}

// What takes more memory than it may is ended.
func TestFilterMemory(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s := drivers.ProcessSpec{Command: []string{python, "-c", "b = bytearray(50_000_000)\nimport time\ntime.sleep(600)"}, Memory: 30_000_000}
	if _, err := Filter(ctx, s, nil, 10); !errors.Is(err, drivers.ErrDevice) || !strings.Contains(err.Error(), "30.0 MB are allowed") {
		t.Errorf("%v, want its memory told", err)
	}
}

func TestFind(t *testing.T) {
	if err := Find("sh"); err != nil {
		t.Error(err)
	}
	if err := Find("lamppost-no-such-program"); !errors.Is(err, drivers.ErrUnplugged) || !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("%v", err)
	}
}
