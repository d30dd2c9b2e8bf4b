//go:build linux

// Package serial owns serial lines. A [Line] lives as long as the gateway does,
// whether or not an adapter is plugged in: it opens the line at first use, gives
// it up at once when it is unplugged, and opens it again when it is back. It is
// lent to one driver, or to the owner of a Modbus line, as a drivers.Port.
//
// What it promises:
//   - Reads and writes end with their context: at its deadline, or at once when
//     it is cancelled or the line is closed.
//   - No other program that locks its ports (flock) speaks on the line while it
//     is open; one that does not and is not root is kept out by TIOCEXCL.
//   - An unplugged line holds no descriptor, so that the kernel can give the
//     adapter its old name back; every call says drivers.ErrUnplugged.
//   - What is wrong with a line is counted: see [Health].
//
// The line is opened and set by github.com/tarm/serial. Beside it stands a second,
// non-blocking descriptor that does the reading and writing: on tarm's own one a
// Read cannot be ended, a timeout looks like the end of the file, and Close waits
// for the Read. Eight data bits always; bytes with parity errors are dropped by
// the kernel and show up as a wrong checksum.
package serial

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// Config says which line and how.
type Config struct {
	// Path is the device node. A stable name (/dev/serial/by-id/…) finds the
	// adapter again wherever it is plugged in.
	Path string
	// Settings of the line; what is not stated is 9600 bit/s, no parity, 1 stop bit.
	Settings drivers.LineSettings
	// Trace, if set, is called with all bytes that cross the line, as they come, on
	// the goroutine that reads or writes. It must be quick and must not keep p.
	Trace func(sent bool, p []byte, at time.Time)
	// Streaming says that the part talks unasked: what is discarded between two
	// samples is then its own surplus, not noise.
	Streaming bool
}

// Line is one serial line. Its methods may be called from several goroutines,
// but two readers would share the bytes between them.
type Line struct {
	cfg   Config
	count counters

	mu      sync.Mutex
	port    *port // nil while the line is not open
	closed  bool
	opens   uint64
	lost    time.Time // when the line was found unplugged; zero while open
	retry   time.Time // no try to open before this
	pause   time.Duration
	refused error // why the last try failed
}

type counters struct {
	in, out, noise, badChecksums, timeouts atomic.Uint64
}

// The pause between tries to open an absent line doubles within these bounds.
// The first try after an unplugging is not delayed.
const (
	minPause = 100 * time.Millisecond
	maxPause = 5 * time.Second
)

// New checks cfg and returns the line, not opened yet: its adapter may be absent.
func New(cfg Config) (*Line, error) {
	if cfg.Path == "" {
		return nil, errors.New("serial line: the path is empty")
	}
	if err := CheckSettings(cfg.Settings); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Path, err)
	}
	cfg.Settings = withDefaults(cfg.Settings)
	return &Line{cfg: cfg}, nil
}

func withDefaults(s drivers.LineSettings) drivers.LineSettings {
	if s.Baud == 0 {
		s.Baud = 9600
	}
	if s.Parity == "" {
		s.Parity = "none"
	}
	if s.StopBits == 0 {
		s.StopBits = 1
	}
	return s
}

// bauds are the speeds that can be set on Linux through tarm/serial.
var bauds = []int{50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400, 57600, 115200,
	230400, 460800, 500000, 576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000}

// CheckSettings says whether a line can be set so. Fields that are not stated
// are accepted.
func CheckSettings(s drivers.LineSettings) error {
	switch {
	case s.Baud != 0 && !slices.Contains(bauds, s.Baud):
		return &drivers.OptionError{Key: "baud", Msg: fmt.Sprintf("a line cannot be set to %d; usual are 2400, 4800, 9600, 19200, 38400, 57600, 115200", s.Baud)}
	case !slices.Contains([]string{"", "none", "even", "odd"}, s.Parity):
		return &drivers.OptionError{Key: "parity", Msg: fmt.Sprintf("%q is not a parity; write none, even or odd", s.Parity)}
	case s.StopBits < 0 || s.StopBits > 2:
		return &drivers.OptionError{Key: "stop", Msg: fmt.Sprintf("%d stop bits; write 1 or 2", s.StopBits)}
	}
	return nil
}

// Settings returns what the line is set to.
func (l *Line) Settings() drivers.LineSettings { return l.cfg.Settings }

// String returns the path, which names the line in errors.
func (l *Line) String() string { return l.cfg.Path }

// Open opens the line if it is not open, without waiting for a pause to pass.
// The error wraps ErrUnplugged (nothing there), ErrBusy (another program has it;
// the error names it if that can be known) or os.ErrPermission.
func (l *Line) Open() error {
	l.mu.Lock()
	l.retry = time.Time{}
	l.mu.Unlock()
	_, err := l.use()
	return err
}

// Close gives the line up for good; a blocked Read or Write ends at once. A
// second call does nothing.
func (l *Line) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	p := l.port
	l.port = nil
	if p == nil {
		return nil
	}
	return p.close()
}

// use returns the open port, or opens it if its time has come.
func (l *Line) use() (*port, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return nil, fmt.Errorf("%s: %w", l.cfg.Path, os.ErrClosed)
	case l.port != nil:
		return l.port, nil
	}
	now := time.Now()
	if wait := l.retry.Sub(now); wait > 0 {
		return nil, fmt.Errorf("%w; next try in %v", l.refused, wait.Round(10*time.Millisecond))
	}
	p, err := openPort(l.cfg)
	if err != nil {
		l.refused = err
		l.delay(now)
		if l.lost.IsZero() {
			l.lost = now
		}
		return nil, err
	}
	l.port, l.lost, l.refused = p, time.Time{}, nil
	l.opens++
	return p, nil
}

// delay lets the next try wait twice as long as the last one.
func (l *Line) delay(now time.Time) {
	l.pause = min(max(2*l.pause, minPause), maxPause)
	l.retry = now.Add(l.pause)
}

// drop gives up p, which is gone, and returns why as an error that wraps
// ErrUnplugged. A port that never said anything makes the next try wait, so that
// a half-dead adapter is not opened a thousand times a second.
func (l *Line) drop(p *port, why error) error {
	err := fmt.Errorf("%s: %w (%w)", l.cfg.Path, drivers.ErrUnplugged, why)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("%s: %w", l.cfg.Path, os.ErrClosed)
	}
	if l.port != p {
		return err
	}
	p.close() // nothing can be lost: the line is gone
	l.port, l.lost, l.refused = nil, time.Now(), err
	if p.heard.Load() {
		l.pause, l.retry = 0, time.Time{}
	} else {
		l.delay(l.lost)
	}
	return err
}
