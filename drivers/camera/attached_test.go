package camera

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/picture"
	"github.com/lamppost-city/lamppost/drivers/drivertest"
)

// board is a board with a camera at it.
type board struct {
	drivertest.Fetcher
	frames []drivers.VideoFrame // shown in turn
	err    error
	asked  string
	log    []string
}

func (b *board) View(node string, width, height int) (drivers.Video, error) {
	b.asked = fmt.Sprintf("%s %dx%d", node, width, height)
	return b, nil
}

func (b *board) Picture(context.Context) (drivers.VideoFrame, error) {
	b.log = append(b.log, "picture")
	if b.err != nil {
		return drivers.VideoFrame{}, b.err
	}
	f := b.frames[0]
	b.frames = append(b.frames[1:], f)
	return f, nil
}

func (b *board) Rest()        { b.log = append(b.log, "rest") }
func (b *board) Close() error { b.log = append(b.log, "close"); return nil }

func attach(t *testing.T, b *board, text string) drivers.Driver {
	t.Helper()
	p, err := planYAML(text)
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.OpenHTTP(b)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// half is a picture in YUYV whose left half has one brightness and whose right half
// another, in rows with something behind the dots.
func half(left, right byte) drivers.VideoFrame {
	f := drivers.VideoFrame{Width: 64, Height: 48, Stride: 140}
	for range f.Height {
		row := make([]byte, f.Stride)
		for i := range f.Stride {
			row[i] = 255
		}
		for x := range f.Width {
			row[2*x], row[2*x+1] = left, 128
			if x >= f.Width/2 {
				row[2*x] = right
			}
		}
		f.Data = append(f.Data, row...)
	}
	return f
}

// A picture without compression becomes a JPEG that is as bright, and that can be sent.
func TestAttachedYUYV(t *testing.T) {
	b := &board{frames: []drivers.VideoFrame{half(51, 204)}}
	d := attach(t, b, "url: v4l2:/dev/v4l/by-id/usb-cam-video-index0\nsize: 64x48\n")
	rs, err := d.Sample(t.Context())
	if err != nil || rs[0].Value < 49.5 || rs[0].Value > 50.5 {
		t.Fatalf("Sample = %v, %v, want half as bright as white", rs, err)
	}
	if b.asked != "/dev/v4l/by-id/usb-cam-video-index0 64x48" {
		t.Errorf("asked for %s", b.asked)
	}
	still, ok := d.(drivers.StillSource).Still()
	if p, err := picture.Clean(still); !ok || err != nil || p.Width != 64 || p.Height != 48 {
		t.Errorf("the still is %d × %d, %v", p.Width, p.Height, err)
	}
	for name, broken := range map[string]func(*drivers.VideoFrame){
		"cut short": func(f *drivers.VideoFrame) { f.Data = f.Data[:len(f.Data)-20] }, "odd": func(f *drivers.VideoFrame) { f.Width = 63 },
		"rows too short": func(f *drivers.VideoFrame) { f.Stride = 100 }, "nothing": func(f *drivers.VideoFrame) { *f = drivers.VideoFrame{} },
	} {
		f := half(1, 2)
		broken(&f)
		b.frames = []drivers.VideoFrame{f}
		if _, err := d.Sample(t.Context()); !errors.Is(err, drivers.ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A JPEG is taken as it is, without what stands behind it in the driver's buffer. A
// camera that gives the same bytes twice has frozen.
func TestAttachedJPEG(t *testing.T) {
	shot := func(n uint32) drivers.VideoFrame {
		return drivers.VideoFrame{JPEG: true, Width: 160, Height: 120, Data: append(exposure(t, n), make([]byte, 100_000)...)}
	}
	b := &board{frames: []drivers.VideoFrame{shot(1), shot(2), shot(2)}}
	d := attach(t, b, "url: v4l2:/dev/video0")
	for i, why := range []string{"", "", "flat"} {
		rs, err := d.Sample(t.Context())
		if err != nil || string(rs[0].Quality.Why) != why {
			t.Errorf("picture %d: %v, %v, want %q", i, rs, err, why)
		}
	}
	if still, _ := d.(drivers.StillSource).Still(); string(still) != string(exposure(t, 2)) {
		t.Errorf("the still has %d bytes", len(still))
	}
	b.err = fmt.Errorf("%w: no such device", drivers.ErrUnplugged)
	if _, err := d.Sample(t.Context()); !errors.Is(err, drivers.ErrUnplugged) || !strings.Contains(err.Error(), "/dev/video0") {
		t.Errorf("pulled: %v", err)
	}
	if _, err := attachTo(t, &drivertest.Fetcher{}); err == nil {
		t.Error("a board without cameras has one")
	}
}

func attachTo(t *testing.T, c drivers.Fetcher) (drivers.Driver, error) {
	t.Helper()
	p, err := planYAML("url: v4l2:/dev/video0")
	if err != nil {
		t.Fatal(err)
	}
	return p.OpenHTTP(c)
}

// Between pictures that are far apart the camera rests; between others it goes on.
func TestAttachedRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &board{frames: []drivers.VideoFrame{half(1, 200), half(2, 200)}}
		d := attach(t, b, "url: v4l2:/dev/video0")
		for _, pause := range []time.Duration{0, time.Second, time.Second, 30 * time.Second} {
			time.Sleep(pause)
			if _, err := d.Sample(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if want := []string{"picture", "rest", "picture", "picture", "picture", "rest", "close"}; !slices.Equal(b.log, want) {
			t.Errorf("got %v, want %v", b.log, want)
		}
	})
}

func TestAttachedOptions(t *testing.T) {
	for text, key := range map[string]string{
		"url: v4l2://video0": "url", "url: \"v4l2:video0\"": "url", "url: \"v4l2:\"": "url", "url: http:///x": "url",
		"url: v4l2:/dev/video0\nsize: 640": "size", "url: v4l2:/dev/video0\nsize: 640x480x3": "size", "url: v4l2:/dev/video0\nsize: 8x8": "size",
		"url: http://h/x\nsize: 640x480": "size", "url: v4l2:/dev/video0\nusername: a\npassword_file: /b": "username",
	} {
		_, err := planYAML(text)
		var o *drivers.OptionError
		if !errors.As(err, &o) || o.Key != key {
			t.Errorf("%q: %v, want one of %s", text, err, key)
		}
	}
	p, err := planYAML("url: v4l2:/dev/video0\nsize: 320x240\napart: true")
	if err != nil || !strings.Contains(p.Apart.Options, `size: "320x240"`) {
		t.Errorf("apart it is told %+v, %v", p.Apart, err)
	}
}

// What a picture without compression costs: a megabyte of YUYV to a JPEG.
func BenchmarkEncodeYUYV(b *testing.B) {
	f := drivers.VideoFrame{Width: 640, Height: 480, Stride: 1280, Data: make([]byte, 1280*480)}
	for i := range f.Data {
		f.Data[i] = byte(i * 31 >> 4)
	}
	a := attachedCamera{limit: 2 << 20}
	for b.Loop() {
		if _, err := a.encode(f); err != nil {
			b.Fatal(err)
		}
	}
}
