package vision

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"
)

func TestPolygonCheck(t *testing.T) {
	for _, c := range []struct {
		name, want string
		in         Polygon
	}{
		{"a triangle", "", Polygon{{0, 0}, {1, 0}, {0, 1}}},
		{"the whole picture, the other way round", "", Polygon{{0, 0}, {0, 1}, {1, 1}, {1, 0}}},
		{"an L", "", Polygon{{0, 0}, {0.5, 0}, {0.5, 0.5}, {1, 0.5}, {1, 1}, {0, 1}}},
		{"a corner on a straight side", "", Polygon{{0, 0}, {0.5, 0}, {1, 0}, {1, 1}, {0, 1}}},
		{"nothing", "0 corners; write 3 to 32", nil},
		{"too many", "33 corners", make(Polygon, 33)},
		{"outside", "corner 2, [1.2, 0], is outside the picture", Polygon{{0, 0}, {1.2, 0}, {0, 1}}},
		{"no number", "corner 1, [NaN, 0], is outside", Polygon{{math.NaN(), 0}, {1, 0}, {0, 1}}},
		{"a line", "hardly any area", Polygon{{0, 0}, {1, 1}, {0.5, 0.5}}},
		{"an hourglass of unequal halves", "the sides from corner 1 and from corner 3 cross", Polygon{{0, 0}, {1, 0.8}, {1, 0}, {0, 1}}},
		{"a tongue that touches", "cross", Polygon{{0, 0}, {1, 0}, {1, 1}, {0.5, 0}, {0, 1}}},
		{"a side that goes back on itself", "cross", Polygon{{0, 0}, {1, 0}, {0.5, 0}, {0.5, 1}}},
	} {
		err := c.in.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Check gives %v, want %q", c.name, err, c.want)
		}
	}
}

func TestPolygonFill(t *testing.T) {
	var got strings.Builder
	count := [4][8]int{}
	p := Polygon{{0, 0}, {0.5, 0}, {0.5, 0.5}, {1, 0.5}, {1, 1}, {0, 1}}
	p.Fill(8, 4, func(x, y int) { count[y][x]++ })
	for _, row := range count {
		for _, n := range row {
			got.WriteByte(".#2"[n])
		}
		got.WriteByte('\n')
	}
	if want := "####....\n####....\n########\n########\n"; got.String() != want {
		t.Errorf("it fills\n%swant\n%s", got.String(), want)
	}
}

// A polygon holds the middles of the pixels that it fills, and no others.
func TestPolygonHolds(t *testing.T) {
	for _, p := range []Polygon{{{0, 0}, {0.5, 0}, {0.5, 0.5}, {1, 0.5}, {1, 1}, {0, 1}}, {{0.1, 0.9}, {0.5, 0.05}, {0.93, 0.7}, {0.5, 0.4}}} {
		var filled, held [30][40]bool
		p.Fill(40, 30, func(x, y int) { filled[y][x] = true })
		for y := range held {
			for x := range held[y] {
				held[y][x] = p.Holds(Point{(float64(x) + 0.5) / 40, (float64(y) + 0.5) / 30})
			}
		}
		if filled != held {
			t.Errorf("%v holds other places than it fills", p)
		}
	}
}

// FuzzPolygon holds three laws of a polygon that passes: no pixel is filled twice; what
// is filled is its area, but for the pixels along its sides; and what is filled does not
// depend on where its corners begin or which way round they go.
func FuzzPolygon(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 255, 255})
	f.Add([]byte{10, 0, 10, 0, 200, 0, 12, 0, 220, 0, 240, 0, 100, 0, 100, 0, 5, 0, 230, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Polygon
		for ; len(b) >= 4 && len(p) <= MostCorners; b = b[4:] {
			p = append(p, Point{float64(binary.LittleEndian.Uint16(b)) / 65535, float64(binary.LittleEndian.Uint16(b[2:])) / 65535})
		}
		if p.Check() != nil {
			return
		}
		const w, h = 80, 60
		filled := func(p Polygon) (m [w * h]uint8, n int) {
			p.Fill(w, h, func(x, y int) { m[y*w+x]++; n++ })
			return m, n
		}
		m, n := filled(p)
		along := 0.0 // pixels that the sides may pass through
		for i, a := range p {
			c := p.corner(i + 1)
			along += math.Abs(c.X-a.X)*w + math.Abs(c.Y-a.Y)*h + 2
		}
		if d := math.Abs(float64(n) - p.area()*w*h); d > along {
			t.Errorf("%v fills %d pixels, its area is %v", p, n, p.area()*w*h)
		}
		for i, c := range m {
			if c > 1 {
				t.Fatalf("%v fills pixel %d, %d %d times", p, i%w, i/w, c)
			}
		}
		back := make(Polygon, len(p))
		for i, c := range p {
			back[(2*len(p)-i)%len(p)] = c
		}
		if o, _ := filled(back); o != m {
			t.Errorf("%v fills something else the other way round", p)
		}
		if o, _ := filled(append(p[1:len(p):len(p)], p[0])); o != m {
			t.Errorf("%v fills something else from its second corner on", p)
		}
	})
}

