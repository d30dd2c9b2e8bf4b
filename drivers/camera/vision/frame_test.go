package vision

import (
	"image"
	"math"
	"testing"
)

// drawn is a grey picture.
func drawn(w, h int, at func(x, y int) uint8) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Pix[y*m.Stride+x] = at(x, y)
		}
	}
	return m
}

func reduced(t *testing.T, m image.Image) *frame {
	t.Helper()
	e, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	y, cb, cr, err := planes(m)
	if err != nil {
		t.Fatal(err)
	}
	e.reduce.take(&e.now, y, cb, cr, &e.open)
	return &e.now
}

// Whatever its size, an even slope stays one, and every pixel of the result is within a
// step of the place that it stands for.
func TestReduce(t *testing.T) {
	for _, size := range [][2]int{{320, 240}, {640, 480}, {1920, 1080}, {352, 288}, {641, 479}, {160, 120}, {16, 16}, {8192, 16}} {
		w, h := size[0], size[1]
		f := reduced(t, drawn(w, h, func(x, y int) uint8 {
			return uint8(128*(float64(x)+0.5)/float64(w) + 127*(float64(y)+0.5)/float64(h) + 0.5)
		}))
		for y := range height {
			for x := range width {
				want := 128*(float64(x)+0.5)/width + 127*(float64(y)+0.5)/height
				off := 1 + 64/float64(min(w, width)) + 64/float64(min(h, height)) + 64/float64(w) + 64/float64(h)
				if got := float64(f.luma[y*width+x]); math.Abs(got-want) > off {
					t.Fatalf("%d × %d: pixel %d, %d is %v, want %.1f within %.1f", w, h, x, y, got, want, off)
				}
			}
		}
	}
}

// The colours of every way in which they are thinned out arrive at their places, in a
// part of a picture as well.
func TestColours(t *testing.T) {
	for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio444, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio411} {
		m := image.NewYCbCr(image.Rect(0, 0, 704, 496), ratio)
		for y := range 496 {
			for x := range 704 {
				o := m.COffset(x, y)
				m.Y[m.YOffset(x, y)] = uint8(x / 4)
				m.Cb[o], m.Cr[o] = uint8(x/4), uint8(y/2)
			}
		}
		part := m.SubImage(image.Rect(32, 8, 672, 488)).(*image.YCbCr)
		f := reduced(t, part)
		for y := range height / 2 {
			for x := range width / 2 {
				i := y*width/2 + x
				u, v := 8+x, 4+2*y
				if math.Abs(float64(f.cb[i])-float64(u)-0.5) > 1.5 || math.Abs(float64(f.cr[i])-float64(v)-0.5) > 1.5 {
					t.Fatalf("%v: colour at %d, %d is %d, %d, want %d, %d", ratio, x, y, f.cb[i], f.cr[i], u, v)
				}
			}
		}
	}
}

func TestPicturesThatAreNotTaken(t *testing.T) {
	short := image.NewGray(image.Rect(0, 0, 100, 100))
	short.Pix = short.Pix[:9_000]
	for name, m := range map[string]image.Image{
		"too small":    image.NewGray(image.Rect(0, 0, 15, 100)),
		"too wide":     image.NewGray(image.Rect(0, 0, 8193, 16)),
		"another kind": image.NewRGBA(image.Rect(0, 0, 100, 100)),
		"cut off":      short,
		"no colours":   &image.YCbCr{Y: make([]uint8, 10_000), YStride: 100, CStride: 50, Rect: image.Rect(0, 0, 100, 100)},
	} {
		if _, _, _, err := planes(m); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
}

// The vectors are those of the variance of the Laplacian that is known in the field,
// repeated until a picture is full: the border of a tile is hidden.
func TestLaplacian(t *testing.T) {
	slant := [5]int{5, 3, 2, 1, 0}
	for _, c := range []struct {
		name string
		w, h int
		want float64
		at   func(x, y int) uint8
	}{
		{"even", 9, 7, 0, func(int, int) uint8 { return 77 }},
		{"slope", 9, 7, 0, func(x, y int) uint8 { return uint8(3*x + 5*y) }},
		{"checkerboard", 6, 6, 1_040_400, func(x, y int) uint8 { return uint8((x + y) % 2 * 255) }},
		{"step", 8, 6, 3333.3333, func(x, _ int) uint8 { return uint8(x / 4 * 100) }},
		{"slant", 5, 5, 78439.5062, func(x, y int) uint8 {
			if x >= slant[y] {
				return 200
			}
			return 10
		}},
	} {
		var luma, open [pixels]uint8
		for y := range c.h {
			for x := range c.w {
				luma[(y+7)*width+x+9], open[(y+7)*width+x+9] = c.at(x, y), 1
			}
		}
		if got := laplacian(&luma, &open); math.Abs(got-c.want) > 1e-4 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// long leaves a test out of the short run, which is the one under the race detector: it
// takes ten times as long there, and an eye starts no goroutine.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it watches minutes of film")
	}
}
