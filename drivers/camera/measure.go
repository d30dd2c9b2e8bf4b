package camera

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lamppost-city/lamppost/drivers"
	"github.com/lamppost-city/lamppost/drivers/camera/vision"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// looking is what a device's options say of what is looked for in its pictures. Places
// are shares of the picture's width and height.
type looking struct {
	Measure []string               `json:"measure,omitempty"`
	Masks   [][][]float64          `json:"masks,omitempty"` // corners [x, y]
	Zones   map[string][][]float64 `json:"zones,omitempty"`
	Staff   *staffOptions          `json:"staff,omitempty"`

	ZoneLeast map[string]float64 `json:"zone_least,omitempty"` // share of the picture
	FireAreas [][][]float64      `json:"fire_areas,omitempty"`
}

type staffOptions struct {
	Marks   [][]float64 `yaml:"marks,required" json:"marks" range:"-"` // two of [x, y, metres]
	Width   float64     `yaml:"width,required" json:"width" range:"0.005..0.5"`
	Lowest  float64     `yaml:"lowest" json:"lowest,omitempty" range:"-10000..10000 m"`
	Highest float64     `yaml:"highest" json:"highest,omitempty" range:"-10000..10000 m"`
}

// The words of measure.
const (
	measureClarity = "clarity"
	measureMotion  = "motion"
	measureTamper  = "tamper"
	measureSmoke   = "smoke"
	measureFlame   = "flame"
)

var measures = []string{measureClarity, measureMotion, measureTamper, measureSmoke, measureFlame}

// asked says whether anything is looked for beside brightness and sharpness.
func (l looking) asked() bool { return len(l.Measure) > 0 || len(l.Zones) > 0 || l.Staff != nil }

// config returns what an eye is told. Errors are *drivers.OptionError, joined.
func (l looking) config() (c vision.Config, err error) {
	var all []error
	wrong := func(key, format string, args ...any) {
		all = append(all, &drivers.OptionError{Key: key, Msg: fmt.Sprintf(format, args...)})
	}
	for i, m := range l.Measure {
		if !slices.Contains(measures, m) {
			wrong("measure", "%q is not measured; write %s", m, strings.Join(measures, ", "))
		} else if slices.Contains(l.Measure[:i], m) {
			wrong("measure", "%q stands here twice", m)
		}
	}
	for i, m := range l.Masks {
		p, ok := corners(m)
		if !ok {
			wrong("masks", "area %d: write each corner as [x, y]", i+1)
		}
		c.Masks = append(c.Masks, p)
	}
	for _, name := range l.zoneNames() {
		p, ok := corners(l.Zones[name])
		if !ok {
			wrong("zones."+name, "write each corner as [x, y]")
		}
		c.Zones = append(c.Zones, vision.Zone{Name: name, Area: p, Least: l.ZoneLeast[name]})
	}
	for name, least := range l.ZoneLeast {
		if _, is := l.Zones[name]; !is {
			wrong("zone_least."+name, "there is no zone %q; write it under zones", name)
		} else if least == 0 {
			wrong("zone_least."+name, "nothing has no size; delete it, or write %v to %v, as a share of the picture", vision.LeastZone, vision.MostZone)
		}
	}
	for i, m := range l.FireAreas {
		p, ok := corners(m)
		if !ok {
			wrong("fire_areas", "area %d: write each corner as [x, y]", i+1)
		}
		c.Smoke = append(c.Smoke, p)
	}
	if len(l.FireAreas) > 0 && !slices.Contains(l.Measure, measureSmoke) && !slices.Contains(l.Measure, measureFlame) {
		wrong("fire_areas", "nobody looks for smoke or flame; add them to measure, or delete this")
	}
	if l.Staff != nil {
		if c.Staff, err = l.Staff.staff(); err != nil {
			wrong("staff.marks", "%v", err)
		}
	}
	if all == nil {
		all = l.told(c.Check())
	}
	return c, errors.Join(all...)
}

