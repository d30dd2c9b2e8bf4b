package camera

import (
	"fmt"
	"image"
	"image/color"
	"math"
)

// Layers tell how far away a pixel of the backdrop is: haze swallows the far ones
// first.
const (
	sky = iota
	skyline
	bridge
	quay
	layers
)

// backdrop is all that does not move: the street without its river, by full
// daylight, and the layer of each pixel.
type backdrop struct {
	pix   *image.RGBA
	layer []uint8
}

// newBackdrop paints from far to near. texture gives stone its grain.
func newBackdrop(texture *noise) backdrop {
	b := backdrop{image.NewRGBA(image.Rect(0, 0, Width, Height)), make([]uint8, Width*Height)}
	for y := range Height {
		u := min(float64(y)/(horizon+40), 1)
		b.row(y, 0, Width, sky, func(int) color.RGBA { return blend(color.RGBA{116, 158, 201, 255}, color.RGBA{206, 219, 226, 255}, u) })
	}
	b.city()
	b.bridge(texture)
	b.quay(texture)
	b.staff()
	return b
}

func (b backdrop) row(y, from, to int, layer uint8, c func(x int) color.RGBA) {
	for x := max(from, 0); x < min(to, Width); x++ {
		b.pix.SetRGBA(x, y, c(x))
		b.layer[y*Width+x] = layer
	}
}

// city is a row of houses and trees on the far bank.
func (b backdrop) city() {
	foot := int(row(StaffBottom, atFarBank))
	x := 0
	for i := 0; x < Width; i++ {
		wide := 22 + i*29%31
		top := horizon - 18 - i*47%58
		shade := uint8(122 + i*23%40)
		for y := top; y < foot; y++ {
			b.row(y, x, x+wide, skyline, func(x int) color.RGBA {
				if (y-top)%7 == 3 && x%6 < 3 && y < horizon-4 { // windows
					return color.RGBA{shade - 26, shade - 18, shade - 10, 255}
				}
				return color.RGBA{shade, shade, shade + 8, 255}
			})
		}
		x += wide
	}
	for y := horizon - 9; y < foot; y++ { // trees along the bank
		b.row(y, 0, Width, skyline, func(x int) color.RGBA {
			if h := 5 + x*x/7%5; y < horizon-h {
				return b.pix.RGBAAt(x, y)
			}
			return color.RGBA{84, 112, 78, 255}
		})
	}
	for y := foot; y <= int(Row(wallTop)); y++ { // the lawn behind the quay
		b.row(y, bridgeEnd, Width, bridge, func(x int) color.RGBA { return scale(color.RGBA{116, 132, 92, 255}, 1-float64(x*y%5)/40) })
	}
}

// bridge is a stone arch with a parapet.
func (b backdrop) bridge(texture *noise) {
	foot := int(row(StaffBottom, atBridge)) + 1
	for y := deckTop; y < foot; y++ {
		b.row(y, 0, bridgeEnd+1, bridge, func(x int) color.RGBA {
			if inArch(x) && float64(y) >= archRow(x) || y < deckTop+9 && x%9 < 4 && y > deckTop+3 {
				b.layer[y*Width+x] = skyline
				return b.pix.RGBAAt(x, y) // one looks through
			}
			return stone(color.RGBA{151, 144, 131, 255}, texture, x, y, 16, 7)
		})
		for x := range bridgeEnd + 1 { // what is seen through the openings stays far
			if inArch(x) && float64(y) >= archRow(x) {
				b.layer[y*Width+x] = skyline
			}
		}
	}
	b.row(deckLow, 0, bridgeEnd+1, bridge, func(x int) color.RGBA { return color.RGBA{112, 106, 96, 255} })
}

// quay is the wall that faces the camera right of the corner, and runs away from
// it to the left.
func (b backdrop) quay(texture *noise) {
	for x := bridgeEnd; x < Width; x++ {
		distance, shade := atStaff, 1.0
		if x < corner {
			distance, shade = float64(corner-vanishing)/float64(x-vanishing), 0.78
		}
		top := int(row(wallTop, distance))
		for y := top; y < Height; y++ {
			c := stone(color.RGBA{138, 133, 122, 255}, texture, x, y, 46, 22)
			if y < top+int(9/distance) {
				c = color.RGBA{176, 172, 162, 255} // coping
			}
			b.pix.SetRGBA(x, y, scale(c, shade))
			b.layer[y*Width+x] = quay
		}
	}
}

// stone is one pixel of masonry: base with joints each wide by high, and grain.
func stone(base color.RGBA, texture *noise, x, y, wide, high int) color.RGBA {
	course := y / high
	k := 1 + texture.at(x, y)*0.10 + texture.at(x/wide+course*3, course)*0.10
	if y%high == 0 || (x+course%2*wide/2)%wide == 0 {
		k *= 0.72
	}
	return scale(base, k)
}

// staff is a water gauge: a white board, centimetres as bars that form an E for
// each half decimetre, alternating left and right, and a number for each
// decimetre. A pixel is as dark as the bar's share of it.
func (b backdrop) staff() {
	white, ink := color.RGBA{244, 244, 240, 255}, color.RGBA{190, 24, 32, 255}
	top, bottom := int(math.Round(Row(StaffTop))), int(math.Round(Row(StaffBottom)))
	fill(b.pix, image.Rect(StaffLeft-2, top-2, StaffRight+2, bottom), color.RGBA{60, 60, 62, 255})
	fill(b.pix, image.Rect(StaffLeft, top, StaffRight, bottom), white)
	for y := top; y < bottom; y++ {
		for x := StaffLeft; x < StaffLeft+18; x++ {
			b.pix.SetRGBA(x, y, blend(white, ink, inked(x-StaffLeft, float64(y))))
		}
	}
	for d := int(StaffBottom*10) + 1; d <= int(StaffTop*10); d++ {
		z := float64(d) / 10
		write(b.pix, fmt.Sprintf("%.1f", z), StaffLeft+24, int(math.Round(Row(z)))+3, 1, color.RGBA{24, 24, 28, 255})
		fill(b.pix, image.Rect(StaffLeft, int(math.Round(Row(z))), StaffRight-2, int(math.Round(Row(z)))+1), color.RGBA{24, 24, 28, 255})
	}
}

// inked returns how much of a staff's pixel is ink: column x of the E, picture
// row y. Each half decimetre has bars in its first, third and fifth centimetre
// and a spine; the E looks right in one and left in the next.
func inked(x int, y float64) float64 {
	share := 0.0
	const parts = 8
	for i := range parts {
		z := eyeLevel - (y+(float64(i)+0.5)/parts-horizon)/perMetre // metres
		cm := int(math.Floor(z * 100))
		half := cm / 5
		spine := x < 4
		if half%2 != 0 {
			spine = x >= 14
		}
		if spine || cm%5%2 == 0 {
			share += 1.0 / parts
		}
	}
	return share
}

func blend(a, b color.RGBA, u float64) color.RGBA {
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*u + 0.5) }
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

func scale(c color.RGBA, k float64) color.RGBA {
	s := func(v uint8) uint8 { return uint8(min(max(float64(v)*k, 0), 255)) }
	return color.RGBA{s(c.R), s(c.G), s(c.B), 255}
}
