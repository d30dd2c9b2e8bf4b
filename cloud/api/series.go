package api

import (
	"context"
	"iter"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/lamppost-city/lamppost/cloud/store"
	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
	"github.com/lamppost-city/lamppost/edge/wire"
)

const (
	seriesTime = 30 * time.Second // for one request
	page       = 20_000           // points asked of the store at a time
	maxFaults  = 20_000           // failed samples shown in one series
)

func (s *server) series(w http.ResponseWriter, r *http.Request) error {
	gateway, stream, err := streamParams(r)
	if err != nil {
		return err
	}
	now := time.Now().UnixMilli()
	from, to, err := span(r.URL.Query(), now-time.Hour.Milliseconds(), now)
	if err != nil {
		return err
	}
	limit, err := intParam(r.URL.Query(), "max", 1000, 4, 20_000)
	if err != nil {
		return err
	}
	about, ok := s.Fleet.Stream(gateway, stream)
	if !ok {
		return view.ErrUnknown
	}
	if !s.may(r, toView, gateway, stream.Device) {
		return view.ErrHidden
	}
	ctx, cancel := context.WithTimeout(r.Context(), seriesTime)
	defer cancel()
	gaps, err := s.Fleet.Gaps(ctx, gateway, from, to)
	if err != nil {
		return err
	}
	red := newReducer(from, to, int(limit))
	silent := silence{limit: patience(about.EveryMS), last: -1}
	if err := s.points(ctx, store.Stream{Gateway: gateway, Stream: stream}, from, to, func(p view.Point) {
		red.add(p)
		silent.add(p.T)
	}); err != nil {
		return err
	}
	silent.add(min(to, now))
	for _, g := range silent.gaps {
		if !covered(g, gaps) {
			g.Gateway = gateway
			gaps = append(gaps, g)
		}
	}
	slices.SortStableFunc(gaps, func(a, b view.Gap) int { return int(min(max(a.From-b.From, -1), 1)) })
	points, reduced := red.result()
	return send(w, http.StatusOK, view.Series{Stream: about, Points: points, Gaps: gaps, Reduced: reduced})
}

// points walks through a stream in time order. Failed samples of the whole device
// come as points without a value: nothing was measured then, and why is known.
func (s *server) points(ctx context.Context, st store.Stream, from, to int64, each func(view.Point)) error {
	faults, err := s.Points.Query(ctx, store.Query{
		Stream: store.Stream{Gateway: st.Gateway, Stream: obs.Stream{Device: st.Device, Channel: wire.FaultChannel}},
		From:   from, To: to + 1, Limit: maxFaults,
	})
	if err != nil {
		return err
	}
	for p, err := range s.pages(ctx, store.Query{Stream: st, From: from, To: to + 1, Limit: page}) {
		if err != nil {
			return err
		}
		for len(faults) > 0 && faults[0].Time < p.Time {
			each(point(faults[0]))
			faults = faults[1:]
		}
		if len(faults) > 0 && faults[0].Time == p.Time {
			faults = faults[1:]
		}
		each(point(p))
	}
	for _, f := range faults {
		each(point(f))
	}
	return nil
}

// pages yields all points of a query, a page at a time.
func (s *server) pages(ctx context.Context, q store.Query) iter.Seq2[store.Point, error] {
	return func(yield func(store.Point, error) bool) {
		for {
			ps, err := s.Points.Query(ctx, q)
			if err != nil {
				yield(store.Point{}, err)
				return
			}
			for _, p := range ps {
				if !yield(p, nil) {
					return
				}
			}
			if len(ps) < q.Limit {
				return
			}
			q.From = ps[len(ps)-1].Time + 1
		}
	}
}

func point(p store.Point) view.Point {
	v := view.Point{T: p.Time, V: p.V, Quality: p.Quality}
	if p.Late != obs.NotEvaluated {
		v.Flag = p.Late // the verdict that came later is the one that counts
	}
	if v.Flag == obs.Missing {
		v.V = math.NaN()
	}
	return v
}

// silence finds the spans in which a stream said nothing although it should have.
type silence struct {
	limit int64 // milliseconds; 0: the interval is not known, nothing can be said
	last  int64
	gaps  []view.Gap
}

// patience is how long a stream may be silent: three intervals and some slack.
func patience(everyMS int64) int64 {
	if everyMS <= 0 {
		return 0
	}
	return 3*everyMS + 2000
}

func (s *silence) add(t int64) {
	if s.limit > 0 && s.last >= 0 && t-s.last > s.limit {
		s.gaps = append(s.gaps, view.Gap{From: s.last, To: t, Why: "no-data"})
	}
	s.last = max(s.last, t)
}

// covered says whether a declared gap already explains a silence.
func covered(g view.Gap, declared []view.Gap) bool {
	return slices.ContainsFunc(declared, func(d view.Gap) bool {
		overlap := min(g.To, d.To) - max(g.From, d.From)
		return overlap*2 >= g.To-g.From
	})
}
