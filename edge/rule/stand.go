package rule

import "math"

// Of what is left of a trend when the readings go another way.
const (
	noises   = 3.0  // times the scatter of single points that noise may move a few of them by
	scatters = 0.53 // six in ten normal points are no further than so many sigma from the median of three
	halves   = 0.5  // share of a fall that must be made up for, so that it was none
)

// stand is where the newest points stand, seen as though the limit lay above.
type stand struct {
	present float64 // the median of the newest three: a lone wrong one does not move it
	band    float64 // by how much noise may move that
	from    int     // the first point that belongs to what goes on now
	turned  bool    // the points have fallen, and not risen again
}

// mirror turns the points upside down, so that what falls to a limit rises to it.
func (f *fitter) mirror(down bool) {
	if !down {
		return
	}
	for i := range f.n {
		f.y[i] = -f.y[i]
	}
}

// mirror turns a trend that was found on points upside down.
func (tr trend) mirror(down bool) trend {
	if down {
		tr.level, tr.slope, tr.rise, tr.present = -tr.level, -tr.slope, -tr.rise, -tr.present
		tr.lo, tr.hi = -tr.hi, -tr.lo
	}
	return tr
}

// settled is what the points about i say without a lone wrong one.
func (f *fitter) settled(i int) float64 {
	i = min(max(i, 1), f.n-2)
	return pivot(f.y[i-1], f.y[i], f.y[i+1])
}

// noise is by how much single points scatter about those beside them: neither a bend, nor a
// sudden fall of all that follow, nor a wrong one in six counts as that.
func (f *fitter) noise() float64 {
	off := f.some[:f.n-2]
	for i := range off {
		off[i] = math.Abs(f.y[i+1] - f.settled(i+1))
	}
	return nth(off, len(off)*3/5) / scatters
}

// stand looks whether the points, minTrend of them at least, have fallen from where they were
// by more than noise. If they rise again, a line is drawn through those of the rise alone, once
// that takes the newest third of the window; or through all, once the rise has made up for half
// of the fall, and has not ended in another.
func (f *fitter) stand(third int, step float64) stand {
	s := stand{present: f.settled(f.n - 1), band: noises*f.noise() + 1.5*step}
	for from := 0; ; {
		peak := f.outermost(from, func(a, b float64) bool { return a >= b })
		trough := f.outermost(peak, func(a, b float64) bool { return a <= b })
		top, low := f.settled(peak), f.settled(trough)
		again := s.present - low
		switch {
		case top-s.present <= s.band:
			return s
		case again >= halves*(top-low) && trough > from:
			from = trough
			continue
		case again > s.band && trough <= third && f.n-trough >= minTrend:
			s.from = trough
		default:
			s.turned = true
		}
		return s
	}
}

// outermost is the last point from i on that is settled beyond all others.
func (f *fitter) outermost(i int, beyond func(a, b float64) bool) int {
	found := i
	for ; i < f.n; i++ {
		if beyond(f.settled(i), f.settled(found)) {
			found = i
		}
	}
	return found
}

// lower keeps the line of tr from passing above where the newest points stand, by more than
// noise: what is to come is reckoned from there.
func (f *fitter) lower(tr *trend) {
	at := func(i int) float64 { return f.y[i] - tr.slope*f.t[i] }
	now := pivot(at(f.n-3), at(f.n-2), at(f.n-1))
	tr.level = min(tr.level, now+tr.band)
}

// left says whether a value goes away from the limit more than noise does: the next ones will
// tell whether it is wrong, or the trend.
func (tr *trend) left(v float64, up bool) bool {
	if up {
		return v < tr.present-tr.band
	}
	return v > tr.present+tr.band
}
