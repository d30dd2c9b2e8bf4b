package vision

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// tamper tells the states that somebody, or the weather, has put the camera in. It knows
// the view: an average of its edges, and for each hour of the day how much detail there
// is. What is learned in an hour counts in that hour only; until an hour has been seen,
// what was learned lately does.
type tamper struct {
	gx, gy    [fineCells]float32 // the view's edges
	known     float64            // seconds of view that were learned
	trust     float64            // how like the view is to what it stands for: 1, but less after Recall
	shown     float64            // how much of edges the view has that picture after picture shows, see detail.shown
	judged    float64            // seconds that went into shown
	proven    bool               // that was enough, once, to judge by
	blank     bool               // it is not, so far: what is seen is no view
	hours     [24]usual
	lately    usual
	is        float64 // correlation with the view
	left      float64 // of the view's edges, how much is still where it was
	fullest   float64 // the most of that lately
	likest    float64 // the most of is lately
	covered   bool    // the view's edges went suddenly and have not come back
	astray    bool    // the view was lost suddenly, whatever became of it
	elsewhere float64 // seconds that it has looked somewhere else
	strayed   float64 // seconds that it has been astray
	same      int     // pictures that were the one before
	sameFor   float64 // seconds
	hold      [States]hold
	warm      bool
	unseen    bool // it is too dark or too bright to see the view
	other     other
	renewed   int  // times that what was seen instead has become the view
	noisy     bool // noise may hide fine detail: whether it is gone nobody knows
}

// usual is how much detail a view has.
type usual struct {
	fine, coarse, edges float64
	seconds             float64 // learned
}

// hold is a condition that has to last before it is told, and before it is taken back.
type hold struct {
	on      bool
	pending float64 // seconds that the condition has been other than on, since the first such picture
	times   int
}

// How long each condition has to last, seconds, and in how many pictures.
var patience = [States]float64{Blocked: 15, Defocused: 60, Moved: 60, Frozen: 0, Dark: 20, Glare: 20}

// Of tamper.
const (
	leastTimes   = 3
	frozenTimes  = 20
	frozenFor    = 20.0
	warmSeconds  = 60.0
	hourSeconds  = 600.0 // an hour of the day counts from here on
	darkMean     = 15
	darkHigh     = 40
	dimMean      = 40 // a sensor's noise makes black this bright,
	dimCoarse    = 6  // and shows no edges but what noise leaves
	whiteShare   = 0.40
	heapShare    = 0.60
	blockedEdges = 0.30 // of the view's edges that are left where they were
	clearEdges   = 0.50
	fewEdges     = 0.60 // of the usual, wherever: a cover has no more,
	manyEdges    = 0.80 // and with so many something else is seen
	softFine     = 0.25 // of the usual fine detail
	softCoarse   = 0.30 // of the usual coarse detail,
	leastCoarse  = 0.15 // or, where the view went suddenly,
	mostHiss     = 40.0 // variances of the sensor's noise: with less fine detail than so many nobody knows
	softRatio    = 0.40 // of the usual share of fine in coarse
	lostView     = 0.60 // correlation with the known view
	foundView    = 0.70
	steadyView   = 0.25 // share of edges in parts that are as they were: the camera stands
	searchCells  = 6    // how far a turned camera is looked for, small cells
	turnedView   = 0.80 // correlation below which it is looked for elsewhere
	betterView   = 0.12 // by how much the view has to be better there
	relearn      = 6 * 3600.0
	longestStay  = 60.0  // seconds that one picture stands for in what is learned
	viewSeconds  = 600.0 // in which the known view follows
	usualSeconds = 900.0 // in which what is usual follows
	settled      = 12 * 3600.0
	standParts   = 0.5    // of the picture that stands as it did, where a wall hides the view
	standEdges   = 0.7    // correlation of such a part with what it was
	leastSharp   = 10.0   // variances of the noise, and
	leastFine    = 10.0   // squared levels, of fine detail in such a part
	suddenly     = 20.0   // seconds, and in any case so many pictures as
	leastLately  = 0.80   // leaves of what was there lately: what comes between two is sudden
	strayFor     = 1800.0 // seconds that nothing is learned of a view that was lost suddenly
)

func (h *hold) take(is bool, since, lasting float64, times int) {
	if is == h.on {
		h.pending, h.times = 0, 0
		return
	}
	if h.times > 0 { // nobody knows what was before the first
		h.pending += since
	}
	h.times++
	if h.times >= times && h.pending >= lasting {
		h.on, h.pending, h.times = is, 0, 0
	}
}

