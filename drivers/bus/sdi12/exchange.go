package sdi12

import (
	"context"
	"errors"
	"fmt"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/sdi12"

	"github.com/lamppost-city/lamppost/drivers"
)

// exchange sends a command until use accepts its answer, with the retries of the
// standard. The turn is held. The answer is use's only while it runs.
func (b *Bus) exchange(ctx context.Context, s *Sensor, body string, use func(answer []byte) error) error {
	command := codec.AppendCommand(nil, s.address, body)
	var err error
	for n := range tries * cycles {
		if n > 0 {
			b.add(s, func(c *Counts) { c.Retries++ })
		}
		err = b.once(ctx, s, command, n > 0 && n%tries == 0, use)
		b.note(s, err)
		if err == nil || !again(err) || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w", b.name, command, err)
	}
	return nil
}

// again says whether asking once more can help.
func again(err error) bool {
	return errors.Is(err, drivers.ErrTimeout) || errors.Is(err, drivers.ErrChecksum) || errors.Is(err, drivers.ErrProtocol)
}

// once wakes the sensor if need be, sends the command and reads the answer.
func (b *Bus) once(ctx context.Context, s *Sensor, command []byte, anew bool, use func([]byte) error) error {
	if err := wait(ctx, b.busy.Add(release)); err != nil {
		return err
	}
	if anew || b.last != s.address || time.Since(b.busy) > awake {
		if err := b.wake(ctx, s); err != nil {
			return err
		}
	}
	if err := b.line.Discard(); err != nil {
		return err
	}
	if err := b.send(ctx, command); err != nil {
		return err
	}
	b.last = s.address
	sent := b.busy
	answer, err := b.receive(ctx, command, s.address, sent.Add(first), sent.Add(first+longest*char+gap))
	if err != nil {
		return err
	}
	return fault(use(answer))
}

func (b *Bus) wake(ctx context.Context, s *Sensor) error {
	b.add(s, func(c *Counts) { c.Breaks++ })
	if err := b.line.Break(ctx, breakFor); err != nil {
		return err
	}
	return wait(ctx, time.Now().Add(marking))
}

// send writes the command. A line that does not take it in a second is stuck.
func (b *Bus) send(ctx context.Context, command []byte) error {
	limited, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	start := time.Now()
	if _, err := b.line.Write(limited, command); err != nil {
		return err
	}
	// The kernel takes it at once, the line does not; where the gateway switches the
	// adapter's direction, Write has waited for the line.
	b.busy = later(start.Add(time.Duration(len(command))*char), time.Now())
	return nil
}

// receive reads until the answer of the sensor is there, or cannot come any more: the
// first byte until begin, the last until end.
func (b *Bus) receive(ctx context.Context, sent []byte, address byte, begin, end time.Time) ([]byte, error) {
	b.rx, b.rest = b.rx[:0], nil
	for until := begin; ; {
		err := b.read(ctx, until)
		s := codec.Scan(b.rx, sent, address)
		switch {
		case s.Answer != nil:
			b.account(s)
			b.rest = s.Rest
			return s.Answer, nil
		case errors.Is(err, drivers.ErrTimeout):
			b.account(s)
			return nil, b.silence(ctx, s)
		case err != nil:
			return nil, err
		case len(b.rx) == cap(b.rx):
			b.account(s)
			return nil, fmt.Errorf("%w: %d bytes without an answer among them", drivers.ErrProtocol, len(b.rx))
		}
		if s.Begun {
			until = earlier(end, b.busy.Add(gap))
		}
	}
}

// listen waits until then for the sensor's call for service, whatever else is heard.
func (b *Bus) listen(ctx context.Context, address byte, until time.Time) error {
	b.rx = b.rx[:copy(b.rx[:cap(b.rx)], b.rest)] // it may have come with the answer
	for {
		s := codec.Scan(b.rx, nil, address)
		if s.Answer != nil {
			b.account(s)
			return nil
		}
		if len(b.rx) == cap(b.rx) {
			b.account(s)
			b.rx = b.rx[:0]
		}
		if err := b.read(ctx, until); err != nil {
			b.account(s)
			return err
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// read appends what comes until then to rx.
func (b *Bus) read(ctx context.Context, until time.Time) error {
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	n, err := b.line.Read(ctx, b.rx[len(b.rx):cap(b.rx)])
	if n > 0 {
		b.rx = b.rx[:len(b.rx)+n]
		b.busy = later(b.busy, time.Now())
	}
	return err
}

// silence says why there is no answer.
func (b *Bus) silence(ctx context.Context, s codec.Scanned) error {
	switch {
	case ctx.Err() != nil:
		return ended(ctx)
	case s.Alien > 0:
		return fmt.Errorf("%w: only another sensor spoke", drivers.ErrTimeout)
	case s.Begun:
		return fmt.Errorf("%w: it broke off: %q", drivers.ErrTimeout, b.rx)
	}
	return drivers.ErrTimeout
}

// account books what stood beside the answer.
func (b *Bus) account(s codec.Scanned) {
	noise := s.Noise
	if s.Answer == nil && s.Alien == 0 && s.Begun {
		noise = len(b.rx)
	}
	b.line.Noise(noise)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count.Alien += uint64(s.Alien)
	b.count.Noise += uint64(noise)
	b.echo = b.echo || s.Echoed
}
