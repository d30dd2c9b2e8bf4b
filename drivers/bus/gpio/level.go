//go:build linux

package gpio

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"github.com/lamppost-city/lamppost/drivers"
)

// Input is one line as an input. It implements drivers.Input.
type Input struct {
	chip *Chip
	line string
	want want

	mu     sync.Mutex
	closed bool
	h      handle // nil while the line is not requested
}

var _ drivers.Input = (*Input)(nil)

// Input returns a line, by name or number. It is requested at the first call of Active.
func (c *Chip) Input(line string, s drivers.PinSettings) (*Input, error) {
	i := &Input{chip: c, line: line, want: want{activeLow: s.Active == "low", pull: s.Pull, debounce: s.Debounce}}
	return i, c.keep(i)
}

// Active implements drivers.Input. The kernel answers at once, except of chips behind
// an I2C bus, where it may take as long as that bus does: ctx is looked at before.
func (i *Input) Active(ctx context.Context) (on bool, err error) {
	if err := over(ctx); err != nil {
		return false, fmt.Errorf("%s %s: %w", i.chip, i.line, err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.h, err = i.chip.use(i.h, i.line, i.want, i.closed); err != nil {
		return false, err
	}
	if on, err = i.h.get(); err != nil {
		err = i.chip.drop(&i.h, i.line, err)
	}
	return on, err
}

// Close gives the line up. A second call does nothing.
func (i *Input) Close() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	i.chip.forget(i)
	return shut(&i.h)
}

// OutputSettings say how a line is used as an output. The zero value switches on with a
// high level.
type OutputSettings struct {
	ActiveLow bool // a low level is on: most relay boards with optocouplers
	// OpenDrain only pulls low and never drives high; something else pulls up.
	OpenDrain bool
}

// Output is one line as an output. It implements drivers.Output.
type Output struct {
	chip *Chip
	line string
	want want

	mu     sync.Mutex
	closed bool
	h      handle // nil while the line is not requested
}

var _ drivers.Output = (*Output)(nil)

// Output returns a line, by name or number. It is requested at the first call of Set,
// and until then is as the board has it.
func (c *Chip) Output(line string, s OutputSettings) (*Output, error) {
	o := &Output{chip: c, line: line, want: want{output: true, activeLow: s.ActiveLow, openDrain: s.OpenDrain}}
	return o, c.keep(o)
}

// Set implements drivers.Output. A chip that was gone is requested anew, in the state
// that is asked for.
func (o *Output) Set(ctx context.Context, on bool) (err error) {
	if err := over(ctx); err != nil {
		return fmt.Errorf("%s %s: %w", o.chip, o.line, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	w := o.want
	w.on = on
	if o.h, err = o.chip.use(o.h, o.line, w, o.closed); err != nil {
		return err
	}
	if err = o.h.set(on); err != nil {
		err = o.chip.drop(&o.h, o.line, err)
	}
	return err
}

// Get implements drivers.Output: the level of the pin, as the chip reads it back. It
// cannot tell before the first Set, and never requests the line.
func (o *Output) Get(ctx context.Context) (on, ok bool, err error) {
	if err := over(ctx); err != nil {
		return false, false, fmt.Errorf("%s %s: %w", o.chip, o.line, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.h == nil {
		return false, false, nil
	}
	if on, err = o.h.get(); err != nil {
		return false, false, o.chip.drop(&o.h, o.line, err)
	}
	return on, true, nil
}

// Close gives the line up. What the pin does then is the chip's: most hold the level,
// some go back to being an input. A second call does nothing.
func (o *Output) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.chip.forget(o)
	return shut(&o.h)
}

// use returns h, or requests the line if there is none.
func (c *Chip) use(h handle, line string, w want, closed bool) (handle, error) {
	switch {
	case closed:
		return nil, fmt.Errorf("%s %s: %w", c, line, os.ErrClosed)
	case h != nil:
		return h, nil
	}
	return c.request(line, w)
}

// drop judges an error of a requested line, and gives the line up if its chip is gone.
func (c *Chip) drop(h *handle, line string, err error) error {
	err = fmt.Errorf("%s %s: %w", c, line, explain(err, ""))
	if errors.Is(err, drivers.ErrUnplugged) || errors.Is(err, syscall.EBADF) {
		_ = shut(h) // there is nothing left to give up
		c.note(err)
	}
	return err
}

func shut(h *handle) error {
	if *h == nil {
		return nil
	}
	err := (*h).Close()
	*h = nil
	return err
}

// over returns ErrTimeout when ctx's deadline has passed, its error when it was
// cancelled, nil while it runs.
func over(ctx context.Context) error {
	if err := ctx.Err(); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return drivers.ErrTimeout
}
