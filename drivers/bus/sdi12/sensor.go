package sdi12

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/sdi12"

	"github.com/lamppost-city/lamppost/drivers"
)

// Sensor is one sensor on a bus.
type Sensor struct {
	bus     *Bus
	address byte

	// Guarded by bus.mu.
	count    Counts
	failures int
	answered time.Time
	cause    error
}

var _ drivers.SDI12 = (*Sensor)(nil)

// Faults of a measurement.
var (
	errNothing = fmt.Errorf("%w: the sensor has no such measurement", drivers.ErrException)
	errAborted = fmt.Errorf("%w: the sensor aborted the measurement", drivers.ErrDevice)
)

// Measure implements drivers.SDI12. It takes as long as the sensor announces, and the
// line's turn before it. A measurement that the sensor aborts is begun once more.
func (s *Sensor) Measure(ctx context.Context, command string) ([]string, error) {
	c, err := codec.ParseCommand(command)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", s.bus.name, drivers.ErrProtocol, err)
	}
	turn := hold{bus: s.bus}
	if err := turn.take(ctx); err != nil {
		return nil, s.named(c, err)
	}
	defer turn.give()
	values, err := s.measure(ctx, &turn, c)
	if errors.Is(err, errAborted) && turn.has && ctx.Err() == nil {
		values, err = s.measure(ctx, &turn, c)
	}
	return values, err
}

// named says at which command of which sensor something went wrong.
func (s *Sensor) named(c codec.Command, err error) error {
	return fmt.Errorf("%s: %c%s!: %w", s.bus.name, s.address, c, err)
}

func (s *Sensor) measure(ctx context.Context, turn *hold, c codec.Command) ([]string, error) {
	if !c.Announced() {
		return s.collect(ctx, c, c.String(), 0)
	}
	var a codec.Announcement
	err := s.bus.exchange(ctx, s, c.String(), func(line []byte) (err error) {
		a, err = codec.ParseAnnouncement(line, c)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case a.Values == 0:
		return nil, s.named(c, errNothing)
	}
	if err := s.await(ctx, turn, c, a); err != nil {
		return nil, s.named(c, err)
	}
	return s.gather(ctx, c, a.Values)
}

// await waits until the values are there: for the sensor's call for service, or, of a
// concurrent measurement, for its time, while the line is free for others.
func (s *Sensor) await(ctx context.Context, turn *hold, c codec.Command, a codec.Announcement) error {
	end := time.Now().Add(time.Duration(a.Seconds) * time.Second)
	switch {
	case a.Seconds == 0:
		return nil
	case c.Kind == 'C':
		turn.give()
		if err := wait(ctx, end); err != nil {
			return err
		}
		return turn.take(ctx)
	}
	err := s.bus.listen(ctx, s.address, end.Add(overtime))
	if errors.Is(err, drivers.ErrTimeout) && ctx.Err() == nil {
		s.bus.add(s, func(c *Counts) { c.Unserved++ })
		return nil // it may have forgotten; the values tell
	}
	return err
}

// gather collects n values with as many data commands as it takes.
func (s *Sensor) gather(ctx context.Context, c codec.Command, n int) ([]string, error) {
	var values []string
	for i := 0; i <= 9 && len(values) < n; i++ {
		more, err := s.collect(ctx, c, "D"+strconv.Itoa(i), i)
		if err != nil {
			return nil, err
		}
		values = append(values, more...)
	}
	if len(values) != n {
		return nil, s.named(c, fmt.Errorf("%w: %d values came, %d were announced", drivers.ErrProtocol, len(values), n))
	}
	return values, nil
}

// collect asks for values once. The first answer without any says that there are none.
func (s *Sensor) collect(ctx context.Context, c codec.Command, body string, n int) (values []string, err error) {
	err = s.bus.exchange(ctx, s, body, func(line []byte) (err error) {
		switch values, err = codec.ParseValues(line, c.CRC); {
		case err != nil || len(values) > 0:
			return err
		case !c.Announced():
			return errNothing
		case n == 0:
			return errAborted
		default:
			return fmt.Errorf("%w: no more values", codec.ErrFormat)
		}
	})
	return values, err
}

// Identify implements drivers.SDI12.
func (s *Sensor) Identify(ctx context.Context) (id string, err error) {
	turn := hold{bus: s.bus}
	if err := turn.take(ctx); err != nil {
		return "", fmt.Errorf("%s: %cI!: %w", s.bus.name, s.address, err)
	}
	defer turn.give()
	err = s.bus.exchange(ctx, s, "I", func(line []byte) error {
		if id = string(line[1:]); id == "" {
			return fmt.Errorf("%w: it does not say what it is", codec.ErrFormat)
		}
		return nil
	})
	return id, err
}
