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

// Blacken makes pixels of a decoded picture black, without a trace of what was there:
// those for which fill calls set. A pixel that shares its colour with others takes theirs
// away, too.
func Blacken(m image.Image, fill func(w, h int, set func(x, y int))) error {
	r := m.Bounds()
	switch m := m.(type) {
	case *image.Gray:
		fill(r.Dx(), r.Dy(), func(x, y int) { m.Pix[m.PixOffset(r.Min.X+x, r.Min.Y+y)] = 0 })
	case *image.YCbCr:
		fill(r.Dx(), r.Dy(), func(x, y int) {
			c := m.COffset(r.Min.X+x, r.Min.Y+y)
			m.Y[m.YOffset(r.Min.X+x, r.Min.Y+y)], m.Cb[c], m.Cr[c] = 0, 128, 128
		})
	default:
		return fmt.Errorf("%w: a picture in %T, neither YCbCr nor grey", drivers.ErrProtocol, m)
	}
	return nil
}

// remake makes a JPEG of a picture that was changed. Whatever the camera had put beside
// the picture, a small copy of it included, is gone.
func remake(m image.Image) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: maskQuality}); err != nil {
		return nil, fmt.Errorf("%w: %w", drivers.ErrProtocol, err)
	}
	return b.Bytes(), nil
}
