package modbus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

// tcp speaks Modbus TCP, one request at a time. What is not guarded by bus.mu is
// used by whoever has the turn.
type tcp struct {
	bus         *Bus
	address     string
	transaction uint16
	tx, rx, pdu []byte
	quiet       int  // requests in a row to which nothing came at all
	heard       bool // something came over this connection

	// guarded by bus.mu
	conn   net.Conn
	closed bool
	stop   context.CancelFunc // ends a running dial
	dials  uint64
	lost   time.Time
	retry  time.Time
	pause  time.Duration
	fault  error
	alien  uint64
}

const (
	// The pause between tries to reach a host doubles within these bounds.
	minDialPause = 500 * time.Millisecond
	maxDialPause = 30 * time.Second
	dialTimeout  = 3 * time.Second
	// After so many requests without a byte the connection is taken for dead: a
	// host that was switched off says nothing when it is back.
	maxQuiet = 3
)

func (t *tcp) ready() time.Time          { return time.Time{} }
func (t *tcp) airtime(int) time.Duration { return 0 }

func (t *tcp) health(h *Health) {
	h.Connected, h.Lost, h.Fault, h.Dials, h.Alien = t.conn != nil, t.lost, t.fault, t.dials, t.alien
}

func (t *tcp) close() error {
	t.bus.mu.Lock()
	defer t.bus.mu.Unlock()
	t.closed = true
	if t.stop != nil {
		t.stop()
	}
	if t.conn == nil {
		return nil
	}
	conn := t.conn
	t.conn = nil
	return conn.Close()
}

// errStale says that a connection that had been idle was closed by the host, as
// many do. A read is safe to repeat on a new one.
var errStale = fmt.Errorf("%w: the host closed the idle connection", drivers.ErrUnplugged)

func (t *tcp) serial() bool { return false }

func (t *tcp) exchange(ctx context.Context, u *Unit, r codec.Request) (codec.Answer, error) {
	a, err := t.once(ctx, u, r)
	if errors.Is(err, errStale) && !r.Writes() {
		a, err = t.once(ctx, u, r)
	}
	return a, err
}

func (t *tcp) once(ctx context.Context, u *Unit, r codec.Request) (codec.Answer, error) {
	if r.Writes() {
		t.look()
	}
	conn, fresh, err := t.connect(ctx, r.Writes())
	if err != nil {
		return codec.Answer{}, err
	}
	end := time.Now().Add(u.patience())
	if d, ok := ctx.Deadline(); ok && d.Before(end) {
		end = d
	}
	defer interruptible(ctx, conn)()
	if err := conn.SetDeadline(end); err != nil {
		return codec.Answer{}, t.failure(ctx, err, fresh)
	}
	if err := ended(ctx); err != nil { // a cancellation before SetDeadline was overwritten by it
		return codec.Answer{}, err
	}
	t.transaction++
	t.tx = codec.TCPFrame{Transaction: t.transaction, Unit: u.address, PDU: r.Append(nil)}.Append(t.tx[:0])
	t.bus.trace(true, t.tx)
	if _, err := conn.Write(t.tx); err != nil {
		return codec.Answer{}, t.failure(ctx, err, fresh)
	}
	return t.receive(ctx, conn, u, r, fresh)
}

// receive reads frames until the one that belongs to the request is there.
func (t *tcp) receive(ctx context.Context, conn net.Conn, u *Unit, r codec.Request, fresh bool) (codec.Answer, error) {
	for {
		f, n, err := codec.ParseTCP(t.rx)
		if err != nil {
			_ = t.drop(err)
			return codec.Answer{}, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
		}
		if n > 0 {
			t.quiet = 0
			mine := f.Transaction == t.transaction && f.Unit == u.address
			t.pdu = append(t.pdu[:0], f.PDU...)
			t.rx = append(t.rx[:0], t.rx[n:]...)
			if mine {
				a, err := r.Answers(t.pdu)
				if err != nil {
					err = fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
				}
				return a, err
			}
			t.bus.mu.Lock()
			t.alien++
			t.bus.mu.Unlock()
			continue
		}
		if err := t.read(conn); err != nil {
			return codec.Answer{}, t.failure(ctx, err, fresh)
		}
		fresh = true // it lives
	}
}

