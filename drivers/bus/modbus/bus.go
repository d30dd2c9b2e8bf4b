// Package modbus owns Modbus lines and Modbus TCP hosts. One [Bus] speaks on one
// line; every slave on it is a [Unit], lent to one driver as drivers.Modbus.
// There are no goroutines: a call does its work on its caller's, and calls that
// meet wait for their turn, the nearest deadline first.
//
// What a bus promises to the units on it:
//   - One request at a time. Before it: the silence that ends a frame (3.5
//     characters), the bus's and the slave's own pause, and everything received
//     meanwhile dropped. On receive silences mean nothing, since no user program
//     behind a USB adapter can see them: a frame is told by its length, and a
//     broken one is given up 100 ms after its last byte.
//   - An answer is taken only from the right unit, with the right function and
//     length and a good CRC (over TCP: the right transaction). Late answers, other
//     units' frames, noise and our own echo are skipped and counted.
//   - Another master on a serial line, which nobody should allow, is listened to: his
//     question is let be answered before ours is asked, and when both meet over one
//     unit, the answer is an error, never his.
//   - A silent slave costs its own timeout, not more. A damaged or missing answer is
//     asked for once more only from a slave that was well before, and within the
//     caller's deadline. After three failed calls in a row the slave is asked at
//     pauses that grow from 2 s to 10 s, or to two of its intervals; calls in between
//     cost nothing and end with a [Skipped] error. When others need the line, all
//     timeouts of slaves that failed before and all repetitions together may take half
//     of what those who answer leave of nine tenths of its time, or 2 % if that is more;
//     what would take more is left out, or skipped too; who has waited longest is next.
//     One that answered within the last minute is asked a second time all the same,
//     once a minute.
//   - An unplugged line or an unreachable host is not the slaves' fault and
//     opens no breaker.
//   - A write goes before waiting reads, at most every second turn. No breaker and
//     no pause between dials keeps it back: a siren must be switched off by a unit
//     that was silent a moment ago, too. It is sent once, unless the caller insists;
//     see [Unit.Insist].
//   - Unit 0 of a serial line is all slaves: writes to it are sent, nobody answers,
//     and the line rests for 200 ms. Behind a Modbus TCP host unit 0 is the host.
package modbus

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/bus/direct"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Options say how a bus is used. The zero value is usable.
type Options struct {
	// Name stands in errors and health; default: what the line calls itself, or the
	// host's address.
	Name string
	// Baud is the serial line's speed, default 9600. Silences and the time that
	// bytes take on the line follow from it.
	Baud int
	// Character is how long one character takes, if it has other than 11 bits (8N1 has
	// 10). The silences stay those of 11 bits, which is what slaves reckon with.
	Character time.Duration
	// Turnaround is the least silence before every request, default 3.5 characters.
	Turnaround time.Duration
	// Answer is how long a slave may take before its answer begins, default 500 ms.
	// A driver that knows its part better says so with Unit.SetTiming.
	Answer time.Duration
	// Trace, if set, is called with each request as it is sent and with all bytes
	// as they are received. It must be quick and must not keep p.
	Trace func(sent bool, p []byte, at time.Time)
	// Dial opens connections to a TCP host; default: net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Bus is one line or host. It may be used from several goroutines.
type Bus struct {
	name string
	opt  Options
	way  transport
	turn turn

	mu    sync.Mutex // guards what follows, and all that is in the units
	units map[uint8]*Unit
	count Counts
	spare budget
	load  load
}

// transport carries one request at a time. The turn is held while it is used.
type transport interface {
	// exchange sends r to u and waits for the answer. It ends with ctx, at the
	// latest when u's time is over.
	exchange(ctx context.Context, u *Unit, r codec.Request) (codec.Answer, error)
	// ready is when the line is free for the next request.
	ready() time.Time
	// serial says whether unit 0 is all slaves of a line.
	serial() bool
	// airtime is how long n bytes take.
	airtime(n int) time.Duration
	health(*Health)
	close() error
}

// NewRTU returns the bus on a serial line, which it owns from now on.
func NewRTU(line Line, o Options) *Bus {
	if s, ok := line.(fmt.Stringer); ok && o.Name == "" {
		o.Name = s.String()
	}
	if o.Baud <= 0 {
		o.Baud = 9600
	}
	b := newBus(o)
	b.way = &rtu{bus: b, line: line, gap: gap, rx: make([]byte, 0, rxSize)}
	return b
}

// NewRTUOverTCP returns the bus on a serial line behind a host at "host:port" that
// passes bytes on as they are (a serial server, a modem, ser2net). Baud is the speed of
// that line, on which the time that is given to answers depends. It connects at first
// use and whenever the connection was lost.
func NewRTUOverTCP(address string, o Options) *Bus {
	if o.Name == "" {
		o.Name = address
	}
	s := &socket{newLink(address, o)}
	b := NewRTU(s, o)
	r := b.way.(*rtu)
	r.host, r.gap = s, netGap
	return b
}

// NewTCP returns the bus to a Modbus TCP host at "host:port". It connects at
// first use and whenever the connection was lost.
func NewTCP(address string, o Options) *Bus {
	if o.Name == "" {
		o.Name = address
	}
	b := newBus(o)
	b.way = &tcp{bus: b, link: newLink(address, o)}
	return b
}

func newLink(address string, o Options) link {
	if o.Dial == nil {
		o.Dial = dial
	}
	return link{address: address, dial: o.Dial}
}

// dial reaches a host. Its answers are many and small, see package direct.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return direct.Conn(c), nil
}

