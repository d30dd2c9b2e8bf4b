//go:build linux

package v4l2

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/lamppost-city/lamppost/drivers"
)

// The structures have the sizes that the kernel's ioctl numbers carry.
func TestStructures(t *testing.T) {
	wide := unsafe.Sizeof(uintptr(0)) == 8
	pick := func(w64, w32 uintptr) uintptr {
		if wide {
			return w64
		}
		return w32
	}
	for name, size := range map[string][2]uintptr{
		"v4l2_capability": {unsafe.Sizeof(capability{}), 104}, "v4l2_fmtdesc": {unsafe.Sizeof(description{}), 64}, "v4l2_format": {unsafe.Sizeof(format{}), pick(208, 204)},
		"v4l2_streamparm": {unsafe.Sizeof(pacing{}), 204}, "v4l2_requestbuffers": {unsafe.Sizeof(request{}), 20}, "v4l2_buffer": {unsafe.Sizeof(buffer{}), pick(88, 68)},
		"device_caps": {unsafe.Offsetof(capability{}.node), 88}, "frames": {unsafe.Offsetof(pacing{}.under), 16}, "m.offset": {unsafe.Offsetof(buffer{}.offset), pick(64, 52)},
	} {
		if size[0] != size[1] {
			t.Errorf("%s: %d, want %d", name, size[0], size[1])
		}
	}
	if got := number(dirBoth, 17, unsafe.Sizeof(buffer{})); wide && got != 0xC0585611 { // VIDIOC_DQBUF
		t.Errorf("VIDIOC_DQBUF = %#x, want 0xC0585611", got)
	}
	if got := number(dirOut, 18, 4); got != 0x40045612 { // VIDIOC_STREAMON
		t.Errorf("VIDIOC_STREAMON = %#x", got)
	}
	for f, want := range map[Format]string{YUYV: "YUYV", MJPEG: "MJPG", JPEG: "JPEG"} {
		if f.String() != want {
			t.Errorf("%#x is %s, want %s", uint32(f), f, want)
		}
	}
}

// fake is a camera whose driver fills the buffers that it has whenever somebody waits.
type fake struct {
	can     uint32
	offers  []Format
	fails   map[string]error // by call
	bad     []uint32         // sequence numbers that are damaged
	rotten  bool             // all are
	gives   bool             // pictures
	log     []string
	queued  []uint32
	full    []filled
	count   uint32
	streams bool
}

func (f *fake) did(what string) error { f.log = append(f.log, what); return f.fails[what] }

func (f *fake) capabilities() (uint32, error) { return f.can, f.fails["capabilities"] }
func (f *fake) formats() ([]Format, error)    { return f.offers, f.fails["formats"] }
func (f *fake) pace(int) error                { return syscall.ENOTTY }
func (f *fake) prepare(int) error             { return f.did("prepare") }
func (f *fake) close() error                  { f.streams = false; return f.did("close") }
func (f *fake) give(i uint32) error {
	if slices.Contains(f.queued, i) {
		return fmt.Errorf("buffer %d was given twice", i)
	}
	f.queued = append(f.queued, i)
	return f.fails["give"]
}

func (f *fake) set(x Format, w, h int) (setting, error) {
	return setting{x, w, h - h%8, w * 2, w * h * 2}, f.did("set " + x.String())
}

func (f *fake) stream(on bool) error { f.streams = on; return f.did(fmt.Sprint("stream ", on)) }

// expose fills one buffer, if the driver has one.
func (f *fake) expose() {
	if f.count++; len(f.queued) == 0 || !f.streams {
		return
	}
	b := filled{index: f.queued[0], sequence: f.count, data: fmt.Appendf(nil, "picture %d", f.count), damaged: f.rotten || slices.Contains(f.bad, f.count)}
	f.queued, f.full = f.queued[1:], append(f.full, b)
}

func (f *fake) take() (filled, error) {
	if err := f.fails["take"]; err != nil {
		return filled{}, err
	}
	if len(f.full) == 0 {
		return filled{}, syscall.EAGAIN
	}
	b := f.full[0]
	f.full = f.full[1:]
	return b, nil
}

func (f *fake) wait(ctx context.Context) error {
	if !f.gives {
		<-ctx.Done()
		return ctx.Err()
	}
	f.expose()
	return ctx.Err()
}

func good() *fake {
	return &fake{can: canCapture | canStream, offers: []Format{MJPEG, YUYV}, gives: true, fails: map[string]error{}}
}

