//go:build linux

// Package ptytest makes pseudo terminals that stand for serial lines, for tests
// and for the simulated street. A pty carries the real bytes through the real
// tty layer of the kernel; what it lacks is the pace of a line, parity and noise.
package ptytest

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Open makes a pseudo terminal. Whoever opens slavePath is the gateway's side;
// what is written to master is what the sensor says. The line is raw and without
// echo from the start, so nothing is changed or given back on the way.
//
// Master's deadlines work and Close ends a blocked Read. Closing it hangs the
// line up, as pulling the plug does, and slavePath is gone. A read from master
// gives EIO while nobody has slavePath open, once somebody had.
func Open() (master *os.File, slavePath string, err error) {
	master, err = os.OpenFile("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, "", fmt.Errorf("pseudo terminal: %w", err)
	}
	number := 0
	err = control(master, func(fd int) error {
		if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
			return fmt.Errorf("unlock: %w", err)
		}
		if number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN); err != nil {
			return fmt.Errorf("number: %w", err)
		}
		return makeRaw(fd)
	})
	if err != nil {
		master.Close()
		return nil, "", fmt.Errorf("pseudo terminal: %w", err)
	}
	return master, "/dev/pts/" + strconv.Itoa(number), nil
}

// makeRaw sets the slave's side through the master, before anybody has it.
func makeRaw(fd int) error {
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, t); err != nil {
		return fmt.Errorf("make raw: %w", err)
	}
	return nil
}

// control runs do with f's descriptor, without making f blocking as Fd would.
func control(f *os.File, do func(fd int) error) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := c.Control(func(fd uintptr) { inner = do(int(fd)) }); err != nil {
		return err
	}
	return inner
}
