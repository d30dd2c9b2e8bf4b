package api

import (
	"math"

	"github.com/lamppost-city/lamppost/cloud/view"
	"github.com/lamppost-city/lamppost/drivers/obs"
)

// reducer thins a series to a number of points. It takes no means: of each bucket
// of time it keeps the smallest and the largest value, the one with the worst
// flag, and one that has no value, all as they are; so a peak, a doubt and a
// failure stay visible whatever the zoom. Its memory is bounded by limit.
type reducer struct {
	from, width int64
	limit       int
	all         []view.Point // as long as they are few enough
	buckets     []bucket
}

type bucket struct {
	low, high, worst, none view.Point
	has                    uint8
}

const (
	hasValue = 1 << iota
	hasWorst
	hasNone
	perBucket = 4
)

// newReducer reduces points between from and to (Unix milliseconds) to at most
// limit, which is at least 4.
func newReducer(from, to int64, limit int) *reducer {
	n := int64(limit / perBucket)
	return &reducer{from: from, width: max((to-from+n)/n, 1), limit: limit}
}

// add takes the next point in time order.
func (r *reducer) add(p view.Point) {
	if r.buckets == nil {
		if len(r.all) < r.limit {
			r.all = append(r.all, p)
			return
		}
		r.buckets = make([]bucket, r.limit/perBucket)
		for _, q := range r.all {
			r.sort(q)
		}
		r.all = nil
	}
	r.sort(p)
}

func (r *reducer) sort(p view.Point) {
	i := min(max((p.T-r.from)/r.width, 0), int64(len(r.buckets)-1))
	r.buckets[i].add(p)
}

func (b *bucket) add(p view.Point) {
	if math.IsNaN(p.V) {
		if b.has&hasNone == 0 {
			b.none, b.has = p, b.has|hasNone
		}
		return
	}
	if b.has&hasValue == 0 {
		b.low, b.high, b.has = p, p, b.has|hasValue
	}
	if p.V < b.low.V {
		b.low = p
	}
	if p.V > b.high.V {
		b.high = p
	}
	if doubt(p) > doubt(b.worst) {
		b.worst, b.has = p, b.has|hasWorst
	}
}

// doubt ranks flags by how much a person should see them.
func doubt(p view.Point) int {
	switch p.Flag {
	case obs.Fail:
		return 2
	case obs.Suspect:
		return 1
	default:
		return 0
	}
}

// result returns the points and whether any were left out.
func (r *reducer) result() ([]view.Point, bool) {
	if r.buckets == nil {
		if r.all == nil {
			return []view.Point{}, false
		}
		return r.all, false
	}
	out := make([]view.Point, 0, r.limit)
	for i := range r.buckets {
		out = r.buckets[i].points(out)
	}
	return out, true
}

// points appends what the bucket keeps, in time order and each moment once.
func (b *bucket) points(out []view.Point) []view.Point {
	start := len(out)
	put := func(p view.Point) {
		i := len(out)
		for i > start && out[i-1].T > p.T {
			i--
		}
		if i > start && out[i-1].T == p.T {
			return
		}
		out = append(out, view.Point{})
		copy(out[i+1:], out[i:])
		out[i] = p
	}
	if b.has&hasValue != 0 {
		put(b.low)
		put(b.high)
	}
	if b.has&hasWorst != 0 {
		put(b.worst)
	}
	if b.has&hasNone != 0 {
		put(b.none)
	}
	return out
}
