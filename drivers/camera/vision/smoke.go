package vision

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// smoke looks for a region that has become paler and softer than its background and
// churns: cell by cell, the edges that are left of the background's, against the
// brightness of each; a colour that is no stronger; a brightness that goes on changing
// there. A parked van does the first two and stands still; a shadow keeps its edges; fog
// comes slowly, and everywhere.
type smoke struct {
	in      [cells]uint8
	area    int // cells that are looked at
	now     [cells]patch
	usual   [cells]patch
	unrest  [cells]float32 // by how much a cell's edges usually differ from usual, as a share
	veiled  [cells]float32 // how much of the last seconds it was veiled
	churn   [cells]float32 // change of brightness from picture to picture, levels
	calm    [cells]float32 // the same while it is not veiled
	before  [cells]float32 // brightness in the picture before
	step    [cells]float32 // by how much it changed then
	left    [cells]float32 // how much of its edges a cell has had lately
	foggy   bool           // nearly everything has lost its edges
	sway    sway
	seconds float64
	regions regions
	chance  float64
}

// Of smoke.
const (
	smokeWarm     = 60.0  // seconds
	veilFor       = 8.0   // seconds in which a cell's veil and churn are averaged
	usualFor      = 45.0  // seconds in which the background follows
	veilMelt      = 900.0 // the same behind a veil
	leastTextured = 12.0  // squared levels that a background needs to be veiled
	slowTexture   = 0.2   // edges become usual at so much of the pace at which they cease to be
	veilRatio     = 0.65  // of the background's edges
	veilStep      = 3.0   // levels that a veil changes at least
	greyMost      = 26.0  // colour of what counts as grey
	leastVeiled   = 0.6   // share of the last seconds
	leastSmoke    = 6     // cells
	fullSmoke     = 16    // cells that are no question of size any more
	fogShare      = 0.50  // of the cells with edges that have lost them in fog,
	clearShare    = 0.20  // and below which it is gone
	mostChurn     = 4.0   // levels: a car that passes is no churning
	leastChurn    = 0.4   // levels
	fullChurn     = 1.2
	smokeFollows  = 7.0 // seconds in which the likelihood follows
)

func (s *smoke) take(where []Polygon, share *[cells]uint8) {
	for c := range s.in {
		if len(where) == 0 {
			s.in[c] = 1
		}
	}
	for _, p := range where {
		p.Fill(cols, rows, func(x, y int) { s.in[y*cols+x] = 1 })
	}
	for c, n := range share {
		if n < cell*cell {
			s.in[c] = 0
		}
		s.area += int(s.in[c])
	}
}

func (s *smoke) forget() {
	s.seconds, s.chance, s.foggy = 0, 0, false
	for c := range s.left {
		s.left[c] = 1
	}
	clear(s.unrest[:])
	clear(s.veiled[:])
	clear(s.churn[:])
	clear(s.calm[:])
}

func (s *smoke) look(e *Eye, since float64) obs.Reading {
	patches(&s.now, &e.now, e.ground.hiss)
	if since == 0 {
		s.usual = s.now
		s.keep()
	}
	s.seconds += since
	if s.seconds < smokeWarm { // whatever stands there at first is usual
		s.learn(since)
	}
	switch {
	case s.area == 0:
		return obs.None(obs.Absent)
	case e.ground.upset || e.tamper.elsewise():
		s.chance = 0
		s.keep()
		return obs.None(obs.Unclear)
	}
	lost := s.veil(&e.ground, since)
	s.sway.measure(s, &e.ground)
	s.foggy = lost > fogShare || s.foggy && lost > clearShare
	s.keep()
	if s.seconds < smokeWarm {
		return obs.None(obs.WarmUp)
	}
	s.chance += (s.judge(&e.ground) - s.chance) * float64(weight(since, smokeFollows)) / 65536
	return e.tamper.found(math.Round(s.chance * 100))
}

func (s *smoke) keep() {
	for c := range s.now {
		s.step[c] = s.now[c].luma - s.before[c]
		s.before[c] = s.now[c].luma
	}
}

// learn takes a picture into the mean of those so far.
func (s *smoke) learn(since float64) {
	k := float32(pace(since, usualFor, s.seconds))
	for c := range s.now {
		s.usual[c].follow(s.now[c], k, 1)
	}
}

// follow lets a patch come nearer to another one; more texture is taken up slower.
func (p *patch) follow(now patch, k, more float32) {
	p.luma += (now.luma - p.luma) * k
	p.cb += (now.cb - p.cb) * k
	p.cr += (now.cr - p.cr) * k
	if now.texture > p.texture {
		k *= more
	}
	p.texture += (now.texture - p.texture) * k
}

// veil judges every cell and lets the background follow; it returns the share that has
// lost its edges of those that have any: in fog, and out of focus, nearly all.
func (s *smoke) veil(g *ground, since float64) float64 {
	var lost, able int
	short := float32(weight(since, veilFor)) / 65536
	fast, slow := float32(weight(since, usualFor))/65536, float32(weight(since, veilMelt))/65536
	for c := range s.now {
		if s.in[c] == 0 {
			continue
		}
		now, u := &s.now[c], &s.usual[c]
		// How the brightness changes, less how it changed before: neither an exposure that
		// follows nor a cloud's shadow churns.
		change := now.luma - s.before[c] - s.step[c]
		change = min(max(change, -change), mostChurn)
		is, k := float32(0), fast
		left, has := s.remains(c, g)
		if has {
			able++
			s.left[c] += (min(left, 1) - s.left[c]) * short
		}
		gone := has && left < min(veilRatio, 1-2*s.unrest[c])
		if gone {
			lost++
		}
		switch {
		case gone && s.pale(c, g):
			is, k = 1, slow
		case gone && s.foggy:
			k = slow
		default:
			s.calm[c] += (change - s.calm[c]) * fast
			off := (now.texture - u.texture) / (u.texture + 1)
			s.unrest[c] += (max(off, -off) - s.unrest[c]) * fast
		}
		s.churn[c] += (change - s.churn[c]) * short
		s.veiled[c] += (is - s.veiled[c]) * short
		u.follow(*now, k, slowTexture)
	}
	return float64(lost) / float64(max(able, 1))
}

