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
	fogShare      = 0.60  // of the cells with edges that are veiled in fog
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
	s.seconds, s.chance = 0, 0
	clear(s.unrest[:])
	clear(s.veiled[:])
	clear(s.churn[:])
	clear(s.calm[:])
}

func (s *smoke) look(e *Eye, since float64) obs.Reading {
	patches(&s.now, &e.now, e.ground.noise)
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
	case e.ground.upset || e.tamper.blind():
		s.chance = 0
		s.keep()
		return obs.None(obs.Unclear)
	}
	fog := s.veil(&e.ground, since) > fogShare
	s.keep()
	if s.seconds < smokeWarm {
		return obs.None(obs.WarmUp)
	}
	s.chance += (s.judge(fog) - s.chance) * float64(weight(since, smokeFollows)) / 65536
	return obs.Of(math.Round(s.chance * 100))
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

// veil judges every cell and lets the background follow; it returns the share that is
// veiled of those that could be.
func (s *smoke) veil(g *ground, since float64) float64 {
	var all, able int
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
		if s.able(c, g) {
			able++
		}
		if s.isVeiled(c, g) {
			is, k = 1, slow
			all++
		} else {
			s.calm[c] += (change - s.calm[c]) * fast
			off := (now.texture - u.texture) / (u.texture + 1)
			s.unrest[c] += (max(off, -off) - s.unrest[c]) * fast
		}
		s.churn[c] += (change - s.churn[c]) * short
		s.veiled[c] += (is - s.veiled[c]) * short
		u.follow(*now, k, slowTexture)
	}
	return float64(all) / float64(max(able, 1))
}

// able says whether a cell has edges that a veil could take: more than noise has.
func (s *smoke) able(c int, g *ground) bool {
	return float64(s.usual[c].texture) >= max(leastTextured, 4*g.noise*g.noise)
}

// isVeiled says whether a cell has lost edges and colour, and is brighter or darker than
// the light of the whole picture explains.
func (s *smoke) isVeiled(c int, g *ground) bool {
	now, u := &s.now[c], &s.usual[c]
	lit := (now.luma + 16) / (u.luma + 16)
	if !s.able(c, g) || u.texture*lit*lit < leastTextured {
		return false
	}
	left := now.texture / (u.texture * lit * lit)
	step := now.luma - float32(g.tone[uint8(u.luma)])
	return left < min(veilRatio, 1-2*s.unrest[c]) &&
		max(step, -step) >= veilStep &&
		now.grey() <= min(u.grey()+6, greyMost)
}

// judge is how likely the best region is smoke, 0 to 1.
func (s *smoke) judge(fog bool) (best float64) {
	if fog {
		return 0
	}
	s.regions.each(func(c int) bool { return s.veiled[c] > leastVeiled }, func(region []uint16) {
		if len(region) >= leastSmoke {
			best = max(best, s.likely(region))
		}
	})
	return best
}

func (s *smoke) likely(region []uint16) float64 {
	var churn, calm, veiled float64
	for _, c := range region {
		churn += float64(s.churn[c])
		calm += float64(s.calm[c])
		veiled += float64(s.veiled[c])
	}
	n := float64(len(region))
	churn, calm, veiled = churn/n, calm/n, veiled/n
	size := min(n/fullSmoke, 1)
	lively := ramp(churn-calm, leastChurn, fullChurn)
	return math.Sqrt(size) * lively * ramp(veiled, 0.4, 0.8)
}

// ramp is 0 up to low, 1 from high on, and even between.
func ramp(v, low, high float64) float64 { return min(max((v-low)/(high-low), 0), 1) }