// read appends what comes to rx. An incomplete frame is at most 260 bytes, so
// that there is always room.
func (t *tcp) read(conn net.Conn) error {
	if cap(t.rx) == 0 {
		t.rx = make([]byte, 0, rxSize)
	}
	n, err := conn.Read(t.rx[len(t.rx):cap(t.rx)])
	t.bus.trace(false, t.rx[len(t.rx):len(t.rx)+n])
	t.rx = t.rx[:len(t.rx)+n]
	if n > 0 {
		t.heard = true
		return nil
	}
	return err
}

// failure says what a failed read or write means.
func (t *tcp) failure(ctx context.Context, err error, fresh bool) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if cerr := ctx.Err(); cerr != nil && !errors.Is(cerr, context.DeadlineExceeded) {
			return cerr
		}
		if t.quiet++; t.quiet >= maxQuiet {
			t.renew()
		}
		return drivers.ErrTimeout
	}
	err = t.drop(err)
	if !fresh && !errors.Is(err, os.ErrClosed) {
		return errStale
	}
	return err
}

// renew closes a connection that may be dead; the next call makes a new one.
func (t *tcp) renew() {
	t.bus.mu.Lock()
	defer t.bus.mu.Unlock()
	if t.conn != nil {
		t.conn.Close()
		t.conn = nil
	}
}

// look gives the connection up if the host has closed it, so that a write, which is
// not repeated, does not get lost in it. What has come in is kept for receive.
func (t *tcp) look() {
	t.bus.mu.Lock()
	conn := t.conn
	t.bus.mu.Unlock()
	if conn == nil {
		return
	}
	err := conn.SetDeadline(time.Now().Add(lastLook))
	for err == nil && len(t.rx) < cap(t.rx) {
		err = t.read(conn)
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		t.renew()
	}
}

// connect returns the connection, and whether it was just made. It waits for no
// pause between dials when that is urgent.
func (t *tcp) connect(ctx context.Context, urgent bool) (conn net.Conn, fresh bool, err error) {
	t.bus.mu.Lock()
	defer t.bus.mu.Unlock()
	now := time.Now()
	switch {
	case t.closed:
		return nil, false, os.ErrClosed
	case t.conn != nil:
		return t.conn, false, nil
	case now.Before(t.retry) && !urgent:
		return nil, false, fmt.Errorf("%w; next try in %v", t.fault, t.retry.Sub(now).Round(10*time.Millisecond))
	}
	dialCtx, stop := context.WithTimeout(ctx, dialTimeout)
	defer stop()
	t.stop = stop
	t.bus.mu.Unlock()
	conn, err = t.bus.opt.Dial(dialCtx, "tcp", t.address)
	t.bus.mu.Lock()
	t.stop = nil
	switch {
	case err == nil && t.closed:
		conn.Close()
		return nil, false, os.ErrClosed
	case t.closed:
		return nil, false, os.ErrClosed
	case err != nil && ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		return nil, false, ctx.Err()
	case err != nil:
		return nil, false, t.unreachable(err)
	}
	t.conn, t.rx, t.quiet, t.heard = conn, t.rx[:0], 0, false
	t.lost, t.fault = time.Time{}, nil
	t.dials++
	return conn, true, nil
}

// unreachable books a failed dial. bus.mu is held.
func (t *tcp) unreachable(err error) error {
	now := time.Now()
	if t.lost.IsZero() {
		t.lost = now
	}
	t.pause = min(max(2*t.pause, minDialPause), maxDialPause)
	t.retry = now.Add(t.pause)
	t.fault = fmt.Errorf("%w (%w)", drivers.ErrUnplugged, err)
	return t.fault
}

// drop gives the connection up and returns why as an error. A host that accepts
// and closes without a word is asked again after a pause only.
func (t *tcp) drop(why error) error {
	t.bus.mu.Lock()
	defer t.bus.mu.Unlock()
	if t.conn != nil {
		t.conn.Close()
		t.conn = nil
	}
	t.rx = t.rx[:0]
	switch {
	case t.closed:
		return os.ErrClosed
	case errors.Is(why, io.EOF):
		why = errors.New("the host closed the connection")
	}
	err := t.unreachable(why)
	if t.heard {
		t.pause, t.retry = 0, time.Time{}
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
