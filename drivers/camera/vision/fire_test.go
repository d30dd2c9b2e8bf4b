package vision

import (
	"fmt"
	"image"
	"math"
	"testing"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// heap is a grey yard with something on it that has a colour of its own, in a picture in
// colour: what a flame is told from.
type heap struct {
	y, cb, cr uint8
	at        func(n int) (x, y, wide, high int) // of picture n, pixels
	dim       func(n int) float64                // of its brightness; nil: 1
}

func (h heap) picture(n int) image.Image {
	m := wall{noise: 4, contrast: 0.4}.picture(n)
	for i := range m.Cb { // a sky and a meadow: the picture has colours
		m.Cb[i], m.Cr[i] = 122, 124
		if i < len(m.Cb)/3 {
			m.Cb[i], m.Cr[i] = 140, 120
		}
	}
	x0, y0, wide, high := h.at(n)
	k := 1.0
	if h.dim != nil {
		k = h.dim(n)
	}
	for y := max(y0, 0); y < min(y0+high, height); y++ {
		for x := max(x0, 0); x < min(x0+wide, width); x++ {
			m.Y[y*m.YStride+x] = uint8(min(float64(h.y)*k, 255))
			m.Cb[m.COffset(x, y)], m.Cr[m.COffset(x, y)] = h.cb, h.cr
		}
	}
	return m
}

// licks is a shape that is another one in each picture, over a foot that stays.
func licks(n int) (x, y, wide, high int) {
	d := uint32(n) * 2654435761
	wide, high = 14+int(d>>28), 26+int(d>>24&15)
	return 150 - wide/2 + int(d>>20&7), 180 - high, wide, high
}

func stands(int) (x, y, wide, high int) { return 140, 150, 20, 30 }

// Each decision about a flame has two sides: what burns has the colour, stays, licks, and
// is not broad, and whoever lacks one of these is none.
func TestFlame(t *testing.T) {
	long(t)
	const warm = 80
	calm := heap{128, 128, 128, stands, nil}
	for _, c := range []struct {
		name  string
		heap  heap
		flame bool
	}{
		{"a fire", heap{210, 70, 180, licks, nil}, true},
		{"a fire in two greys", heap{210, 122, 134, licks, nil}, false},
		{"a red lorry that stands", heap{210, 70, 180, stands, nil}, false},
		{"a red lorry that drives by", heap{210, 70, 180, func(n int) (int, int, int, int) { return 40 * (n%30 - 8), 150, 60, 30 }, nil}, false},
		{"a lamp that blinks", heap{210, 70, 180, stands, func(n int) float64 { return 0.2 + 0.8*float64(n%2) }}, false},
		{"a lamp whose light trembles", heap{205, 70, 180, stands, func(n int) float64 { return 1 + 0.02*float64(n%3) }}, false},
		{"a red sky that comes and goes", heap{210, 70, 180, func(n int) (int, int, int, int) { return 0, 0, width, 40 + n%2*30 }, nil}, false},
		{"an orange wall in a sun that comes out", heap{172, 70, 180, func(n int) (int, int, int, int) { return 140 + n*7%3, 150, 20, 30 }, func(n int) float64 { return 1 + 0.15*math.Sin(float64(n)/9) }}, false},
		{"rags in the dark red", heap{90, 100, 175, licks, nil}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			most := 0.0
			for _, s := range watch(t, Config{}, noon, warm+40, time.Second, func(at time.Duration) image.Image {
				if n := int(at.Seconds()); n >= warm {
					return c.heap.picture(n)
				}
				if c.name == "an orange wall in a sun that comes out" {
					return c.heap.picture(int(at.Seconds()))
				}
				return calm.picture(int(at.Seconds()))
			})[warm:] {
				if s.Flame.Quality.Usable() {
					most = max(most, s.Flame.Value)
				}
			}
			if (most >= 40) != c.flame {
				t.Errorf("flame is %v %% likely, want it told: %v", most, c.flame)
			}
		})
	}
}

