package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"

	"github.com/lamppost-city/lamppost/drivers"
)

// Limits on a picture, judged before it is decoded: decoding takes 1.5 to 3 bytes
// per pixel, a progressive one 9.
const (
	minSide        = 16
	maxSide        = 8192
	maxPixels      = 10_000_000 // 4096 × 2160 and a little
	maxProgressive = 2_500_000  // 1920 × 1080 and a little
)

// sharpWidth is the width that sharpness is measured at; a wider picture is
// reduced to at most this, so that one site's values survive a change of
// resolution by and large.
const sharpWidth = 320

// grey is a picture's brightness, 0 to 255, row by row.
type grey struct {
	w, h int
	pix  []uint8

	sums []uint32 // of a row, while it is made
}

// decode decodes the luma of a picture that Clean has passed.
func decode(p Picture) (grey, error) {
	m, err := decodeAll(p)
	if err != nil {
		return grey{}, err
	}
	var g grey
	return g, g.take(m, p)
}

func decodeAll(p Picture) (image.Image, error) {
	m, err := jpeg.Decode(bytes.NewReader(p.JPEG))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
	if _, rgb := m.(*image.RGBA); rgb { // an Adobe segment says so
		return nil, fmt.Errorf("%w: a JPEG that stores red, green and blue; set the camera, or the program that makes the picture, to JPEG in colour (YCbCr) or grey", drivers.ErrProtocol)
	}
	return m, nil
}

// take reduces a decoded picture into g, whose memory it uses again.
func (g *grey) take(m image.Image, p Picture) error {
	switch m := m.(type) {
	case *image.YCbCr:
		g.luma(m.Y, m.YStride, p.Width, p.Height)
	case *image.Gray:
		g.luma(m.Pix, m.Stride, p.Width, p.Height)
	default:
		return fmt.Errorf("%w: a picture in %T, neither YCbCr nor grey", drivers.ErrProtocol, m)
	}
	return nil
}

// luma takes a w × h picture out of a plane and reduces it to at most sharpWidth
// columns: each result is the rounded mean of k × k pixels. What is left over at
// the right and bottom edges, fewer than k, is not looked at.
func (g *grey) luma(plane []uint8, stride, w, h int) {
	k := max((w+sharpWidth-1)/sharpWidth, 1)
	k = min(k, h/3) // a very wide picture keeps the three rows that sharpness needs
	g.w, g.h = w/k, h/k
	if cap(g.pix) < g.w*g.h || cap(g.sums) < g.w {
		g.pix, g.sums = make([]uint8, 0, g.w*g.h), make([]uint32, g.w)
	}
	g.pix = g.pix[:0]
	sums := g.sums[:g.w]
	for y := range g.h {
		clear(sums)
		for row := y * k; row < (y+1)*k; row++ {
			line := plane[row*stride:][:g.w*k]
			for x := range sums {
				for _, p := range line[x*k:][:k] {
					sums[x] += uint32(p)
				}
			}
		}
		for _, s := range sums {
			g.pix = append(g.pix, uint8((s+uint32(k*k)/2)/uint32(k*k)))
		}
	}
}

// brightness is the mean in percent of white.
func (g *grey) brightness() float64 {
	sum := 0
	for _, p := range g.pix {
		sum += int(p)
	}
	return float64(sum) / float64(len(g.pix)) / 255 * 100
}

// sharpness is the variance of the Laplacian: of what the kernel
//
//	0  1  0
//	1 -4  1
//	0  1  0
//
// gives on each inner pixel. 0 is a picture without any edge, 1 040 400 a
// checkerboard of black and white pixels.
func (g *grey) sharpness() float64 {
	var sum, squares, n int64
	for y := 1; y < g.h-1; y++ {
		above, here, below := g.pix[(y-1)*g.w:][:g.w], g.pix[y*g.w:][:g.w], g.pix[(y+1)*g.w:][:g.w]
		for x := 1; x < g.w-1; x++ {
			l := int64(above[x]) + int64(below[x]) + int64(here[x-1]) + int64(here[x+1]) - 4*int64(here[x])
			sum += l
			squares += l * l
		}
		n += int64(g.w - 2)
	}
	mean := float64(sum) / float64(n)
	return float64(squares)/float64(n) - mean*mean
}

// tenth rounds to the resolution that the channels state.
func tenth(v float64) float64 { return math.Round(v*10) / 10 }
