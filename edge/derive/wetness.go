package derive

import (
	"math"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// wetness is the antecedent precipitation index: what has rained today, and of each day
// before it a share that shrinks by keep a day. It is told each hour; the day's last
// figure is the index of that day.
type wetness struct {
	Index float64 `json:"index"` // of the day before
	Prev  heard   `json:"prev"`
	Today step    `json:"today"`
	Begun int64   `json:"begun"` // of the day; 0: not yet
	Known int     `json:"known"` // days in a row that were covered

	keep  float64
	every int64
	rain  *total
}

// forgotten is the share below which what a day left does not count any more: until then
// a day that was not covered, as those before the start, makes the index a lower bound.
const forgotten = 0.1

const dayMS = 24 * hourMS

func (w *wetness) state() any { return w }

func (w *wetness) take(_ int, t int64, _ At, r obs.Reading) bool {
	if !r.Quality.Usable() {
		return false
	}
	prev := w.Prev
	w.Prev = heard{t, r.Value, true}
	if w.begin(t); !prev.Has {
		w.Today.add(0, r.Quality)
		return false
	}
	more, q := w.rain.since(prev, t, r)
	if w.Today.add(more, q); q.Why != obs.Rate {
		w.Today.Covered += t - max(prev.At, w.Begun)
	}
	return false
}

// begin goes on to the day that holds t.
func (w *wetness) begin(t int64) {
	day := floorDiv(t, dayMS) * dayMS
	if w.Begun == 0 {
		w.Begun = day
	}
	for w.Begun < day {
		if w.Known++; float64(w.Today.Covered) < enough*dayMS {
			w.Known = 0
		}
		w.Index = w.keep*w.Index + w.Today.Sum
		w.Today = step{}
		if w.Begun += dayMS; day-w.Begun > 1000*dayMS {
			w.Begun, w.Index = day, 0
		}
	}
}

func (w *wetness) close(t int64, _ At) []obs.Reading {
	w.begin(t - 1) // the figure at midnight is that of the day that ends
	q := obs.Quality{Flag: obs.Pass}
	if w.Today.N > 0 {
		q = obs.Quality{Flag: w.Today.Flag, Why: w.Today.Why}
	}
	covered := float64(w.Today.Covered) >= enough*float64(t-w.Begun)
	if !covered || math.Pow(w.keep, float64(w.Known)) >= forgotten {
		q = weakest(q, sparse)
	}
	if !w.Prev.Has {
		return []obs.Reading{obs.None(obs.Sparse)}
	}
	return []obs.Reading{reading(w.keep*w.Index+w.Today.Sum, q)}
}
