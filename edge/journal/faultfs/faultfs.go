// Package faultfs is a file system in memory for tests of the journal. It
// forgets what was not synced, in pieces and in any order, when the power is cut,
// and fails when it is told to. One directory is all it knows.
package faultfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"

	"github.com/lamppost-city/lamppost/edge/journal"
)

// ErrPower is what every call returns after the power was cut.
var ErrPower = errors.New("faultfs: the power is off")

const sector = 512

// Op names an operation for Hook: lock, list, create, open, rename, remove,
// syncdir, write, sync, read, size.
type Op string

// FS implements journal.FS. Make one with New.
type FS struct {
	mu     sync.Mutex
	now    map[string]*inode // the directory as programs see it
	disk   map[string]*inode // the directory as it is on the disk
	dirOps []dirOp           // what SyncDir would make durable
	locked bool
	off    bool
	ops    int
	cutAt  int
	hook   func(op Op, name string) error
	lie    Op
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

// Lie makes sync or syncdir do nothing and say that all is well, which is how
// a test finds out whether it would notice.
func (f *FS) Lie(op Op) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lie = op
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
	out := New()
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

// Put makes or replaces a file, synced.
func (f *FS) Put(name string, data []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := &inode{data: slices.Clone(data), disk: slices.Clone(data)}
	f.now[name], f.disk[name] = n, n
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
	if f.hook != nil {
		return f.hook(op, name)
	}
	return nil
}

// Lock implements journal.FS.
func (f *FS) Lock(dir string) (io.Closer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step("lock", dir); err != nil {
		return nil, err
	}
	if f.locked {
		return nil, fmt.Errorf("%s: %w", dir, journal.ErrLocked)
	}
	f.locked = true
	return unlocker{f}, nil
}

type unlocker struct{ f *FS }

func (u unlocker) Close() error {
	u.f.mu.Lock()
	defer u.f.mu.Unlock()
	u.f.locked = false
	return nil
}

// List implements journal.FS.
func (f *FS) List(dir string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step("list", dir); err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(f.now)), nil
}

// Create implements journal.FS.
func (f *FS) Create(path string) (journal.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := filepath.Base(path)
	if err := f.step("create", name); err != nil {
		return nil, err
	}
	if f.now[name] != nil {
		return nil, fs.ErrExist
	}
	n := &inode{}
	f.now[name] = n
	f.dirOps = append(f.dirOps, dirOp{add: name, node: n})
	return &file{f, n, name}, nil
}

// Open implements journal.FS.
func (f *FS) Open(path string) (journal.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := filepath.Base(path)
	if err := f.step("open", name); err != nil {
		return nil, err
	}
	n := f.now[name]
	if n == nil {
		return nil, fs.ErrNotExist
	}
	return &file{f, n, name}, nil
}

// Rename implements journal.FS.
func (f *FS) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	from, to = filepath.Base(from), filepath.Base(to)
	if err := f.step("rename", from); err != nil {
		return err
	}
	n := f.now[from]
	if n == nil {
		return fs.ErrNotExist
	}
	delete(f.now, from)
	f.now[to] = n
	f.dirOps = append(f.dirOps, dirOp{remove: from, add: to, node: n})
	return nil
}

// Remove implements journal.FS.
func (f *FS) Remove(path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := filepath.Base(path)
	if err := f.step("remove", name); err != nil {
		return err
	}
	delete(f.now, name)
	f.dirOps = append(f.dirOps, dirOp{remove: name})
	return nil
}

// SyncDir implements journal.FS.
func (f *FS) SyncDir(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step("syncdir", dir); err != nil {
		return err
	}
	if f.lie != "syncdir" {
		f.disk = maps.Clone(f.now)
		f.dirOps = nil
	}
	return nil
}
