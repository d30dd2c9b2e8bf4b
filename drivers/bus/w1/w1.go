// Package w1 reads the 1-Wire slaves that the kernel has found, from its folder of
// slaves (/sys/bus/w1/devices). A [Bus] lives as long as the gateway does, whether or
// not the kernel has a bus, and lends each driver one slave as a drivers.OneWire.
//
// What it promises:
//   - One file is read at a time: below it is one wire. A read takes as long as the
//     conversion (750 ms at 12 bits) and longer where the kernel tries again.
//   - A call ends with its context, even while the kernel is in the read. The wire then
//     stays taken until the kernel is done, and everybody else is told so; there is
//     never more than one read in the kernel.
//   - An empty file, with which the kernel says that reading failed, is read once more
//     and is then drivers.ErrTimeout. A slave, or a bus, that is not there is
//     drivers.ErrUnplugged. The kernel keeps a pulled slave for about nine of its
//     searches (a minute and a half at the usual ten seconds), so at first a pulled
//     slave is a timeout.
//
// Not here: writing to slaves, the search, buses that the kernel does not drive.
//
// Source: Documentation/w1/w1-generic.rst and w1/slaves/w1_therm.rst of the kernel, and
// what kernels 6.1 and 6.12 do.
package w1

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// Config says which bus.
type Config struct {
	// Path is the folder that has one folder for each slave.
	Path string
	// Trace, if set, is called with what is asked ("28-0316a2794eff/temperature") and
	// with what the file held. It must be quick and must not keep p.
	Trace func(sent bool, p []byte, at time.Time)
}

// Root is where the kernel has its slaves.
const Root = "/sys/bus/w1/devices"

// maxFile is more than any file of a slave holds.
const maxFile = 4096

// Bus is the kernel's 1-Wire bus. Its methods may be called from several goroutines.
type Bus struct {
	cfg   Config
	read  func(path string) ([]byte, error)
	jobs  chan *job
	start sync.Once // of the goroutine that reads
	quit  chan struct{}
	ended chan struct{}

	mu     sync.Mutex // guards what follows
	closed bool
	h      Health
	busy   time.Time // since when the present read is in the kernel; zero: none
}

// Health is how a bus is doing. The counts run since New.
type Health struct {
	Path    string
	Fault   error  // why the folder of slaves cannot be used; nil: it can, or was never tried
	Reads   uint64 // files read
	Empty   uint64 // files that were empty: the slave did not answer, or its checksum was wrong
	Absent  uint64 // reads of a slave that the kernel does not have
	Retries uint64
	Stuck   uint64        // calls that ended while the kernel was in a read, or waited for one
	Busy    time.Duration // how long the present read is in the kernel; 0: none is
}

// New checks cfg and returns the bus. Nothing is read yet.
func New(cfg Config) (*Bus, error) {
	if cfg.Path == "" {
		return nil, errors.New("1-wire bus: the path is empty; write w1: " + Root)
	}
	return newBus(cfg, readFile), nil
}

func newBus(cfg Config, read func(string) ([]byte, error)) *Bus {
	return &Bus{cfg: cfg, read: read, jobs: make(chan *job), quit: make(chan struct{}), ended: make(chan struct{}), h: Health{Path: cfg.Path}}
}

// String returns the path, which names the bus in errors.
func (b *Bus) String() string { return b.cfg.Path }

// Health returns a snapshot. It does not wait for the bus.
func (b *Bus) Health() Health {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.h
	if !b.busy.IsZero() {
		h.Busy = time.Since(b.busy)
	}
	return h
}

// closing is how long Close waits for a read that the kernel has.
const closing = 2 * time.Second

// Close gives the bus up for good; whoever waits for it is told so. A read that the
// kernel does not end within two seconds is left to it. A second call does nothing.
func (b *Bus) Close() error {
	b.mu.Lock()
	first := !b.closed
	b.closed = true
	b.mu.Unlock()
	if !first {
		return nil
	}
	close(b.quit)
	idle := false
	b.start.Do(func() { idle = true }) // nobody ever read: there is nothing to end
	if idle {
		return nil
	}
	t := time.NewTimer(closing)
	defer t.Stop()
	select {
	case <-b.ended:
		return nil
	case <-t.C:
		return fmt.Errorf("%s: the kernel does not end the last read", b)
	}
}

// ids are those of slaves as the kernel writes them: family, serial number.
var ids = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{12}$`)

// CheckID says whether id can be a slave's.
func CheckID(id string) error {
	if !ids.MatchString(id) {
		return fmt.Errorf("%q is no 1-Wire id; write it as ls %s shows it, family and serial number: 28-0316a2794eff", id, Root)
	}
	return nil
}

// Slave returns one slave of the bus.
func (b *Bus) Slave(id string) (*Slave, error) {
	if err := CheckID(id); err != nil {
		return nil, err
	}
	return &Slave{b, id}, nil
}

// Slave is one slave. It implements drivers.OneWire.
type Slave struct {
	bus *Bus
	id  string
}

var _ drivers.OneWire = (*Slave)(nil)

// String returns the slave's id.
func (s *Slave) String() string { return s.id }

type job struct {
	slave, file string
	done        chan result // buffered
}

type result struct {
	text []byte
	err  error
}

// Read implements drivers.OneWire.
func (s *Slave) Read(ctx context.Context, file string) ([]byte, error) {
	b := s.bus
	if file == "" || file != filepath.Base(file) || file == ".." || file == "." {
		return nil, fmt.Errorf("%s: %q is no file of a slave", s, file)
	}
	if err := over(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	b.start.Do(func() { go b.serve() })
	j := &job{slave: s.id, file: file, done: make(chan result, 1)}
	select {
	case b.jobs <- j:
	case <-b.quit:
		return nil, fmt.Errorf("%s: %w", s, os.ErrClosed)
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: %w", s, b.stuck(ctx))
	}
	select {
	case r := <-j.done:
		if r.err != nil {
			return nil, fmt.Errorf("%s: %s: %w", s, file, r.err)
		}
		return r.text, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: %w", s, b.stuck(ctx))
	}
}

// over returns ErrTimeout when ctx's deadline has passed, its error when it was
// cancelled, nil while it runs.
func over(ctx context.Context) error {
	if err := ctx.Err(); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return drivers.ErrTimeout
}

func (b *Bus) stuck(ctx context.Context) error {
	err := over(ctx)
	if !errors.Is(err, drivers.ErrTimeout) {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.h.Stuck++
	if b.busy.IsZero() {
		return fmt.Errorf("%w: the bus had no turn to give", err)
	}
	return fmt.Errorf("%w: the kernel has been reading a slave for %v", err, time.Since(b.busy).Round(time.Millisecond))
}
