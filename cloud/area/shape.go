package area

import (
	"encoding/json"
	"math"
)

// Point is a longitude and a latitude in degrees, WGS 84, as GeoJSON orders them.
type Point [2]float64

// Shape is the boundary of an area: polygons, each an outer ring and the rings of its
// holes. A ring is closed: its last point is its first.
type Shape [][][]Point

// box is the smallest rectangle around something; empty where low is above high.
type box struct{ low, high Point }

var nothing = box{Point{math.Inf(1), math.Inf(1)}, Point{math.Inf(-1), math.Inf(-1)}}

func (b *box) has(p Point) bool {
	return p[0] >= b.low[0] && p[0] <= b.high[0] && p[1] >= b.low[1] && p[1] <= b.high[1]
}

func (b box) with(o box) box {
	for i := range 2 {
		b.low[i], b.high[i] = min(b.low[i], o.low[i]), max(b.high[i], o.high[i])
	}
	return b
}

func (s Shape) box() box {
	b := nothing
	for _, polygon := range s {
		for _, ring := range polygon {
			for _, p := range ring {
				b = b.with(box{p, p})
			}
		}
	}
	return b
}

// has says whether p lies in s. Of two shapes that share a border, a point on it lies in
// exactly one: neither a gauge nor a gap is counted twice or lost.
func (s Shape) has(p Point) bool {
	in := false
	for _, polygon := range s {
		for _, ring := range polygon {
			for i := 1; i < len(ring); i++ {
				if crosses(ring[i-1], ring[i], p) {
					in = !in
				}
			}
		}
	}
	return in
}

// crosses says whether the ray from p to the east crosses the edge between a and b. The
// ends are put in order first, so that both neighbours of an edge compute the same, to
// the last bit.
func crosses(a, b, p Point) bool {
	if a[1] > b[1] {
		a, b = b, a
	}
	if p[1] < a[1] || p[1] >= b[1] {
		return false
	}
	return p[0] < a[0]+(p[1]-a[1])*(b[0]-a[0])/(b[1]-a[1])
}

// size is the shape's area, in square degrees of latitude: to tell a small one from one
// around it.
func (s Shape) size() float64 {
	sum := 0.0
	for _, polygon := range s {
		for n, ring := range polygon {
			twice := 0.0
			for i := 1; i < len(ring); i++ {
				twice += ring[i-1][0]*ring[i][1] - ring[i][0]*ring[i-1][1]
			}
			if twice = math.Abs(twice); n > 0 {
				twice = -twice
			}
			sum += twice / 2 * math.Cos(ring[0][1]*math.Pi/180)
		}
	}
	return sum
}

// points counts the corners.
func (s Shape) points() (n int) {
	for _, polygon := range s {
		for _, ring := range polygon {
			n += len(ring)
		}
	}
	return n
}

// rounded is s with so many decimals of a degree, without the points that fall onto the one
// before: what is left of a border is the same on both its sides, so that no gap opens.
// Rings of which no surface is left are left out.
func (s Shape) rounded(decimals int) (out Shape) {
	scale := math.Pow10(decimals)
	for _, polygon := range s {
		var rings [][]Point
		for n, ring := range polygon {
			if r := roundedRing(ring, scale); len(r) >= 4 {
				rings = append(rings, r)
			} else if n == 0 {
				break // and its holes with it
			}
		}
		if len(rings) > 0 {
			out = append(out, rings)
		}
	}
	return out
}

func roundedRing(ring []Point, scale float64) (out []Point) {
	for _, p := range ring {
		p = Point{math.Round(p[0]*scale) / scale, math.Round(p[1]*scale) / scale}
		if len(out) == 0 || out[len(out)-1] != p {
			out = append(out, p)
		}
	}
	return out
}

// geometry is s as GeoJSON, null for none.
func (s Shape) geometry() json.RawMessage {
	if len(s) == 0 {
		return json.RawMessage("null")
	}
	b, err := json.Marshal(struct {
		Type        string `json:"type"`
		Coordinates Shape  `json:"coordinates"`
	}{"MultiPolygon", s})
	if err != nil { // a coordinate that is no number, which no file can hold
		return json.RawMessage("null")
	}
	return b
}
