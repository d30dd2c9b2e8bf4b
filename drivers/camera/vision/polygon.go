package vision

import (
	"errors"
	"fmt"
	"math"
)

// Point is a place in a picture, as shares of its width and height.
type Point struct{ X, Y float64 }

// Polygon is an area of a picture: its corners in order, either way round. The last is
// joined to the first.
type Polygon []Point

// Bounds of a polygon.
const (
	LeastCorners = 3
	MostCorners  = 32
	leastArea    = 1e-4 // of the picture: eight pixels of the reduced one
)

// Check says what is wrong with a polygon: too few or too many corners, one outside the
// picture, sides that cross or touch, or hardly any area.
func (p Polygon) Check() error {
	if len(p) < LeastCorners || len(p) > MostCorners {
		return fmt.Errorf("%d corners; write %d to %d", len(p), LeastCorners, MostCorners)
	}
	for i, c := range p {
		if !c.inside() {
			return fmt.Errorf("corner %d, [%v, %v], is outside the picture; write 0 to 1 of its width and height", i+1, c.X, c.Y)
		}
	}
	if p.area() < leastArea {
		return errors.New("it has hardly any area; are its corners on one line?")
	}
	for i := range p {
		for j := i + 1; j < len(p); j++ {
			if p.meet(i, j) {
				return fmt.Errorf("the sides from corner %d and from corner %d cross; write the corners in order around the area", i+1, j+1)
			}
		}
	}
	return nil
}

// inside says whether c is in the picture; a coordinate that is no number is not.
func (c Point) inside() bool { return c.X >= 0 && c.X <= 1 && c.Y >= 0 && c.Y <= 1 }

func (p Polygon) corner(i int) Point { return p[i%len(p)] }

// area is the share of the picture inside, by the shoelace formula.
func (p Polygon) area() float64 {
	sum := 0.0
	for i, a := range p {
		b := p.corner(i + 1)
		sum += a.X*b.Y - b.X*a.Y
	}
	return math.Abs(sum) / 2
}

// meet says whether side i and a later side j have a point in common beside the corner
// that neighbours share.
func (p Polygon) meet(i, j int) bool {
	a, b, c, d := p[i], p.corner(i+1), p[j], p.corner(j+1)
	switch {
	case j == i+1: // b is c
		return fold(a, b, d)
	case i == 0 && j == len(p)-1: // d is a
		return fold(c, a, b)
	}
	return between(a, b, c, d) && between(c, d, a, b)
}

// between says whether c and d are not both on one side of the line through a and b, or,
// where all are on one line, whether the stretches overlap.
func between(a, b, c, d Point) bool {
	u, v := cross(a, b, c), cross(a, b, d)
	if u == 0 && v == 0 {
		return max(min(a.X, b.X), min(c.X, d.X)) <= min(max(a.X, b.X), max(c.X, d.X)) &&
			max(min(a.Y, b.Y), min(c.Y, d.Y)) <= min(max(a.Y, b.Y), max(c.Y, d.Y))
	}
	return u <= 0 && v >= 0 || u >= 0 && v <= 0
}

// fold says whether the way from a over b to c goes back on itself.
func fold(a, b, c Point) bool {
	return cross(a, b, c) == 0 && (b.X-a.X)*(c.X-b.X)+(b.Y-a.Y)*(c.Y-b.Y) <= 0
}

func cross(a, b, c Point) float64 { return (b.X-a.X)*(c.Y-a.Y) - (b.Y-a.Y)*(c.X-a.X) }

// Holds says whether a point is in p; one on its edge may be or not.
func (p Polygon) Holds(c Point) (in bool) {
	for i, a := range p {
		b := p.corner(i + 1)
		if (a.Y <= c.Y) != (b.Y <= c.Y) && c.X < a.X+(c.Y-a.Y)/(b.Y-a.Y)*(b.X-a.X) {
			in = !in
		}
	}
	return in
}

// Fill calls set for each pixel of a w × h picture whose middle is in p.
func (p Polygon) Fill(w, h int, set func(x, y int)) {
	var at [MostCorners]float64
	for y := range h {
		v := (float64(y) + 0.5) / float64(h)
		n := 0
		for i, a := range p {
			if b := p.corner(i + 1); (a.Y <= v) != (b.Y <= v) {
				x := a.X + (v-a.Y)/(b.Y-a.Y)*(b.X-a.X)
				k := n
				for ; k > 0 && at[k-1] > x; k-- {
					at[k] = at[k-1]
				}
				at[k] = x
				n++
			}
		}
		for i := 0; i+1 < n; i += 2 {
			from := max(int(math.Ceil(at[i]*float64(w)-0.5)), 0)
			to := min(int(math.Ceil(at[i+1]*float64(w)-0.5)), w)
			for x := from; x < to; x++ {
				set(x, y)
			}
		}
	}
}
