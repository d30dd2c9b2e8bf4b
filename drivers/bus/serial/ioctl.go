//go:build linux

package serial

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ioctl is the one door to the kernel for everything that a pseudo terminal does not
// have. Tests stand in it.
type ioctl func(fd int, request uint, arg unsafe.Pointer) error

func kernel(fd int, request uint, arg unsafe.Pointer) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(arg))
	if errno != 0 {
		return errno
	}
	return nil
}

// ask calls the kernel with a structure or number that it reads or writes.
func ask[T any](p *port, request uint, arg *T) error {
	err := p.control(func(fd int) error { return p.ioctl(fd, request, unsafe.Pointer(arg)) })
	runtime.KeepAlive(arg)
	return err
}

// tell calls the kernel with nothing beside the request.
func (p *port) tell(request uint) error {
	return p.control(func(fd int) error { return p.ioctl(fd, request, nil) })
}

// modem raises or lowers modem control lines.
func (p *port) modem(lines int32, on bool) error {
	request := uint(unix.TIOCMBIC)
	if on {
		request = unix.TIOCMBIS
	}
	return ask(p, request, &lines)
}

// shifted says whether the last bit of what was written has left the UART, as far as
// its driver knows. ok is false where it keeps no such register.
func (p *port) shifted() (empty, ok bool) {
	var lsr int32
	if err := ask(p, unix.TIOCSERGETLSR, &lsr); err != nil {
		return false, false
	}
	return lsr&unix.TIOCSER_TEMT != 0, true
}

// flush drops what was received and not read, or written and not sent: queue is
// TCIFLUSH or TCOFLUSH.
func (p *port) flush(queue int) error {
	return p.control(func(fd int) error { return unix.IoctlSetInt(fd, unix.TCFLSH, queue) })
}

// unread is how many bytes have come and were not read.
func (p *port) unread() (int, error) {
	var n int32
	err := ask(p, unix.TIOCINQ, &n)
	return int(n), err
}

// unsent is how many bytes the kernel still holds.
func (p *port) unsent() int {
	var n int32
	if err := ask(p, unix.TIOCOUTQ, &n); err != nil {
		return 0
	}
	return int(n)
}
