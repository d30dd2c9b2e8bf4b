//go:build linux

// Package serial owns serial lines. A [Line] lives as long as the gateway does,
// whether or not an adapter is plugged in: it opens the line at first use, gives
// it up at once when it is unplugged, and opens it again when it is back. It is
// lent to one driver, or to the owner of a Modbus line, as a drivers.Port.
//
// What it promises:
//
//   - Reads and writes end with their context: at its deadline, or at once when
//     it is cancelled or the line is closed.
//
//   - No other program that locks its ports (flock) speaks on the line while it
//     is open; one that does not and is not root is kept out by TIOCEXCL.
//
//   - An unplugged line holds no descriptor, so that the kernel can give the
//     adapter its old name back; every call says drivers.ErrUnplugged.
//
//   - What is wrong with a line is counted: see [Health].
//
//   - What the kernel or the adapter cannot do (a speed, a parity, a way to switch
//     an RS-485 transceiver) is refused by name when the line is opened, never
//     replaced by something else in silence. A pseudo terminal is let off: it has
//     neither.
//
// The line is opened and set by github.com/tarm/serial. Beside it stands a second,
// non-blocking descriptor that does the reading and writing: on tarm's own one a
// Read cannot be ended, a timeout looks like the end of the file, and Close waits
// for the Read. What tarm/serial has no word for (other speeds than the usual ones,
// mark and space parity, RS-485, breaks) is set on this descriptor. Bytes with
// parity errors are dropped by the kernel and show up as a wrong checksum.
//
// What it leaves to others: the silence between Modbus frames and a Modbus request's
// own echo belong to drivers/bus/modbus, an SDI-12 command's echo to drivers/bus/sdi12.
// Sources: tty_ioctl(4) and termios(3) of the Linux manual pages, the kernel's
// Documentation/driver-api/serial/serial-rs485.rst.
package serial

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/adapter"
)

// Config says which line and how.
type Config struct {
	// Path is the device node. A stable name (/dev/serial/by-id/…) finds the
	// adapter again wherever it is plugged in.
	Path string
	// Settings of the line; what is not stated is 9600 bit/s, 8 data bits, no parity, 1
	// stop bit.
	Settings drivers.LineSettings
	// RS485 says who switches the transceiver; without it the line is taken as it is.
	RS485 Direction
	// Echo says whether the wire gives back what was sent, so that it must be taken out
	// of what is read. Without it nothing is.
	Echo Echo
	// Trace, if set, is called with all bytes that cross the line, as they come, on
	// the goroutine that reads or writes. It must be quick and must not keep p.
	Trace func(sent bool, p []byte, at time.Time)
	// OwnBreaks says that breaks on the line are sent by Line.Break only: what they look
	// like to our own receiver is dropped, not read as a zero byte.
	OwnBreaks bool
	// System is where the machine says which adapter it is; the zero value is right but
	// in tests.
	System adapter.System
	// Streaming says that the part talks unasked: what is discarded between two
	// samples is then its own surplus, not noise.
	Streaming bool
}

// Line is one serial line. Its methods may be called from several goroutines,
// but two readers would share the bytes between them.
type Line struct {
	cfg   Config
	char  time.Duration // of one character
	ioctl ioctl
	count counters
	busy  meter
	echo  echo

	mu      sync.Mutex
	port    *port // nil while the line is not open
	adapter identity
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
	if err := cfg.RS485.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Path, err)
	}
	if err := cfg.Echo.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Path, err)
	}
	cfg.Settings = withDefaults(cfg.Settings)
	l := &Line{cfg: cfg, char: Character(cfg.Settings), ioctl: kernel}
	l.echo.mode = cfg.Echo
	return l, nil
}

// Settings returns what the line is set to.
func (l *Line) Settings() drivers.LineSettings { return l.cfg.Settings }

// Character is how long one character takes on the line.
func (l *Line) Character() time.Duration { return l.char }

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
	p, err := openPort(l.cfg, l.ioctl)
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
	l.adapter.meet(l.cfg.Path, l.cfg.System)
	l.busy.start(now)
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