func (t *tamper) on(s State) bool { return t.hold[s].on }

// away says whether it has been told that the view is not what is seen, or there is none.
func (t *tamper) away() bool { return t.blank || t.blind() || t.on(Defocused) || t.on(Moved) }

// blind says whether there is nothing to be seen.
func (t *tamper) blind() bool { return t.on(Dark) || t.on(Blocked) || t.on(Glare) }

// elsewise says whether what is seen cannot be compared with what was seen before: nothing
// is, or all of it out of focus, or another view.
func (t *tamper) elsewise() bool {
	return t.away() || t.lost()
}

// found is what was found in a picture, in per cent or as 0 and 1. That nothing was is said of no
// picture that is too dark or too bright to show it, from the first one on.
func (t *tamper) found(v float64) obs.Reading {
	if v == 0 && t.unseen {
		return obs.None(obs.Unclear)
	}
	return obs.Of(v)
}

// lost says whether the view is not there: its edges are not where they were, and what is
// seen is unlike it. Of these alone the camera's own lamp at night, or noise, makes the second.
func (t *tamper) lost() bool { return t.is < lostView && t.left < clearEdges }

// doubtful says whether the camera may be covered, out of focus or turned: it looks so, but
// has not for long enough to say it.
func (t *tamper) doubtful() bool {
	for _, s := range []State{Blocked, Defocused, Moved} {
		if h := &t.hold[s]; h.on || h.times > 0 {
			return true
		}
	}
	return false
}

// pause is called where pictures are missing for long. Whatever became of the view
// meanwhile came between two pictures, that is suddenly.
func (t *tamper) pause() {
	t.same, t.sameFor, t.fullest, t.likest = 0, 0, 1, 1
}

// reading is 1 where a state is told, and 0 only where it was looked for and is not: what
// cannot be compared, or may be so and has not lasted, is neither.
func (t *tamper) reading(s State) obs.Reading {
	switch ofView := s == Blocked || s == Defocused || s == Moved; {
	case ofView && t.blank:
		return obs.None(obs.Unclear)
	case ofView && !t.warm:
		return obs.None(obs.WarmUp)
	case t.on(s):
		return obs.Of(1)
	case t.hold[s].times > 0, ofView && t.unseen, t.hides(s):
		return obs.None(obs.Unclear)
	}
	return obs.Of(0)
}

// hides says whether what is seen says nothing about a state: behind a cover nobody knows
// where a camera looks, nor what way its view went slowly, in fog or behind what grows.
func (t *tamper) hides(s State) bool {
	switch s {
	case Blocked:
		return t.left < blockedEdges && !t.on(Moved)
	case Defocused:
		return t.covered || t.noisy && !t.on(Moved)
	case Moved:
		return t.covered || t.on(Defocused)
	}
	return false
}

func (t *tamper) judge(e *Eye, since float64, hour int, same bool) {
	l, d, noise := &e.light, &e.detail, e.ground.noise
	dark := l.mean < darkMean && l.high < darkHigh || l.mean < dimMean && d.coarse < dimCoarse+noise*noise/16
	if same && !dark { // black is black, whatever the sensor does
		t.same, t.sameFor = t.same+1, t.sameFor+since
	} else {
		t.same, t.sameFor = 0, 0
	}
	now := [States]bool{
		Frozen: t.same >= frozenTimes && t.sameFor >= frozenFor || t.same > 0 && t.on(Frozen),
		Dark:   dark,
		Glare:  l.white > whiteShare,
	}
	u := t.usual(hour)
	t.warm = t.known >= warmSeconds && !t.blank
	t.is, t.left = 1, 1
	t.unseen = dark || now[Glare]
	if t.warm && !t.unseen {
		t.compare(d, since)
		t.noisy = false
		now[Blocked] = t.blocked(l, d, u)
		now[Defocused] = !now[Blocked] && t.soft(d, u, e.ground.hiss)
		now[Moved] = !now[Blocked] && !now[Defocused] && t.moved(d, u, e.ground.hiss)
	} else if t.unseen { // what cannot be seen is neither so nor otherwise
		for _, s := range []State{Blocked, Defocused, Moved} {
			now[s] = t.on(s)
		}
	}
	for s := range t.hold {
		times := leastTimes
		if State(s) == Frozen {
			times = 1 // they were counted
		}
		t.hold[s].take(now[s], since, patience[s], times)
	}
	t.settle(e, since)
	t.learn(d, since, hour, t.unseen, now[Blocked] || now[Defocused] || now[Moved])
}

