package rule

import "math"

const (
	maxPoints = 512 // of a window
	steps     = 256 // a window's parts, once readings are pooled
)

// bucket is one reading, or those of a short stretch of time.
type bucket struct {
	from, to      int64 // of the first and last reading, boot ms
	covered       int64 // ms from its readings to the next ones, each at most the stale time
	sum, min, max float64
	first, last   float64
	n             int32
}

// window holds the readings of the last length milliseconds of one stream.
type window struct {
	length int64
	stale  int64 // how long one reading speaks for the stream
	step   int64 // readings closer than this share a bucket; 0: none do
	prev   int64 // when the newest reading left the window; only if hasPrev
	has    bool
	ring   []bucket // ring[head:] is in use, oldest first
	head   int
	trends []fitted // by method, made when one is asked for
}

// fitted is a trend with when it was found: at most once in a fortieth of the window.
type fitted struct {
	method Method
	slot   int64
	trend
}

// summary is what a window holds at one moment.
type summary struct {
	n              int
	sum, min, max  float64
	first, last    float64
	firstAt, endAt int64
	covered        float64 // share of the window, 0…1
}

// add takes a reading. Readings come in order; the caller sees to that.
func (w *window) add(t int64, v float64) {
	w.expire(t)
	if n := len(w.ring); n > w.head {
		b := &w.ring[n-1]
		b.covered += min(t-b.to, w.stale)
		if t-b.from < w.step {
			b.join(bucket{from: t, to: t, sum: v, min: v, max: v, first: v, last: v, n: 1})
			return
		}
	}
	if len(w.ring)-w.head == maxPoints {
		w.pool()
	}
	if w.head > 0 && len(w.ring) == cap(w.ring) {
		w.ring = w.ring[:copy(w.ring, w.ring[w.head:])]
		w.head = 0
	}
	w.ring = append(w.ring, bucket{from: t, to: t, sum: v, min: v, max: v, first: v, last: v, n: 1})
}

// join adds a later bucket to b.
func (b *bucket) join(c bucket) {
	b.to, b.last = c.to, c.last
	b.sum, b.n, b.covered = b.sum+c.sum, b.n+c.n, b.covered+c.covered
	b.min, b.max = min(b.min, c.min), max(b.max, c.max)
}

// pool makes room for good: from now on a step of the window is one bucket.
func (w *window) pool() {
	w.step = max(1, w.length/steps)
	all := w.ring[w.head:]
	out := all[:1]
	for _, b := range all[1:] {
		if last := &out[len(out)-1]; b.from-last.from < w.step {
			last.join(b)
		} else {
			out = append(out, b)
		}
	}
	w.ring = w.ring[:w.head+len(out)]
	if len(out) == maxPoints { // only if time stood still
		w.head++
	}
}

// expire drops what is older than the window at now.
func (w *window) expire(now int64) {
	for w.head < len(w.ring) && w.ring[w.head].to <= now-w.length {
		w.prev, w.has = w.ring[w.head].to, true
		w.head++
	}
	if w.head == len(w.ring) {
		w.ring, w.head = w.ring[:0], 0
	}
}

// trendAt finds the trend of the window. Between two readings it is found once, and
// not more often than the window has points for.
func (w *window) trendAt(now int64, m Method, f *fitter) *trend {
	w.expire(now)
	slot := floor(now, max(1, w.length/maxTrend))
	i := 0
	for i < len(w.trends) && w.trends[i].method != m {
		i++
	}
	if i == len(w.trends) {
		w.trends = append(w.trends, fitted{method: m, slot: slot - 1})
	}
	if t := &w.trends[i]; t.slot != slot {
		t.slot, t.trend = slot, f.fit(w, m)
	}
	return &w.trends[i].trend
}

// at sums the window up. It costs at most maxPoints steps.
func (w *window) at(now int64) summary {
	w.expire(now)
	start := now - w.length
	s := summary{min: math.Inf(1), max: math.Inf(-1)}
	var covered int64
	if w.has { // the reading before the window speaks into it
		covered = max(0, w.prev+w.stale-start)
	}
	for i := w.head; i < len(w.ring); i++ {
		b := &w.ring[i]
		if i == w.head {
			covered = min(covered, b.from-start)
			s.first, s.firstAt = b.first, b.from
		}
		s.n += int(b.n)
		s.sum += b.sum
		s.min, s.max = min(s.min, b.min), max(s.max, b.max)
		s.last, s.endAt = b.last, b.to
		covered += b.covered
	}
	if s.n > 0 {
		covered += min(now-s.endAt, w.stale)
	}
	s.covered = float64(min(covered, w.length)) / float64(w.length)
	return s
}
