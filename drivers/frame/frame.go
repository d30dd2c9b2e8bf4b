// Package frame finds the frames of a part that talks on a serial line without
// being asked. Every such part needs the same: drop what is old, wait for a whole
// frame, get back into step after noise without losing the frame behind it, and
// say afterwards what was wrong with the line. A driver adds what its frames look
// like, as a [Format].
package frame

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/lamppost-city/lamppost/drivers"
)

// Format says what the frames of a part look like. Its functions are pure.
type Format[F any] struct {
	Head []byte // what every frame begins with, at least one byte
	Max  int    // bytes in the longest frame
	Cut  int    // bytes of a frame that began before Fresh and are not called noise; 0: Max-1
	// Size returns the size of the frame that b begins, where b begins with Head and
	// may be shorter than the frame: 0 if no frame begins like that, and any number
	// above len(b) while b is too short to tell.
	Size func(b []byte) int
	// Decode checks and decodes the Size bytes of one frame; false: the checksum is
	// wrong.
	Decode func(b []byte) (f F, ok bool)
}

// Damage is what stood between good frames.
type Damage struct {
	Bytes int // that belong to no good frame
	Sums  int // frames whose checksum was wrong
}

// Next takes the first good frame from buf. A candidate that fails costs one byte,
// not one frame: its data may hold the head of the real one. rest aliases buf and
// is what the next call begins with; damage is what was dropped. Without a frame
// rest is shorter than Format.Max.
func (f Format[F]) Next(buf []byte) (frame F, rest []byte, damage Damage, ok bool) {
	for len(buf) > 0 {
		if n := min(len(buf), len(f.Head)); !bytes.Equal(buf[:n], f.Head[:n]) {
			damage.Bytes, buf = damage.Bytes+1, buf[1:]
			continue
		}
		if len(buf) < len(f.Head) {
			break
		}
		size := f.Size(buf)
		if size > len(buf) && size <= f.Max {
			break
		}
		if size > 0 && size <= f.Max {
			if good, ok := f.Decode(buf[:size]); ok {
				return good, buf[size:], damage, true
			}
			damage.Sums++
		}
		damage.Bytes, buf = damage.Bytes+1, buf[1:]
	}
	return frame, buf, damage, false
}

// Reader takes frames from a port. It is used from one goroutine at a time.
type Reader[F any] struct {
	port   drivers.Port
	format Format[F]
	buf    []byte // received and not used, from the start of an array twice Max
	damage Damage // since Fresh
	cut    int    // bytes that Discard may have cut off a frame and left
	awaits Awaited
	heard  []byte // since Fresh, if something is awaited; not more than it can be, and one
}

// Awaited is what is known of the answer to a question before it comes.
type Awaited struct {
	Least, Most int // bytes, at least 1
	// Sum says whether the checksum of these bytes is right, whatever else they are.
	Sum func(b []byte) bool
}

// NewReader returns a reader on a port that stays the caller's.
func NewReader[F any](p drivers.Port, f Format[F]) *Reader[F] {
	return &Reader[F]{port: p, format: f, buf: make([]byte, 0, 2*f.Max)}
}

// Fresh drops everything that has arrived, so that Next returns a frame that was
// sent from now on.
func (r *Reader[F]) Fresh() error {
	r.buf, r.damage, r.cut = r.buf[:0], Damage{}, cmp.Or(r.format.Cut, r.format.Max-1)
	r.awaits, r.heard = Awaited{}, r.heard[:0]
	return r.port.Discard()
}

// Awaits says, after Fresh, what the answer to what is being asked looks like. As many
// bytes that hold no frame and whose checksum is wrong are then called that answer with
// a wrong checksum, though the damage is in what a frame is known by. Of a part that
// talks by itself nobody knows how much comes.
func (r *Reader[F]) Awaits(a Awaited) { r.awaits = a }

// Next waits for a good frame. It ends with ctx. When time runs out the error
// says what was heard instead: nothing (drivers.ErrTimeout), frames with a wrong
// checksum (drivers.ErrChecksum), or bytes that are no frames at all
// (drivers.ErrProtocol).
func (r *Reader[F]) Next(ctx context.Context) (F, error) {
	for {
		f, rest, d, ok := r.format.Next(r.buf)
		r.report(d)
		r.buf = append(r.buf[:0], rest...)
		if ok {
			r.cut = 0
			return f, nil
		}
		n, err := r.port.Read(ctx, r.buf[len(r.buf):cap(r.buf)])
		if err != nil {
			return f, r.explain(err)
		}
		r.keep(r.buf[len(r.buf) : len(r.buf)+n])
		r.buf = r.buf[:len(r.buf)+n]
	}
}

// keep remembers what may be the awaited answer.
func (r *Reader[F]) keep(b []byte) {
	if room := r.awaits.Most + 1 - len(r.heard); r.awaits.Most > 0 && room > 0 {
		r.heard = append(r.heard, b[:min(room, len(b))]...)
	}
}

// report hands the damage to the line's owner. The tail of a frame that Discard
// cut in two is nobody's fault and is not counted.
func (r *Reader[F]) report(d Damage) {
	ours := 0
	if d.Sums == 0 {
		ours = min(d.Bytes, r.cut)
	}
	r.cut -= ours
	if d.Sums > 0 {
		r.cut = 0 // a head was seen: from here on the line is in step
	}
	if noise := d.Bytes - ours; noise > 0 {
		r.port.Noise(noise)
	}
	for range d.Sums {
		r.port.BadChecksum()
	}
	r.damage.Bytes += d.Bytes
	r.damage.Sums += d.Sums
}

func (r *Reader[F]) explain(err error) error {
	heard := r.damage.Bytes + len(r.buf)
	switch {
	case !errors.Is(err, drivers.ErrTimeout):
		return err
	case r.damage.Sums > 0:
		return fmt.Errorf("%w: no good frame, %d damaged among %d bytes", drivers.ErrChecksum, r.damage.Sums, heard)
	case r.awaits.Least > 0 && len(r.heard) >= r.awaits.Least && len(r.heard) <= r.awaits.Most && !r.awaits.Sum(r.heard):
		return fmt.Errorf("%w: %d bytes came, as many as the answer has, and no good frame", drivers.ErrChecksum, heard)
	case heard > 0:
		return fmt.Errorf("%w: %d bytes and no frame among them; is it this part, at this baud rate?", drivers.ErrProtocol, heard)
	default:
		return fmt.Errorf("%w: not a byte came", err)
	}
}
