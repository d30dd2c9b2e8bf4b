package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"

	"github.com/lamppost-city/lamppost/drivers"
)

// maskQuality of the JPEG that a picture is made into anew, 1 to 100.
const maskQuality = 85

// A JPEG keeps brightness in squares of 8 × 8 dots, and colour, of which the encoder keeps
// every other dot, in squares of 16 × 16: a square that is all one shade comes out as that
// shade, one that is half black does not.
const (
	lightSquare  = 8
	colourSquare = 16
)

// Mask makes parts of pictures black. It keeps its memory from one to the next. The zero
// value is ready; it is for one goroutine at a time.
type Mask struct {
	w, h    int
	squares []bool // of lightSquare dots a side, row by row: a dot in it is masked
}

// Blacken makes the dots of a decoded picture black for which fill calls set, without a
// trace of what was there, and notes which squares they stand in. A dot that shares its
// colour with others takes theirs away, too.
func (k *Mask) Blacken(m image.Image, fill func(w, h int, set func(x, y int))) error {
	r := m.Bounds()
	k.begin(r.Dx(), r.Dy())
	across := k.across()
	switch m := m.(type) {
	case *image.Gray:
		fill(k.w, k.h, func(x, y int) {
			m.Pix[m.PixOffset(r.Min.X+x, r.Min.Y+y)] = 0
			k.squares[y/lightSquare*across+x/lightSquare] = true
		})
	case *image.YCbCr:
		fill(k.w, k.h, func(x, y int) {
			c := m.COffset(r.Min.X+x, r.Min.Y+y)
			m.Y[m.YOffset(r.Min.X+x, r.Min.Y+y)], m.Cb[c], m.Cr[c] = 0, 128, 128
			k.squares[y/lightSquare*across+x/lightSquare] = true
		})
	default:
		return fmt.Errorf("%w: a picture in %T, neither YCbCr nor grey", drivers.ErrProtocol, m)
	}
	return nil
}

func (k *Mask) across() int { return (k.w + lightSquare - 1) / lightSquare }

// Free says whether a part of the picture that was blackened last shares no square with what
// is masked: what is drawn there stays.
func (k *Mask) Free(r image.Rectangle) bool {
	r = r.Intersect(image.Rect(0, 0, k.w, k.h))
	across := k.across()
	for y := r.Min.Y / lightSquare; y*lightSquare < r.Max.Y; y++ {
		for x := r.Min.X / lightSquare; x*lightSquare < r.Max.X; x++ {
			if k.squares[y*across+x] {
				return false
			}
		}
	}
	return true
}

// begin forgets what was noted of another picture.
func (k *Mask) begin(w, h int) {
	k.w, k.h = w, h
	n := k.across() * ((h + lightSquare - 1) / lightSquare)
	if cap(k.squares) < n {
		k.squares = make([]bool, n)
	}
	k.squares = k.squares[:n]
	clear(k.squares)
}

// JPEG makes a JPEG of a picture after Blacken, in which every masked dot is 0 in each of
// red, green and blue: what else stands in its square is black, too, and what stands around
// it in the square of its colour is grey. Whatever the camera had put beside the picture, a
// small copy of it included, is gone.
func (k *Mask) JPEG(m image.Image) ([]byte, error) {
	across := k.across()
	for i, masked := range k.squares {
		if masked {
			k.square(m, i%across*lightSquare, i/across*lightSquare)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: maskQuality}); err != nil {
		return nil, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
	return b.Bytes(), nil
}

// square takes brightness from the square at x, y, and colour from the one around it.
func (k *Mask) square(m image.Image, x, y int) {
	r := m.Bounds()
	in := image.Rect(x, y, x+lightSquare, y+lightSquare).Add(r.Min).Intersect(r)
	around := image.Rect(0, 0, colourSquare, colourSquare).Add(image.Pt(x/colourSquare*colourSquare, y/colourSquare*colourSquare)).Add(r.Min).Intersect(r)
	switch m := m.(type) {
	case *image.Gray:
		for v := in.Min.Y; v < in.Max.Y; v++ {
			clear(m.Pix[m.PixOffset(in.Min.X, v):][:in.Dx()])
		}
	case *image.YCbCr:
		for v := in.Min.Y; v < in.Max.Y; v++ {
			clear(m.Y[m.YOffset(in.Min.X, v):][:in.Dx()])
		}
		for v := around.Min.Y; v < around.Max.Y; v++ {
			for u := around.Min.X; u < around.Max.X; u++ {
				c := m.COffset(u, v)
				m.Cb[c], m.Cr[c] = 128, 128
			}
		}
	}
}
