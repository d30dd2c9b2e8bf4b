package tape

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// Replay is the part that a tape was recorded from. Like a wire it is lent to one
// driver, which uses it from one goroutine. Take the one wire from it that the tape
// has: Port, Modbus, I2C, Input, Pulses, OneWire, SDI12, Process or Host.
type Replay struct {
	tape  *Tape
	i     int // the next entry
	begin int // entries before this one belong to samples that are over
	limit int // entries from here on are not played yet

	// The entry that happened at from on the tape happened at real.
	from time.Duration
	real time.Time

	wrong error // the first departure
}

// NewReplay returns the part with its tape rewound; its clock starts now.
func NewReplay(t *Tape) *Replay { return &Replay{tape: t, limit: len(t.Entries), real: time.Now()} }

// Done says how the driver departed from the tape, or what it left over; nil if
// everything was played. What lies read by nobody in a serial line's buffer is not
// left over.
func (r *Replay) Done() error { return r.done(len(r.tape.Entries)) }

func (r *Replay) done(end int) error {
	for ; r.wrong == nil && r.i < end; r.i++ {
		if e := r.tape.Entries[r.i]; e.Kind == Sent || e.Kind == Received {
			return r.errorf(e, "this was not played: %s", r.shown(e))
		}
	}
	return r.wrong
}

// fail remembers the first departure and returns it.
func (r *Replay) fail(e Entry, format string, args ...any) error {
	err := r.errorf(e, format, args...)
	if r.wrong == nil {
		r.wrong = err
	}
	return err
}

func (r *Replay) errorf(e Entry, format string, args ...any) error {
	return fmt.Errorf("%w %s line %d: %s", ErrTape, r.tape.Name, e.Line, fmt.Sprintf(format, args...))
}

func (r *Replay) shown(e Entry) string {
	const most = 60
	b := appendBytes([]byte{byte(e.Kind), ' '}, r.tape.Wire, e.Bytes)
	if len(b) > most {
		b = append(b[:most:most], " …"...)
	}
	return string(b)
}

// peek returns the next entry that is traffic or a fault, without taking it. Faults
// of samples that are over are passed over: the driver saw in the bytes what was
// wrong. ok is false where the tape, or the sample that is played, ends; e is then
// the entry at its end.
func (r *Replay) peek() (e Entry, ok bool) {
	for ; r.i < r.limit; r.i++ {
		e = r.tape.Entries[r.i]
		if e.Kind == Sent || e.Kind == Received || e.Kind == Fault && r.i >= r.begin {
			return e, true
		}
	}
	if n := len(r.tape.Entries); n > 0 {
		e = r.tape.Entries[min(r.limit, n-1)]
	}
	return e, false
}

// anchor makes now the moment at which e happened.
func (r *Replay) anchor(e Entry) { r.from, r.real = e.At, time.Now() }

// until is how long it is until e happens.
func (r *Replay) until(e Entry) time.Duration { return time.Until(r.real.Add(e.At - r.from)) }

// fault takes the fault e and returns its error, when it is due.
func (r *Replay) fault(ctx context.Context, e Entry) error {
	if err := sleep(ctx, r.until(e), true); err != nil {
		return err
	}
	r.i++
	err, _ := drivers.FaultNamed(e.Text) // the reader has checked the word
	return fmt.Errorf("%w (%s line %d)", err, r.tape.Name, e.Line)
}

// pair performs one operation of a wire where each has one answer.
func (r *Replay) pair(ctx context.Context, request []byte) ([]byte, error) {
	if err := ended(ctx); err != nil {
		return nil, err
	}
	e, ok := r.peek()
	switch {
	case ok && e.Kind == Fault: // of an operation that the tape does not tell more about
		return nil, r.fault(ctx, e)
	case !ok:
		return nil, r.fail(e, "nothing more was asked here, the driver asks %s", r.shown(Entry{Kind: Sent, Bytes: request}))
	case !bytes.Equal(e.Bytes, request):
		return nil, r.fail(e, "%s was asked here, the driver asks %s", r.shown(e), r.shown(Entry{Kind: Sent, Bytes: request}))
	}
	r.i++
	r.anchor(e)
	if e, ok = r.peek(); !ok { // the recording was cut
		return nil, r.fail(e, "the tape ends before the answer")
	}
	if e.Kind == Fault {
		return nil, r.fault(ctx, e)
	}
	if err := sleep(ctx, r.until(e), true); err != nil {
		return nil, err
	}
	r.i++
	return e.Bytes, nil
}

// ended returns what a bus call ends with once ctx has.
func ended(ctx context.Context) error {
	err := ctx.Err()
	if errors.Is(err, context.DeadlineExceeded) {
		return drivers.ErrTimeout
	}
	return err
}

// sleep waits for d, or for ever if nothing ends it, or for ctx.
func sleep(ctx context.Context, d time.Duration, ends bool) error {
	if ends && d <= 0 {
		return ended(ctx)
	}
	var due <-chan time.Time
	if ends {
		t := time.NewTimer(d)
		defer t.Stop()
		due = t.C
	}
	select {
	case <-due:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}
