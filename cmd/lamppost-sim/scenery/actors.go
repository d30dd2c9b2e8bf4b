package scenery

import "math"

// car is a vehicle seen from the side.
type car struct {
	u, v, size float64 // middle of its lower edge, and its length
	way        float64 // 1: to the right, -1: to the left
	body       rgb
	box        rgb // of a lorry; black: it is a car
	lights     bool
	hazard     bool
	braking    bool
}

// actors draws whoever comes and goes.
func (s *stage) actors(v *view, a act, l light) {
	if a.traffic {
		s.traffic(v, a, l)
	}
	span := a.since + a.left
	switch {
	case a.lorry && a.during:
		c := car{v: 0.53, size: 0.34, way: 1, body: rgb{0.55, 0.02, 0.02}, box: rgb{0.6, 0.03, 0.02}, braking: true}
		c.u = visit(a.since, span, 8, 0.5)
		c.hazard = c.u == 0.5
		s.car(v, a, l, c)
	case a.van && a.during:
		c := car{v: 0.56, size: 0.3, way: 1, body: rgb{0.33, 0.33, 0.34}, box: rgb{0.38, 0.38, 0.39}}
		c.u = visit(a.since, span, 8, 0.45)
		s.car(v, a, l, c)
	case a.visit == "vehicle" && a.during:
		c := car{v: 0.85, size: 0.3, way: 1, body: rgb{0.10, 0.14, 0.30}, box: rgb{0.3, 0.3, 0.28}, lights: true}
		c.u = visit(a.since, span, 10, 0.3)
		s.car(v, a, l, c)
	case a.visit == "person" && a.during:
		s.person(v, a, l, walk(a.since, span))
	}
}

// visit is where something is that comes from the left, stops at a place, and goes on to
// the right, each within some seconds.
func visit(since, span, within, place float64) float64 {
	switch {
	case since < within:
		return -0.3 + (place+0.3)*smooth(since/within)
	case since > span-within:
		return place + (1.4-place)*smooth((since-span+within)/within)
	}
	return place
}

// walk is where somebody is who comes into the yard, looks around, and goes.
func walk(since, span float64) (u float64) {
	return visit(since, span, 14, 0.27) + 0.06*math.Sin(since*0.25)*smooth((since-14)/5)*smooth((span-14-since)/5)
}

// inYard says whether the visitor is in the yard, with most of its body.
func (a act) inYard() bool {
	u := walk(a.since, a.since+a.left)
	if a.visit == "vehicle" {
		u = visit(a.since, a.since+a.left, 10, 0.3)
	}
	return u > 0.10 && u < 0.48
}

// traffic is a stream of cars on the road, in both directions.
func (s *stage) traffic(v *view, a act, l light) {
	for lane, way := range []float64{1, -1} {
		for n := range 3 {
			period := 21 + 13*s.dice.draw("period", lane, n)
			at := math.Mod(a.t+90*s.dice.draw("start", lane, n), period)
			run := int((a.t + 90*s.dice.draw("start", lane, n)) / period)
			speed := 0.12 + 0.15*s.dice.draw("speed", lane, n, run)
			u := -0.3 + at*speed
			if way < 0 {
				u = 1 - u
			}
			tone := float32(s.dice.draw("paint", lane, n, run))
			s.car(v, a, l, car{u: u, v: 0.495 + 0.035*float64(lane), size: 0.12 + 0.03*float64(lane), way: way,
				body: rgb{tone * 0.6, tone * 0.5, 0.55 - 0.5*tone}, lights: a.night || a.rain > 0 || a.fog > 0})
		}
	}
}

