package derive

import (
	"math"
	"slices"

	"github.com/lamppost-city/lamppost/drivers/obs"
)

// air makes hourly means of pollutants, and of them an air quality index or a NowCast.
type air struct {
	Of []pollutant `json:"of"`

	names  []string // the pollutants, in the order of Of and of the channels behind the index
	every  []int64
	report string // hourly, daily, nowcast
	table  *airTable
}

// pollutant is what is known of one of them.
type pollutant struct {
	Hour  step   `json:"hour"` // the one that runs
	Prev  heard  `json:"prev"`
	Hours []mean `json:"hours"` // finished ones, newest last, at most a day
}

// mean is that of an hour. One that was not covered has no value.
type mean struct {
	V   float64    `json:"v"`
	OK  bool       `json:"ok"`
	F   obs.Flag   `json:"f,omitempty"`
	Why obs.Reason `json:"w,omitempty"`
}

func (m mean) quality() obs.Quality { return obs.Quality{Flag: m.F, Why: m.Why} }

// What makes a mean (GB 3095-2026, validity): hours of eight, hours of a day.
const (
	enoughOf8   = 6
	enoughOfDay = 20
)

func (a *air) state() any { return a }

func (a *air) take(in int, t int64, _ At, r obs.Reading) bool {
	if !r.Quality.Usable() || in >= len(a.Of) {
		return false
	}
	p := &a.Of[in]
	p.Hour.Covered += p.Prev.speaks(t, a.every[in])
	p.Hour.add(r.Value, r.Quality)
	p.Prev = heard{t, r.Value, true}
	return false
}

func (a *air) close(t int64, _ At) []obs.Reading {
	for i := range a.Of {
		a.Of[i].finish()
	}
	switch {
	case a.report == "nowcast":
		return a.nowcast()
	case a.report == "hourly":
		return a.index("hour", func(p *pollutant, _ string) mean { return p.Hours[len(p.Hours)-1] })
	case t%dayMS == 0:
		return a.index("day", ofDay)
	}
	return nil
}

// finish ends the hour that runs.
func (p *pollutant) finish() {
	m := mean{}
	if h := p.Hour; h.N > 0 && float64(h.Covered) >= enough*hourMS {
		m = mean{h.Sum / float64(h.N), true, h.Flag, h.Why}
	}
	p.Hour = step{}
	p.Hours = append(p.Hours, m)
	if len(p.Hours) > 24 {
		p.Hours = slices.Delete(p.Hours, 0, 1)
	}
}

// over is the mean of hourly means, if there are enough.
func over(hours []mean, least int) (all mean) {
	n := 0
	for _, h := range hours {
		if !h.OK {
			continue
		}
		q := h.quality()
		if n++; n > 1 {
			q = weakest(all.quality(), q)
		}
		all.V, all.F, all.Why = all.V+h.V, q.Flag, q.Why
	}
	all.OK = n >= least
	all.V /= float64(max(n, 1))
	return all
}

// ofDay is a pollutant's figure for the natural day that has just ended: the mean of its
// hours, of ozone the largest mean of eight hours in a row.
func ofDay(p *pollutant, name string) mean {
	if name != "o3" {
		return over(p.Hours, enoughOfDay)
	}
	best := mean{}
	for end := 8; end <= len(p.Hours); end++ {
		if m := over(p.Hours[end-8:end], enoughOf8); m.OK && (!best.OK || m.V > best.V) {
			best = m
		}
	}
	return best
}

// index makes the readings of the index and of each pollutant's own.
func (a *air) index(period string, of func(*pollutant, string) mean) []obs.Reading {
	means := make(map[string]mean, len(a.names))
	for i, name := range a.names {
		means[name] = of(&a.Of[i], name)
	}
	return a.table.judge(a.names, period, func(name string) mean { return means[name] })
}

// judge returns the index, behind it those of the pollutants, and last the largest of these.
// The index is that largest one too; but with one of the table's pollutants missing only one
// above publish counts. The largest is always told: with one of names missing it is sparse,
// and at least so much.
func (t *airTable) judge(names []string, period string, of func(string) mean) []obs.Reading {
	out := make([]obs.Reading, 1, 2+len(names))
	most, known, lacks, q := int64(-1), 0, false, obs.Quality{Flag: obs.Pass}
	for _, name := range names {
		m, c := of(name), t.columns[name+"."+period]
		if !m.OK || c == nil {
			out, lacks = append(out, obs.None(obs.Sparse)), true
			continue
		}
		i, ok := t.index(c, m.V)
		if !ok {
			out, lacks = append(out, obs.None(obs.Range)), true
			continue
		}
		if slices.Contains(t.all, name) {
			known++
		}
		most, q = max(most, i), weakest(q, m.quality())
		out = append(out, reading(float64(i), m.quality()))
	}
	if out[0] = obs.None(obs.Sparse); most >= 0 && (known == len(t.all) || most > t.publish) {
		out[0] = reading(float64(most), q)
	}
	if lacks {
		q = weakest(q, sparse)
	}
	if most < 0 {
		return append(out, obs.None(obs.Sparse))
	}
	return append(out, reading(float64(most), q))
}

func (a *air) nowcast() []obs.Reading {
	p := &a.Of[0]
	newest, q := make([]float64, 0, NowCastHours), obs.Quality{Flag: obs.Pass}
	for i := len(p.Hours) - 1; i >= 0 && len(newest) < NowCastHours; i-- {
		v := math.NaN()
		if h := p.Hours[i]; h.OK {
			v, q = h.V, weakest(q, h.quality())
		}
		newest = append(newest, v)
	}
	v, ok := NowCast(newest)
	if !ok {
		return []obs.Reading{obs.None(obs.Sparse)}
	}
	return []obs.Reading{reading(v, q)}
}
