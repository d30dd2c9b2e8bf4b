package overlay

import (
	"bytes"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/lamppost-city/lamppost/drivers"
	"pgregory.net/rapid"
)

// box is a mask from one corner to the opposite one, in shares.
func box(left, top, right, bottom float64) [][2]float64 {
	return [][2]float64{{left, top}, {right, top}, {right, bottom}, {left, bottom}}
}

// glaring is a picture without an order, nothing in it dark.
func glaring(t *testing.T, w, h int, grey bool) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	bright := func(all []uint8, least int) {
		for i := range all {
			all[i] = uint8(least + r.IntN(256-least))
		}
	}
	var m image.Image
	if grey {
		g := image.NewGray(image.Rect(0, 0, w, h))
		bright(g.Pix, 160)
		m = g
	} else {
		c := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
		bright(c.Y, 160)
		bright(c.Cb, 90)
		bright(c.Cr, 90)
		m = c
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Whatever is drawn, every dot that a mask touches is 0 in red, green and blue of the JPEG
// that leaves.
func TestMasksStayBlack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		share := rapid.Custom(func(rt *rapid.T) float64 {
			return float64(rapid.IntRange(0, 40).Draw(rt, "fortieth")) / 40
		})
		area := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) [2]float64 {
			return [2]float64{share.Draw(rt, "x"), share.Draw(rt, "y")}
		}), 3, 7)
		c := Caption{Lines: rapid.SliceOfN(rapid.StringMatching(`[ -~]{0,60}`), 0, 6).Draw(rt, "lines")}
		c.Masks = rapid.SliceOfN(area, 0, 4).Draw(rt, "masks")
		for _, corners := range rapid.SliceOfN(area, 0, 3).Draw(rt, "outlines") {
			c.Outlines = append(c.Outlines, drivers.Outline{Name: rapid.StringMatching(`[a-z_]{0,20}`).Draw(rt, "name"), Corners: corners})
		}
		w, h := rapid.IntRange(48, 330).Draw(rt, "width"), rapid.IntRange(48, 250).Draw(rt, "height")
		out, err := Draw(glaring(t, w, h, rapid.Bool().Draw(rt, "grey")), c)
		if err != nil {
			rt.Fatal(err)
		}
		m, err := jpeg.Decode(bytes.NewReader(out))
		if err != nil {
			rt.Fatal(err)
		}
		c.masked(w, h, func(x, y int) {
			if r, g, b, _ := m.At(x, y).RGBA(); r|g|b != 0 {
				rt.Fatalf("the dot at %d, %d is masked and is %04x %04x %04x", x, y, r, g, b)
			}
		})
	})
}

// Text goes to the first edge that no mask touches there; where there is room for some lines
// only, the first of them are written; where there is none, nothing is.
func TestTextIsPlacedBesideMasks(t *testing.T) {
	lines := []string{"2026-11-22 10:00:00", "at the alert: high red", "river/level 3.02 m"}
	const w, h = 320, 240 // the text takes 154 x 42
	for name, c := range map[string]struct {
		masks [][][2]float64
		at    image.Rectangle // where there is text; empty: nowhere
	}{
		"no mask":              {nil, image.Rect(0, 0, 154, 42)},
		"the upper left":       {[][][2]float64{box(0, 0, 0.3, 0.3)}, image.Rect(104, 0, 104+154, 42)},
		"all but the right":    {[][][2]float64{box(0, 0, 0.49, 1)}, image.Rect(160, 0, 160+154, 42)},
		"the upper edge":       {[][][2]float64{box(0, 0, 1, 0.1)}, image.Rect(0, 240-42, 154, 240)},
		"above and below":      {[][][2]float64{box(0, 0, 1, 0.1), box(0, 0.9, 1, 1)}, image.Rect(0, 32, 154, 32+42)},
		"only the lower right": {[][][2]float64{box(0, 0, 1, 0.8), box(0, 0.7, 0.49, 1)}, image.Rect(160, 240-42, 160+154, 240)},
		"room for one line":    {[][][2]float64{box(0, 0, 1, 0.93)}, image.Rect(0, 240-14, 133, 240)},
		"everything":           {[][][2]float64{box(0, 0, 1, 1)}, image.Rectangle{}},
		"a stripe":             {[][][2]float64{box(0, 0.03, 1, 0.97)}, image.Rectangle{}},
	} {
		caption := Caption{Lines: lines, Overlay: drivers.Overlay{Masks: c.masks}}
		out, err := Draw(photo(t, w, h, true), caption)
		if err != nil {
			t.Fatal(err)
		}
		m, err := jpeg.Decode(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		if all, _, _ := count(m, m.Bounds()); all == 0 != c.at.Empty() {
			t.Errorf("%s: %d bright dots", name, all)
		} else if here, _, _ := count(m, c.at); here != all || !c.at.Empty() && here < c.at.Dx()*c.at.Dy()/12 {
			t.Errorf("%s: of %d bright dots %d are at %v", name, all, here, c.at)
		}
	}
}

// The name of an area goes to its first corner outside the masks.
func TestNameIsPlacedBesideMasks(t *testing.T) {
	zone := drivers.Outline{Name: "bank", Corners: box(0.25, 0.25, 0.75, 0.75)}
	for name, c := range map[string]struct {
		masks [][][2]float64
		at    image.Point // of the name; negative: none
	}{
		"no mask":          {nil, image.Pt(79, 59)},
		"the first corner": {[][][2]float64{box(0.2, 0.2, 0.3, 0.3)}, image.Pt(239, 59)},
		"all":              {[][][2]float64{box(0.2, 0.2, 0.9, 0.9)}, image.Pt(-1, -1)},
	} {
		out, err := Draw(photo(t, 320, 240, true), Caption{Overlay: drivers.Overlay{Outlines: []drivers.Outline{zone}, Masks: c.masks}})
		if err != nil {
			t.Fatal(err)
		}
		m, err := jpeg.Decode(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		// Nothing of a name but dots beside the dashes is bright.
		inside := func(at image.Point) int {
			bright, _, _ := count(m, image.Rectangle{at, at.Add(image.Pt(28, 13))}.Inset(2))
			return bright
		}
		for _, corner := range []image.Point{{79, 59}, {239, 59}, {239, 179}, {79, 179}} {
			if got := inside(corner) >= 20; got != (corner == c.at) {
				t.Errorf("%s: at %v are %d bright dots, want the name at %v", name, corner, inside(corner), c.at)
			}
		}
	}
}

// Letters beyond ASCII take one place each, as they are drawn.
func TestSizeCountsLetters(t *testing.T) {
	p := &pen{w: 1000, h: 1000, scale: 1}
	if got, want := p.size([]string{"水位 3"}), p.size([]string{strings.Repeat("x", 4)}); got != want || !slices.Equal([]int{got.X, got.Y}, []int{28, 14}) {
		t.Errorf("%v, want %v", got, want)
	}
}
