package uplink

import (
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

type rawConn = syscall.RawConn

// notSent is how many bytes the kernel takes beyond what the link carries at the
// moment. What it has taken cannot be overtaken by an alert any more. The option
// leaves the bytes in flight alone, which a fixed send buffer does not: that one
// also bounds what is on a long link, and with it the rate. With a peer that stops
// reading, Linux 6.18 on loopback, the kernel keeps 3.5 MB unsent as it comes,
// 104 KiB with a send buffer of 64 KiB, and 8 KiB with this (TestSendQueue).
const notSent = 8 << 10

// tune sets what a socket needs before it connects. An option that a kernel does not
// know costs latency, not data, so it is not an error.
func tune(c rawConn, unacked time.Duration) error {
	return c.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, notSent)
		// Without it a connection whose other side is gone is kept for a quarter of an
		// hour while bytes wait (tcp_retries2).
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(unacked.Milliseconds()))
	})
}
