package camera

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/lamppost-city/lamppost/drivers/camera/cover"
	"github.com/lamppost-city/lamppost/drivers/camera/picture"
	"github.com/lamppost-city/lamppost/drivers/camera/vision"
)

// slanted are areas whose sides run along no row and no column, one of them as thin as
// a cable, and one with a corner that points inwards.
var slanted = []vision.Polygon{
	{{X: 0.10, Y: 0.15}, {X: 0.47, Y: 0.05}, {X: 0.33, Y: 0.61}},
	{{X: 0.51, Y: 0.93}, {X: 0.985, Y: 0.311}, {X: 0.988, Y: 0.314}, {X: 0.513, Y: 0.933}},
	{{X: 0, Y: 0.7}, {X: 0.21, Y: 0.83}, {X: 0.37, Y: 0.72}, {X: 0.3, Y: 1}, {X: 0.02, Y: 0.97}},
}

// glaring is a picture of strong colours without an order, nothing in it dark.
func glaring(t *testing.T, m image.Image, seed uint64) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 7))
	bright := func(all []uint8, least int) {
		for i := range all {
			all[i] = uint8(least + r.IntN(256-least))
		}
	}
	switch m := m.(type) {
	case *image.Gray:
		bright(m.Pix, 160)
	case *image.YCbCr:
		bright(m.Y, 160)
		bright(m.Cb, 90)
		bright(m.Cr, 90)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// light is a dot's brightness as the JPEG has it.
func light(m image.Image, x, y int) uint8 {
	if c, ok := m.(*image.YCbCr); ok {
		return c.YCbCrAt(x, y).Y
	}
	return color.GrayModel.Convert(m.At(x, y)).(color.Gray).Y
}

// touches says whether p reaches one of 16 × 16 places in a dot.
func touches(p vision.Polygon, x, y, w, h int) bool {
	for j := range 16 {
		for i := range 16 {
			if p.Holds(vision.Point{X: (float64(x) + (float64(i)+0.5)/16) / float64(w), Y: (float64(y) + (float64(j)+0.5)/16) / float64(h)}) {
				return true
			}
		}
	}
	return false
}

// away is how far a dot's middle is from p's sides at least, in dots.
func away(p vision.Polygon, x, y, w, h int) float64 {
	least := math.Inf(1)
	for i, a := range p {
		b := p[(i+1)%len(p)]
		ax, ay, bx, by := a.X*float64(w), a.Y*float64(h), b.X*float64(w), b.Y*float64(h)
		px, py, dx, dy := float64(x)+0.5-ax, float64(y)+0.5-ay, bx-ax, by-ay
		s := min(max((px*dx+py*dy)/(dx*dx+dy*dy), 0), 1)
		least = min(least, math.Hypot(px-s*dx, py-s*dy))
	}
	return least
}

// Each dot that a mask touches is 0 in red, green and blue in the still's own bytes; what
// is more than a square away from it is as it was.
func TestMasksAreBlackToTheirEdges(t *testing.T) {
	for name, m := range map[string]image.Image{
		"320 x 240":          image.NewYCbCr(image.Rect(0, 0, 320, 240), image.YCbCrSubsampleRatio420),
		"an odd size":        image.NewYCbCr(image.Rect(0, 0, 203, 151), image.YCbCrSubsampleRatio420),
		"colour in each dot": image.NewYCbCr(image.Rect(0, 0, 160, 120), image.YCbCrSubsampleRatio444),
		"grey":               image.NewGray(image.Rect(0, 0, 161, 120)),
	} {
		w, h := m.Bounds().Dx(), m.Bounds().Dy()
		watch := picture.Watch{Mask: func(w, h int, set func(x, y int)) {
			for _, p := range slanted {
				cover.Dots(p, w, h, set)
			}
		}}
		for seed := range uint64(2) { // the second after the first, in the same memory
			if _, err := watch.Look(glaring(t, m, seed)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			still, _ := watch.Still()
			got, err := jpeg.Decode(bytes.NewReader(still))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			masked, lost := 0, 0
			for y := range h {
				for x := range w {
					r, g, b, _ := got.At(x, y).RGBA()
					touched, far := false, true
					for _, p := range slanted {
						touched = touched || touches(p, x, y, w, h)
						far = far && away(p, x, y, w, h) > 8*math.Sqrt2+1
					}
					if touched {
						masked++
					}
					if touched && r|g|b != 0 {
						t.Fatalf("%s: the dot at %d, %d is masked and is %04x %04x %04x", name, x, y, r, g, b)
					}
					if !touched && far && light(got, x, y) < 100 {
						lost++
					}
				}
			}
			if masked < w*h/10 || lost > 0 {
				t.Errorf("%s: %d dots are masked, and %d far from a mask are dark", name, masked, lost)
			}
		}
	}
}
