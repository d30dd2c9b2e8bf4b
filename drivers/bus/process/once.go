//go:build linux

package process

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
)

// Run runs a program once, with these arguments added to the spec's, and returns
// when it has ended: nil if it said 0. It gets no input; what it writes, on either
// output, is quoted in the error. When ctx ends it is killed with all that it started,
// and the error is ErrTimeout or ctx's. The limits of memory and processes hold as
// for a Child. A program that cannot be started is ErrUnplugged, one that fails
// ErrDevice.
func Run(ctx context.Context, s drivers.ProcessSpec, args ...string) error {
	if err := Check(s); err != nil {
		return err
	}
	s = withDefaults(s)
	s.Command = append(s.Command[:len(s.Command):len(s.Command)], args...)
	r := once(s)
	began := make(chan error, 1)
	go r.runOnce(began)
	return r.outcome(ctx, <-began)
}

// once is the life of a program that is run a single time.
func once(s drivers.ProcessSpec) *running {
	return &running{cfg: &Config{Name: s.Command[0], ProcessSpec: s}, said: &tail{}, ended: make(chan struct{})}
}

// outcome waits until it has ended, or ends it with ctx, and says how it went. began is
// how its start went.
func (r *running) outcome(ctx context.Context, began error) error {
	name := r.cfg.Name
	if began != nil {
		return fmt.Errorf("%s: %w: it cannot be started (%w)", name, drivers.ErrUnplugged, began)
	}
	select {
	case <-r.ended:
	case <-ctx.Done():
		r.kill(ended(ctx))
		<-r.ended
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch said := strings.Join(r.said.all(), " / "); {
	case r.cause != nil && ctx.Err() == nil:
		return fmt.Errorf("%s: %w: it was ended: %w", name, drivers.ErrDevice, r.cause)
	case r.cause != nil:
		return fmt.Errorf("%s: %w", name, r.cause)
	case r.exit != nil && said != "":
		return fmt.Errorf("%s: %w: %s: %s", name, drivers.ErrDevice, exitText(r.exit), said)
	case r.exit != nil:
		return fmt.Errorf("%s: %w: %s", name, drivers.ErrDevice, exitText(r.exit))
	}
	return nil
}

// runOnce starts the program and sees it to its end, on a thread that lives as long
// as it does, see live.
func (r *running) runOnce(began chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd, mark, err := command(r.cfg.ProcessSpec)
	if err != nil {
		began <- err
		return
	}
	out, outWrite, err := os.Pipe()
	if err != nil {
		began <- err
		return
	}
	r.cmd, r.mark, cmd.Stdout, cmd.Stderr = cmd, mark, outWrite, outWrite
	r.in = outWrite // closed at the end once more, which does nothing
	if err := cmd.Start(); err != nil {
		closeAll(out, outWrite)
		began <- err
		return
	}
	_ = outWrite.Close() // the child holds the end that counts
	r.oversee(began, func() { r.said.take(out) }, out)
}
