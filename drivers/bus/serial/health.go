//go:build linux

package serial

import (
	"time"
)

// Health is how a line is doing. The counts run since New.
type Health struct {
	Path     string
	Settings string // "9600 8N1"
	Open     bool
	Since    time.Time // of the last opening, if Open
	Lost     time.Time // when it was found unplugged, absent or busy; zero if Open or never tried
	Fault    error     // why it is not open, if a try failed or it was unplugged
	Reopened uint64    // openings after the first one

	// Direction says who switches an RS-485 transceiver, while the line is open; empty:
	// it was taken as it is. DirectionWhy says more about it, in English.
	Direction    Direction
	DirectionWhy string
	Echo         bool    // what was sent comes back, and is taken out
	Busy         float64 // share of the last minute, 0 to 1: bytes, and waiting for answers
	Adapter      string  // what is plugged in, as far as the machine says
	OnBoard      bool    // it is a port of the board itself, no USB adapter
	// Swapped is what was plugged in before under this name, if that was another
	// adapter; empty: nothing else since New.
	Swapped string

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
		Path: l.cfg.Path, Settings: text(l.cfg.Settings), Lost: l.lost, Fault: l.refused,
		Reopened: max(l.opens, 1) - 1,
		BytesIn:  l.count.in.Load(), BytesOut: l.count.out.Load(),
		Noise: l.count.noise.Load(), BadChecksums: l.count.badChecksums.Load(), Timeouts: l.count.timeouts.Load(),
	}
	h.Echo, h.Busy, h.Swapped = l.echo.known() || l.cfg.Echo == EchoOn, l.busy.share(time.Now()), l.adapter.swapped
	if l.adapter.known {
		h.Adapter, h.OnBoard = l.adapter.port.String(), l.adapter.port.USB == nil
	}
	if l.port != nil {
		h.Direction, h.DirectionWhy = l.port.mode, l.port.why
		h.Open, h.Since, h.Errors = true, l.port.opened, l.port.lineErrors()
	}
	return h
}

// icounter is struct serial_icounter_struct of linux/serial.h.
type icounter struct {
	_, _, _, _, _, _                           int32 // modem lines, bytes in and out
	frame, overrun, parity, brk, bufferOverrun int32
	_                                          [9]int32
}

func (p *port) lineErrors() *LineErrors {
	const tiocgicount = 0x545D
	var c icounter
	if err := ask(p, tiocgicount, &c); err != nil {
		return nil
	}
	return &LineErrors{Framing: uint32(c.frame), Parity: uint32(c.parity), Overrun: uint32(c.overrun) + uint32(c.bufferOverrun), Break: uint32(c.brk)}
}
