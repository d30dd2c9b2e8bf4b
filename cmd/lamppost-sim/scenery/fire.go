package scenery

import "math"

// Where it burns.
const (
	fireV    = 0.80 // the row of its foot
	fireWide = 0.035
	fireHigh = 0.13
	growing  = 45.0 // seconds in which a fire grows
)

func fireU(d dice) float64 { return 0.2 + 0.6*d.draw("fire") }

// fireLight is how much light a fire throws around.
func (s *stage) fireLight(a act) float32 {
	if !a.flame || a.since < 0 || a.left < 0 {
		return 0
	}
	return float32(0.25 * a.strength(growing) * (1 + 0.35*s.grain.flow(a.t*7, 3) + 0.2*s.grain.flow(a.t*17, 9)))
}

// fire is licking noise over a foot that stays: hotter within and below, torn above.
func (s *stage) fire(v *view, a act) {
	if s.fireLight(a) == 0 {
		return
	}
	grown := 0.35 + 0.65*a.strength(growing)
	u0, wide := fireU(s.dice), fireWide*grown*(0.8+0.5*s.dice.draw("fire wide"))
	high := fireHigh * grown * (1 + 0.3*s.grain.flow(a.t*3, 21))
	s.box(u0-wide*2, fireV-high*1.8, u0+wide*2, fireV+0.01, func(i int, u, w float64) {
		y := (fireV - w) / high
		lean := a.wind * 0.6 * y * y * (0.5 + 0.5*s.grain.flow(a.t*0.8, 33))
		x := (u-u0)/wide - lean
		lick := s.grain.rough(x*1.7+5, y*2.2-a.t*3.1) + 0.5*s.grain.flow(x*3, y*4-a.t*6.3)
		hot := 1 - math.Pow(math.Abs(x), 1.6) - math.Max(y, 0)*0.75 + 0.55*lick*math.Min(1, 0.3+y)
		if y < 0 {
			hot += y * 9
		}
		if hot > 0 {
			k := float32(smooth(hot * 2.2))
			c := rgb{1.9, 0.55 + 0.6*float32(min(hot, 1)), 0.06 + 0.25*float32(max(hot-0.6, 0))}
			v.pix[i] = v.pix[i].times(1 - 0.6*k).plus(c.times(k * 1.2))
		}
	})
}

// plume is smoke: puffs that a foot lets go, which rise, drift, spread and thin out.
func (s *stage) plume(v *view, a act, l light) {
	if !a.smoke || a.since < 0 {
		return
	}
	if v.haze == nil {
		v.haze = make([]float32, len(v.pix))
	}
	clear(v.haze)
	const every, life = 0.5, 26.0
	u0 := fireU(s.dice)
	last := int(min(a.since, a.since+a.left) / every)
	for n := max(int((a.since-life)/every), 0); n <= last; n++ {
		s.puff(v, a, u0, a.since-float64(n)*every, life, n)
	}
	tone := float32(0.25 + 0.6*s.dice.draw("tone"))
	own := rgb{tone, tone * 0.99, tone * 0.97}.lit(l.sky.plus(l.sun.times(0.45)).plus(rgb{0.004, 0.004, 0.004}))
	for i, h := range v.haze {
		if h > 0.003 {
			v.pix[i] = v.pix[i].toward(own, 1-float32(math.Exp(-float64(h))))
		}
	}
}

func (s *stage) puff(v *view, a act, u0, age, life float64, n int) {
	if age < 0 || age > life {
		return
	}
	d := func(name string) float64 { return s.dice.draw(name, n)*2 - 1 }
	rise := 0.024 * (1 + 0.3*d("rise"))
	u := u0 + age*a.wind*0.018*(1+0.4*d("wind")) + 0.02*s.grain.flow(age*0.35+float64(n), 50)*math.Sqrt(age)
	w := fireV - 0.02 - age*rise + 0.008*d("start")
	r := 0.016 + 0.0085*math.Pow(age, 0.85)*(1+0.3*d("size"))
	thick := 1.5 * math.Pow(0.016/r, 1.05) * smooth(age*2) * smooth((life-age)/8) * (1 + 0.5*d("thick")) * smooth(0.3+a.since/30)
	s.box(u-2*r, w-2*r, u+2*r, w+2*r, func(i int, x, y float64) {
		d2 := ((x-u)*(x-u)*1.6 + (y-w)*(y-w)) / (r * r)
		if d2 > 4 {
			return
		}
		curl := 1 + 0.7*s.grain.rough((x-u)*40+float64(n)*3, (y-w)*40+age*0.5)
		v.haze[i] += float32(thick*max(curl, 0)) * gauss(d2*1.3)
	})
}
