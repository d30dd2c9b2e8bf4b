package journal

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
)

// What a Finding is about.
const (
	FoundHeader     = "header"     // the segment's header is not readable; the records behind it are
	FoundChecksum   = "checksum"   // bytes that are no block, between or before good ones
	FoundUnreadable = "unreadable" // the device does not give the bytes back
	FoundContent    = "content"    // the checksum is right, what is inside is not
	FoundShort      = "short"      // the file ends before the bytes that count
	FoundRuined     = "ruined"     // damage up to the end: nobody knows how many records were there
	FoundMissing    = "missing"    // there is no such file, and nobody gave it up
)

// Finding is one place at which a journal is not as it was written.
type Finding struct {
	File           string // name in the directory
	Offset, Length int64  // of the bad bytes
	What           string // one of the Found… words
	Epoch          Epoch
	Lost           []Range // the records that were there; none: no record was touched, or FoundRuined
}

// String says it in one line.
func (f Finding) String() string {
	if f.What == FoundRuined {
		return fmt.Sprintf("%s: %s from byte %d on; it is not known how many records of epoch %s are lost", f.File, f.What, f.Offset, f.Epoch)
	}
	var n uint64
	for _, r := range f.Lost {
		n += r.To - r.From + 1
	}
	return fmt.Sprintf("%s: %s at byte %d, %d bytes, %d records of epoch %s lost", f.File, f.What, f.Offset, f.Length, n, f.Epoch)
}

// Verify reads every byte that counts and checks every checksum. A torn end, which
// a power cut leaves, is no finding. progress, unless nil, is told now and then how
// many bytes of how many are done. It may take long; the error is ctx's, or that
// of a file that cannot be opened. What was given up meanwhile is stepped over.
func (r *Reader) Verify(ctx context.Context, progress func(done, total int64)) ([]Finding, error) {
	r.mu.Lock()
	segs := slices.Clone(r.segs)
	total := int64(0)
	for _, s := range segs {
		total += s.end
	}
	r.mu.Unlock()
	if progress == nil {
		progress = func(int64, int64) {}
	}
	var out []Finding
	done := int64(0)
	for _, s := range segs {
		found, err := r.verify(ctx, s, func(off int64) { progress(done+off, total) })
		if err != nil {
			return out, err
		}
		out = append(out, found...)
		done += s.end
		progress(done, total)
	}
	return out, nil
}

func (r *Reader) verify(ctx context.Context, s *segment, progress func(off int64)) ([]Finding, error) {
	r.mu.Lock()
	missing := Finding{File: segmentName(s.num, s.epoch, false), What: FoundMissing, Epoch: s.epoch, Length: s.end}
	if rec, ok := s.records(); ok {
		missing.Lost = []Range{rec}
	}
	gone, absent := s.gone, s.absent
	r.mu.Unlock()
	switch {
	case absent:
		return []Finding{missing}, nil
	case gone:
		return nil, nil
	}
	f, o, end, err := r.openSegment(s, 0)
	if err != nil || f == nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	told := int64(0)
	res, err := scanWhole(f, end, o, func(_ *block, off int64) error {
		if off >= told+markEvery {
			told = off
			progress(off)
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	return r.findings(s, o, res), nil
}

// findings turns what a scan saw into findings, unless the segment was given up
// while it went on.
func (r *Reader) findings(s *segment, o origin, res scanned) []Finding {
	if path := s.path(r.dir); !r.exists(path) {
		r.follow(s, path)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.gone {
		return nil
	}
	base := Finding{File: filepath.Base(s.path(r.dir)), Epoch: s.epoch}
	var out []Finding
	add := func(what string, off, end int64, lost []Range) {
		f := base
		f.What, f.Offset, f.Length, f.Lost = what, off, end-off, lost
		out = append(out, f)
	}
	for _, b := range res.bad {
		what := FoundChecksum
		switch {
		case b.nonsense:
			what = FoundContent
		case b.unreadable:
			what = FoundUnreadable
		case b.off == 0 && o.start == 0:
			what = FoundHeader
		}
		add(what, b.off, b.end, b.lost)
	}
	var lost []Range
	if res.last < s.last {
		lost = []Range{{res.last + 1, s.last}}
	}
	if s.ruined {
		add(FoundRuined, s.end, s.size, nil)
	}
	switch {
	case s.short:
		add(FoundShort, res.end, s.end, lost)
	case res.end < s.end || lost != nil:
		add(FoundChecksum, res.end, max(s.end, s.size), lost)
	}
	return out
}
