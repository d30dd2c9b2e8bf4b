package area

import "math"

// What is kept of a line for drawing.
const (
	drawnDecimals = 5    // of a degree: a metre
	drawnSlack    = 1e-5 // degrees of latitude by which a line may differ from what the file has
	// atOnce bounds the work on one line: what is far apart on it is not compared.
	atOnce = 1000
)

// thinned is a line without the positions that nobody would see: those less than drawnSlack
// from the line without them (Douglas and Peucker). Its first and last stay. It may have one
// position only where all lie together.
func thinned(line []Point) []Point {
	keep := make([]bool, len(line))
	for from := 0; from < len(line)-1; from += atOnce {
		to := min(from+atOnce, len(line)-1)
		keep[from], keep[to] = true, true
		thin(line, keep, from, to)
	}
	kept := make([]Point, 0, len(line))
	for i, p := range line {
		if keep[i] {
			kept = append(kept, p)
		}
	}
	return roundedRing(kept, math.Pow10(drawnDecimals))
}

// thin marks what is to be kept between two positions of a line.
func thin(line []Point, keep []bool, from, to int) {
	for spans := [][2]int{{from, to}}; len(spans) > 0; {
		a, b := spans[len(spans)-1][0], spans[len(spans)-1][1]
		spans = spans[:len(spans)-1]
		far, at := 0.0, -1
		for i := a + 1; i < b; i++ {
			if d := apart(line[i], line[a], line[b]); d > far {
				far, at = d, i
			}
		}
		if far <= drawnSlack {
			continue
		}
		keep[at] = true
		spans = append(spans, [2]int{a, at}, [2]int{at, b})
	}
}

// apart is how far p is from the line between a and b, in degrees of latitude.
func apart(p, a, b Point) float64 {
	narrow := math.Cos(a[1] * math.Pi / 180)
	x, y := (p[0]-a[0])*narrow, p[1]-a[1]
	dx, dy := (b[0]-a[0])*narrow, b[1]-a[1]
	if length := dx*dx + dy*dy; length > 0 {
		t := min(max((x*dx+y*dy)/length, 0), 1)
		x, y = x-t*dx, y-t*dy
	}
	return math.Hypot(x, y)
}
