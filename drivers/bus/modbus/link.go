package modbus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// link is the connection to a host, made at first use and whenever it was lost.
// Whoever has the turn uses it; close and health may be called at any time.
type link struct {
	address string
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	quiet   int  // requests in a row to which nothing came at all
	heard   bool // something came over this connection
	fresh   bool // nothing was asked over it before this request

	mu     sync.Mutex // guards what follows
	conn   net.Conn
	closed bool
	stop   context.CancelFunc // ends a running dial
	dials  uint64
	lost   time.Time
	retry  time.Time
	pause  time.Duration
	fault  error
}

const (
	// The pause between tries to reach a host doubles within these bounds.
	minDialPause = 500 * time.Millisecond
	maxDialPause = 10 * time.Second
	dialTimeout  = 3 * time.Second
	// After so many requests without a byte the connection is taken for dead: a
	// host that was switched off says nothing when it is back.
	maxQuiet = 3
)

// errStale says that a connection that had been idle was closed by the host, as
// many do. A read is safe to repeat on a new one.
var errStale = fmt.Errorf("%w: the host closed the idle connection", drivers.ErrUnplugged)

func (l *link) health(h *Health) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h.Connected, h.Lost, h.Fault, h.Dials = l.conn != nil, l.lost, l.fault, l.dials
}

func (l *link) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.stop != nil {
		l.stop()
	}
	if l.conn == nil {
		return nil
	}
	conn := l.conn
	l.conn = nil
	return conn.Close()
}

// current returns the connection that there is, or nil.
func (l *link) current() net.Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.conn
}

// connect returns the connection, made anew if need be. It waits for no pause
// between dials when that is urgent.
func (l *link) connect(ctx context.Context, urgent bool) (net.Conn, error) {
	if l.quiet >= maxQuiet {
		l.renew()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fresh = false
	if l.conn != nil && !l.closed {
		return l.conn, nil
	}
	now := time.Now()
	switch {
	case l.closed:
		return nil, os.ErrClosed
	case now.Before(l.retry) && !urgent:
		return nil, fmt.Errorf("%w; next try in %v", l.fault, l.retry.Sub(now).Round(10*time.Millisecond))
	}
	dialCtx, stop := context.WithTimeout(ctx, dialTimeout)
	defer stop()
	l.stop = stop
	l.mu.Unlock()
	conn, err := l.dial(dialCtx, "tcp", l.address)
	l.mu.Lock()
	l.stop = nil
	switch {
	case l.closed && err == nil:
		conn.Close()
		return nil, os.ErrClosed
	case l.closed:
		return nil, os.ErrClosed
	case err != nil && ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		return nil, ctx.Err()
	case err != nil:
		return nil, l.unreachable(err)
	}
	l.conn, l.quiet, l.heard, l.fresh = conn, 0, false, true
	l.lost, l.fault = time.Time{}, nil
	l.dials++
	return conn, nil
}

// unreachable books a failed dial. mu is held.
func (l *link) unreachable(err error) error {
	now := time.Now()
	if l.lost.IsZero() {
		l.lost = now
	}
	l.pause = min(max(2*l.pause, minDialPause), maxDialPause)
	l.retry = now.Add(l.pause)
	l.fault = fmt.Errorf("%w (%w)", drivers.ErrUnplugged, err)
	return l.fault
}

// renew closes a connection that may be dead; the next call makes a new one.
func (l *link) renew() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.quiet = 0
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}

// drop gives the connection up and returns why as an error. A host that accepts
// and closes without a word is asked again after a pause only.
func (l *link) drop(why error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
	switch {
	case l.closed:
		return os.ErrClosed
	case errors.Is(why, io.EOF):
		why = errors.New("the host closed the connection")
	}
	err := l.unreachable(why)
	if l.heard {
		l.pause, l.retry = 0, time.Time{}
	}
	return err
}

// look hands what came since the last request to take, without waiting for more, and
// gives the connection up if the host has closed it: nothing is sent into the void.
func (l *link) look(take func(p []byte)) {
	conn := l.current()
	if conn == nil {
		return
	}
	var p [rxSize]byte
	for got := 0; got < babble; {
		n, err := l.book(lying(conn, p[:]))
		if take(p[:n]); err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				l.renew()
			}
			return
		}
		got += n
	}
}

// babble is how much is taken at once, at most: nobody has to wait for the end of what
// has none.
const babble = 16 << 10

// soon waits a moment for what comes in on conn.
func soon(conn net.Conn, p []byte) (int, error) {
	if err := conn.SetReadDeadline(time.Now().Add(lastLook)); err != nil {
		return 0, err
	}
	return conn.Read(p)
}

// read takes what comes over the connection.
func (l *link) read(conn net.Conn, p []byte) (int, error) { return l.book(conn.Read(p)) }

// book books that the connection lives.
func (l *link) book(n int, err error) (int, error) {
	if n > 0 {
		l.came()
		return n, nil
	}
	return 0, err
}

// came notes that something came over the connection.
func (l *link) came() { l.quiet, l.heard, l.fresh = 0, true, true }

// failed says what a failed read or write means. A read that ran into its deadline
// is ErrTimeout, or ctx's error if that was cancelled.
func (l *link) failed(ctx context.Context, err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if cerr := ctx.Err(); cerr != nil && !errors.Is(cerr, context.DeadlineExceeded) {
			return cerr
		}
		return drivers.ErrTimeout
	}
	fresh := l.fresh
	err = l.drop(err)
	if !fresh && !errors.Is(err, os.ErrClosed) {
		return errStale
	}
	return err
}

// interruptible ends what runs on conn when ctx is cancelled. The function it
// returns undoes that, and waits if it is just happening.
func interruptible(ctx context.Context, conn net.Conn) func() {
	if ctx.Done() == nil {
		return func() {}
	}
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		_ = conn.SetDeadline(time.Unix(1, 0)) // fails only if conn is closed, which ends the call too
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}
