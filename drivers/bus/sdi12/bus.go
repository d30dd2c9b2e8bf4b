// Package sdi12 owns SDI-12 lines: one wire with up to 62 sensors, driven over a serial
// adapter that inverts and can send a break. One [Bus] speaks on one line; every sensor
// on it is a [Sensor], lent to one driver as drivers.SDI12. There are no goroutines: a
// call does its work on its caller's.
//
// What a bus promises:
//   - A break of at least 12 ms and 8.33 ms of marking before a command, whenever the
//     line was quiet for more than 85 ms or another sensor was addressed last.
//   - A command that is not answered is repeated, three times, while the sensor is still
//     awake, and the whole again with a new break, three times in all. A damaged answer
//     counts as none.
//   - During a measurement with M or V nobody else is addressed, since that would abort
//     it: the line is the sensor's until it calls for service, or half a second after the
//     time it announced. During a concurrent one (C) the line is free.
//   - All values that were announced, or an error. An answer without values says that the
//     sensor aborted: that is an error, never a zero.
//   - The echo of a single-wire adapter, the lines of other sensors and noise are dropped
//     and counted.
//
// On receive times are lenient: adapters deliver in blocks, so that the 1.66 ms between
// two characters cannot be seen here. A line that has begun is given up 100 ms after its
// last byte. On a pseudo terminal a break cannot be seen and parity is not carried.
//
// Source: SDI-12, version 1.4, as the manuals of recorders and sensors give its times
// (Campbell Scientific CR1000, Vaisala WXT530 appendix B).
package sdi12

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	codec "github.com/lamppost-city/lamppost/drivers/codec/sdi12"

	"github.com/lamppost-city/lamppost/drivers"
)

// Settings are those of every SDI-12 line.
var Settings = drivers.LineSettings{Baud: 1200, Parity: "even", StopBits: 1, DataBits: 7}

// Line is a serial line that a bus takes over. It is set to Settings.
type Line interface {
	drivers.Port
	io.Closer
	// Break holds the line at space for d.
	Break(ctx context.Context, d time.Duration) error
}

// The times of the standard, and how far they are stretched for adapters that deliver
// in blocks.
const (
	char     = 8333 * time.Microsecond // 10 bits at 1200 bit/s
	breakFor = 15 * time.Millisecond   // at least 12
	marking  = 10 * time.Millisecond   // at least 8.33 between break and command
	awake    = 85 * time.Millisecond   // of marking, after which a sensor may sleep: 87 to 100
	release  = 10 * time.Millisecond   // at least 7.5 until a sensor has let go of the line
	first    = 60 * time.Millisecond   // until the first byte: 15, a character, an adapter's 16, and some
	gap      = 100 * time.Millisecond  // within a line
	longest  = 81                      // characters: address, 75 of values, checksum, CR LF
	overtime = 500 * time.Millisecond  // after the announced time, if nobody called for service
	tries    = 3                       // of a command on one break
	cycles   = 3                       // of breaks
)

// Bus is one line. It may be used from several goroutines.
type Bus struct {
	name string
	line Line
	turn chan struct{} // holds one token while nobody has the line

	// What follows is used by whoever has the turn.
	rx   []byte
	rest []byte    // of rx, behind the last answer
	last byte      // the sensor that was addressed last
	busy time.Time // when the last byte passed, as far as can be known

	mu      sync.Mutex
	count   Counts
	echo    bool
	sensors map[byte]*Sensor
}

// New returns the bus on a line, which it owns from now on. name stands in errors and
// health.
func New(line Line, name string) *Bus {
	b := &Bus{name: name, line: line, turn: make(chan struct{}, 1), rx: make([]byte, 0, 256), sensors: map[byte]*Sensor{}}
	b.turn <- struct{}{}
	return b
}

// Close ends running and later calls, and closes the line.
func (b *Bus) Close() error { return b.line.Close() }

// Sensor returns the sensor with this address. All callers with one address share its
// counts.
func (b *Bus) Sensor(address byte) *Sensor {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.sensors[address]
	if s == nil {
		s = &Sensor{bus: b, address: address}
		b.sensors[address] = s
	}
	return s
}

// hold is a caller's turn on the line, taken or not.
type hold struct {
	bus *Bus
	has bool
}

// take waits for the turn, or for ctx.
func (h *hold) take(ctx context.Context) error {
	if err := ended(ctx); err != nil {
		return err
	}
	select {
	case <-h.bus.turn:
		h.has = true
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}

// give passes the turn on, if there is one.
func (h *hold) give() {
	if h.has {
		h.has = false
		h.bus.turn <- struct{}{}
	}
}

// ended is ctx's error, with its deadline as ErrTimeout.
func ended(ctx context.Context) error {
	switch err := ctx.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: the sample's time is over", drivers.ErrTimeout)
	default:
		return err
	}
}

// wait waits for at, or for ctx.
func wait(ctx context.Context, at time.Time) error {
	left := time.Until(at)
	if left <= 0 {
		return ended(ctx)
	}
	t := time.NewTimer(left)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}

// fault gives what the codec found the name that travels.
func fault(err error) error {
	switch {
	case errors.Is(err, codec.ErrCRC):
		return fmt.Errorf("%w: %w", drivers.ErrChecksum, err)
	case errors.Is(err, codec.ErrFormat):
		return fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
	return err
}
