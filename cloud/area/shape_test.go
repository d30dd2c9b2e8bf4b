package area

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/edge/wire"
)

// winds is another way to say whether a point lies in a ring: the sum of the angles under
// which it sees the edges is a full turn, or none.
func winds(ring []Point, p Point) bool {
	sum := 0.0
	for i := 1; i < len(ring); i++ {
		ax, ay := ring[i-1][0]-p[0], ring[i-1][1]-p[1]
		bx, by := ring[i][0]-p[0], ring[i][1]-p[1]
		sum += math.Atan2(ax*by-ay*bx, ax*bx+ay*by)
	}
	return math.Abs(sum) > math.Pi
}

// star draws a ring around the origin that does not cross itself.
func star(t *rapid.T) []Point {
	n := rapid.IntRange(3, 12).Draw(t, "corners")
	var ring []Point
	for i := range n {
		r := rapid.Float64Range(0.2, 1).Draw(t, "radius")
		a := 2 * math.Pi * float64(i) / float64(n)
		ring = append(ring, Point{r * math.Cos(a), r * math.Sin(a)})
	}
	return append(ring, ring[0])
}

func TestPointInPolygonAgreesWithAngles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		outer := star(t)
		hole := []Point{{-0.05, -0.05}, {0.05, -0.05}, {0.05, 0.05}, {-0.05, 0.05}, {-0.05, -0.05}}
		s := Shape{{outer, hole}}
		p := Point{rapid.Float64Range(-1.1, 1.1).Draw(t, "x"), rapid.Float64Range(-1.1, 1.1).Draw(t, "y")}
		if near(outer, p) || near(hole, p) {
			return // on the line, the angles say nothing
		}
		if got, want := s.has(p), winds(outer, p) && !winds(hole, p); got != want {
			t.Fatalf("%v in %v = %v, the angles say %v", p, s, got, want)
		}
	})
}

// near says whether p is so close to an edge that rounding decides.
func near(ring []Point, p Point) bool {
	for i := 1; i < len(ring); i++ {
		a, b := ring[i-1], ring[i]
		dx, dy := b[0]-a[0], b[1]-a[1]
		u := max(0, min(1, ((p[0]-a[0])*dx+(p[1]-a[1])*dy)/(dx*dx+dy*dy)))
		if math.Hypot(p[0]-a[0]-u*dx, p[1]-a[1]-u*dy) < 1e-9 {
			return true
		}
	}
	return false
}

// mosaic is a square of n × n quarters whose inner corners are moved about.
func mosaic(t *rapid.T, n int) (corner [][]Point, tiles []Shape) {
	for y := range n + 1 {
		var row []Point
		for x := range n + 1 {
			p := Point{120 + float64(x), 30 + float64(y)}
			if x > 0 && x < n && y > 0 && y < n {
				p[0] += rapid.Float64Range(-0.3, 0.3).Draw(t, "dx")
				p[1] += rapid.Float64Range(-0.3, 0.3).Draw(t, "dy")
			}
			row = append(row, p)
		}
		corner = append(corner, row)
	}
	for y := range n {
		for x := range n {
			a, b, c, d := corner[y][x], corner[y][x+1], corner[y+1][x+1], corner[y+1][x]
			tiles = append(tiles, Shape{{{a, b, c, d, a}}})
		}
	}
	return corner, tiles
}

// A point on a common border, or on a corner of four, lies in exactly one.
func TestBordersBelongToOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		corner, tiles := mosaic(t, 3)
		check := func(p Point) {
			in := 0
			for _, s := range tiles {
				if s.has(p) {
					in++
				}
			}
			if in != 1 {
				t.Fatalf("%v lies in %d tiles", p, in)
			}
		}
		for y := 1; y < 3; y++ {
			for x := 1; x < 3; x++ {
				a, b := corner[y][x], corner[y][x+1]
				check(a)
				u := rapid.Float64Range(0, 1).Draw(t, "u")
				if x < 2 {
					check(Point{a[0] + u*(b[0]-a[0]), a[1] + u*(b[1]-a[1])})
				}
			}
		}
	})
}

func TestSize(t *testing.T) {
	square := func(low, high float64) []Point {
		return []Point{{low, low}, {high, low}, {high, high}, {low, high}, {low, low}}
	}
	s := Shape{{square(0, 2), square(0.5, 1.5)}}
	if got := s.size(); math.Abs(got-3) > 0.001 {
		t.Errorf("a square of 4 with a hole of 1 has size %v", got)
	}
}

