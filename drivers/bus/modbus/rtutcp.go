package modbus

import (
	"context"
	"os"
	"time"
)

// socket is a serial line behind a host that passes its bytes on as they are: RTU
// frames over TCP. What is said of lines and their silences holds at the host's other
// end; here frames are told by their length, as on every line.
type socket struct {
	link link
}

// netGap is how long a frame that has begun may pause when a network lies between.
const netGap = 300 * time.Millisecond

// open makes the connection, if there is none that is good. A host that closed it
// while it was idle is noticed here, before anything is sent into the void.
func (s *socket) open(ctx context.Context, urgent bool) error {
	s.link.look(func([]byte) {})
	_, err := s.link.connect(ctx, urgent)
	return err
}

// Read implements drivers.Port.
func (s *socket) Read(ctx context.Context, p []byte) (int, error) {
	conn := s.link.current()
	if conn == nil {
		return 0, s.link.failed(ctx, os.ErrClosed)
	}
	defer interruptible(ctx, conn)()
	end, _ := ctx.Deadline() // none: no deadline
	if err := conn.SetReadDeadline(end); err != nil {
		return 0, s.link.failed(ctx, err)
	}
	if err := ended(ctx); err != nil { // a cancellation before SetReadDeadline was overwritten by it
		return 0, err
	}
	n, err := s.link.read(conn, p)
	if err != nil {
		err = s.link.failed(ctx, err)
	}
	return n, err
}

// Write implements drivers.Port.
func (s *socket) Write(ctx context.Context, p []byte) (int, error) {
	conn := s.link.current()
	if conn == nil {
		return 0, s.link.failed(ctx, os.ErrClosed)
	}
	defer interruptible(ctx, conn)()
	end, _ := ctx.Deadline()
	if err := conn.SetDeadline(end); err != nil {
		return 0, s.link.failed(ctx, err)
	}
	n, err := conn.Write(p)
	if err != nil {
		return n, s.link.failed(ctx, err)
	}
	s.link.quiet++
	return n, nil
}

// Discard implements drivers.Port. A connection that the host has closed is given up.
func (s *socket) Discard() error {
	s.link.look(func([]byte) {})
	return nil
}

// Noise implements drivers.Port; the bus counts it.
func (s *socket) Noise(int) {}

// BadChecksum implements drivers.Port; the bus counts it.
func (s *socket) BadChecksum() {}

// Close implements io.Closer.
func (s *socket) Close() error { return s.link.close() }
