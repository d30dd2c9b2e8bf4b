package derive

import (
	"math"
	"slices"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// step is what fell into one part of a window.
type step struct {
	N       int64       `json:"n,omitempty"`
	Covered int64       `json:"c,omitempty"` // ms
	Sum     float64     `json:"s,omitempty"`
	Other   float64     `json:"o,omitempty"` // the second component of a vector
	Min     float64     `json:"l,omitempty"`
	Max     float64     `json:"h,omitempty"`
	Flag    obs.Flag    `json:"f,omitempty"` // the weakest of its readings, if there are any
	Why     obs.Reason  `json:"w,omitempty"`
	From    int64       `json:"b,omitempty"` // since when what came in at once may have come
	Loose   bool        `json:"i,omitempty"` // From counts
	Values  []float64   `json:"v,omitempty"` // percentile only
	quality obs.Quality // Flag and Why
}

// join adds a later step.
func (s *step) join(o *step) {
	if o.N > 0 {
		if s.N == 0 {
			s.Min, s.Max, s.Flag, s.Why = o.Min, o.Max, o.Flag, o.Why
		}
		s.Min, s.Max = min(s.Min, o.Min), max(s.Max, o.Max)
		s.worth(obs.Quality{Flag: o.Flag, Why: o.Why})
	}
	s.N, s.Covered, s.Sum, s.Other = s.N+o.N, s.Covered+o.Covered, s.Sum+o.Sum, s.Other+o.Other
}

func (s *step) worth(q obs.Quality) {
	q = weakest(obs.Quality{Flag: s.Flag, Why: s.Why}, q)
	s.Flag, s.Why = q.Flag, q.Why
}

// add counts one number in.
func (s *step) add(v float64, q obs.Quality) {
	if s.N == 0 {
		s.Min, s.Max, s.Flag, s.Why = v, v, q.Flag, q.Why
	}
	s.N++
	s.Sum, s.Min, s.Max = s.Sum+v, min(s.Min, v), max(s.Max, v)
	s.worth(q)
}

// window is a row of steps of equal length, the last one not finished yet.
type window struct {
	step int64  // ms
	n    int    // steps
	hush int64  // ms without a reading after which what slides over is sparse; 0: aligned
	End  int64  `json:"end"` // of the last one; 0 before the first reading
	Row  []step `json:"row"`
}

// at makes room up to t and returns the step that holds it: the last one, or the one that
// a reading belongs to whose verdict was waited for.
func (w *window) at(t int64) *step {
	if len(w.Row) == 0 {
		w.Row, w.End = append(w.Row, step{}), floorDiv(t, w.step)*w.step+w.step
	}
	for gone := 0; t >= w.End; gone++ {
		if gone > w.n {
			w.End = floorDiv(t, w.step)*w.step + w.step
			break
		}
		w.Row = append(w.Row, step{})
		w.End += w.step
		w.drop()
	}
	i := len(w.Row) - 1 - int((w.End-1-t)/w.step)
	if i < 0 {
		return &step{} // it is forgotten already
	}
	return &w.Row[i]
}

func (w *window) drop() {
	if len(w.Row) > w.n {
		w.Row = w.Row[:copy(w.Row, w.Row[len(w.Row)-w.n:])]
	}
}

// cover says that from…to was observed.
func (w *window) cover(from, to int64) {
	end := w.End
	for i := len(w.Row) - 1; i >= 0 && end > from; i-- {
		w.Row[i].Covered += max(0, min(to, end)-max(from, end-w.step))
		end -= w.step
	}
}

// over sums up the n steps that end at t, which is a boundary. tail is how long before t was
// observed too, although nothing that was read says so yet.
func (w *window) over(t, tail int64) (all step) {
	w.at(t - 1)
	begin := t - int64(w.n)*w.step
	for i := range w.Row {
		s := &w.Row[i]
		all.join(s)
		if s.Loose && s.From < begin {
			all.worth(obs.Quality{Flag: obs.Suspect, Why: obs.Time})
		}
	}
	all.quality = obs.Quality{Flag: all.Flag, Why: all.Why}
	if all.N == 0 {
		all.quality = obs.Quality{Flag: obs.Missing, Why: obs.Sparse}
	} else if float64(all.Covered+tail) < enough*float64(int64(w.n)*w.step) {
		all.quality = weakest(all.quality, sparse)
	}
	return all
}

// values returns all values of the window, sorted.
func (w *window) values() (all []float64) {
	for i := range w.Row {
		all = append(all, w.Row[i].Values...)
	}
	slices.Sort(all)
	return all
}

// percentile interpolates between the two nearest ranks of sorted values.
func percentile(sorted []float64, percent float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := percent / 100 * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// heard is when an input was usable last.
type heard struct {
	At  int64   `json:"t"`
	V   float64 `json:"v"`
	Has bool    `json:"has"`
}

// speaks returns how long before t a reading speaks for its stream: since the one before
// it, at most an interval.
func (h heard) speaks(t, every int64) int64 {
	if !h.Has {
		return every
	}
	return min(max(t-h.At, 0), every)
}
