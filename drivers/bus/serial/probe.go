//go:build linux

package serial

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Offer is what a port's driver can do for RS-485.
type Offer struct {
	Kernel bool // it has an RS-485 mode
	On     bool // which is switched on
	RTS    bool // it has an RTS line
}

// Probe asks a port's driver what it offers, and leaves everything as it is. Opening a port that
// nobody has open raises its RTS and DTR for a moment, as every program that opens it
// does. The error is Open's; a port that another program keeps for itself is
// drivers.ErrBusy.
func Probe(path string) (Offer, error) { return probe(path, kernel) }

func probe(path string, via ioctl) (o Offer, err error) {
	f, err := os.OpenFile(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return o, openError(path, err)
	}
	defer f.Close()
	p := &port{f: f, ioctl: via}
	var t unix.Termios
	if err := p.settings(unix.TCGETS2, unix.TCGETS, &t); err != nil {
		return o, openError(path, err)
	}
	var r rs485
	err = ask(p, unix.TIOCGRS485, &r)
	if o.On = err == nil && r.flags&rs485Enabled != 0; err == nil && !o.On {
		// That it can be read says nothing: the serial core answers for every UART. What was
		// read is written back, which a driver without the mode refuses.
		err = ask(p, unix.TIOCSRS485, &r)
	}
	if err != nil && !errors.Is(err, unix.ENOTTY) {
		return o, openError(path, err)
	}
	o.Kernel = err == nil
	var lines int32
	o.RTS = ask(p, unix.TIOCMGET, &lines) == nil
	return o, nil
}
