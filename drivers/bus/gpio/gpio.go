//go:build linux

// Package gpio owns the lines of GPIO chips: levels, outputs and pulse counters. A
// [Chip] lives as long as the gateway does, whether or not the chip is there; each line
// is requested when it is first used, and again when a chip that was gone is back.
//
// What it promises:
//   - A line is whose it was lent to. One that another program has is drivers.ErrBusy,
//     with that program's name; a chip that is not there is drivers.ErrUnplugged.
//   - A level that cannot be read is an error, never a low level.
//   - An output is requested in the state that it is first set to and never passes
//     through the other one. Asking for its state never touches it.
//   - A counter misses no edge that the kernel saw and its buffer of 1024 held; what is
//     lost, and the time in which nobody watched, is counted: see [Counter].
//
// Levels and outputs go through periph.io (host/v3/gpioioctl) where that can keep these
// promises, and straight to the kernel's character device otherwise: see periph.go for
// which is which, and why. Edges always go straight to the device: periph's requests
// hold 16 events, and it throws their times and numbers away.
//
// Not here: PWM, several lines in one request, chips of kernels before 5.10 (no
// version 2 of the interface).
//
// Source: linux/gpio.h and Documentation/userspace-api/gpio of the kernel; the requests
// are made with github.com/warthog618/go-gpiocdev/uapi.
package gpio

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// Config says which chip.
type Config struct {
	// Chip is a chip's device node (/dev/gpiochip0), its name (gpiochip0) or its label
	// (pinctrl-bcm2711). Numbers can change with the kernel, labels do not. A path that
	// ends in .sock is a lab chip: a simulator serves it on this socket, in the language
	// of package labbus.
	Chip string
	// Keep is a folder that outlives the program and costs no flash (on a tmpfs), for the
	// counters' totals. Empty: they are kept by their State alone.
	Keep string
	// Boot is the running boot's id; times of the kernel's clock mean nothing in another.
	Boot string
}

// Chip is one GPIO chip. Its methods may be called from several goroutines.
type Chip struct {
	cfg    Config
	system system

	mu     sync.Mutex // guards what follows
	closed bool
	open   []closer
	fault  error // why the chip is not there; nil: it is
	lost   time.Time
}

type closer interface{ Close() error }

// New checks cfg and returns the chip. Nothing is opened yet.
func New(cfg Config) (*Chip, error) {
	if Simulated(cfg.Chip) {
		return newChip(cfg, lab{cfg.Chip})
	}
	return newChip(cfg, kernel{})
}

func newChip(cfg Config, s system) (*Chip, error) {
	if cfg.Chip == "" {
		return nil, errors.New("gpio chip: it has no name; write gpio: /dev/gpiochip0, or the chip's label")
	}
	return &Chip{cfg: cfg, system: s}, nil
}

// String returns how the configuration names the chip.
func (c *Chip) String() string { return c.cfg.Chip }

// Close gives all lines up. Outputs stay as they are as far as the chip lets them.
// A second call does nothing.
func (c *Chip) Close() error {
	c.mu.Lock()
	open := c.open
	c.open, c.closed = nil, true
	c.mu.Unlock()
	var errs []error
	for _, l := range open {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// keep makes Close close l as well.
func (c *Chip) keep(l closer) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return fmt.Errorf("%s: %w", c, os.ErrClosed)
	}
	c.open = append(c.open, l)
	return nil
}

func (c *Chip) forget(l closer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = slices.DeleteFunc(c.open, func(o closer) bool { return o == l })
}

// system is where chips come from: the kernel, a simulator, or a test.
type system interface {
	// chips lists the chips that are there. The error is about those that cannot be
	// asked; the list is good all the same.
	chips() ([]chip, error)
	// line requests a line of one.
	line(chip, want) (handle, error)
	// now reads the clock that events are stamped with: since the board is up.
	now() time.Duration
}

// chip is one chip as it was found.
type chip struct {
	path, name, label string
	lines             []lineInfo // by their numbers
}

type lineInfo struct {
	name, consumer string
	used           bool
}

// want is what a line is requested as.
type want struct {
	offset    int
	name      string // empty, or one that no other line of the chip has
	activeLow bool
	pull      string // up, down, none, or as it is
	debounce  time.Duration
	edges     bool
	output    bool
	openDrain bool
	on        bool // the state that an output begins in
	consumer  string
}

