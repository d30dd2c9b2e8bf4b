//go:build linux && !race

package direct

import (
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// ask is what a call of Ask needs, and how far it came.
type ask struct {
	out  []byte // not sent yet
	sent bool   // the socket has been given out once
	fail syscall.Errno
	turn func(fd uintptr) (done bool)
}

// Ask is [Ask] for a connection of this package. The goroutine is parked between the
// two calls into the kernel, without looking whether the answer is there already: it
// cannot be. What ends the parking is set up before anything is sent.
func (c *conn) ask(out, in []byte) (sent, got int, err error) {
	if len(out) == 0 || len(in) == 0 {
		return askPlain(c, out, in)
	}
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	a := &c.asking
	a.out, a.sent, a.fail, c.in.p = out, false, 0, in
	c.in.n, c.in.errno = 0, 0
	err = c.raw.Read(a.turn)
	sent = len(out) - len(a.out)
	a.out, c.in.p = nil, nil
	switch {
	case a.fail != 0:
		return sent, 0, c.named("write", os.NewSyscallError("write", a.fail))
	case err != nil:
		return sent, 0, c.named("read", err)
	case sent < len(out):
		return sent, 0, nil
	case c.in.errno != 0:
		return sent, 0, c.named("read", os.NewSyscallError("read", c.in.errno))
	case c.in.n == 0:
		return sent, 0, io.EOF
	}
	return sent, c.in.n, nil
}

// take sends what there is to be sent, and when it is called again takes what came.
func (c *conn) take(fd uintptr) (done bool) {
	a := &c.asking
	if a.sent {
		return c.in.read(fd)
	}
	a.sent = true
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(&a.out[0])), uintptr(len(a.out)))
		switch errno {
		case syscall.EINTR:
		case 0:
			a.out = a.out[n:]
			return len(a.out) > 0
		case syscall.EAGAIN:
			return true
		default:
			a.fail = errno
			return true
		}
	}
}

func askConn(c net.Conn, out, in []byte) (sent, got int, err error) {
	if d, ok := c.(*conn); ok {
		return d.ask(out, in)
	}
	return askPlain(c, out, in)
}
