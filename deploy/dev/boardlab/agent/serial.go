//go:build linux

package main

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/panel"
)

// rs485 is struct serial_rs485 of the kernel.
type rs485 struct {
	flags, before, after uint32
	_                    [5]uint32
}

// Serial reads how a serial port is set, beside whoever uses it.
func (*Lab) Serial(path string, s *panel.Serial) error {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	t, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS2)
	if err != nil {
		return err
	}
	s.Baud, s.Parity, s.StopBits = int(t.Ospeed), "none", 1
	if t.Cflag&unix.PARENB != 0 {
		s.Parity = "even"
		if t.Cflag&unix.PARODD != 0 {
			s.Parity = "odd"
		}
	}
	if t.Cflag&unix.CSTOPB != 0 {
		s.StopBits = 2
	}
	var r rs485
	// A driver without the mode says ENOTTY, or fills in zeros.
	_, _, _ = unix.Syscall(unix.SYS_IOCTL, f.Fd(), unix.TIOCGRS485, uintptr(unsafe.Pointer(&r)))
	s.RS485 = r.flags
	return nil
}
