package detect

import (
	"image"
	"image/color"
	"testing"
)

// halves is a picture of any kind whose left half is one colour and whose right half
// another.
func halves(m interface {
	image.Image
	SubImage(image.Rectangle) image.Image
}, set func(x, y int, c color.YCbCr), left, right color.YCbCr) image.Image {
	r := m.Bounds()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			c := left
			if x >= (r.Min.X+r.Max.X)/2 {
				c = right
			}
			set(x, y, c)
		}
	}
	return m
}

func TestDots(t *testing.T) {
	red, blue := color.YCbCr{Y: 76, Cb: 85, Cr: 255}, color.YCbCr{Y: 29, Cb: 255, Cr: 107}
	coloured := func(r image.Rectangle, ratio image.YCbCrSubsampleRatio) image.Image {
		m := image.NewYCbCr(r, ratio)
		return halves(m, func(x, y int, c color.YCbCr) {
			m.Y[m.YOffset(x, y)], m.Cb[m.COffset(x, y)], m.Cr[m.COffset(x, y)] = c.Y, c.Cb, c.Cr
		}, red, blue)
	}
	grey := image.NewGray(image.Rect(0, 0, 64, 48))
	halves(grey, func(x, y int, c color.YCbCr) { grey.SetGray(x, y, color.Gray{Y: c.Y}) }, red, blue)
	wide := coloured(image.Rect(0, 0, 640, 480), image.YCbCrSubsampleRatio420)
	for _, c := range []struct {
		name        string
		m           image.Image
		w, h        int
		colour      bool
		left, right []uint8
	}{
		{"smaller, in colours", wide, 32, 24, true, []uint8{254, 0, 0}, []uint8{0, 0, 254}},
		{"smaller, grey", wide, 32, 24, false, []uint8{76}, []uint8{29}},
		{"larger", coloured(image.Rect(0, 0, 16, 16), image.YCbCrSubsampleRatio444), 100, 30, true, []uint8{254, 0, 0}, []uint8{0, 0, 254}},
		{"4:2:2, odd steps", coloured(image.Rect(0, 0, 322, 97), image.YCbCrSubsampleRatio422), 46, 31, true, []uint8{254, 0, 0}, []uint8{0, 0, 254}},
		{"a part of another", coloured(image.Rect(0, 0, 64, 64), image.YCbCrSubsampleRatio420).(*image.YCbCr).SubImage(image.Rect(16, 8, 48, 40)), 16, 16, true, []uint8{254, 0, 0}, []uint8{0, 0, 254}},
		{"grey in colours", grey, 32, 24, true, []uint8{76, 76, 76}, []uint8{29, 29, 29}},
	} {
		s := newScaler(c.w, c.h, c.colour)
		dots, err := s.take(c.m)
		if n := len(c.left); err != nil || len(dots) != n*c.w*c.h {
			t.Errorf("%s: %d bytes, %v", c.name, len(dots), err)
			continue
		}
		for i, v := range dots {
			n := len(c.left)
			x := i / n % c.w
			want := c.left[i%n]
			if x >= c.w/2 {
				want = c.right[i%n]
			}
			if edge := x == c.w/2-1 || x == c.w/2; !edge && (int(v)-int(want) > 2 || int(want)-int(v) > 2) {
				t.Errorf("%s: byte %d, column %d, is %d, want %d", c.name, i, x, v, want)
				break
			}
		}
	}
	for _, m := range []image.Image{image.NewRGBA(image.Rect(0, 0, 20, 20)), image.NewGray(image.Rectangle{})} {
		if _, err := newScaler(16, 16, true).take(m); err == nil {
			t.Errorf("%T of %v is taken", m, m.Bounds())
		}
	}
}
