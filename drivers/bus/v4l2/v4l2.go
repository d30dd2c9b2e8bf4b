//go:build linux

// Package v4l2 takes pictures from cameras that the kernel drives: USB cameras, mostly. A
// [Camera] lives as long as the gateway does, whether or not something is plugged in.
//
// What it promises:
//   - A frame was exposed after it was asked for: what waited in the driver's buffers is
//     thrown away, and after a start so are the first pictures, whose exposure still swings.
//   - A call ends with its context. A camera that delivers nothing is drivers.ErrTimeout,
//     one that is gone drivers.ErrUnplugged, one that another program streams from
//     drivers.ErrBusy, one without a format that was asked for drivers.ErrProtocol, one
//     that says it lost its signal drivers.ErrDevice. After each of them the next call
//     begins from the start, so that a camera that was pulled is back when it is plugged in.
//   - A frame that the driver marks as damaged is never handed out.
//   - The camera goes on streaming between calls that come soon after one another; Rest
//     stops it, and it is stopped by Close.
//
// Not here: what is in the picture, controls (exposure, focus, LED), formats that planes of
// memory make up, output.
//
// Source: the kernel's Documentation/userspace-api/media/v4l and linux/videodev2.h.
package v4l2

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/lamppost-city/lamppost/drivers"
)

// Format is how the dots of a picture are written, a code of four characters.
type Format uint32

// The formats that cameras on small boards deliver.
const (
	YUYV  Format = 'Y' | 'U'<<8 | 'Y'<<16 | 'V'<<24 // two bytes a dot, brightness in every second one
	MJPEG Format = 'M' | 'J'<<8 | 'P'<<16 | 'G'<<24 // a JPEG, often without Huffman tables
	JPEG  Format = 'J' | 'P'<<8 | 'E'<<16 | 'G'<<24
)

// String returns the four characters.
func (f Format) String() string {
	return string([]byte{byte(f), byte(f >> 8), byte(f >> 16), byte(f >> 24)})
}

// Config says which camera and what is wanted of it.
type Config struct {
	// Path is the device node, better a link below /dev/v4l/by-id that lasts. A camera
	// often has two nodes, of which one gives pictures.
	Path string
	// Width and Height are asked for; the driver may take others, see Frame.
	Width, Height int
	// Formats are tried in this order. Empty: YUYV, then MJPEG and JPEG.
	Formats []Format
	// Rate is asked for, pictures a second. A low one saves the USB. 0: ten.
	Rate int
	// Settle is how many pictures after a start are thrown away. 0: eight.
	Settle int
}

// Frame is one picture. Data belongs to the camera and is good until the next call.
type Frame struct {
	Data          []byte
	Format        Format
	Width, Height int
	Stride        int    // bytes a line; 0 for JPEG
	Sequence      uint32 // as the driver counts; jumps where it dropped some
}

// buffers are enough for the driver to go on while one is read.
const buffers = 3

// Camera is one device node. It is for one goroutine.
type Camera struct {
	cfg  Config
	open func(path string) (device, error)
	dev  device // nil: not open
	got  setting
	on   bool
	keep []byte
}

// setting is what the driver chose.
type setting struct {
	format        Format
	width, height int
	stride, size  int
}

// device is an open node. Errors are the kernel's.
type device interface {
	capabilities() (uint32, error)
	formats() ([]Format, error)
	set(Format, int, int) (setting, error)
	pace(perSecond int) error
	prepare(n int) error // asks for n buffers, maps them
	give(index uint32) error
	take() (filled, error) // syscall.EAGAIN: none is full
	stream(on bool) error
	wait(ctx context.Context) error // until take may have something
	close() error
}

// filled is a buffer that the driver has filled.
type filled struct {
	index, sequence uint32
	damaged         bool
	data            []byte
}

// New checks cfg and returns the camera. Nothing is opened yet.
func New(cfg Config) (*Camera, error) {
	if cfg.Path == "" || cfg.Width < 16 || cfg.Height < 16 || cfg.Width > 8192 || cfg.Height > 8192 || cfg.Rate < 0 || cfg.Settle < 0 {
		return nil, fmt.Errorf("a camera at %q with %d × %d dots cannot be", cfg.Path, cfg.Width, cfg.Height)
	}
	if len(cfg.Formats) == 0 {
		cfg.Formats = []Format{YUYV, MJPEG, JPEG}
	}
	if cfg.Rate == 0 {
		cfg.Rate = 10
	}
	if cfg.Settle == 0 {
		cfg.Settle = 8
	}
	return &Camera{cfg: cfg, open: openNode}, nil
}

// Frame returns a picture that was exposed after the call. It blocks until there is one or
// ctx ends: a start takes a second, a picture of a camera that streams an interval or two.
// Errors do not name the node.
func (c *Camera) Frame(ctx context.Context) (Frame, error) {
	f, err := c.frame(ctx)
	if err != nil {
		_ = c.Close() // what went wrong counts; the next call opens it anew
		return Frame{}, judge(err)
	}
	return f, nil
}

