package scenery

import "math"

// surface is what is on the water at a place: c if nothing is. Near is how far below the
// line it is, as a share of the picture; wave is how it heaves.
func (s *stage) surface(a act, e, c rgb, u, near, wave float64) rgb {
	switch {
	case a.glitter:
		if f := s.grain.flow(u*130+a.t*5, near*300-a.t*7) + 0.4*wave; f > 0.85 {
			return c.plus(rgb{4, 3.8, 3.2}.times(float32(smooth((f - 0.85) / 0.3))))
		}
	case a.weed:
		return s.duckweed(a, e, c, u, near)
	case a.ice:
		return s.frozen(e, u, near)
	}
	return c
}

// duckweed is a carpet of small leaves that drifts a little, with holes.
func (s *stage) duckweed(a act, e, c rgb, u, near float64) rgb {
	x, y := u+0.002*math.Sin(a.t/7), near
	if s.grain.rough(x*9, y*14) < -0.35 {
		return c
	}
	k := 0.65 + 0.6*math.Abs(s.grain.at(int(math.Floor(x*330)), int(math.Floor(y*360))))
	return rgb{0.16, 0.26, 0.05}.times(float32(k)).lit(e)
}

// frozen is ice with snow on it in patches, and cracks.
func (s *stage) frozen(e rgb, u, near float64) rgb {
	snow := smooth(0.5 + 1.2*s.grain.rough(u*6, near*10+3))
	c := rgb{0.35, 0.38, 0.42}.toward(rgb{0.78, 0.8, 0.82}, float32(snow))
	crack := math.Abs(s.grain.rough(u*5+20, near*5))
	if crack < 0.012 {
		c = c.times(0.45)
	}
	return c.times(float32(1 + 0.1*s.grain.rough(u*90, near*90))).lit(e)
}
