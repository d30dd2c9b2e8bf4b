package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/klauspost/compress/zstd"
)

// DamageError says that committed records could not be read. Everything else
// that was asked for has been delivered before it is returned, and the same
// losses are in Epochs from now on.
type DamageError struct {
	Segment string // file name
	Losses  []Loss
}

func (e *DamageError) Error() string {
	var n uint64
	for _, l := range e.Losses {
		n += l.Count()
	}
	return fmt.Sprintf("journal: %s is damaged: %d records cannot be read", e.Segment, n)
}

// readBuffers are what one Read needs, kept for the next one.
type readBuffers struct {
	dec *zstd.Decoder
	win []byte
	raw []byte
}

func (j *Journal) buffers() (*readBuffers, error) {
	if b, ok := j.pool.Get().(*readBuffers); ok {
		return b, nil
	}
	dec, err := newUnpacker()
	return &readBuffers{dec: dec}, err
}

// Read gives the committed records of epoch e with numbers from … to to fn, in
// ascending order, each at most once. Numbers that are lost or dropped are
// stepped over. It holds no lock while fn runs; fn must not keep Body. An error
// of fn ends the walk and is returned. Damage found on the way ends nothing; it
// is returned at the end as *DamageError.
func (j *Journal) Read(e Epoch, from, to uint64, fn func(Record) error) error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return ErrClosed
	}
	var segs []*segment
	for _, s := range j.segs {
		if r, ok := s.records(); ok && s.epoch == e && !s.gone && r.From <= to && r.To >= from {
			segs = append(segs, s)
		}
	}
	j.mu.Unlock()
	buf, err := j.buffers()
	if err != nil {
		return err
	}
	defer j.pool.Put(buf)
	var found error
	next := from
	for _, s := range segs {
		damaged, err := j.readSegment(s, buf, &next, to, fn)
		if err != nil {
			return err
		}
		if damaged {
			found = errors.Join(found, j.inspect(s))
		}
	}
	return found
}

// readSegment delivers the records of s from *next on.
func (j *Journal) readSegment(s *segment, buf *readBuffers, next *uint64, to uint64, fn func(Record) error) (damaged bool, err error) {
	f, o, end, err := j.openSegment(s, *next)
	if err != nil || f == nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	sc := scanner{window: window{f: f, limit: end, buf: buf.win[:0]}, seed: seedOf(o.num, o.epoch), boot: o.opened.Boot, pos: o.start}
	defer func() { buf.win = sc.buf }()
	for *next <= to {
		b, skipped, eof := sc.next()
		if eof != nil {
			return damaged || sc.pos < end, nil
		}
		damaged = damaged || skipped
		if b.first > to {
			break
		}
		if b.count == 0 || b.last() < *next {
			continue
		}
		raw, err := b.unpack(buf.dec, buf.raw)
		if err != nil {
			damaged = true
			continue
		}
		if b.flags&flagZstd != 0 {
			buf.raw = raw[:0]
		}
		if err := deliver(raw, b.first, next, to, fn); errors.Is(err, errBlock) {
			damaged = true
		} else if err != nil {
			return damaged, err
		}
	}
	return damaged, nil
}

// deliver gives the records of one block to fn that are wanted and were not
// given before.
func deliver(raw []byte, first uint64, next *uint64, to uint64, fn func(Record) error) error {
	_, err := entries(raw, first, func(r Record) error {
		if r.Seq < *next || r.Seq > to {
			return nil
		}
		*next = r.Seq + 1
		return fn(r)
	}, nil)
	return err
}

// openSegment opens s for reading from the last place remembered before record
// from. It returns no file when the segment was given up meanwhile.
func (j *Journal) openSegment(s *segment, from uint64) (File, origin, int64, error) {
	for {
		j.mu.Lock()
		path, o, end := s.path(j.dir), s.origin(), s.end
		for _, m := range s.marks {
			if m.seq > from {
				break
			}
			o.start = m.off
		}
		j.mu.Unlock()
		f, err := j.o.FS.Open(path)
		if err == nil {
			size, err := f.Size()
			if err != nil {
				return nil, o, 0, errors.Join(fmt.Errorf("journal: %w", err), f.Close())
			}
			return f, o, max(min(end, size), o.start), nil
		}
		j.mu.Lock()
		moved, gone := s.path(j.dir) != path, s.gone
		j.mu.Unlock()
		switch {
		case gone:
			return nil, o, 0, nil
		case !moved && errors.Is(err, fs.ErrNotExist):
			return nil, o, 0, fmt.Errorf("journal: a segment has disappeared: %w", err)
		case !moved:
			return nil, o, 0, fmt.Errorf("journal: %w", err)
		}
	}
}

// inspect scans a segment that turned out damaged, notes exactly what is lost
// and renames it. It returns the *DamageError, nil if the segment is gone.
func (j *Journal) inspect(s *segment) error {
	f, o, end, err := j.openSegment(s, 0)
	if err != nil || f == nil {
		return err
	}
	defer func() { _ = f.Close() }()
	dec, err := newUnpacker()
	if err != nil {
		return err
	}
	var poison []Loss
	res, err := scan(f, end, o, func(b *block, _ int64) error {
		raw, err := b.unpack(dec, nil)
		if err == nil {
			_, err = entries(raw, b.first, nil, nil)
		}
		if err != nil && b.count > 0 {
			poison = append(poison, Loss{Epoch: o.epoch, Ranges: []Range{{b.first, b.last()}}, From: b.stamp, To: b.stamp, Why: WhyDamage})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return j.noteDamage(s, res, poison)
}

func (j *Journal) noteDamage(s *segment, res scanned, poison []Loss) error {
	j.mu.Lock()
	if res.last < s.last {
		res.lose(Range{res.last + 1, s.last}, WhyDamage, s.closed)
	}
	s.lost = append(res.lost, poison...)
	rename := !s.broken && !s.gone
	if rename {
		j.setBroken(s)
	}
	e := &DamageError{Segment: segmentName(s.num, s.epoch, s.broken)}
	for _, l := range s.lost {
		if l.Why == WhyDamage {
			e.Losses = append(e.Losses, l)
		}
	}
	j.mu.Unlock()
	if rename {
		_ = j.syncDir()
	}
	if len(e.Losses) == 0 {
		return nil // the bad bytes held no record
	}
	return e
}

// Verify reads every segment whole and checks every block. It returns the
// *DamageErrors of all damaged segments, joined, or ctx's error. It may take
// long; the journal works on meanwhile.
func (j *Journal) Verify(ctx context.Context) error {
	j.mu.Lock()
	segs := append([]*segment{}, j.segs...)
	j.mu.Unlock()
	var found error
	for _, s := range segs {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.gone {
			continue
		}
		damaged, err := j.check(s)
		if err != nil {
			return err
		}
		if damaged {
			found = errors.Join(found, j.inspect(s))
		}
	}
	return found
}

func (j *Journal) check(s *segment) (damaged bool, err error) {
	f, o, end, err := j.openSegment(s, 0)
	if err != nil || f == nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	res, err := scan(f, end, o, nil)
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(s.marks) == 0 {
		s.marks = res.marks
	}
	return res.damaged || res.end < end, err
}