func newBus(o Options) *Bus {
	if o.Answer <= 0 {
		o.Answer = 500 * time.Millisecond
	}
	return &Bus{name: o.Name, opt: o, units: map[uint8]*Unit{}}
}

// Close ends running and later calls. It closes the line or the connection.
func (b *Bus) Close() error { return b.way.close() }

// Unit returns the slave with this address. All callers with one address share
// its breaker, counts and timing.
func (b *Bus) Unit(address uint8) *Unit {
	b.mu.Lock()
	defer b.mu.Unlock()
	u := b.units[address]
	if u == nil {
		u = &Unit{bus: b, address: address, answer: b.opt.Answer}
		b.units[address] = u
	}
	return u
}

// serve asks u, when it is its turn, and once more if that hurts nobody; a write
// repeats times more. The answer is used before the turn ends: it lies in the
// transport's buffer.
func (b *Bus) serve(ctx context.Context, u *Unit, r codec.Request, repeats int, use func(codec.Answer)) error {
	if at := u.rested(); at.After(time.Now()) { // the others may have the line meanwhile
		if err := sleepUntil(ctx, at); err != nil {
			return err
		}
	}
	if err := b.turn.take(ctx, r.Writes()); err != nil {
		return err
	}
	defer b.turn.give()
	now, err := b.enter(u, r)
	if err != nil {
		b.leave(u, nil)
		return err
	}
	a, err := b.attempt(ctx, u, r, now, false)
	for n := 0; b.again(ctx, u, r, err, n, repeats); n++ {
		b.add(func(c *Counts) { c.Retries++ }, u)
		a, err = b.attempt(ctx, u, r, time.Now(), true)
	}
	b.leave(u, func(now time.Time) { u.judge(now, err) })
	if err == nil {
		use(a)
	}
	return err
}

// enter books that the line is taken from now on, for u, and says when that is, or that
// r is not worth its time.
func (b *Bus) enter(u *Unit, r codec.Request) (now time.Time, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now = time.Now()
	b.load.turn(now, true)
	if r.Writes() {
		return now, nil
	}
	if err := u.admits(now); err != nil { // another caller may have found it silent meanwhile
		return now, err
	}
	if err := b.affords(u, r, now); err != nil {
		return now, err
	}
	u.beat(r, now)
	return now, nil
}

// leave books that the line is free from now on, and what the call was like, if it was made.
func (b *Bus) leave(u *Unit, judge func(now time.Time)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if judge != nil {
		judge(now)
	}
	b.load.turn(now, false)
}

// attempt waits for the line to be free and asks u once.
func (b *Bus) attempt(ctx context.Context, u *Unit, r codec.Request, now time.Time, repeated bool) (codec.Answer, error) {
	if at := u.readyAt(); at.After(now) {
		if err := sleepUntil(ctx, at); err != nil {
			return codec.Answer{}, err
		}
		now = time.Now()
	}
	b.mu.Lock()
	b.count.Requests++
	u.count.Requests++
	b.mu.Unlock()
	a, err := b.way.exchange(ctx, u, r)
	if err == nil && a.Exception != 0 {
		err = exceptionError(a.Exception)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	end := time.Now()
	b.charge(u, now, end, repeated, err)
	b.note(u, end.Sub(now), end, err)
	return a, err
}

func exceptionError(e codec.Exception) error {
	if obs.ExceptionState(uint8(e)) == obs.StateNoAnswer { // the slave's silence, told by the gateway before it
		return fmt.Errorf("%w: %w", drivers.ErrTimeout, e)
	}
	return fmt.Errorf("%w: %w", drivers.ErrException, e)
}

// again says whether r, which ended with err after n repetitions, is sent once more.
func (b *Bus) again(ctx context.Context, u *Unit, r codec.Request, err error, n, repeats int) bool {
	switch {
	case r.Writes():
		return n < repeats && repeatable(err) && b.fits(ctx, u, r)
	default:
		return n == 0 && verdictOf(err) == failed && b.mayRetry(u, r, err) && b.fits(ctx, u, r)
	}
}

// fits says whether another attempt would end before ctx does.
func (b *Bus) fits(ctx context.Context, u *Unit, r codec.Request) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	d, ok := ctx.Deadline()
	return ctx.Err() == nil && (!ok || !d.Before(time.Now().Add(b.worst(u, r))))
}

// worst is how long one attempt can take. b.mu is held.
func (b *Bus) worst(u *Unit, r codec.Request) time.Duration {
	return max(u.turnaround, b.opt.Turnaround) + b.way.airtime(8+len(r.Data)) + u.answer + b.way.airtime(r.AnswerFrame())
}

// sleepUntil waits for at, or for ctx.
func sleepUntil(ctx context.Context, at time.Time) error {
	wait := time.Until(at)
	if wait <= 0 {
		return ended(ctx)
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}

// ended is ctx's error, with its deadline as ErrTimeout.
func ended(ctx context.Context) error {
	switch err := ctx.Err(); err {
	case nil:
		return nil
	case context.DeadlineExceeded:
		return errNoTurn
	default:
		return err
	}
}

// errNoTurn says that the caller's time was over before the unit was asked, so
// that nothing is known about the unit.
var errNoTurn = fmt.Errorf("%w: the line was not free before the deadline", drivers.ErrTimeout)

func (b *Bus) trace(sent bool, p []byte) {
	if b.opt.Trace != nil && len(p) > 0 {
		b.opt.Trace(sent, p, time.Now())
	}
}

// addresses returns the units' addresses in order. b.mu is held.
func (b *Bus) addresses() []uint8 {
	list := make([]uint8, 0, len(b.units))
	for a := range b.units {
		list = append(list, a)
	}
	slices.Sort(list)
	return list
}
