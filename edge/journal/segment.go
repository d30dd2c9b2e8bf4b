package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
)

// sectorSize is what a disk writes whole or not at all.
const sectorSize = 512

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
	ruined   bool   // damage reaches to its end: nobody knows how many records were there
	marks    []mark // places to start reading at; none before the first scan
}

func (s *segment) path(dir string) string {
	return filepath.Join(dir, segmentName(s.num, s.epoch, s.broken))
}

func (s *segment) origin() origin {
	return origin{num: s.num, epoch: s.epoch, first: s.first, opened: s.opened, closed: s.before, start: s.start}
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
	hasHead bool   // the header could be read
	least   uint64 // number that had to come next when the segment was begun
	foul    bool   // what stands behind the last good block is no torn write
	damaged bool   // bad bytes before good ones
	torn    bool   // bytes at the end that are no zeros
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
	o := x.origin()
	o.least = x.least
	res, err := scan(f, limit, o, visit)
	x.adopt(res)
	x.foul = (&window{f: f, limit: x.size}).foul(res.end, x.recycled || !x.hasHead)
	x.damaged, x.torn, x.bad = res.damaged, res.torn, res.bad
	return errors.Join(err, f.Close())
}

// settle takes what the next segment's header says about this one, or scans it
// if that is not there, does not fit, or is not to be trusted.
func (x *file) settle(fsys FS, dir string, said summary, known bool) error {
	mine := known && said.epoch == x.epoch
	if mine && x.hasHead && !x.broken && !said.rescan && x.size >= said.end {
		x.summary = said
		return nil
	}
	end := int64(0)
	if mine && !x.hasHead {
		if x.opened = said.opened; said.first > 0 {
			x.first, x.last = said.first, said.first-1
		}
	}
	if known && x.hasHead {
		end = said.end
	}
	if err := x.scan(fsys, dir, end, nil); err != nil {
		return err
	}
	if x.foul && (!mine || said.first > 0 && x.end >= said.end && (said.end == 0 || x.broken)) {
		x.ruin()
	}
	if !mine || said.last <= x.last {
		return nil
	}
	if x.first == 0 {
		x.first, x.last, x.opened = said.first, said.first-1, said.opened
	}
	if x.closed == (Stamp{}) {
		x.closed = said.opened
	}
	x.short = x.size < said.end
	x.lose(Range{x.last + 1, said.last}, WhyDamage, said.closed)
	x.last, x.closed, x.clean, x.damaged = said.last, said.closed, said.clean, true
	return nil
}

// expect notes what the segments before, oldest first, say about how this one must
// begin: if its header is damaged nobody else knows.
func (x *file) expect(before []*file) {
	x.least = 1
	for _, prev := range slices.Backward(before) {
		if prev.epoch != x.epoch {
			return
		}
		if prev.first == 0 {
			continue // not one good byte in it
		}
		x.least = prev.last + 1
		if !x.hasHead {
			x.before, x.closed, x.opened = prev.closed, prev.closed, prev.closed
		}
		return
	}
}

// ruin believes that committed records are lost behind the last good block.
func (x *file) ruin() {
	x.ruined, x.damaged, x.clean = true, true, false
	if x.first == 0 {
		x.first, x.last = x.least, x.least-1
	}
}

// foul reports whether what stands at pos, where the header or the next block ought
// to begin, is there because of damage. A write that a power cut stopped leaves, in
// each sector, what it was to write or what was there before: zeros, or in a recycled
// file anything. So what begins like a block or a header, or with a sector of
// zeros, or like an older segment, may never have been synced, and nothing was lost.
// Other bytes were not written by a journal.
func (w *window) foul(pos int64, recycled bool) bool {
	n := int(min(sectorSize-pos%sectorSize, w.limit-pos))
	if n <= 0 {
		return false
	}
	next := bytes.Clone(w.at(pos, n))
	switch {
	case w.missed(pos, pos+int64(n)):
		return true
	case len(bytes.Trim(next, "\x00")) == 0:
		return false
	case pos == 0:
		return w.foulHead(next)
	case recycled:
		return false
	}
	magic := binary.LittleEndian.AppendUint32(nil, blockMagic)
	common := min(n, len(magic)) // the sector may end here
	return !bytes.Equal(next[:common], magic[:common])
}

// foulHead is foul for a file without a good header, of which head is the first sector.
func (w *window) foulHead(head []byte) bool {
	common := min(len(head), len(headerMagic))
	if string(head[:common]) != headerMagic[:common] {
		return true
	}
	if len(head) < headerFixed {
		return false // cut off
	}
	n, err := headerSize(head)
	if err != nil {
		return true
	}
	if buf := w.at(0, n); buf != nil {
		if _, err := parseHeader(buf); err == nil {
			return false // an older segment's, under the name of the one to be written
		}
	}
	return n <= len(head) // one sector: written whole or not at all
}
