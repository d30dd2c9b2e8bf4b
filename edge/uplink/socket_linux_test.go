package uplink

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// idlePeer accepts one connection, with a small window, and never reads.
func idlePeer(t *testing.T) (address string) {
	t.Helper()
	small := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 8<<10)
		})
	}}
	l, err := small.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	held := make(chan net.Conn, 1)
	go func() {
		defer close(held)
		if c, err := l.Accept(); err == nil {
			held <- c
		}
	}()
	t.Cleanup(func() {
		l.Close()
		for c := range held {
			c.Close()
		}
	})
	return l.Addr().String()
}

// unsent returns how many bytes the kernel has taken and not yet sent, and how many
// the other side has not acknowledged; tcp(7), SIOCOUTQNSD and SIOCOUTQ.
func unsent(t *testing.T, c net.Conn) (waiting, unacked int) {
	t.Helper()
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	const siocoutqnsd = 0x894b
	raw.Control(func(fd uintptr) {
		waiting, _ = unix.IoctlGetInt(int(fd), siocoutqnsd)
		unacked, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	})
	return waiting, unacked
}

// What a kernel has taken cannot be overtaken by an alert. Once the other side takes
// no more, ours holds little beyond what is on its way.
func TestSendQueue(t *testing.T) {
	ways := map[string]func(address string) (net.Conn, error){
		"as it comes": func(a string) (net.Conn, error) { return net.Dial("tcp", a) },
		"buffer of 64 KiB": func(a string) (net.Conn, error) {
			c, err := net.Dial("tcp", a)
			if err == nil {
				err = c.(*net.TCPConn).SetWriteBuffer(64 << 10)
			}
			return c, err
		},
		"tuned": func(a string) (net.Conn, error) {
			return (&way{timing: defaultTiming()}).tcp(context.Background(), a)
		},
	}
	for name, dial := range ways {
		c, err := dial(idlePeer(t))
		if err != nil {
			t.Fatal(err)
		}
		out := &conn{Conn: c, bytes: new(traffic), limit: 200 * time.Millisecond}
		taken := 0
		for err == nil {
			var n int
			n, err = out.Write(make([]byte, 60_000))
			taken += n
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		waiting, unacked := unsent(t, c)
		t.Logf("%-16s %7d bytes taken, %7d of them not sent, %d not acknowledged", name, taken, waiting, unacked)
		if name == "tuned" && waiting > notSent+writeChunk {
			t.Errorf("%d bytes wait in the kernel, at most %d should", waiting, notSent+writeChunk)
		}
		c.Close()
	}
}

// The options are really set, on both kinds of address.
func TestTune(t *testing.T) {
	c, err := (&way{timing: defaultTiming()}).tcp(t.Context(), idlePeer(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		for name, o := range map[string]struct{ level, option, want int }{
			"lowat":        {unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, notSent},
			"user timeout": {unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 40_000},
			"keepalive":    {unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
			"idle":         {unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 14},
			"interval":     {unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 10},
		} {
			if got, err := unix.GetsockoptInt(int(fd), o.level, o.option); err != nil || got != o.want {
				t.Errorf("%s = %d, %v, want %d", name, got, err, o.want)
			}
		}
	})
}
