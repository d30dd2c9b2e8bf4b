// Package overlay draws time, values and areas into the copy of a picture that goes with an
// alert. It knows nothing of cameras and keeps nothing.
package overlay

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"math"

	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/cover"
	"github.com/lamppost-city/lamppost/drivers/camera/picture"
	"github.com/lamppost-city/lamppost/drivers/camera/vision"
)

const (
	textWidth = 640 // columns of a picture for which a letter has the font's own size

	black, white = 16, 235 // brightness
)

// Caption is what is drawn into a picture that goes with an alert.
type Caption struct {
	Lines []string // in the upper left if no mask is there; the font has ASCII, what is not is shown as ?
	drivers.Overlay
}

// Draw returns a copy of a picture with a caption in it: lines of text on black, and areas
// as dashes of black and white with their names. What is masked stays black, each dot of it:
// text goes where no mask is, see place, and of dashes is left what is outside. The picture
// is decoded and made anew, within the bounds of package picture; any error means that there
// is no copy.
func Draw(photo []byte, c Caption) (drawn []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			drawn, err = nil, fmt.Errorf("draw into a picture: panic: %v", p)
		}
	}()
	clean, err := picture.Clean(photo)
	if err != nil {
		return nil, fmt.Errorf("draw into a picture: %w", err)
	}
	m, err := jpeg.Decode(bytes.NewReader(clean.JPEG))
	if err != nil {
		return nil, fmt.Errorf("draw into a picture: %w", err)
	}
	pen, err := newPen(m)
	if err != nil {
		return nil, fmt.Errorf("draw into a picture: %w", err)
	}
	if err := pen.mask.Blacken(m, c.masked); err != nil {
		return nil, fmt.Errorf("draw into a picture: %w", err)
	}
	for _, o := range c.Outlines {
		pen.outline(o)
	}
	pen.lines(c.Lines)
	if drawn, err = pen.mask.JPEG(m); err != nil {
		return nil, fmt.Errorf("draw into a picture: %w", err)
	}
	return drawn, nil
}

// masked calls set for each dot of a w × h picture that is masked.
func (c Caption) masked(w, h int, set func(x, y int)) {
	for _, m := range c.Masks {
		p := make(vision.Polygon, len(m))
		for i, at := range m {
			p[i] = vision.Point{X: at[0], Y: at[1]}
		}
		cover.Dots(p, w, h, set)
	}
}

// pen sets dots without colour.
type pen struct {
	w, h  int
	scale int // dots of the picture for one of the font
	set   func(x, y int, light uint8)
	mask  picture.Mask
}

func newPen(m image.Image) (*pen, error) {
	r := m.Bounds()
	p := &pen{w: r.Dx(), h: r.Dy(), scale: max(1, (r.Dx()+textWidth/2)/textWidth)}
	switch m := m.(type) {
	case *image.Gray:
		p.set = func(x, y int, light uint8) { m.Pix[m.PixOffset(r.Min.X+x, r.Min.Y+y)] = light }
	case *image.YCbCr:
		p.set = func(x, y int, light uint8) {
			c := m.COffset(r.Min.X+x, r.Min.Y+y)
			m.Y[m.YOffset(r.Min.X+x, r.Min.Y+y)], m.Cb[c], m.Cr[c] = light, 128, 128
		}
	default:
		return nil, errors.New("it is neither in YCbCr nor grey")
	}
	return p, nil
}

// block sets a square of scale dots; what is outside the picture is left out.
func (p *pen) block(x, y int, light uint8) {
	for j := max(y, 0); j < min(y+p.scale, p.h); j++ {
		for i := max(x, 0); i < min(x+p.scale, p.w); i++ {
			p.set(i, j, light)
		}
	}
}

func (p *pen) lineHeight() int { return (basicfont.Face7x13.Height + 1) * p.scale }

// text writes one line, white on black, with its upper left corner at x, y.
func (p *pen) text(line string, x, y int) {
	face := basicfont.Face7x13
	for _, letter := range line {
		if x >= p.w {
			return
		}
		if letter < ' ' || letter > '~' {
			letter = '?'
		}
		_, mask, at, _, _ := face.Glyph(fixed.P(0, face.Ascent), letter)
		for j := range face.Height {
			for i := range face.Advance {
				light := uint8(black)
				if _, _, _, a := mask.At(at.X+i, at.Y+j).RGBA(); a > 0x7fff && i < face.Width {
					light = white
				}
				p.block(x+i*p.scale, y+j*p.scale, light)
			}
		}
		x += face.Advance * p.scale
	}
}

// outline draws an area's edges, and its name at the first of its corners where there is
// room for it outside the masks; where there is none it has no name.
func (p *pen) outline(o drivers.Outline) {
	for i, from := range o.Corners {
		to := o.Corners[(i+1)%len(o.Corners)]
		p.dashes(p.at(from), p.at(to))
	}
	size := p.size([]string{o.Name})
	for _, c := range o.Corners {
		at := p.at(c)
		at = image.Pt(max(0, min(at.X, p.w-size.X)), max(0, min(at.Y, p.h-size.Y)))
		if p.mask.Free(image.Rectangle{at, at.Add(size)}) {
			p.text(o.Name, at.X, at.Y)
			return
		}
	}
}

// at is the dot of a corner; one that is no number is the upper left.
func (p *pen) at(c [2]float64) image.Point {
	dot := func(share float64, of int) int {
		if !(share > 0) {
			return 0
		}
		return int(math.Min(share, 1) * float64(of-1))
	}
	return image.Pt(dot(c[0], p.w), dot(c[1], p.h))
}

// dashes are 8 blocks long each, black and white in turn, so that they show on anything.
func (p *pen) dashes(from, to image.Point) {
	d := to.Sub(from)
	steps := max(max(d.X, -d.X), max(d.Y, -d.Y))/p.scale + 1
	for i := range steps {
		light := uint8(white)
		if i/8%2 == 1 {
			light = black
		}
		p.block(from.X+d.X*i/steps, from.Y+d.Y*i/steps, light)
	}
}
