package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
)

const (
	windowSize = 128 << 10
	pageSize   = 4 << 10
	markEvery  = 256 << 10 // bytes between two remembered places in a segment
	maxHoles   = 1 << 10   // unreadable pages remembered
)

// window reads a file through a buffer that grows to the largest block at most.
// Bytes that the device cannot give back read as zeros, and unreadable says so:
// one bad sector costs the block it lies in, not the segment.
type window struct {
	f          io.ReaderAt
	limit      int64 // the file ends here
	buf        []byte
	off        int64 // of buf in the file
	unreadable bool
	holes      []int64 // pages that could not be read, the first few
}

// at returns n bytes at off, or nil when the file ends before. They are valid
// until the next call.
func (w *window) at(off int64, n int) []byte {
	if off < 0 || off+int64(n) > w.limit {
		return nil
	}
	if off < w.off || off+int64(n) > w.off+int64(len(w.buf)) {
		w.fill(off, int(min(int64(max(n, windowSize)), w.limit-off)))
	}
	i := int(off - w.off)
	return w.buf[i : i+n : i+n]
}

// missed reports whether a page between off and end could not be read.
func (w *window) missed(off, end int64) bool {
	return slices.ContainsFunc(w.holes, func(at int64) bool { return at < end && at+pageSize > off })
}

func (w *window) fill(off int64, n int) {
	if cap(w.buf) < n {
		w.buf = make([]byte, n)
	}
	w.buf, w.off = w.buf[:n], off
	if got, _ := w.f.ReadAt(w.buf, off); got == n {
		return
	}
	for i := 0; i < n; {
		at := off + int64(i)
		page := w.buf[i:min(n, i+pageSize-int(at%pageSize))]
		if got, _ := w.f.ReadAt(page, at); got < len(page) {
			clear(page[got:])
			w.unreadable = true
			if len(w.holes) < maxHoles && !slices.Contains(w.holes, at) {
				w.holes = append(w.holes, at)
			}
		}
		i += len(page)
	}
}

// origin is what must be known of a segment to scan it.
type origin struct {
	num    uint64
	epoch  Epoch
	first  uint64 // number of the first record; 0: not known
	least  uint64 // then: the number that had to come next; 0: not known either
	opened Stamp
	closed Stamp // newest commit before this segment
	start  int64 // where the blocks begin
}

// mark remembers that the record numbered seq, or a later one, begins at off.
type mark struct {
	seq uint64
	off int64
}

// scanned is what a scan found.
type scanned struct {
	summary
	least   uint64 // see origin
	damaged bool   // bad bytes, and a good block after them
	torn    bool   // bytes at the end that are not zero: a write that a power cut stopped, or damage to the last block
	marks   []mark
	bad     []badBytes
}

// badBytes is a stretch that holds no good block, or a block that says nonsense.
type badBytes struct {
	off, end   int64
	unreadable bool // the device did not give it back
	nonsense   bool // the checksum is right, the content is not
	lost       []Range
}

// scan walks the blocks of a segment, which ends at limit, checks each, and
// tells visit about it with its place. It changes nothing and gives no verdict
// on the entries inside the blocks. A torn tail ends the scan; damage in the
// middle is stepped over and what it took is in lost. The error is visit's own.
func scan(f io.ReaderAt, limit int64, o origin, visit func(b *block, off int64) error) (scanned, error) {
	s := scanner{window: window{f: f, limit: limit}, seed: seedOf(o.num, o.epoch), boot: o.opened.Boot, pos: o.start}
	res := scanned{least: o.least, summary: summary{num: o.num, epoch: o.epoch, first: o.first, last: o.first - 1,
		opened: o.opened, closed: o.closed, end: o.start}}
	for {
		from, lost := s.pos, len(res.lost)
		b, skipped, err := s.next()
		if errors.Is(err, io.EOF) {
			res.end, res.torn = s.pos, s.torn
			for i := range res.bad {
				res.bad[i].unreadable = s.missed(res.bad[i].off, res.bad[i].end)
			}
			if res.first == 0 {
				res.last = 0
			}
			return res, nil
		}
		res.damaged = res.damaged || skipped
		if s.boot == "" {
			s.boot = b.stamp.Boot
		}
		res.take(&b, s.pos-int64(b.size))
		if skipped {
			bad := badBytes{off: from, end: s.pos - int64(b.size)}
			for _, l := range res.lost[lost:] {
				bad.lost = append(bad.lost, l.Ranges...)
			}
			res.bad = append(res.bad, bad)
		}
		if visit != nil {
			if err := visit(&b, s.pos-int64(b.size)); err != nil {
				return res, err
			}
		}
	}
}

