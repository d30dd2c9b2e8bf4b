package vision

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// zones look for things of the size of a person or a vehicle: connected small cells that
// move, within a zone. Not counted are cells that move now and then all the time (trees,
// water, flags), and things through which the background can still be seen (shadows,
// beams of light). Something that stops stays there until it has become background.
type zones struct {
	all     []zone
	active  [fineCells]uint8
	was     [fineCells]uint8
	flicker [fineCells]float32 // how often the cell changes between still and moving
	label   [fineCells]uint16
	queue   [fineCells]uint16
	seconds float64 // looked
}

type zone struct {
	in    [fineCells]uint8
	least int // small cells
	times int // pictures in a row that somebody was there, or, below 0, was not
	on    bool
}

// Of presence.
const (
	defaultLeast  = 0.002
	cellMoves     = 6    // pixels of a small cell that make it active
	restless      = 0.10 // changes per picture that make a cell restless
	restlessFor   = 90.0 // seconds in which that is averaged
	sameTexture   = 0.35 // correlation with the background's small edges that makes a shadow
	leastTexture  = 1.0  // mean squared step that a background needs to show through
	darkTexture   = 0.28 // the same over two pixels, of what is darker,
	evenTexture   = 0.20 // and of what is nearly even
	evenLight     = 6.0  // levels of deviation of a shadow on an even ground,
	nearlyEven    = 10.0 // and on one with texture
	litTexture    = 0.30 // correlation of the steps between small cells that makes another light,
	litContrast   = 4.0  // where their squares are at most so many times as large
	presenceTimes = 2
	presenceCalm  = 10   // seconds after everything changed at once
	mostPresence  = 0.30 // of the picture: fog, a shaken camera
	presenceWarm  = 10   // pictures,
	presenceAfter = 60   // and seconds
)

func (z *zones) take(all []Zone, open *[pixels]uint8) {
	z.all = make([]zone, len(all))
	for i, c := range all {
		least := c.Least
		if least == 0 {
			least = defaultLeast
		}
		z.all[i].least = max(int(math.Round(least*fineCells)), 2)
		c.Area.Fill(fineCols, fineRows, func(x, y int) {
			z.all[i].in[y*fineCols+x] = open[(y*fine+fine/2)*width+x*fine+fine/2]
		})
	}
}

func (z *zones) forget() {
	clear(z.was[:])
	clear(z.active[:])
	clear(z.flicker[:])
	z.seconds = 0
	for i := range z.all {
		z.all[i].times, z.all[i].on = 0, false
	}
}

func (z *zones) look(e *Eye, since float64, to []obs.Reading) {
	if len(z.all) == 0 {
		return
	}
	z.seconds += since
	z.cells(&e.ground.moving, since)
	for i := range z.all {
		one := &z.all[i]
		switch {
		case e.looked < presenceWarm || z.seconds < presenceAfter:
			to[i] = obs.None(obs.WarmUp)
		case e.ground.calm < presenceCalm || e.ground.share > mostPresence || e.light.white > whiteShare || e.tamper.elsewise() || e.tamper.doubtful():
			to[i] = obs.None(obs.Unclear)
		default:
			one.take(z.somebody(e, one))
			to[i] = e.tamper.found(0)
			if one.on {
				to[i] = obs.Of(1)
			}
		}
	}
}

func (z *zone) take(is bool) {
	if is == z.on {
		z.times = 0
		return
	}
	if z.times++; z.times >= presenceTimes {
		z.on, z.times = is, 0
	}
}

// cells finds which small cells move, and which do so all the time.
func (z *zones) cells(moving *[pixels]uint8, since float64) {
	k := float32(weight(since, restlessFor)) / 65536
	for y := range fineRows {
		for x := range fineCols {
			n := uint8(0)
			for r := range fine {
				at := (y*fine+r)*width + x*fine
				n += moving[at] + moving[at+1] + moving[at+2] + moving[at+3]
			}
			c := y*fineCols + x
			z.was[c] = z.active[c]
			z.active[c] = 0
			if n >= cellMoves {
				z.active[c] = 1
			}
			z.flicker[c] += (float32(z.was[c]^z.active[c]) - z.flicker[c]) * k
		}
	}
}

