package vision

import "math"

// ground is the background: what each pixel shows when nothing moves, and by how much it
// usually differs from that. Both are in 1/256 of a level.
//
// A camera that sets its exposure anew changes every pixel at once. So the background is
// brought into the light of each picture first: for each eighth of its levels the middle
// of what those pixels show now, and the straight line through the eight.
type ground struct {
	level, spread [pixels]uint16
	stays         [pixels]uint16 // tenths of a second that a pixel has been moving
	moving        [pixels]uint8
	raw           [pixels]uint8 // before single pixels were taken out
	tone          [256]uint8    // what a level of the background looks like now
	bands         [bands][256]int32
	share         float64 // of the open pixels that move
	noise         float64 // of the picture, levels
	hiss          float64 // of the sensor alone, levels
	step          float64 // what pixels differ by from the picture before, their middle, levels
	upset         bool    // nearly everything changed at once, or the light of it all
	calm          float64 // seconds since it was upset, or began
	lit           bool    // it was upset: calm does not count from the beginning
}

// Of the background.
const (
	bands       = 8
	bandLevels  = 256 / bands
	firstSpread = 3 << 8
	leastChange = 12     // levels: what moves differs by more
	mostChange  = 70     // levels: this much is motion however restless a pixel is
	settle      = 25.0   // seconds in which the background follows what stands
	melt        = 300.0  // seconds after which what has come and stays becomes background
	upsetShare  = 0.45   // of the picture that changes at once,
	litShare    = 0.10   // or of one in another light that no line through its levels explains:
	litTimes    = 2.0    // the middle of all steps is so many times what it was
	litStep     = 8.0    // and so many levels more
	recover     = 3.0    // seconds in which the background follows then,
	recoverFor  = 8.0    // and for how many
	evenStep    = 6 << 8 // between the neighbours of a pixel where the background is even
	blackest    = 6 << 8
	almostWhite = 245 << 8
	leastEven   = 50      // of so many pixels one has to be even
	spreadSlow  = 1 / 4.0 // the spread follows at so much of the background's pace
)

func (g *ground) begin(f *frame) {
	for i, p := range f.luma {
		g.level[i] = uint16(p) << 8
		g.spread[i] = firstSpread
	}
	clear(g.moving[:])
	clear(g.stays[:])
	g.share, g.upset, g.calm, g.lit = 0, false, 0, false
	g.noise, g.hiss = 0, 0
}

// look finds what moves and lets the background follow.
func (g *ground) look(e *Eye, since float64) {
	if since == 0 {
		return
	}
	g.expose(&e.now.luma, &e.open)
	g.difference(&e.now.luma, &e.open)
	n := g.despeckle()
	g.share = float64(n) / float64(max(e.visible, 1))
	usual := g.noise
	g.listen(&e.now.luma, &e.before)
	g.upset = g.share > upsetShare || g.share > litShare && g.step > litTimes*usual+litStep
	g.calm += since
	if g.upset {
		g.calm, g.lit = 0, true
	}
	g.follow(&e.now.luma, since)
}

// listen measures the noise: the middle of what pixels differ by from the picture before
// is 0.954 of its deviation, whatever moves in less than half of the picture. Of a view
// that is full of edges a swaying mast moves more than half. Where the background is even,
// and neither black nor white, what differs is the sensor's alone: the hiss.
func (g *ground) listen(now, before *[pixels]uint8) {
	var steps, even [256]int32
	n, quiet := int32(0), int32(0)
	for y := 1; y < height-1; y++ {
		for i := y*width + 1 + y%3; i < (y+1)*width-1; i += 3 {
			d := int32(now[i]) - int32(before[i])
			d = max(d, -d)
			steps[d]++
			n++
			if g.even(i) {
				even[d]++
				quiet++
			}
		}
	}
	is := max(middle(&steps, n), 0) / 0.954
	g.step = is
	hiss := is
	if quiet >= n/leastEven {
		hiss = min(max(middle(&even, quiet), 0)/0.954, is)
	}
	if g.noise == 0 {
		g.noise, g.hiss = is, hiss
	}
	g.noise += (is - g.noise) * 0.2
	g.hiss += (hiss - g.hiss) * 0.2
}

// even says whether the background has no step beside a pixel.
func (g *ground) even(i int) bool {
	x := int32(g.level[i+1]) - int32(g.level[i-1])
	y := int32(g.level[i+width]) - int32(g.level[i-width])
	return max(x, -x)+max(y, -y) <= evenStep && g.level[i] >= blackest && g.level[i] <= almostWhite
}

// weight is how much of a difference is left behind in a time by what follows with a
// time constant, both in seconds, in 1/65536.
func weight(since, constant float64) int32 {
	return int32(65536 * (1 - math.Exp(-since/constant)))
}

// expose sets tone.
func (g *ground) expose(luma, open *[pixels]uint8) {
	for b := range g.bands {
		clear(g.bands[b][:])
	}
	var count, sum [bands]int32
	for y := 1; y < height; y += 2 {
		for i := y * width; i < (y+1)*width; i += 2 {
			if open[i] == 0 {
				continue
			}
			was := g.level[i] >> 8
			b := was / bandLevels
			g.bands[b][luma[i]]++
			count[b]++
			sum[b] += int32(was)
		}
	}
	var line fit
	for b, n := range count {
		if n < 60 {
			continue
		}
		line.add(float64(sum[b])/float64(n), middle(&g.bands[b], n), math.Sqrt(float64(n)))
	}
	slope, from := line.solve()
	for v := range g.tone {
		g.tone[v] = uint8(min(max(slope*float64(v)+from+0.5, 0), 255))
	}
}

