package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
)

// loadTries bounds how often a Reader looks again because the directory changed
// under its eyes. A journal changes its directory once per segment.
const loadTries = 50

// ErrChanging: the journal changed its files faster than they could be listed.
var ErrChanging = errors.New("the journal directory does not stand still")

// Reader looks into a journal that somebody else may be writing, or that nobody
// can write any more: it takes no lock and changes nothing, so that it works
// beside a running gateway, on a read-only mount and on a copied card. What it
// shows is the state of the last OpenReader or Refresh. Of a journal that is being
// written that may include records whose commit is under way. All methods may be
// called from many goroutines.
type Reader struct {
	shelf
	states map[string][]byte // guarded by the shelf's mutex; never changed once there
}

// SegmentInfo describes one file of a journal.
type SegmentInfo struct {
	File           string
	Size           int64 // bytes in the directory
	Used           int64 // bytes that count; the rest is zeros, a torn end or an older segment's
	Epoch          Epoch
	First, Last    uint64 // records; First > Last: none
	Opened, Closed Stamp  // when it was begun, its newest commit
	Broken         bool   // set aside because of damage
	Recycled       bool   // the file held an older segment before
}

// OpenReader reads what is in dir. Damage is no error. Errors are: a directory or
// a file that cannot be read, ErrChanging. Close the Reader when done.
func OpenReader(dir string) (*Reader, error) { return openReader(osFS{}, dir) }

func openReader(fsys FS, dir string) (*Reader, error) {
	r := &Reader{shelf: shelf{dir: dir, fs: fsys, lent: true}}
	return r, r.Refresh()
}

// Refresh looks at the directory again: afterwards the Reader knows what was
// added and given up meanwhile. After an error it shows what it showed before.
func (r *Reader) Refresh() error {
	x, err := loadSteady(r.fs, r.dir)
	if err != nil {
		return err
	}
	var segs []*segment
	for _, f := range x.files {
		if f.num >= x.floor {
			segs = append(segs, &f.segment)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	r.segs, r.states = segs, x.states
	return nil
}

// loadSteady is load for a directory in which somebody else works: it looks again
// until no file came or went in between and bad bytes are still bad, since a
// write that is just being made looks like damage.
func loadSteady(fsys FS, dir string) (*index, error) {
	var bad []badBytes
	for range loadTries {
		before, err := fsys.List(dir)
		if err != nil {
			return nil, fmt.Errorf("journal: list %s: %w", dir, err)
		}
		x, err := load(fsys, dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		after, lerr := fsys.List(dir)
		if lerr != nil {
			return nil, fmt.Errorf("journal: list %s: %w", dir, lerr)
		}
		if err != nil || !sameNames(before, after) {
			continue
		}
		if reflect.DeepEqual(bad, x.bad) {
			return x, nil
		}
		bad = x.bad
	}
	return nil, fmt.Errorf("journal: %s: %w; try again", dir, ErrChanging)
}

func sameNames(a, b []string) bool {
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// Epochs returns what the journal holds of each epoch, oldest first.
func (r *Reader) Epochs() []EpochInfo { return r.epochs() }

// Read is Journal.Read. What the journal gave up since the last Refresh is
// stepped over; it is never mixed up with what stands in its place.
func (r *Reader) Read(e Epoch, from, to uint64, fn func(Record) error) error {
	return r.read(e, from, to, fn)
}

// SeqAt is Journal.SeqAt.
func (r *Reader) SeqAt(e Epoch, before func(Stamp) bool) uint64 { return r.seqAt(e, before) }

// States walks the keyed states in the order of their keys. They must not be changed.
func (r *Reader) States() iter.Seq2[string, []byte] {
	r.mu.Lock()
	all := r.states
	r.mu.Unlock()
	return func(yield func(string, []byte) bool) {
		for _, k := range slices.Sorted(maps.Keys(all)) {
			if !yield(k, all[k]) {
				return
			}
		}
	}
}

// Segments lists the files that count, oldest first.
func (r *Reader) Segments() []SegmentInfo {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []SegmentInfo
	for _, s := range r.segs {
		if s.gone {
			continue
		}
		out = append(out, SegmentInfo{File: filepath.Base(s.path(r.dir)), Size: s.size, Used: s.end, Epoch: s.epoch,
			First: s.first, Last: s.last, Opened: s.opened, Closed: s.closed, Broken: s.broken, Recycled: s.recycled})
	}
	return out
}

// Close forgets everything. Reading then gives ErrClosed.
func (r *Reader) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed, r.segs, r.states = true, nil, nil
}
