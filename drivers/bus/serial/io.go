//go:build linux

package serial

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/drivers"
)

var _ drivers.Port = (*Line)(nil)

// Read implements drivers.Port. It opens the line if need be.
func (l *Line) Read(ctx context.Context, b []byte) (int, error) {
	if err := ended(ctx); err != nil {
		return 0, l.failed(err)
	}
	p, err := l.use()
	if err != nil || len(b) == 0 {
		return 0, err
	}
	if n := l.echo.pending(b); n > 0 {
		return n, nil
	}
	defer interruptible(ctx, p.f.SetReadDeadline)()
	began := time.Now()
	defer func() { l.heard(began) }()
	for {
		n, err := p.readSlice(ctx, b)
		if n > 0 {
			p.heard.Store(true)
			l.count.in.Add(uint64(n))
			l.trace(false, b[:n])
			l.carried(n)
			if n = l.echo.strip(b, n); n > 0 {
				return n, nil
			}
			continue
		}
		if err = l.judge(ctx, p, err); err != nil {
			return 0, err
		}
	}
}

// heard counts the time that a read has waited. Waiting for an answer keeps a line
// busy; waiting for what a part says by itself does not.
func (l *Line) heard(began time.Time) {
	if !l.cfg.Streaming {
		l.busy.add(began, time.Now())
	}
}

// carried counts the time that n bytes which have just come took on the line.
func (l *Line) carried(n int) {
	if l.cfg.Streaming {
		now := time.Now()
		l.busy.add(now.Add(-time.Duration(n)*l.char), now)
	}
}

// readSlice reads until something comes, ctx ends or it is time to look whether
// the device is still there.
func (p *port) readSlice(ctx context.Context, b []byte) (int, error) {
	until := time.Now().Add(2 * lookEvery)
	if d, ok := ctx.Deadline(); ok && d.Before(until) {
		until = d
	}
	if err := p.f.SetReadDeadline(until); err != nil {
		return 0, err
	}
	// Only now: a cancellation before this point moved a deadline that was just
	// replaced, one after it ends the read.
	if err := ctx.Err(); err != nil {
		return 0, os.ErrDeadlineExceeded
	}
	return p.f.Read(b)
}

// judge says what a failed operation means; nil means go on.
func (l *Line) judge(ctx context.Context, p *port, err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		if err := ended(ctx); err != nil {
			return l.failed(err)
		}
		if err := p.present(l.cfg.Path); err != nil {
			return l.drop(p, bare(err))
		}
		return nil
	case errors.Is(err, os.ErrClosed): // by Close, or dropped by another call
		return l.drop(p, bare(err))
	case errors.Is(err, io.EOF): // with VMIN=1 nothing but a hang-up reads as 0 bytes
		return l.drop(p, errors.New("hung up"))
	}
	return l.drop(p, bare(err))
}

// ended returns ErrTimeout when ctx's deadline has passed, its error when it was
// cancelled, nil while it runs. A deadline counts from its own moment on, even
// if the context has not noticed yet.
func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if d, ok := ctx.Deadline(); ok && !time.Now().Before(d) {
		return drivers.ErrTimeout
	}
	return nil
}

// failed counts a timeout and names the line.
func (l *Line) failed(err error) error {
	if errors.Is(err, drivers.ErrTimeout) {
		l.count.timeouts.Add(1)
	}
	return fmt.Errorf("%s: %w", l.cfg.Path, err)
}

// interruptible moves the deadline into the past when ctx is cancelled. The
// function it returns undoes that, and waits if it is just happening: a late
// move would end somebody else's read.
func interruptible(ctx context.Context, setDeadline func(time.Time) error) func() {
	if ctx.Done() == nil {
		return func() {}
	}
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		_ = setDeadline(time.Unix(1, 0)) // fails only if the file is closed, which ends the call too
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}

// Write implements drivers.Port. It opens the line if need be. When it ends
// early, what was not sent yet is thrown away, so that half a request does not
// follow later.
func (l *Line) Write(ctx context.Context, b []byte) (int, error) {
	if err := ended(ctx); err != nil {
		return 0, l.failed(err)
	}
	p, err := l.use()
	if err != nil {
		return 0, err
	}
	if err := p.present(l.cfg.Path); err != nil {
		return 0, l.drop(p, bare(err))
	}
	defer interruptible(ctx, p.f.SetWriteDeadline)()
	d, _ := ctx.Deadline()
	if err := p.f.SetWriteDeadline(d); err != nil {
		return 0, l.drop(p, bare(err))
	}
	if err := ended(ctx); err != nil {
		return 0, l.failed(err)
	}
	n, err := l.send(p, b)
	if err == nil {
		return n, nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if err := ended(ctx); err != nil {
			return n, l.failed(err)
		}
	}
	return n, l.drop(p, bare(err))
}

