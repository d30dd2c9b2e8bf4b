package modbus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

// Line is a serial line that a bus takes over.
type Line interface {
	drivers.Port
	io.Closer
}

// rtu speaks Modbus RTU. Its fields are used by whoever has the turn; the counts
// are guarded by bus.mu.
type rtu struct {
	bus  *Bus
	line Line
	host *socket       // when the line lies behind one, else nil
	gap  time.Duration // how long a frame that has begun may pause
	tx   []byte
	rx   []byte    // what came since the request
	rest []byte    // what came behind the last answer, or instead of it
	busy time.Time // when the last byte passed, as far as can be known

	echoes       echoes
	echoed       bool // the last exchange showed an echo
	before       int  // how much of rx was heard before the request
	crossed      bool // another master asks for the same at the same time
	alien, noise uint64
}

const (
	// gap is how long a frame that has begun may pause on a line. The standard says 1.5
	// characters; USB adapters deliver in blocks, so that is not to be seen here.
	gap = 100 * time.Millisecond
	// lastLook is how long is spent on seeing whether bytes lie there after all.
	lastLook = 2 * time.Millisecond
	// rxSize bounds what a babbling line can fill; rxKeep of it, more than the
	// longest frame, is kept when it is full.
	rxSize, rxKeep = 512, 300
)

// silence is the least pause between two frames: 3.5 characters of 11 bits, or
// 1.75 ms above 19200 bit/s ("MODBUS over Serial Line" 2.5.1.1).
func silence(baud int) time.Duration {
	if baud > 19200 {
		return 1750 * time.Microsecond
	}
	return time.Duration(38.5 * float64(time.Second) / float64(baud))
}

func (t *rtu) airtime(n int) time.Duration {
	if c := t.bus.opt.Character; c > 0 {
		return time.Duration(n) * c
	}
	return time.Duration(n) * 11 * time.Second / time.Duration(t.bus.opt.Baud)
}

func (t *rtu) ready() time.Time {
	if t.busy.IsZero() {
		return t.busy
	}
	return t.busy.Add(max(silence(t.bus.opt.Baud), t.bus.opt.Turnaround))
}

func (t *rtu) close() error { return t.line.Close() }

func (t *rtu) health(h *Health) {
	if t.host != nil {
		t.host.link.health(h)
	}
	h.Echo, h.Alien, h.Noise = t.echoes.on, t.alien, t.noise
}

func (t *rtu) serial() bool { return true }

func (t *rtu) exchange(ctx context.Context, u *Unit, r codec.Request) (codec.Answer, error) {
	a, err := t.once(ctx, u, r)
	if errors.Is(err, errStale) && !r.Writes() {
		a, err = t.once(ctx, u, r)
	}
	return a, err
}

func (t *rtu) once(ctx context.Context, u *Unit, r codec.Request) (codec.Answer, error) {
	if t.host != nil {
		if err := t.host.open(ctx, r.Writes()); err != nil {
			return codec.Answer{}, err
		}
	}
	if err := t.awaitLate(ctx, u, r); err != nil {
		return codec.Answer{}, err
	}
	if u.address == broadcast {
		return t.tellAll(ctx, r)
	}
	if err := t.probe(ctx, u, r); err != nil {
		return codec.Answer{}, err
	}
	return t.ask(ctx, u, r)
}

// ask sends r and waits for the answer.
func (t *rtu) ask(ctx context.Context, u *Unit, r codec.Request) (codec.Answer, error) {
	sent, err := t.send(ctx, u.address, r)
	if err != nil {
		return codec.Answer{}, err
	}
	end := sent.Add(u.patience() + t.airtime(r.AnswerFrame()))
	a, err := t.receive(ctx, end, r)
	if !r.Repeated() && t.before == 0 && (err == nil || errors.Is(err, drivers.ErrTimeout)) {
		t.echoes.learn(t.echoed, len(t.rx) == 0, err == nil)
	}
	u.owes(r, sent, err)
	return a, err
}

// tellAll sends a broadcast and lets the line rest.
func (t *rtu) tellAll(ctx context.Context, r codec.Request) (codec.Answer, error) {
	sent, err := t.send(ctx, broadcast, r)
	if err != nil {
		return codec.Answer{}, err
	}
	t.busy = sent.Add(afterBroadcast)
	return codec.Answer{Function: r.Function}, sleepUntil(ctx, sent)
}

