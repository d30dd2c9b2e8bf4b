package store

import (
	"context"
	"iter"
	"time"
)

// Spans of time that Walk asks for at once: some stores read all of a span before they return
// its first points.
const (
	firstWindow = time.Hour
	mostWindow  = 90 * 24 * time.Hour
	walkPage    = 20_000 // points at a time, about 3 MB
)

// Reader is the part of a Store that can be asked.
type Reader interface {
	Query(ctx context.Context, q Query) ([]Point, error)
}

// Walk yields all points of a stream with from ≤ Time < to in the order of time, however many
// there are, and keeps at most some thousand of them in memory. It ends with the first error.
// Points that are written behind it meanwhile do not come.
func Walk(ctx context.Context, s Reader, st Stream, from, to int64) iter.Seq2[Point, error] {
	return func(yield func(Point, error) bool) {
		for wide := firstWindow.Milliseconds(); from < to; {
			end := min(from+wide, to)
			ps, err := s.Query(ctx, Query{Stream: st, From: from, To: end, Limit: walkPage})
			if err != nil {
				yield(Point{}, err)
				return
			}
			for _, p := range ps {
				if !yield(p, nil) {
					return
				}
			}
			from = end
			switch { // a window in which there is little is followed by a longer one
			case len(ps) >= walkPage:
				from = ps[len(ps)-1].Time + 1
				wide = max(wide/2, 1)
			case len(ps) < walkPage/4:
				wide = min(2*wide, mostWindow.Milliseconds())
			}
		}
	}
}
