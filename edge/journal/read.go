package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"

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

// shelf is a row of segments that is read while it changes. A Journal changes
// its own; under a Reader somebody else does.
type shelf struct {
	dir  string
	fs   FS
	lent bool      // somebody else's: nothing is renamed, and what disappears was given up
	pool sync.Pool // *readBuffers

	mu     sync.Mutex
	segs   []*segment // ascending; the last one may be the one being written
	closed bool
}

// readBuffers are what one Read needs, kept for the next one.
type readBuffers struct {
	dec *zstd.Decoder
	win []byte
	raw []byte
}

func (x *shelf) buffers() (*readBuffers, error) {
	if b, ok := x.pool.Get().(*readBuffers); ok {
		return b, nil
	}
	dec, err := newUnpacker()
	return &readBuffers{dec: dec}, err
}

// of returns the segments of epoch e that hold a record in from … to.
func (x *shelf) of(e Epoch, from, to uint64) ([]*segment, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil, ErrClosed
	}
	var segs []*segment
	for _, s := range x.segs {
		if r, ok := s.records(); ok && s.epoch == e && !s.gone && r.From <= to && r.To >= from {
			segs = append(segs, s)
		}
	}
	return segs, nil
}

func (x *shelf) epochs() []EpochInfo {
	x.mu.Lock()
	defer x.mu.Unlock()
	return epochs(x.segs)
}

func (x *shelf) read(e Epoch, from, to uint64, fn func(Record) error) error {
	segs, err := x.of(e, from, to)
	if err != nil {
		return err
	}
	buf, err := x.buffers()
	if err != nil {
		return err
	}
	defer x.pool.Put(buf)
	var found error
	next := from
	for _, s := range segs {
		damaged, err := x.readSegment(s, buf, &next, to, fn)
		if err != nil {
			return err
		}
		if damaged {
			found = errors.Join(found, x.inspect(s))
		}
	}
	return found
}

// readSegment delivers the records of s from *next on.
func (x *shelf) readSegment(s *segment, buf *readBuffers, next *uint64, to uint64, fn func(Record) error) (damaged bool, err error) {
	f, o, end, err := x.openSegment(s, *next)
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
func (x *shelf) openSegment(s *segment, from uint64) (File, origin, int64, error) {
	for {
		x.mu.Lock()
		path, o, end := s.path(x.dir), s.origin(), s.end
		for _, m := range s.marks {
			if m.seq > from {
				break
			}
			o.start = m.off
		}
		x.mu.Unlock()
		f, err := x.fs.Open(path)
		if err == nil {
			size, err := f.Size()
			if err != nil {
				return nil, o, 0, errors.Join(fmt.Errorf("journal: %w", err), f.Close())
			}
			return f, o, max(min(end, size), o.start), nil
		}
		if x.lent && errors.Is(err, fs.ErrNotExist) {
			x.follow(s, path)
		}
		x.mu.Lock()
		moved, gone := s.path(x.dir) != path, s.gone
		x.mu.Unlock()
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

// follow finds out what became of a segment of somebody else's that is not at
// path any more: set aside as broken, or given up.
func (x *shelf) follow(s *segment, path string) {
	there := !s.broken && x.exists(path+broken)
	x.mu.Lock()
	defer x.mu.Unlock()
	if there {
		s.broken = true
	} else {
		s.gone = true
	}
}

func (x *shelf) exists(path string) bool {
	f, err := x.fs.Open(path)
	if err == nil {
		_ = f.Close()
	}
	return !errors.Is(err, fs.ErrNotExist)
}

// inspect scans a segment that turned out damaged, notes exactly what is lost
// and renames it. It returns the *DamageError, nil if the segment is gone.
func (x *shelf) inspect(s *segment) error {
	f, o, end, err := x.openSegment(s, 0)
	if err != nil || f == nil {
		return err
	}
	defer func() { _ = f.Close() }()
	res, err := scanWhole(f, end, o, nil)
	if err != nil {
		return err
	}
	return x.noteDamage(s, res)
}

// noteDamage believes what was found in s, unless s was given up meanwhile: then
// the bad bytes may be the next segment's.
func (x *shelf) noteDamage(s *segment, res scanned) error {
	if x.lent && !x.exists(s.path(x.dir)) {
		x.follow(s, s.path(x.dir))
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if s.gone {
		return nil
	}
	if res.last < s.last {
		res.lose(Range{res.last + 1, s.last}, WhyDamage, s.closed)
	}
	s.lost = res.lost
	if !x.lent && !s.broken {
		x.setBroken(s)
	}
	e := &DamageError{Segment: segmentName(s.num, s.epoch, s.broken)}
	for _, l := range s.lost {
		if l.Why == WhyDamage {
			e.Losses = append(e.Losses, l)
		}
	}
	if len(e.Losses) == 0 {
		return nil // the bad bytes held no record
	}
	return e
}

// setBroken renames a damaged segment, so that whoever lists the directory sees
// it. The new name need not be durable: the damage is found, and the losses are
// known, under either name.
func (x *shelf) setBroken(s *segment) {
	from := s.path(x.dir)
	s.broken = true
	if x.fs.Rename(from, s.path(x.dir)) != nil {
		s.broken = false
	}
}

// seqAt returns the first number of epoch e whose block was stamped not before
// the moment sought.
func (x *shelf) seqAt(e Epoch, before func(Stamp) bool) uint64 {
	segs, err := x.of(e, 0, 1<<63)
	if err != nil {
		return 0
	}
	next := uint64(0)
	for _, s := range segs {
		x.mu.Lock()
		r, _ := s.records()
		closed := s.closed
		x.mu.Unlock()
		if next = r.To + 1; !before(closed) {
			return max(r.From, x.firstBlock(s, before))
		}
	}
	return next
}

var errFound = errors.New("found")

// firstBlock returns the number with which the first block of s begins that was
// stamped not before, 0 when it cannot be told.
func (x *shelf) firstBlock(s *segment, before func(Stamp) bool) (seq uint64) {
	f, o, end, err := x.openSegment(s, 0)
	if err != nil || f == nil {
		return 0
	}
	defer func() { _ = f.Close() }()
	_, _ = scan(f, end, o, func(b *block, _ int64) error {
		if b.count == 0 || before(b.stamp) {
			return nil
		}
		seq = b.first
		return errFound
	})
	return seq
}
