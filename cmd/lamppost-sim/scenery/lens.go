package scenery

import (
	"image"
	"math"
)

// lens is the camera: what is on its glass, its focus, its exposure, its sensor.
type lens struct {
	dice    dice
	gain    float64 // of the exposure
	taken   int
	last    float64 // time of the last picture
	blurred []rgb
	tone    [4097]uint8
}

// Of the camera.
const (
	middleGrey  = 0.20
	leastGain   = 0.15
	mostGain    = 28
	exposeFor   = 1.6    // seconds in which the exposure follows
	exposeSteps = 6      // to a doubling
	readNoise   = 0.0012 // for each unit of gain
	shotNoise   = 0.0007
)

// take makes a picture of the light that arrives.
func (n *lens) take(v *view, a act) *image.RGBA {
	if n.taken == 0 {
		for i := range n.tone {
			n.tone[i] = uint8(255*math.Pow(float64(i)/4096, 1/2.2) + 0.5)
		}
	}
	n.glass(v, a)
	if a.during {
		n.tamper(v, a)
	}
	n.expose(v, a.t)
	m := image.NewRGBA(image.Rect(0, 0, v.w, v.h))
	gain := math.Exp2(math.Round(math.Log2(n.gain)*exposeSteps) / exposeSteps)
	if a.hunting && a.during && int(a.since/17)%2 == 0 {
		gain *= 2
	}
	state := mix(n.dice.seed ^ uint64(n.taken+1)*0x5851f42d4c957f2d)
	n.taken++
	read, shot := readNoise*gain, shotNoise*gain
	for i, c := range v.pix {
		p := m.Pix[4*i : 4*i+4 : 4*i+4]
		for k := range 3 {
			state = state*6364136223846793005 + 1442695040888963407
			// the sum of four bytes is nearly normal: deviation 148, mean 510
			r := state >> 32
			noise := (float64(r&0xFF+r>>8&0xFF+r>>16&0xFF+r>>24&0xFF) - 510) / 148
			x := float64(c[k]) * gain
			x += noise * math.Sqrt(read*read+shot*max(x, 0))
			p[k] = n.tone[int(min(max(x, 0), 1)*4096)]
		}
		p[3] = 255
		if a.dusk() { // without its filter a sensor sees no colours
			grey := uint8((int(p[0]) + 2*int(p[1]) + int(p[2]) + 2) / 4)
			p[0], p[1], p[2] = grey, grey, grey
		}
	}
	return m
}

// expose lets the gain follow what the middle of the picture gives.
func (n *lens) expose(v *view, t float64) {
	sum, count := 0.0, 0
	for i := 0; i < len(v.pix); i += 7 {
		c := v.pix[i]
		sum += math.Min(float64(0.3*c[0]+0.6*c[1]+0.1*c[2]), 1.5)
		count++
	}
	want := min(max(middleGrey/(sum/float64(count)+1e-6), leastGain), mostGain)
	if n.taken == 0 {
		n.gain = want
	} else {
		n.gain *= math.Exp(math.Log(want/n.gain) * (1 - math.Exp(-(t-n.last)/exposeFor)))
	}
	n.last = t
}

// tamper is what is done to the camera while it is done.
func (n *lens) tamper(v *view, a act) {
	switch a.script.tamper {
	case "blocked":
		n.cover(v)
	case "defocused":
		n.blur(v, n.dice.between("focus", 0.010, 0.022))
	case "dark": // somebody has cut the lamps off
		for i := range v.pix {
			v.pix[i] = v.pix[i].times(0.006)
		}
	case "glare": // a lamp shines into the lens
		u, w := 0.3+0.4*n.dice.draw("glare"), 0.3+0.4*n.dice.draw("glare row")
		for i := range v.pix {
			x, y := float64(i%v.w)/float64(v.w)-u, float64(i/v.w)/float64(v.h)-w
			v.pix[i] = v.pix[i].plus(rgb{40, 40, 38}.times(gauss((x*x*1.8 + y*y) / 0.22)))
		}
	}
}

// cover lays a cloth, a bag or paint over most of the lens: near and out of focus.
func (n *lens) cover(v *view) {
	tone := n.dice.between("cover", 0.01, 0.3)
	free := n.dice.draw("free") * 0.12 // a stripe at the edge stays free
	for i := range v.pix {
		x, y := float64(i%v.w)/float64(v.w), float64(i/v.w)/float64(v.h)
		k := tone * (0.8 + 0.25*math.Sin(x*5+tone*90)*math.Sin(y*4))
		hide := float32(smooth((1 - x - free) / 0.06))
		v.pix[i] = v.pix[i].toward(rgb{float32(k), float32(k * 0.95), float32(k * 0.9)}, hide)
	}
}

// blur is three box filters, nearly a disc of the lens; radius as a share of the width.
func (n *lens) blur(v *view, radius float64) {
	if n.blurred == nil {
		n.blurred = make([]rgb, len(v.pix))
	}
	r := max(int(radius*float64(v.w)/1.7+0.5), 1)
	for range 3 {
		for y := range v.h {
			slide(v.pix[y*v.w:], n.blurred[y*v.w:], v.w, 1, r)
		}
		for x := range v.w {
			slide(n.blurred[x:], v.pix[x:], v.h, v.w, r)
		}
	}
}

// slide writes the mean of 2r+1 neighbours along a line.
func slide(from, to []rgb, n, step, r int) {
	at := func(i int) rgb { return from[min(max(i, 0), n-1)*step] }
	var sum rgb
	for i := -r; i <= r; i++ {
		sum = sum.plus(at(i))
	}
	k := 1 / float32(2*r+1)
	for i := range n {
		to[i*step] = sum.times(k)
		sum = sum.plus(at(i + r + 1)).plus(at(i - r).times(-1))
	}
}