// veil makes part of a picture paler and softer, as what hangs in the air does.
func veil(m *image.YCbCr, left, top, right, bottom int, thick func(x, y int) float64) {
	for y := top; y < bottom; y++ {
		for x := left; x < right; x++ {
			k := thick(x, y)
			p := &m.Y[y*m.YStride+x]
			*p = uint8(float64(*p)*(1-k) + 185*k)
		}
	}
}

// Each decision about smoke has two sides: it softens, churns, hangs there, and is neither
// everywhere nor tiny.
func TestSmoke(t *testing.T) {
	long(t)
	const warm = 90
	for _, c := range []struct {
		name  string
		veil  func(n int, m *image.YCbCr)
		smoke bool
	}{
		{"nothing", func(int, *image.YCbCr) {}, false},
		{"a lens out of focus", func(n int, m *image.YCbCr) { copy(m.Y, wall{noise: 3, soft: 4}.picture(n).Y) }, false},
		{"smoke", func(n int, m *image.YCbCr) {
			veil(m, 100, 60, 180, 150, func(x, y int) float64 { return 0.7 + 0.2*math.Sin(float64(n)*2.3+float64(x)/17+float64(y)/11) })
		}, true},
		{"a pale board that stands", func(_ int, m *image.YCbCr) { veil(m, 100, 60, 180, 150, func(int, int) float64 { return 0.8 }) }, false},
		{"a wisp", func(n int, m *image.YCbCr) {
			veil(m, 100, 60, 112, 72, func(x, _ int) float64 { return 0.7 + 0.2*math.Sin(float64(n)*2.3+float64(x)) })
		}, false},
		{"fog", func(n int, m *image.YCbCr) {
			veil(m, 0, 0, width, height, func(int, int) float64 { return min(float64(n-warm)/40, 0.8) })
		}, false},
		{"a shadow that keeps its edges", func(n int, m *image.YCbCr) {
			for y := 60; y < 150; y++ {
				for x := 100; x < 180; x++ {
					m.Y[y*m.YStride+x] = uint8(float64(m.Y[y*m.YStride+x]) * (0.6 + 0.1*math.Sin(float64(n))))
				}
			}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			most := 0.0
			for _, s := range watch(t, Config{}, noon, warm+60, time.Second, func(at time.Duration) image.Image {
				n := int(at.Seconds())
				m := wall{noise: 3}.picture(n)
				if n >= warm {
					c.veil(n, m)
				}
				return m
			})[warm:] {
				if s.Smoke.Quality.Usable() {
					most = max(most, s.Smoke.Value)
				}
			}
			if (most >= 40) != c.smoke {
				t.Errorf("smoke is %v %% likely, want it told: %v", most, c.smoke)
			}
		})
	}
}

// What a swaying mast changes is seen through a veil, and is no more of a reason against
// smoke than the edges that are left of it; snow before the veil remains one.
func TestSwayIsSeenThroughTheVeil(t *testing.T) {
	for _, c := range []struct {
		name        string
		flat, edges float32 // change from picture to picture, levels
		smoke       bool
	}{
		{"a mast that stands", 0.6, 0.6, true},
		{"a mast that sways", 0.8, 2.3, true},
		{"snow", 2.1, 2.3, false},
		{"snow that shows before edges only", 1.9, 2.0, false},
	} {
		s, region := new(smoke), []uint16(nil)
		for i := range s.in {
			s.in[i], s.calm[i], s.left[i] = 1, c.flat, 1
			if i%4 == 0 {
				s.usual[i].texture, s.calm[i] = 400, c.edges
			}
			if i%4 == 0 && i < 200 {
				s.left[i], s.veiled[i], s.churn[i] = 0.15, 0.95, 2.5
				region = append(region, uint16(i))
			}
		}
		s.sway.measure(s, &ground{noise: 2})
		if got := s.likely(region); (got >= 0.4) != c.smoke {
			t.Errorf("%s: %.2f likely, want it told: %v; sway %+v", c.name, got, c.smoke, s.sway)
		}
	}
}

