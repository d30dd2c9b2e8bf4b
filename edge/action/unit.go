package action

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// unit runs one machine: a goroutine that lets it decide, and one more for each call
// of the hardware, of which there is never more than one.
type unit struct {
	Output
	o    *Options
	wake chan struct{}
	ends chan bool // whether the output stays as it is

	mu      sync.Mutex // guards what follows
	m       *machine
	changed chan struct{} // closed when something has happened, and replaced

	// Of the goroutine of run alone.
	answers  chan answer
	hardware drivers.Output // nil: not open; nobody else's while a call is under way
	cancel   context.CancelFunc
}

// answer is how a call ended.
type answer struct {
	is, tells bool
	err       error
	hardware  drivers.Output // as the call leaves it
}

func newUnit(x Output, o *Options) *unit {
	return &unit{Output: x, o: o, wake: make(chan struct{}, 1), ends: make(chan bool, 1), m: newMachine(x.ID, x.Spec, o.Now()),
		changed: make(chan struct{}), answers: make(chan answer, 1)}
}

func (u *unit) with(do func(*machine, int64)) {
	u.mu.Lock()
	do(u.m, u.o.Now())
	u.mu.Unlock()
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

func (u *unit) view() View {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.m.view()
}

// end asks run to return.
func (u *unit) end(stays bool) { u.ends <- stays }

// run lets the machine work until end.
func (u *unit) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	defer u.release()
	var late <-chan time.Time // how long a stop may still take
	for {
		p := u.turn(true)
		if p.call != nothing {
			u.start(p.call)
		}
		if p.obsolete && u.cancel != nil {
			u.cancel()
		}
		u.tell(p)
		if late != nil && p.settled {
			return
		}
		timer.Reset(time.Duration(min(max(p.next-u.o.Now(), 1), hour)) * time.Millisecond)
		select {
		case <-u.wake:
		case <-timer.C:
		case a := <-u.answers:
			u.ended(a)
		case stays := <-u.ends:
			if stays {
				u.leave()
				return
			}
			u.with(func(m *machine, now int64) { m.stop(now) })
			late = time.After(2*u.Spec.Timeout + grace)
		case <-late:
			u.lost()
			return
		}
	}
}

// plan is what a look at the machine asks for.
type plan struct {
	call     call
	obsolete bool
	settled  bool
	events   []wire.Actuation
	state    []byte // nil: it has not changed
	now      int64
	next     int64
}

// turn lets the machine decide, and begin a call if it may.
func (u *unit) turn(may bool) (p plan) {
	u.mu.Lock()
	defer u.mu.Unlock()
	m := u.m
	if m.step(u.o.Now()); may {
		p.call, p.obsolete = m.call(), m.obsolete()
	}
	var dirty bool
	if p.events, dirty = m.take(); dirty {
		p.state = m.snapshot(u.o.Boot)
		close(u.changed)
		u.changed = make(chan struct{})
	}
	p.now, p.next, p.settled = m.now, m.next(), m.settled()
	return p
}

func (u *unit) tell(p plan) {
	for _, e := range p.events {
		u.o.Tell(e, p.now, p.state)
	}
	if len(p.events) == 0 && p.state != nil {
		u.o.Keep(u.ID, p.state)
	}
}

// start carries a call out, in its time. What opens the hardware may fail; a later
// call tries again.
func (u *unit) start(c call) {
	ctx, cancel := context.WithTimeout(context.Background(), u.Spec.Timeout)
	u.cancel = cancel
	hw := u.hardware
	u.hardware = nil
	go func() {
		defer cancel()
		u.answers <- u.carry(ctx, hw, c) // there is room for the one call under way
	}()
}

// carry does one thing to the hardware and opens it before, if need be. A mistake of
// a driver stays its own.
func (u *unit) carry(ctx context.Context, hw drivers.Output, c call) (a answer) {
	a.hardware = hw
	defer func() {
		if r := recover(); r != nil {
			a.err = fmt.Errorf("the driver has a bug: %v", r)
		}
	}()
	if a.hardware == nil {
		if a.hardware, a.err = u.Open(); a.err != nil {
			return a
		}
	}
	if c == look {
		a.is, a.tells, a.err = a.hardware.Get(ctx)
	} else {
		a.err = a.hardware.Set(ctx, c == setOn)
	}
	return a
}

// ended takes the answer of a call. Hardware that was unplugged is opened anew.
func (u *unit) ended(a answer) {
	if u.hardware = a.hardware; u.hardware != nil && errors.Is(a.err, drivers.ErrUnplugged) {
		u.release()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.m.done(u.o.Now(), a.is, a.tells, a.err)
}

// leave waits for a call under way, as long as it may take, and returns with the
// output as it is.
func (u *unit) leave() {
	u.mu.Lock()
	busy := u.m.flight != nothing
	u.mu.Unlock()
	if busy {
		select {
		case a := <-u.answers:
			u.ended(a)
		case <-time.After(u.Spec.Timeout + grace):
			u.abandon()
		}
	}
	u.tell(u.turn(false))
}

// lost tells that an output could not be set off at the end.
func (u *unit) lost() {
	u.mu.Lock()
	busy := u.m.flight != nothing
	if u.m.phase == falling {
		u.m.ail("stuck", "the hardware did not take off before the gateway ended")
	}
	u.mu.Unlock()
	if busy {
		u.abandon()
	}
	u.tell(u.turn(false))
}

// abandon leaves a call behind that does not come back. Should it ever, the hardware
// is given up then.
func (u *unit) abandon() {
	go func() {
		shut((<-u.answers).hardware)
	}()
}

// release gives the hardware up, unless a call has it.
func (u *unit) release() {
	shut(u.hardware)
	u.hardware = nil
}

func shut(hw drivers.Output) {
	defer func() { _ = recover() }() // as in carry; there is nothing left to tell it of
	if hw != nil {
		_ = hw.Close() // nothing depends on it any more
	}
}

// outcome waits until what was decided last has been done, has failed, or ctx ends.
func (u *unit) outcome(ctx context.Context) (View, error) {
	for {
		u.mu.Lock()
		v, busy, changed := u.m.view(), !u.m.restful() || u.m.again, u.changed
		u.mu.Unlock()
		switch {
		case v.Fault != "" && v.Fault != "astray":
			return v, fmt.Errorf("the hardware fails (%s): %s", v.Fault, v.Detail)
		case !busy:
			return v, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return v, fmt.Errorf("the hardware has not answered yet: %w", ctx.Err())
		}
	}
}
