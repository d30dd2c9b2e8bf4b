package journal

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// errKept: what room there is waits for urgent records.
var errKept = errors.New("the rest of the room is kept for alerts")

// writer writes segments. Only the committer uses it. It never touches a segment
// again after an error: a failed sync may have thrown pages away that a second
// sync would report as written, so the next attempt begins a new segment.
type writer struct {
	j        *Journal
	packer   *packer
	num      uint64 // highest segment number used
	file     File
	seg      *segment // being written; its fields as published
	fresh    bool     // seg is not in the journal's list yet
	recycled bool
	seed     uint32
	headEnd  int64  // where the carried states end
	boots    int64  // newest block that names the boot
	out      []byte // encoded, not written yet
	off      int64  // where out goes
	ahead    scanned
	chunks   int // chunks written or in out, not published

	reach    int64 // the file is so long, allocated
	known    int64 // bytes up to here were written before: writing them again changes no metadata
	synced   int64 // bytes up to here are synced
	cost     Wear  // since the last sync
	pressing bool  // something urgent is in the batch
	full     bool  // the disk had no room when it was asked last
	kept     bool  // seg lies in the last of the reserve
}

// aheadBytes is how much is filled with zeros behind a small write that reaches
// new pages. Each first write of a page costs the file system three pages of its
// own; with zeros ahead only every ninth page does. At high rates a page is written
// once, and zeros would only double that.
const aheadBytes = 32 << 10

// bootEvery is after how many bytes a block names the boot once more: without it
// nothing behind a damaged header could be dated.
const bootEvery = 16 << 10

// write commits batch, and a clean mark when this is the last one.
func (w *writer) write(batch []*chunk, final bool) error {
	w.pressing = final || pressing(batch)
	if w.file == nil {
		if err := w.begin(); err != nil {
			return err
		}
	}
	if w.kept && !w.pressing && len(batch) > 0 {
		if w.j.restock(); w.j.spareBytes() == 0 {
			return fmt.Errorf("%w: %w", errKept, syscall.ENOSPC)
		}
		w.kept, w.full = false, false
	}
	for _, c := range batch {
		if w.isFull(c) {
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

// isFull reports whether c belongs into the next segment: this one is long enough,
// or c may not fit into what was allocated. A segment holds at least as much as the
// states it began with.
func (w *writer) isFull(c *chunk) bool {
	size := w.off + int64(len(w.out))
	if size < 2*w.headEnd {
		return false
	}
	return size >= w.j.o.SegmentSize || w.reach > 0 && size+int64(len(c.buf))+blockFixed+maxMeta > w.reach
}

func (j *Journal) stamp() Stamp { return j.queue.clock() }

// add encodes one block behind the others.
func (w *writer) add(b block, entries []byte) {
	at := w.off + int64(len(w.out))
	before := len(w.out)
	if at >= w.boots+bootEvery {
		b.flags |= flagBoot
		w.boots = at
	}
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
	states, floor, life := maps.Clone(j.durable), j.floor, j.life()
	j.mu.Unlock()
	h.opened, h.syncs, h.flash = j.stamp(), life.Syncs, life.Flash
	w.num++
	seg := &segment{summary: summary{num: h.num, epoch: h.epoch}}
	w.seed = seedOf(h.num, h.epoch)
	if err := w.create(seg.path(j.dir)); err != nil {
		return err
	}
	h.recycled, seg.recycled = w.recycled, w.recycled
	w.out = h.append(w.out[:0])
	seg.start, seg.opened, seg.before = int64(len(w.out)), h.opened, h.lastCommit()
	w.seg, w.fresh, w.off, w.synced, w.chunks, w.boots, w.cost = seg, true, 0, 0, 0, 0, Wear{}
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

// flush writes what is encoded, and zeros behind it where that saves more than it
// costs.
func (w *writer) flush() error {
	n := len(w.out)
	end := w.off + int64(n)
	if n < pageSize && w.off > 0 && end > w.known && end < w.reach {
		zeros := min(w.reach, (end+pageSize-1)/pageSize*pageSize+aheadBytes) - end
		w.out = append(w.out, make([]byte, zeros)...)
	}
	got, err := w.file.WriteAt(w.out, w.off)
	w.cost.Written += uint64(got)
	w.cost.Flash += pages(max(end, w.known), w.off+int64(got)) // of the zeros
	if w.off+int64(got) > w.known {
		w.cost.Flash += metaBytes * min(1, uint64(got))
		w.known = w.off + int64(got)
	}
	if err != nil {
		return fmt.Errorf("write segment %d: %w", w.seg.num, err)
	}
	w.off = end
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
	w.cost.Syncs++
	w.cost.Flash += pages(w.synced, w.off)
	if w.fresh {
		if err := w.j.fs.SyncDir(w.j.dir); err != nil {
			return fmt.Errorf("sync directory: %w", err)
		}
		w.cost.Syncs++
		w.cost.Flash += dirBytes
	}
	w.publish()
	return nil
}

// publish lets readers see what is now on disk.
func (w *writer) publish() {
	j := w.j
	j.mu.Lock()
	defer j.mu.Unlock()
	j.wear.add(time.Now(), w.cost)
	w.cost, w.synced = Wear{}, w.off
	if w.fresh {
		j.segs = append(j.segs, w.seg)
		w.fresh = false
	}
	for _, c := range j.queue.chunks[:w.chunks] {
		for _, e := range c.states {
			applyState(j.durable, e)
			j.floor = max(j.floor, e.floor)
		}
		j.pos = max(j.pos, c.pos)
	}
	j.retire()
	j.queue.settle(w.chunks)
	w.chunks = 0
	w.seg.summary = w.ahead.summary
	w.seg.lost = slices.Clone(w.ahead.lost)
	w.seg.marks, w.seg.size = w.ahead.marks, max(w.off, w.reach)
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
		_ = w.j.fs.Remove(filepath.Join(w.j.dir, segmentName(seg.num, seg.epoch, false)))
	}
}

func (w *writer) close() {
	if w.file != nil {
		_ = w.file.Close()
	}
	w.file, w.seg, w.fresh, w.chunks, w.kept = nil, nil, false, 0, false
	w.out = w.out[:0]
}

// finish leaves the last segment and cuts off the end that was not needed.
func (w *writer) finish() {
	if seg := w.seg; seg != nil && !w.fresh && w.reach > w.off {
		_ = w.j.fs.Truncate(seg.path(w.j.dir), w.off)
	}
	w.close()
}
