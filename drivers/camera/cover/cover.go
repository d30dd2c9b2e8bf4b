// Package cover says which dots of a picture an area covers: none that it touches is left
// out, so that what is blackened for privacy has no seam.
package cover

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/camera/vision"
)

// Dots calls set for each dot of a w × h picture that p touches, some more than once:
// those whose middle is in it, and those that one of its sides runs through.
func Dots(p vision.Polygon, w, h int, set func(x, y int)) {
	p.Fill(w, h, set)
	for i, a := range p {
		b := p[(i+1)%len(p)]
		side{a.X * float64(w), a.Y * float64(h), b.X * float64(w), b.Y * float64(h)}.dots(w, h, set)
	}
}

// side is a straight line from one corner to the next, in dots.
type side struct{ x0, y0, x1, y1 float64 }

// dots calls set for each dot that the line runs through or along, row by row.
func (s side) dots(w, h int, set func(x, y int)) {
	if s.y0 > s.y1 {
		s = side{s.x1, s.y1, s.x0, s.y0}
	}
	for y := dot(s.y0, h); y <= dot(s.y1, h); y++ {
		from, to := s.at(float64(y)), s.at(float64(y+1))
		for x := dot(min(from, to), w); x <= dot(max(from, to), w); x++ {
			set(x, y)
		}
	}
}

// at is where the line is at a height, or at its end next to it.
func (s side) at(y float64) float64 {
	switch {
	case y <= s.y0:
		return s.x0
	case y >= s.y1:
		return s.x1
	}
	return s.x0 + (y-s.y0)/(s.y1-s.y0)*(s.x1-s.x0)
}

// dot is the one of n that v stands in; the last one ends with n.
func dot(v float64, n int) int { return min(max(int(math.Floor(v)), 0), n-1) }
