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
	keeps  keeps
	speaks int64 // for how long one reading covers the window
	half   int64 // of the interval; no more than half the window
	step   int64 // readings closer than this share a bucket; 0: none do
	prev   int64 // when the newest reading left the window; only if hasPrev
	has    bool
	ring   []bucket // ring[head:] is in use, oldest first; the newest reading is one of its own
	gained int64    // what the newest reading added to what the one before covers
	head   int
	trends []fitted // by method and direction, made when one is asked for
}

// fitted is a trend with when it was found: at most once in a fortieth of the window.
type fitted struct {
	method Method
	up     bool
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

// pace fits the window to a stream with readings so far apart. A reading speaks for the
// stream until it is stale, but for no more than a quarter of a window: a hole in a short
// one is a hole, however soon the next reading comes.
func (w *window) pace(every, stale int64) {
	w.half = min(every, w.length) / 2
	w.speaks = min(stale, max(every*3/2, w.length/4))
}

// add takes a reading. Readings come in order; the caller sees to that.
func (w *window) add(t int64, v float64) {
	w.expire(t + w.half)
	if n := len(w.ring); n > w.head {
		b := &w.ring[n-1]
		w.gained = min(t-b.to, w.speaks)
		b.covered += w.gained
		if n-1 > w.head && b.from-w.ring[n-2].from < w.step {
			w.ring[n-2].join(*b)
			w.ring = w.ring[:n-1]
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

// lift adds by to every reading.
func (w *window) lift(by float64) {
	for i := range w.ring {
		b := &w.ring[i]
		b.sum += by * float64(b.n)
		b.min, b.max, b.first, b.last = b.min+by, b.max+by, b.first+by, b.last+by
	}
}

// expire drops what is older than the window that ends at end.
func (w *window) expire(end int64) {
	for w.head < len(w.ring) && w.ring[w.head].to <= end-w.length {
		w.prev, w.has = w.ring[w.head].to, true
		w.head++
	}
	if w.head == len(w.ring) {
		w.ring, w.head = w.ring[:0], 0
	}
}

// trendAt finds the trend of the window. Between two readings it is found once, and
// not more often than the window has points for.
func (w *window) trendAt(now int64, m Method, up bool, step float64, f *fitter) *trend {
	slot := floor(now, max(1, w.length/maxTrend))
	i := 0
	for i < len(w.trends) && (w.trends[i].method != m || w.trends[i].up != up) {
		i++
	}
	if i == len(w.trends) {
		w.trends = append(w.trends, fitted{method: m, up: up, slot: slot - 1})
	}
	if t := &w.trends[i]; t.slot != slot {
		t.slot, t.trend = slot, f.fit(w, m, up, step)
	}
	return &w.trends[i].trend
}

// at sums up the window that ends at end. It costs at most maxPoints steps.
func (w *window) at(end int64) summary { return w.sum(end, w.ring, 0) }

// before is at without the newest reading.
func (w *window) before(end int64) summary {
	if len(w.ring) == w.head {
		return w.at(end)
	}
	return w.sum(end, w.ring[:len(w.ring)-1], w.gained)
}

// sum sums up ring, whose last bucket covers so much less.
func (w *window) sum(end int64, ring []bucket, less int64) summary {
	start := end - w.length
	s := summary{min: math.Inf(1), max: math.Inf(-1)}
	head, prev, has := w.head, w.prev, w.has
	for ; head < len(ring) && ring[head].to <= start; head++ {
		prev, has = ring[head].to, true
	}
	var covered int64
	if has { // the reading before the window speaks into it
		covered = max(0, prev+w.speaks-start)
	}
	for i := head; i < len(ring); i++ {
		b := &ring[i]
		if i == head {
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
		covered += min(end-s.endAt, w.speaks) - less
	}
	s.covered = float64(min(covered, w.length)) / float64(w.length)
	return s
}
