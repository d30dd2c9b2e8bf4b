package derive

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// aggregate is one number, or one vector, over a window.
type aggregate struct {
	window
	Prev    [2]heard   `json:"prev"`
	Kept    obs.Flag   `json:"kept,omitempty"` // of the half of a vector that waits for the other
	KeptWhy obs.Reason `json:"kept_why,omitempty"`
	Waits   int        `json:"waits,omitempty"` // 1 + the input that waits

	kind    string
	percent float64
	every   [2]int64 // ms, of the inputs
	total   *total   // nil: readings are no running total
	scale   float64  // of a sum
}

// total is a quantity that only grows, until its counter begins anew.
type total struct {
	perHour float64 // it cannot grow faster; 0: not known
	rate    bool    // it is no total but how fast one grows, per hour
}

func (a *aggregate) state() any { return a }

func (a *aggregate) take(in int, t int64, _ At, r obs.Reading) bool {
	if !r.Quality.Usable() || in > 1 {
		return false
	}
	switch {
	case a.kind == "vector-mean":
		a.vector(in, t, r)
	case a.total != nil:
		a.grow(t, r)
	default:
		s := a.at(t)
		spoken := a.Prev[0].speaks(t, a.every[0])
		v := r.Value
		if a.kind == "leq" {
			v = math.Pow(10, v/10)
		}
		s.add(v, r.Quality)
		s.Covered += spoken
		if a.kind == "percentile" {
			s.Values = append(s.Values, v)
		}
		a.Prev[0] = heard{t, r.Value, true}
	}
	return false
}

// vector adds a wind once its speed and direction are there, in whatever order they come.
func (a *aggregate) vector(in int, t int64, r obs.Reading) {
	spoken := a.Prev[in].speaks(t, a.every[in])
	a.Prev[in] = heard{t, r.Value, true}
	other := a.Prev[1-in]
	if a.Waits != 2-in || t-other.At > max(a.every[0], a.every[1]) {
		a.Waits, a.Kept, a.KeptWhy = in+1, r.Quality.Flag, r.Quality.Why
		return
	}
	a.Waits = 0
	s := a.at(t)
	q := weakest(r.Quality, obs.Quality{Flag: a.Kept, Why: a.KeptWhy})
	sin, cos := math.Sincos(a.Prev[1].V * math.Pi / 180)
	s.add(a.Prev[0].V*sin, q)
	s.Other += a.Prev[0].V * cos
	s.Covered += spoken
}

// grow adds by how much a total has grown since it was last seen.
func (a *aggregate) grow(t int64, r obs.Reading) {
	s, prev := a.at(t), a.Prev[0]
	a.Prev[0] = heard{t, r.Value, true}
	if a.total.rate {
		spoken := prev.speaks(t, a.every[0])
		s.add(r.Value*float64(spoken)/hourMS, r.Quality)
		s.Covered += spoken
		return
	}
	if !prev.Has {
		s.add(0, r.Quality) // the first one only says where the total stands
		return
	}
	more, q := a.total.since(prev, t, r)
	s.add(more, q)
	if q.Why == obs.Rate {
		return // what it was is not known, so this time was not observed
	}
	a.cover(prev.At, t)
	if t-prev.At > 2*a.every[0] && more != 0 {
		if !s.Loose || prev.At < s.From {
			s.From = prev.At
		}
		s.Loose = true
	}
}

const hourMS = 3_600_000

// since is by how much a total grew between two readings. One that fell began anew, and
// has grown by what it shows at least. One that grew faster than possible was misread.
func (c *total) since(prev heard, t int64, r obs.Reading) (more float64, q obs.Quality) {
	more, why := obs.Grown(prev.V, r.Value, t-prev.At, c.perHour)
	switch why {
	case obs.Rate:
		return 0, weakest(obs.Quality{Flag: obs.Suspect, Why: why}, r.Quality)
	case "":
		return more, r.Quality
	}
	return more, weakest(r.Quality, obs.Quality{Flag: obs.Suspect, Why: why})
}

func (a *aggregate) close(t int64, _ At) []obs.Reading {
	all := a.over(t, a.tail(t))
	if a.silent(t) {
		all.quality = weakest(all.quality, sparse)
	}
	if a.kind == "vector-mean" {
		return a.wind(&all)
	}
	v := math.NaN()
	if all.N > 0 {
		n := float64(all.N)
		switch a.kind {
		case "mean":
			v = all.Sum / n
		case "min":
			v = all.Min
		case "max":
			v = all.Max
		case "percentile":
			v = percentile(a.values(), a.percent)
		case "leq":
			v = 10 * math.Log10(all.Sum/n)
		default:
			v = all.Sum * a.scale
		}
	}
	return []obs.Reading{reading(v, all.quality)}
}

// tail is how long before t a running total was last seen, at most an interval: by how much
// it grew since, the next reading says. Of a window of a few intervals it is a large part, and
// is no more missing than at any other moment.
func (a *aggregate) tail(t int64) int64 {
	if a.total == nil || a.total.rate || !a.Prev[0].Has || t-a.Prev[0].At > a.every[0]*3/2 {
		return 0
	}
	return a.Prev[0].speaks(t, a.every[0])
}

// silent says whether nothing came in for so long that nobody knows what the end of a
// window that slides held. It would go on to change by what it forgets.
func (a *aggregate) silent(t int64) bool {
	last := a.Prev[0].At
	if a.kind == "vector-mean" {
		last = min(last, a.Prev[1].At)
	}
	return a.hush > 0 && t-last > a.hush
}

// wind is the mean vector's length and the direction it comes from. A mean that cancels
// out has no direction.
func (a *aggregate) wind(all *step) []obs.Reading {
	if all.N == 0 {
		return []obs.Reading{reading(math.NaN(), all.quality), reading(math.NaN(), all.quality)}
	}
	u, v := all.Sum/float64(all.N), all.Other/float64(all.N)
	speed, dir := math.Hypot(u, v), obs.None(obs.Absent)
	if speed > 1e-6 {
		deg := math.Atan2(u, v) * 180 / math.Pi
		if deg < 0 {
			deg += 360
		}
		dir = reading(deg, all.quality)
	}
	return []obs.Reading{reading(speed, all.quality), dir}
}

// reading is a value that is worth q, and missing where there is none.
func reading(v float64, q obs.Quality) obs.Reading {
	switch {
	case q.Flag == obs.Missing:
		return obs.None(q.Why)
	case math.IsNaN(v) || math.IsInf(v, 0):
		return obs.None(obs.NotANumber)
	}
	return obs.Reading{Value: v, Quality: q}
}