func (c *Camera) frame(ctx context.Context) (Frame, error) {
	skip := 0
	if c.on { // what waits is of the past, and the one that is being filled may be, too
		if err := c.drain(); err != nil {
			return Frame{}, err
		}
		skip = 1
	} else {
		if err := c.start(); err != nil {
			return Frame{}, err
		}
		skip = c.cfg.Settle
	}
	for {
		b, err := c.next(ctx)
		if err != nil {
			return Frame{}, err
		}
		whole := !b.damaged && len(b.data) > 0
		if whole && skip == 0 {
			c.keep = append(c.keep[:0], b.data...)
		}
		if err := c.dev.give(b.index); err != nil {
			return Frame{}, fmt.Errorf("give a buffer back: %w", err)
		}
		if whole && skip == 0 {
			return Frame{Data: c.keep, Format: c.got.format, Width: c.got.width, Height: c.got.height, Stride: c.got.stride, Sequence: b.sequence}, nil
		}
		if skip > 0 {
			skip--
		}
	}
}

// drain gives back what the driver has filled.
func (c *Camera) drain() error {
	for range buffers {
		b, err := c.dev.take()
		if errors.Is(err, syscall.EAGAIN) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("take a buffer: %w", err)
		}
		if err := c.dev.give(b.index); err != nil {
			return fmt.Errorf("give a buffer back: %w", err)
		}
	}
	return nil
}

// next waits for a filled buffer.
func (c *Camera) next(ctx context.Context) (filled, error) {
	for {
		b, err := c.dev.take()
		if !errors.Is(err, syscall.EAGAIN) {
			if err != nil {
				err = fmt.Errorf("take a buffer: %w", err)
			}
			return b, err
		}
		if err := c.dev.wait(ctx); err != nil {
			return filled{}, fmt.Errorf("wait for a picture: %w", err)
		}
	}
}

func (c *Camera) start() error {
	if c.dev == nil {
		if err := c.prepare(); err != nil {
			return err
		}
	}
	for i := range uint32(buffers) {
		if err := c.dev.give(i); err != nil {
			return fmt.Errorf("give buffer %d: %w", i, err)
		}
	}
	if err := c.dev.stream(true); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	c.on = true
	return nil
}

// prepare opens the node and agrees with the driver on pictures.
func (c *Camera) prepare() error {
	dev, err := c.open(c.cfg.Path)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	c.dev = dev
	can, err := dev.capabilities()
	switch {
	case errors.Is(err, syscall.ENOTTY) || errors.Is(err, syscall.EINVAL):
		return fmt.Errorf("%w: it is no camera", drivers.ErrProtocol)
	case err != nil:
		return fmt.Errorf("ask what it is: %w", err)
	case can&canCapture == 0:
		return fmt.Errorf("%w: this node gives no pictures; a camera often has two, try the other one", drivers.ErrProtocol)
	case can&canStream == 0:
		return fmt.Errorf("%w: its driver does not stream", drivers.ErrProtocol)
	}
	offered, err := dev.formats()
	if err != nil {
		return fmt.Errorf("ask for its formats: %w", err)
	}
	format, ok := c.choose(offered)
	if !ok {
		return fmt.Errorf("%w: it gives pictures as %v, and wanted is one of %v", drivers.ErrProtocol, offered, c.cfg.Formats)
	}
	if c.got, err = dev.set(format, c.cfg.Width, c.cfg.Height); err != nil {
		return fmt.Errorf("set %v, %d × %d: %w", format, c.cfg.Width, c.cfg.Height, err)
	}
	if c.got.format != format || c.got.width <= 0 || c.got.height <= 0 || c.got.size > maxFrame {
		return fmt.Errorf("%w: asked for %v it gives %v, %d × %d", drivers.ErrProtocol, format, c.got.format, c.got.width, c.got.height)
	}
	_ = dev.pace(c.cfg.Rate) // many cannot; then it is as fast as it is
	if err := dev.prepare(buffers); err != nil {
		return fmt.Errorf("prepare %d buffers: %w", buffers, err)
	}
	return nil
}

// maxFrame is more than a picture of 10 million dots takes, bytes.
const maxFrame = 32 << 20

func (c *Camera) choose(offered []Format) (Format, bool) {
	for _, want := range c.cfg.Formats {
		for _, f := range offered {
			if f == want {
				return f, true
			}
		}
	}
	return 0, false
}

// Rest stops the stream: a camera that is not asked for some time uses no bus and no light
// meanwhile. The next call starts it again.
func (c *Camera) Rest() { _ = c.Close() }

// Close lets go of the camera.
func (c *Camera) Close() error {
	if c.dev == nil {
		return nil
	}
	if c.on {
		_ = c.dev.stream(false) // closing does it, too
	}
	err := c.dev.close()
	c.dev, c.on = nil, false
	return err
}

// judge names the fault that the kernel's error is.
func judge(err error) error {
	fault := error(nil)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		fault = drivers.ErrTimeout
	case errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO), errors.Is(err, fs.ErrNotExist):
		fault = drivers.ErrUnplugged
	case errors.Is(err, syscall.EBUSY):
		fault = drivers.ErrBusy
	case errors.Is(err, syscall.EIO):
		fault = drivers.ErrDevice
	default:
		return err
	}
	return fmt.Errorf("%w: %w", fault, err)
}