// middle is the median of a histogram of n values, between levels.
func middle(h *[256]int32, n int32) float64 {
	seen := int32(0)
	for v, c := range h {
		if c > 0 && 2*(seen+c) >= n {
			return float64(v) - 0.5 + (float64(n)/2-float64(seen))/float64(c)
		}
		seen += c
	}
	return 0
}

// fit is a straight line through weighted points, of which the one that fits worst is
// left out when there are four and more: a lorry may hide all that is dark.
type fit struct {
	x, y, w [bands]float64
	n       int
}

func (f *fit) add(x, y, w float64) {
	f.x[f.n], f.y[f.n], f.w[f.n] = x, y, w
	f.n++
}

// Bounds of a line's slope: how much darker or brighter a camera makes a scene.
const (
	leastSlope = 0.3
	mostSlope  = 3
)

func (f *fit) solve() (slope, from float64) {
	slope, from = f.line(-1)
	if f.n < 4 {
		return slope, from
	}
	worst, off := -1, 0.0
	for i := range f.n {
		s, c := f.line(i)
		if d := math.Abs(f.y[i]-s*f.x[i]-c) * math.Sqrt(f.w[i]); d > off {
			worst, off = i, d
		}
	}
	return f.line(worst)
}

// line is the line through all points but one.
func (f *fit) line(without int) (slope, from float64) {
	var w, wx, wy, wxx, wxy float64
	for i := range f.n {
		if i == without {
			continue
		}
		w += f.w[i]
		wx += f.w[i] * f.x[i]
		wy += f.w[i] * f.y[i]
		wxx += f.w[i] * f.x[i] * f.x[i]
		wxy += f.w[i] * f.x[i] * f.y[i]
	}
	if w == 0 {
		return 1, 0
	}
	slope = 1
	if d := w*wxx - wx*wx; d > w*w*100 { // the points lie ten levels apart
		slope = min(max((w*wxy-wx*wy)/d, leastSlope), mostSlope)
	}
	return slope, (wy - slope*wx) / w
}

// meanOf is the mean level of a small cell.
func (g *ground) meanOf(c int) float64 {
	at, sum := c/fineCols*fine*width+c%fineCols*fine, 0
	for range fine {
		for _, v := range g.level[at : at+fine] {
			sum += int(v)
		}
		at += width
	}
	return float64(sum) / (256 * fine * fine)
}

// outshone says whether a level is above that of the background at a pixel, as it looks in
// the light of the picture, by more than the background varies there.
func (g *ground) outshone(i int, luma int32) bool {
	return luma-int32(g.tone[g.level[i]>>8]) > min(leastChange+int32(g.spread[i])*3>>8, mostChange)
}

// difference marks in raw what differs from the background.
func (g *ground) difference(luma, open *[pixels]uint8) {
	for i, p := range luma {
		d := int32(p) - int32(g.tone[g.level[i]>>8])
		limit := min(leastChange+int32(g.spread[i])*3>>8, mostChange)
		if d < 0 {
			d = -d
		}
		m := uint8(0)
		if d > limit {
			m = open[i]
		}
		g.raw[i] = m
	}
}

// despeckle keeps in moving what at least half of its neighbourhood agrees with, and
// counts it.
func (g *ground) despeckle() (n int) {
	for y := 1; y < height-1; y++ {
		at := y * width
		a, b, c, out := g.raw[at-width:at], g.raw[at:at+width], g.raw[at+width:at+2*width], g.moving[at:at+width]
		left, mid := a[0]+b[0]+c[0], a[1]+b[1]+c[1]
		for x := 1; x < width-1; x++ {
			right := a[x+1] + b[x+1] + c[x+1]
			m := uint8(0)
			if left+mid+right >= 5 {
				m = 1
			}
			out[x] = m
			n += int(m)
			left, mid = mid, right
		}
	}
	return n
}

// follow lets the background come nearer to the picture where nothing moves. Behind what
// has come it stays as it is: it will be needed when that goes. What has stayed for long
// becomes background.
func (g *ground) follow(luma *[pixels]uint8, since float64) {
	pace := weight(since, settle)
	slow := int32(float64(pace) * spreadSlow)
	anew := g.calm < recoverFor
	if anew {
		pace = weight(since, recover)
	}
	switch {
	case g.upset: // what differs is the light, and no restlessness
		slow = 0
	case anew && g.lit: // noise is another, too; at the beginning who walks there is none
		slow = pace
	}
	tick := uint16(min(max(since*10, 1), melt*10))
	for i, p := range luma {
		was := int32(g.level[i])
		k := pace
		switch {
		case g.moving[i] == 0:
			g.stays[i] = 0
		case anew:
		case g.stays[i] < melt*10:
			g.stays[i] += tick
			continue
		}
		g.level[i] = uint16(was + int32(int64(int32(p)<<8-was)*int64(k)>>16))
		off := int32(p) - int32(g.tone[was>>8])
		off = min(max(off, -off), mostChange) << 8
		s := int32(g.spread[i])
		g.spread[i] = uint16(s + int32(int64(off-s)*int64(slow)>>16))
	}
}