// told turns an eye's mistakes into mistakes of options.
func (l looking) told(err error) (all []error) {
	if err == nil {
		return nil
	}
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	for _, one := range many.Unwrap() {
		var m *vision.Mistake
		if !errors.As(one, &m) {
			all = append(all, one)
			continue
		}
		key, n, msg := m.Key, 0, m.Msg
		if base, rest, in := strings.Cut(m.Key, "["); in {
			_, _ = fmt.Sscanf(rest, "%d]", &n)
			switch key = base; base {
			case "zones", "zone_least":
				key = base + "." + l.zoneNames()[n]
			default:
				msg = fmt.Sprintf("area %d: %s", n+1, msg)
			}
			if key == "smoke" {
				key = "fire_areas"
			}
		}
		all = append(all, &drivers.OptionError{Key: key, Msg: msg})
	}
	return all
}

func (l looking) zoneNames() (names []string) {
	for name := range l.Zones {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// outlines are the zones as they are drawn, by name.
func (l looking) outlines() *drivers.Overlay {
	all := &drivers.Overlay{}
	for _, name := range l.zoneNames() {
		o := drivers.Outline{Name: name}
		for _, c := range l.Zones[name] {
			o.Corners = append(o.Corners, [2]float64{c[0], c[1]})
		}
		all.Outlines = append(all.Outlines, o)
	}
	return all
}

func corners(all [][]float64) (p vision.Polygon, ok bool) {
	for _, c := range all {
		if len(c) != 2 {
			return nil, false
		}
		p = append(p, vision.Point{X: c[0], Y: c[1]})
	}
	return p, true
}

func (s *staffOptions) staff() (*vision.Staff, error) {
	if len(s.Marks) != 2 || len(s.Marks[0]) != 3 || len(s.Marks[1]) != 3 {
		return nil, errors.New("write two marks, each as [x, y, level in metres]")
	}
	out := &vision.Staff{Width: s.Width, Lowest: s.Lowest, Highest: s.Highest}
	for i, m := range s.Marks {
		out.Marks[i] = vision.Mark{At: vision.Point{X: m[0], Y: m[1]}, Level: m[2]}
	}
	return out, nil
}

// text is the same for the other process, as YAML without braces; empty: nothing.
func (l looking) text() string {
	b, err := json.Marshal(l)
	if err != nil || len(b) <= len("{}") { // numbers that are none were refused before
		return ""
	}
	return ", " + string(b[1:len(b)-1])
}

// measured is one channel and how it is taken from what was seen.
type measured struct {
	drivers.Channel
	of func(*vision.Seen) obs.Reading
}

// measured lists the channels that are looked for, in their order.
func (l looking) measured() (all []measured) {
	add := func(name string, most, step float64, of func(*vision.Seen) obs.Reading) {
		all = append(all, measured{drivers.Channel{Name: name, Max: most, Resolution: step}, of})
	}
	for _, m := range measures {
		if !slices.Contains(l.Measure, m) {
			continue
		}
		switch m {
		case measureClarity:
			add("clarity", vision.MostClarity, 1, func(s *vision.Seen) obs.Reading { return s.Clarity })
		case measureMotion:
			add("motion", 100, 0.1, func(s *vision.Seen) obs.Reading { return s.Motion })
		case measureSmoke:
			add("smoke", 100, 1, func(s *vision.Seen) obs.Reading { return s.Smoke })
		case measureFlame:
			add("flame", 100, 1, func(s *vision.Seen) obs.Reading { return s.Flame })
		case measureTamper:
			for state := range vision.States {
				add("tamper."+state.String(), 1, 1, func(s *vision.Seen) obs.Reading { return s.Tamper[state] })
			}
		}
	}
	for i, name := range l.zoneNames() {
		add("presence."+name, 1, 1, func(s *vision.Seen) obs.Reading { return s.Presence[i] })
	}
	if l.Staff != nil {
		low, high := l.Staff.bounds()
		all = append(all, measured{drivers.Channel{Name: "level", Min: low, Max: high, Resolution: 0.001}, func(s *vision.Seen) obs.Reading { return s.Level }})
	}
	return all
}

// bounds are the levels that can be read at most.
func (s *staffOptions) bounds() (low, high float64) {
	if s.Lowest != 0 || s.Highest != 0 {
		return s.Lowest, s.Highest
	}
	a, b := s.Marks[0][2], s.Marks[1][2]
	low, high = min(a, b), max(a, b)
	return low - (high-low)/2, high + (high-low)/2
}
