package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// Spares are files that hold nothing which counts and lie ready to become the
// next segment: given-up segments, below the floor and still under their old name,
// and, as long as there are none of those, files made for the purpose. They do
// two things. Writing into a file whose blocks the file system knows already costs
// the card a quarter of what appending costs. And the journal owns the room that
// its next alerts need, whoever fills the disk.
//
// Why this is safe in a power cut: a given-up segment becomes a spare only when
// the floor above it is on disk, so that whatever part of the new content reaches
// the disk before the new name does is below the floor, and nobody looks at it. The
// new name with the old content, or with a torn header, is a segment without one
// good block: all that was in it is sealed with another segment number. CRC-32C is
// linear, so two different seeds give different checksums for the same bytes: an
// old block never passes for a new one, unless the seeds themselves are equal, and
// then the spare is not taken. No record counts as written before file and
// directory are synced.
const (
	spareSuffix = ".spare"
	maxSpares   = 16
)

// spare is one such file.
type spare struct {
	path string
	size int64
	num  uint64 // 0: it never was a segment
	seed uint32
}

// spares returns how many files of segment size make the reserve.
func (o Options) spares() int {
	return int(min(max(o.Reserve/o.SegmentSize, 1), maxSpares))
}

// spareOf returns the file of s as a spare, ok is false if it is not fit to be
// used again: damaged, or of another size than segments have now.
func (j *Journal) spareOf(s *segment) (spare, bool) {
	sp := spare{path: s.path(j.dir), size: s.size, num: s.num, seed: seedOf(s.num, s.epoch)}
	return sp, !s.broken && s.size >= j.o.SegmentSize/2 && s.size <= 2*j.o.SegmentSize
}

// keepSpare takes a given-up segment as a spare if one is wanted. A file that was
// only made to be one goes for it, since what was written once is cheaper to write.
func (j *Journal) keepSpare(s *segment) bool {
	sp, ok := j.spareOf(s)
	if !ok {
		return false
	}
	j.mu.Lock()
	at := -1
	if len(j.spares) >= j.o.spares() {
		if at = slices.IndexFunc(j.spares, func(sp spare) bool { return sp.num == 0 }); at < 0 {
			j.mu.Unlock()
			return false
		}
	}
	old := spare{}
	if at < 0 {
		j.spares = append(j.spares, sp)
	} else {
		old, j.spares[at] = j.spares[at], sp
	}
	j.mu.Unlock()
	if old.path != "" {
		_ = j.fs.Remove(old.path)
	}
	return true
}

// takeSpare hands out a spare: one that was a segment, or with made also one that
// only was made to be used when there is no room.
func (w *writer) takeSpare(made bool) (spare, bool) {
	j := w.j
	j.mu.Lock()
	defer j.mu.Unlock()
	if w.full && !w.pressing && len(j.spares) == 1 {
		return spare{}, false // the last one on a full disk is for what cannot wait
	}
	at := slices.IndexFunc(j.spares, func(sp spare) bool { return sp.num != 0 && sp.seed != w.seed || sp.num == 0 && made })
	if at < 0 {
		return spare{}, false
	}
	sp := j.spares[at]
	j.spares = slices.Delete(j.spares, at, at+1)
	return sp, true
}

// create makes the file of a new segment: a recycled one, else a new one with all
// its room, else, when there is no room, one from the reserve.
func (w *writer) create(path string) error {
	w.reach, w.known, w.recycled, w.kept = 0, 0, false, false
	if w.reuse(path, false) {
		return nil
	}
	f, err := w.j.fs.Create(path)
	if err != nil && !isFull(err) {
		return fmt.Errorf("create segment: %w", err)
	}
	if err == nil {
		if err = f.Allocate(w.j.o.SegmentSize); !isFull(err) {
			w.file, w.full = f, false
			if err == nil { // else this file system cannot allocate; it appends then
				w.reach = w.j.o.SegmentSize
				w.j.restock()
			}
			return nil
		}
	}
	w.full = true
	if w.j.spareBytes() > 0 {
		if f != nil {
			_ = f.Close()
			_ = w.j.fs.Remove(path)
		}
		if w.reuse(path, true) {
			return nil
		}
		return fmt.Errorf("create segment: %w: %w", errKept, err)
	}
	if f == nil {
		return fmt.Errorf("create segment: %w", err)
	}
	w.file = f // whatever little fits
	return nil
}

// reuse begins the segment in a spare, and says whether it could.
func (w *writer) reuse(path string, made bool) bool {
	for {
		sp, ok := w.takeSpare(made)
		if !ok {
			return false
		}
		f, err := w.j.fs.Reuse(sp.path, path)
		if err != nil {
			continue // it is gone, or nothing can be renamed: Create will tell
		}
		w.file, w.reach, w.recycled = f, sp.size, sp.num != 0
		if w.recycled {
			w.known = sp.size
		}
		w.kept = w.full && w.j.spareBytes() == 0
		return true
	}
}

func (j *Journal) spareBytes() (n int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, sp := range j.spares {
		n += sp.size
	}
	return n
}

// restock makes spares while there are too few and the disk has room. It needs no
// sync: a spare that a power cut takes is made again.
func (j *Journal) restock() {
	for i := range j.o.spares() {
		j.mu.Lock()
		enough := len(j.spares) >= j.o.spares()
		j.mu.Unlock()
		if enough {
			return
		}
		path := filepath.Join(j.dir, fmt.Sprintf("reserve-%d%s", i+1, spareSuffix))
		if !j.makeSpare(path) {
			return
		}
	}
}

// makeSpare reports false when there is no room for one.
func (j *Journal) makeSpare(path string) bool {
	j.mu.Lock()
	for _, sp := range j.spares {
		if sp.path == path {
			j.mu.Unlock()
			return true
		}
	}
	j.mu.Unlock()
	f, err := j.fs.Create(path)
	if err != nil {
		return errors.Is(err, fs.ErrExist)
	}
	if err := errors.Join(f.Allocate(j.o.SegmentSize), f.Close()); err != nil {
		_ = j.fs.Remove(path)
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.spares = append(j.spares, spare{path: path, size: j.o.SegmentSize})
	return true
}

// adoptSpares finds the spares that were made before, and deletes those of
// another size.
func (j *Journal) adoptSpares(names []string) {
	for _, name := range names {
		if !strings.HasPrefix(name, "reserve-") || !strings.HasSuffix(name, spareSuffix) {
			continue
		}
		path := filepath.Join(j.dir, name)
		f, err := j.fs.Open(path)
		if err != nil {
			continue
		}
		size, err := f.Size()
		_ = f.Close()
		if err == nil && size == j.o.SegmentSize && len(j.spares) < j.o.spares() {
			j.spares = append(j.spares, spare{path: path, size: size})
		} else {
			_ = j.fs.Remove(path)
		}
	}
}
