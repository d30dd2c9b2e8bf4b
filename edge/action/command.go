package action

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// Command is an output that a program switches: it is run with on or off as its last
// argument, in its own process group, with nothing on its standard input, and done
// when it exits with 0. Off may be asked for again and again; the program has to bear
// that. It cannot tell its state.
type Command struct {
	Args []string // program and arguments; no shell in between
}

// maxSaid bounds what is kept of a program's output.
const maxSaid = 1 << 10

// Set runs the program and waits for it, and for what it has started, until ctx ends:
// then the whole group is killed. The error wraps drivers.ErrTimeout, drivers.ErrDevice
// (it exited with another code, its last line is quoted) or that of the system.
func (c Command) Set(ctx context.Context, on bool) error {
	word := "off"
	if on {
		word = "on"
	}
	args := append(append([]string{}, c.Args[1:]...), word)
	cmd := exec.CommandContext(ctx, c.Args[0], args...)
	said := &tail{}
	cmd.Stdout, cmd.Stderr = said, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // a grandchild that left the group may hold the pipe
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("%s %s: %w and was killed%s", c.Args[0], word, drivers.ErrTimeout, said.quoted())
	case ctx.Err() != nil:
		return fmt.Errorf("%s %s: %w", c.Args[0], word, ctx.Err())
	case errors.As(err, &exit):
		return fmt.Errorf("%s %s: %w: %s%s", c.Args[0], word, drivers.ErrDevice, exit, said.quoted())
	default:
		return fmt.Errorf("%s %s: %w", c.Args[0], word, err)
	}
}

// Get cannot tell.
func (c Command) Get(context.Context) (on, ok bool, err error) { return false, false, nil }

// Close does nothing: no program runs between calls.
func (c Command) Close() error { return nil }

// tail keeps the last bytes of what a program writes.
type tail struct{ b []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p[max(0, len(p)-maxSaid):]...)
	t.b = t.b[max(0, len(t.b)-maxSaid):]
	return len(p), nil
}

// quoted is the last line, for an error.
func (t *tail) quoted() string {
	line := bytes.TrimSpace(t.b)
	line = line[bytes.LastIndexByte(line, '\n')+1:]
	if len(line) == 0 {
		return ""
	}
	return fmt.Sprintf(" (it said %q)", strings.ToValidUTF8(string(line[max(0, len(line)-200):]), "?"))
}
