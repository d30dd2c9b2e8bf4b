package vision

import "math"

// detail is what a picture has of edges: how much fine detail and how much coarse, and
// where the coarse ones are, with their directions.
//
// The coarse ones are taken between means of four by four pixels, which noise hardly
// reaches. Each is shortened to less than one: a strong edge is no more of an edge than
// a weak one that is clearly there, and exposure changes little of that.
type detail struct {
	mean   [fineCells]int32
	open   [fineCells]uint8 // not masked, and its neighbours neither
	gx, gy [fineCells]float32
	fine   float64 // energy of what four by four means do not show, without noise
	coarse float64 // energy of what they show
	edges  float64 // sum of the squared shortened edges
}

// softEdge is the step between two means of four pixels that counts as half an edge.
const softEdge = 10

func (d *detail) measure(e *Eye) {
	for c := range d.mean {
		d.mean[c], d.open[c] = 0, 1
	}
	for y := range height {
		row := y / fine * fineCols
		luma, open := e.now.luma[y*width:][:width], e.open[y*width:][:width]
		for x := 0; x < width; x += fine {
			c := row + x/fine
			d.mean[c] += int32(luma[x]) + int32(luma[x+1]) + int32(luma[x+2]) + int32(luma[x+3])
			d.open[c] &= open[x] & open[x+1] & open[x+2] & open[x+3]
		}
	}
	d.coarse, d.edges = 0, 0
	n := 0
	for y := 1; y < fineRows-1; y++ {
		for x := 1; x < fineCols-1; x++ {
			c := y*fineCols + x
			d.gx[c], d.gy[c] = 0, 0
			if d.open[c]&d.open[c-1]&d.open[c+1]&d.open[c-fineCols]&d.open[c+fineCols] == 0 {
				continue
			}
			gx := float64(d.mean[c+1]-d.mean[c-1]) / (fine * fine)
			gy := float64(d.mean[c+fineCols]-d.mean[c-fineCols]) / (fine * fine)
			q := gx*gx + gy*gy
			d.coarse += q
			k := 1 / (math.Sqrt(q) + softEdge)
			d.gx[c], d.gy[c] = float32(gx*k), float32(gy*k)
			d.edges += q * k * k
			n++
		}
	}
	// Of means of sixteen pixels a quarter of the noise's variance is left in this.
	d.coarse = max(d.coarse/float64(max(n, 1))-e.ground.hiss*e.ground.hiss/4, 0)
	// White noise of deviation s adds 20 s² to the variance of the Laplacian.
	d.fine = max(e.light.sharpness-20*e.ground.hiss*e.ground.hiss, 0)
}

// box is a part of a picture, in small cells: x from left to right, y from top to bottom.
type box struct{ left, top, right, bottom int }

// whole is all that has edges.
var whole = box{1, 1, fineCols - 1, fineRows - 1}

// likeness is the correlation of the edges with others, moved by dx and dy small cells:
// 1 for the same, about 0 for another scene.
func (d *detail) likeness(gx, gy *[fineCells]float32, dx, dy int) float64 {
	is, _ := d.alike(gx, gy, dx, dy, whole)
	return is
}

// alike is likeness within a box, and how much of edges the others have there. Upright and
// level edges are compared apart, and the lesser counts: a kerb looks the same however far
// a camera is turned along it.
func (d *detail) alike(gx, gy *[fineCells]float32, dx, dy int, in box) (is, edges float64) {
	var x, y correlation
	for v := max(in.top, 1-dy); v < min(in.bottom, fineRows-1-dy); v++ {
		from, to := v*fineCols, (v+dy)*fineCols+dx
		for u := max(in.left, 1-dx); u < min(in.right, fineCols-1-dx); u++ {
			if i, j := to+u, from+u; d.open[i] != 0 {
				x.add(d.gx[i], gx[j])
				y.add(d.gy[i], gy[j])
			}
		}
	}
	edges = float64(x.there + y.there)
	switch {
	case x.there < leastSide*(x.there+y.there):
		return y.value(), edges
	case y.there < leastSide*(x.there+y.there):
		return x.value(), edges
	}
	return min(x.value(), y.value()), edges
}

// left is how much of others' edges is still where it was, 1 for all: what noise and other
// things add beside them does not count, a veil before them takes its share.
func (d *detail) left(gx, gy *[fineCells]float32) float64 {
	var both, there float32
	for i := range gx {
		if d.open[i] != 0 {
			both += d.gx[i]*gx[i] + d.gy[i]*gy[i]
			there += gx[i]*gx[i] + gy[i]*gy[i]
		}
	}
	if there == 0 {
		return 1
	}
	return float64(both / there)
}

// shown is how much of edges there is both in the picture and in others, per place: of noise,
// which is another one in each, nothing. No part counts for more than mostShown: a stripe
// that a cover leaves free is no view.
func (d *detail) shown(gx, gy *[fineCells]float32) float64 {
	sum, n := 0.0, 0
	for i := range parts * parts {
		in, both, open := part(i), float32(0), 0
		for y := in.top; y < in.bottom; y++ {
			for c := y*fineCols + in.left; c < y*fineCols+in.right; c++ {
				both += d.gx[c]*gx[c] + d.gy[c]*gy[c]
				open += int(d.open[c])
			}
		}
		sum += min(float64(both), mostShown*float64(open))
		n += open
	}
	return sum / float64(max(n, 1))
}

// Of shown.
const (
	leastShown = 0.03 // with less there is no view
	mostShown  = 0.06 // of a part
)

// steady is the share of the known edges that stand in parts of the picture that are as
// they were, as far as those known are to be trusted. A camera that was turned has hardly
// any; where a river has risen over half of the picture, or a wall was painted, the rest of
// it says that the camera stands.
func (d *detail) steady(gx, gy *[fineCells]float32, trust float64) float64 {
	var same, all float64
	for i := range parts * parts {
		is, edges := d.alike(gx, gy, 0, 0, part(i))
		all += edges
		if is > samePart*trust {
			same += edges
		}
	}
	return same / max(all, 1e-9)
}

// part is one of the parts that a picture is compared in.
func part(i int) box {
	x, y := i%parts, i/parts
	return box{max(x*fineCols/parts, 1), max(y*fineRows/parts, 1), min((x+1)*fineCols/parts, fineCols-1), min((y+1)*fineRows/parts, fineRows-1)}
}

// Of steady.
const (
	parts    = 5
	samePart = 0.8 // correlation of a part with what it was
)

// leastSide is the share of all edges that upright or level ones need to be compared.
const leastSide = 0.15

type correlation struct{ both, here, there float32 }

func (c *correlation) add(a, b float32) {
	c.both += a * b
	c.here += a * a
	c.there += b * b
}

func (c *correlation) value() float64 {
	if c.here == 0 || c.there == 0 {
		return 0
	}
	return float64(c.both) / math.Sqrt(float64(c.here)*float64(c.there))
}