// usual is what to compare with at an hour.
func (t *tamper) usual(hour int) *usual {
	if u := &t.hours[hour]; u.seconds >= hourSeconds {
		return u
	}
	return &t.lately
}

// compare finds how much of the view is there, and whether it went suddenly: within some
// seconds or between two pictures, however far these are apart. Fog takes it in minutes.
func (t *tamper) compare(d *detail, since float64) {
	t.is, t.left = t.likeness(d, 0, 0), d.left(&t.gx, &t.gy)
	lately := max(math.Exp(-since/suddenly), leastLately)
	t.fullest = max(t.fullest*lately, t.left)
	t.likest = max(t.likest*lately, t.is)
	switch {
	case t.is > foundView || t.left > clearEdges+0.1 || t.strayed > strayFor:
		t.astray, t.strayed = false, 0
	case t.lost() && t.likest > foundView:
		t.astray = true
	}
	if t.astray {
		t.strayed += since
	}
}

// blocked says whether something is before the lens: most of the view's edges are gone from
// where they were, suddenly, have not come back, and nothing that has as many is seen
// instead.
func (t *tamper) blocked(l *light, d *detail, u *usual) bool {
	switch {
	case t.left < blockedEdges && d.edges < fewEdges*u.edges && (t.fullest > clearEdges+0.1 || l.heaped > 0.95):
		t.covered = true
	case t.left > clearEdges, t.left > blockedEdges && t.is > foundView, d.edges > manyEdges*u.edges:
		t.covered = false
	}
	return t.covered
}

// soft says whether fine detail is gone and coarse is not. Fog and bad light take both, and
// slowly. Where noise has more detail than the view, nobody knows.
func (t *tamper) soft(d *detail, u *usual, hiss float64) bool {
	fine, coarse := d.fine/u.fine, d.coarse/u.coarse
	if u.coarse <= 0 || u.fine < mostHiss*hiss*hiss {
		t.noisy = !(fine >= softFine)
		return false
	}
	least := softCoarse
	if t.astray {
		least = leastCoarse
	}
	return fine < softFine && coarse > least && fine < softRatio*coarse
}

// moved says whether the view is another one while there is as much in it as before, as far
// as noise lets that be seen.
func (t *tamper) moved(d *detail, u *usual, hiss float64) bool {
	switch {
	case t.on(Moved):
		return t.is < foundView && d.steady(&t.gx, &t.gy, t.trust) < steadyView
	case t.is >= turnedView, d.edges < 0.6*u.edges, d.fine < 0.4*u.fine && u.fine >= mostHiss*hiss*hiss, d.steady(&t.gx, &t.gy, t.trust) >= steadyView:
		return false
	}
	return t.lost() || t.turned(d)
}

// turned says whether the view fits better a little to the side.
func (t *tamper) turned(d *detail) bool {
	for dy := -searchCells; dy <= searchCells; dy += 2 {
		for dx := -searchCells; dx <= searchCells; dx += 2 {
			if t.likeness(d, dx, dy) > t.is+betterView {
				return true
			}
		}
	}
	return false
}

// clarity is how much fine detail the picture has, in percent of what its hour of the day
// had before; missing until a minute was seen, and where noise hides it.
func (t *tamper) clarity(d *detail, hour int, hiss float64) obs.Reading {
	u := t.usual(hour)
	switch {
	case t.blank:
		return obs.None(obs.Unclear)
	case !t.warm:
		return obs.None(obs.WarmUp)
	case u.fine < mostHiss*hiss*hiss || u.fine <= 0 || t.on(Dark) || t.on(Glare):
		return obs.None(obs.Unclear)
	}
	return obs.Of(math.Round(min(100*d.fine/u.fine, MostClarity)))
}

// MostClarity is the most that clarity is told as, percent.
const MostClarity = 1000

// learn takes a picture into what is known, unless it is doubtful: then nothing of it, and
// all of it when it has stayed so for long. A cover is never learned: see settle for what is none.
func (t *tamper) learn(d *detail, since float64, hour int, blind, doubt bool) {
	if blind || t.covered || since <= 0 && t.known > 0 { // a picture of no time weighs nothing
		return
	}
	if !doubt {
		t.elsewhere = 0
	} else if t.elsewhere += since; t.elsewhere < relearn {
		return
	} else {
		t.renew()
	}
	since = min(since, longestStay)
	first := t.trust == 0
	if t.known == 0 {
		t.trust = 1 // nothing is known but what was seen
	}
	t.known += since
	if !t.proven && !first && t.prove(d, since) {
		return
	}
	if !t.warm || t.is > lostView {
		k := float32(pace(since, viewSeconds, t.known))
		for i := range t.gx {
			t.gx[i] += (d.gx[i] - t.gx[i]) * k
			t.gy[i] += (d.gy[i] - t.gy[i]) * k
		}
		t.trust += (1 - t.trust) * float64(k)
	}
	if t.astray {
		return
	}
	t.lately.take(d, since, usualSeconds)
	t.hours[hour%24].take(d, since, 3*usualSeconds)
}

