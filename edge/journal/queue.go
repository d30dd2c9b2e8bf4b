package journal

import (
	"maps"
	"slices"
)

const (
	commitBytes = 256 << 10 // so much waiting is committed without waiting longer
	maxDropped  = 1 << 10   // dropped ranges remembered
)

// chunk is the entries of one block to come.
type chunk struct {
	first, count uint64
	urgent       uint64 // so many of the records are urgent
	pos          uint64 // position of the last entry
	buf          []byte
	states       []stateEntry
	gap          bool  // numbers before first were dropped
	stamp        Stamp // when it was closed
	closed       bool
}

func (c *chunk) block() block {
	b := block{first: c.first, count: c.count, stamp: c.stamp}
	if c.gap {
		b.flags |= flagGap
	}
	if len(c.states) > 0 {
		b.flags |= flagState
	}
	return b
}

// queue holds the entries that are not committed, oldest first. The journal's
// mutex guards it.
type queue struct {
	limit    int // bytes that may wait; urgent records may use a quarter more
	clock    func() Stamp
	isUrgent func(Kind) bool
	chunks   []*chunk
	flying   int    // so many of the first chunks are with the writer and stay
	held     int    // bytes in all chunks
	next     uint64 // number of the next record
	pos      uint64 // entries ever put
	urgent   bool   // somebody waits in Sync
	dropped  []Range
	lost     uint64   // records dropped
	spare    [][]byte // buffers of committed chunks
}

func (q *queue) init(limit int, clock func() Stamp, urgent func(Kind) bool) {
	q.limit, q.next, q.isUrgent = limit, 1, urgent
	q.clock = func() Stamp {
		s := clock()
		s.Boot = s.Boot[:min(len(s.Boot), MaxKey)]
		return s
	}
}

// put adds a record and a state that belong together.
func (q *queue) put(hasRecord bool, k Kind, body []byte, st *stateEntry) uint64 {
	need := len(body) + 16
	if st != nil {
		need += len(st.key) + len(st.value) + 16
	}
	c := q.open(need)
	before := len(c.buf)
	var seq uint64
	if hasRecord {
		seq = q.next
		c.buf = appendRecord(c.buf, k, body)
		c.count++
		if q.isUrgent(k) {
			c.urgent++
		}
		q.next++
		q.pos++
	}
	if st != nil {
		c.buf = st.append(c.buf)
		c.states = append(c.states, *st)
		q.pos++
	}
	c.pos = q.pos
	q.held += len(c.buf) - before
	q.shed()
	return seq
}

// open returns the chunk that need bytes go into.
func (q *queue) open(need int) *chunk {
	if n := len(q.chunks); n > 0 && !q.chunks[n-1].closed {
		c := q.chunks[n-1]
		if len(c.buf) == 0 || len(c.buf)+need <= blockTarget {
			return c
		}
		q.close(c)
	}
	c := &chunk{first: q.next, buf: q.buffer()}
	q.chunks = append(q.chunks, c)
	return c
}

func (q *queue) close(c *chunk) {
	if !c.closed {
		c.closed, c.stamp = true, q.clock()
	}
}

func (q *queue) buffer() []byte {
	if n := len(q.spare); n > 0 {
		b := q.spare[n-1]
		q.spare = q.spare[:n-1]
		return b[:0]
	}
	return nil
}

// take closes all chunks and lends them to the writer.
func (q *queue) take() []*chunk {
	if n := len(q.chunks); n > 0 {
		q.close(q.chunks[n-1])
	}
	q.flying = len(q.chunks)
	return slices.Clone(q.chunks)
}

// pressing reports whether there are urgent records in chunks.
func pressing(chunks []*chunk) bool {
	return slices.ContainsFunc(chunks, func(c *chunk) bool { return c.urgent > 0 })
}

// settle removes the oldest n chunks, which are committed.
func (q *queue) settle(n int) {
	for _, c := range q.chunks[:n] {
		q.held -= len(c.buf)
		if len(q.spare) < 4 && cap(c.buf) <= 2*blockTarget {
			q.spare = append(q.spare, c.buf)
		}
	}
	q.chunks = slices.Delete(q.chunks, 0, n)
	q.flying -= n
}

