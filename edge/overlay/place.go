package overlay

import (
	"image"

	"golang.org/x/image/font/basicfont"
)

// placeStep is by how many dots a place for text is moved on: a square of a JPEG, which is
// masked as a whole.
const placeStep = 8

// lines writes lines of text where no mask is: all of them, or where there is no room for
// all, as many as there is for, the first before the others.
func (p *pen) lines(lines []string) {
	for n := len(lines); n > 0; n-- {
		at, ok := p.place(p.size(lines[:n]))
		if !ok {
			continue
		}
		for i, line := range lines[:n] {
			p.text(line, at.X, at.Y+i*p.lineHeight())
		}
		return
	}
}

// size is what lines of text take, cut at the picture's own size.
func (p *pen) size(lines []string) image.Point {
	width := 0
	for _, line := range lines {
		width = max(width, len([]rune(line))*basicfont.Face7x13.Advance*p.scale)
	}
	return image.Pt(min(width, p.w), min(len(lines)*p.lineHeight(), p.h))
}

// place finds where a block of text stands beside all masks, at the picture's edges: along
// the upper one from the left, the lower, the left and the right one.
func (p *pen) place(size image.Point) (at image.Point, ok bool) {
	right, low := p.w-size.X, p.h-size.Y
	free := func(x, y int) bool {
		at = image.Pt(x, y)
		return p.mask.Free(image.Rectangle{at, at.Add(size)})
	}
	for _, y := range []int{0, low} {
		for x := 0; x < right; x += placeStep {
			if free(x, y) {
				return at, true
			}
		}
		if free(right, y) {
			return at, true
		}
	}
	for _, x := range []int{0, right} {
		for y := placeStep; y < low; y += placeStep {
			if free(x, y) {
				return at, true
			}
		}
	}
	return image.Point{}, false
}