// send writes r and returns when its last byte will have left.
func (t *rtu) send(ctx context.Context, unit uint8, r codec.Request) (sent time.Time, err error) {
	if err := t.listen(ctx, unit, r); err != nil {
		return time.Time{}, err
	}
	t.tx = codec.AppendRTU(t.tx[:0], unit, r.Append(nil))
	begun := time.Now()
	if err := t.write(ctx); err != nil {
		return time.Time{}, err
	}
	// A kernel buffer takes it at once, the line does not; where this program switches the
	// transceiver, the write has waited for the line already.
	t.busy = begun.Add(t.airtime(len(t.tx)))
	if now := time.Now(); now.After(t.busy) {
		t.busy = now
	}
	return t.busy, nil
}

// write sends the request. A line that does not take it in a second more than it
// needs is stuck, which no deadline of the caller's has to tell.
func (t *rtu) write(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.airtime(len(t.tx))+time.Second)
	defer cancel()
	t.bus.trace(true, t.tx)
	_, err := t.line.Write(ctx, t.tx)
	return err
}

// receive reads until the answer is there, cannot come any more, or its time is
// over.
func (t *rtu) receive(ctx context.Context, end time.Time, r codec.Request) (codec.Answer, error) {
	t.echoed = false
	looked := false
	if t.crossed {
		end = earlier(end, time.Now().Add(othersTurn))
	}
	for until := end; ; {
		had := len(t.rx)
		err := t.read(ctx, until)
		if errors.Is(err, drivers.ErrTimeout) && !looked && ctx.Err() == nil {
			// On a busy board this program may have slept through the deadline while the
			// answer came in. A read whose deadline has passed does not look: this one does.
			looked, until = true, time.Now().Add(lastLook)
			continue
		}
		looked = looked && len(t.rx) == had
		s := codec.Scan(t.rx, t.tx, r, t.echoes.on)
		if s.Crossed && !t.crossed {
			// What comes now belongs to whom it may: let it pass, and ask again another time.
			t.crossed, end = true, earlier(end, time.Now().Add(othersTurn))
		}
		s.Crossed = t.crossed // also when shed has thrown the evidence away
		switch {
		case s.Answer != nil && !t.crossed:
			s.Damaged = 0 // noise that looked like the beginning
			t.account(s)
			t.keep(s.Rest, s)
			return r.Answers(s.Answer)
		case errors.Is(err, drivers.ErrTimeout):
			t.account(s)
			t.keep(t.rx, s)
			return codec.Answer{}, t.failure(s)
		case err != nil:
			return codec.Answer{}, err
		}
		until = end
		switch {
		case s.Begun:
			until = earlier(end, t.busy.Add(t.gap))
		case s.Damaged > 0: // was it noise before the answer, that would be coming right now
			until = earlier(end, t.busy.Add(t.gap/4+silence(t.bus.opt.Baud)))
		}
		if len(t.rx) == cap(t.rx) {
			t.shed()
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// read appends what comes to rx, for which there is always room.
func (t *rtu) read(ctx context.Context, until time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	n, err := t.line.Read(ctx, t.rx[len(t.rx):cap(t.rx)])
	if n > 0 {
		t.bus.trace(false, t.rx[len(t.rx):len(t.rx)+n])
		t.rx = t.rx[:len(t.rx)+n]
		t.busy = time.Now()
	}
	return err
}

// failure says why there is no answer.
func (t *rtu) failure(s codec.Scanned) error {
	switch {
	case s.Crossed:
		return fmt.Errorf("%w that is surely ours: another master asks the same unit", drivers.ErrTimeout)
	case s.Damaged > 0:
		return fmt.Errorf("%w in an answer of %d bytes", drivers.ErrChecksum, len(t.rx))
	case s.Begun:
		return fmt.Errorf("%w: it broke off after %d bytes", drivers.ErrTimeout, len(t.rx))
	case len(t.rx) > 0 && !s.Echoed:
		return fmt.Errorf("%w, only %d bytes that are no answer", drivers.ErrTimeout, len(t.rx))
	}
	return drivers.ErrTimeout
}

// account books what stood beside the answer.
func (t *rtu) account(s codec.Scanned) {
	behind := codec.Overhear(s.Rest)
	noise := s.Noise + behind.Noise
	t.bus.mu.Lock()
	t.echoed = s.Echoed
	t.alien += uint64(s.Alien + behind.Alien)
	t.noise += uint64(noise)
	t.bus.mu.Unlock()
	t.line.Noise(noise)
	for range s.Damaged {
		t.line.BadChecksum()
	}
}

// shed makes room when a line babbles.
func (t *rtu) shed() {
	n := len(t.rx) - rxKeep
	t.account(codec.Scanned{Noise: n})
	t.rx = append(t.rx[:0], t.rx[n:]...)
}
