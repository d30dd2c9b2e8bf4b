//go:build linux

// Package host reads what the kernel tells about the board that the program runs on: its
// files below /sys and /proc, and how full its file systems are. A [Board] is lent to a
// driver as a drivers.Host, so that no driver opens a file by itself.
//
// What it promises:
//   - It only reads, and only below the two folders: a path with .., or a link that leads
//     out of them, is refused.
//   - One question at a time. A call ends with its context, even while the kernel is in
//     the read: a file of hwmon may be a part on an I2C bus that is stuck. There is never
//     more than one read in the kernel.
//   - What is not there is an error that wraps fs.ErrNotExist; it is what most boards say
//     to most questions, and no fault.
//
// Source: Documentation/ABI of the kernel, proc(5), statfs(2).
package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// Config says which board: the one that the program runs on, unless a test says else.
type Config struct {
	Root string // what stands before sys and proc; empty: /
	Data string // the path that an empty one stands for in Space; empty: Root
	// Trace, if set, is called with what is asked ("read sys/…") and with the answer. It
	// must be quick and must not keep p.
	Trace func(sent bool, p []byte, at time.Time)
}

// Limits of an answer.
const (
	maxFile  = 64 << 10
	maxNames = 4096
)

// Board implements drivers.Host. Its methods may be called from several goroutines.
type Board struct {
	cfg  Config
	turn chan struct{} // holds one token: whoever has it may ask the kernel
	quit chan struct{}

	mu     sync.Mutex // guards what follows
	closed bool
	h      Health
	since  time.Time // since when the present question is in the kernel; zero: none is
}

var _ drivers.Host = (*Board)(nil)

// Health is how reading goes. The counts run since New.
type Health struct {
	Reads  uint64 // questions that were answered, also with "not there"
	Failed uint64 // questions to which the kernel gave another error
	Stuck  uint64 // calls that ended while the kernel was in a read, or waited for one
	Fault  error  // why nothing can be read at all; nil: it can, or was never tried
}

// New checks cfg and returns the board. Nothing is read yet.
func New(cfg Config) (*Board, error) {
	if cfg.Root == "" {
		cfg.Root = "/"
	}
	if cfg.Data == "" {
		cfg.Data = cfg.Root
	}
	if !filepath.IsAbs(cfg.Root) {
		return nil, fmt.Errorf("the board's root %q is no absolute path", cfg.Root)
	}
	b := &Board{cfg: cfg, turn: make(chan struct{}, 1), quit: make(chan struct{})}
	b.turn <- struct{}{}
	return b, nil
}

// Health returns a snapshot. It does not wait for the kernel.
func (b *Board) Health() Health {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.h
}

// closing is how long Close waits for a read that the kernel has.
const closing = 2 * time.Second

// Close gives the board up; whoever waits for it is told so. A read that the kernel does
// not end within two seconds is left to it. A second call does nothing.
func (b *Board) Close() error {
	b.mu.Lock()
	first := !b.closed
	b.closed = true
	b.mu.Unlock()
	if !first {
		return nil
	}
	close(b.quit)
	t := time.NewTimer(closing)
	defer t.Stop()
	select {
	case <-b.turn: // and kept: nobody asks any more
		return nil
	case <-t.C:
		return errors.New("the board: the kernel does not end the last read")
	}
}

// Read implements drivers.Host.
func (b *Board) Read(ctx context.Context, path string) (text []byte, err error) {
	root, name, err := b.below(path)
	if err != nil {
		return nil, err
	}
	err = b.ask(ctx, "read "+path, func() (answer []byte, err error) {
		answer, err = readFile(root, name)
		return answer, err
	}, func(answer []byte) { text = answer })
	return text, err
}

// List implements drivers.Host.
func (b *Board) List(ctx context.Context, path string) (names []string, err error) {
	root, name, err := b.below(path)
	if err != nil {
		return nil, err
	}
	err = b.ask(ctx, "list "+path, func() ([]byte, error) { return readNames(root, name) },
		func(answer []byte) { names = strings.Fields(string(answer)) })
	return names, err
}

// Space implements drivers.Host.
func (b *Board) Space(ctx context.Context, path string) (s drivers.Space, err error) {
	at := path
	if at == "" {
		at = b.cfg.Data
	}
	if !filepath.IsAbs(at) {
		return s, fmt.Errorf("%w: %q is no absolute path", drivers.ErrProtocol, path)
	}
	err = b.ask(ctx, "space "+path, func() ([]byte, error) {
		s, err := space(at, path == "")
		return fmt.Appendf(nil, "total=%d free=%d", s.Total, s.Free), err
	}, func(answer []byte) {
		_, _ = fmt.Sscanf(string(answer), "total=%d free=%d", &s.Total, &s.Free) // written just now
	})
	return s, err
}

// below takes a path apart: the folder that it must not leave, and the rest.
func (b *Board) below(path string) (root, name string, err error) {
	first, rest, ok := strings.Cut(path, "/")
	if !ok || first != "sys" && first != "proc" || !filepath.IsLocal(rest) {
		return "", "", fmt.Errorf("%w: %q is no path below sys or proc", drivers.ErrProtocol, path)
	}
	return filepath.Join(b.cfg.Root, first), rest, nil
}

type answer struct {
	text []byte
	err  error
}

// ask asks the kernel, in a goroutine of its own that ends with the question.
func (b *Board) ask(ctx context.Context, what string, do func() ([]byte, error), take func([]byte)) error {
	if err := over(ctx); err != nil {
		return err
	}
	select {
	case <-b.quit:
		return os.ErrClosed
	default:
	}
	select {
	case <-b.turn:
	case <-b.quit:
		return os.ErrClosed
	case <-ctx.Done():
		return b.stuck(ctx)
	}
	done := make(chan answer, 1)
	b.trace(true, []byte(what))
	b.enter()
	go func() {
		defer func() { b.turn <- struct{}{} }()
		text, err := do()
		b.leave(err)
		done <- answer{text, err}
	}()
	select {
	case a := <-done:
		if a.err != nil {
			return fmt.Errorf("%s: %w", what, b.judge(a.err))
		}
		b.trace(false, a.text)
		take(a.text)
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", what, b.stuck(ctx))
	}
}
