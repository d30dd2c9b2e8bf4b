package journal

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
)

// segment is what the journal remembers of one file.
type segment struct {
	summary
	start    int64  // where the blocks begin
	before   Stamp  // newest commit before this segment
	size     int64  // of the file
	broken   bool   // renamed: damage was found inside
	gone     bool   // given up, or absent
	absent   bool   // a later segment names it, but there is no such file
	short    bool   // the file ends before what a later segment says it holds
	recycled bool   // the file held an older segment before
	marks    []mark // places to start reading at; none before the first scan
}

func (s *segment) path(dir string) string {
	return filepath.Join(dir, segmentName(s.num, s.epoch, s.broken))
}

func (s *segment) origin() origin {
	return origin{s.num, s.epoch, s.first, s.opened, s.before, s.start}
}

// records returns the numbers in the segment, ok is false when it has none.
func (s *segment) records() (Range, bool) {
	return Range{s.first, s.last}, s.first != 0 && s.first <= s.last
}

// adopt takes over what a scan found.
func (s *segment) adopt(res scanned) {
	s.summary, s.marks = res.summary, res.marks
}

// file is an old segment as Open finds it.
type file struct {
	segment
	header  header
	hasHead bool // the header could be read
	damaged bool // bad bytes before good ones
	torn    bool // bytes at the end that are no zeros
	bad     []badBytes
}

// openFile reads the header of the segment called name. It returns nil for a
// file that is not a segment.
func openFile(fsys FS, dir, name string) (*file, error) {
	num, epoch, isBroken, ok := parseName(name)
	if !ok {
		return nil, nil
	}
	f, err := fsys.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	out := &file{segment: segment{size: size, broken: isBroken, summary: summary{num: num, epoch: epoch}}}
	if h, n, err := readHeader(f, size); err == nil && h.num == num && h.epoch == epoch {
		out.header, out.hasHead, out.start, out.end = h, true, int64(n), int64(n)
		out.first, out.last, out.opened = h.first, h.first-1, h.opened
		out.before, out.recycled = h.lastCommit(), h.recycled
		out.closed = out.before
	}
	return out, nil
}

// readHeader reads no more than a page where that is enough: Open does this for
// every segment.
func readHeader(f File, size int64) (header, int, error) {
	buf := make([]byte, min(size, pageSize))
	if _, err := f.ReadAt(buf, 0); err != nil && !errors.Is(err, io.EOF) {
		return header{}, 0, err
	}
	n, err := headerSize(buf)
	if err != nil || int64(n) > size {
		return header{}, 0, errHeader
	}
	if n > len(buf) {
		buf = make([]byte, n)
		if got, err := f.ReadAt(buf, 0); got < n {
			return header{}, 0, err
		}
	}
	h, err := parseHeader(buf[:n])
	return h, n, err
}

// scan reads the file up to end, or to its own end when end is 0.
func (x *file) scan(fsys FS, dir string, end int64, visit func(b *block, off int64) error) error {
	f, err := fsys.Open(x.path(dir))
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	limit := x.size
	if end > 0 {
		limit = min(limit, end)
	}
	res, err := scan(f, limit, x.origin(), visit)
	x.adopt(res)
	x.damaged, x.torn, x.bad = res.damaged, res.torn, res.bad
	return errors.Join(err, f.Close())
}

// settle takes what the next segment's header says about this one, or scans it
// if that is not there, does not fit, or is not to be trusted.
func (x *file) settle(fsys FS, dir string, said summary, known bool) error {
	if known && said.epoch == x.epoch && x.hasHead && !x.broken && !said.rescan && x.size >= said.end {
		x.summary = said
		return nil
	}
	end := int64(0)
	if known && !x.hasHead && said.epoch == x.epoch {
		x.opened = said.opened
	}
	if known && x.hasHead {
		end = said.end
	}
	if err := x.scan(fsys, dir, end, nil); err != nil {
		return err
	}
	if !known || said.epoch != x.epoch || said.last <= x.last {
		return nil
	}
	if x.first == 0 {
		x.first, x.last, x.opened, x.closed = said.first, said.first-1, said.opened, said.opened
	}
	x.short = x.size < said.end
	x.lose(Range{x.last + 1, said.last}, WhyDamage, said.closed)
	x.last, x.closed, x.clean, x.damaged = said.last, said.closed, said.clean, true
	return nil
}
