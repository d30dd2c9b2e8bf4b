package modbus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/direct"
)

// tcp speaks Modbus TCP, one request at a time. What is not guarded by bus.mu is
// used by whoever has the turn.
type tcp struct {
	bus         *Bus
	link        link
	transaction uint16
	tx, rx, pdu []byte
	ask         []byte // the request's PDU

	alien uint64 // guarded by bus.mu
}

func (t *tcp) ready() time.Time          { return time.Time{} }
func (t *tcp) airtime(int) time.Duration { return 0 }
func (t *tcp) serial() bool              { return false }
func (t *tcp) close() error              { return t.link.close() }

func (t *tcp) health(h *Health) {
	t.link.health(h)
	h.Alien = t.alien
}

func (t *tcp) exchange(ctx context.Context, u *Unit, r codec.Request) (codec.Answer, error) {
	a, err := t.once(ctx, u, r)
	if errors.Is(err, errStale) && !r.Writes() {
		a, err = t.once(ctx, u, r)
	}
	return a, err
}

func (t *tcp) once(ctx context.Context, u *Unit, r codec.Request) (codec.Answer, error) {
	if r.Writes() {
		t.link.look(t.hold)
	}
	conn, err := t.link.connect(ctx, r.Writes())
	if err != nil {
		return codec.Answer{}, err
	}
	if t.link.fresh { // it was dialed, which may have taken its time
		t.rx = t.rx[:0]
		if err := ended(ctx); err != nil {
			return codec.Answer{}, err
		}
	}
	now := time.Now()
	end := now.Add(u.patience())
	if d, ok := ctx.Deadline(); ok && d.Before(end) {
		end = d
	}
	soon := now.Add(promptly)
	if end.Before(soon) {
		soon = end
	}
	if err := conn.SetDeadline(soon); err != nil {
		return codec.Answer{}, t.link.failed(ctx, err)
	}
	t.transaction++
	t.ask = r.Append(t.ask[:0])
	t.tx = codec.TCPFrame{Transaction: t.transaction, Unit: u.address, PDU: t.ask}.Append(t.tx[:0])
	t.bus.trace(true, t.tx)
	a, sent, err := t.speak(ctx, conn, u, r, soon, end)
	if !sent {
		return a, err
	}
	if errors.Is(err, drivers.ErrTimeout) && soon.Before(end) {
		a, err = t.await(ctx, conn, u, r, end)
	}
	_ = conn.SetDeadline(time.Time{}) // one that fires wakes the process for nothing; fails only on a closed connection
	return a, err
}

// speak sends the request and waits for the answer until conn's deadline, which is soon.
func (t *tcp) speak(ctx context.Context, conn net.Conn, u *Unit, r codec.Request, soon, end time.Time) (a codec.Answer, sent bool, err error) {
	n, got, err := direct.Ask(conn, t.tx, t.room())
	if n < len(t.tx) && (err == nil || errors.Is(err, os.ErrDeadlineExceeded) && soon.Before(end)) {
		n, err = t.push(conn, n, end)
	}
	if n < len(t.tx) {
		return a, false, t.link.failed(ctx, err)
	}
	t.link.quiet++
	t.took(got)
	if err != nil {
		return a, true, t.link.failed(ctx, err)
	}
	a, err = t.receive(ctx, conn, u, r)
	return a, true, err
}

// push writes what is left of the request behind its first n bytes. A socket takes one
// at once, unless the network has not taken those before.
func (t *tcp) push(conn net.Conn, n int, end time.Time) (int, error) {
	if err := conn.SetDeadline(end); err != nil {
		return n, err
	}
	more, err := conn.Write(t.tx[n:])
	return n + more, err
}

// promptly is how long an answer is waited for without listening to ctx. Most are
// there by then, and what it takes to be interrupted costs more than to read them.
const promptly = 20 * time.Millisecond

// await waits for the answer until end, or until ctx is cancelled.
func (t *tcp) await(ctx context.Context, conn net.Conn, u *Unit, r codec.Request, end time.Time) (codec.Answer, error) {
	defer interruptible(ctx, conn)()
	if err := conn.SetDeadline(end); err != nil {
		return codec.Answer{}, t.link.failed(ctx, err)
	}
	if err := ended(ctx); err != nil { // a cancellation before SetDeadline was overwritten by it
		return codec.Answer{}, err
	}
	return t.receive(ctx, conn, u, r)
}

// receive reads frames until the one that belongs to the request is there.
func (t *tcp) receive(ctx context.Context, conn net.Conn, u *Unit, r codec.Request) (codec.Answer, error) {
	for {
		f, n, err := codec.ParseTCP(t.rx)
		if err != nil {
			_ = t.link.drop(err)
			return codec.Answer{}, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
		}
		if n > 0 {
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
			return codec.Answer{}, t.link.failed(ctx, err)
		}
	}
}

// read appends what comes to rx.
func (t *tcp) read(conn net.Conn) error {
	n, err := conn.Read(t.room())
	t.took(n)
	return err
}

// room is where the next bytes go. An incomplete frame is at most 260 bytes, so that
// there always is some.
func (t *tcp) room() []byte {
	if cap(t.rx) == 0 {
		t.rx = make([]byte, 0, rxSize)
	}
	return t.rx[len(t.rx):cap(t.rx)]
}

// took appends what has come into the room to rx.
func (t *tcp) took(n int) {
	if n == 0 {
		return
	}
	t.link.came()
	t.bus.trace(false, t.rx[len(t.rx):len(t.rx)+n])
	t.rx = t.rx[:len(t.rx)+n]
}

// hold keeps what came before a request, whole frames or not, so that the stream stays
// in step. What is too much for that is a stream that nobody can follow.
func (t *tcp) hold(p []byte) {
	t.bus.trace(false, p)
	if len(t.rx)+len(p) > rxSize-rxKeep {
		t.link.renew()
		return
	}
	t.rx = append(t.rx, p...)
}
