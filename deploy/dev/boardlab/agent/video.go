//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/lamppost-city/lamppost/deploy/dev/boardlab/panel"
)

// Structures of linux/videodev2.h as a 64-bit kernel has them.
type (
	capability struct {
		driver [16]byte
		card   [32]byte
		_      [32]byte  // bus_info
		_      [6]uint32 // version, capabilities, device_caps, reserved
	}
	format struct {
		kind, _               uint32
		width, height, pixels uint32
		_                     [188]byte // field and so on; a union of 200 bytes
	}
	request struct{ count, kind, memory, _, _ uint32 }
	buffer  struct {
		_, kind, used, _, _, _ uint32    // index, flags, field
		_                      [2]uint64 // timestamp
		_                      [4]uint32 // timecode
		_, memory              uint32    // sequence
		offset                 uint64
		length, _, _, _        uint32
	}
)

const (
	capture   = 1 // V4L2_BUF_TYPE_VIDEO_CAPTURE
	mapped    = 1 // V4L2_MEMORY_MMAP
	pixelYUYV = 'Y' | 'U'<<8 | 'Y'<<16 | 'V'<<24
)

// video numbers an ioctl of V4L2: direction, size, group 'V', number.
func video(direction, number, size uintptr) uintptr {
	return direction<<30 | size<<16 | 'V'<<8 | number
}

const in, out, inout = 2, 1, 3

func videoCall[T any](f *os.File, name string, direction, number uintptr, arg *T) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), video(direction, number, unsafe.Sizeof(*arg)), uintptr(unsafe.Pointer(arg)))
	if errno != 0 {
		return fmt.Errorf("%s: %s: %w", f.Name(), name, errno)
	}
	return nil
}

// Frame takes one picture with the camera's driver, in one buffer that is mapped.
func (*Lab) Frame(path string, p *panel.Picture) error {
	// Not os.OpenFile: Go's poller asks V4L2 at once whether there is something to read,
	// and that alone makes the driver start streaming for read(2); setting the format
	// then says EBUSY. A descriptor that blocks is left alone.
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	var c capability
	if err := videoCall(f, "VIDIOC_QUERYCAP", in, 0, &c); err != nil {
		return err
	}
	p.Driver, p.Card = text(c.driver[:]), text(c.card[:])
	want := format{kind: capture, width: 320, height: 180, pixels: pixelYUYV}
	if err := videoCall(f, "VIDIOC_S_FMT", inout, 5, &want); err != nil {
		return err
	}
	p.Width, p.Height = int(want.width), int(want.height) // the driver chooses
	p.Format = string([]byte{byte(want.pixels), byte(want.pixels >> 8), byte(want.pixels >> 16), byte(want.pixels >> 24)})
	p.Bytes, err = grab(f)
	return err
}

func grab(f *os.File) ([]byte, error) {
	ask := request{count: 1, kind: capture, memory: mapped}
	if err := videoCall(f, "VIDIOC_REQBUFS", inout, 8, &ask); err != nil {
		return nil, err
	}
	b := buffer{kind: capture, memory: mapped}
	if err := videoCall(f, "VIDIOC_QUERYBUF", inout, 9, &b); err != nil {
		return nil, err
	}
	memory, err := unix.Mmap(int(f.Fd()), int64(b.offset), int(b.length), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("%s: map the buffer: %w", f.Name(), err)
	}
	defer func() { _ = unix.Munmap(memory) }()
	if err := videoCall(f, "VIDIOC_QBUF", inout, 15, &b); err != nil {
		return nil, err
	}
	kind := int32(capture)
	if err := videoCall(f, "VIDIOC_STREAMON", out, 18, &kind); err != nil {
		return nil, err
	}
	if err := videoCall(f, "VIDIOC_DQBUF", inout, 17, &b); err != nil {
		return nil, err
	}
	picture := bytes.Clone(memory[:b.used])
	return picture, videoCall(f, "VIDIOC_STREAMOFF", out, 19, &kind)
}

// text is a C string.
func text(b []byte) string {
	s, _, _ := bytes.Cut(b, []byte{0})
	return string(s)
}
