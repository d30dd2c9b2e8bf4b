package vision

import (
	"math"
	"slices"
)

// layout says where the rows of the strip are.
type layout struct {
	rows        int
	top, bottom Point      // middles of the first and the last row
	high, low   float64    // their levels
	half        float64    // of the width, as a share
	staff       [2]float64 // levels between which there is a staff: of the marks, or highest
	upper       int        // row down from which it is a staff, negative above the strip
	lower       int        // row of the lower one
	decimetre   float64    // rows
	window      int        // rows that are judged on either side of the line
	view        [4]int     // the strip's box in the reduced picture: x0, y0, x1, y1
}

// Of the strip.
const (
	stripRows    = 480
	stripCols    = 16
	medianOf     = 5
	medianWithin = 10.0 // seconds that the pictures of a median lie apart at most
	windowMetres = 0.10 // two marks of five centimetres
	leastWindow  = 8
)

// layoutOf is where a staff is in the picture; how many rows it has there depends on that.
func layoutOf(c Staff) layout {
	a, b := c.Marks[0], c.Marks[1]
	if a.At.Y > b.At.Y {
		a, b = b, a
	}
	low, high := c.Lowest, c.Highest
	if low == 0 && high == 0 {
		half := (a.Level - b.Level) / 2
		low, high = b.Level-half, a.Level+half
	}
	at := func(level float64) Point {
		u := (level - a.Level) / (b.Level - a.Level)
		return Point{a.At.X + u*(b.At.X-a.At.X), a.At.Y + u*(b.At.Y-a.At.Y)}
	}
	perShare := (b.Level - a.Level) / (b.At.Y - a.At.Y) // metres, negative
	edge := c.Width / 2
	high = min(high, a.Level-a.At.Y*perShare)   // the upper edge of the picture
	low = max(low, a.Level+(1-a.At.Y)*perShare) // the lower one
	l := layout{rows: stripRows, top: at(high), bottom: at(low), high: high, low: low, half: edge * 0.85, staff: [2]float64{a.Level, b.Level}}
	if !(c.Lowest == 0 && c.Highest == 0) {
		l.staff[0] = high
	}
	l.view = [4]int{
		int(max(min(l.top.X, l.bottom.X)-edge, 0) * width), int(max(l.top.Y, 0) * height),
		int(min(max(l.top.X, l.bottom.X)+edge, 1) * width), int(min(l.bottom.Y, 1) * height),
	}
	return l
}

// fit chooses how many rows the strip has: as many as the picture has there.
func (s *staff) fit(full plane) {
	l := &s.lay
	rows := int((l.bottom.Y - l.top.Y) * float64(full.h))
	rows = min(max(rows, 4*leastWindow), stripRows)
	if rows != l.rows {
		l.rows, s.n = rows, 0
	}
	perMetre := float64(rows) / (l.high - l.low)
	l.window = max(int(windowMetres*perMetre+0.5), leastWindow)
	l.decimetre = perMetre / 10
	l.upper, l.lower = int((l.high-l.staff[0])*perMetre), int((l.high-l.staff[1])*perMetre)
}

// level of a place between two rows.
func (s *staff) level(row float64) float64 {
	return s.lay.high + (s.lay.low-s.lay.high)*row/float64(s.lay.rows)
}

// take cuts the strip out of a picture.
func (s *staff) take(full plane) {
	at := s.n % medianOf
	to, l := &s.strips[at], &s.lay
	s.times[at] = s.clock
	s.n++
	for k := range l.rows {
		u := (float64(k) + 0.5) / float64(l.rows)
		y := (l.top.Y+u*(l.bottom.Y-l.top.Y))*float64(full.h) - 0.5
		mid := l.top.X + u*(l.bottom.X-l.top.X)
		for c := range stripCols {
			x := (mid+l.half*((float64(c)+0.5)/stripCols*2-1))*float64(full.w) - 0.5
			to[k*stripCols+c] = full.at(x, y)
		}
	}
}

// at is a level between pixels.
func (p plane) at(x, y float64) uint8 {
	x, y = min(max(x, 0), float64(p.w-1)), min(max(y, 0), float64(p.h-1))
	i, j := int(x), int(y)
	u, v := int(256*(x-float64(i))), int(256*(y-float64(j)))
	i1, j1 := min(i+1, p.w-1), min(j+1, p.h-1)
	a, b := p.pix[j*p.stride:], p.pix[j1*p.stride:]
	upper := int(a[i])*(256-u) + int(a[i1])*u
	lower := int(b[i])*(256-u) + int(b[i1])*u
	return uint8((upper*(256-v) + lower*v + 1<<15) >> 16)
}

// mix sets median and the sums over it.
func (s *staff) mix() {
	var recent [medianOf]*[stripRows * stripCols]uint8
	n := 0
	for i := range min(s.n, medianOf) {
		if s.clock-s.times[i] <= medianWithin {
			recent[n] = &s.strips[i]
			n++
		}
	}
	size := s.lay.rows * stripCols
	if n < 3 {
		copy(s.median[:size], s.strips[(s.n-1)%medianOf][:size])
	} else {
		var v [medianOf]uint8
		for i := range size {
			for k := range n {
				v[k] = recent[k][i]
			}
			slices.Sort(v[:n])
			s.median[i] = v[n/2]
		}
	}
	for k := range s.lay.rows {
		sum, squares := 0, 0
		for _, p := range s.median[k*stripCols:][:stripCols] {
			sum += int(p)
			squares += int(p) * int(p)
		}
		s.sum[k+1] = s.sum[k] + float64(sum)
		s.squares[k+1] = s.squares[k] + float64(squares)
	}
}

// deviation of the levels from one row up to another.
func (s *staff) deviation(from, to int) float64 {
	n := float64((to - from) * stripCols)
	mean := (s.sum[to] - s.sum[from]) / n
	return math.Sqrt(max((s.squares[to]-s.squares[from])/n-mean*mean, 0))
}

// moving is by how many levels rows differ from one picture to the next, the mean over the
// last pictures.
func (s *staff) moving(from, to int) float64 {
	sum, n := 0, min(s.n, medianOf)
	for i := 1; i < n; i++ {
		a, b := &s.strips[(s.n-i)%medianOf], &s.strips[(s.n-i-1)%medianOf]
		for k := from * stripCols; k < to*stripCols; k++ {
			d := int(a[k]) - int(b[k])
			sum += max(d, -d)
		}
	}
	return float64(sum) / float64(max((n-1)*(to-from)*stripCols, 1))
}
