//go:build linux

package serial

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Health is how a line is doing. The counts run since New.
type Health struct {
	Path     string
	Open     bool
	Since    time.Time // of the last opening, if Open
	Lost     time.Time // when it was found unplugged, absent or busy; zero if Open or never tried
	Fault    error     // why it is not open, if a try failed or it was unplugged
	Reopened uint64    // openings after the first one

	BytesIn, BytesOut uint64
	Noise             uint64 // bytes that belonged to no good frame
	BadChecksums      uint64 // frames whose checksum was wrong
	Timeouts          uint64 // reads and writes that ended at their deadline

	// Errors are the kernel's counts for the hardware, since the adapter was
	// plugged in; nil if its driver keeps none (most ptys and some USB adapters).
	Errors *LineErrors
}

// LineErrors point at the wiring or the settings: framing and parity errors at a
// wrong speed or parity, or at a disturbed line; overruns at a machine that is
// too busy.
type LineErrors struct{ Framing, Parity, Overrun, Break uint32 }

// Health returns a snapshot. It does not block.
func (l *Line) Health() Health {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := Health{
		Path: l.cfg.Path, Lost: l.lost, Fault: l.refused,
		Reopened: max(l.opens, 1) - 1,
		BytesIn:  l.count.in.Load(), BytesOut: l.count.out.Load(),
		Noise: l.count.noise.Load(), BadChecksums: l.count.badChecksums.Load(), Timeouts: l.count.timeouts.Load(),
	}
	if l.port != nil {
		h.Open, h.Since, h.Errors = true, l.port.opened, l.port.lineErrors()
	}
	return h
}

// icounter is struct serial_icounter_struct of linux/serial.h.
type icounter struct {
	cts, dsr, rng, dcd                                 int32
	rx, tx, frame, overrun, parity, brk, bufferOverrun int32
	_                                                  [9]int32
}

func (p *port) lineErrors() *LineErrors {
	const tiocgicount = 0x545D
	var c icounter
	err := p.control(func(fd int) error {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), tiocgicount, uintptr(unsafe.Pointer(&c)))
		if errno != 0 {
			return errno
		}
		return nil
	})
	if err != nil {
		return nil
	}
	return &LineErrors{Framing: uint32(c.frame), Parity: uint32(c.parity), Overrun: uint32(c.overrun) + uint32(c.bufferOverrun), Break: uint32(c.brk)}
}