// The positions are those with which the openly known implementations of GCJ-02 are
// tested, in both systems.
func TestGCJ02(t *testing.T) {
	for _, c := range []struct{ wgs, gcj Point }{
		{Point{121.5272106, 31.1774276}, Point{121.531541859215, 31.17530398364597}},
		{Point{113.912316, 22.543847}, Point{113.9171764808363, 22.540796131694766}},
		{Point{116.377817, 39.911954}, Point{116.38404722455657, 39.91334545536069}},
		{Point{13.4, 52.5}, Point{13.4, 52.5}}, // elsewhere nothing is shifted
	} {
		if got := toGCJ(c.wgs); math.Hypot(got[0]-c.gcj[0], got[1]-c.gcj[1]) > 1e-9 {
			t.Errorf("toGCJ(%v) = %v, want %v", c.wgs, got, c.gcj)
		}
		if got := fromGCJ(c.gcj); math.Hypot(got[0]-c.wgs[0], got[1]-c.wgs[1]) > 1e-7 {
			t.Errorf("fromGCJ(%v) = %v, want %v", c.gcj, got, c.wgs)
		}
	}
}

func TestAt(t *testing.T) {
	square := func(low, high float64) Shape {
		return Shape{{{{low, low}, {high, low}, {high, high}, {low, high}, {low, low}}}}
	}
	tree, err := NewTree([]Area{
		{Code: "990101", Name: view.Text{Zh: "区"}, Shape: square(0, 10)},
		{Code: "990101001", Parent: "990101"}, // its boundary is not known
		{Code: "990101001001", Parent: "990101001", Shape: square(1, 3)},
		{Code: "990101002", Parent: "990101", Shape: square(2, 8)},
		{Code: "990101002001", Parent: "990101002", Shape: square(9, 12)}, // reaches out of its street
		{Code: "990101002002", Parent: "990101002", Shape: square(4, 7)},
		{Code: "990101002003", Parent: "990101002", Shape: square(5, 6)}, // inside another: an enclave drawn without a hole
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[float64]Code{0.5: "990101", 1.5: "990101001001", 2.5: "990101001001", 3.5: "990101002", 4.5: "990101002002", 5.5: "990101002003", 8.5: "990101", 9.5: "990101002001", 11: "990101002001", 13: ""} {
		if got, ok := tree.At(wire.Position{Lat: p, Lon: p}); got != want || ok != (want != "") {
			t.Errorf("At(%v, %v) = %q, %v, want %q", p, p, got, ok, want)
		}
	}
	if c, ok := (&Tree{}).At(wire.Position{}); ok {
		t.Errorf("an empty tree has %q there", c)
	}
}

// Rounding moves no point by more than half a step, and both sides of a border alike; what
// falls together is one point, and what has no surface left is gone.
func TestRounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		decimals := rapid.IntRange(1, 6).Draw(t, "decimals")
		ring := star(t)
		half := 0.5000001 * math.Pow10(-decimals)
		got := Shape{{ring}}.rounded(decimals)
		if len(got) == 0 {
			return
		}
		r := got[0][0]
		if r[0] != r[len(r)-1] {
			t.Fatalf("the ring is open: %v", r)
		}
		at := 0
		for _, p := range ring {
			for at < len(r) && (math.Abs(r[at][0]-p[0]) > half || math.Abs(r[at][1]-p[1]) > half) {
				at++
			}
			if at == len(r) {
				t.Fatalf("%v has no place in %v", p, r)
			}
		}
		back := slices.Clone(ring)
		slices.Reverse(back)
		other := Shape{{back}}.rounded(decimals)[0][0]
		slices.Reverse(other)
		if !slices.Equal(r, other) {
			t.Fatalf("from the other side %v is %v", r, other)
		}
	})
	dot := []Point{{0, 0}, {0.001, 0}, {0.001, 0.001}, {0, 0}}
	square := []Point{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}}
	if got := (Shape{{dot}, {square, dot}}).rounded(2); len(got) != 1 || len(got[0]) != 1 || len(got[0][0]) != 5 {
		t.Errorf("rounded: %v", got)
	}
	if got := string(Shape{{dot}}.rounded(2).geometry()); got != "null" {
		t.Errorf("geometry of nothing: %s", got)
	}
}
