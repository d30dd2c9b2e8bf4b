//go:build linux

package serial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/drivers"
)

// Direction says who switches an RS-485 transceiver between sending and receiving.
// Nobody does on a line that has none: RS-232, RS-422, a sensor on a UART.
type Direction string

// The directions that a line can be asked for. The zero value leaves the port as it is
// found.
const (
	// Auto lets the kernel switch if the port's driver can, and takes it otherwise
	// that the adapter switches itself, as most USB adapters do.
	Auto Direction = "auto"
	// Kernel has the port's driver switch with RTS, or refuses the line.
	Kernel Direction = "kernel"
	// RTS has this program raise RTS to send and lower it to receive. A user program
	// is late: some milliseconds after the last bit, which slaves with a turnaround
	// time of 20 ms and more do not notice.
	RTS Direction = "rts"
	// RTSLow is RTS the other way round: lowered to send.
	RTSLow Direction = "rts-low"
	// Off switches the kernel's RS-485 mode off if it is on.
	Off Direction = "off"
	// Adapter is what Auto may come to: nobody here switches, the adapter has to. It
	// cannot be asked for.
	Adapter Direction = "adapter"
)

func (d Direction) check() error {
	if d == "" || slices.Contains([]Direction{Auto, Kernel, RTS, RTSLow, Off}, d) {
		return nil
	}
	return &drivers.OptionError{Key: "rs485", Msg: fmt.Sprintf("%q is no way to switch RS-485; write auto, kernel, rts, rts-low or off", string(d))}
}

// CheckDirection says whether a line can be asked for d.
func CheckDirection(d Direction) error { return d.check() }

// rs485 is struct serial_rs485 of linux/serial.h.
type rs485 struct {
	flags         uint32
	before, after uint32 // ms that RTS leads and trails
	_             [5]uint32
}

const (
	rs485Enabled   = 1 << 0
	rs485OnSend    = 1 << 1 // RTS high while sending
	rs485AfterSend = 1 << 2 // RTS high while receiving
)

// direct brings the port into the way of switching that was asked for, and says
// which one is in force and why.
func (p *port) direct(asked Direction) (err error) {
	switch asked {
	case Auto:
		if p.mode, p.why, err = p.byKernel(); err != nil {
			p.mode, p.why = Adapter, err.Error()
		}
		return nil
	case Kernel:
		if p.mode, p.why, err = p.byKernel(); err != nil {
			return fmt.Errorf("rs485: kernel: %w; write rs485: auto if the adapter does it itself, or rts", err)
		}
		return nil
	case RTS, RTSLow:
		p.mode = asked
		if err := p.key(false); err != nil {
			return fmt.Errorf("rs485: %s: this port has no RTS (%w); write rs485: auto", asked, err)
		}
		return nil
	case Off:
		p.mode = Off
		return p.stopKernel()
	}
	return nil
}

var (
	errNoMode  = errors.New("the kernel's driver of this port has no RS-485 mode")
	errIgnored = errors.New("the kernel's driver of this port takes the RS-485 mode and leaves it off")
)

// byKernel switches the kernel's mode on. Where the board's description did that
// already, it knows polarity and delays better: that stays.
func (p *port) byKernel() (Direction, string, error) {
	var was, got rs485
	switch err := ask(p, unix.TIOCGRS485, &was); {
	case errors.Is(err, unix.ENOTTY):
		return "", "", errNoMode
	case err != nil:
		return "", "", fmt.Errorf("read the RS-485 mode: %w", err)
	}
	if was.flags&rs485Enabled != 0 {
		return Kernel, "it was on already; " + was.text(), nil
	}
	want := rs485{flags: rs485Enabled | rs485OnSend, before: was.before, after: was.after}
	switch err := ask(p, unix.TIOCSRS485, &want); {
	case errors.Is(err, unix.ENOTTY):
		return "", "", errNoMode
	case err != nil:
		return "", "", fmt.Errorf("set the RS-485 mode: %w", err)
	}
	// The kernel clears what the driver cannot do, and may turn the polarity round.
	if err := ask(p, unix.TIOCGRS485, &got); err != nil {
		return "", "", fmt.Errorf("read the RS-485 mode back: %w", err)
	}
	if got.flags&rs485Enabled == 0 {
		return "", "", errIgnored
	}
	return Kernel, got.text(), nil
}

func (r rs485) text() string {
	level := "RTS is high while sending"
	if r.flags&rs485OnSend == 0 {
		level = "RTS is low while sending"
	}
	if r.before == 0 && r.after == 0 {
		return level
	}
	return fmt.Sprintf("%s, %d ms before and %d ms after", level, r.before, r.after)
}

// stopKernel switches the kernel's mode off. A driver that has none is off.
func (p *port) stopKernel() error {
	var r rs485
	if err := ask(p, unix.TIOCGRS485, &r); err != nil || r.flags&rs485Enabled == 0 {
		return nil
	}
	r.flags &^= rs485Enabled
	if err := ask(p, unix.TIOCSRS485, &r); err != nil {
		return fmt.Errorf("rs485: off: %w", err)
	}
	return nil
}

// keyed says whether this program switches.
func (p *port) keyed() bool { return p.mode == RTS || p.mode == RTSLow }

// key brings the transceiver into sending or receiving.
func (p *port) key(sending bool) error { return p.modem(unix.TIOCM_RTS, sending == (p.mode == RTS)) }

const (
	// drainSlack is how long after its computed end a transmission may go on: USB
	// adapters take bytes in blocks.
	drainSlack = 100 * time.Millisecond
	// drainLook is how often the transmitter is asked, about a character at 9600.
	drainLook = time.Millisecond
)

// drained waits until what was written since start has left the line: n characters,
// and, where the UART tells, its shift register. It does not end early: to let go in
// the middle of a character helps nobody. What is left is bounded by what ctx let pass
// into the hardware, and by drainSlack.
func (p *port) drained(start time.Time, n int, char time.Duration) {
	end := start.Add(time.Duration(n) * char)
	_ = sleepUntil(context.Background(), end) // never ended
	for limit := time.Now().Add(drainSlack); time.Now().Before(limit); {
		empty, known := p.shifted()
		switch {
		case empty && p.unsent() == 0:
			return
		case !known && p.unsent() == 0:
			_ = sleepUntil(context.Background(), time.Now().Add(char)) // the one that is in the register
			return
		}
		_ = sleepUntil(context.Background(), time.Now().Add(min(drainLook, max(char/2, 50*time.Microsecond))))
	}
}

// sleepUntil waits for at, or for ctx.
func sleepUntil(ctx context.Context, at time.Time) error {
	wait := time.Until(at)
	if wait <= 0 {
		return nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
