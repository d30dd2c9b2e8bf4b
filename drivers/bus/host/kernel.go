//go:build linux

package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"golang.org/x/sys/unix"
)

// readFile reads a small file below root in one go: some files of hwmon measure at each
// read.
func readFile(root, name string) ([]byte, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer r.Close() // it was only read
	f, err := r.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile))
}

// readNames lists a folder below root, a line for each name.
func readNames(root, name string) ([]byte, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	f, err := r.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(maxNames)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	slices.Sort(names)
	return []byte(strings.Join(names, "\n")), nil
}

// space asks for the file system at path. Where the path is not made yet and that is no
// mistake, its nearest folder counts.
func space(path string, notYet bool) (s drivers.Space, err error) {
	var st unix.Statfs_t
	for {
		err = unix.Statfs(path, &st)
		if !notYet || !errors.Is(err, fs.ErrNotExist) || path == filepath.Dir(path) {
			break
		}
		path = filepath.Dir(path)
	}
	if err != nil {
		return s, &fs.PathError{Op: "statfs", Path: path, Err: err}
	}
	size := int64(st.Bsize)
	return drivers.Space{Total: int64(st.Blocks) * size, Free: int64(st.Bavail) * size}, nil
}

// over returns ErrTimeout when ctx's deadline has passed, its error when it was
// cancelled, nil while it runs.
func over(ctx context.Context) error {
	if err := ctx.Err(); !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return drivers.ErrTimeout
}

// stuck is the end of a call whose context has ended.
func (b *Board) stuck(ctx context.Context) error {
	err := over(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.h.Stuck++
	if errors.Is(err, drivers.ErrTimeout) && !b.since.IsZero() {
		return fmt.Errorf("%w: the kernel has been reading for %v", err, time.Since(b.since).Round(time.Millisecond))
	}
	return err
}

func (b *Board) enter() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.since = time.Now()
}

func (b *Board) leave(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.since = time.Time{}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		b.h.Reads++
	} else {
		b.h.Failed++
	}
}

// judge gives the kernel's error a word of ours.
func (b *Board) judge(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		for _, name := range []string{"sys/class", "proc/stat"} {
			if _, there := os.Stat(filepath.Join(b.cfg.Root, name)); there == nil {
				b.fault(nil)
				return err
			}
		}
		gone := fmt.Errorf("%w: there is neither %s nor %s here", drivers.ErrUnplugged, filepath.Join(b.cfg.Root, "sys"), filepath.Join(b.cfg.Root, "proc"))
		b.fault(gone)
		return gone
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: the kernel does not let this program read it (%w)", drivers.ErrException, err)
	}
	return fmt.Errorf("%w: the kernel says %w", drivers.ErrDevice, err)
}

func (b *Board) fault(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.h.Fault = err
}

func (b *Board) trace(sent bool, p []byte) {
	if b.cfg.Trace != nil {
		b.cfg.Trace(sent, p, time.Now())
	}
}
