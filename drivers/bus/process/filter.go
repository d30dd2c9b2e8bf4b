//go:build linux

package process

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/drivers"
)

// Find says whether a program, absolute or looked up in PATH, can be started; if not, the
// error wraps ErrUnplugged.
func Find(program string) error {
	if _, err := exec.LookPath(program); err != nil {
		return fmt.Errorf("%s: %w: it cannot be started (%w)", program, drivers.ErrUnplugged, err)
	}
	return nil
}

// Filter runs a program once over some bytes: it writes in to its standard input, ends
// that, and returns what the program writes to its standard output, at most so many bytes.
// It returns when the program is gone with all that it started; when ctx ends they are
// killed, and the error is ErrTimeout or ctx's. It may leave its input unread. The limits
// of memory and processes hold as for a Child, and by the time it gets its input it can
// write to no file. A program that cannot be started is ErrUnplugged; one that does not end with status 0,
// writes too much or goes beyond a limit is ErrDevice, with what it wrote to its standard
// error.
func Filter(ctx context.Context, s drivers.ProcessSpec, in []byte, most int) ([]byte, error) {
	if err := Check(s); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Command[0], ended(ctx))
	}
	f := &filter{running: once(withDefaults(s)), given: in, most: most}
	began := make(chan error, 1)
	go f.live(began)
	if err := f.outcome(ctx, <-began); err != nil {
		return nil, err
	}
	return f.taken, nil
}

// filter is a program that runs once over some bytes.
type filter struct {
	*running
	given []byte
	most  int
	taken []byte // valid after it has ended
}

// live starts the program and sees it to its end, on a thread that lives as long as it
// does, as running.live.
func (f *filter) live(began chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd, mark, err := command(f.cfg.ProcessSpec)
	if err != nil {
		began <- err
		return
	}
	var ours, theirs [3]*os.File // standard input, output and error
	for i := range ours {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(ours[:i]...)
			closeAll(theirs[:i]...)
			began <- err
			return
		}
		if ours[i], theirs[i] = r, w; i == 0 {
			ours[i], theirs[i] = w, r
		}
	}
	f.cmd, f.mark, f.in = cmd, mark, ours[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs[0], theirs[1], theirs[2]
	err = cmd.Start()
	closeAll(theirs[:]...)
	if err != nil {
		closeAll(ours[:]...)
		began <- err
		return
	}
	// It is not reaped before oversee: the id is still its own.
	_ = unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{}, nil)
	f.oversee(began, func() { f.pass(ours[1], ours[2]) }, ours[:]...)
}

// pass gives the program its input and takes what it writes, until all three pipes end.
func (f *filter) pass(out, errs *os.File) {
	var all sync.WaitGroup
	all.Go(func() {
		_, _ = f.in.Write(f.given) // who has read enough hangs up; whether it was enough its end says
		_ = f.in.Close()
	})
	all.Go(func() { f.said.take(errs) })
	all.Go(func() {
		b, err := io.ReadAll(io.LimitReader(out, int64(f.most)+1))
		switch {
		case len(b) > f.most:
			f.kill(fmt.Errorf("it wrote more than %d bytes", f.most))
		case err != nil: // what it started still holds the pipe, or the pipe broke
			f.kill(fmt.Errorf("its output did not end: %w", err))
		default:
			f.taken = b
		}
	})
	all.Wait()
}
