//go:build linux && !race

package direct

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"unsafe"
)

// Conn returns a connection that reads from and writes to c's socket directly, or c
// itself when it is no TCP connection. c must not be used any more; what is returned
// closes it.
func Conn(c net.Conn) net.Conn {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return c
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return c
	}
	d := &conn{TCPConn: tcp, raw: raw}
	d.in.try, d.out.try, d.asking.turn = d.in.read, d.out.write, d.take
	return d
}

// conn is a TCP connection whose bytes go past the scheduler. net.TCPConn has other ways
// to move bytes (ReadFrom, WriteTo); they stay as they are.
type conn struct {
	*net.TCPConn
	raw     syscall.RawConn
	in, out transfer
	asking  ask // with both locks held
}

// transfer is one direction. What a call needs lies here and not in a closure, so that
// nothing is allocated.
type transfer struct {
	mu    sync.Mutex
	p     []byte
	n     int
	errno syscall.Errno
	try   func(fd uintptr) (done bool)
}

// Read reads as net.Conn says. It parks the goroutine until something is there.
func (c *conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	t := &c.in
	t.mu.Lock()
	defer t.mu.Unlock()
	t.p = p
	err := c.raw.Read(t.try)
	t.p = nil
	switch {
	case err != nil:
		return 0, c.named("read", err)
	case t.errno != 0:
		return 0, c.named("read", os.NewSyscallError("read", t.errno))
	case t.n == 0:
		return 0, io.EOF
	}
	return t.n, nil
}

// Write writes all of p, as net.Conn says, or says why not.
func (c *conn) Write(p []byte) (n int, err error) {
	t := &c.out
	t.mu.Lock()
	defer t.mu.Unlock()
	for n < len(p) {
		t.p = p[n:]
		err := c.raw.Write(t.try)
		t.p = nil
		switch {
		case err != nil:
			return n, c.named("write", err)
		case t.errno != 0:
			return n, c.named("write", os.NewSyscallError("write", t.errno))
		}
		n += t.n
	}
	return n, nil
}

// named gives an error the form that errors of net.Conn have.
func (c *conn) named(op string, err error) error {
	if e, ok := err.(*net.OpError); ok {
		err = e.Err // of the raw connection: it says nothing of the addresses
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}

// read and write make one call; false: the socket is not ready for it. A signal that
// came first says nothing about that.

func (t *transfer) read(fd uintptr) bool {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&t.p[0])), uintptr(len(t.p)))
		if errno != syscall.EINTR {
			return t.ended(n, errno)
		}
	}
}

func (t *transfer) write(fd uintptr) bool {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(&t.p[0])), uintptr(len(t.p)))
		if errno != syscall.EINTR {
			return t.ended(n, errno)
		}
	}
}

func (t *transfer) ended(n uintptr, errno syscall.Errno) bool {
	t.n, t.errno = 0, errno
	if errno == 0 {
		t.n = int(n)
	}
	return errno != syscall.EAGAIN
}