func camera(t *testing.T, f *fake) *Camera {
	t.Helper()
	c, err := New(Config{Path: "/dev/video7", Width: 320, Height: 244, Settle: 3})
	if err != nil {
		t.Fatal(err)
	}
	c.open = func(string) (device, error) { f.queued, f.full = nil, nil; return f, f.did("open") }
	return c
}

// The first pictures after a start are not shown, nor what waited in the buffers since the
// last call, nor what the driver calls damaged.
func TestFramesAreFresh(t *testing.T) {
	f := good()
	f.bad = []uint32{4}
	c := camera(t, f)
	want := func(text string) {
		t.Helper()
		got, err := c.Frame(t.Context())
		if err != nil || string(got.Data) != text {
			t.Fatalf("Frame = %q, %v, want %s", got.Data, err, text)
		}
		if got.Format != YUYV || got.Width != 320 || got.Height != 240 || got.Stride != 640 {
			t.Errorf("it is %+v", got)
		}
	}
	want("picture 5") // 1 to 3 settle, 4 is damaged
	for range 10 {
		f.expose() // 6 to 8 fill the buffers, 9 to 15 find none
	}
	want("picture 17") // 16 may have begun before the call
	want("picture 19")
	if len(f.queued)+len(f.full) != buffers {
		t.Errorf("the driver has %d buffers of %d", len(f.queued)+len(f.full), buffers)
	}
	c.Rest()
	if f.streams {
		t.Error("it streams on at rest")
	}
	want("picture 23")
}

// Each way in which a camera fails has its fault, and leaves nothing open.
func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*fake)
		want   error
	}{
		"not there":         {func(f *fake) { f.fails["open"] = syscall.ENOENT }, drivers.ErrUnplugged},
		"pulled":            {func(f *fake) { f.fails["take"] = syscall.ENODEV }, drivers.ErrUnplugged},
		"used by another":   {func(f *fake) { f.fails["set YUYV"] = syscall.EBUSY }, drivers.ErrBusy},
		"signal lost":       {func(f *fake) { f.fails["take"] = syscall.EIO }, drivers.ErrDevice},
		"silent":            {func(f *fake) { f.gives = false }, drivers.ErrTimeout},
		"no camera":         {func(f *fake) { f.fails["capabilities"] = syscall.ENOTTY }, drivers.ErrProtocol},
		"the other node":    {func(f *fake) { f.can = canStream }, drivers.ErrProtocol},
		"read(2) only":      {func(f *fake) { f.can = canCapture }, drivers.ErrProtocol},
		"H.264 only":        {func(f *fake) { f.offers = []Format{'H' | '2'<<8 | '6'<<16 | '4'<<24} }, drivers.ErrProtocol},
		"no USB bandwidth":  {func(f *fake) { f.fails["stream true"] = syscall.ENOSPC }, syscall.ENOSPC},
		"no memory":         {func(f *fake) { f.fails["prepare"] = syscall.ENOMEM }, syscall.ENOMEM},
		"every one damaged": {func(f *fake) { f.rotten = true }, drivers.ErrTimeout},
	} {
		f := good()
		c.change(f)
		cam := camera(t, f)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err := cam.Frame(ctx)
		cancel()
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if opened, closed := slices.Contains(f.log, "open") && f.fails["open"] == nil, slices.Contains(f.log, "close"); opened != closed {
			t.Errorf("%s: it was left open: %v", name, f.log)
		}
		f.fails, f.gives, f.rotten, f.can, f.offers = map[string]error{}, true, false, canCapture|canStream, []Format{MJPEG}
		if got, err := cam.Frame(t.Context()); err != nil || got.Format != MJPEG {
			t.Errorf("%s: it does not come back: %v", name, err)
		}
	}
}

// A node that is no camera, and one that is not there, through the kernel itself.
func TestNodes(t *testing.T) {
	for path, want := range map[string]error{"/dev/null": drivers.ErrProtocol, t.TempDir() + "/video0": drivers.ErrUnplugged} {
		c, err := New(Config{Path: path, Width: 320, Height: 240})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Frame(t.Context()); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
}

// Whoever waits for a picture is woken by the end of its context, and by nothing that is
// left of an earlier one.
func TestWaitEndsWithContext(t *testing.T) {
	var p [2]int
	if err := syscall.Pipe(p[:]); err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(p[1])
	d, err := openNode("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	n := d.(*node)
	_ = syscall.Close(n.fd)
	n.fd = p[0] // it never has anything to read
	defer n.close()
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- n.wait(ctx) }()
		select {
		case err := <-done:
			t.Fatalf("woken by nothing: %v", err)
		case <-time.After(10 * time.Millisecond):
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("wait = %v", err)
		}
	}
}
