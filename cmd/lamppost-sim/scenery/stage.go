package scenery

import "math"

// stage is all that does not move: what surfaces give back, how far they are, and the
// light of lamps on them. It is seen by a camera that is turned by du and dv.
type stage struct {
	w, h   int
	du, dv float64
	dice   dice // of what comes and goes
	site   dice // of what stands
	grain  *grain
	albedo []rgb
	depth  []float32 // metres
	lamps  []rgb     // light of lamps on the surface
	glow   []rgb     // light that a surface gives by itself
	trees  []tree
	river  *river
}

const (
	skyline = 0.40  // row of the horizon
	farAway = 9_999 // metres: the sky
)

func newStage(s script, d dice, w, h int, du, dv float64) *stage {
	st := &stage{w: w, h: h, du: du, dv: dv, dice: d, site: d, grain: newGrain(d.seed),
		albedo: make([]rgb, w*h), depth: make([]float32, w*h), lamps: make([]rgb, w*h), glow: make([]rgb, w*h)}
	if s.river {
		st.river = newRiver(d)
		st.bank()
	} else {
		st.street(s)
	}
	if s.night {
		st.lamp(d.between("lamp", 0.2, 0.45), 0.2, 0.45, 0.05)
		st.lamp(d.between("lamp2", 0.65, 0.95), 0.25, 0.4, 0.035)
		if s.river {
			st.lamp(st.river.left, st.river.rowOf(2), 0.5, 0.08)
		}
	}
	return st
}

// again is the same place, where other things happen.
func (s *stage) again(d dice) *stage {
	next := *s
	next.dice = d
	if s.river != nil {
		next.river = s.river.again(d)
	}
	return &next
}

// place is the share of the picture that a pixel shows.
func (s *stage) place(x, y int) (u, v float64) {
	return (float64(x)+0.5)/float64(s.w) + s.du, (float64(y)+0.5)/float64(s.h) + s.dv
}

// box calls paint for every pixel of an area, in shares.
func (s *stage) box(left, top, right, bottom float64, paint func(i int, u, v float64)) {
	x0, x1 := int(math.Ceil((left-s.du)*float64(s.w)-0.5)), int(math.Ceil((right-s.du)*float64(s.w)-0.5))
	y0, y1 := int(math.Ceil((top-s.dv)*float64(s.h)-0.5)), int(math.Ceil((bottom-s.dv)*float64(s.h)-0.5))
	for y := max(y0, 0); y < min(y1, s.h); y++ {
		for x := max(x0, 0); x < min(x1, s.w); x++ {
			u, v := s.place(x, y)
			paint(y*s.w+x, u, v)
		}
	}
}

func (s *stage) all(paint func(i int, u, v float64)) { s.box(-9, -9, 9, 9, paint) }

// solid gives an area a colour and a distance.
func (s *stage) solid(left, top, right, bottom float64, c rgb, metres, grainy float64) {
	s.box(left, top, right, bottom, func(i int, u, v float64) {
		k := 1 + grainy*s.grain.rough(u*90, v*90)
		s.albedo[i], s.depth[i] = c.times(float32(k)), float32(metres)
	})
}

// street is a row of houses, a road, a fence, a yard and some trees.
func (s *stage) street(sc script) {
	s.all(func(i int, _, v float64) { s.depth[i] = farAway })
	d := s.dice
	for i, left := 0, -0.6; left < 1.6; i++ {
		wide := 0.08 + 0.14*d.draw("house", i)
		top := skyline - 0.05 - 0.28*d.draw("high", i)
		tone := float32(0.15 + 0.4*d.draw("tone", i))
		warm := float32(d.draw("warm", i)) * 0.3
		s.solid(left, top, left+wide, skyline+0.03, rgb{tone, tone * (1 - warm*0.4), tone * (1 - warm)}, 80+100*d.draw("far", i), 0.12)
		s.windows(left, top, wide, i, sc.night)
		left += wide
	}
	s.box(-9, skyline, 9, 9, func(i int, u, v float64) { // the ground: road, then yard
		depth := 4 / (v - skyline + 0.02)
		c := rgb{0.11, 0.11, 0.12}
		if v > 0.6 {
			c = rgb{0.30, 0.27, 0.21}
		}
		k := 1 + 0.35*s.grain.rough(u*depth*14, depth*60) + 0.2*s.grain.at(int(u*4000), int(v*4000))
		if math.Abs(v-0.51) < 0.004 && math.Mod(u*8+100, 1) < 0.55 { // lane marking
			c = rgb{0.7, 0.7, 0.68}
		}
		s.albedo[i], s.depth[i] = c.times(float32(max(k, 0.2))), float32(depth)
	})
	for i := range 40 { // a fence
		u := -0.5 + float64(i)*0.05
		s.solid(u, 0.555, u+0.006, 0.61, rgb{0.4, 0.36, 0.3}, 20, 0.1)
	}
	s.solid(-9, 0.57, 9, 0.576, rgb{0.4, 0.36, 0.3}, 20, 0.1)
	for i := range 7 { // things that lie in the yard
		u, v := d.draw("thing", i)*1.6-0.3, 0.66+0.3*d.draw("thing row", i)
		high := 0.03 + 0.06*d.draw("thing high", i)
		s.solid(u, v-high, u+0.03+0.05*d.draw("thing wide", i), v, rgb{float32(d.draw("r", i)), float32(d.draw("g", i)), float32(d.draw("b", i))}.times(0.5), 10, 0.3)
	}
	leaf := rgb{0.06, 0.14, 0.04}
	if sc.autumn {
		leaf = rgb{0.42, 0.17, 0.03}
	}
	for i := range 4 {
		t := tree{u: d.draw("tree", i)*1.1 - 0.05, v: 0.28 + 0.12*d.draw("tree row", i), wide: 0.07 + 0.08*d.draw("tree wide", i), high: 0.12 + 0.1*d.draw("tree high", i), leaf: leaf, phase: 9 * d.draw("phase", i), n: i}
		s.trees = append(s.trees, t)
		s.box(t.u-t.wide, t.v-t.high, t.u+t.wide, t.v+t.high, func(i int, u, v float64) {
			if du, dv := (u-t.u)/t.wide, (v-t.v)/t.high; du*du+dv*dv < 1.1 {
				s.depth[i] = min(s.depth[i], 35)
			}
		})
	}
}

func (s *stage) windows(left, top, wide float64, house int, night bool) {
	n := 0
	for v := top + 0.03; v < skyline-0.03; v += 0.045 {
		for u := left + 0.012; u < left+wide-0.02; u += 0.028 {
			n++
			lit := night && s.dice.draw("window", house, n) < 0.25
			s.box(u, v, u+0.014, v+0.024, func(i int, _, _ float64) {
				s.albedo[i] = rgb{0.05, 0.06, 0.08}
				if lit {
					s.glow[i] = rgb{0.06, 0.045, 0.025}
				}
			})
		}
	}
}

// lamp lights what is around a place, and shines itself.
func (s *stage) lamp(u0, v0, reach float64, power float32) {
	s.all(func(i int, u, v float64) {
		d2 := ((u-u0)*(u-u0)*1.8 + (v-v0-0.2)*(v-v0-0.2)) / (reach * reach)
		s.lamps[i] = s.lamps[i].plus(rgb{1, 0.75, 0.45}.times(power * gauss(d2)))
		if d2 := ((u-u0)*(u-u0)*1.8 + (v-v0)*(v-v0)) / (0.008 * 0.008); d2 < 1 {
			s.glow[i] = rgb{1, 0.8, 0.5}
		}
	})
}