// Somebody is told who is large enough, in the zone, solid and there for two pictures;
// nobody is told for what lacks one of these.
func TestPresence(t *testing.T) {
	long(t)
	const warm = 70
	yard := Polygon{{0, 0.5}, {0.5, 0.5}, {0.5, 1}, {0, 1}}
	solid := func(x, y, wide, high int) func(int, *image.YCbCr) {
		return func(_ int, m *image.YCbCr) {
			for v := y; v < y+high; v++ {
				fill(m.Y[v*m.YStride+x:][:wide], 25)
			}
		}
	}
	for _, c := range []struct {
		name  string
		least float64
		draw  func(n int, m *image.YCbCr)
		want  float64
	}{
		{"nobody", 0, func(int, *image.YCbCr) {}, 0},
		{"somebody", 0, solid(60, 150, 12, 36), 1},
		{"somebody outside", 0, solid(230, 150, 12, 36), 0},
		{"a bird", 0, solid(60, 150, 5, 5), 0},
		{"somebody where only lorries count", 0.05, solid(60, 150, 12, 36), 0},
		{"a lorry where only lorries count", 0.05, solid(20, 140, 90, 60), 1},
		{"a shadow", 0, func(_ int, m *image.YCbCr) {
			for v := 150; v < 190; v++ {
				for x := 60; x < 100; x++ {
					m.Y[v*m.YStride+x] = m.Y[v*m.YStride+x] / 2
				}
			}
		}, 0},
		{"a pole's shadow that wanders", 0, func(n int, m *image.YCbCr) {
			for v := 130; v < 220; v++ {
				for x := 40 + 3*n; x < 52+3*n; x++ {
					m.Y[v*m.YStride+x] = m.Y[v*m.YStride+x] / 2
				}
			}
		}, 0},
		{"one picture alone", 0, func(n int, m *image.YCbCr) {
			if n == 5 {
				solid(60, 150, 12, 36)(n, m)
			}
		}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := watch(t, Config{Zones: []Zone{{Area: yard, Least: c.least}}}, noon, warm+12, time.Second, func(at time.Duration) image.Image {
				n := int(at.Seconds())
				m := wall{noise: 3}.picture(n)
				if n >= warm {
					c.draw(n-warm, m)
				}
				return m
			})
			if got := all[warm-1].Presence[0]; got != obs.Of(0) {
				t.Fatalf("before anything happens: %+v", got)
			}
			most := 0.0
			for _, s := range all[warm:] {
				most = max(most, s.Presence[0].Value)
			}
			if most != c.want {
				t.Errorf("presence is %v, want %v", most, c.want)
			}
		})
	}
}

// Clarity is what is left of the hour's own fine detail: all of it, the half of it in bad
// focus, and no number before a minute was seen or where noise is stronger than detail.
func TestClarity(t *testing.T) {
	long(t)
	for _, c := range []struct {
		name      string
		from, now wall
		low, high float64
		why       obs.Reason
	}{
		{"as ever", wall{noise: 3}, wall{noise: 3}, 85, 115, ""},
		{"softer", wall{noise: 3}, wall{noise: 3, soft: 2}, 1, 60, ""},
		{"sharper", wall{noise: 1, soft: 1}, wall{noise: 1}, 120, MostClarity, ""},
		{"noise hides it", wall{noise: 60, contrast: 0.9}, wall{noise: 60, contrast: 0.9}, 0, 0, obs.Unclear},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := watch(t, Config{}, noon, 95, time.Second, func(at time.Duration) image.Image {
				if n := int(at.Seconds()); n >= 90 {
					return c.now.picture(n)
				}
				return c.from.picture(int(at.Seconds()))
			})
			early := obs.WarmUp
			if c.why != "" { // of such a picture nobody knows even whether it is a view
				early = c.why
			}
			if got := all[30].Clarity; got.Quality.Why != early {
				t.Errorf("after half a minute: %+v", got)
			}
			got := all[94].Clarity
			if got.Quality.Why != c.why || c.why == "" && !(got.Value >= c.low && got.Value <= c.high) {
				t.Errorf("clarity is %+v, want %v to %v, %q", got, c.low, c.high, c.why)
			}
		})
	}
}

