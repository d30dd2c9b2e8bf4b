//go:build linux

package i2c

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/codec/labbus"
)

// Simulated says whether a path names a lab bus, which a simulator serves on a Unix
// socket, and not an adapter: it ends in .sock.
func Simulated(path string) bool { return strings.HasSuffix(path, labbus.Suffix) }

// labPatience is how long the simulator may take for one transaction: more than a
// kernel waits for a bus that is stuck.
const labPatience = 2 * time.Second

// labConn is a lab bus in place of an adapter. Its errors are the kernel's numbers.
type labConn struct {
	path string
	conn net.Conn // nil: it answered too late or not by the protocol, and is dialled anew
	in   labbus.Reader
}

// openLab opens a lab bus.
func openLab(path string) (conn, error) {
	c := &labConn{path: path}
	if err := c.dial(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *labConn) dial() error {
	conn, err := net.DialTimeout("unix", c.path, labPatience)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("open: %w", err)
	case err != nil:
		return fmt.Errorf("%w: no simulator serves this bus; start lamppost-sim, or write the node of an adapter, like /dev/i2c-1", drivers.ErrUnplugged)
	}
	c.conn, c.in = conn, labbus.Reader{R: conn}
	if err := conn.SetDeadline(time.Now().Add(labPatience)); err != nil {
		return errors.Join(err, c.Close())
	}
	m, err := c.in.Next()
	if h, ok := m.(labbus.Hello); err != nil || !ok || h != (labbus.Hello{Version: labbus.Version, Bus: "i2c"}) {
		_ = c.Close() // it is of no use to anybody
		return fmt.Errorf("%w: what serves this socket is no lab I2C bus of version %d (%+v, %v)", drivers.ErrProtocol, labbus.Version, m, err)
	}
	return nil
}

// Tx implements conn.
func (c *labConn) Tx(addr uint16, w, r []byte) error {
	if c.conn == nil {
		if err := c.dial(); err != nil {
			return syscall.ENODEV
		}
	}
	a, err := c.ask(labbus.Transfer{Address: uint8(addr), Read: len(r), Write: w})
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		_ = c.Close() // its answer would be taken for that to the next question
		return syscall.ETIMEDOUT
	case errors.Is(err, labbus.ErrFormat):
		_ = c.Close()
		return syscall.EPROTO
	case err != nil:
		return syscall.ENODEV
	case a.Errno != 0:
		return syscall.Errno(a.Errno)
	case len(a.Data) != len(r):
		_ = c.Close()
		return syscall.EPROTO
	}
	copy(r, a.Data)
	return nil
}

func (c *labConn) ask(m labbus.Message) (labbus.Answer, error) {
	if err := c.conn.SetDeadline(time.Now().Add(labPatience)); err != nil {
		return labbus.Answer{}, err
	}
	if _, err := c.conn.Write(m.Append(nil)); err != nil {
		return labbus.Answer{}, err
	}
	got, err := c.in.Next()
	if err != nil {
		return labbus.Answer{}, err
	}
	a, ok := got.(labbus.Answer)
	if !ok {
		return a, fmt.Errorf("%w: %T is no answer to a transfer", labbus.ErrFormat, got)
	}
	return a, nil
}

// Close implements io.Closer.
func (c *labConn) Close() error {
	if c.conn == nil {
		return nil
	}
	err := c.conn.Close()
	c.conn = nil
	return err
}

var _ io.Closer = (*labConn)(nil)
