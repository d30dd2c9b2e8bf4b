package action

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

func script(t *testing.T, text string) Command {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lamp.sh")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return Command{Args: []string{"/bin/sh", path, "lamp 3"}}
}

func TestCommand(t *testing.T) {
	out := filepath.Join(t.TempDir(), "said")
	c := script(t, `echo "$1 $2" >>`+out)
	for _, on := range []bool{true, false} {
		if err := c.Set(t.Context(), on); err != nil {
			t.Fatal(err)
		}
	}
	if said, err := os.ReadFile(out); err != nil || string(said) != "lamp 3 on\nlamp 3 off\n" {
		t.Errorf("the program was given %q, %v", said, err)
	}
	if _, ok, err := c.Get(t.Context()); ok || err != nil {
		t.Error("a program told its state")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestCommandFails(t *testing.T) {
	err := script(t, "echo working; echo no lamp there >&2; exit 3").Set(t.Context(), true)
	if !errors.Is(err, drivers.ErrDevice) || !strings.Contains(err.Error(), `exit status 3 (it said "no lamp there")`) {
		t.Errorf("Set = %v", err)
	}
	if err := (Command{Args: []string{filepath.Join(t.TempDir(), "none")}}).Set(t.Context(), true); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Set = %v", err)
	}
}

// A program that does not end in its time is killed with all that it has started, and
// what it writes is bounded.
func TestCommandHangs(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "pid")
	c := script(t, "yes | head -c 5000000 >&2\nsh -c 'echo $$ >"+mark+"; exec sleep 1000' &\nwait")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Set(ctx, true) }()
	var pid string
	for pid == "" {
		if b, err := os.ReadFile(mark); err == nil {
			pid = strings.TrimSpace(string(b))
		}
		select {
		case err := <-done:
			t.Fatalf("Set = %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Set = %v", err)
	}
	if state, err := os.ReadFile("/proc/" + pid + "/stat"); err == nil && !strings.Contains(string(state), ") Z") {
		t.Errorf("what it started still runs: %s", state)
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	if err := c.Set(ctx, true); !errors.Is(err, drivers.ErrTimeout) {
		t.Errorf("Set = %v", err)
	}
}

func TestTail(t *testing.T) {
	w := &tail{}
	for range 100 {
		if n, err := w.Write(make([]byte, 3000)); n != 3000 || err != nil {
			t.Fatal(n, err)
		}
	}
	if len(w.b) > maxSaid || cap(w.b) > 8*maxSaid {
		t.Errorf("%d bytes kept, capacity %d", len(w.b), cap(w.b))
	}
}
