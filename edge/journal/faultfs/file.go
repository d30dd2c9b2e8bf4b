package faultfs

import (
	"io"
	"slices"
	"syscall"
)

type file struct {
	fs   *FS
	node *inode
	name string
}

func (x *file) ReadAt(p []byte, off int64) (int, error) {
	x.fs.mu.Lock()
	defer x.fs.mu.Unlock()
	if err := x.fs.step("read", x.name); err != nil {
		return 0, err
	}
	if off >= int64(len(x.node.data)) {
		return 0, io.EOF
	}
	n := copy(p, x.node.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (x *file) WriteAt(p []byte, off int64) (int, error) {
	x.fs.mu.Lock()
	defer x.fs.mu.Unlock()
	wasOff := x.fs.off
	err := x.fs.step("write", x.name)
	if err != nil && (wasOff || !x.fs.off) {
		return 0, err
	}
	// A write that the power cut interrupts is remembered as not synced: Reboot
	// decides how much of it there is.
	n := len(p)
	grow := off + int64(n) - int64(len(x.node.data))
	if room := x.fs.room(); room >= 0 && grow > room && err == nil {
		n, err = n-int(grow-room), syscall.ENOSPC
	}
	x.node.data = put(x.node.data, off, p[:n])
	x.node.writes = append(x.node.writes, write{off: off, data: slices.Clone(p[:n])})
	return n, err
}

// Allocate makes the file longer if there is room for all of it.
func (x *file) Allocate(size int64) error {
	x.fs.mu.Lock()
	defer x.fs.mu.Unlock()
	if err := x.fs.step("allocate", x.name); err != nil {
		return err
	}
	grow := size - int64(len(x.node.data))
	if grow <= 0 {
		return nil
	}
	if room := x.fs.room(); room >= 0 && grow > room {
		return syscall.ENOSPC
	}
	x.node.data = put(x.node.data, size-1, []byte{0})
	x.node.writes = append(x.node.writes, write{off: size - 1, data: []byte{0}})
	return nil
}

// room returns how many bytes may still be written, -1 for any number.
func (f *FS) room() int64 {
	if f.space < 0 {
		return -1
	}
	left := f.space
	for _, n := range f.now {
		left -= int64(len(n.data))
	}
	return max(left, 0)
}

// Sync that fails does what Linux does: the pages count as clean afterwards, so
// that a second Sync succeeds without them.
func (x *file) Sync() error {
	x.fs.mu.Lock()
	defer x.fs.mu.Unlock()
	err := x.fs.step("sync", x.name)
	if err == nil && x.fs.lies("sync", x.name) {
		return nil
	}
	if err == nil {
		for _, w := range x.node.writes {
			if w.cut {
				x.node.disk = x.node.disk[:min(int(w.off), len(x.node.disk))]
			} else {
				x.node.disk = put(x.node.disk, w.off, w.data)
			}
		}
	}
	if !x.fs.off {
		x.node.writes = nil
	}
	return err
}

func (x *file) Size() (int64, error) {
	x.fs.mu.Lock()
	defer x.fs.mu.Unlock()
	if err := x.fs.step("size", x.name); err != nil {
		return 0, err
	}
	return int64(len(x.node.data)), nil
}

func (x *file) Close() error { return nil }
