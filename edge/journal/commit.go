package journal

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"
)

const (
	firstPause = time.Second
	longPause  = time.Minute
	writeBytes = 256 << 10 // written at once, before the sync
)

// run is the committer: the only goroutine that writes.
func (j *Journal) run(w *writer) {
	defer close(j.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var first time.Time // when the oldest entry waiting was seen
	for {
		wait := time.Hour
		j.mu.Lock()
		switch {
		case j.fail.err != nil:
			wait = time.Until(j.fail.next)
		case j.queue.urgent || j.queue.held >= commitBytes:
			wait = 0
		case j.queue.held > 0:
			if first.IsZero() {
				first = time.Now()
			}
			wait = time.Until(first.Add(j.o.Commit))
		}
		j.mu.Unlock()
		if wait <= 0 {
			first = time.Now() // what comes in during the commit waits since now
			if j.commit(w, false); j.idle() {
				first = time.Time{}
			}
			continue
		}
		timer.Reset(wait)
		select {
		case <-j.kick:
		case <-timer.C:
		case <-j.quit:
			j.commit(w, true)
			w.close()
			return
		}
	}
}

func (j *Journal) idle() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.queue.held == 0
}

// commit makes one attempt to write and sync everything that waits, and tells
// everybody how it ended.
func (j *Journal) commit(w *writer, final bool) {
	j.mu.Lock()
	batch := j.queue.take()
	j.queue.urgent = false
	j.mu.Unlock()
	err := w.write(batch, final)
	if err != nil {
		w.abandon()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.queue.flying = 0
	j.fail.note(err)
	close(j.changed)
	j.changed = make(chan struct{})
}

func (f *failure) note(err error) {
	if err == nil {
		*f = failure{}
		return
	}
	now := time.Now()
	if f.err == nil {
		f.since = now
	}
	f.err = fmt.Errorf("journal: %w: %w", ErrDegraded, err)
	f.pause = min(max(2*f.pause, firstPause), longPause)
	f.next = now.Add(f.pause)
}

// writer writes segments. Only the committer uses it. It never touches a segment
// again after an error: a failed sync may have thrown pages away that a second
// sync would report as written, so the next attempt begins a new segment.
type writer struct {
	j       *Journal
	packer  *packer
	num     uint64 // highest segment number used
	file    File
	seg     *segment // being written; its fields as published
	fresh   bool     // seg is not in the journal's list yet
	seed    uint32
	headEnd int64  // where the carried states end
	out     []byte // encoded, not written yet
	off     int64  // where out goes
	ahead   scanned
	chunks  int // chunks written or in out, not published
}

// write commits batch, and a clean mark when this is the last one.
func (w *writer) write(batch []*chunk, final bool) error {
	if w.file == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	for _, c := range batch {
		// A segment holds at least as much as the states it began with.
		if size := w.off + int64(len(w.out)); size >= w.j.o.SegmentSize && size >= 2*w.headEnd {
			if err := w.roll(); err != nil {
				return err
			}
		}
		w.add(c.block(), c.buf)
		w.chunks++
		if len(w.out) >= writeBytes {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	if final {
		w.add(block{flags: flagClean, first: w.ahead.last + 1, stamp: w.j.stamp()}, nil)
	}
	if len(w.out) == 0 && w.chunks == 0 {
		return nil
	}
	return w.sync()
}

func (j *Journal) stamp() Stamp { return j.queue.clock() }

// add encodes one block behind the others.
func (w *writer) add(b block, entries []byte) {
	at := w.off + int64(len(w.out))
	before := len(w.out)
	w.out = w.packer.append(w.out, w.seed, w.seg.opened.Boot, b, entries)
	b.size = len(w.out) - before
	w.ahead.take(&b, at)
	w.ahead.end = at + int64(b.size)
}

// begin makes a new segment that carries on from the newest one.
func (w *writer) begin() error {
	j := w.j
	j.mu.Lock()
	h := header{num: w.num + 1, epoch: j.epoch, first: j.last + 1}
	if n := len(j.segs); n > 0 {
		h.prev = j.segs[n-1].summary
		h.prev.lost = slices.Clone(h.prev.lost)
	}
	states, floor := maps.Clone(j.durable), j.floor
	j.mu.Unlock()
	h.opened = j.stamp()
	w.num++
	seg := &segment{summary: summary{num: h.num, epoch: h.epoch}}
	f, err := j.o.FS.Create(seg.path(j.dir))
	if err != nil {
		return fmt.Errorf("create segment: %w", err)
	}
	w.out = h.append(w.out[:0])
	seg.start, seg.opened, seg.before = int64(len(w.out)), h.opened, h.lastCommit()
	w.file, w.seg, w.fresh, w.off, w.chunks = f, seg, true, 0, 0
	w.seed = seedOf(h.num, h.epoch)
	w.ahead = scanned{summary: summary{num: h.num, epoch: h.epoch, first: h.first, last: h.first - 1,
		opened: h.opened, closed: seg.before}}
	w.head(states, floor)
	return nil
}

// head writes all states, so that no older segment is needed to know them.
func (w *writer) head(states map[string][]byte, floor uint64) {
	b := block{flags: flagHead | flagState, first: w.ahead.first, stamp: w.seg.opened}
	raw := stateEntry{isFloor: true, floor: floor}.append(nil)
	for _, k := range slices.Sorted(maps.Keys(states)) {
		if len(raw) >= blockTarget {
			w.add(b, raw)
			raw = raw[:0]
		}
		raw = stateEntry{key: k, value: states[k]}.append(raw)
	}
	b.flags |= flagHeadEnd
	w.add(b, raw)
	w.headEnd = int64(len(w.out))
}

func (w *writer) flush() error {
	n, err := w.file.WriteAt(w.out, w.off)
	w.j.mu.Lock()
	w.j.stats.Written += uint64(n)
	w.j.mu.Unlock()
	if err != nil {
		return fmt.Errorf("write segment %d: %w", w.seg.num, err)
	}
	w.off += int64(n)
	w.out = w.out[:0]
	if cap(w.out) > 2*writeBytes {
		w.out = nil
	}
	return nil
}

// sync makes everything written durable and publishes it.
func (w *writer) sync() error {
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.file.Sync(); err != nil {
		return fmt.Errorf("sync segment %d: %w", w.seg.num, err)
	}
	if w.fresh {
		if err := w.j.syncDir(); err != nil {
			return fmt.Errorf("sync directory: %w", err)
		}
	}
	w.publish()
	return nil
}

func (j *Journal) syncDir() error {
	err := j.o.FS.SyncDir(j.dir)
	if err == nil {
		j.mu.Lock()
		j.stats.Syncs++
		j.mu.Unlock()
	}
	return err
}

// publish lets readers see what is now on disk.
func (w *writer) publish() {
	j := w.j
	j.mu.Lock()
	defer j.mu.Unlock()
	j.stats.Syncs++
	if w.fresh {
		j.segs = append(j.segs, w.seg)
		w.fresh = false
	}
	for _, c := range j.queue.chunks[:w.chunks] {
		for _, e := range c.states {
			applyState(j.durable, e)
			j.floor = max(j.floor, e.floor)
		}
		j.pos = c.pos
	}
	j.queue.settle(w.chunks)
	w.chunks = 0
	w.seg.summary = w.ahead.summary
	w.seg.lost = slices.Clone(w.ahead.lost)
	w.seg.marks, w.seg.size = w.ahead.marks, w.off
	j.last = w.seg.last
}

// roll ends the segment and begins the next one.
func (w *writer) roll() error {
	if err := w.sync(); err != nil {
		return err
	}
	w.close()
	return w.begin()
}

// abandon leaves a segment after an error. What is published stays readable; a
// segment of which nothing was published is deleted, for what it is worth.
func (w *writer) abandon() {
	fresh, seg := w.fresh, w.seg
	w.close()
	if fresh && seg != nil {
		_ = w.j.o.FS.Remove(filepath.Join(w.j.dir, segmentName(seg.num, seg.epoch, false)))
	}
}

func (w *writer) close() {
	if w.file != nil {
		_ = w.file.Close()
	}
	w.file, w.seg, w.fresh, w.chunks = nil, nil, false, 0
	w.out = w.out[:0]
}
