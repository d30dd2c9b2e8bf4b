package sdi12

import (
	"errors"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// Counts is what happened since the bus was made.
type Counts struct {
	Commands  uint64 // sent, retries included
	Answers   uint64 // good ones
	Timeouts  uint64 // commands without an answer in time
	Damaged   uint64 // answers with a wrong checksum
	Malformed uint64 // answers that do not follow the standard
	Retries   uint64
	Breaks    uint64
	Unserved  uint64 // measurements whose end the sensor did not call out
	Alien     uint64 // lines of sensors that were not asked
	Noise     uint64 // bytes that belonged to no line
}

// Health is how a bus is doing.
type Health struct {
	Name string
	Counts
	Echo    bool // the line gives our own commands back
	Sensors []SensorHealth
}

// SensorHealth is how one sensor is doing. Alien lines and noise are the bus's alone.
type SensorHealth struct {
	Address byte
	Counts
	Failures int       // commands in a row without a good answer
	Answered time.Time // the last time it did; zero: never
	Cause    error     // of the last failure; nil when it is well
}

// Health returns a snapshot. It does not wait for the line.
func (b *Bus) Health() Health {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := Health{Name: b.name, Counts: b.count, Echo: b.echo}
	for _, s := range b.sensors {
		h.Sensors = append(h.Sensors, SensorHealth{s.address, s.count, s.failures, s.answered, s.cause})
	}
	slices.SortFunc(h.Sensors, func(a, b SensorHealth) int { return int(a.Address) - int(b.Address) })
	return h
}

// add counts for the bus and the sensor.
func (b *Bus) add(s *Sensor, count func(*Counts)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	count(&b.count)
	count(&s.count)
}

// note books one command to s.
func (b *Bus) note(s *Sensor, err error) {
	if errors.Is(err, drivers.ErrChecksum) {
		b.line.BadChecksum()
	}
	b.add(s, func(c *Counts) {
		c.Commands++
		switch {
		case err == nil, errors.Is(err, drivers.ErrException), errors.Is(err, drivers.ErrDevice):
			c.Answers++
		case errors.Is(err, drivers.ErrTimeout):
			c.Timeouts++
		case errors.Is(err, drivers.ErrChecksum):
			c.Damaged++
		case errors.Is(err, drivers.ErrProtocol):
			c.Malformed++
		}
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	if s.cause = err; err != nil {
		s.failures++
		return
	}
	s.failures, s.answered = 0, time.Now()
}
