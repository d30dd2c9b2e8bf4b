// Package faultfs is a file system in memory for tests of the journal. It
// forgets what was not synced, in pieces and in any order, when the power is cut,
// and fails when it is told to. One directory is all it knows.
package faultfs

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
)

// ErrPower is what every call returns after the power was cut.
var ErrPower = errors.New("faultfs: the power is off")

const sector = 512

// Op names an operation for Hook: mkdir, lock, list, create, reuse, open, rename,
// truncate, remove, syncdir, write, allocate, sync, read, size.
type Op string

// FS implements journal.FS. Make one with New.
type FS struct {
	mu     sync.Mutex
	now    map[string]*inode // the directory as programs see it
	disk   map[string]*inode // the directory as it is on the disk
	dirOps []dirOp           // what SyncDir would make durable
	made   bool              // there is a directory
	sure   bool              // it is on the disk
	dir    string            // what it is called
	locked bool
	off    bool
	ops    int
	cutAt  int
	hook   func(op Op, name string) error
	lie    func(n int, op Op, name string) bool
	log    []Done
	space  int64 // bytes that may be written in all files; < 0: no limit
}

type dirOp struct {
	remove, add string // one or both
	node        *inode
}

type inode struct {
	data   []byte  // as programs see it
	disk   []byte  // as synced
	writes []write // since the last sync
}

type write struct {
	off  int64
	data []byte
	cut  bool // not a write: the file was cut at off
}

// Done is one operation that was asked for.
type Done struct {
	N    int // which operation it was, as CutAt counts
	Op   Op
	Name string
}

// New returns an empty file system.
func New() *FS {
	return &FS{now: map[string]*inode{}, disk: map[string]*inode{}, space: -1}
}

// CutAt cuts the power at the n-th operation from now on, the first being 1:
// that operation and all later ones return ErrPower. A write that is cut may
// reach the disk in part.
func (f *FS) CutAt(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ops, f.cutAt = 0, n
}

// Ops returns how many operations there were since New or CutAt.
func (f *FS) Ops() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ops
}

// Off reports whether the power was cut.
func (f *FS) Off() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.off
}

// Log returns the operations since New, but only those that change something or
// make changes durable.
func (f *FS) Log() []Done {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.log)
}

// Lie makes those syncs and syncdirs do nothing, and say that all is well, for
// which fn answers true. n counts the entries of Log before this one. It is how a
// test finds out whether it would notice that a sync is missing.
func (f *FS) Lie(fn func(n int, op Op, name string) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lie = fn
}

// Hook makes every operation ask fn first and fail with its error. fn must not
// call the FS.
func (f *FS) Hook(fn func(op Op, name string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hook = fn
}

// Space limits how many bytes all files may hold together; < 0 is no limit. A
// write beyond it writes what fits and returns err.
func (f *FS) Space(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.space = n
}

// Kill returns what another process sees after this one was killed: everything
// written, synced or not. The old FS is off.
func (f *FS) Kill() *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.off = true
	out := New()
	out.made, out.sure, out.dir = f.made, f.made, f.dir
	for name, n := range f.now {
		c := &inode{data: slices.Clone(n.data), disk: slices.Clone(n.data)}
		out.now[name], out.disk[name] = c, c
	}
	return out
}

// Reboot returns what is on the disk after the power was cut. Of what was not
// synced each sector and each directory change is there or not as r decides;
// with r nil nothing of it is.
func (f *FS) Reboot(r *rand.Rand) *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.off = true
	out := New()
	if f.made && !f.sure && (r == nil || r.IntN(2) == 0) {
		return out // the directory itself was forgotten
	}
	out.made, out.sure, out.dir = f.made, f.made, f.dir
	dir := maps.Clone(f.disk)
	for _, op := range f.dirOps {
		if r == nil || r.IntN(2) == 0 {
			continue
		}
		delete(dir, op.remove)
		if op.add != "" {
			dir[op.add] = op.node
		}
	}
	for name, n := range dir {
		content := n.after(r)
		c := &inode{data: content, disk: slices.Clone(content)}
		out.now[name], out.disk[name] = c, c
	}
	return out
}

// after returns the content after a power cut.
func (n *inode) after(r *rand.Rand) []byte {
	out := slices.Clone(n.disk)
	if r == nil {
		return out
	}
	for _, w := range n.writes {
		if w.cut {
			if r.IntN(2) > 0 && int64(len(out)) > w.off {
				out = out[:w.off]
			}
			continue
		}
		for i := 0; i < len(w.data); {
			end := min(len(w.data), i+sector-int((w.off+int64(i))%sector))
			if r.IntN(3) > 0 {
				out = put(out, w.off+int64(i), w.data[i:end])
			}
			i = end
		}
	}
	return out
}

func put(dst []byte, off int64, p []byte) []byte {
	if grow := int(off) + len(p) - len(dst); grow > 0 {
		dst = append(dst, make([]byte, grow)...)
	}
	copy(dst[off:], p)
	return dst
}

// Files returns the names and contents as programs see them.
func (f *FS) Files() map[string][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := map[string][]byte{}
	for name, n := range f.now {
		out[name] = slices.Clone(n.data)
	}
	return out
}

// Put makes or replaces a file in the directory /j, synced.
func (f *FS) Put(name string, data []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := &inode{data: slices.Clone(data), disk: slices.Clone(data)}
	f.now[name], f.disk[name] = n, n
	f.made, f.sure, f.dir = true, true, "/j"
}

// step accounts for one operation. The mutex is held.
func (f *FS) step(op Op, name string) error {
	f.ops++
	if f.cutAt > 0 && f.ops >= f.cutAt {
		f.off = true
	}
	if f.off {
		return ErrPower
	}
	switch op {
	case "create", "reuse", "rename", "truncate", "remove", "syncdir", "write", "allocate", "sync":
		f.log = append(f.log, Done{f.ops, op, name})
	}
	if f.hook != nil {
		return f.hook(op, name)
	}
	return nil
}

// lies reports whether the sync that step just accounted for is to be a lie.
func (f *FS) lies(op Op, name string) bool {
	return f.lie != nil && f.lie(len(f.log)-1, op, name)
}
