//go:build linux

package v4l2

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/drivers/bus/eintr"
)

// Structures of linux/videodev2.h. What C calls long or a pointer is a uintptr, so that
// sizes and places are right on 32 and 64 bits; the ioctl numbers carry the sizes.
type (
	capability struct {
		_                    [16 + 32 + 32]byte // driver, card, bus
		_, whole, node, _, _ uint32             // version, capabilities of the device, of this node
		_                    uint32
	}
	description struct {
		index, kind, _ uint32
		_              [32]byte
		pixels, _      uint32
		_              [3]uint32
	}
	format struct {
		kind uint32
		pix  struct {
			_                            [0]uintptr // the union holds pointers
			width, height, pixels, field uint32
			stride, size                 uint32
			_                            [200 - 24]byte
		}
	}
	pacing struct {
		kind, _, _  uint32
		over, under uint32 // seconds a picture
		_           [200 - 16]byte
	}
	request struct{ count, kind, memory, _, _ uint32 }
	buffer  struct {
		index, kind, used, flags, _ uint32
		_                           [2]uintptr // timestamp
		_                           [4]uint32  // timecode
		sequence, memory            uint32
		offset                      uintptr
		length, _, _                uint32
	}
)

const (
	captureKind = 1 // V4L2_BUF_TYPE_VIDEO_CAPTURE
	mapped      = 1 // V4L2_MEMORY_MMAP
	canCapture  = 0x1
	canStream   = 0x04000000
	perNode     = 0x80000000 // V4L2_CAP_DEVICE_CAPS
	flagError   = 0x40       // V4L2_BUF_FLAG_ERROR
)

// Directions of an ioctl's argument.
const dirOut, dirIn, dirBoth = 1, 2, 3

// number is that of an ioctl: direction, size, group 'V', which.
func number(direction, which, size uintptr) uintptr {
	return direction<<30 | size<<16 | 'V'<<8 | which
}

// node is a device of the kernel.
type node struct {
	fd     int
	wake   int // an eventfd: whoever waits stops
	memory [][]byte
}

// openNode opens without os.File, whose poller asks V4L2 at once whether there is something
// to read: that makes the driver start for read(2), and setting a format then says EBUSY.
func openNode(path string) (device, error) {
	n := &node{fd: -1, wake: -1}
	err := eintr.Retry(func() (err error) {
		n.fd, err = unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	if n.wake, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		_ = unix.Close(n.fd)
		return nil, os.NewSyscallError("eventfd", err)
	}
	return n, nil
}

func call[T any](n *node, direction, which uintptr, arg *T) error {
	return eintr.Retry(func() error {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(n.fd), number(direction, which, unsafe.Sizeof(*arg)), uintptr(unsafe.Pointer(arg)))
		if errno != 0 {
			return errno
		}
		return nil
	})
}

func (n *node) capabilities() (uint32, error) {
	var c capability
	if err := call(n, dirIn, 0, &c); err != nil {
		return 0, err
	}
	if c.whole&perNode != 0 {
		return c.node, nil
	}
	return c.whole, nil
}

// formats asks for at most 64: a driver that goes on for ever is broken.
func (n *node) formats() (all []Format, err error) {
	for i := range uint32(64) {
		d := description{index: i, kind: captureKind}
		if err := call(n, dirBoth, 2, &d); errors.Is(err, syscall.EINVAL) {
			break
		} else if err != nil {
			return nil, err
		}
		all = append(all, Format(d.pixels))
	}
	return all, nil
}

func (n *node) set(f Format, width, height int) (setting, error) {
	want := format{kind: captureKind}
	want.pix.width, want.pix.height, want.pix.pixels = uint32(width), uint32(height), uint32(f)
	if err := call(n, dirBoth, 5, &want); err != nil {
		return setting{}, err
	}
	got := setting{Format(want.pix.pixels), int(want.pix.width), int(want.pix.height), int(want.pix.stride), int(want.pix.size)}
	if got.format != YUYV {
		got.stride = 0
	}
	return got, nil
}

func (n *node) pace(perSecond int) error {
	return call(n, dirBoth, 22, &pacing{kind: captureKind, over: 1, under: uint32(perSecond)})
}

func (n *node) prepare(count int) error {
	r := request{count: uint32(count), kind: captureKind, memory: mapped}
	if err := call(n, dirBoth, 8, &r); err != nil {
		return err
	}
	if int(r.count) < count {
		return fmt.Errorf("the driver has memory for %d of %d: %w", r.count, count, syscall.ENOMEM)
	}
	for i := range uint32(count) {
		b := buffer{index: i, kind: captureKind, memory: mapped}
		if err := call(n, dirBoth, 9, &b); err != nil {
			return err
		}
		m, err := unix.Mmap(n.fd, int64(b.offset), int(b.length), unix.PROT_READ, unix.MAP_SHARED)
		if err != nil {
			return fmt.Errorf("map buffer %d: %w", i, err)
		}
		n.memory = append(n.memory, m)
	}
	return nil
}

func (n *node) give(index uint32) error {
	return call(n, dirBoth, 15, &buffer{index: index, kind: captureKind, memory: mapped})
}

func (n *node) take() (filled, error) {
	b := buffer{kind: captureKind, memory: mapped}
	if err := call(n, dirBoth, 17, &b); err != nil {
		return filled{}, err
	}
	if int(b.index) >= len(n.memory) {
		return filled{}, fmt.Errorf("the driver filled buffer %d of %d: %w", b.index, len(n.memory), syscall.EIO)
	}
	m := n.memory[b.index]
	return filled{index: b.index, sequence: b.sequence, damaged: b.flags&flagError != 0, data: m[:min(int(b.used), len(m))]}, nil
}

func (n *node) stream(on bool) error {
	kind, which := int32(captureKind), uintptr(19)
	if on {
		which = 18
	}
	return call(n, dirOut, which, &kind)
}

// wait ends when a buffer may be full, when the device has something to say, or with ctx.
func (n *node) wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer n.watch(ctx)()
	fds := []unix.PollFd{{Fd: int32(n.fd), Events: unix.POLLIN}, {Fd: int32(n.wake), Events: unix.POLLIN}}
	if err := eintr.Retry(func() error { _, err := unix.Poll(fds, -1); return err }); err != nil {
		return os.NewSyscallError("poll", err)
	}
	switch {
	case fds[0].Revents&unix.POLLHUP != 0:
		return syscall.ENODEV
	case fds[0].Revents&unix.POLLIN != 0: // also with POLLERR: take says what is wrong
		return nil
	case fds[0].Revents&unix.POLLERR != 0:
		return syscall.EIO
	}
	return ctx.Err()
}

// watch makes the end of ctx end a poll. What it returns waits until nothing of that is
// under way, because the descriptor may be closed next, and be somebody else's.
func (n *node) watch(ctx context.Context) (stop func()) {
	woken := make(chan struct{})
	halt := context.AfterFunc(ctx, func() {
		defer close(woken)
		_, _ = unix.Write(n.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // a count that is full wakes as well
	})
	return func() {
		if !halt() {
			<-woken
			_, _ = unix.Read(n.wake, make([]byte, 8)) // nobody is woken twice
		}
	}
}

func (n *node) close() error {
	for _, m := range n.memory {
		_ = unix.Munmap(m)
	}
	n.memory = nil
	_ = unix.Close(n.wake)
	return os.NewSyscallError("close", unix.Close(n.fd))
}
