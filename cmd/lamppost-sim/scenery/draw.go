package scenery

import "math"

// draw fills v with the light of a moment.
func (s *stage) draw(v *view, a act) {
	l := lightOf(a)
	if a.dusk() {
		l = infraredLight()
	}
	flicker := s.fireLight(a)
	sunAt := [2]float64{0.3 + 0.4*s.dice.draw("sun"), skyline - 0.02 + 0.0004*(a.t-60)}
	for y := range s.h {
		for x := range s.w {
			i := y*s.w + x
			u, w := s.place(x, y)
			if s.depth[i] >= farAway {
				v.pix[i] = s.sky(a, l, u, w, sunAt)
				continue
			}
			e := l.sky.plus(s.lamps[i])
			if l.sun[0] > 0 {
				e = e.plus(l.sun.times(s.shade(a, u, w)))
			}
			if a.dusk() {
				e = e.plus(s.ownLamp(i, u, w))
			}
			if flicker > 0 {
				e = e.plus(rgb{1, 0.45, 0.12}.times(flicker * gauss(((u-fireU(s.dice))*(u-fireU(s.dice))+(w-fireV)*(w-fireV))/0.03)))
			}
			v.pix[i] = s.lying(a, i, u, w).lit(e).plus(s.glow[i])
		}
	}
	if s.river != nil {
		s.water(v, a, l)
	}
	for _, t := range s.trees {
		s.tree(v, a, l, t)
	}
	s.cast(v, a)
	s.actors(v, a, l)
	s.signals(v, a, l)
	s.fire(v, a)
	s.plume(v, a, l)
	s.vapour(v, a, l)
	s.air(v, a, l)
	s.streaks(v, a, l)
	s.flakes(v, a, l)
}

// sky is what a place without anything shows.
func (s *stage) sky(a act, l light, u, v float64, sun [2]float64) rgb {
	c := l.above.toward(l.low, float32(smooth((v+0.1)/(skyline+0.1))))
	if a.clouds || a.sunset {
		c = c.toward(l.low.times(1.1), float32(0.6*smooth(s.grain.rough(u*4-a.t*0.004, v*9)+0.3)))
	}
	if a.sunset {
		d2 := (u-sun[0])*(u-sun[0])*1.8 + (v-sun[1])*(v-sun[1])
		c = c.plus(rgb{3, 1.6, 0.5}.times(gauss(d2 / 0.0006)))
		c = c.plus(rgb{0.5, 0.16, 0.03}.times(gauss(d2 / 0.03)))
	}
	return c
}

// tree is a crown of leaves in the wind.
type tree struct {
	u, v, wide, high, phase float64
	leaf                    rgb
	n                       int
}

func (s *stage) tree(v *view, a act, l light, t tree) {
	gust := a.wind * (0.5 + 0.5*s.grain.flow(a.t*0.15, float64(t.n)*9))
	sway := gust * 0.012 * math.Sin(a.t*2.3+t.phase)
	s.box(t.u-0.006, t.v, t.u+0.006, t.v+t.high*1.3, func(i int, _, w float64) {
		v.pix[i] = rgb{0.10, 0.07, 0.05}.lit(l.sky.plus(l.sun.times(0.5)).plus(s.lamps[i]))
	})
	s.box(t.u-t.wide*1.2, t.v-t.high*1.2, t.u+t.wide*1.2, t.v+t.high*1.2, func(i int, u, w float64) {
		du := (u - t.u - sway*(t.v+t.high-w)/t.high) / t.wide
		dv := (w - t.v) / t.high
		edge := 0.25 * s.grain.rough(du*4+t.phase, dv*4)
		if du*du+dv*dv > 1+edge {
			return
		}
		flutter := gust * 0.6 * math.Sin(a.t*7+du*30+dv*23)
		k := 0.75 + 0.5*s.grain.rough(du*14+t.phase+flutter, dv*14) - 0.3*dv
		if k < 0.3 {
			return // one sees through
		}
		v.pix[i] = t.leaf.times(float32(k) * 1.4).lit(l.sky.plus(l.sun.times(0.7 * s.shade(a, u, w))).plus(s.lamps[i]))
	})
}

// air takes light away with distance and gives the sky's instead.
func (s *stage) air(v *view, a act, l light) {
	thick := 0.0004 + 0.05*a.fog*a.strength(90) + 0.004*a.rain
	veil := l.low.times(0.85)
	for i, d := range s.depth {
		d = min(d, 400)
		v.pix[i] = v.pix[i].toward(veil, 1-float32(math.Exp(-thick*float64(d))))
	}
}

// streaks are drops of rain during the exposure.
func (s *stage) streaks(v *view, a act, l light) {
	n := int(a.rain * 320)
	frame := int(a.t * 30)
	for k := range n {
		u, w := s.dice.draw("drop", frame, k, 1), s.dice.draw("drop", frame, k, 2)*1.1-0.1
		long := (0.02 + 0.05*s.dice.draw("drop", frame, k, 3)) * float64(s.h)
		for d := 0.0; d < long; d++ {
			x, y := int(u*float64(s.w)-d*a.wind*0.25), int(w*float64(s.h)+d)
			if x >= 0 && x < s.w && y >= 0 && y < s.h {
				i := y*s.w + x
				v.pix[i] = v.pix[i].toward(l.low.times(0.9), 0.28)
			}
		}
	}
}
