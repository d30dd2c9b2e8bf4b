package modbus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

// Unit is one slave on a bus.
type Unit struct {
	bus     *Bus
	address uint8

	// guarded by bus.mu
	answer, turnaround time.Duration
	timed              bool      // SetTiming said answer
	failures           int       // calls in a row without a usable answer
	cause              error     // of the last of them
	away               error     // why the last request did not come as far as the slave
	next               time.Time // no call before this, while failures ≥ tolerated
	free               time.Time // end of the last exchange
	rhythm             rhythm
	every              time.Duration // its interval when it answered last; 0: not known
	count              Counts
	response           time.Duration // moving average of answered exchanges
	answered           time.Time
	denied             time.Time // when it was last skipped for the budget
	pardoned           time.Time // when it was last asked in spite of it, see hiccup
	late               lateAnswer
}

var _ drivers.Modbus = (*Unit)(nil)

// The breaker: so many failed calls in a row are tolerated, then the pauses
// between tries double within these bounds; or up to two of its intervals, if that is
// longer. One that is back is read soon: whoever plugged it in waits for that.
const (
	tolerated = 3
	minPause  = 2 * time.Second
	maxPause  = 10 * time.Second
)

// Address is the one at which the unit is asked.
func (u *Unit) Address() uint8 { return u.address }

// SetTiming states what the part needs: how long it may take before its answer
// begins, and the silence it wants between two requests. Zero leaves a value as
// it is. Where two drivers share a unit, the longer times hold.
func (u *Unit) SetTiming(answer, turnaround time.Duration) {
	u.bus.mu.Lock()
	defer u.bus.mu.Unlock()
	if answer > 0 && (!u.timed || answer > u.answer) {
		u.answer, u.timed = answer, true
	}
	u.turnaround = max(u.turnaround, turnaround)
}

// ReadRegisters implements drivers.Modbus. Its errors wrap, beside the ones that
// name what failed, a codec Exception where the unit refused.
func (u *Unit) ReadRegisters(ctx context.Context, function uint8, start, count uint16) ([]uint16, error) {
	if function != 3 && function != 4 {
		return nil, u.named(fmt.Errorf("registers are read with function 3 or 4, not %d", function))
	}
	var words []uint16
	err := u.ask(ctx, codec.Request{Function: function, Start: start, Count: count}, func(a codec.Answer) {
		words = a.Registers(make([]uint16, 0, count))
	})
	if err != nil {
		return nil, u.named(err)
	}
	return words, nil
}

// ReadBits implements drivers.Modbus.
func (u *Unit) ReadBits(ctx context.Context, function uint8, start, count uint16) ([]bool, error) {
	if function != 1 && function != 2 {
		return nil, u.named(fmt.Errorf("bits are read with function 1 or 2, not %d", function))
	}
	var bits []bool
	err := u.ask(ctx, codec.Request{Function: function, Start: start, Count: count}, func(a codec.Answer) {
		bits = a.Bits(make([]bool, 0, count), int(count))
	})
	if err != nil {
		return nil, u.named(err)
	}
	return bits, nil
}

// ask hands the answer to use, which must copy what it wants to keep.
func (u *Unit) ask(ctx context.Context, r codec.Request, use func(codec.Answer)) error {
	if err := r.Check(); err != nil {
		return err
	}
	if u.address == broadcast && u.bus.way.serial() {
		return errBroadcastRead
	}
	if err := u.admit(time.Now()); err != nil {
		return err
	}
	return u.bus.serve(ctx, u, r, 0, use)
}

func (u *Unit) named(err error) error {
	if u.bus.name == "" {
		return fmt.Errorf("unit %d: %w", u.address, err)
	}
	return fmt.Errorf("%s: unit %d: %w", u.bus.name, u.address, err)
}

// Skipped is the error of a call that ended at once, because the unit has not
// answered for several calls and its next try is still to come. It wraps what
// the last try failed with, ErrTimeout for a silent unit.
type Skipped struct {
	Failed int           // tries in a row that failed
	Wait   time.Duration // until the next try
	Cause  error         // of the last failure
}

