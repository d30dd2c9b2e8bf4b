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
	limit   int
	clock   func() Stamp
	chunks  []*chunk
	flying  int    // so many of the first chunks are with the writer and stay
	held    int    // bytes in all chunks
	next    uint64 // number of the next record
	pos     uint64 // entries ever put
	urgent  bool   // somebody waits in Sync
	dropped []Range
	lost    uint64   // records dropped
	spare   [][]byte // buffers of committed chunks
}

func (q *queue) init(limit int, clock func() Stamp) {
	q.limit, q.next = limit, 1
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

// shed drops the oldest records that are not with the writer, a chunk at a
// time, until the rest fits. The newest chunk stays, and so do all states: of
// each key the newest one, in front of what is left.
func (q *queue) shed() {
	for q.held > q.limit {
		i := q.flying
		for i < len(q.chunks) && q.chunks[i].count == 0 {
			i++
		}
		if i+1 >= len(q.chunks) {
			return
		}
		c, heir := q.chunks[i], q.chunks[i+1]
		q.lost += c.count
		q.drop(Range{c.first, c.first + c.count - 1})
		heir.gap = true
		rest := stateChunks(q.chunks[q.flying:i+1], heir.first)
		q.chunks = slices.Replace(q.chunks, q.flying, i+1, rest...)
		q.held = 0
		for _, c := range q.chunks {
			q.held += len(c.buf)
		}
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
