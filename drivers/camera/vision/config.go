package vision

import (
	"errors"
	"fmt"
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// Config says what an eye looks at. The zero value looks at the whole picture and reads
// no staff.
type Config struct {
	Masks []Polygon // never looked at: neighbours' windows, a time stamp
	Zones []Zone    // where presence is looked for; none: no presence
	Smoke []Polygon // where smoke and flame are looked for; none: everywhere
	Staff *Staff    // the staff gauge, nil: none
	// View is any word. What was kept of the view under another one is worth nothing: who
	// changes it says that what the camera sees from now on is its view.
	View string
}

// Zone is an area that somebody may be in.
type Zone struct {
	Name string // a channel's qualifier; empty for the only zone
	Area Polygon
	// Least is the smallest thing that counts, as a share of the picture's area;
	// 0: 0.002, a person some twenty pixels high in 320 × 240.
	Least float64
}

// Staff is a staff gauge with two marks whose level is known.
type Staff struct {
	Marks [2]Mark // on the staff's middle line, in any order
	// Width of the staff, as a share of the picture's width.
	Width float64
	// Lowest and Highest are the levels between which the staff can be read, in metres;
	// both 0: from mark to mark, and half of that beyond on either side, if it is in the
	// picture.
	Lowest, Highest float64
}

// Mark is a place on a staff and the level that is written there.
type Mark struct {
	At    Point
	Level float64 // metres
}

// Bounds of a configuration.
const (
	MostPolygons = 16
	LeastZone    = 0.0005 // smallest thing that can be asked for, of the picture
	MostZone     = 0.5
	leastApart   = 0.05 // between the marks, of the picture's height
	mostLevel    = 10_000
)

// A Mistake is one thing that is wrong with a configuration, and where.
type Mistake struct {
	Key string // masks, zones, zone_least, smoke or staff, with a number behind it where there are several
	Msg string
}

func (m *Mistake) Error() string { return m.Key + ": " + m.Msg }

// Check returns every mistake of c, joined; each is a *Mistake.
func (c Config) Check() error {
	var all []error
	wrong := func(key, format string, args ...any) {
		all = append(all, &Mistake{key, fmt.Sprintf(format, args...)})
	}
	polygons := func(key string, ps []Polygon) {
		if len(ps) > MostPolygons {
			wrong(key, "%d areas; write at most %d", len(ps), MostPolygons)
			return
		}
		for i, p := range ps {
			if err := p.Check(); err != nil {
				wrong(fmt.Sprintf("%s[%d]", key, i), "%v", err)
			}
		}
	}
	polygons("masks", c.Masks)
	polygons("smoke", c.Smoke)
	var areas []Polygon
	named := map[string]bool{}
	for i, z := range c.Zones {
		areas = append(areas, z.Area)
		key := fmt.Sprintf("zones[%d]", i)
		if z.Least != 0 && !(z.Least >= LeastZone && z.Least <= MostZone) {
			wrong(fmt.Sprintf("zone_least[%d]", i), "%v; write %v to %v, as a share of the picture", z.Least, LeastZone, MostZone)
		}
		if z.Name == "" && len(c.Zones) > 1 || z.Name != "" && obs.CheckChannel("presence."+z.Name) != nil {
			wrong(key, "the name %q cannot be part of a channel's name; write small letters, digits and _", z.Name)
		}
		if named[z.Name] {
			wrong(key, "a second zone is called %q", z.Name)
		}
		named[z.Name] = true
	}
	polygons("zones", areas)
	if c.Staff != nil {
		if err := c.Staff.check(); err != nil {
			wrong("staff", "%v", err)
		}
	}
	return errors.Join(all...)
}

func (s *Staff) check() error {
	a, b := s.Marks[0], s.Marks[1]
	switch {
	case !a.At.inside() || !b.At.inside():
		return errors.New("a mark is outside the picture; write 0 to 1 of its width and height")
	case !(math.Abs(a.Level) <= mostLevel && math.Abs(b.Level) <= mostLevel):
		return fmt.Errorf("the levels %v and %v: write metres", a.Level, b.Level)
	case math.Abs(a.At.Y-b.At.Y) < leastApart:
		return errors.New("the marks are hardly above each other; choose two that are far apart")
	case (a.Level-b.Level)*(a.At.Y-b.At.Y) >= 0:
		return errors.New("the mark that is lower in the picture has the higher level; are they swapped?")
	case !(s.Width >= 0.005 && s.Width <= 0.5):
		return fmt.Errorf("width is %v; write 0.005 to 0.5, the staff's share of the picture's width", s.Width)
	case !(s.Lowest == 0 && s.Highest == 0) && !(s.Lowest < s.Highest && math.Abs(s.Lowest) <= mostLevel && math.Abs(s.Highest) <= mostLevel):
		return fmt.Errorf("it reads from %v to %v m; write the lower one first", s.Lowest, s.Highest)
	}
	return nil
}
