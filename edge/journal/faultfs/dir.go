package faultfs

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"

	"github.com/lamppost-city/lamppost/edge/journal"
)

// Mkdir implements journal.FS. The root is always there.
func (f *FS) Mkdir(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step("mkdir", dir); err != nil {
		return err
	}
	if f.made || dir == filepath.Dir(dir) {
		return fs.ErrExist
	}
	f.made, f.dir = true, dir
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
	_, err := f.move(from, to)
	return err
}

// move renames a file. The mutex is held.
func (f *FS) move(from, to string) (*inode, error) {
	n := f.now[from]
	if n == nil {
		return nil, fs.ErrNotExist
	}
	delete(f.now, from)
	f.now[to] = n
	f.dirOps = append(f.dirOps, dirOp{remove: from, add: to, node: n})
	return n, nil
}

// Reuse implements journal.FS.
func (f *FS) Reuse(from, to string) (journal.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	from, to = filepath.Base(from), filepath.Base(to)
	if err := f.step("reuse", from); err != nil {
		return nil, err
	}
	n, err := f.move(from, to)
	return &file{f, n, to}, err
}

// Truncate implements journal.FS.
func (f *FS) Truncate(path string, size int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := filepath.Base(path)
	if err := f.step("truncate", name); err != nil {
		return err
	}
	n := f.now[name]
	if n == nil {
		return fs.ErrNotExist
	}
	if int64(len(n.data)) > size {
		n.data = n.data[:size:size]
		n.writes = append(n.writes, write{off: size, cut: true})
	}
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
	switch {
	case f.lies("syncdir", dir):
	case dir == filepath.Dir(f.dir):
		f.sure = f.made
	default:
		f.disk = maps.Clone(f.now)
		f.dirOps = nil
	}
	return nil
}
