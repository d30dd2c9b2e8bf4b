package modbus

import (
	"context"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/modbus"
)

// echoes is what a line is known to do with our own requests. Some two-wire adapters
// hear themselves. With reads that is nothing but noise; but a write of one coil or
// register is confirmed by the same bytes that were sent, so that on such a line a
// dead relay would seem to obey.
type echoes struct {
	known bool
	on    bool
	plain int // answers in a row without an echo
}

// convinced is how many answers without an echo in a row show that a line that did
// echo does so no more: the adapter was changed. One alone may follow a damaged echo.
const convinced = 3

// learn takes one exchange whose echo cannot be mistaken for its answer.
func (e *echoes) learn(echoed, nothing, answered bool) {
	switch {
	case echoed:
		*e = echoes{known: true, on: true}
	case answered:
		if e.plain++; !e.known || e.plain >= convinced {
			e.known, e.on = true, false
		}
	case nothing: // a line that echoes never says nothing
		e.known = true
	}
}

// probe finds out, by a read that changes nothing, whether the line echoes, when it
// is not known yet and the confirmation of r could be an echo.
func (t *rtu) probe(ctx context.Context, u *Unit, r codec.Request) error {
	if t.echoes.known || !r.Repeated() {
		return nil
	}
	read := codec.Request{Function: 3, Start: r.Start, Count: 1}
	if r.Function == 5 {
		read.Function = 1
	}
	t.bus.add(func(c *Counts) { c.Requests++ }, u)
	start := time.Now()
	a, err := t.ask(ctx, u, read)
	if err == nil && a.Exception != 0 {
		err = exceptionError(a.Exception)
	}
	t.bus.mu.Lock()
	now := time.Now()
	t.bus.note(u, now.Sub(start), now, err)
	t.bus.mu.Unlock()
	if verdictOf(err) == unknown {
		return err
	}
	return sleepUntil(ctx, u.readyAt())
}