func (e *Skipped) Error() string {
	return fmt.Sprintf("%v, %d times in a row: skipped, next try in %v", e.Cause, e.Failed, e.Wait.Round(100*time.Millisecond))
}

// Unwrap returns the cause.
func (e *Skipped) Unwrap() error { return e.Cause }

// RetryIn returns Wait.
func (e *Skipped) RetryIn() time.Duration { return e.Wait }

// admit lets a call pass unless the breaker is open.
func (u *Unit) admit(now time.Time) error {
	u.bus.mu.Lock()
	defer u.bus.mu.Unlock()
	return u.admits(now)
}

// admits is admit with bus.mu held.
func (u *Unit) admits(now time.Time) error {
	if u.failures < tolerated || !now.Before(u.next) {
		return nil
	}
	return u.bus.skip(u, u.next.Sub(now))
}

// skip ends a call for u that is not worth its time before wait is over. b.mu is held.
func (b *Bus) skip(u *Unit, wait time.Duration) error {
	u.count.Skipped++
	b.count.Skipped++
	return &Skipped{Failed: u.failures, Wait: wait, Cause: u.cause}
}

// readyAt is when u may be asked.
func (u *Unit) readyAt() time.Time {
	at := u.bus.way.ready()
	if own := u.rested(); own.After(at) {
		return own
	}
	return at
}

// rested is when u has had the pause that it wants for itself; zero if it wants none.
func (u *Unit) rested() time.Time {
	u.bus.mu.Lock()
	defer u.bus.mu.Unlock()
	if u.free.IsZero() {
		return time.Time{}
	}
	return u.free.Add(u.turnaround)
}

// verdict says what the end of a call tells about the unit.
type verdict int

const (
	answered verdict = iota // it is there, even if it refuses
	failed                  // it did not answer, or not usably
	unknown                 // it was not asked, or the line is to blame
)

func verdictOf(err error) verdict {
	switch {
	case err == nil || errors.Is(err, drivers.ErrException):
		return answered
	case errors.Is(err, errNoTurn), errors.Is(err, drivers.ErrUnplugged), errors.Is(err, os.ErrClosed):
		return unknown
	case errors.Is(err, drivers.ErrTimeout), errors.Is(err, drivers.ErrChecksum), errors.Is(err, drivers.ErrProtocol):
		return failed
	}
	return unknown
}

// judge moves the breaker. bus.mu is held.
func (u *Unit) judge(now time.Time, err error) {
	switch verdictOf(err) {
	case answered:
		u.failures, u.cause = 0, nil
		if u.rhythm.every > 0 {
			u.every = u.rhythm.every
		}
	case failed:
		u.failures++
		u.cause = err
		if u.failures >= tolerated {
			u.next = now.Add(min(minPause<<min(u.failures-tolerated, 10), max(maxPause, 2*u.every)))
		}
	}
}

// rhythm learns how often a unit is polled, from the first request of its cycle.
type rhythm struct {
	function     uint8
	start, count uint16
	last         time.Time
	every        time.Duration
}

// beat tells the rhythm that r is being asked. bus.mu is held.
func (u *Unit) beat(r codec.Request, now time.Time) {
	h := &u.rhythm
	switch {
	case h.last.IsZero() || h.every > 0 && now.Sub(h.last) > 3*h.every: // new, or another cycle now
		*h = rhythm{function: r.Function, start: r.Start, count: r.Count, last: now}
	case h.function == r.Function && h.start == r.Start && h.count == r.Count:
		h.every, h.last = now.Sub(h.last), now
	}
}

// dueBetween says whether the unit is expected to be asked before end. One that
// is overdue is expected any moment, until it has missed a whole beat.
func (h rhythm) dueBetween(now, end time.Time) bool {
	due := h.last.Add(h.every)
	return h.every > 0 && due.Before(end) && now.Sub(due) < h.every
}
