package camera

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"

	"github.com/lamppost-city/lamppost/cmd/lamppost-sim/truth"
)

// small is by how much a picture for a slow line is reduced: 640x480 to 160x120.
const small = 4

// smallQuality is what the cameras on such lines are delivered with, by and large.
const smallQuality = 50

// Small draws s in a quarter of its width and height, each pixel the mean of what it
// covers, with the truth line of the picture.
func (c *Scene) Small(s State) ([]byte, truth.Line, error) {
	whole, err := c.JPEG(s)
	if err != nil {
		return nil, truth.Line{}, err
	}
	m, err := jpeg.Decode(bytes.NewReader(whole))
	if err != nil {
		return nil, truth.Line{}, err
	}
	size := m.Bounds().Size()
	out := image.NewRGBA(image.Rect(0, 0, size.X/small, size.Y/small))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.Set(x, y, mean(m, x*small, y*small))
		}
	}
	var b bytes.Buffer
	err = jpeg.Encode(&b, out, &jpeg.Options{Quality: smallQuality})
	return b.Bytes(), lineOf(s, b.Bytes()), err
}

// mean is the mean colour of a square of small pixels a side.
func mean(m image.Image, x, y int) color.Color {
	var sum [3]uint32
	for i := range small * small {
		r, g, b, _ := m.At(x+i%small, y+i/small).RGBA()
		sum[0], sum[1], sum[2] = sum[0]+r>>8, sum[1]+g>>8, sum[2]+b>>8
	}
	const n = small * small
	return color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255}
}
