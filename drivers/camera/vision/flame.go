package vision

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// flame looks for what has the colour of fire, keeps its place and never its shape. The
// colour alone is that of sunsets, lamps, lorries and leaves; those stand still, or move
// on. A pixel is hot only where it is brighter than the background is in the light of the
// moment, and by more than that usually varies: an orange flower is not, however the sun
// comes out and the mast sways. Whether a pixel is hot is asked in every picture, and how often the answer changes:
// that tells a flame at one picture per second as well as at twenty.
type flame struct {
	in      [flamePixels]uint8
	area    int
	hot     [flamePixels]uint8
	before  [flamePixels]uint8 // brightness in the picture before
	glows   [cells]uint8       // hot pixels of a cell, now
	heat    [cells]float32     // hot pixels of a cell, averaged over seconds
	lit     [cells]float32     // of them, those that were not in the picture before
	died    [cells]float32     // and those that are no more
	usual   [cells]float32     // hot pixels that a cell has had for long
	seconds float64
	regions regions
	chance  float64
}

// Of flame.
const (
	flameCols   = width / 2
	flamePixels = pixels / 4
	perCell     = cell * cell / 4

	flameWarm    = 60.0 // seconds
	heatFor      = 6.0  // seconds in which heat and flicker are averaged
	usualHeat    = 600.0
	leastRed     = 40   // levels of Cr above Cb
	leastBright  = 150  // levels
	overMean     = 30   // levels above the picture's mean
	stayHot      = 10   // levels that all of this may fall by before a pixel is no longer hot
	leastLeap    = 12.0 // levels that a pixel of a flame leaps by,
	noisyLeap    = 2.8  // and so many deviations of the noise
	leastHeat    = 0.8  // hot pixels of a cell
	leastFlame   = 5    // hot pixels of a region
	fullFlame    = 16
	leastFlicker = 0.10 // changes for each hot pixel
	fullFlicker  = 0.30
	mostFlicker  = 1.2 // a lamp that blinks is all there or not at all
	widest       = 3.0 // times as wide as high
	largest      = 0.2 // of the picture
	flameFollows = 4.0 // seconds
	leastColour  = 1.5 // mean distance from grey that a picture in colour has
)

func (f *flame) take(where []Polygon, open *[pixels]uint8) {
	for i := range f.in {
		if len(where) == 0 {
			f.in[i] = 1
		}
	}
	for _, p := range where {
		p.Fill(flameCols, height/2, func(x, y int) { f.in[y*flameCols+x] = 1 })
	}
	for i := range f.in {
		at := i/flameCols*2*width + i%flameCols*2
		f.in[i] &= open[at] & open[at+1] & open[at+width] & open[at+width+1]
		f.area += int(f.in[i])
	}
}

func (f *flame) forget() {
	f.seconds, f.chance = 0, 0
	clear(f.hot[:])
	clear(f.heat[:])
	clear(f.lit[:])
	clear(f.died[:])
	clear(f.usual[:])
}

func (f *flame) look(e *Eye, since float64) obs.Reading {
	f.seconds += since
	var mean averages
	mean.take(&e.now)
	switch {
	case f.area == 0, e.now.grey, mean.colour < leastColour: // by night cameras see no colours
		return obs.None(obs.Absent)
	case e.tamper.blank || e.tamper.blind() || e.ground.upset:
		f.chance = 0
		return obs.None(obs.Unclear)
	}
	f.measure(e, &mean, since)
	if f.seconds < flameWarm {
		return obs.None(obs.WarmUp)
	}
	f.chance += (f.judge() - f.chance) * float64(weight(since, flameFollows)) / 65536
	return e.tamper.found(math.Round(f.chance * 100))
}

// averages are the middle of a picture's colours.
type averages struct {
	y, cb, cr int32
	colour    float64 // mean distance from grey
}

func (a *averages) take(f *frame) {
	var y, cb, cr, off int32
	for _, p := range f.luma {
		y += int32(p)
	}
	for i, b := range f.cb {
		r := f.cr[i]
		cb += int32(b)
		cr += int32(r)
		u, v := int32(b)-128, int32(r)-128
		off += max(u, -u) + max(v, -v)
	}
	*a = averages{y / pixels, cb / flamePixels, cr / flamePixels, float64(off) / flamePixels}
}