// scanWhole is scan with a look into every block. What a block with a right
// checksum holds and cannot be understood counts as damage too.
func scanWhole(f io.ReaderAt, limit int64, o origin, visit func(b *block, off int64) error) (scanned, error) {
	dec, err := newUnpacker()
	if err != nil {
		return scanned{}, err
	}
	var raw []byte
	var nonsense []badBytes
	var lost []Loss
	res, err := scan(f, limit, o, func(b *block, off int64) error {
		got, err := b.unpack(dec, raw)
		if b.flags&flagZstd != 0 && err == nil {
			raw = got[:0]
		}
		if err == nil {
			_, err = entries(got, b.first, nil, nil)
		}
		if err != nil {
			bad := badBytes{off: off, end: off + int64(b.size), nonsense: true}
			if b.count > 0 {
				bad.lost = []Range{{b.first, b.last()}}
				lost = append(lost, Loss{Epoch: o.epoch, Ranges: bad.lost, From: b.stamp, To: b.stamp, Why: WhyDamage})
			}
			nonsense = append(nonsense, bad)
		}
		if visit != nil {
			return visit(b, off)
		}
		return nil
	})
	res.lost, res.bad = append(res.lost, lost...), append(res.bad, nonsense...)
	return res, err
}

// take accounts for the next good block.
func (res *scanned) take(b *block, off int64) {
	if res.first == 0 { // the header is damaged; a block that stood behind it says how it went on
		if res.first = b.first; b.flags&flagHead == 0 && res.least > 0 {
			res.first = min(res.least, b.first)
		}
		res.last = res.first - 1
	}
	if res.opened.Boot == "" && b.flags&flagBoot != 0 {
		res.opened = b.stamp
	}
	if b.flags&flagHead != 0 {
		if res.opened == (Stamp{}) { // the header is damaged; its stamp is here once more
			res.opened = b.stamp
		}
		if res.closed == (Stamp{}) && b.first == 1 {
			res.closed = b.stamp
		}
	}
	if b.first > res.last+1 {
		why := WhyDamage
		if b.flags&flagGap != 0 {
			why = WhyOverflow
		}
		res.lose(Range{res.last + 1, b.first - 1}, why, b.stamp)
	}
	if b.count > 0 && (len(res.marks) == 0 || off >= res.marks[len(res.marks)-1].off+markEvery) {
		res.marks = append(res.marks, mark{b.first, off})
	}
	res.last = max(res.last, b.last())
	res.clean = b.flags&flagClean != 0
	if b.flags&flagHead == 0 { // a head is older than the records that wait behind it
		res.closed = b.stamp
	}
}

func (s *summary) lose(r Range, why string, until Stamp) {
	s.lost = append(s.lost, Loss{Epoch: s.epoch, Ranges: []Range{r}, From: s.closed, To: until, Why: why})
}

type scanner struct {
	window
	seed uint32
	boot string
	pos  int64 // end of the last good block
	torn bool
}

// next returns the next good block, which ends at s.pos afterwards, and whether
// bad bytes were stepped over to reach it. io.EOF ends the segment.
func (s *scanner) next() (b block, skipped bool, err error) {
	if s.pos >= s.limit {
		return block{}, false, io.EOF
	}
	if b, ok := s.try(s.pos); ok {
		s.pos += int64(b.size)
		return b, false, nil
	}
	b, off, zeros := s.find(s.pos)
	if b.size == 0 {
		s.torn = !zeros || s.unreadable
		return block{}, false, io.EOF
	}
	s.pos = off + int64(b.size)
	return b, true, nil
}

// try reads the block at off.
func (s *scanner) try(off int64) (block, bool) {
	head := s.at(off, blockFixed)
	if head == nil {
		return block{}, false
	}
	n, err := blockSize(head)
	if err != nil {
		return block{}, false
	}
	buf := s.at(off, n)
	if buf == nil {
		return block{}, false
	}
	b, err := parseBlock(buf, s.seed, s.boot)
	return b, err == nil
}

// find looks for a good block after off. zeros says that there were only zeros:
// a segment may be filled with them before it is written.
func (s *scanner) find(off int64) (b block, at int64, zeros bool) {
	magic := binary.LittleEndian.AppendUint32(nil, blockMagic)
	zeros = true
	for from := off; from < s.limit; {
		n := int(min(windowSize, s.limit-from))
		chunk := bytes.Clone(s.at(from, n))
		for i := 0; ; i++ {
			hit := bytes.Index(chunk[i:], magic)
			if hit < 0 {
				break
			}
			i += hit
			if b, ok := s.try(from + int64(i)); ok && from+int64(i) > off {
				return b, from + int64(i), false
			}
		}
		zeros = zeros && len(bytes.Trim(chunk, "\x00")) == 0
		if n < windowSize {
			break
		}
		from += int64(n - len(magic) + 1) // a magic may lie across two windows
	}
	return block{}, 0, zeros
}
