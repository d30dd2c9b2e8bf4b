package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// FS is the few file operations that a journal needs, so that tests can make
// them fail, tear and forget. Options.FS nil means the real one.
type FS interface {
	// Mkdir makes the directory dir. It fails with fs.ErrExist when it is there and
	// with fs.ErrNotExist when its parent is not.
	Mkdir(dir string) error
	// Lock takes the directory dir for this process alone until the Closer is
	// closed. It fails at once with an error that wraps ErrLocked when somebody else
	// has it.
	Lock(dir string) (io.Closer, error)
	// List returns the names of the files in dir.
	List(dir string) ([]string, error)
	// Create makes a new file for writing and reading; it must not exist.
	Create(path string) (File, error)
	// Reuse renames a file within its directory and opens it for writing and reading.
	Reuse(from, to string) (File, error)
	// Open opens a file for reading.
	Open(path string) (File, error)
	// Rename gives a file a new name in the same directory.
	Rename(from, to string) error
	// Truncate cuts a file.
	Truncate(path string, size int64) error
	// Remove deletes a file; one that is not there is no error.
	Remove(path string) error
	// SyncDir makes creations, renames and removals in dir durable.
	SyncDir(dir string) error
}

// File is an open file. ReadAt may be called from many goroutines.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Allocate makes the file size bytes long, with room on the disk for all of
	// them; what was not written reads as zeros. It may fail where WriteAt would not.
	Allocate(size int64) error
	// Sync makes the content and the size durable.
	Sync() error
	Size() (int64, error)
}

// makeDir makes dir and its parents.
func makeDir(fsys FS, dir string) error {
	err := fsys.Mkdir(dir)
	if parent := filepath.Dir(dir); errors.Is(err, fs.ErrNotExist) && parent != dir {
		if err := makeDir(fsys, parent); err != nil {
			return err
		}
		err = fsys.Mkdir(dir)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// syncParents makes the directory itself durable: a journal whose directory entry
// is forgotten by a power cut is a journal lost. It is done for every journal
// that has no segment yet, since whoever made the directory may have been killed
// before it could. A parent that may not be read cannot be synced; it was not
// made here then.
func syncParents(fsys FS, dir string) {
	for parent := filepath.Dir(dir); parent != dir; dir, parent = parent, filepath.Dir(parent) {
		_ = fsys.SyncDir(parent)
	}
}

type osFS struct{}

func (osFS) Mkdir(dir string) error { return os.Mkdir(dir, 0o750) }

func (osFS) Lock(dir string) (io.Closer, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if st, err := f.Stat(); err == nil && !st.IsDir() {
		_ = f.Close()
		return nil, fmt.Errorf("%s is a file; a journal needs a directory", dir)
	}
	// flock of the directory itself needs no file of its own and works on a
	// file system that has become read-only.
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: %w", dir, ErrLocked)
		}
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return f, nil
}

func (osFS) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func (osFS) Create(path string) (File, error) {
	return wrap(os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640))
}

func (osFS) Reuse(from, to string) (File, error) {
	f, err := os.OpenFile(from, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if err := os.Rename(from, to); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return osFile{f}, nil
}

func (osFS) Open(path string) (File, error) { return wrap(os.Open(path)) }

func (osFS) Rename(from, to string) error { return os.Rename(from, to) }

func (osFS) Truncate(path string, size int64) error { return os.Truncate(path, size) }

func (osFS) Remove(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (osFS) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

type osFile struct{ *os.File }

func wrap(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (f osFile) Allocate(size int64) error {
	return again(func() error { return syscall.Fallocate(int(f.Fd()), 0, 0, size) })
}

// Sync is fdatasync: the size is written with it, the times are not.
func (f osFile) Sync() error {
	return again(func() error { return syscall.Fdatasync(int(f.Fd())) })
}

// again calls a system call until no signal interrupts it.
func again(call func() error) error {
	for {
		if err := call(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func (f osFile) Size() (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}