func (s *stage) car(v *view, a act, l light, c car) {
	if c.u < -0.4 || c.u > 1.4 {
		return
	}
	half, high := c.size/2, c.size*0.34
	paint := func(left, top, right, bottom float64, col rgb) {
		if c.way < 0 {
			left, right = -right, -left
		}
		s.box(c.u+left, c.v+top, c.u+right, c.v+bottom, func(i int, u, w float64) {
			e := l.sky.plus(l.sun.times(0.6 * s.shade(a, u, w))).plus(s.lamps[i])
			v.pix[i] = col.times(float32(1 + 0.1*s.grain.rough((u-c.u)*60, (w-c.v)*60))).lit(e)
		})
	}
	if c.box != (rgb{}) {
		paint(-half, -high*1.9, half*0.55, -high*0.25, c.box)
		paint(half*0.6, -high*1.4, half, -high*0.2, c.body)
		paint(half*0.72, -high*1.25, half*0.97, -high*0.8, rgb{0.04, 0.05, 0.06})
	} else {
		paint(-half, -high*0.6, half, -high*0.12, c.body)
		paint(-half*0.55, -high, half*0.45, -high*0.6, c.body.times(0.8))
		paint(-half*0.48, -high*0.93, half*0.38, -high*0.62, rgb{0.04, 0.05, 0.06})
	}
	paint(-half*0.75, -high*0.25, -half*0.45, 0, rgb{0.02, 0.02, 0.02})
	paint(half*0.45, -high*0.25, half*0.75, 0, rgb{0.02, 0.02, 0.02})
	s.lights(v, a, c, half, high)
}

// lights are a car's own, and what they fall on.
func (s *stage) lights(v *view, a act, c car, half, high float64) {
	shine := func(u, w, size float64, col rgb) {
		s.box(u-size*3, w-size*3, u+size*3, w+size*3, func(i int, x, y float64) {
			d2 := ((x-u)*(x-u)*1.8 + (y-w)*(y-w)) / (size * size)
			v.pix[i] = v.pix[i].plus(col.times(gauss(d2)))
		})
	}
	if c.lights {
		shine(c.u+c.way*half, c.v-high*0.4, 0.012, rgb{2.2, 2.1, 1.8})
		shine(c.u-c.way*half, c.v-high*0.4, 0.008, rgb{0.5, 0.02, 0.01})
		mid := c.u + c.way*(half+0.16)
		s.box(mid-0.25, c.v-0.08, mid+0.25, c.v+0.08, func(i int, x, y float64) {
			d2 := (x-mid)*(x-mid)/0.02 + (y-c.v)*(y-c.v)/0.0012
			v.pix[i] = v.pix[i].plus(s.albedo[i].times(0.12 * gauss(d2)))
		})
	}
	if c.braking {
		shine(c.u-c.way*half, c.v-high*0.4, 0.009, rgb{0.9, 0.04, 0.02})
	}
	if c.hazard && math.Mod(a.t*1.4, 1) < 0.5 {
		shine(c.u-c.way*half, c.v-high*0.6, 0.009, rgb{1.2, 0.5, 0.02})
		shine(c.u+c.way*half, c.v-high*0.6, 0.009, rgb{1.2, 0.5, 0.02})
	}
}

// person walks.
func (s *stage) person(v *view, a act, l light, u float64) {
	foot, tall := 0.84, 0.17
	jacket := rgb{float32(s.dice.draw("jr")), float32(s.dice.draw("jg")), float32(s.dice.draw("jb"))}.times(0.5)
	stride := 0.012 * math.Sin(a.t*5)
	part := func(left, top, right, bottom float64, col rgb) {
		s.box(u+left, foot-tall*top, u+right, foot-tall*bottom, func(i int, x, y float64) {
			v.pix[i] = col.lit(l.sky.plus(l.sun.times(0.6 * s.shade(a, x, y))).plus(s.lamps[i]))
		})
	}
	part(-0.010+stride, 0.48, 0.002+stride, 0, rgb{0.05, 0.05, 0.09})
	part(-0.002-stride, 0.48, 0.010-stride, 0, rgb{0.05, 0.05, 0.09})
	part(-0.019, 0.84, 0.019, 0.46, jacket)
	part(-0.009, 1, 0.009, 0.85, rgb{0.45, 0.3, 0.22})
}
