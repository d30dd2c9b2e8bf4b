package quality

// extremes holds the lowest and the highest of the last size values: two queues in
// which only what may still become an extreme stays, so that a value costs the same
// however long the window is. It takes 32 bytes for each value of the window at most.
type extremes struct {
	size, at  int
	low, high queue
}

type queue struct {
	head  int
	items []ranked
}

type ranked struct {
	at int
	v  float64
}

func newExtremes(size int) *extremes { return &extremes{size: size} }

// add takes the next value, NaN for a missing one.
func (e *extremes) add(v float64) {
	if e == nil {
		return
	}
	e.at++
	if v == v {
		e.low.push(e.at, v, func(old float64) bool { return old >= v })
		e.high.push(e.at, v, func(old float64) bool { return old <= v })
	}
	e.low.drop(e.at - e.size)
	e.high.drop(e.at - e.size)
}

// with is what the next value, v, which is none that is missing, makes of the window
// without being added to it: the highest less the lowest, and whether the window is full.
func (e *extremes) with(v float64) (spread float64, full bool) {
	if e == nil {
		return 0, false
	}
	e.low.drop(e.at + 1 - e.size)
	e.high.drop(e.at + 1 - e.size)
	low, high := v, v
	if len(e.low.items) > e.low.head {
		low, high = min(v, e.low.items[e.low.head].v), max(v, e.high.items[e.high.head].v)
	}
	return high - low, e.at+1 >= e.size
}

func (q *queue) push(at int, v float64, beaten func(old float64) bool) {
	for len(q.items) > q.head && beaten(q.items[len(q.items)-1].v) {
		q.items = q.items[:len(q.items)-1]
	}
	q.items = append(q.items, ranked{at, v})
}

// drop forgets what came at last or before.
func (q *queue) drop(last int) {
	for q.head < len(q.items) && q.items[q.head].at <= last {
		q.head++
	}
	if q.head > 32 && q.head > len(q.items)/2 { // moving up costs less than what was dropped
		q.items = q.items[:copy(q.items, q.items[q.head:])]
		q.head = 0
	}
}
