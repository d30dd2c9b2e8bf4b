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

// Output is one output of a board.
type Output struct {
	ID   string
	Spec Spec
	// Open opens the hardware. It is called from the output's own goroutine, again after
	// the hardware was gone, and must not block for longer than Spec.Timeout.
	Open func() (drivers.Output, error)
	// Same tells an output from one with the same id that is wired differently.
	Same string
	// Kept: over a reload its hardware stays as it was told, so that Adopt does not have
	// it told again.
	Kept bool
}

// Options are what a board needs of its surroundings. The functions are called from
// the outputs' goroutines, with no lock held.
type Options struct {
	Now  func() int64 // boot ms, never going back
	Boot string       // the present boot's id
	// Tell is given each event, with when it was, and the output's state since then.
	Tell func(a wire.Actuation, bootMS int64, state []byte)
	// Keep is given a state that has changed without an event.
	Keep func(output string, state []byte)
}

// Board owns outputs and runs them. All methods but Close return at once and may be
// called from any goroutine.
type Board struct {
	o     Options
	units map[string]*unit
	order []string
	all   sync.WaitGroup
}

// ErrUnknown says that there is no output of that name.
var ErrUnknown = errors.New("no such output")

// New makes a board. Its outputs are taken to be on, and to be set off by Start,
// unless Restore or Adopt know better.
func New(outputs []Output, o Options) *Board {
	b := &Board{o: o, units: map[string]*unit{}}
	for _, x := range outputs {
		b.order = append(b.order, x.ID)
		b.units[x.ID] = newUnit(x, &b.o)
	}
	return b
}

// Restore gives an output the state that Tell or Keep were given last in an earlier
// run. Before Start. The error wraps ErrState or ErrUnknown.
func (b *Board) Restore(output string, state []byte, r Resume) error {
	u := b.units[output]
	if u == nil {
		return fmt.Errorf("%w: %q", ErrUnknown, output)
	}
	return u.m.restore(state, r)
}

// Stays says whether an output of an older board is the same here, so that it need
// not be set off in between. Its limits may be others.
func (b *Board) Stays(old *Board, output string) bool {
	u, was := b.units[output], old.units[output]
	return u != nil && was != nil && u.Same == was.Same && u.Spec.place() == was.Spec.place()
}

// Adopt lets the outputs that stay go on where an older board, which is closed, has
// left them, and gives the others their holds and counts. Before Start.
func (b *Board) Adopt(old *Board) {
	now := b.o.Now()
	for id, u := range b.units {
		was := old.units[id]
		switch {
		case was == nil:
		case b.Stays(old, id):
			u.m = was.m
			u.m.limited(u.Spec)
			u.m.reopened(now, u.Kept)
		default:
			state := was.m.snapshot(b.o.Boot)
			_ = u.m.restore(state, Resume{Now: now, Boot: b.o.Boot}) // written by this program a moment ago
		}
	}
}

// Start begins to carry out.
func (b *Board) Start() {
	for _, u := range b.units {
		b.all.Go(u.run)
	}
}

// Close sets the outputs off, gives the hardware up and waits until that is done or
// has failed for as long as one more call may take. Those that stays names, nil:
// none, are left as they are. What was told until then was told before Close returns.
func (b *Board) Close(stays func(output string) bool) {
	for id, u := range b.units {
		u.end(stays != nil && stays(id))
	}
	b.all.Wait()
}

// Raised says that a rule's alert was raised and wants an output on, for d or, 0, until
// it clears.
func (b *Board) Raised(output, rule string, d time.Duration) {
	b.with(output, func(m *machine, now int64) { m.raised(now, rule, d) })
}

// Worsened says that a rule's alert, which was raised, has become more severe: what it
// wants counts as raised anew.
func (b *Board) Worsened(output, rule string, d time.Duration) {
	b.with(output, func(m *machine, now int64) { m.worsened(now, rule, d) })
}

// Cleared says that a rule's alert ended.
func (b *Board) Cleared(output, rule string) {
	b.with(output, func(m *machine, now int64) { m.withdraw(now, rule) })
}

// Silence says that a person, by, has seen a rule's alert: what the rule wants of an
// output counts no more until it raises anew. It says whether the output goes off for
// that; Settled tells when it has.
func (b *Board) Silence(output, rule, by string) (off bool) {
	b.with(output, func(m *machine, now int64) { off = m.silence(now, rule, by) })
	return off
}

// Settled waits until the hardware has taken what was decided last, or ctx ends. The
// error wraps ErrUnknown, or says what the hardware said.
func (b *Board) Settled(ctx context.Context, output string) (View, error) {
	u := b.units[output]
	if u == nil {
		return View{}, fmt.Errorf("%w: %q", ErrUnknown, output)
	}
	return u.outcome(ctx)
}

// Rules drops the wishes of rules that do not ask for an output any more.
func (b *Board) Rules(asks func(output, rule string) bool) {
	for id := range b.units {
		b.with(id, func(m *machine, now int64) {
			m.keepRules(now, func(rule string) bool { return asks(id, rule) })
		})
	}
}

// Permit says what is known of an output's interlock; of one that is not known also why,
// where somebody knows: it goes into what is told of the output.
func (b *Board) Permit(output string, t Truth, why string) {
	b.with(output, func(m *machine, now int64) { m.permitted(now, t, why) })
}

// Fade says that an output's interlock is true only for as long as what was read last counts,
// and why: what is on may stay so until Permit says otherwise, nothing is switched on.
func (b *Board) Fade(output, why string) {
	b.with(output, func(m *machine, now int64) { m.fades(now, why) })
}

// Sense says what is known of an output's feedback: that it is on, or off.
func (b *Board) Sense(output string, t Truth) {
	b.with(output, func(m *machine, now int64) { m.sense(now, t) })
}

// On switches an output on because a person, by, asks for it, for d or, 0, for as long
// as it may be. It waits until the hardware has taken it or ctx ends. The error wraps
// ErrUnknown or ErrRefused, or says what the hardware said.
func (b *Board) On(ctx context.Context, output, by string, d time.Duration) (View, error) {
	return b.command(ctx, output, func(m *machine, now int64) error { return m.commandOn(now, by, d) })
}

// Off switches an output off, whoever asks for it, and for hold keeps it so. It waits
// like On.
func (b *Board) Off(ctx context.Context, output, by string, hold time.Duration) (View, error) {
	return b.command(ctx, output, func(m *machine, now int64) error { m.commandOff(now, by, hold); return nil })
}

func (b *Board) command(ctx context.Context, output string, do func(*machine, int64) error) (View, error) {
	u := b.units[output]
	if u == nil {
		return View{}, fmt.Errorf("%w: %q", ErrUnknown, output)
	}
	var err error
	u.with(func(m *machine, now int64) { err = do(m, now) })
	if err != nil {
		return u.view(), err
	}
	return u.outcome(ctx)
}

// Views returns all outputs as they stand, in the order of New.
func (b *Board) Views() (vs []View) {
	for _, id := range b.order {
		vs = append(vs, b.units[id].view())
	}
	return vs
}

func (b *Board) with(output string, do func(*machine, int64)) {
	if u := b.units[output]; u != nil {
		u.with(do)
	}
}
