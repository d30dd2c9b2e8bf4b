package scenery

import "math"

// river is where the staff stands and how the water goes.
type river struct {
	left, wide  float64 // of the staff, shares
	top, bottom float64 // rows of its ends
	from, rise  float64 // level at the beginning, metres, and metres in the whole film
	phase       float64
}

// The ends of the staff, metres.
const (
	staffLow  = 0.0
	staffHigh = 2.0
)

func newRiver(d dice) *river {
	return &river{left: d.between("staff", 0.55, 0.75), wide: d.between("staff wide", 0.055, 0.08),
		top: d.between("staff top", 0.12, 0.2), bottom: d.between("staff end", 0.86, 0.94),
		from: d.between("level", 0.5, 1.2), rise: riseOf(d), phase: 9 * d.draw("phase")}
}

func riseOf(d dice) float64 { return d.between("rise", -0.25, 0.45) }

// Levels between which a river that goes on stays: those that its first film can end at.
const (
	lowWater  = 0.25
	highWater = 1.65
)

// again is the river as it goes on from where it stands at the end, by another rise: the
// other way where the water would leave the staff.
func (r *river) again(d dice) *river {
	next := *r
	next.from, next.rise = r.from+r.rise, riseOf(d)
	if end := next.from + next.rise; end < lowWater || end > highWater {
		next.rise = -next.rise
	}
	return &next
}

// level of the water, without its waves.
func (r *river) level(t float64) float64 { return r.from + r.rise*smooth(t/360) }

func (r *river) rowOf(level float64) float64 {
	return r.top + (staffHigh-level)/(staffHigh-staffLow)*(r.bottom-r.top)
}

func (r *river) levelOf(v float64) float64 {
	return staffHigh - (v-r.top)/(r.bottom-r.top)*(staffHigh-staffLow)
}

// bank is a wall of stone with the staff on it, and what is behind it.
func (s *stage) bank() {
	r := s.river
	s.all(func(i int, u, v float64) {
		s.depth[i] = farAway
		if v < 0.1 {
			return
		}
		course := math.Floor(v * 22)
		stone := math.Floor(u*14 + 0.5*math.Mod(course, 2))
		k := 0.8 + 0.5*s.grain.at(int(stone)*7, int(course)*13) + 0.25*s.grain.rough(u*120, v*120)
		if math.Mod(v*22, 1) < 0.08 || math.Mod(u*14+0.5*math.Mod(course, 2)+100, 1) < 0.04 {
			k *= 0.5
		}
		if wet := r.levelOf(v) - r.from; wet > 0 && wet < 0.12 { // what the last wave left
			k *= 0.7
		}
		s.albedo[i], s.depth[i] = rgb{0.26, 0.24, 0.21}.times(float32(max(k, 0.1))), 8
	})
	s.box(r.left, r.top, r.left+r.wide, r.bottom, func(i int, u, v float64) {
		s.albedo[i] = r.paint((u-r.left)/r.wide, r.levelOf(v), s.grain)
		s.depth[i] = 7.9
	})
	s.plants()
}

// paint is the staff: bars of a centimetre that make an E for each five, on the left and
// on the right in turn, and a line with a figure at each decimetre. It is dirty.
func (r *river) paint(x, level float64, g *grain) rgb {
	white, ink := rgb{0.75, 0.75, 0.72}, rgb{0.55, 0.05, 0.05}
	cm := math.Floor(level * 100)
	five := math.Floor(cm / 5)
	if math.Mod(five+1000, 2) == 1 {
		x = 1 - x
		ink = rgb{0.03, 0.03, 0.05}
	}
	bar := math.Mod(cm-five*5, 2) == 0
	c := white
	if x < 0.12 || bar && x < 0.45 {
		c = ink
	}
	deci := math.Mod(level*10+1000, 1)
	if figure := x > 0.6 && x < 0.85 && deci > 0.15 && deci < 0.8; figure && g.at(int(x*16), int(math.Floor(level*10))*31+int(deci*6)) > 0.1 {
		c = rgb{0.05, 0.05, 0.05}
	}
	dirt := 0.25 * smooth(g.rough(x*3, level*6)+0.1)
	return c.times(float32(1 - dirt))
}

// plants are tufts of grass on the wall.
func (s *stage) plants() {
	for n := range 30 {
		u0, v0 := s.dice.draw("tuft", n)*1.6-0.3, 0.1+0.5*s.dice.draw("tuft row", n)
		if r := s.river; u0 > r.left-0.05 && u0 < r.left+r.wide+0.03 {
			continue
		}
		s.box(u0, v0-0.03, u0+0.03, v0, func(i int, u, v float64) {
			if s.grain.at(int(u*700), int(v*60)) > 0 {
				s.albedo[i] = rgb{0.10, 0.22, 0.06}
			}
		})
	}
}

// water covers what is below the level: it mirrors what is above, the more broken the
// farther down and the rougher, and has a colour of its own. It laps up and down.
func (s *stage) water(v *view, a act, l light) {
	r := s.river
	rough := 0.25 + a.wind + a.rain
	if a.calm {
		rough = 0.04
	}
	level := r.level(a.t)
	e := l.sky.plus(l.sun.times(0.5))
	for x := range s.w {
		u, _ := s.place(x, 0)
		lap := 0.006 * rough * (math.Sin(a.t*2.1+u*40+r.phase) + s.grain.flow(u*60, a.t*1.3))
		line := (r.rowOf(level+lap) - s.dv) * float64(s.h) // in pixels
		for y := max(int(math.Floor(line)), 0); y < s.h; y++ {
			i := y*s.w + x
			w := float64(y) + 0.5
			cover := float32(min(max(w+0.5-line, 0), 1))
			near := (w - line) / float64(s.h)
			wave := s.grain.flow(u*(30-20*near)+a.t*0.7, w/float64(s.h)*(90-50*near)-a.t*1.2) + 0.5*s.grain.flow(u*80-a.t, w/float64(s.h)*200+a.t*2)
			mirror := int(2*line-w+wave*rough*float64(s.h)*(0.01+0.12*near)) - 1
			silt := rgb{0.13, 0.12, 0.08}.lit(e.plus(s.lamps[i].times(0.6)))
			share := float32(0.32 / (1 + 6*near*rough))
			if a.calm {
				share = 0.55
			}
			c := silt
			if mirror >= 0 && mirror < int(line) {
				c = silt.toward(v.pix[mirror*s.w+x], share)
			}
			c = c.times(float32(1 + 0.22*wave*rough))
			v.pix[i] = v.pix[i].toward(s.surface(a, e, c, u, near, wave), cover)
		}
	}
	if a.hides && a.during {
		s.drift(v, a, e)
	}
}

// drift is a raft of weed and boards that hangs before the staff, over the line.
func (s *stage) drift(v *view, a act, e rgb) {
	r := s.river
	away := 0.5 * (1 - smooth(a.since/15))
	mid := r.left + r.wide/2 + away
	line := r.rowOf(r.level(a.t)) + 0.004*math.Sin(a.t)
	s.box(mid-0.12, line-0.13, mid+0.12, line+0.06, func(i int, u, w float64) {
		du, dv := (u-mid)/0.12, (w-line+0.035)/0.095
		if du*du+dv*dv < 1+0.4*s.grain.rough(u*50, w*50) {
			k := 0.6 + 0.6*s.grain.rough(u*140-away*140, w*200)
			v.pix[i] = rgb{0.16, 0.15, 0.07}.times(float32(max(k, 0.1))).lit(e.plus(s.lamps[i]))
		}
	})
}