// shed drops records that are not with the writer until the rest fits: first
// the oldest plain ones, then, when the urgent ones alone are a quarter too much,
// the oldest of those. The newest chunk stays, and so do all states: of each key
// the newest one, in front of what is left.
func (q *queue) shed() {
	for q.held > q.limit && q.shedOne(func(c *chunk) bool { return c.count > c.urgent }, q.isUrgent) {
	}
	for q.held > q.limit+q.limit/4 && q.shedOne(func(c *chunk) bool { return c.count > 0 }, func(Kind) bool { return false }) {
	}
}

// shedOne drops from the oldest chunk that wanted accepts all records but those
// that keep accepts. It returns false when there is no such chunk.
func (q *queue) shedOne(wanted func(*chunk) bool, keep func(Kind) bool) bool {
	i := q.flying
	for i < len(q.chunks) && !wanted(q.chunks[i]) {
		i++
	}
	if i+1 >= len(q.chunks) {
		return false
	}
	rest := q.strip(q.chunks[i], keep)
	q.chunks = slices.Replace(q.chunks, i, i+1, rest...)
	q.chunks[i+len(rest)].gap = true
	q.merge(i)
	q.held = 0
	for _, c := range q.chunks {
		q.held += len(c.buf)
	}
	return true
}

// strip returns what is left of c without the records that keep does not accept:
// one chunk for each run of consecutive numbers. All states stay, in order, and a
// state stays in one chunk with the record it was set with.
func (q *queue) strip(c *chunk, keep func(Kind) bool) []*chunk {
	var out []*chunk
	run := func(first uint64) *chunk {
		out = append(out, &chunk{first: first, gap: c.gap || first > c.first, stamp: c.stamp, closed: true})
		return out[len(out)-1]
	}
	_, _ = entries(c.buf, c.first, func(r Record) error {
		if !keep(r.Kind) {
			q.lost++
			q.drop(Range{r.Seq, r.Seq})
			return nil
		}
		if n := len(out); n == 0 || out[n-1].first+out[n-1].count != r.Seq {
			run(r.Seq)
		}
		last := out[len(out)-1]
		last.buf = appendRecord(last.buf, r.Kind, r.Body)
		last.count, last.urgent = last.count+1, last.urgent+1
		return nil
	}, func(e stateEntry) error {
		if len(out) == 0 {
			run(c.first)
		}
		last := out[len(out)-1]
		e.value = slices.Clone(e.value)
		last.buf = e.append(last.buf)
		last.states = append(last.states, e)
		return nil
	})
	if n := len(out); n > 0 {
		out[n-1].pos = c.pos // not earlier: whoever waits for the last entry waits for all runs
	}
	return out
}

// merge packs the chunks without records that end at i, and those that stand
// directly before them, together.
func (q *queue) merge(i int) {
	from, to := i, i
	for from > q.flying && q.chunks[from-1].count == 0 {
		from--
	}
	for to < len(q.chunks)-1 && q.chunks[to].count == 0 {
		to++
	}
	if to-from > 1 {
		q.chunks = slices.Replace(q.chunks, from, to, stateChunks(q.chunks[from:to], q.chunks[to].first)...)
	}
}

// stateChunks packs the newest state of each key in from into chunks without
// records that stand before record first.
func stateChunks(from []*chunk, first uint64) []*chunk {
	latest := map[string]stateEntry{}
	for _, c := range from {
		for _, e := range c.states {
			latest[e.id()] = e
		}
	}
	var out []*chunk
	last := from[len(from)-1]
	for _, k := range slices.Sorted(maps.Keys(latest)) {
		n := len(out)
		if n == 0 || len(out[n-1].buf) >= blockTarget {
			out = append(out, &chunk{first: first, pos: last.pos, gap: true, stamp: last.stamp, closed: true})
			n++
		}
		c := out[n-1]
		c.buf = latest[k].append(c.buf)
		c.states = append(c.states, latest[k])
	}
	return out
}

func (e stateEntry) id() string {
	if e.isFloor {
		return ""
	}
	return e.key
}

func (q *queue) drop(r Range) {
	if n := len(q.dropped); n > 0 && q.dropped[n-1].To+1 == r.From {
		q.dropped[n-1].To = r.To
		return
	}
	if len(q.dropped) == maxDropped {
		q.dropped = slices.Delete(q.dropped, 0, 1)
	}
	q.dropped = append(q.dropped, r)
}

func (q *queue) isDropped(seq uint64) bool {
	for _, r := range q.dropped {
		if r.From <= seq && seq <= r.To {
			return true
		}
	}
	return false
}