// send writes, and where this program switches the transceiver it does so before and
// behind it. What did not go out before the deadline is thrown away.
func (l *Line) send(p *port, b []byte) (int, error) {
	if p.keyed() {
		if err := p.key(true); err != nil {
			return 0, err
		}
	}
	start := time.Now()
	l.echo.wrote(b)
	n, err := p.f.Write(b)
	l.count.out.Add(uint64(n))
	l.trace(true, b[:n])
	l.busy.add(start, start.Add(time.Duration(n)*l.char))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		_ = p.flush(unix.TCOFLUSH)
	}
	if p.keyed() {
		if err != nil {
			n, start = 0, time.Now() // what is left is in the hardware
		}
		p.drained(start, n, l.char)
		if kerr := p.key(false); err == nil {
			err = kerr
		}
	}
	return n, err
}

// Break holds the line at space for d, which wakes the sensors of some lines, and
// returns when it is over. It opens the line if need be. The error wraps ErrUnplugged,
// or says that the adapter cannot do it. A pseudo terminal takes the request and
// carries nothing.
func (l *Line) Break(ctx context.Context, d time.Duration) error {
	if err := ended(ctx); err != nil {
		return l.failed(err)
	}
	p, err := l.use()
	if err != nil {
		return err
	}
	if err := p.present(l.cfg.Path); err != nil {
		return l.drop(p, bare(err))
	}
	if p.keyed() {
		if err := p.key(true); err != nil {
			return l.drop(p, bare(err))
		}
	}
	start := time.Now()
	err = p.tell(unix.TIOCSBRK)
	if err == nil {
		err = sleepUntil(ctx, time.Now().Add(d)) // the request has waited for what was still going out
	}
	off := p.tell(unix.TIOCCBRK) // whatever happened: a line that is held silences everybody
	l.busy.add(start, time.Now())
	if p.keyed() {
		off = errors.Join(off, p.key(false))
	}
	if err == nil {
		err = off
	}
	return l.broke(ctx, p, err)
}

// broke says what a failed break means.
func (l *Line) broke(ctx context.Context, p *port, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return l.failed(cmp.Or(ended(ctx), err))
	case errors.Is(err, unix.ENOTTY), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EINVAL):
		return fmt.Errorf("%s: %w: this adapter cannot send a break (%w); use another one (FTDI and CP210x can)", l.cfg.Path, drivers.ErrDevice, err)
	}
	return l.drop(p, bare(err))
}

// Waiting returns how many bytes have come and were not read yet. It does not wait,
// opens nothing and takes nothing away; 0 if that cannot be known.
func (l *Line) Waiting() int {
	l.mu.Lock()
	p := l.port
	l.mu.Unlock()
	if p == nil {
		return 0
	}
	n, err := p.unread()
	if err != nil {
		return 0
	}
	return n
}

// Discard implements drivers.Port. The bytes it drops are counted as noise. A
// line that is not open has nothing to drop.
func (l *Line) Discard() error {
	l.mu.Lock()
	p := l.port
	l.mu.Unlock()
	if p == nil {
		return nil
	}
	l.echo.forget()
	waiting, err := p.unread()
	if err == nil && waiting > 0 {
		err = p.flush(unix.TCIFLUSH)
	}
	if err != nil {
		return l.drop(p, bare(err))
	}
	if waiting > 0 {
		p.heard.Store(true)
		l.count.in.Add(uint64(waiting))
		if !l.cfg.Streaming {
			l.count.noise.Add(uint64(waiting))
		}
	}
	return nil
}

// Noise implements drivers.Port.
func (l *Line) Noise(n int) { l.count.noise.Add(uint64(max(n, 0))) }

// BadChecksum implements drivers.Port.
func (l *Line) BadChecksum() { l.count.badChecksums.Add(1) }

func (l *Line) trace(sent bool, b []byte) {
	if l.cfg.Trace != nil && len(b) > 0 {
		l.cfg.Trace(sent, b, time.Now())
	}
}
