package journal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"
)

// maxSegments bounds the files a journal keeps, however small they are: a
// gateway that restarts every minute must not fill a directory.
const maxSegments = 4096

// Trim keeps the journal within its quotas: it gives up whole segments, oldest
// first, never the newest. missing returns the parts of a range of records that
// no store has. For want of room they go as well: the urgent ones among them are
// appended once more, as long as they are few, and the rest comes to declare as a
// Loss. For their age only segments go of which nothing is missing. declare
// normally appends a record about the loss: Trim syncs before it deletes, so
// that a loss is on disk before it happens. An error of declare or of that sync
// stops the trimming; only on a full disk one segment goes all the same, since
// otherwise there would never be room again. A loss that was declared must not
// come out of missing again.
func (j *Journal) Trim(ctx context.Context, missing func(Epoch, Range) []Range, declare func(Loss) error) error {
	plan, rest := j.planTrim()
	budget := int64(0)
	for _, s := range plan {
		budget += s.size / carryShare
	}
	budget = min(budget, j.o.Reserve)
	for _, s := range plan {
		loss, ok := j.lossOf(s, missing)
		if !ok {
			continue
		}
		if err := j.carry(&loss, &budget); err != nil {
			return err
		}
		if len(loss.Ranges) == 0 {
			continue
		}
		if err := declare(loss); err != nil {
			return fmt.Errorf("journal: declare a loss: %w", err)
		}
	}
	for _, s := range rest {
		if _, ok := j.lossOf(s, missing); ok {
			break
		}
		plan = append(plan, s)
	}
	if len(plan) == 0 {
		return j.clear()
	}
	return j.giveUp(ctx, plan)
}

// carryShare: what is carried on is at most this part of what is given up, so that
// trimming gets somewhere.
const carryShare = 4

// carry appends the urgent records of a loss once more and takes them out of it.
// What it cannot read stays lost.
func (j *Journal) carry(loss *Loss, budget *int64) error {
	for _, r := range slices.Clone(loss.Ranges) {
		var failed error
		err := j.read(loss.Epoch, r.From, r.To, func(rec Record) error {
			if !j.o.Urgent(rec.Kind) || int64(len(rec.Body)) > *budget {
				return nil
			}
			if _, failed = j.put(true, rec.Kind, rec.Body, nil); failed == nil {
				*budget -= int64(len(rec.Body))
				loss.Ranges = subtract(loss.Ranges, Range{rec.Seq, rec.Seq})
			}
			return failed
		})
		var damage *DamageError
		if failed != nil || err != nil && !errors.As(err, &damage) {
			return err
		}
	}
	return nil
}

// planTrim chooses the segments that must go to make room, and those behind them
// that are old. It changes nothing.
func (j *Journal) planTrim() (room, old []*segment) {
	now, trusted := j.o.Time()
	here := j.stamp()
	j.mu.Lock()
	defer j.mu.Unlock()
	sizes := make([]int64, len(j.segs))
	for i, s := range j.segs {
		sizes[i] = s.size
	}
	if isFull(j.fail.err) && len(sizes) > 1 {
		return slices.Clone(j.segs[:1]), nil // whoever filled the disk, somebody must make room
	}
	n := trimCount(sizes, j.o.Size-j.o.Reserve)
	aged := n
	if j.o.Age > 0 && trusted {
		aged = max(n, ageCount(j.segs, here, now, j.o.Age))
	}
	return slices.Clone(j.segs[:n]), slices.Clone(j.segs[n:aged])
}

// ageCount returns how many of the oldest segments hold nothing younger than age.
// Within this boot the time since boot says so. Of earlier boots only the wall
// clock of then does: a segment whose stamp cannot be true is taken to be as young
// as the one after it.
func ageCount(segs []*segment, here Stamp, now time.Time, age time.Duration) int {
	for i := len(segs) - 2; i >= 0; i-- { // the newest one stays
		c := segs[i].closed
		switch {
		case c.Boot != "" && c.Boot == here.Boot:
			if here.BootMS-c.BootMS > age.Milliseconds() {
				return i + 1
			}
		case c.UnixMS >= sane && now.UnixMilli()-c.UnixMS > age.Milliseconds():
			return i + 1
		}
	}
	return 0
}

// sane is a moment before which no clock that was set can have been: 2024-01-01.
const sane = 1704067200000

// trimCount returns how many of the oldest segments must go so that the rest
// fits in limit bytes. The newest one stays.
func trimCount(sizes []int64, limit int64) int {
	total, n := sum(sizes), 0
	for n < len(sizes)-1 && (total > limit || len(sizes)-n > maxSegments) {
		total -= sizes[n]
		n++
	}
	return n
}