// A river that rises over half of the picture, a wall that is painted: the camera stands.
func TestPartOfTheViewChanges(t *testing.T) {
	long(t)
	all := watch(t, Config{}, noon, 260, time.Second, func(at time.Duration) image.Image {
		n := int(at.Seconds())
		m, other := wall{noise: 4}.picture(n), wall{noise: 4, dx: 9000}.picture(n)
		if n >= 120 {
			copy(m.Y[height*45/100*width:], other.Y[height*45/100*width:])
		}
		return m
	})
	if got := tampers(all[len(all)-1]); got != "" {
		t.Errorf("after more than half of the picture has changed: %s", got)
	}
}

// A level is told when nearly all of the last pictures had a line.
func TestLinesThatComeAlone(t *testing.T) {
	for pictures, want := range map[string]string{
		"..1......1....": "..............",
		"1111":           "..11",
		"111.11":         "..1111", // told with each line that there is
		"...111111":      "......111",
		"1111..11..11":   "..111.......",
	} {
		var l lately
		got := ""
		for _, p := range pictures {
			if l.often(p == '1') {
				got += "1"
			} else {
				got += "."
			}
		}
		if fmt.Sprint(got) != want {
			t.Errorf("lines %s are told %s, want %s", pictures, got, want)
		}
	}
}

// A strip that a mast has moved is known again, one that something passes is not.
func TestShakenStaff(t *testing.T) {
	strip := func(dy, dx int, hidden bool) (out [stripRows * stripCols]uint8) {
		for y := range stripRows {
			for x := range stripCols {
				out[y*stripCols+x] = uint8(40 + 170*((y+dy)/10&1)*((x+dx)/5&1))
				if hidden && y > 40 {
					out[y*stripCols+x] = uint8(60 + (x*7+y*3)%90)
				}
			}
		}
		return out
	}
	for _, c := range []struct {
		name   string
		dy, dx int
		hidden bool
		want   bool
	}{{"still", 0, 0, false, true}, {"swayed", 4, 2, false, true}, {"a raft before it", 0, 0, true, false}, {"swayed and hidden", 3, 1, true, false}} {
		s := &staff{n: 2}
		s.strips[0], s.strips[1] = strip(0, 0, false), strip(c.dy, c.dx, c.hidden)
		if got := s.shaken(200, 30); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// In a picture that shows nothing nobody is, and nothing burns, as little as somebody is or
// something does: from the first one on, not only when it has been told as dark or glaring.
func TestNothingIsSeenAtOnce(t *testing.T) {
	const warm = 150
	all := []Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}}
	for name, fill := range map[string]byte{"black": 4, "white": 253} {
		t.Run(name, func(t *testing.T) {
			seen := watch(t, Config{Zones: []Zone{{Area: all[0]}}}, noon, warm+40, time.Second, func(at time.Duration) image.Image {
				n := int(at.Seconds())
				m := wall{noise: 3}.picture(n)
				if n >= warm {
					for i := range m.Y {
						m.Y[i] = fill + byte((i*7+n)%3)
					}
				}
				return m
			})
			if got := seen[warm-1]; got.Smoke != obs.Of(0) || got.Presence[0] != obs.Of(0) {
				t.Fatalf("before it is %s: smoke %+v, presence %+v", name, got.Smoke, got.Presence[0])
			}
			for n, s := range seen[warm:] {
				for what, r := range map[string]obs.Reading{"smoke": s.Smoke, "flame": s.Flame, "presence": s.Presence[0]} {
					if r.Quality.Flag != obs.Missing {
						t.Fatalf("%s picture %d: %s is %+v", name, n, what, r)
					}
				}
			}
		})
	}
}
