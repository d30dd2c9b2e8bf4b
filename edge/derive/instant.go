package derive

import (
	"math"
	"time"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// instant computes one moment's result from the newest reading of each input: as soon as
// each has a new one, and where one is late, when the longest interval is over, with what
// there is. An input that is older than rules would use is missing.
type instant struct {
	Newest []newest `json:"newest"`
	Last   int64    `json:"last"` // result
	Told   bool     `json:"told"`
	Mute   bool     `json:"mute"`            // the last result was that everything is stale
	Rests  *rested  `json:"rests,omitempty"` // the last result that rests on an open verdict

	stale   []int64 // ms
	late    int64   // ms; without one of its inputs a result comes this long after the last
	compute func(values []obs.Reading, at At) []obs.Reading
	values  []obs.Reading
	unsure  bool // the last result rests on what is not decided
}

type newest struct {
	T    int64      `json:"t"`
	V    float64    `json:"v"`
	F    obs.Flag   `json:"f,omitempty"`
	Why  obs.Reason `json:"w,omitempty"`
	New  bool       `json:"new,omitempty"`
	Has  bool       `json:"has,omitempty"`
	B    int64      `json:"b"`              // boot ms
	Open bool       `json:"open,omitempty"` // its verdict is still to come
	Used bool       `json:"used,omitempty"` // and it was used once: no further result rests on it
}

func (i *instant) state() any { return i }

func (i *instant) take(in int, t int64, at At, r obs.Reading) bool {
	if in >= len(i.Newest) {
		return false
	}
	n := newest{T: t, V: r.Value, F: r.Quality.Flag, Why: r.Quality.Why, New: true, Has: true, B: at.BootMS}
	if r.Quality.Flag == obs.Missing {
		n.V = 0 // plain data has no NaN
	}
	i.Newest[in] = n
	for _, n := range i.Newest {
		if !n.New {
			return false
		}
	}
	return true
}

// close gives a result where an input is late. Where all are stale it says so once.
func (i *instant) close(t int64, at At) []obs.Reading {
	anew, all := false, true
	for _, n := range i.Newest {
		anew, all = anew || n.New, all && n.New
	}
	fresh := false
	for k, n := range i.Newest {
		fresh = fresh || n.Has && t-n.T <= i.stale[k]
	}
	switch {
	case all, anew && (!i.Told || t-i.Last >= i.late):
	case fresh, i.Mute, !i.Told:
		return nil
	}
	return i.result(t, at)
}

// result computes what there is at t.
func (i *instant) result(t int64, at At) []obs.Reading {
	i.Mute, i.unsure = true, false
	for k := range i.Newest {
		n := &i.Newest[k]
		n.New = false
		switch {
		case !n.Has || t-n.T > i.stale[k] || n.Open && n.Used:
			i.values[k] = obs.None(obs.Stale)
			continue
		default:
			i.values[k] = n.reading()
		}
		n.Used, i.Mute = true, false
		i.unsure = i.unsure || n.Open && n.F != obs.Missing
	}
	if i.Last, i.Told = t, true; i.unsure {
		i.rest(at)
	}
	return i.compute(i.values, at)
}

func (n newest) reading() obs.Reading {
	if n.F == obs.Missing {
		return obs.None(n.Why)
	}
	return obs.Reading{Value: n.V, Quality: obs.Quality{Flag: n.F, Why: n.Why}}
}

// formulaOf computes a formula from inputs and constants. One that turns gives a direction,
// which goes on at 0 behind 360.
func formulaOf(f *Formula, inputs int, constants []Constant, turns bool) func([]obs.Reading, At) []obs.Reading {
	numbers := make([]float64, inputs+len(constants))
	return func(in []obs.Reading, at At) []obs.Reading {
		q := obs.Quality{Flag: obs.Pass}
		for k, r := range in {
			if f.Uses(k) {
				q = weakest(q, r.Quality)
			}
			numbers[k] = r.Value
		}
		for k, c := range constants {
			v, cq := c.inForce(at)
			numbers[inputs+k], q = v, weakest(q, cq)
		}
		if q.Flag == obs.Missing {
			return []obs.Reading{obs.None(q.Why)}
		}
		v := f.At(numbers)
		if turns && (v < 0 || v > 360) {
			if v = math.Mod(v, 360); v < 0 {
				v += 360
			}
		}
		return []obs.Reading{reading(v, q)}
	}
}

// inForce returns a constant's value at a moment. Without a date it is that of the time which
// has surely passed, the first one where that is too early for any, and the result is marked
// where the date could matter: a value that is to begin some day has not begun because
// nobody knows the day.
func (c Constant) inForce(at At) (float64, obs.Quality) {
	v, ok := c.At(time.UnixMilli(at.UnixMS))
	switch {
	case !at.Dated && len(c.Values) == 1 && c.Values[0].From.IsZero():
		return c.Values[0].Is, obs.Quality{Flag: obs.Pass}
	case !at.Dated && !ok:
		v = c.Values[0]
		fallthrough
	case !at.Dated:
		return v.Is, obs.Quality{Flag: obs.Suspect, Why: obs.Time}
	case ok:
		return v.Is, obs.Quality{Flag: obs.Pass}
	}
	return 0, obs.Quality{Flag: obs.Missing, Why: obs.Absent}
}

// waterOf judges the class of a water: the worst indicator's, and each one's own behind it.
func waterOf(t *waterTable, names []string, lake bool) func([]obs.Reading, At) []obs.Reading {
	return func(in []obs.Reading, _ At) []obs.Reading {
		out := make([]obs.Reading, 1, 1+len(names))
		worst, q, complete := 0.0, obs.Quality{Flag: obs.Pass}, true
		saturated := false
		for k, name := range names {
			saturated = saturated || name == "do_saturation" && in[k].Quality.Usable() && in[k].Value >= t.saturated
		}
		for k, name := range names {
			if name == "do_saturation" {
				continue
			}
			r := in[k]
			if !r.Quality.Usable() || r.Quality.Why == obs.Sparse {
				out, complete = append(out, obs.None(r.Quality.Why)), false
				continue
			}
			class, _ := t.indicators[name].class(r.Value, lake)
			if name == "do" && saturated {
				class = 1
			}
			worst, q = max(worst, class), weakest(q, r.Quality)
			out = append(out, reading(class, r.Quality))
		}
		if !complete && worst < worse {
			q = weakest(q, sparse)
		}
		if out[0] = reading(worst, q); worst == 0 {
			out[0] = obs.None(obs.Sparse)
		}
		return out
	}
}
