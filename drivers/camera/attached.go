package camera

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"net/url"
	"time"

	"github.com/lamppost-city/lamppost/drivers"
)

// attachedCamera takes pictures with a camera that the board's kernel drives.
type attachedCamera struct {
	video drivers.Video
	limit int
	last  time.Time // when a picture was asked for before
	out   bytes.Buffer
	dots  *image.YCbCr // of a picture without compression, while it is made into a JPEG
}

// restAfter is the interval above which a camera rests between pictures. A start costs a
// second, in which its exposure settles; streaming costs the bus and the camera's power.
const restAfter = 5 * time.Second

// quality of the JPEGs that are made here, 1 to 100.
const quality = 85

func openAttached(c drivers.Fetcher, o options, u *url.URL) (*driver, error) {
	v, ok := c.(drivers.Viewer)
	if !ok {
		return nil, fmt.Errorf("%s: %s: there are no cameras at this board", name, u.Path)
	}
	width, height, err := o.dots()
	if err != nil {
		return nil, err
	}
	video, err := v.View(u.Path, width, height)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", name, u.Path, err)
	}
	return &driver{host: u.Path, source: &attachedCamera{video: video, limit: o.MaxBytes}}, nil
}

// Bounds of size, dots a side.
const (
	leastDots = 16
	mostDots  = 4096
)

// dots is the size that is asked for.
func (o options) dots() (width, height int, err error) {
	if o.Size == "" {
		return 640, 480, nil
	}
	width, height, ok := sides(o.Size)
	if !ok || min(width, height) < leastDots || max(width, height) > mostDots {
		return 0, 0, &drivers.OptionError{Key: "size", Msg: fmt.Sprintf("write columns x rows, like 640x480; %d to %d each", leastDots, mostDots)}
	}
	return width, height, nil
}

// sides reads columns x rows.
func sides(text string) (width, height int, ok bool) {
	var rest string
	n, _ := fmt.Sscanf(text+" .", "%dx%d %s", &width, &height, &rest)
	return width, height, n == 3 && rest == "."
}

func (a *attachedCamera) fetch(ctx context.Context) ([]byte, error) {
	now := time.Now()
	rare := now.Sub(a.last) > restAfter
	a.last = now
	f, err := a.video.Picture(ctx)
	if err != nil {
		return nil, err
	}
	b, err := a.encode(f)
	if rare {
		a.video.Rest()
	}
	return b, err
}

// encode makes a JPEG of f that is the caller's.
func (a *attachedCamera) encode(f drivers.VideoFrame) ([]byte, error) {
	if f.JPEG {
		if len(f.Data) > a.limit { // some drivers hand out the whole buffer: what is behind the picture is cut off later
			f.Data = f.Data[:a.limit]
		}
		return bytes.Clone(f.Data), nil
	}
	m, err := planes(f, a.dots)
	if err != nil {
		return nil, err
	}
	a.dots = m
	a.out.Reset()
	if err := jpeg.Encode(&a.out, m, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
	return bytes.Clone(a.out.Bytes()), nil
}

// planes takes YUYV apart: of each four bytes the first and third are the brightness of
// two dots, the others their common colour. The memory of m is used again if it fits.
func planes(f drivers.VideoFrame, m *image.YCbCr) (*image.YCbCr, error) {
	if f.Width <= 0 || f.Height <= 0 || f.Width%2 != 0 || f.Stride < 2*f.Width || len(f.Data) < f.Stride*(f.Height-1)+2*f.Width {
		return nil, fmt.Errorf("%w: %d bytes are no picture of %d × %d dots in rows of %d bytes", drivers.ErrProtocol, len(f.Data), f.Width, f.Height, f.Stride)
	}
	if m == nil || m.Rect.Dx() != f.Width || m.Rect.Dy() != f.Height {
		m = image.NewYCbCr(image.Rect(0, 0, f.Width, f.Height), image.YCbCrSubsampleRatio422)
	}
	for y := range f.Height {
		row := f.Data[y*f.Stride:][:2*f.Width]
		light, blue, red := m.Y[y*m.YStride:][:f.Width], m.Cb[y*m.CStride:][:f.Width/2], m.Cr[y*m.CStride:][:f.Width/2]
		for i := range blue {
			light[2*i], blue[i], light[2*i+1], red[i] = row[4*i], row[4*i+1], row[4*i+2], row[4*i+3]
		}
	}
	return m, nil
}

// Close lets go of the camera.
func (a *attachedCamera) Close() error { return a.video.Close() }
