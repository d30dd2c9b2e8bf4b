package rule

import (
	"math"
	"slices"
)

// Method is how a trend is found.
type Method string

// The methods. TheilSen takes the median of the slopes between all pairs of points:
// up to three in ten points may be wrong without effect. Holt smooths level and
// trend, so that the newest points weigh most; it is for clean data.
const (
	TheilSen Method = "theil-sen"
	Holt     Method = "holt"
)

const (
	maxTrend   = 40  // points of a trend: 780 slopes
	newer      = 3   // the newest part of the window that is looked at by itself: a third
	minTrend   = 6   // below that nothing is said
	halfSpan   = 0.5 // share of the window that the points must span
	reach      = 3   // a trend is believed for so many windows
	sure       = 1.645
	madToSigma = 1.4826 // of normal scatter
	holtAlpha  = 0.5
	holtBeta   = 0.3
)

// trend is what the readings of a window do. Slopes are per second.
type trend struct {
	ok            bool
	at            int64   // of the newest point, boot ms
	level         float64 // then
	scatter       float64 // by how much level may be wrong
	slope, lo, hi float64 // the slope lies in lo…hi, nine times in ten, if errors are independent
	rise          float64 // slope over the time that the points span
	steady        float64 // that of the whole window as a share of the newest third's: 0 where it only begins, above 1 where it abates
	present, band float64 // where the newest readings stand, a lone wrong one aside, and by how much noise may move that
	turned        bool    // the readings left the way to the limit, and are not back on it
}

// outlook is when a limit will be reached: in early…late seconds, on the straight line
// in best, give or take blur, on the flattest line that the points allow in slow.
type outlook struct{ best, slow, early, late, steady, blur float64 }

// spread says between which multiples of best, blur aside, limits were truly reached, nine
// times in ten, by how steady the rise was when its forecast began: the quantiles of 600 storms
// to practise on. The last row has few cases; it keeps its late end from more of them. stormbench -practise prints them. They are not the storms that
// docs/foresight.md reports on, nor drawn in the same way.
var spread = [...]struct{ steady, early, late float64 }{
	{0.00, 0.33, 1.50},
	{0.50, 0.44, 2.38},
	{1.00, 0.94, 2.85},
	{1.50, 0.42, 3.19},
}

// spreadAt is the spread at a steadiness, on straight lines between those in the table.
func spreadAt(steady float64) (early, late float64) {
	last := spread[len(spread)-1]
	if !(steady < last.steady) {
		return last.early, last.late
	}
	i := 0
	for steady > spread[i+1].steady {
		i++
	}
	a, b := spread[i], spread[i+1]
	x := max(0, (steady-a.steady)/(b.steady-a.steady))
	return a.early + x*(b.early-a.early), a.late + x*(b.late-a.late)
}

// fitter is the scratch of all trends of an engine: they are found one at a time.
type fitter struct {
	t, y   [maxTrend]float64 // s before the newest point, ≤ 0; values
	n      int
	slopes [maxTrend * (maxTrend - 1) / 2]float64
	some   [maxPoints]float64
}

// take reads the points of w: each reading, or where there are more than maxTrend
// the median of each of so many equal stretches. It returns when the newest was.
func (f *fitter) take(w *window) (newest int64) {
	all := w.ring[w.head:]
	f.n = 0
	if len(all) == 0 {
		return 0
	}
	newest = all[len(all)-1].to
	step := int64(0)
	if len(all) > maxTrend {
		step = w.length/(maxTrend-1) + 1
	}
	for i := 0; i < len(all) && f.n < maxTrend; {
		j := i + 1
		for step > 0 && j < len(all) && floor(all[j].from, step) == floor(all[i].from, step) {
			j++
		}
		var at float64
		for k, b := range all[i:j] {
			f.some[k] = b.typical()
			at += float64(b.from-newest+b.to-newest) / 2000
		}
		f.t[f.n], f.y[f.n] = at/float64(j-i), median(f.some[:j-i])
		f.n++
		i = j
	}
	return newest
}

// typical is the mean of a bucket's readings, without the outermost two if there are
// others: so that one wrong reading does not make it wrong.
func (b *bucket) typical() float64 {
	if b.n < 3 {
		return b.sum / float64(b.n)
	}
	return (b.sum - b.min - b.max) / float64(b.n-2)
}

func floor(t, step int64) int64 { return (t - mod(t, step)) / step }

// fit finds the trend of the readings in w towards a limit that lies above if up, else below.
// Step is of the sensor.
func (f *fitter) fit(w *window, m Method, up bool, step float64) trend {
	at := f.take(w)
	if f.n < minTrend || f.t[f.n-1]-f.t[0] < halfSpan*float64(w.length)/1000 {
		return trend{at: at}
	}
	f.mirror(!up)
	third := f.from(-float64(w.length) / 1000 / newer)
	is := f.stand(third, step)
	tr := f.theilSen(is.from)
	newest, whole := tr, tr.slope
	if late := max(third, is.from); f.n-late >= minTrend {
		newest = f.theilSen(late)
	}
	if m == Holt {
		tr = f.holt(tr, is.from)
	} else {
		tr = tr.sharpen(newest)
	}
	tr.present, tr.band, tr.turned = is.present, is.band, is.turned
	f.lower(&tr)
	tr.steady = steadiness(whole, newest.slope)
	tr.ok, tr.at, tr.rise = true, at, tr.slope*(f.t[f.n-1]-f.t[is.from])
	return tr.mirror(!up)
}

// steadiness is the share of a slope now that the slope so far makes, 0 to 2.
func steadiness(whole, newest float64) float64 {
	switch share := whole / newest; {
	case whole == 0:
		return 0
	case newest == 0 || share < 0 && math.Abs(whole) > math.Abs(newest):
		return 2
	default:
		return min(max(share, 0), 2)
	}
}

