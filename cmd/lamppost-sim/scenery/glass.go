package scenery

import "math"

// dusk says whether the camera sees by its own lamp, in grey.
func (a act) dusk() bool { return a.infrared && a.during }

// infraredLight is the light of an evening that is too dark for colours.
func infraredLight() light {
	return light{sky: rgb{0.006, 0.006, 0.006}, above: rgb{0.002, 0.002, 0.002}, low: rgb{0.006, 0.006, 0.006}}
}

// ownLamp is what the camera's own lamp gives a place: most in the middle, less with the
// square of the distance.
func (s *stage) ownLamp(i int, u, v float64) rgb {
	d := float64(max(s.depth[i], 5))
	k := float32(14/(d*d)) * gauss(((u-0.5)*(u-0.5)+(v-0.6)*(v-0.6))/0.16)
	return rgb{k, k, k}
}

// glass is what is on the lens and what the mast does: nothing of it is an event.
func (n *lens) glass(v *view, a act) {
	if a.shake > 0 {
		n.sway(v, a)
	}
	if a.drops && a.since > 0 {
		for k := range 5 {
			n.drop(v, a, k)
		}
	}
	if a.insect && a.during {
		n.crawl(v, a)
	}
}

// sway moves the picture by what a mast in gusts does at a moment: whole pixels and parts.
func (n *lens) sway(v *view, a act) {
	g := newGust(n.dice, a.t)
	dx, dy := a.shake*g[0]*float64(v.w), 0.5*a.shake*g[1]*float64(v.w)
	if n.blurred == nil {
		n.blurred = make([]rgb, len(v.pix))
	}
	copy(n.blurred, v.pix)
	at := func(x, y int) rgb {
		return n.blurred[min(max(y, 0), v.h-1)*v.w+min(max(x, 0), v.w-1)]
	}
	i, j := int(math.Floor(dx)), int(math.Floor(dy))
	p, q := float32(dx-float64(i)), float32(dy-float64(j))
	for y := range v.h {
		for x := range v.w {
			upper := at(x+i, y+j).toward(at(x+i+1, y+j), p)
			lower := at(x+i, y+j+1).toward(at(x+i+1, y+j+1), p)
			v.pix[y*v.w+x] = upper.toward(lower, q)
		}
	}
}

// newGust is how far a mast bends, about -1 to 1 each way: it swings at its own pace, more
// in some half minutes than in others.
func newGust(d dice, t float64) [2]float64 {
	blow := 0.3 + 0.7*smooth(0.5+0.6*math.Sin(t/17+9*d.draw("blow")))
	return [2]float64{blow * math.Sin(t*7.3+3*math.Sin(t*0.9)), blow * math.Sin(t*5.1+1)}
}

// drop is a drop of water on the glass: it bends a wide, upside-down view into itself.
func (n *lens) drop(v *view, a act, k int) {
	u, w := 0.1+0.8*n.dice.draw("drop u", k), 0.1+0.8*n.dice.draw("drop v", k)
	r := (0.03 + 0.05*n.dice.draw("drop r", k)) * smooth(a.since/20-float64(k))
	w += 0.03 * smooth(a.since/60-float64(k)) // it runs
	if r <= 0 {
		return
	}
	if n.blurred == nil {
		n.blurred = make([]rgb, len(v.pix))
	}
	copy(n.blurred, v.pix)
	for y := max(int((w-r)*float64(v.h)), 0); y < min(int((w+r)*float64(v.h)), v.h); y++ {
		for x := max(int((u-r)*float64(v.w)), 0); x < min(int((u+r)*float64(v.w)), v.w); x++ {
			dx, dy := (float64(x)/float64(v.w)-u)/r, (float64(y)/float64(v.h)-w)/r
			d2 := dx*dx + dy*dy
			if d2 > 1 {
				continue
			}
			from := rgb{}
			for s := range 9 { // out of focus
				sx := int((u - dx*0.35 + 0.03*float64(s%3-1)) * float64(v.w))
				sy := int((w - dy*0.35 + 0.03*float64(s/3-1)) * float64(v.h))
				from = from.plus(n.blurred[min(max(sy, 0), v.h-1)*v.w+min(max(sx, 0), v.w-1)].times(1.0 / 9))
			}
			i := y*v.w + x
			v.pix[i] = v.pix[i].toward(from.times(float32(1-0.35*d2)), float32(smooth((1-d2)*3)))
		}
	}
}

// crawl is an insect on the glass: dark, far out of focus, a tenth of the picture wide. It
// walks a while, sits a while, and its legs move.
func (n *lens) crawl(v *view, a act) {
	d := n.dice
	walked := a.since - 4*math.Sin(a.since/4) // stands still now and then
	u := 0.5 + 0.38*math.Sin(walked*0.06+9*d.draw("crawl"))
	w := 0.5 + 0.38*math.Sin(walked*0.083+9*d.draw("crawl row"))
	body, leg := 0.05+0.03*d.draw("body"), math.Sin(a.t*9)
	for i := range v.pix {
		x, y := float64(i%v.w)/float64(v.w)-u, (float64(i/v.w)/float64(v.h)-w)*0.75
		hide := 0.9 * smooth(1.6-math.Sqrt(x*x*0.6+y*y)/body)
		for s := range 4 {
			lx := (float64(s) - 1.5) * body * 0.7
			off := math.Abs(x-lx-leg*0.01) / 0.012
			hide = math.Max(hide, 0.5*smooth(1.5-off)*smooth(2-math.Abs(y)/body))
		}
		v.pix[i] = v.pix[i].toward(rgb{0.01, 0.009, 0.007}, float32(hide))
	}
}
