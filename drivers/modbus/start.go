package modbus

import (
	"context"
	"errors"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
)

// Start is the request that makes a part measure, before values count and again after
// each failure: a part that was without power has to be told again. It carries nothing.
// With function 3 or 4 it asks for Count registers, which may be 0; with function 16 it
// writes no register at all.
type Start struct {
	Function uint8  `yaml:"function,required"`
	Address  uint16 `yaml:"register,required"`
	Count    uint16 `yaml:"count"`
}

// starter is what a line's owner offers to parts that have to be told.
type starter interface {
	Start(ctx context.Context, function uint8, register, count uint16) error
}

var errNoStart = errors.New("this line cannot send the request that makes the part measure")

// start tells the part to measure. What it answers does not matter, nor whether it does:
// newer firmware does not know the request, and is silent to it.
func (d *driver) start(ctx context.Context) error {
	s := d.profile.Start
	if s == nil {
		return nil
	}
	u, ok := d.unit.(starter)
	if !ok {
		return fmt.Errorf("start: %w", errNoStart)
	}
	err := u.Start(ctx, s.Function, s.Address, s.Count)
	if err == nil {
		return nil
	}
	for _, of := range []error{drivers.ErrTimeout, drivers.ErrException, drivers.ErrProtocol, drivers.ErrChecksum} {
		if errors.Is(err, of) && ctx.Err() == nil {
			return nil
		}
	}
	return fmt.Errorf("start: %w", err)
}

// start checks the request.
func (c *checker) start() {
	s := c.f.Start
	if s == nil {
		return
	}
	switch {
	case s.Function == 16 && s.Count != 0:
		c.report(badStart, "nothing is written to a part here: with function 16 the count is 0", "start", "count")
	case s.Function != 3 && s.Function != 4 && s.Function != 16:
		c.report(badStart, fmt.Sprintf("function %d; write 3 or 4 (asks for count registers, or none), or 16 (writes none)", s.Function), "start", "function")
	case int(s.Count) > c.f.MaxRegisters || int(s.Address)+int(s.Count) > 1<<16:
		c.report(badStart, fmt.Sprintf("%d registers from %d are more than one request of this part reads", s.Count, s.Address), "start", "count")
	}
}