// handle is a requested line. Levels are logical: true is active.
type handle interface {
	get() (bool, error)
	set(on bool) error
	// Read returns whole events, as the kernel has them, of a line that was requested
	// with edges. It ends at the deadline with os.ErrDeadlineExceeded.
	Read(p []byte) (int, error)
	SetReadDeadline(time.Time) error
	Close() error
}

// request finds a line and requests it.
func (c *Chip) request(line string, w want) (h handle, err error) {
	defer func() { c.note(err) }()
	found, err := c.find()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c, err)
	}
	if w.offset, w.name, err = found.find(line); err != nil {
		return nil, fmt.Errorf("%s: %w", c, err)
	}
	w.consumer = "lamppost"
	if h, err = c.system.line(found, w); err != nil {
		return nil, fmt.Errorf("%s %s: %w", c, line, explain(err, found.lines[w.offset].consumer))
	}
	return h, nil
}

// note remembers whether the chip is there.
func (c *Chip) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		c.fault, c.lost = nil, time.Time{}
	case !errors.Is(err, drivers.ErrUnplugged):
	default:
		c.fault = err
		if c.lost.IsZero() {
			c.lost = time.Now()
		}
	}
}

// Health is how a chip is doing.
type Health struct {
	Chip  string    // as the configuration names it
	Lost  time.Time // when it was found absent; zero while it is there or was never tried
	Fault error     // why it cannot be used; nil: it can, or was never tried

	// Of all counters together, since New.
	Edges   uint64 // seen
	Gone    uint64 // known to have come and not seen
	Bounces uint64 // pulses not counted, for they came too soon
	Keeping error  // why totals are not written to the folder Keep; nil: they are, or there is none
}

// Health returns a snapshot. It does not wait for the chip.
func (c *Chip) Health() Health {
	c.mu.Lock()
	h := Health{Chip: c.cfg.Chip, Lost: c.lost, Fault: c.fault}
	open := slices.Clone(c.open)
	c.mu.Unlock() // a counter may hold its own lock and want this one
	for _, l := range open {
		if n, ok := l.(*Counter); ok {
			n.health(&h)
		}
	}
	return h
}

func (n *Counter) health(h *Health) {
	n.mu.Lock()
	defer n.mu.Unlock()
	h.Edges, h.Gone, h.Bounces = h.Edges+n.tally.edges, h.Gone+n.tally.gone, h.Bounces+n.tally.bounce
	if n.keeping != nil {
		h.Keeping = n.keeping
	}
}

// find returns the chip that the configuration names.
func (c *Chip) find() (chip, error) {
	all, odd := c.system.chips()
	var fits []chip
	var there []string
	for _, k := range all {
		there = append(there, fmt.Sprintf("%s (%s)", k.path, k.label))
		if k.path == c.cfg.Chip || k.name == c.cfg.Chip {
			return k, nil
		}
		if k.label == c.cfg.Chip {
			fits = append(fits, k)
		}
	}
	switch {
	case len(fits) == 1:
		return fits[0], nil
	case len(fits) > 1:
		return chip{}, fmt.Errorf("%d chips have this label; write the device node instead: %s", len(fits), strings.Join(there, ", "))
	case odd != nil:
		return chip{}, odd
	case len(there) == 0:
		return chip{}, fmt.Errorf("%w: this board shows no GPIO chip", drivers.ErrUnplugged)
	}
	return chip{}, fmt.Errorf("%w: there is no such chip; there are %s", drivers.ErrUnplugged, strings.Join(there, ", "))
}

// find returns the number and name of a line that is given by one of them.
func (k chip) find(line string) (offset int, name string, err error) {
	var fits []int
	for i, l := range k.lines {
		if line != "" && l.name == line {
			fits = append(fits, i)
		}
	}
	switch n, nerr := strconv.Atoi(line); {
	case len(fits) == 1:
		return fits[0], line, nil
	case len(fits) > 1:
		return 0, "", fmt.Errorf("lines %v are all called %s; write the number of the one that is meant", fits, line)
	case nerr != nil:
		return 0, "", fmt.Errorf("no line is called %s; gpioinfo shows their names and numbers", line)
	case n < 0 || n >= len(k.lines):
		return 0, "", fmt.Errorf("there is no line %d, the chip has lines 0 to %d", n, len(k.lines)-1)
	default:
		return n, k.unique(n), nil
	}
}

// unique is the name of line n if it has one and no other line has the same.
func (k chip) unique(n int) string {
	name := k.lines[n].name
	for i, l := range k.lines {
		if l.name == name && i != n {
			return ""
		}
	}
	return name
}
