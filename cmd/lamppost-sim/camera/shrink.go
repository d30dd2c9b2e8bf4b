package camera

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
)

// Shrink makes a picture smaller: each dot is the mean of those that it stands for. A
// picture that has the size, or less, stays as it is.
func Shrink(picture []byte, width, height int) ([]byte, error) {
	m, err := jpeg.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, err
	}
	from := m.Bounds()
	if from.Dx() <= width || from.Dy() <= height {
		return picture, nil
	}
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			out.SetRGBA(x, y, mean(m, image.Rect(x*from.Dx()/width, y*from.Dy()/height, (x+1)*from.Dx()/width, (y+1)*from.Dy()/height)))
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, out, &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// mean is the colour of an area.
func mean(m image.Image, area image.Rectangle) color.RGBA {
	var sum [3]uint32
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			r, g, b, _ := m.At(x, y).RGBA()
			sum[0], sum[1], sum[2] = sum[0]+r>>8, sum[1]+g>>8, sum[2]+b>>8
		}
	}
	n := uint32(area.Dx() * area.Dy())
	return color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255}
}
