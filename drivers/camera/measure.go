package camera

import (
	"encoding/json"
	"errors"
	"math"
	"slices"

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

	View string `json:"view,omitempty"` // any word: another one begins the view anew
}

type staffOptions struct {
	Marks   [][]float64 `yaml:"marks,required" json:"marks" range:"-"` // two of [x, y, metres]
	Width   float64     `yaml:"width,required" json:"width" range:"0.005..0.5"`
	Lowest  *float64    `yaml:"lowest" json:"lowest,omitempty" range:"-10000..10000 m"` // nil: see bounds
	Highest *float64    `yaml:"highest" json:"highest,omitempty" range:"-10000..10000 m"`
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

// hourly says whether anything is compared with the view and its hour of the day.
func (l looking) hourly() bool {
	return slices.Contains(l.Measure, measureTamper) || slices.Contains(l.Measure, measureClarity)
}

func (l looking) zoneNames() (names []string) {
	for name := range l.Zones {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// outlines are the zones as they are drawn, by name, and the masks that stay black.
func (l looking) outlines() *drivers.Overlay {
	all := &drivers.Overlay{}
	for _, name := range l.zoneNames() {
		all.Outlines = append(all.Outlines, drivers.Outline{Name: name, Corners: pairs(l.Zones[name])})
	}
	for _, m := range l.Masks {
		all.Masks = append(all.Masks, pairs(m))
	}
	return all
}

func pairs(corners [][]float64) (all [][2]float64) {
	for _, c := range corners {
		all = append(all, [2]float64{c[0], c[1]})
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
	out := &vision.Staff{Width: s.Width}
	if s.Lowest != nil || s.Highest != nil { // without both an eye takes the same, and looks where the staff ends
		out.Lowest, out.Highest = s.bounds()
	}
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

// bounds are the levels that can be read at most: where one is not written, it is half of
// the marks' distance beyond the mark on its side.
func (s *staffOptions) bounds() (low, high float64) {
	a, b := s.Marks[0][2], s.Marks[1][2]
	half := math.Abs(a-b) / 2
	low, high = min(a, b)-half, max(a, b)+half
	if s.Lowest != nil {
		low = *s.Lowest
	}
	if s.Highest != nil {
		high = *s.Highest
	}
	return low, high
}
