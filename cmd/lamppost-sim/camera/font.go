package camera

import (
	"image"
	"image/color"
)

// glyphs are the characters that a staff and a time stamp need, five columns by
// seven rows, the leftmost column in bit 4.
var glyphs = map[rune][7]uint8{
	'0': {0x0E, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0E},
	'1': {0x04, 0x0C, 0x04, 0x04, 0x04, 0x04, 0x0E},
	'2': {0x0E, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1F},
	'3': {0x1F, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0E},
	'4': {0x02, 0x06, 0x0A, 0x12, 0x1F, 0x02, 0x02},
	'5': {0x1F, 0x10, 0x1E, 0x01, 0x01, 0x11, 0x0E},
	'6': {0x06, 0x08, 0x10, 0x1E, 0x11, 0x11, 0x0E},
	'7': {0x1F, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08},
	'8': {0x0E, 0x11, 0x11, 0x0E, 0x11, 0x11, 0x0E},
	'9': {0x0E, 0x11, 0x11, 0x0F, 0x01, 0x02, 0x0C},
	'.': {0, 0, 0, 0, 0, 0x0C, 0x0C},
	':': {0, 0x0C, 0x0C, 0, 0x0C, 0x0C, 0},
	'-': {0, 0, 0, 0x1F, 0, 0, 0},
}

// glyphPitch is from one character to the next, in the font's pixels.
const glyphPitch = 6

// write draws text with its top left corner at x, y, each pixel of the font as a
// square of size. A character that the font lacks is a space.
func write(m *image.RGBA, text string, x, y, size int, c color.RGBA) {
	for _, r := range text {
		g := glyphs[r]
		for row, bits := range g {
			for col := range 5 {
				if bits>>(4-col)&1 != 0 {
					fill(m, image.Rect(x+col*size, y+row*size, x+(col+1)*size, y+(row+1)*size), c)
				}
			}
		}
		x += glyphPitch * size
	}
}

func fill(m *image.RGBA, r image.Rectangle, c color.RGBA) {
	r = r.Intersect(m.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			m.SetRGBA(x, y, c)
		}
	}
}