func TestConfigCheck(t *testing.T) {
	half := Polygon{{0, 0}, {0.5, 0}, {0.5, 1}, {0, 1}}
	line := Polygon{{0, 0}, {1, 1}, {0.5, 0.5}}
	staff := func(edit func(*Staff)) *Staff {
		s := &Staff{Marks: [2]Mark{{Point{0.5, 0.2}, 3}, {Point{0.5, 0.8}, 1}}, Width: 0.05}
		edit(s)
		return s
	}
	for _, c := range []struct {
		name, want string
		in         Config
	}{
		{"nothing", "", Config{}},
		{"all of it", "", Config{Masks: []Polygon{half}, Smoke: []Polygon{half}, Zones: []Zone{{Name: "gate", Area: half}, {Name: "heap", Area: half, Least: 0.01}}, Staff: staff(func(*Staff) {})}},
		{"marks in the other order", "", Config{Staff: staff(func(s *Staff) { s.Marks[0], s.Marks[1] = s.Marks[1], s.Marks[0] })}},
		{"a bad mask", "masks[1]: it has hardly any area", Config{Masks: []Polygon{half, line}}},
		{"too many", "smoke: 17 areas; write at most 16", Config{Smoke: make([]Polygon, 17)}},
		{"a bad zone", "zones[0]: 0 corners", Config{Zones: []Zone{{}}}},
		{"zones of one name", `zones[1]: a second zone is called "a"`, Config{Zones: []Zone{{Name: "a", Area: half}, {Name: "a", Area: half}}}},
		{"two zones and a name", `zones[1]: the name "" cannot`, Config{Zones: []Zone{{Name: "a", Area: half}, {Area: half}}}},
		{"a name for people", `the name "Left gate" cannot`, Config{Zones: []Zone{{Name: "Left gate", Area: half}}}},
		{"a zone's least", "zone_least[0]: 2; write 0.0005 to 0.5", Config{Zones: []Zone{{Area: half, Least: 2}}}},
		{"a mark outside", "staff: a mark is outside", Config{Staff: staff(func(s *Staff) { s.Marks[0].At.Y = -0.1 })}},
		{"marks side by side", "hardly above each other", Config{Staff: staff(func(s *Staff) { s.Marks[0].At.Y = 0.79 })}},
		{"marks swapped", "are they swapped?", Config{Staff: staff(func(s *Staff) { s.Marks[0].Level, s.Marks[1].Level = 1, 3 })}},
		{"levels alike", "are they swapped?", Config{Staff: staff(func(s *Staff) { s.Marks[0].Level = 1 })}},
		{"no level", "write metres", Config{Staff: staff(func(s *Staff) { s.Marks[0].Level = math.NaN() })}},
		{"no width", "width is 0; write", Config{Staff: staff(func(s *Staff) { s.Width = 0 })}},
		{"range upside down", "write the lower one first", Config{Staff: staff(func(s *Staff) { s.Lowest, s.Highest = 2, 1 })}},
	} {
		_, err := New(c.in)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: New gives %v, want %q", c.name, err, c.want)
		}
	}
	err := Config{Masks: []Polygon{line}, Staff: &Staff{}}.Check()
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("two mistakes give %v", err)
	}
}
