package camera

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/vision"
)

const (
	mostView  = 64     // bytes of a view's word
	mostLevel = 10_000 // metres of a mark, above or below 0
)

// critic collects every mistake of what is looked for.
type critic struct {
	looking
	all []error // each a *drivers.OptionError
}

func (r *critic) wrong(key, format string, args ...any) {
	r.all = append(r.all, &drivers.OptionError{Key: key, Msg: fmt.Sprintf(format, args...)})
}

// config returns what an eye is told. Errors are *drivers.OptionError, joined: all there
// are, but none that only follows from another.
func (l looking) config() (c vision.Config, err error) {
	r := &critic{looking: l}
	r.measure()
	r.areas(&c)
	if c.View = l.View; len(c.View) > mostView {
		r.wrong("view", "%d bytes are too many; write a day, such as 2026-05-31, or any other word", len(c.View))
	}
	if l.Staff != nil {
		if c.Staff, err = l.Staff.staff(); err != nil {
			r.wrong("staff.marks", "%v", err)
		}
	}
	r.seen(c)
	return c, errors.Join(r.all...)
}

// measure judges the words of measure.
func (r *critic) measure() {
	wrong := r.wrong
	for i, m := range r.Measure {
		if !slices.Contains(measures, m) {
			wrong("measure", "%q is not measured; write %s", m, strings.Join(measures, ", "))
		} else if slices.Contains(r.Measure[:i], m) {
			wrong("measure", "%q stands here twice", m)
		}
	}
}