// measure finds the hot pixels of each cell, and those that have become so or ceased to be
// with a leap of some levels: noise, and clouds that drift, go to and fro in small steps.
func (f *flame) measure(e *Eye, mean *averages, since float64) {
	clear(f.glows[:])
	var lit, died [cells]uint8
	now, leap := &e.now, int32(leastLeap+noisyLeap*e.ground.noise)
	for y := range height / 2 {
		for x := range flameCols {
			i := y*flameCols + x
			is := uint8(0)
			cb, cr := int32(now.cb[i]), int32(now.cr[i])
			slack := int32(f.hot[i]) * stayHot
			at := 2*y*width + 2*x
			luma := (int32(now.luma[at]) + int32(now.luma[at+1]) + int32(now.luma[at+width]) + int32(now.luma[at+width+1])) / 4
			if f.in[i] != 0 && cr-cb >= leastRed-slack && cb < mean.cb && cr > mean.cr {
				if luma > max(leastBright, mean.y+overMean)-slack && fiery(luma, cb, cr) && e.ground.outshone(at, luma+slack) {
					is = 1
				}
			}
			c := y*2/cell*cols + x*2/cell
			f.glows[c] += is
			if d := luma - int32(f.before[i]); max(d, -d) > leap {
				lit[c] += is &^ f.hot[i]
				died[c] += f.hot[i] &^ is
			}
			f.hot[i], f.before[i] = is, uint8(luma)
		}
	}
	k, slow := float32(weight(since, heatFor))/65536, float32(pace(since, usualHeat, f.seconds))
	for c, hot := range f.glows {
		f.heat[c] += (float32(hot) - f.heat[c]) * k
		f.lit[c] += (float32(lit[c]) - f.lit[c]) * k
		f.died[c] += (float32(died[c]) - f.died[c]) * k
		f.usual[c] += (float32(hot) - f.usual[c]) * slow
	}
}

// fiery says whether a colour is one of fire: red, then green, then blue, from red over
// orange to yellow, and the paler the brighter.
func fiery(y, cb, cr int32) bool {
	cb, cr = cb-128, cr-128
	r := y + cr*359/256
	g := y - (cb*88+cr*183)/256
	b := y + cb*454/256
	return r > 160 && r >= g && g > b && (r-b)*2 >= 255-min(r, 255)
}

// judge is how likely the best region is a flame, 0 to 1.
func (f *flame) judge() (best float64) {
	f.regions.each(f.burns, func(region []uint16) {
		best = max(best, f.likely(region))
	})
	return best
}

// flicker is how many of a cell's pixels went to and fro. What comes, or goes, and does it
// once is no flicker: a red lorry that stops.
func (f *flame) flicker(c int) float32 { return 2 * min(f.lit[c], f.died[c]) }

// burns says whether a cell may be part of a flame: hot, now and lately, and restless. What it only lights
// up is not.
func (f *flame) burns(c int) bool {
	return f.glows[c] > 0 && f.heat[c] >= leastHeat && f.flicker(c) >= leastFlicker/2*f.heat[c]
}

func (f *flame) likely(region []uint16) float64 {
	var heat, flicker, usual float64
	left, right, top, bottom := cols, 0, rows, 0
	for _, c := range region {
		x, y := int(c)%cols, int(c)/cols
		left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
		heat += float64(f.heat[c])
		flicker += float64(f.flicker(int(c)))
		usual += float64(f.usual[c])
	}
	wide, high := float64(right-left+1), float64(bottom-top+1)
	if heat < leastFlame || wide > widest*high || float64(len(region)) > largest*cells {
		return 0
	}
	restless := flicker / heat
	if restless > mostFlicker {
		return 0
	}
	old := ramp(usual/heat, 0.35, 0.7) // it has been there for long: a lamp, a sign
	return ramp(heat, leastFlame/2, fullFlame) * ramp(restless, leastFlicker, fullFlicker) * (1 - old)
}
