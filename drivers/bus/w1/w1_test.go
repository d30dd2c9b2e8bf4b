package w1

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const id = "28-0316a2794eff"

// tree is a folder of slaves as the kernel has it.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func open(t *testing.T, path string) *Bus {
	t.Helper()
	b, err := New(Config{Path: path})
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

func read(ctx context.Context, b *Bus, id, file string) ([]byte, error) {
	s, err := b.Slave(id)
	if err != nil {
		return nil, err
	}
	return s.Read(ctx, file)
}

func TestFolder(t *testing.T) {
	root := tree(t, map[string]string{id + "/temperature": "21937\n", id + "/w1_slave": "", "28-000000000001/name": "x"})
	b := open(t, root)
	for _, c := range []struct {
		id, file, want string
		as             error
		text           string
	}{
		{id, "temperature", "21937\n", nil, ""},
		{id, "w1_slave", "", drivers.ErrTimeout, "empty file"},
		{"28-000000000002", "temperature", "", drivers.ErrUnplugged, "finds no such slave"},
		{"28-000000000001", "temperature", "", drivers.ErrProtocol, "w1_therm"},
	} {
		got, err := read(t.Context(), b, c.id, c.file)
		if string(got) != c.want || !errors.Is(err, c.as) || !strings.Contains(fmt.Sprint(err), c.text) {
			t.Errorf("%s/%s: %q, %v", c.id, c.file, got, err)
		}
	}
	if h := b.Health(); h.Reads != 1 || h.Empty != 2 || h.Retries != 1 || h.Absent != 2 || h.Fault != nil {
		t.Errorf("health %+v", h)
	}
	gone := open(t, filepath.Join(root, "none"))
	if _, err := read(t.Context(), gone, id, "temperature"); !errors.Is(err, drivers.ErrUnplugged) || !strings.Contains(err.Error(), "no 1-Wire bus") {
		t.Errorf("no bus at all: %v", err)
	}
	if gone.Health().Fault == nil {
		t.Error("health does not say that there is no bus")
	}
}

func TestNamesStayBelowTheFolder(t *testing.T) {
	b := open(t, tree(t, nil))
	for _, bad := range []string{"", "28-0316A2794EFF", "../28-0316a2794eff", "28-0316a2794ef", "w1_bus_master1"} {
		if _, err := b.Slave(bad); err == nil {
			t.Errorf("%q is taken for an id", bad)
		}
	}
	s, err := b.Slave(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", ".", "..", "../x", "/etc/passwd", "a/b"} {
		if _, err := s.Read(t.Context(), bad); err == nil {
			t.Errorf("%q is taken for a file", bad)
		}
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a bus without a path")
	}
}

// wire plays the kernel's reads.
func wire(t *testing.T, read func(path string) ([]byte, error), test func(*testing.T, *Bus)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBus(Config{Path: Root}, read)
		test(t, b)
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestEmptyIsReadOnceMore(t *testing.T) {
	for _, c := range []struct {
		name  string
		plays []string // what the kernel gives, read by read; "EIO" fails
		want  string
		reads int
	}{
		{"good", []string{"x", "y"}, "x", 1},
		{"empty once", []string{"", "y"}, "y", 2},
		{"empty twice", []string{"", "", "z"}, "", 2},
		{"an error once", []string{"EIO", "y"}, "y", 2},
		{"an error twice", []string{"EIO", "EIO", "z"}, "", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			reads := 0
			play := func(string) ([]byte, error) {
				defer func() { reads++ }()
				if c.plays[reads] == "EIO" {
					return nil, &os.PathError{Op: "read", Path: "w1_slave", Err: syscall.EIO}
				}
				return []byte(c.plays[reads]), nil
			}
			wire(t, play, func(t *testing.T, b *Bus) {
				got, err := read(t.Context(), b, id, "w1_slave")
				if string(got) != c.want || (err == nil) != (c.want != "") || err != nil && !errors.Is(err, drivers.ErrTimeout) {
					t.Errorf("%q, %v", got, err)
				}
			})
			if reads != c.reads {
				t.Errorf("%d reads, want %d", reads, c.reads)
			}
		})
	}
}

// The kernel does not come back from a read: callers end with their contexts, and no
// goroutine waits behind it.
func TestStuckInTheKernel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var reads atomic.Int32
		b := newBus(Config{Path: Root}, func(string) ([]byte, error) {
			reads.Add(1)
			<-release
			return []byte("late"), nil
		})
		call := func(limit time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			_, err := read(ctx, b, id, "temperature")
			return err
		}
		if err := call(time.Second); !errors.Is(err, drivers.ErrTimeout) {
			t.Errorf("stuck: %v", err)
		}
		before := runtime.NumGoroutine()
		for range 10 {
			if err := call(time.Second); !errors.Is(err, drivers.ErrTimeout) || !strings.Contains(err.Error(), "has been reading a slave for") {
				t.Errorf("behind it: %v", err)
			}
		}
		if n := runtime.NumGoroutine(); n != before || reads.Load() != 1 {
			t.Errorf("%d goroutines, %d before; %d reads in the kernel", n, before, reads.Load())
		}
		if h := b.Health(); h.Stuck != 11 || h.Busy != 11*time.Second {
			t.Errorf("health %+v", h)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := read(ctx, b, id, "temperature"); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		if err := b.Close(); err == nil {
			t.Error("Close does not say that the kernel has a read")
		}
		if err := call(time.Second); !errors.Is(err, os.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		close(release)
	})
}

func TestTrace(t *testing.T) {
	var got []string
	b, err := New(Config{Path: tree(t, map[string]string{id + "/temperature": "21937\n"}), Trace: func(sent bool, p []byte, _ time.Time) {
		got = append(got, fmt.Sprintf("%v %s", sent, p))
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := read(t.Context(), b, id, "temperature"); err != nil {
		t.Error(err)
	}
	b.Close()
	if want := []string{"true " + id + "/temperature", "false 21937\n"}; !slices.Equal(got, want) {
		t.Errorf("trace %q, want %q", got, want)
	}
}