// remains is how much of its edges a cell still has, 1 for all, in the light that falls
// on it now; false where it never had more of them than noise has.
func (s *smoke) remains(c int, g *ground) (left float32, has bool) {
	now, u := &s.now[c], &s.usual[c]
	lit := (now.luma + 16) / (u.luma + 16)
	edges := u.texture * lit * lit
	has = float64(u.texture) >= s.leastEdges(g) && edges >= leastTextured
	return now.texture / max(edges, leastTextured), has
}

// leastEdges is the texture from which on a cell has edges: more than noise has.
func (s *smoke) leastEdges(g *ground) float64 { return max(leastTextured, 4*g.hiss*g.hiss) }

// pale says whether a cell has no more colour than it had, and is brighter or darker than
// the light of the whole picture explains.
func (s *smoke) pale(c int, g *ground) bool {
	now, u := &s.now[c], &s.usual[c]
	step := now.luma - float32(g.tone[uint8(u.luma)])
	return max(step, -step) >= veilStep && now.grey() <= min(u.grey()+6, greyMost)
}

// judge is how likely the best region is smoke, 0 to 1: of veiled cells that touch, and of
// those with nothing but bare ground between them.
func (s *smoke) judge(g *ground) (best float64) {
	if s.foggy {
		return 0
	}
	take := func(region []uint16) { best = max(best, s.likely(region)) }
	s.regions.each(s.isVeiled, take)
	least := s.leastEdges(g)
	s.regions.each(func(c int) bool {
		return s.isVeiled(c) || float64(s.usual[c].texture) < least && s.besideVeiled(c)
	}, take)
	return best
}

func (s *smoke) isVeiled(c int) bool { return s.veiled[c] > leastVeiled }

// besideVeiled says whether one of a cell's neighbours is veiled.
func (s *smoke) besideVeiled(c int) bool {
	x, y := c%cols, c/cols
	for v := max(y-1, 0); v <= min(y+1, rows-1); v++ {
		for u := max(x-1, 0); u <= min(x+1, cols-1); u++ {
			if s.isVeiled(v*cols + u) {
				return true
			}
		}
	}
	return false
}

// likely compares how a region churns with how it would without smoke: what a swaying
// mast changes is seen through the veil, and is as much less as the edges are; noise, rain,
// snow and steam that was there before are not. Of a region only its veiled cells count.
func (s *smoke) likely(region []uint16) float64 {
	var churn, calm, veiled, n float64
	for _, c := range region {
		if !s.isVeiled(int(c)) {
			continue
		}
		n++
		swayed := s.sway.share * max(float64(s.calm[c])-s.sway.flat, 0)
		churn += float64(s.churn[c])
		calm += float64(s.calm[c]) - swayed*(1-math.Sqrt(float64(s.left[c])))
		veiled += float64(s.veiled[c])
	}
	if n < leastSmoke {
		return 0
	}
	churn, calm, veiled = churn/n, calm/n, veiled/n
	size := min(n/fullSmoke, 1)
	lively := ramp(churn-calm, leastChurn, fullChurn)
	return math.Sqrt(size) * lively * ramp(veiled, 0.4, 0.8)
}

// sway is how much of what goes on changing at edges is the mast's doing. It moves all of
// them, and nothing where there are none: what changes there is noise, rain or snow.
type sway struct {
	flat, share float64 // change where there are no edges, levels; and the mast's share of the rest
	steps       [swaySteps]int32
}

const (
	swaySteps = 100
	swayStep  = mostChurn / swaySteps
	fullSway  = 1.5 // times what changes in flat places, that nearly every edge changes
)

// measure compares the flat places with the edges, of which all but a quarter change more than that.
func (w *sway) measure(s *smoke, g *ground) {
	least := s.leastEdges(g)
	w.flat = w.quantile(s, 0.5, func(c int) bool { return float64(s.usual[c].texture) < least })
	edges := w.quantile(s, 0.25, func(c int) bool { return float64(s.usual[c].texture) >= least })
	w.share = ramp(edges/max(w.flat, swayStep), 1, fullSway)
}

// quantile of what changes usually, among some cells, in levels; 0 without any.
func (w *sway) quantile(s *smoke, q float64, of func(c int) bool) float64 {
	clear(w.steps[:])
	all, seen := int32(0), int32(0)
	for c, in := range s.in {
		if in != 0 && of(c) {
			w.steps[min(int(s.calm[c]/swayStep), swaySteps-1)]++
			all++
		}
	}
	for i, n := range w.steps {
		if seen += n; n > 0 && float64(seen) >= q*float64(all) {
			return (float64(i) + 0.5) * swayStep
		}
	}
	return 0
}

// ramp is 0 up to low, 1 from high on, and even between.
func ramp(v, low, high float64) float64 { return min(max((v-low)/(high-low), 0), 1) }
