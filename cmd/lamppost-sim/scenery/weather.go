package scenery

import "math"

// flakes are snow in the air: near ones large and out of focus, far ones many and small.
func (s *stage) flakes(v *view, a act, l light) {
	frame := int(a.t * 30)
	for k := range int(a.snow * 500) {
		u, w := s.dice.draw("flake", frame, k, 1), s.dice.draw("flake", frame, k, 2)
		near := s.dice.draw("flake", frame, k, 3)
		size := 0.0015 + 0.010*near*near*near*near
		s.box(u-2*size, w-2*size, u+2*size, w+2*size, func(i int, x, y float64) {
			d2 := ((x-u)*(x-u)*1.8 + (y-w)*(y-w)) / (size * size)
			v.pix[i] = v.pix[i].toward(l.low.times(0.95), 0.75*gauss(d2))
		})
	}
}

// lying is what a surface gives back: after minutes of snow the ground is white.
func (s *stage) lying(a act, i int, u, v float64) rgb {
	if a.snow == 0 || v < skyline+0.02 {
		return s.albedo[i]
	}
	drift := 0.5 + 0.5*s.grain.rough(u*20, v*30)
	return s.albedo[i].toward(rgb{0.8, 0.82, 0.85}, float32(a.snow*0.8*smooth(a.t/360)*drift))
}

// vapour is steam from a drain: it rises quickly, whirls, and is gone after four seconds.
// It comes in puffs, and more while something happens.
func (s *stage) vapour(v *view, a act, l light) {
	if !a.steam {
		return
	}
	const every, life = 0.25, 4.0
	u0 := fireU(s.site)
	white := rgb{0.9, 0.9, 0.9}.lit(l.sky.plus(l.sun.times(0.4)))
	for n := int((a.t - life) / every); n <= int(a.t/every); n++ {
		age := a.t - float64(n)*every
		more := 0.25 + 0.75*a.strength(10)
		if age < 0 || age > life || s.dice.draw("steam", n) > more {
			continue
		}
		u := u0 + age*a.wind*0.03 + 0.012*s.grain.flow(age+float64(n), 80)
		w := fireV - age*0.05*(0.7+0.6*s.dice.draw("steam rise", n))
		r := 0.012 + 0.016*age
		s.box(u-2*r, w-2*r, u+2*r, w+2*r, func(i int, x, y float64) {
			d2 := ((x-u)*(x-u)*1.6 + (y-w)*(y-w)) / (r * r)
			curl := max(1+0.8*s.grain.rough((x-u)*50+float64(n), (y-w)*50), 0)
			thick := 0.9 * smooth(age*3) * smooth((life-age)/2.5) * curl * float64(gauss(d2))
			v.pix[i] = v.pix[i].toward(white, 1-float32(math.Exp(-thick)))
		})
	}
}

// cast is shadows with hard edges: of a branch that sways over the yard all the time, and
// of a crane's arm that crosses it while something happens.
func (s *stage) cast(v *view, a act) {
	if !a.shadows {
		return
	}
	sway := 0.02 * a.wind * math.Sin(a.t*1.7)
	arm := visit(a.since, a.since+a.left, 30, 0.3)
	s.box(-9, 0.6, 9, 9, func(i int, u, w float64) {
		branch := math.Abs(u-0.3-sway-0.4*(w-0.8)) < 0.02+0.015*s.grain.rough(u*30+sway*200, w*30)
		crane := a.during && math.Abs(u-arm+0.5*(w-0.8)) < 0.035
		if branch || crane {
			v.pix[i] = v.pix[i].times(0.38)
		}
	})
}

// signals are lamps that are no fire.
func (s *stage) signals(v *view, a act, l light) {
	switch {
	case a.lamps && a.since > 0:
		s.sodium(v, a)
	case a.beacon && a.during:
		s.roadworks(v, a, l)
	case a.oncoming && a.during:
		s.approach(v, a)
	}
}

