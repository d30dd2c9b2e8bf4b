package area

import "math"

// GCJ-02 shifts positions in China by some hundred metres against WGS 84. The formula is
// that of the openly known implementations; it has no published standard. The constants
// are those of the Krasovsky 1940 ellipsoid.
const (
	krasovskyA  = 6378245.0
	krasovskyE2 = 0.00669342162296594323
)

// outsideGCJ says whether p lies where GCJ-02 does not shift.
func outsideGCJ(p Point) bool {
	return p[0] < 72.004 || p[0] > 137.8347 || p[1] < 0.8293 || p[1] > 55.8271
}

// toGCJ shifts a WGS 84 position.
func toGCJ(p Point) Point {
	if outsideGCJ(p) {
		return p
	}
	x, y := p[0]-105, p[1]-35
	waves := func(v, a, b float64) float64 { return a*math.Sin(v*math.Pi) + b*math.Sin(v*math.Pi/3) }
	short := 20*math.Sin(6*x*math.Pi) + 20*math.Sin(2*x*math.Pi)
	lat := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*math.Sqrt(math.Abs(x)) +
		(short+waves(y, 20, 40)+160*math.Sin(y/12*math.Pi)+320*math.Sin(y*math.Pi/30))*2/3
	lon := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*math.Sqrt(math.Abs(x)) +
		(short+waves(x, 20, 40)+150*math.Sin(x/12*math.Pi)+300*math.Sin(x/30*math.Pi))*2/3
	phi := p[1] / 180 * math.Pi
	w2 := 1 - krasovskyE2*math.Sin(phi)*math.Sin(phi)
	w := math.Sqrt(w2)
	return Point{
		p[0] + lon*180/(krasovskyA/w*math.Cos(phi)*math.Pi),
		p[1] + lat*180/(krasovskyA*(1-krasovskyE2)/(w2*w)*math.Pi),
	}
}

// fromGCJ finds the WGS 84 position that toGCJ shifts to p, to about a centimetre. The
// shift changes so little from place to place that a few rounds are enough.
func fromGCJ(p Point) Point {
	w := p
	for range 20 {
		g := toGCJ(w)
		dx, dy := g[0]-p[0], g[1]-p[1]
		w = Point{w[0] - dx, w[1] - dy}
		if math.Abs(dx) < 1e-9 && math.Abs(dy) < 1e-9 {
			break
		}
	}
	return w
}

// converted is s with each point in WGS 84.
func (s Shape) converted(from func(Point) Point) Shape {
	for _, polygon := range s {
		for _, ring := range polygon {
			for i := range ring {
				ring[i] = from(ring[i])
			}
		}
	}
	return s
}
