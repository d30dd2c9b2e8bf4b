package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func fdatasync(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }

// place is where a contender writes, and counts what reaches the device.
type place interface {
	dir() string
	// written returns the bytes and the flushes that the device got so far; flushes
	// is negative if it cannot be told.
	written() (bytes, flushes int64, err error)
	remove() error
}

// folder is a plain directory: /proc/self/io counts what this process made dirty.
type folder string

func (f folder) dir() string   { return string(f) }
func (f folder) remove() error { return os.RemoveAll(string(f)) }

func (f folder) written() (int64, int64, error) {
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(b)) {
		if n, ok := strings.CutPrefix(line, "write_bytes: "); ok {
			v, err := strconv.ParseInt(strings.TrimSpace(n), 10, 64)
			return v, -1, err
		}
	}
	return 0, 0, errors.New("/proc/self/io has no write_bytes")
}

// loop is a fresh ext4 on a loop device: its block layer counts every sector and
// every flush, those of the file system's own journal too.
type loop struct{ image, device, mount string }

func newLoop(under string) (_ *loop, err error) {
	l := &loop{image: filepath.Join(under, "image"), mount: filepath.Join(under, "mount")}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.remove())
		}
	}()
	if err := os.MkdirAll(l.mount, 0o700); err != nil {
		return nil, err
	}
	f, err := os.Create(l.image)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.Truncate(1<<30), f.Close()); err != nil {
		return nil, err
	}
	// Nothing is initialised behind our back later on, and there are inodes for a file each message.
	if _, err := run("mkfs.ext4", "-q", "-N", "131072", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", l.image); err != nil {
		return nil, err
	}
	if l.device, err = run("losetup", "-f", "--show", l.image); err != nil {
		return nil, err
	}
	_, err = run("mount", "-o", "noatime", l.device, l.mount)
	return l, err
}

func (l *loop) dir() string { return l.mount }

func (l *loop) remove() error {
	var errs []error
	if l.device != "" {
		_, _ = run("umount", l.mount) // it may not be mounted yet
		_, err := run("losetup", "-d", l.device)
		errs = append(errs, err)
	}
	return errors.Join(append(errs, os.Remove(l.image), os.Remove(l.mount))...)
}

// written syncs the file system first: what is only in memory counts too. Field 7
// of the block layer's statistics is sectors written, field 16 flushes.
func (l *loop) written() (bytes, flushes int64, err error) {
	d, err := os.Open(l.mount)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if flushes, err = l.stat(16); err != nil {
		return 0, 0, err
	}
	if err := unix.Syncfs(int(d.Fd())); err != nil {
		return 0, 0, err
	}
	sectors, err := l.stat(7)
	return sectors * 512, flushes, err
}

func (l *loop) stat(field int) (int64, error) {
	b, err := os.ReadFile(filepath.Join("/sys/block", filepath.Base(l.device), "stat"))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b))
	if len(fields) < field {
		return -1, nil
	}
	return strconv.ParseInt(fields[field-1], 10, 64)
}

func run(name string, args ...string) (string, error) {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// onDisk adds up the blocks that the files below dir take.
func onDisk(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			total += st.Blocks * 512
		}
		return nil
	})
	return total, err
}
