//go:build unix

package modbus

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// lying takes what has come in on conn and lies there, without waiting for more:
// os.ErrDeadlineExceeded when it is nothing.
func lying(conn net.Conn, p []byte) (int, error) {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return soon(conn, p)
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return 0, err
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil { // an old one would end this too
		return 0, err
	}
	n, rerr := 0, error(nil)
	if err := raw.Read(func(fd uintptr) bool {
		n, rerr = syscall.Read(int(fd), p)
		return true
	}); err != nil {
		return 0, err
	}
	switch {
	case rerr == syscall.EAGAIN || rerr == syscall.EINTR:
		return 0, os.ErrDeadlineExceeded
	case rerr != nil:
		return 0, rerr
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}