// somebody says whether something large enough is in a zone.
func (z *zones) somebody(e *Eye, in *zone) bool {
	clear(z.label[:])
	for c := range z.active {
		if !z.counts(in, c) || z.label[c] != 0 {
			continue
		}
		blob := z.spread(in, c)
		if len(blob) >= in.least && !seenThrough(e, blob) {
			return true
		}
	}
	return false
}

func (z *zones) counts(in *zone, c int) bool {
	return z.active[c]&in.in[c] != 0 && z.flicker[c] < restless
}

// spread collects the cells that hang together with one.
func (z *zones) spread(in *zone, c int) []uint16 {
	z.queue[0], z.label[c] = uint16(c), 1
	n := 1
	for i := 0; i < n; i++ {
		x, y := int(z.queue[i])%fineCols, int(z.queue[i])/fineCols
		for v := max(y-1, 0); v <= min(y+1, fineRows-1); v++ {
			for u := max(x-1, 0); u <= min(x+1, fineCols-1); u++ {
				if o := v*fineCols + u; z.label[o] == 0 && z.counts(in, o) {
					z.label[o] = 1
					z.queue[n] = uint16(o)
					n++
				}
			}
		}
	}
	return z.queue[:n]
}

// seenThrough says whether the background shows through a blob: its small edges are still
// there, in another light. JPEG leaves little of them in a shadow: of what is darker, or as
// even as a shadow, edges over two pixels count, too. Where the background has none, an even
// change is a shadow. Only steps within the blob are compared: those at its rim are the
// blob's own, whatever it is.
func seenThrough(e *Eye, blob []uint16) bool {
	var n, sum, squares, brighter float64
	var one, two compared
	moving := &e.ground.moving
	for _, c := range blob {
		at := int(c)/fineCols*fine*width + int(c)%fineCols*fine
		for y := range fine {
			for x := range fine {
				i := at + y*width + x
				if moving[i] == 0 {
					continue
				}
				p := float64(e.now.luma[i])
				n, sum, squares = n+1, sum+p, squares+p*p
				brighter += p - float64(e.ground.tone[e.ground.level[i]>>8])
				if x > 0 {
					one.take(e, i, i-1)
				}
				if y > 0 {
					one.take(e, i, i-width)
				}
				if i >= 2*width { // what moves does not touch the picture's edge
					two.take(e, i, i-2)
					two.take(e, i, i-2*width)
				}
			}
		}
	}
	if n == 0 {
		return false
	}
	deviation := math.Sqrt(max(squares/n-sum/n*sum/n, 0))
	switch {
	case one.there < one.n*(leastTexture+e.ground.noise*e.ground.noise/4):
		return deviation < evenLight || onlyLit(e, blob)
	case one.alike(sameTexture):
		return true
	case deviation < nearlyEven:
		return two.alike(evenTexture)
	}
	return brighter < 0 && two.alike(darkTexture)
}

// onlyLit says the same where noise hides the small edges, as at night: of the means of
// small cells, which have a quarter of it, the steps from each to the next are those of the
// background, hardly stronger. So it is under a lamp that goes on.
func onlyLit(e *Eye, blob []uint16) bool {
	var s compared
	label := &e.zones.label
	for _, c := range blob {
		for _, o := range [...]int{int(c) + 1, int(c) + fineCols} {
			if o >= fineCells || o%fineCols == 0 || label[o] == 0 {
				continue
			}
			d := float64(e.detail.mean[o]-e.detail.mean[c]) / (fine * fine)
			b := e.ground.meanOf(o) - e.ground.meanOf(int(c))
			s.n++
			s.here += d * d
			s.there += b * b
			s.both += d * b
		}
	}
	hiss := e.ground.noise * e.ground.noise / 8 // of the difference of two means of sixteen
	return s.alike(litTexture) && s.here < litContrast*s.there+s.n*hiss
}

// compared is the steps between pixels that move, now and in the background.
type compared struct{ n, here, there, both float64 }

func (s *compared) take(e *Eye, i, j int) {
	if e.ground.moving[j] == 0 {
		return
	}
	d := float64(e.now.luma[i]) - float64(e.now.luma[j])
	b := float64(int(e.ground.level[i])-int(e.ground.level[j])) / 256
	s.n++
	s.here += d * d
	s.there += b * b
	s.both += d * b
}

// alike says whether the steps correlate by more than so much.
func (s *compared) alike(least float64) bool {
	return s.both > least*math.Sqrt(s.here*s.there)
}
