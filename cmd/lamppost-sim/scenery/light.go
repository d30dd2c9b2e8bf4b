package scenery

import "math"

// rgb is light, or how much of it a surface gives back: linear, red green blue.
type rgb [3]float32

func (c rgb) times(k float32) rgb { return rgb{c[0] * k, c[1] * k, c[2] * k} }
func (c rgb) plus(o rgb) rgb      { return rgb{c[0] + o[0], c[1] + o[1], c[2] + o[2]} }
func (c rgb) lit(o rgb) rgb       { return rgb{c[0] * o[0], c[1] * o[1], c[2] * o[2]} }

// toward is c with a share of o.
func (c rgb) toward(o rgb, share float32) rgb { return c.times(1 - share).plus(o.times(share)) }

// view is the light that reaches the camera.
type view struct {
	w, h int
	pix  []rgb
	haze []float32 // thickness of smoke before each pixel
}

// light is what falls on surfaces at a moment.
type light struct {
	sky   rgb // from everywhere
	sun   rgb
	above rgb // the sky itself, at its top
	low   rgb // and at the horizon
}

// lightOf is the light of a moment.
func lightOf(a act) light {
	l := light{sky: rgb{0.30, 0.34, 0.40}, sun: rgb{0.75, 0.70, 0.60}, above: rgb{0.28, 0.45, 0.80}, low: rgb{0.75, 0.85, 0.95}}
	switch {
	case a.night:
		l = light{sky: rgb{0.0020, 0.0024, 0.0032}, above: rgb{0.0010, 0.0012, 0.0020}, low: rgb{0.004, 0.004, 0.004}}
		if a.tamper == "dark" {
			l.sky = l.sky.times(0.6)
		}
	case a.sunset: // from a low sun to hardly any within the film
		down := float32(smooth((a.t - 40) / 300))
		l.sky = rgb{0.20, 0.17, 0.18}.times(1 - 0.7*down)
		l.sun = rgb{0.60, 0.30, 0.10}.times(1 - down)
		l.above = rgb{0.20, 0.25, 0.45}.times(1 - 0.7*down)
		l.low = rgb{1.10, 0.42, 0.10}.times(1 - 0.65*down)
	}
	if a.rain > 0 || a.fog > 0 {
		grey := float32(0.45 * (1 - 0.35*a.rain))
		l.sky, l.sun = rgb{grey, grey, grey}, rgb{}
		l.above, l.low = rgb{0.45, 0.47, 0.50}.times(1-0.4*float32(a.rain)), rgb{0.55, 0.56, 0.58}
	}
	return l
}

// shade is how much of the sun a place has: clouds pass.
func (s *stage) shade(a act, u, v float64) float32 {
	if !a.clouds {
		return 1
	}
	c := s.grain.rough(u*1.5-a.t*0.02, v*1.5+a.t*0.004+40) + 0.35*s.grain.flow(a.t*0.02, 7)
	return float32(1 - 0.75*smooth((c+0.1)/0.35))
}

// gauss is 1 at 0 and falls to 0.37 at 1.
func gauss(d2 float64) float32 { return float32(math.Exp(-d2)) }