// areas takes masks, zones and fire areas into c.
func (r *critic) areas(c *vision.Config) {
	wrong := r.wrong
	for i, m := range r.Masks {
		c.Masks = append(c.Masks, r.area("masks", i+1, m))
	}
	for _, name := range r.zoneNames() {
		c.Zones = append(c.Zones, vision.Zone{Name: name, Area: r.area("zones."+name, 0, r.Zones[name]), Least: r.ZoneLeast[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(r.ZoneLeast)) {
		least := r.ZoneLeast[name]
		_, is := r.Zones[name]
		if !is {
			wrong("zone_least."+name, "there is no zone %q; write it under zones", name)
		}
		if !is && least != 0 && !(least >= vision.LeastZone && least <= vision.MostZone) { // else an eye says so
			wrong("zone_least."+name, "%v; write %v to %v, as a share of the picture", least, vision.LeastZone, vision.MostZone)
		}
		if least == 0 {
			wrong("zone_least."+name, "nothing has no size; delete it, or write %v to %v, as a share of the picture", vision.LeastZone, vision.MostZone)
		}
	}
	for i, m := range r.FireAreas {
		c.Smoke = append(c.Smoke, r.area("fire_areas", i+1, m))
	}
	if len(r.FireAreas) > 0 && !slices.Contains(r.Measure, measureSmoke) && !slices.Contains(r.Measure, measureFlame) {
		wrong("fire_areas", "nobody looks for smoke or flame; add them to measure, or delete this")
	}
}

// area is the area for the eye to judge; in the place of one that it cannot judge, or that it
// would call by less than its name, stands a good one, so that it says what else is wrong. n counts
// it in a list; 0: it is in none.
func (r *critic) area(key string, n int, all [][]float64) vision.Polygon {
	fine := vision.Polygon{{X: 0, Y: 0}, {X: 1, Y: 0}, {X: 1, Y: 1}}
	p, ok := corners(all)
	msg := ""
	if !ok {
		msg = "write each corner as [x, y]"
	} else if i, j := crossed(p); j > 0 && len(p) <= vision.MostCorners {
		msg = fmt.Sprintf("the sides from corner %d and from corner %d cross; write the corners in order around the area", i+1, j+1)
	}
	switch {
	case msg == "":
		return p
	case n > 0:
		r.wrong(key, "area %d: %s", n, msg)
	default:
		r.wrong(key, "%s", msg)
	}
	return fine
}

// crossed finds two sides in the picture that cross, by the corners that they start from; 0
// and 0: none. What such an area holds may be next to nothing, as of a bow tie.
func crossed(p vision.Polygon) (i, j int) {
	for _, c := range p {
		if !(c.X >= 0 && c.X <= 1 && c.Y >= 0 && c.Y <= 1) {
			return 0, 0
		}
	}
	side := func(a, b, c vision.Point) float64 { return (b.X-a.X)*(c.Y-a.Y) - (b.Y-a.Y)*(c.X-a.X) }
	for i, a := range p {
		b := p[(i+1)%len(p)]
		for j := i + 1; j < len(p); j++ {
			c, d := p[j], p[(j+1)%len(p)]
			if side(a, b, c)*side(a, b, d) < 0 && side(c, d, a)*side(c, d, b) < 0 {
				return i, j
			}
		}
	}
	return 0, 0
}

// seen adds the mistakes that an eye itself knows of.
func (r *critic) seen(c vision.Config) {
	staff := c.Staff
	c.Staff = nil
	r.told("", c.Check())
	if staff == nil {
		return
	}
	// An eye tells the first mistake of a staff only: each part of it, and each mark, is judged
	// with the others as they may be.
	fine := vision.Staff{Marks: [2]vision.Mark{{At: vision.Point{X: 0.5, Y: 0.1}, Level: 1}, {At: vision.Point{X: 0.5, Y: 0.9}}}, Width: 0.1}
	marks, width, reach := fine, fine, fine
	marks.Marks, width.Width = staff.Marks, staff.Width
	if !r.marks(staff.Marks) {
		r.told("staff.marks", vision.Config{Staff: &marks}.Check())
	}
	r.told("staff.width", vision.Config{Staff: &width}.Check())
	switch low, high := staff.Lowest, staff.Highest; {
	case r.oneSided() && low >= high:
		r.wrong(r.reachKey(), "the other end is %.4g m, half of the marks' distance beyond them; write both, or one on the other side of it", r.otherEnd(low, high))
	case low == 0 && high == 0 && r.Staff.Lowest != nil:
		r.wrong(r.reachKey(), "it reads from %v to %v m; write the lower one first", low, high)
	default:
		reach.Lowest, reach.Highest = low, high
		r.told(r.reachKey(), vision.Config{Staff: &reach}.Check())
	}
}

// marks judges each mark by itself; both together are only judged where each is good.
func (r *critic) marks(both [2]vision.Mark) (wrong bool) {
	for i, m := range both {
		if !(m.At.X >= 0 && m.At.X <= 1 && m.At.Y >= 0 && m.At.Y <= 1) {
			r.wrong("staff.marks", "mark %d, [%v, %v], is outside the picture; write 0 to 1 of its width and height", i+1, m.At.X, m.At.Y)
			wrong = true
		}
		if !(math.Abs(m.Level) <= mostLevel) {
			r.wrong("staff.marks", "mark %d: a level of %v; write metres, at most %v", i+1, m.Level, mostLevel)
			wrong = true
		}
	}
	return wrong
}

// oneSided says whether only one of lowest and highest is written.
func (r *critic) oneSided() bool { return (r.Staff.Lowest == nil) != (r.Staff.Highest == nil) }

// otherEnd is the one that is not written.
func (r *critic) otherEnd(low, high float64) float64 {
	if r.Staff.Lowest == nil {
		return low
	}
	return high
}

// reachKey is the one of lowest and highest that is set.
func (r *critic) reachKey() string {
	if r.Staff.Lowest == nil && r.Staff.Highest != nil {
		return "staff.highest"
	}
	return "staff.lowest"
}

// told turns an eye's mistakes into mistakes of options, of key where that is not empty.
func (r *critic) told(key string, err error) {
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return // nil: an eye joins its mistakes
	}
	for _, one := range many.Unwrap() {
		var m *vision.Mistake
		if !errors.As(one, &m) {
			r.all = append(r.all, one)
		} else {
			k, msg := r.option(m)
			if key != "" {
				k = key
			}
			r.all = append(r.all, &drivers.OptionError{Key: k, Msg: msg})
		}
	}
}

// option is the option that an eye's mistake means, and what is wrong with it.
func (r *critic) option(m *vision.Mistake) (key, msg string) {
	base, rest, in := strings.Cut(m.Key, "[")
	if !in {
		return strings.Replace(base, "smoke", "fire_areas", 1), m.Msg
	}
	n := 0
	_, _ = fmt.Sscanf(rest, "%d]", &n)
	switch base {
	case "zones", "zone_least":
		return base + "." + r.zoneNames()[n], m.Msg
	case "smoke":
		base = "fire_areas"
	}
	return base, fmt.Sprintf("area %d: %s", n+1, m.Msg)
}