// from is the first point not older than s.
func (f *fitter) from(s float64) int {
	i, _ := slices.BinarySearch(f.t[:f.n], s)
	return i
}

// sharpen takes the newest third into account: where it surely goes another way
// than the whole window, it is the trend; else it only widens what is possible.
func (tr trend) sharpen(newest trend) trend {
	if newest.lo > tr.hi || newest.hi < tr.lo {
		return newest
	}
	tr.lo, tr.hi = min(tr.lo, newest.slope), max(tr.hi, newest.slope)
	return tr
}

// theilSen fits the points from i on. The bounds are the order statistics of the
// slopes that belong to Kendall's S at nine in ten (Sen 1968, section 2; Gilbert
// 1987, section 16.5); ties are not corrected for, which widens them.
func (f *fitter) theilSen(from int) trend {
	t, y := f.t[from:f.n], f.y[from:f.n]
	k := 0
	for i := range t {
		for j := i + 1; j < len(t); j++ {
			if dt := t[j] - t[i]; dt > 0 {
				f.slopes[k] = (y[j] - y[i]) / dt
				k++
			}
		}
	}
	s, n := f.slopes[:k], float64(len(t))
	if k == 0 {
		return trend{lo: math.Inf(-1), hi: math.Inf(1)}
	}
	c := sure * math.Sqrt(n*(n-1)*(2*n+5)/18)
	low := max(0, int((float64(k)-c)/2)-1)
	high := min(k-1, int(math.Ceil((float64(k)+c)/2)))
	tr := trend{slope: median(s)}
	tr.lo = nth(s, low)
	tr.hi = nth(s, high)
	f.level(&tr, t, y)
	return tr
}

// level finds where a line of tr's slope stands now, and how sure that is.
func (f *fitter) level(tr *trend, t, y []float64) {
	rest := f.some[:len(t)]
	for i := range t {
		rest[i] = y[i] - tr.slope*t[i]
	}
	tr.level = median(rest)
	for i := range rest {
		rest[i] = math.Abs(rest[i] - tr.level)
	}
	tr.scatter = 2 * madToSigma * median(rest) / math.Sqrt(float64(len(t)))
}

// holt smooths the points from i on: the level follows half of each surprise, the slope three
// tenths of what the level did. The bounds are as wide as those of ts, which says how
// much the slopes scatter.
func (f *fitter) holt(ts trend, from int) trend {
	level, slope := f.y[from], 0.0
	for i := from + 1; i < f.n; i++ {
		dt := f.t[i] - f.t[i-1]
		if dt <= 0 {
			continue
		}
		if i == from+1 {
			slope = (f.y[i] - f.y[i-1]) / dt
		}
		ahead := level + slope*dt
		next := holtAlpha*f.y[i] + (1-holtAlpha)*ahead
		slope = holtBeta*(next-level)/dt + (1-holtBeta)*slope
		level = next
	}
	return trend{level: level, slope: slope, scatter: ts.scatter, lo: slope - (ts.slope - ts.lo), hi: slope + (ts.hi - ts.slope)}
}

// until says when the trend reaches limit, from below if up, else from above, seen
// from now. ok is false where that is not sure, or not within what window supports: the
// slope points away, could be none, is less than a step of the sensor, or leads there
// only after three windows. Then early alone counts: it is not reached before, and a
// slope that could be none does not say that it will not be. A line that the readings
// have left leads nowhere. Where they are at the limit o is zero.
func (tr *trend) until(limit float64, up bool, now, window int64, step float64) (o outlook, ok bool) {
	way, left, slope, flat, steep := limit-tr.level, limit-tr.present, tr.slope, tr.lo, tr.hi
	if !up {
		way, left, slope, flat, steep = -way, -left, -slope, -tr.hi, -tr.lo
	}
	if left <= 0 && way <= 0 {
		return outlook{}, true
	}
	past := float64(now-tr.at) / 1000
	way = max(way, 0) // within noise of the limit, which the readings have not reached
	far := reach * float64(window) / 1000
	o = outlook{best: far, slow: far, early: far, late: far, steady: tr.steady}
	if tr.turned {
		return o, false
	}
	off := tr.scatter + step/2
	if steep > 0 {
		o.early = min(far, max(0, (way-off)/steep-past))
	}
	if flat > 0 && math.Abs(tr.rise) > step {
		o.best = max(0, way/slope-past)
		o.slow = min(far, max(o.best, (way+off)/flat-past))
	}
	if o.best >= far {
		return o, false
	}
	early, late := spreadAt(tr.steady)
	o.blur = off/slope + float64(window)/1000/maxTrend
	o.early, o.late = max(0, min(early, 1)*o.best-o.blur), min(far, max(late, 1)*o.best+o.blur)
	return o, true
}

// median orders s anew.
func median(s []float64) float64 {
	n := len(s)
	hi := nth(s, n/2)
	if n%2 == 1 {
		return hi
	}
	return (slices.Max(s[:n/2]) + hi) / 2
}

// nth puts the k-th smallest of s at its place, with nothing larger before it.
func nth(s []float64, k int) float64 {
	for lo, hi := 0, len(s)-1; lo < hi; {
		p := pivot(s[lo], s[(lo+hi)/2], s[hi])
		i, j := lo, hi
		for i <= j {
			for s[i] < p {
				i++
			}
			for s[j] > p {
				j--
			}
			if i <= j {
				s[i], s[j] = s[j], s[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return s[k]
		}
	}
	return s[k]
}

func pivot(a, b, c float64) float64 { return max(min(a, b), min(max(a, b), c)) }
