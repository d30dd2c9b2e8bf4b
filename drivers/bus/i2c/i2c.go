//go:build linux

// Package i2c owns I2C buses. A [Bus] lives as long as the gateway does, whether or
// not its adapter is there: it opens the bus at first use through periph.io
// (/dev/i2c-N, one I2C_RDWR call for each transaction), and lends each driver one
// address of it as a drivers.I2C.
//
// What it promises:
//   - One transaction at a time, each with a repeated start between what is written
//     and what is read.
//   - A call ends with its context, even while the kernel is stuck in the
//     transaction. The bus then stays taken until the kernel gives up (its own limit
//     is a second with most adapters), and everybody else is told so.
//   - An adapter that is gone says drivers.ErrUnplugged and is opened again, after
//     growing pauses, when it is back. The device node is held only while it is in
//     use: an open one would keep the kernel from letting a pulled adapter go.
//   - What nobody acknowledged, or another master talked over, is sent again at most
//     twice, and only as long as the budget lasts: retries are at most a tenth of the
//     traffic. So a write may reach the part twice; a part for which that matters is
//     none for this bus.
//   - An address that a driver of the kernel has (iio's bmp280, say) is refused with
//     drivers.ErrBusy: two masters in one machine spoil each other's values.
//   - What is wrong with a bus is counted: see [Health].
//
// Not here: ten-bit addresses, the speed of the bus (the device tree sets it), SMBus
// adapters that cannot do plain transfers (they are told by name).
//
// Source: linux/i2c-dev.h and Documentation/i2c/fault-codes.rst of the kernel; UM10204,
// I2C-bus specification, rev. 7.
package i2c

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// Config says which bus.
type Config struct {
	// Path is the device node, /dev/i2c-1, or a link to one, which a udev rule may give
	// an adapter whose number changes. One that ends in .sock is a lab bus: a simulator
	// serves it on this socket, in the language of package labbus.
	Path string
	// Trace, if set, is called with every transaction that the bus carried out, byte
	// for byte as on the wire: the address byte (its lowest bit 0 for a write, 1 for a
	// read), then the data. It must be quick and must not keep p.
	Trace func(sent bool, p []byte, at time.Time)
}

// MaxLen is how many bytes one transaction may write or read; the kernel's limit.
const MaxLen = 8192

// conn is an open bus of periph's.
type conn interface {
	Tx(addr uint16, w, r []byte) error
	Close() error
}

// machine is the board around the bus.
type machine struct {
	open  func(path string) (conn, error) // errors wrap the contract's, see openNode
	there func(path string) bool          // whether the node is
	taken func(path string, addr uint8) string
}

// Bus is one I2C bus. Its methods may be called from several goroutines.
type Bus struct {
	cfg     Config
	machine machine
	jobs    chan *job
	start   sync.Once // of the goroutine that speaks on the bus
	quit    chan struct{}
	ended   chan struct{}

	mu     sync.Mutex // guards what follows
	closed bool
	h      Health
	busy   time.Time // since when the present transaction is in the kernel; zero: none
	spare  int       // budget of retries, in hundredths
}

// New checks cfg and returns the bus, not opened yet: its adapter may be absent.
func New(cfg Config) (*Bus, error) {
	if cfg.Path == "" {
		return nil, errors.New("i2c bus: the path is empty; write i2c: /dev/i2c-1")
	}
	return newBus(cfg, board()), nil
}

func newBus(cfg Config, m machine) *Bus {
	return &Bus{cfg: cfg, machine: m, jobs: make(chan *job), quit: make(chan struct{}), ended: make(chan struct{}),
		h: Health{Path: cfg.Path}, spare: maxSpare}
}

// String returns the path, which names the bus in errors.
func (b *Bus) String() string { return b.cfg.Path }

// closing is how long Close waits for a transaction that the kernel has.
const closing = time.Second

// Close gives the bus up for good; whoever waits for it is told so. A transaction that
// the kernel does not end within a second is left to it. A second call does nothing.
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
	b.start.Do(func() { idle = true }) // nobody ever spoke: there is nothing to end
	if idle {
		return nil
	}
	t := time.NewTimer(closing)
	defer t.Stop()
	select {
	case <-b.ended:
		return nil
	case <-t.C:
		return fmt.Errorf("%s: the kernel does not end the last transaction", b)
	}
}

// Device returns one address (7 bits) of the bus.
func (b *Bus) Device(addr uint8) *Device { return &Device{bus: b, addr: addr} }

// Device is one address on a bus. It implements drivers.I2C.
type Device struct {
	bus  *Bus
	addr uint8
}

var _ drivers.I2C = (*Device)(nil)

// String names bus and address: "/dev/i2c-1 0x76".
func (d *Device) String() string { return fmt.Sprintf("%s %#02x", d.bus, d.addr) }

// job is one transaction, with buffers of its own: the kernel may still write into
// them when nobody waits any more.
type job struct {
	addr uint8
	w, r []byte
	done chan error // buffered
}

// Tx implements drivers.I2C. Beside the contract's errors it returns ErrBusy where the
// kernel or another master has the address, and ErrProtocol where the adapter reports
// a fault without a name.
func (d *Device) Tx(ctx context.Context, w, r []byte) error {
	b := d.bus
	switch {
	case len(w) > MaxLen || len(r) > MaxLen:
		return fmt.Errorf("%s: %d bytes written and %d read in one transaction; at most %d", d, len(w), len(r), MaxLen)
	case len(w)+len(r) == 0:
		return nil
	}
	if err := ended(ctx); err != nil {
		return fmt.Errorf("%s: %w", d, err)
	}
	b.start.Do(func() { go b.serve() })
	j := &job{addr: d.addr, w: append([]byte(nil), w...), r: make([]byte, len(r)), done: make(chan error, 1)}
	select {
	case b.jobs <- j:
	case <-b.quit:
		return fmt.Errorf("%s: %w", d, os.ErrClosed)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", d, b.stuck(ctx))
	}
	select {
	case err := <-j.done:
		if err != nil {
			return fmt.Errorf("%s: %w", d, err)
		}
		copy(r, j.r)
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", d, b.stuck(ctx))
	}
}

// ended returns ErrTimeout when ctx's deadline has passed, its error when it was
// cancelled, nil while it runs.
func ended(ctx context.Context) error {
	switch err := ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		return drivers.ErrTimeout
	default:
		return err
	}
}

// stuck is the error of a call whose context ended before the bus had a result.
func (b *Bus) stuck(ctx context.Context) error {
	err := ended(ctx)
	if !errors.Is(err, drivers.ErrTimeout) {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.h.Stuck++
	if b.busy.IsZero() {
		return fmt.Errorf("%w: the bus had no turn to give", err)
	}
	return fmt.Errorf("%w: the kernel has been in a transaction for %v; is SDA or SCL held low, or a pull-up missing?",
		err, time.Since(b.busy).Round(time.Millisecond))
}
