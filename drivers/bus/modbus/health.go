package modbus

import (
	"context"
	"errors"
	"os"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"

	"github.com/lamppost-city/lamppost/drivers"
)

// Counts is what happened since the bus was made.
type Counts struct {
	Requests   uint64 // made, retries included; those that did not come as far as a slave too
	Answers    uint64 // good ones
	Exceptions uint64 // refusals
	Timeouts   uint64 // requests without an answer in time
	Damaged    uint64 // answers with a wrong CRC
	Malformed  uint64 // answers that do not follow the protocol (TCP)
	Unreached  uint64 // requests that came to no slave, since the line or the host was not there
	Retries    uint64
	Skipped    uint64 // calls that the breaker ended at once
}

// Health is how a bus is doing.
type Health struct {
	Name string
	Counts
	Load  float64       // share of the time, over the last half minute or so, in which the line was taken, 0 to 1
	Busy  time.Duration // for which it was taken since the bus was made
	Echo  bool          // the line gave our own requests back
	Alien uint64        // good frames that nobody waited for: late answers, another master
	Noise uint64        // bytes that belonged to no frame

	// Only for a TCP host; a serial line has a health of its own.
	Connected bool
	Lost      time.Time // since when it is not connected, though it was tried
	Fault     error     // why
	Dials     uint64    // connections made

	Units []UnitHealth // by address
}

// UnitHealth is how one slave is doing.
type UnitHealth struct {
	Address uint8
	Counts
	Failures int           // calls in a row without an answer
	NextTry  time.Time     // zero unless the breaker is open
	Answered time.Time     // the last time it did; zero: never
	Response time.Duration // what an exchange takes on the average
	Cause    error         // of the last failure; nil when it is well
	Away     error         // why the last request did not come as far as the slave; nil if it did, or none was made
}

// Health returns a snapshot. It does not wait for the line.
func (b *Bus) Health() Health {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := Health{Name: b.name, Counts: b.count}
	b.way.health(&h)
	now := time.Now()
	h.Load, h.Busy = b.load.share(now), b.load.total
	for _, a := range b.addresses() {
		u := b.units[a]
		uh := UnitHealth{Address: a, Counts: u.count, Failures: u.failures, Answered: u.answered, Response: u.response, Cause: u.cause, Away: u.away}
		if u.failures >= tolerated && u.next.After(now) {
			uh.NextTry = u.next
		}
		h.Units = append(h.Units, uh)
	}
	return h
}

// add counts for the bus and, with u, for the unit.
func (b *Bus) add(count func(*Counts), u *Unit) {
	b.mu.Lock()
	defer b.mu.Unlock()
	count(&b.count)
	if u != nil {
		count(&u.count)
	}
}

// busyPause is how long a unit that is busy is left alone.
const busyPause = 100 * time.Millisecond

// unreached says that an exchange ended before the slave could know of it, or with the
// line: there is no host, the adapter is out, another program has the port.
func unreached(err error) bool {
	return err != nil && verdictOf(err) == unknown && !errors.Is(err, errNoTurn) && !errors.Is(err, os.ErrClosed) && !errors.Is(err, context.Canceled)
}

// note books one exchange of u, which took so long and ended now. b.mu is held.
func (b *Bus) note(u *Unit, took time.Duration, now time.Time, err error) {
	b.count.note(b.everybody(u), err)
	u.count.note(b.everybody(u), err)
	u.free = now
	switch {
	case unreached(err):
		u.away = err
	case verdictOf(err) != unknown:
		u.away = nil
	}
	if errors.Is(err, codec.Busy) {
		u.free = u.free.Add(busyPause)
	}
	if verdictOf(err) != answered || b.everybody(u) {
		return
	}
	u.answered = now
	if u.response == 0 {
		u.response = took
	}
	u.response += (took - u.response) / 8
}

// note counts how an exchange ended, with one slave or with everybody.
func (c *Counts) note(everybody bool, err error) {
	switch {
	case err == nil && everybody: // nobody answers
	case err == nil:
		c.Answers++
	case errors.Is(err, drivers.ErrException):
		c.Exceptions++
	case errors.Is(err, errNoTurn): // nothing was asked
	case errors.Is(err, drivers.ErrTimeout):
		c.Timeouts++
	case errors.Is(err, drivers.ErrChecksum):
		c.Damaged++
	case errors.Is(err, drivers.ErrProtocol):
		c.Malformed++
	case unreached(err):
		c.Unreached++
	}
}