// prove judges whether what is seen is a view at all, as long as nobody knows: without
// edges, of which the next picture shows as much again, there is nothing that a cover could
// take away or smoke veil, and a lens that was covered from the beginning would be told as
// a clear one. It returns true where that has ended: then what was learned is forgotten.
func (t *tamper) prove(d *detail, since float64) (ended bool) {
	t.judged += since
	t.shown += (d.shown(&t.gx, &t.gy) - t.shown) * pace(since, viewSeconds, t.judged)
	was := t.blank
	switch t.blank = t.shown < leastShown; {
	case t.blank: // of which the last minute is known
		t.known, t.judged = min(t.known, warmSeconds), min(t.judged, warmSeconds)
	case was:
		t.renew()
	case t.known >= warmSeconds:
		t.proven = true
	}
	return was && !t.blank
}

// other is what is seen instead of the view, where something hides it.
type other struct {
	gx, gy [fineCells]float32
	stood  float64 // seconds that it has been seen, sharp and as it was
	seen   float64 // seconds that went into gx and gy
}

// settle lets what hides the view become the view, when it has been seen sharp and as it
// was for settled: a lorry that was parked there, a wall. What is on the lens is too near
// to be sharp. Hours in which nothing is seen count neither way.
func (t *tamper) settle(e *Eye, since float64) {
	o, d := &t.other, &e.detail
	switch {
	case !t.covered:
		if o.seen > 0 {
			*o = other{}
		}
		return
	case t.unseen || since <= 0:
		return
	}
	since = min(since, longestStay)
	switch {
	case o.seen < warmSeconds:
	case t.stands(e) >= standParts:
		o.stood += since
	default:
		o.stood = max(o.stood-since, 0) // who walks by takes as much as he stays
	}
	o.seen += since
	k := float32(pace(since, viewSeconds, o.seen))
	for i := range o.gx {
		o.gx[i] += (d.gx[i] - o.gx[i]) * k
		o.gy[i] += (d.gy[i] - o.gy[i]) * k
	}
	if o.stood >= settled {
		t.renew()
	}
}

// stands is the share of the picture's parts that show something else than the view, sharp
// and as it was: a cover that leaves a part of the lens free shows the view there.
func (t *tamper) stands(e *Eye) float64 {
	d, n := &e.detail, 0.0
	for i := range parts * parts {
		in := part(i)
		is, _ := d.alike(&t.other.gx, &t.other.gy, 0, 0, in)
		was, _ := d.alike(&t.gx, &t.gy, 0, 0, in)
		if is > standEdges && was < samePart*t.trust && sharp(e, in) {
			n++
		}
	}
	return n / (parts * parts)
}

// sharp says whether a part has fine detail beyond the sensor's noise.
func sharp(e *Eye, in box) bool {
	hiss := e.ground.hiss * e.ground.hiss
	return laplacianIn(&e.now.luma, in)-20*hiss >= max(leastSharp*hiss, leastFine)
}

// renew forgets the view and the hours for those of what is seen now. What is told stays
// told until that is known.
func (t *tamper) renew() { *t = tamper{hold: t.hold, renewed: t.renewed + 1} }

// likeness is how like the picture is to the view, moved by dx and dy small cells: 1 for
// the same, whatever became of the view while it was kept.
func (t *tamper) likeness(d *detail, dx, dy int) float64 {
	return min(d.likeness(&t.gx, &t.gy, dx, dy)/t.trust, 1)
}

// pace is how far an average goes towards a new value: all the way at first.
func pace(since, constant, seconds float64) float64 {
	if seconds <= since || since <= 0 {
		return 1
	}
	return max(float64(weight(since, constant))/65536, since/seconds)
}

func (u *usual) take(d *detail, since, constant float64) {
	u.seconds += since
	k := pace(since, constant, u.seconds)
	u.fine += (d.fine - u.fine) * k
	u.coarse += (d.coarse - u.coarse) * k
	u.edges += (d.edges - u.edges) * k
}
