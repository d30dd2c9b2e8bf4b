//go:build linux

package serial

import (
	"fmt"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// uart gives a pseudo terminal what it does not have: an RS-485 mode, modem lines, a
// transmitter that can be asked, settings that are refused. Everything else goes to the
// kernel.
type uart struct {
	mu    sync.Mutex
	rs485 *rs485 // nil: the driver has no such mode
	can   uint32 // its flags that the driver keeps; the others it clears
	// readOnly: the serial core lets the mode be read, and the driver does not have it.
	readOnly bool
	noRTS    bool
	noLSR    bool  // the driver has no such register
	stuck    int   // how often the transmitter says that it is not empty
	brk      error // what a break ends with
	attrs    func(*unix.Termios)
	log      []string
	// interrupted: so many times in a row each request is cut short by a signal before it
	// is heard.
	interrupted int
	cut         map[uint]int
}

func (u *uart) note(format string, args ...any) { u.log = append(u.log, fmt.Sprintf(format, args...)) }

func (u *uart) taken() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	log := u.log
	u.log = nil
	return log
}

func (u *uart) ioctl(fd int, request uint, arg unsafe.Pointer) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.cut[request] < u.interrupted {
		if u.cut == nil {
			u.cut = map[uint]int{}
		}
		u.cut[request]++
		return unix.EINTR
	}
	delete(u.cut, request)
	switch request {
	case unix.TIOCGRS485, unix.TIOCSRS485:
		return u.mode(request, (*rs485)(arg))
	case unix.TIOCMBIS, unix.TIOCMBIC:
		if u.noRTS {
			return unix.ENOTTY
		}
		u.note("rts %v", request == unix.TIOCMBIS && *(*int32)(arg) == unix.TIOCM_RTS)
		return nil
	case unix.TIOCMGET:
		if u.noRTS {
			return unix.ENOTTY
		}
		return nil
	case unix.TIOCSERGETLSR:
		if u.noLSR {
			return unix.ENOTTY
		}
		*(*int32)(arg) = unix.TIOCSER_TEMT
		if u.stuck > 0 {
			u.stuck--
			*(*int32)(arg) = 0
		}
		u.note("empty %v", *(*int32)(arg) != 0)
		return nil
	case unix.TIOCSBRK:
		u.note("break")
		return u.brk
	case unix.TIOCCBRK:
		u.note("break over")
		return nil
	case unix.TCGETS2:
		err := kernel(fd, request, arg)
		if u.attrs != nil && err == nil {
			u.attrs((*unix.Termios)(arg))
		}
		return err
	}
	return kernel(fd, request, arg)
}

func (u *uart) mode(request uint, arg *rs485) error {
	switch {
	case u.rs485 == nil:
		return unix.ENOTTY
	case request == unix.TIOCGRS485:
		*arg = *u.rs485
	case u.readOnly:
		return unix.ENOTTY
	default:
		u.note("rs485 %#x", arg.flags)
		u.rs485.flags, u.rs485.before, u.rs485.after = arg.flags&u.can, arg.before, arg.after
	}
	return nil
}

// on makes a line that is not open yet talk to u.
func (u *uart) on(t testing.TB, cfg Config) *Line {
	t.Helper()
	l, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l.ioctl = u.ioctl
	t.Cleanup(func() { l.Close() })
	return l
}