func sum(sizes []int64) (total int64) {
	for _, n := range sizes {
		total += n
	}
	return total
}

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// lossOf asks what of s is stored nowhere else. What was lost before is not
// lost again.
func (j *Journal) lossOf(s *segment, missing func(Epoch, Range) []Range) (Loss, bool) {
	j.mu.Lock()
	r, ok := s.records()
	l := Loss{Epoch: s.epoch, From: s.opened, To: s.closed, Why: WhyQuota}
	known := slices.Clone(s.lost)
	gone := s.gone
	j.mu.Unlock()
	if !ok || gone {
		return Loss{}, false
	}
	l.Ranges = missing(s.epoch, r)
	for _, k := range known {
		l.Ranges = subtract(l.Ranges, k.Ranges[0])
	}
	return l, len(l.Ranges) > 0
}

// subtract returns rs without the numbers in cut.
func subtract(rs []Range, cut Range) []Range {
	var out []Range
	for _, r := range rs {
		if cut.To < r.From || cut.From > r.To {
			out = append(out, r)
			continue
		}
		if r.From < cut.From {
			out = append(out, Range{r.From, cut.From - 1})
		}
		if r.To > cut.To {
			out = append(out, Range{cut.To + 1, r.To})
		}
	}
	return out
}

// Drop releases the whole segments in which no record is newer than upTo of
// epoch e, earlier epochs included; the segment being written stays. It returns
// how many it deleted.
func (j *Journal) Drop(ctx context.Context, e Epoch, upTo uint64) (int, error) {
	j.mu.Lock()
	n := 0
	for n < len(j.segs)-1 {
		s := j.segs[n]
		if s.epoch.N > e.N || s.epoch.N == e.N && s.first != 0 && (s.epoch != e || s.last > upTo) {
			break
		}
		n++
	}
	plan := slices.Clone(j.segs[:n])
	j.mu.Unlock()
	if n == 0 {
		return 0, nil
	}
	return n, j.giveUp(ctx, plan)
}

// giveUp releases the oldest segments. The floor is on disk before a file is
// touched: an Open after a crash in between finishes the work instead of missing a
// file, and does it again when the crash has brought a file back. When the sync
// fails the floor still waits to be written, and the segments go when it is.
func (j *Journal) giveUp(ctx context.Context, plan []*segment) error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return ErrClosed
	}
	j.queue.put(false, 0, nil, &stateEntry{isFloor: true, floor: plan[len(plan)-1].num + 1})
	j.mu.Unlock()
	err := j.Sync(ctx)
	if isFull(err) {
		j.sacrifice(plan[0])
	} else if err != nil {
		return err
	}
	return j.clear()
}

// sacrifice deletes the oldest segment though the floor could not be written: on a
// full disk there would never be room for it otherwise.
func (j *Journal) sacrifice(s *segment) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.segs) > 1 && j.segs[0] == s {
		j.segs = slices.Clone(j.segs[1:])
		if !s.gone {
			j.orphans = append(j.orphans, s.path(j.dir))
		}
		s.gone = true
	}
}

// retire takes the segments below the floor, which is on disk, off the list. The
// mutex is held.
func (j *Journal) retire() {
	n := 0
	for n < len(j.segs) && j.segs[n].num < j.floor {
		if s := j.segs[n]; !s.gone {
			s.gone = true
			j.retired = append(j.retired, s)
		}
		n++
	}
	if n > 0 {
		j.segs = slices.Clone(j.segs[n:])
	}
}

// clear makes spares of the files of retired segments, and deletes the others.
func (j *Journal) clear() error {
	j.mu.Lock()
	files := j.retired
	j.retired = nil
	j.mu.Unlock()
	for _, s := range files {
		if !j.keepSpare(s) {
			j.orphan(s.path(j.dir))
		}
	}
	return j.bury()
}

// orphan notes a file that nobody needs any more.
func (j *Journal) orphan(path string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.orphans = append(j.orphans, path)
}

// bury deletes the files that nobody needs. What cannot be deleted now is tried
// again with the next ones, and by the next Open.
func (j *Journal) bury() error {
	j.mu.Lock()
	paths := j.orphans
	j.orphans = nil
	j.mu.Unlock()
	var failed error
	for _, path := range paths {
		if err := j.fs.Remove(path); err != nil {
			failed = fmt.Errorf("journal: give up a segment: %w", err)
			j.orphan(path)
		}
	}
	return failed
}
