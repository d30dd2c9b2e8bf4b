package overlay

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
)

// photo is a JPEG, all of one brightness, in colour or grey.
func photo(t testing.TB, w, h int, grey bool) []byte {
	t.Helper()
	var m image.Image
	if grey {
		g := image.NewGray(image.Rect(0, 0, w, h))
		for i := range g.Pix {
			g.Pix[i] = 120
		}
		m = g
	} else {
		c := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
		for i := range c.Y {
			c.Y[i] = 120
		}
		for i := range c.Cb {
			c.Cb[i], c.Cr[i] = 90, 160
		}
		m = c
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func light(m image.Image, x, y int) uint8 { return color.GrayModel.Convert(m.At(x, y)).(color.Gray).Y }

// count says how many dots of a part of a picture are bright, dark, and as they were.
func count(m image.Image, r image.Rectangle) (bright, dark, same int) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			switch l := light(m, x, y); {
			case l > 190:
				bright++
			case l < 60:
				dark++
			case l > 105 && l < 135:
				same++
			}
		}
	}
	return bright, dark, same
}

// Text stands in the upper left, as many letters wide as it has, larger in larger pictures;
// areas have their edges; the rest is as it was, and so is the picture that was given.
func TestDraw(t *testing.T) {
	zone := drivers.Outline{Name: "bank", Corners: [][2]float64{{0.5, 0.5}, {0.9, 0.5}, {0.9, 0.9}, {0.5, 0.9}}}
	for _, c := range []struct {
		w, h, scale int
		grey        bool
	}{{320, 240, 1, false}, {640, 480, 1, true}, {1280, 720, 2, false}, {1920, 1080, 3, false}} {
		in := photo(t, c.w, c.h, c.grey)
		before := bytes.Clone(in)
		out, err := Draw(in, Caption{Lines: []string{"2026-11-22", "3.02 m"}, Overlay: drivers.Overlay{Outlines: []drivers.Outline{zone}}})
		if err != nil || !bytes.Equal(in, before) || bytes.Equal(in, out) {
			t.Fatalf("%dx%d: %v; the given picture is as it was: %v", c.w, c.h, err, bytes.Equal(in, before))
		}
		m, err := jpeg.Decode(bytes.NewReader(out))
		if err != nil || m.Bounds().Dx() != c.w || m.Bounds().Dy() != c.h {
			t.Fatalf("%dx%d: %v", c.w, c.h, err)
		}
		box := image.Rect(0, 0, 10*7*c.scale, 13*c.scale)
		bright, dark, same := count(m, box)
		if all := box.Dx() * box.Dy(); bright < all/12 || bright > all/2 || dark < all/3 || same > all/20 {
			t.Errorf("%dx%d: of the text's %d dots %d are bright, %d dark, %d as they were", c.w, c.h, all, bright, dark, same)
		}
		edge := image.Rect(c.w*6/10, c.h/2-1, c.w*8/10, c.h/2-1+c.scale)
		if bright, dark, _ := count(m, edge); bright < edge.Dx()*edge.Dy()/5 || dark < edge.Dx()*edge.Dy()/5 {
			t.Errorf("%dx%d: of the edge %d dots are bright and %d dark", c.w, c.h, bright, dark)
		}
		inside := image.Rect(c.w*6/10, c.h*6/10, c.w*8/10, c.h*8/10)
		left := image.Rect(16, 60*c.scale, c.w/2-16, c.h)
		for _, r := range []image.Rectangle{inside, left} {
			if _, _, same := count(m, r); same != r.Dx()*r.Dy() {
				t.Errorf("%dx%d: %v was touched: %d of %d are as they were", c.w, c.h, r, same, r.Dx()*r.Dy())
			}
		}
	}
}

// Whatever is asked for, nothing is drawn outside, and no letter is without a shape.
func TestDrawWhatDoesNotFit(t *testing.T) {
	in := photo(t, 64, 48, false)
	lines := []string{"", "水位 3.02 m and a line that is far too long for a picture this small", "\x00\xff", "~ !"}
	for range 20 {
		lines = append(lines, "more")
	}
	outlines := []drivers.Outline{{}, {Name: "point", Corners: [][2]float64{{1, 1}}},
		{Name: "far", Corners: [][2]float64{{-5, math.NaN()}, {9, math.Inf(1)}, {math.Inf(-1), 1e300}}}}
	out, err := Draw(in, Caption{Lines: lines, Overlay: drivers.Overlay{Outlines: outlines}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jpeg.Decode(bytes.NewReader(out)); err != nil {
		t.Error(err)
	}
}

func TestDrawRefuses(t *testing.T) {
	whole := photo(t, 320, 240, false)
	bomb := bytes.Clone(whole)
	i := bytes.Index(bomb, []byte{0xff, 0xc0})
	copy(bomb[i+5:], []byte{0x4e, 0x20, 0x4e, 0x20}) // 20 000 × 20 000
	for name, b := range map[string][]byte{"nothing": nil, "cut": whole[:len(whole)/2], "a bomb": bomb, "no picture": bytes.Repeat([]byte("x"), 2000)} {
		if out, err := Draw(b, Caption{Lines: []string{"x"}}); err == nil || out != nil {
			t.Errorf("%s: %d bytes, %v", name, len(out), err)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	in := photo(b, 640, 480, false)
	c := Caption{Lines: []string{"2026-11-22 11:05:03 +08:00 eye", "at the alert: river-high orange", "river/level 3.02 m"}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Draw(in, c); err != nil {
			b.Fatal(err)
		}
	}
}