func (s *stage) shine(v *view, u, w, size float64, col rgb) {
	s.box(u-size*3, w-size*3, u+size*3, w+size*3, func(i int, x, y float64) {
		d2 := ((x-u)*(x-u)*1.8 + (y-w)*(y-w)) / (size * size)
		v.pix[i] = v.pix[i].plus(col.times(gauss(d2)))
	})
}

// sodium is three lamps that strike one after another: they flicker red for a while, grow
// orange within half a minute and stay.
func (s *stage) sodium(v *view, a act) {
	for n := range 3 {
		on := a.since - 12*float64(n) - 5*s.dice.draw("strike", n)
		if on < 0 {
			continue
		}
		strength := 0.15 + 0.85*smooth(on/30)
		if on < 15 && s.grain.flow(a.t*6, float64(n)*11) < -0.1 {
			strength *= 0.3
		}
		u, w := 0.2+0.3*float64(n)+0.05*s.site.draw("lamp u", n), 0.46+0.06*s.site.draw("lamp v", n)
		s.shine(v, u, w, 0.011, rgb{3.2, 1.5, 0.25}.times(float32(strength)))
		s.box(u-0.3, w, u+0.3, w+0.5, func(i int, x, y float64) {
			d2 := (x-u)*(x-u)/0.015 + (y-w-0.15)*(y-w-0.15)/0.02
			v.pix[i] = v.pix[i].plus(s.albedo[i].lit(rgb{0.16, 0.075, 0.012}).times(float32(strength) * gauss(d2)))
		})
	}
}

// roadworks is a van on the road with a lamp on its roof that turns nearly twice a second,
// and a man in orange who walks up and down beside it.
func (s *stage) roadworks(v *view, a act, l light) {
	c := car{v: 0.56, size: 0.22, way: 1, body: rgb{0.6, 0.27, 0.02}, box: rgb{0.62, 0.28, 0.02}}
	c.u = visit(a.since, a.since+a.left, 9, 0.55)
	s.car(v, a, l, c)
	turn := math.Pow(math.Max(math.Cos(2*math.Pi*1.9*a.t), 0), 6)
	s.shine(v, c.u, c.v-0.155, 0.006+0.008*turn, rgb{2.5, 1.0, 0.05}.times(float32(0.15+turn)))
	u := c.u + 0.2 + 0.05*math.Sin(a.since*0.4)
	e := l.sky.plus(l.sun.times(0.6))
	s.box(u-0.008, 0.48, u+0.008, 0.525, func(i int, _, _ float64) { v.pix[i] = rgb{0.85, 0.25, 0.03}.lit(e) })
	s.box(u-0.006, 0.525, u+0.006, 0.565, func(i int, _, _ float64) { v.pix[i] = rgb{0.05, 0.05, 0.1}.lit(e) })
	s.box(u-0.005, 0.46, u+0.005, 0.48, func(i int, _, _ float64) { v.pix[i] = rgb{0.45, 0.3, 0.22}.lit(e) })
}

// approach is two headlights that come down the road towards the camera, each quarter of a
// minute another pair, and dazzle it before they turn off.
func (s *stage) approach(v *view, a act) {
	const takes = 15.0
	run := int(a.since / takes)
	near := math.Mod(a.since, takes) / takes
	u, w := 0.7-0.25*near*s.dice.draw("lane", run), skyline+0.02+0.12*near*near
	apart := 0.004 + 0.045*near*near
	power := float32(3 + 40*near*near*near)
	if near > 0.9 {
		power = 0 // round the corner
	}
	for _, side := range []float64{-1, 1} {
		s.shine(v, u+side*apart, w, 0.004+0.02*near*near, rgb{1, 0.95, 0.8}.times(power))
	}
	s.box(-9, w, 9, 9, func(i int, x, y float64) {
		d2 := (x-u)*(x-u)/(0.01+0.05*near) + (y-w)*(y-w)/(0.01+0.05*near)
		v.pix[i] = v.pix[i].plus(s.albedo[i].times(power * 0.006 * gauss(d2)))
	})
}
