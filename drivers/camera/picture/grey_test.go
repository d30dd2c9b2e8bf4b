package picture

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
)

func drawn(w, h int, at func(x, y int) uint8) grey {
	g := grey{w: w, h: h}
	for y := range h {
		for x := range w {
			g.pix = append(g.pix, at(x, y))
		}
	}
	return g
}

func TestSharpness(t *testing.T) {
	step := [5]int{5, 3, 2, 1, 0} // the first column of 200 in each row
	for _, c := range []struct {
		name string
		g    grey
		want float64
	}{
		{"an even picture", drawn(9, 7, func(int, int) uint8 { return 77 }), 0},
		{"an even slope", drawn(9, 7, func(x, y int) uint8 { return uint8(3*x + 5*y) }), 0},
		{"a checkerboard", drawn(6, 6, func(x, y int) uint8 { return uint8((x + y) % 2 * 255) }), 1_040_400},
		{"a step", drawn(8, 6, func(x, _ int) uint8 { return uint8(x / 4 * 100) }), 3333.3333},
		{"a slanted edge", drawn(5, 5, func(x, y int) uint8 {
			if x >= step[y] {
				return 200
			}
			return 10
		}), 78439.5062},
	} {
		if got := c.g.sharpness(); math.Abs(got-c.want) > 0.0001 {
			t.Errorf("%s: sharpness %v, want %v", c.name, got, c.want)
		}
	}
}

func TestBrightness(t *testing.T) {
	for _, c := range []struct {
		name string
		g    grey
		want float64
	}{
		{"black", drawn(4, 4, func(int, int) uint8 { return 0 }), 0},
		{"white", drawn(4, 4, func(int, int) uint8 { return 255 }), 100},
		{"half of each", drawn(4, 4, func(x, _ int) uint8 { return uint8(x % 2 * 255) }), 50},
	} {
		if got := c.g.brightness(); got != c.want {
			t.Errorf("%s: brightness %v, want %v", c.name, got, c.want)
		}
	}
}

func TestLumaReducesByWholePixels(t *testing.T) {
	plane := make([]uint8, 700*30) // 640 wide in rows of 700: the rest belongs to nobody
	for i := range plane {
		if x, y := i%700, i/700; x < 640 {
			plane[i] = uint8(x/2%2*100 + y/2%2*50 + x%2) // blocks of 2 × 2, a grain of 1 in each
		} else {
			plane[i] = 255
		}
	}
	var g grey
	g.luma(plane, 700, 640, 30)
	want := []uint8{1, 101, 1, 101} // the mean of x%2 is one half, rounded up
	if g.w != 320 || g.h != 15 || !slices.Equal(g.pix[:4], want) || g.pix[320] != 51 || g.pix[319] != 101 {
		t.Errorf("reduced to %d × %d, begins %v, second row %v", g.w, g.h, g.pix[:4], g.pix[320:324])
	}
	if g.luma(make([]uint8, 8000*16), 8000, 8000, 16); g.h < 3 || g.w < 3 {
		t.Errorf("a strip is reduced to %d × %d", g.w, g.h)
	}
	if g.luma(plane, 700, 320, 30); g.w != 320 || g.h != 30 {
		t.Errorf("320 columns are reduced to %d × %d", g.w, g.h)
	}
}

// The three streams hold the same pixels.
func TestDecode(t *testing.T) {
	for _, file := range []string{"scene.jpg", "progressive.jpg", "restart.jpg"} {
		p, err := Clean(load(t, file))
		if err != nil {
			t.Fatal(err)
		}
		if p.Progressive != strings.HasPrefix(file, "prog") {
			t.Errorf("%s is progressive: %v", file, p.Progressive)
		}
		g, err := decode(p)
		if err != nil || tenth(g.brightness()) != sceneBrightness || tenth(g.sharpness()) != sceneSharpness {
			t.Errorf("%s: brightness %v, sharpness %v, %v", file, g.brightness(), g.sharpness(), err)
		}
	}
}

func encode(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), make([]byte, minBytes)...)
}

// resized is the scene with another size in its header: what a picture claims is
// judged before it costs memory.
func resized(t testing.TB, file string, w, h int) []byte {
	t.Helper()
	b := bytes.Clone(load(t, file))
	marker := byte(sof0)
	if file == "progressive.jpg" {
		marker = sof2
	}
	i := bytes.Index(b, []byte{0xFF, marker})
	copy(b[i+5:], []byte{byte(h >> 8), byte(h), byte(w >> 8), byte(w)})
	return b
}

func TestSizesAreBounded(t *testing.T) {
	for _, c := range []struct {
		name, want string
		in         []byte
	}{
		{"too narrow", "a picture of 15 × 100", encode(t, image.NewGray(image.Rect(0, 0, 15, 100)))},
		{"too wide", "a picture of 8193 × 20", resized(t, "scene.jpg", 8193, 20)},
		{"a bomb", "a picture of 20000 × 20000", resized(t, "scene.jpg", 20000, 20000)},
		{"the largest bomb", "a picture of 65535 × 65535", resized(t, "scene.jpg", 65535, 65535)},
		{"a height that comes later", "a picture of 640 × 0", resized(t, "scene.jpg", 640, 0)},
		{"too many pixels", "a picture of 4000 × 3000", resized(t, "scene.jpg", 4000, 3000)},
		{"too many for progressive", "2500000 pixels in all", resized(t, "progressive.jpg", 2560, 1440)},
		{"a header that lies", "JPEG", resized(t, "scene.jpg", 640, 480)},
	} {
		p, err := Clean(c.in)
		if err == nil { // the header lies: only decoding tells
			_, err = decode(p)
		}
		if !errors.Is(err, drivers.ErrProtocol) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: it gives %v, want %q", c.name, err, c.want)
		}
	}
}

func BenchmarkPicture(b *testing.B) {
	m := image.NewYCbCr(image.Rect(0, 0, 1280, 720), image.YCbCrSubsampleRatio420)
	for i := range m.Y {
		m.Y[i] = uint8(i*7 + i/1280*13)
	}
	raw := encode(b, m)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		p, err := Clean(raw)
		if err != nil {
			b.Fatal(err)
		}
		g, err := decode(p)
		if err != nil || g.brightness() < 0 || g.sharpness() < 0 {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pictures/s")
}

const (
	sceneBrightness = 55.8
	sceneSharpness  = 1377.9
)
